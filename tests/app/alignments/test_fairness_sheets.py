"""Fairness sheets and the planner's list, by hand and over HTTP."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from app.alignments.anonymity import SMALLEST_GROUP, grouped, place_of, places, rounded_up
from app.alignments.fairness_sheets import FairnessSheets, swap_ending
from app.alignments.scorecards import scorecard
from app.alignments.worth import Per, ScorecardWorth, Valuation
from geo_data.distances import distances_km
from optimizer.envy import envy
from tests.app.alignments.conftest import Bench
from tests.app.alignments.line import DEGREE_KM, columns, rep_rows

KNOWN_IDS = ["R/ÄÖ 1", "株式会社", "Łódź", "rep-4", "rep-5", "rep-6", "rep-7", "rep-8"]


def team_body(num_reps: int = 8) -> dict[str, Any]:
    """Return reps at even places of the equator, each with two accounts beside it that are worth more and more."""
    reps = [{"id": rep_id, "lat": 0.0, "lon": 4.0 * i} for i, rep_id in enumerate(KNOWN_IDS[:num_reps])]
    accounts = [
        {
            "id": f"a{i}-{k}",
            "lat": 0.0,
            "lon": 4.0 * i + 1.0,
            "current_rep_id": KNOWN_IDS[i],
            "measures": {"workload": 10.0, "potential": 100.0 + 10.0 * i + k},
        }
        for i in range(num_reps)
        for k in range(2)
    ]
    return {"name": "Team", "accounts": accounts, "reps": reps}


def test_places_share_ranks_and_know_no_unit() -> None:
    """Of 5, 7, 7 and 9 the two equal ones are second, with one of three others below and one counted half."""
    value = np.array([5.0, 7.0, np.nan, 7.0, 9.0])
    rank, percentile = places(value)
    assert rank[[0, 1, 3, 4]].tolist() == [4, 2, 2, 1]
    assert percentile[[0, 1, 3, 4]].tolist() == [0, 0.5, 0.5, 1]
    assert np.isnan(rank[2])
    assert place_of(value, 2) is None
    assert places(value * 1e-7)[0][[0, 1, 3, 4]].tolist() == [4, 2, 2, 1]
    assert place_of(np.array([3.0]), 0) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=120))
def test_a_team_is_told_as_means_of_four_or_more(values: list[int]) -> None:
    """No group is smaller than the threshold, the groups add up to the team, and small teams have none."""
    value = np.array(values, dtype=np.float64)
    groups = grouped(value)
    if len(values) < SMALLEST_GROUP:
        assert groups is None
        return
    assert groups is not None
    assert min(reps for reps, _ in groups) >= SMALLEST_GROUP
    assert sum(reps for reps, _ in groups) == len(values)
    assert sum(reps * mean for reps, mean in groups) == pytest.approx(value.sum())
    assert [mean for _, mean in groups] == sorted(mean for _, mean in groups)


def test_envy_is_told_in_steps() -> None:
    """12.3 % becomes 15 %, 15 % stays, and what is no number is not told."""
    assert rounded_up(0.123) == 0.15
    assert rounded_up(0.15) == 0.15
    assert rounded_up(0.0) == 0.0
    assert rounded_up(np.nan) is None


def test_worth_per_hour_counts_the_way_there_and_back() -> None:
    """R1 at 0 with accounts at 1 and 2: 200 for 30 h of work and twice 3 degrees of driving at 60 km/h."""
    worth = ScorecardWorth(scorecard(columns(), None), Valuation("potential", Per.HOUR))
    found = envy(worth.territories, worth)
    assert found.own[0] == pytest.approx(200 / (30 + 2 * 3 * DEGREE_KM / 60))
    assert found.own[3] == 0.0  # the open seat has nothing
    assert worth.territories.is_compared.tolist() == [True, True, False, True]
    assert worth.counts_driving


def test_per_share_is_per_fte_where_targets_are_by_fte() -> None:
    """R1 at half time with 30 h has 60 h per FTE, and does not want R2's 70 h less the 40 h account."""
    reps = [{**row, "fte": 0.5 if row["id"] == "R1" else 1.0} for row in rep_rows()]
    targets = {"workload": "fte", "potential": "equal"}
    rules = [{"measure": name, "target": goal, "tolerance": 0.1, "hard": False} for name, goal in targets.items()]
    criteria = {"balance": rules}
    sheets = FairnessSheets(scorecard(columns(reps=reps), criteria), Valuation("workload"))
    told = sheets.sheet_json(0)
    assert told["measures"]["workload"]["compared"] == "load_per_fte"
    assert told["measures"]["workload"]["value"] == 60.0
    assert told["measures"]["potential"]["compared"] == "load"
    assert (told["would_swap"]["worth"], told["would_swap"]["num_envied"]) == (60.0, 1)
    assert told["would_swap"]["is_ef1"]


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_rules_out_nobody_who_is_envied(seed: int) -> None:
    """The triangle inequality leaves the answer as it is without it, over the antimeridian too."""
    draw = np.random.default_rng(seed)
    accounts = [
        {
            "id": f"a{i}",
            "lat": float(draw.uniform(-60, 60)),
            "lon": float((draw.uniform(170, 190) + 180) % 360 - 180),
            "locked": False,
            "requires": [],
            "visits_per_year": float(draw.integers(1, 9)),
            "measure:workload": float(draw.integers(1, 90)),
            "measure:potential": float(draw.integers(1, 90)) * 10**seed,
        }
        for i in range(60)
    ]
    reps = [
        {"id": f"r{i}", "lat": float(draw.uniform(-60, 60)), "lon": 179.0, "fte": 1.0, "active": True, "skills": []}
        for i in range(7)
    ]
    owner: list[str | None] = [f"r{draw.integers(7)}" for _ in accounts]
    card = scorecard(columns(owner, accounts=accounts, reps=reps), None)
    worth = ScorecardWorth(card, Valuation("potential", Per.HOUR, speed_kmh=900.0))
    found = envy(worth.territories, worth)
    position = card.columns.owner
    for rep in range(7):
        here = [np.full(60, reps[rep][axis]) for axis in ("lat", "lon")]
        there = [np.array([account[axis] for account in accounts]) for axis in ("lat", "lon")]
        visits = np.array([account["visits_per_year"] for account in accounts])
        hours = card.columns.amount["workload"] + 2 * visits * distances_km(*here, *there) / 900.0
        value = np.array(
            [
                card.columns.amount["potential"][position == other].sum() / hours[position == other].sum()
                for other in range(7)
            ]
        )
        assert found.num_envied[rep] == (value > value[rep] * (1 + 1e-9)).sum()
        assert found.largest[rep] == pytest.approx(value.max() - value[rep])
        assert (worth.most(rep) >= value * (1 - 1e-12)).all()


def test_a_large_team_takes_no_matrix_of_pairs() -> None:
    """20,000 accounts and 200 reps per hour: below one number a pair, and the list says what a sheet says."""
    draw = np.random.default_rng(4)
    home = draw.uniform([40, -5], [60, 30], (200, 2))
    position = draw.integers(0, 200, 20_000)
    place = home[position] + draw.uniform(-2, 2, (20_000, 2))
    size = draw.uniform(1, 9, (20_000, 2)).tolist()
    reps = [
        {"id": f"r{i}", "lat": lat, "lon": lon, "active": True, "fte": 1.0, "skills": []}
        for i, (lat, lon) in enumerate(home.tolist())
    ]
    accounts = [
        {"id": f"a{i}", "lat": lat, "lon": lon, "locked": False, "requires": []}
        | {"measure:workload": size[i][0], "measure:potential": size[i][1]}
        for i, (lat, lon) in enumerate(place.tolist())
    ]
    owner: list[str | None] = [f"r{rep}" for rep in position.tolist()]
    sheets = FairnessSheets(
        scorecard(columns(owner, accounts=accounts, reps=reps), None), Valuation("potential", Per.HOUR)
    )
    assert sheets.values["potential"].shape == (200,)
    tracemalloc.start()
    told = sheets.team_json()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000 * 200 * 8
    assert told["team"]["reps"] == 200
    swap = sheets.sheet_json(7)["would_swap"]
    assert (swap["num_envied"], swap["is_ef1"]) == (told["reps"][7]["num_envied"], told["reps"][7]["is_ef1"])


def test_a_sheet_over_http_names_nobody_else(app: FastAPI, client: TestClient) -> None:
    """Every rep's sheet answers by path and by parameter, and holds no other rep's id and no other rep's number."""
    bench = Bench(app, client, team_body())
    alignment_id = bench.current()
    for i, rep_id in enumerate(KNOWN_IDS):
        answer = client.get(f"/v1/alignments/{alignment_id}/reps/{rep_id.replace('/', '%2F')}/fairness")
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told == bench.get(f"/v1/alignments/{alignment_id}/reps/fairness", rep_id=rep_id)
        assert told["rep_id"] == rep_id
        assert not [other for other in KNOWN_IDS if other != rep_id and other in answer.text]
        loads = {201.0 + 20 * other for other in range(8) if other != i}
        assert not loads & set(numbers(told))
        assert told["measures"]["potential"]["rank"] == 8 - i
        assert told["measures"]["potential"]["percentile"] == pytest.approx(i / 7)
        assert told["measures"]["potential"]["team"] == [{"reps": 4, "mean": 231.0}, {"reps": 4, "mean": 311.0}]
        assert told["would_swap"]["num_envied"] == 7 - i
        assert told["would_swap"]["is_ef1"]
        assert told["withheld"] == []


@pytest.mark.parametrize(("num_reps", "withheld"), [(2, 2), (3, 1), (4, 0)])
def test_small_teams_are_not_told_apart(app: FastAPI, client: TestClient, num_reps: int, withheld: int) -> None:
    """Of two reps even the target is withheld, below four the team and the size of envy; the sheet says why."""
    bench = Bench(app, client, team_body(num_reps))
    told = bench.get(f"/v1/alignments/{bench.current()}/reps/fairness", rep_id=KNOWN_IDS[0])
    potential = told["measures"]["potential"]
    assert len(told["withheld"]) == withheld
    assert (potential["target"] is None) == (num_reps == 2)
    assert (potential["team"] is None) == (num_reps < 4)
    assert (told["would_swap"]["largest_envy_up_to"] is None) == (num_reps < 4)
    assert potential["load"] == 201.0


def test_the_planners_list_over_http(app: FastAPI, client: TestClient) -> None:
    """The list says who would rather have whose territory, and agrees with every sheet."""
    bench = Bench(app, client, team_body())
    path = f"/v1/alignments/{bench.current()}/fairness"
    told = bench.get(path)
    assert told["team"]["envy_free"] == 1
    assert (told["team"]["ef1"], told["team"]["ef1_share"]) == (8, 1.0)
    assert told["team"]["largest_envy"] == 140.0
    assert [line["most_wanted_rep_id"] for line in told["reps"]] == [*["rep-8"] * 7, None]
    assert told["sentence"] == (
        "1 of 8 reps would keep its own territory, by potential per full share; 7 would rather have another's, "
        "all of them only because of one account in each."
    )
    by_hour = bench.get(path, per="hour", measure="potential", speed_kmh=50)
    assert by_hour["valuation"] == {"measure": "potential", "per": "hour", "speed_kmh": 50.0, "counts_driving": True}
    assert by_hour["team"]["envy_free"] == 8  # four degrees to drive are not worth ten more of potential
    etag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"measure": "potental"}, 422, "UNKNOWN_REFERENCE"),
        ({"per": "mile"}, 422, "INVALID_VALUE"),
        ({"speed_kmh": "0"}, 422, "INVALID_VALUE"),
        ({"speed_kmh": "nan"}, 422, None),
        ({"measur": "potential"}, 422, "UNKNOWN_FIELD"),
    ],
)
def test_what_cannot_be_valued_is_refused(bench: Bench, query: dict[str, str], status: int, code: str | None) -> None:
    """Unknown measures, ways and speeds are refused by name."""
    answer = bench.client.get(f"/v1/alignments/{bench.current()}/fairness", params=query)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code


def test_a_rep_that_is_not_there_is_404(bench: Bench) -> None:
    """By path and by parameter."""
    for path in ("reps/R9/fairness", "reps/fairness?rep_id=R9"):
        answer = bench.client.get(f"/v1/alignments/{bench.current()}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_worth_per_hour_needs_hours(app: FastAPI, client: TestClient) -> None:
    """Without the measure workload there is nothing to divide by."""
    body = team_body(2)
    for account in body["accounts"]:
        del account["measures"]["workload"]
    criteria = {"balance": [{"measure": "potential", "tolerance": 0.2}]}
    bench = Bench(app, client, body, criteria=criteria)
    answer = client.get(f"/v1/alignments/{bench.current()}/fairness", params={"per": "hour"})
    assert (answer.status_code, answer.json()["code"]) == (422, "CONTRADICTORY_SETTING")


def numbers(value: Any) -> list[float]:
    """Return every number of a JSON answer."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


@pytest.mark.parametrize(
    ("envious", "mended", "ending"),
    [
        (1, 1, "only because of one account in each."),
        (1, 0, "and not only because of one account in each."),
        (12, 12, "all of them only because of one account in each."),
        (12, 10, "10 of them only because of one account in each."),
        (12, 0, "none of them only because of one account in each."),
    ],
)
def test_the_teams_sentence_ends_as_its_numbers_do(envious: int, mended: int, ending: str) -> None:
    """One rep, some of several, all and none are told in words that fit their number."""
    assert swap_ending(envious, mended) == ending
