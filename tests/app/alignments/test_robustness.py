"""Robustness over HTTP, on real SQLite."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.alignments.conftest import Bench

BALANCE: dict[str, Any] = {
    "balance": [{"measure": "potential", "target": "equal", "tolerance": 0.15}],
    "travel": {"weight": 10},
}
REPS = ["R/ÄÖ 1", "株式会社", "Łódź"]


def line_body(**rep_changes: dict[str, Any]) -> dict[str, Any]:
    """Return three reps four degrees apart on the equator, each with four accounts of 25 beside it; 100 each."""
    reps = [{"id": rep_id, "lat": 0.0, "lon": 4.0 * i, **rep_changes.get(rep_id, {})} for i, rep_id in enumerate(REPS)]
    accounts = [
        {
            "id": f"ä/{i}.{k}",
            "lat": 0.0,
            "lon": 4.0 * i + 0.1 * k,
            "country": "PL" if i < 2 else "日本",
            "current_rep_id": REPS[i],
            "measures": {"workload": 10.0, "potential": 25.0 if i or k else 30.0},
        }
        for i in range(3)
        for k in range(4)
    ]
    return {"name": "Line", "accounts": accounts, "reps": reps}


@pytest.fixture
def line(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the three reps."""
    return Bench(app, client, line_body(), criteria=BALANCE)


def owners(bench: Bench) -> list[str | None]:
    """Return who has each account now."""
    return [account["current_rep_id"] for account in bench.body["accounts"]]


def test_what_is_exact_is_reckoned_by_hand(line: Bench) -> None:
    """105, 100 and 100 of 305: the deviations today, with 20 % off, without the three largest, and the room."""
    told = line.get(f"/v1/alignments/{line.store(owners(line))}/robustness")
    assert (told["measure"], told["target"], told["tolerance"]) == ("potential", "equal", 0.15)
    assert told["now"]["outside"] == 0
    assert told["now"]["worst_deviation"] == pytest.approx(105 / (305 / 3) - 1)
    assert told["now"]["worst_rep_id"] == REPS[0]
    first = told["reps"][0]
    assert first["highest_index"] == pytest.approx(100 * 3 * 126 / (126 + 160))
    assert first["lowest_index"] == pytest.approx(100 * 3 * 84 / (84 + 240))
    assert first["load_sd"] == pytest.approx(0.2 / 3**0.5 * (30**2 + 3 * 25**2) ** 0.5)
    assert first["top_share"] == pytest.approx(80 / 105)
    assert told["certain"]["in_band"] == 0
    top = told["top_accounts"]
    assert [account["account_id"] for account in top["accounts"]] == ["ä/0.0", "ä/0.1", "ä/0.2"]
    assert (top["worst_rep_id"], top["outside"]) == (REPS[0], 3)  # 25, 100 and 100 of 225
    assert top["worst_deviation"] == pytest.approx(25 / 75 - 1)
    departure = first["departure"]
    assert departure["room"] == pytest.approx(2 * (1.15 * 305 / 2 - 100))
    assert departure["short"] == 0.0
    assert departure["estimate"]["takers"] == 2
    assert departure["estimate"]["not_placed"] == 0.0
    departures = told["departures"]
    assert (departures["reps"], departures["with_room"], departures["hardest_rep_id"]) == (3, 3, None)
    assert departures["estimate"]["within_room"] == 3


def test_samples_are_told_and_repeat(line: Bench) -> None:
    """The same seed answers the same bytes, another seed others; figures lie between the exact ends."""
    path = f"/v1/alignments/{line.store(owners(line))}/robustness"
    one, two, three = (line.client.get(path, params={"seed": seed, "samples": 90}).content for seed in (0, 0, 1))
    assert one == two
    assert one != three
    told = line.get(path, samples=90)
    sampled = told["sampled"]
    assert 0 <= sampled["outside"]["mean"] <= sampled["outside"]["most"] <= 3
    assert 0 < sampled["worst_deviation"]["p50"] <= sampled["worst_deviation"]["most"]
    assert sampled["worst_deviation"]["most"] <= told["certain"]["worst_deviation"] + 1e-6
    assert told["sentences"][0].startswith("On average ")
    assert "of 3 reps would be outside the ±15 % band if potential were off by up to 20 %" in told["sentences"][0]
    assert told["sentences"][1].startswith("If the 3 largest accounts (ä/0.0, ä/0.1, ä/0.2) left, 3 of 3 reps")
    assert told["sentences"][2] == (
        "Whoever of 3 reps left, the others together have room for all of its potential. "
        "By an estimate, reps nearby can take over each account."
    )


def test_errors_may_be_shared_by_a_column(line: Bench) -> None:
    """One factor a country moves PL against 日本; the exact deviation of a load is then as if it were one account."""
    told = line.get(f"/v1/alignments/{line.store(owners(line))}/robustness", shared_by="country", errors="lognormal")
    assert told["certain"] is None
    assert told["reps"][2]["highest_index"] is None
    shared = line.get(f"/v1/alignments/{line.store(owners(line))}/robustness", shared_by="country")
    assert shared["reps"][0]["load_sd"] == pytest.approx(0.2 / 3**0.5 * 105)
    assert "by country" in shared["sentences"][0]


def test_capacities_leave_no_room(app: FastAPI, client: TestClient) -> None:
    """Where two may carry 110 and 120, the departure of the third leaves 70 of its 100 without room, and says so."""
    changes = {REPS[0]: {"capacity": {"potential": {"max": 110}}}, REPS[1]: {"capacity": {"potential": {"max": 120}}}}
    bench = Bench(app, client, line_body(**changes), criteria=BALANCE)
    told = bench.get(f"/v1/alignments/{bench.store(owners(bench))}/robustness")
    departure = told["reps"][2]["departure"]
    assert departure["room"] == pytest.approx(25)
    assert departure["short"] == pytest.approx(75)
    assert departure["estimate"]["beyond_room"] == 100.0  # 25 does not fit into the 20 and the 5 that are free
    assert departure["estimate"]["most_pushed_rep_id"] == REPS[1]
    assert told["departures"]["hardest_rep_id"] == REPS[2]
    assert told["sentences"][2].endswith(
        "the hardest is Łódź, where 75 find no room. By an estimate, reps nearby can take over everything in 0 cases; "
        "the hardest is Łódź, where 100 find no room nearby, and 株式会社 would end at 131 % of its share."
    )


def test_who_may_not_serve_does_not_take_over(app: FastAPI, client: TestClient) -> None:
    """Skills, left reps and forbidden pairs hold in the estimate: nobody is left for these accounts."""
    body = line_body(**{REPS[2]: {"active": False}})
    for account in body["accounts"]:
        if account["current_rep_id"] == REPS[2]:
            account["current_rep_id"] = REPS[1]
    body["accounts"][0]["requires"] = ["水"]
    body["reps"][0]["skills"] = ["水"]
    criteria = {**BALANCE, "forbid": [{"account_id": "ä/0.1", "rep_id": REPS[1]}]}
    bench = Bench(app, client, body, criteria=criteria)
    told = bench.get(f"/v1/alignments/{bench.store(owners(bench))}/robustness")
    assert told["reps"][2]["departure"] is None
    assert told["reps"][0]["departure"]["estimate"]["not_placed"] == pytest.approx(30 + 25)
    assert told["departures"]["reps"] == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"measure": "potentail"}, "UNKNOWN_REFERENCE"),
        ({"shared_by": "regoin"}, "UNKNOWN_REFERENCE"),
        ({"spread": "1"}, "INVALID_VALUE"),
        ({"samples": "1"}, "INVALID_VALUE"),
        ({"samples": "2001"}, "INVALID_VALUE"),
        ({"top": "0"}, "INVALID_VALUE"),
        ({"errors": "normal"}, "INVALID_VALUE"),
        ({"noise": "0.2"}, "UNKNOWN_FIELD"),
    ],
)
def test_what_cannot_be_doubted_is_refused(bench: Bench, query: dict[str, str], code: str) -> None:
    """Unknown measures, columns and numbers out of range are 422."""
    answer = bench.client.get(f"/v1/alignments/{bench.current()}/robustness", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_without_distances_nothing_is_estimated(app: FastAPI, client: TestClient) -> None:
    """Reps without homes have no neighbors: the sums stay, the estimate is null, and the sentence says why."""
    body = line_body()
    for rep in body["reps"]:
        del rep["lat"], rep["lon"]
    bench = Bench(app, client, body, criteria={"balance": BALANCE["balance"]})
    told = bench.get(f"/v1/alignments/{bench.current()}/robustness", errors="lognormal")
    assert told["reps"][0]["departure"]["room"] > 0
    assert told["reps"][0]["departure"]["estimate"] is None
    assert told["departures"]["estimate"] is None
    assert told["sentences"][2].endswith("Who could take over cannot be estimated: nobody's distance is known.")
    assert "if potential were off, mostly within 20 %, account by account" in told["sentences"][0]


def test_nothing_to_judge_is_said(app: FastAPI, client: TestClient) -> None:
    """An alignment of nobody has no deviation, no certain figure and plain sentences."""
    body = line_body()
    for account in body["accounts"]:
        account["measures"]["potential"] = 0.0
    bench = Bench(app, client, body)
    told = bench.get(f"/v1/alignments/{bench.current()}/robustness", measure="potential")
    assert told["sampled"]["worst_deviation"]["mean"] is None
    assert told["now"]["worst_rep_id"] is None
    assert told["sentences"][0] == "No rep has a target in potential, so no balance can be lost."


def test_the_steadier_of_two_is_found(line: Bench) -> None:
    """Under the same errors the even alignment keeps more reps in the band than the one that gave an account away."""
    even = line.store(owners(line))
    skewed = line.store([REPS[1], *owners(line)[1:]])
    ids = f"{skewed},{even}"
    told = line.get("/v1/comparisons", alignments=ids, robustness="true", samples=100)
    first, second = (item["robustness"] for item in told["items"])
    assert first["now_outside"] == 2
    assert first["outside"]["mean"] > second["outside"]["mean"]
    steadier = told["steadier"]
    assert (steadier["alignment_id"], steadier["than_id"], steadier["by"]) == (even, skewed, "outside")
    assert steadier["difference"] == pytest.approx(first["outside"]["mean"] - second["outside"]["mean"])
    assert "of 3 reps would be outside the ±15 % band if potential were off by up to 20 %." in steadier["sentence"]
    turned = line.get("/v1/comparisons", alignments=f"{even},{skewed}", robustness="true", samples=100)
    assert turned["items"][1]["robustness"]["outside"] == first["outside"]
    alone = line.get(f"/v1/alignments/{even}/robustness", samples=100)
    assert alone["sampled"]["outside"] == second["outside"]


def test_equal_alignments_are_equally_steady(line: Bench) -> None:
    """The same assignment twice: no sample differs, and no winner is named."""
    ids = [line.store(owners(line)), line.store(owners(line))]
    told = line.get("/v1/comparisons", alignments=",".join(ids), robustness="true", spread=0.3)
    assert told["steadier"]["alignment_id"] is None
    assert "equally steady" in told["steadier"]["sentence"]
    plain = line.get("/v1/comparisons", alignments=",".join(ids))
    assert "steadier" not in plain
    assert "robustness" not in plain["items"][0]
