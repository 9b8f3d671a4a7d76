"""Transition plans over HTTP: waves, hand-overs, holds, families, files, and the way there and back."""

import csv
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest

from tests.app.alignments.conftest import Bench
from tests.app.transitions.conftest import GOAL, team

Json = dict[str, Any]


def plan(bench: Bench, alignment_id: str, **body: Any) -> Json:
    """Return a plan that must be made."""
    answer = bench.client.post(f"/v1/alignments/{alignment_id}/transition", json={"max_per_rep_per_week": 2} | body)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return made


def refused(bench: Bench, alignment_id: str, **body: Any) -> Json:
    """Return the problem of a body that must be refused."""
    answer = bench.client.post(f"/v1/alignments/{alignment_id}/transition", json={"max_per_rep_per_week": 2} | body)
    assert answer.status_code == 422, answer.text
    problem: Json = answer.json()
    return problem


def weeks_of(made: Json) -> dict[str, int]:
    """Return the week of every account that moves."""
    return {
        account["account_id"]: wave["week"]
        for wave in made["waves"]
        for hand_over in wave["hand_overs"]
        for account in hand_over["accounts"]
    }


def assert_keeps_cap(made: Json, *, left: tuple[str, ...] = ("R3",)) -> None:
    """Hold every wave to the cap, on both sides."""
    for wave in made["waves"]:
        for rep in wave["reps"]:
            assert rep["receives"] <= made["max_per_rep_per_week"]
            assert rep["gives"] <= made["max_per_rep_per_week"] or rep["rep_id"] in left


def test_moves_go_in_as_few_waves_as_the_cap_allows(bench: Bench, goal_id: str) -> None:
    """R1 gives six accounts, two a week: three waves, the urgent accounts of R3 and of nobody first."""
    made = plan(bench, goal_id, families="off")
    assert made["counts"] == {"moves": 11, "waves": 3, "weeks": 3, "urgent": 4, "held": 0}
    assert made["lower_bound"] == {"waves": 3, "weeks": 3}
    assert_keeps_cap(made)
    assert [wave["moves"] for wave in made["waves"]] == [len(_accounts(wave)) for wave in made["waves"]]
    weeks = weeks_of(made)
    assert len(weeks) == 11
    assert weeks["k12"] == 1
    assert sorted(weeks[name] for name in ("k09", "k10", "k11")) == [1, 1, 2]


def _accounts(wave: Json) -> list[str]:
    return [account["account_id"] for hand_over in wave["hand_overs"] for account in hand_over["accounts"]]


def test_a_hand_over_says_who_gives_what_to_whom_and_why(bench: Bench, goal_id: str) -> None:
    """From, to, the accounts with names, what goes along, and the reason; nobody gives what had no rep."""
    made = plan(bench, goal_id, max_per_rep_per_week=20, start="2027-01-04")
    (wave,) = made["waves"]
    assert (wave["number"], wave["week"], wave["date"]) == (1, 1, "2027-01-04")
    pairs = [(entry["from"], entry["to"]) for entry in wave["hand_overs"]]
    assert pairs == [("R1", "R2"), ("R1", "ß/4"), ("R2", "ß/4"), ("R3", "R1"), (None, "R1"), (None, "ß/4")]
    first, gone, new = wave["hand_overs"][0], wave["hand_overs"][3], wave["hand_overs"][4]
    assert (first["from_name"], first["to_name"]) == ("Çelik", "Nguyễn")
    assert first["measures"] == {"workload": 40.0, "potential": 1000.0, "accounts": 4.0}
    assert first["accounts"][0]["account_name"] == "=Łódź"
    assert first["accounts"][0]["measures"] == {"workload": 10.0, "potential": 100.0}
    assert {account["reason_code"] for account in gone["accounts"]} == {"REP_LEFT"}
    assert [account["reason_code"] for account in new["accounts"]] == ["NO_REP"]
    assert [account["urgent"] for account in gone["accounts"] + new["accounts"]] == [True] * 3
    assert not first["accounts"][0]["urgent"]
    rep = wave["reps"][0]
    assert (rep["rep_id"], rep["gives"], rep["receives"], rep["loads"]["accounts"]) == ("R1", 6, 3, 3.0)
    assert made["peaks"] == []


def test_an_open_deal_holds_its_account_until_its_day(bench: Bench, goal_id: str) -> None:
    """Days of the request and of a column hold; an account goes in the first week that begins on its day or later."""
    made = plan(
        bench,
        goal_id,
        start="2027-01-04",
        hold_until=[{"account_id": "k05", "date": "2027-01-18"}, {"account_id": "k12", "date": "2027-01-05"}],
        hold_until_attribute="open_deal_until",
        families="off",
    )
    weeks = weeks_of(made)
    assert (weeks["k05"], weeks["k04"], weeks["k12"]) == (3, 3, 2)
    assert made["counts"]["held"] == 3
    assert [wave["date"] for wave in made["waves"]] == ["2027-01-04", "2027-01-11", "2027-01-18"]
    held = {a["account_id"]: a["held_until"] for w in made["waves"] for h in w["hand_overs"] for a in h["accounts"]}
    assert (held["k04"], held["k05"], held["k06"]) == ("2027-01-12", "2027-01-18", None)


def test_weeks_without_moves_are_left_out(bench: Bench, goal_id: str) -> None:
    """One account is held for a year: its wave has the next number and its own week."""
    made = plan(
        bench,
        goal_id,
        start="2027-01-04",
        max_per_rep_per_week=20,
        hold_until=[{"account_id": "k01", "date": "2028-01-03"}],
    )
    assert [(wave["number"], wave["week"], wave["date"]) for wave in made["waves"]] == [
        (1, 1, "2027-01-04"),
        (2, 53, "2028-01-03"),
    ]
    assert made["lower_bound"] == {"waves": 1, "weeks": 53}
    assert made["counts"]["weeks"] == 53


def test_families_move_together(bench: Bench, goal_id: str) -> None:
    """k2 and k3 are one family (k7 has its rep already): one week, also when only one of them is held."""
    made = plan(bench, goal_id, start="2027-01-04", hold_until=[{"account_id": "k03", "date": "2027-01-11"}])
    weeks = weeks_of(made)
    assert made["families"] == "together"
    assert weeks["k02"] == weeks["k03"] >= 2
    assert_keeps_cap(made)


def test_a_family_over_the_cap_is_refused_with_the_remedy(bench: Bench, goal_id: str) -> None:
    """Two accounts of one family cannot go together at one a week."""
    problem = refused(bench, goal_id, max_per_rep_per_week=1)
    assert problem["code"] == "CONTRADICTORY_SETTING"
    assert {error["pointer"] for error in problem["errors"]} == {"/max_per_rep_per_week"}
    assert "Raise max_per_rep_per_week to 2" in problem["errors"][0]["fix"]
    assert plan(bench, goal_id, max_per_rep_per_week=1, families="off")["counts"]["waves"] == 6


def test_every_wrong_day_and_name_is_named_at_once(bench: Bench, goal_id: str) -> None:
    """Days that are none, accounts and columns that are not there: all of them, each with its place."""
    holds = [
        {"account_id": "k01", "date": "2027-02-30"},
        {"account_id": "nobody", "date": "2027-02-01"},
        {"account_id": "k02", "date": "20270201"},
        {"account_id": "k03", "date": "9999-12-31"},
    ]
    problem = refused(bench, goal_id, start="next week", hold_until=holds, hold_until_attribute="open_deal_untill")
    assert [(error["code"], error["pointer"]) for error in problem["errors"]] == [
        ("INVALID_VALUE", "/start"),
        ("INVALID_VALUE", "/hold_until/0/date"),
        ("UNKNOWN_REFERENCE", "/hold_until/1/account_id"),
        ("INVALID_VALUE", "/hold_until/2/date"),
        ("INVALID_VALUE", "/hold_until/3/date"),
        ("UNKNOWN_REFERENCE", "/hold_until_attribute"),
    ]
    assert "open_deal_until" in problem["errors"][5]["fix"]


@pytest.mark.parametrize("cap", [0, -3, 2**31, 10**40])
def test_a_wrong_cap_hides_no_wrong_day(bench: Bench, goal_id: str, cap: int) -> None:
    """A cap that is none, a day that is none and an account that is not there are told together."""
    holds = [{"account_id": "k01", "date": "soon"}, {"account_id": "nobody", "date": "2027-02-01"}]
    problem = refused(bench, goal_id, max_per_rep_per_week=cap, start="2027-01-04", hold_until=holds)
    assert [(error["code"], error["pointer"]) for error in problem["errors"]] == [
        ("INVALID_VALUE", "/max_per_rep_per_week"),
        ("INVALID_VALUE", "/hold_until/0/date"),
        ("UNKNOWN_REFERENCE", "/hold_until/1/account_id"),
    ]


def test_a_wrong_day_in_a_column_is_named_with_its_row(app: Any, client: Any) -> None:
    """The fourth account stands in row 5 of a file with a header."""
    body = team()
    body["accounts"][3]["attributes"]["open_deal_until"] = "soon"
    bench = Bench(app, client, body)
    problem = refused(bench, bench.store(GOAL), start="2027-01-04", hold_until_attribute="open_deal_until")
    (error,) = problem["errors"]
    assert (error["code"], error["file"], error["row"], error["value"]) == ("INVALID_VALUE", "accounts", 5, "soon")


def test_holds_need_a_start(bench: Bench, goal_id: str) -> None:
    """Without a start the weeks have no days."""
    problem = refused(bench, goal_id, hold_until=[{"account_id": "k01", "date": "2027-02-01"}])
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("CONTRADICTORY_SETTING", "/start")


def test_the_current_alignment_needs_no_wave(bench: Bench) -> None:
    """Nothing moves from the current alignment to itself."""
    made = plan(bench, bench.current())
    assert made["counts"] == {"moves": 0, "waves": 0, "weeks": 0, "urgent": 0, "held": 0}
    assert (made["waves"], made["lower_bound"]) == ([], {"waves": 0, "weeks": 0})


def test_a_repeated_key_answers_again_and_nothing_else_is_stored(bench: Bench, goal_id: str) -> None:
    """The plan is reckoned, not kept; the same key and body answer the same bytes, as JSON and as zip."""
    path = f"/v1/alignments/{goal_id}/transition"
    for form in ("json", "zip"):
        headers = {"Idempotency-Key": f"transition-{form}"}
        first, again = (
            bench.client.post(path, params={"format": form}, json={"max_per_rep_per_week": 2}, headers=headers)
            for _ in range(2)
        )
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.content == again.content
        assert first.headers["content-type"] == again.headers["content-type"] == f"application/{form}"
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
    other = bench.client.post(path, json={"max_per_rep_per_week": 3}, headers={"Idempotency-Key": "transition-json"})
    assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert bench.client.post("/v1/alignments/al_none/transition", json={"max_per_rep_per_week": 2}).status_code == 404


def files_of(bench: Bench, alignment_id: str, **body: Any) -> dict[str, bytes]:
    """Return the files of a plan's zip."""
    answer = bench.client.post(
        f"/v1/alignments/{alignment_id}/transition",
        params={"format": "zip"},
        json={"max_per_rep_per_week": 2, "start": "2027-01-04"} | body,
    )
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_zip_has_a_file_for_everybody(bench: Bench, goal_id: str) -> None:
    """The plan, moves and rollback of each wave, and a list for each rep; formulas are guarded, names are safe."""
    files = files_of(bench, goal_id)
    assert list(files) == [
        "plan.json",
        *(f"wave-{number:02}-{kind}.csv" for number in (1, 2, 3) for kind in ("moves", "rollback")),
        *(f"hand-overs/00{number}-{name}.csv" for number, name in enumerate(("R1", "R2", "R3", "ß_4"), start=1)),
    ]
    assert json.loads(files["plan.json"])["counts"]["moves"] == 11
    moves = [row for name in files if name.endswith("moves.csv") for row in rows_of(files[name])]
    named = {row["account_id"]: row for row in moves}
    assert named["k01"]["account_name"] == "'=Łódź"
    assert named["k05"]["to_name"] == "'+New"
    assert named["k11"]["from"] == ""
    own = rows_of(files["hand-overs/001-R1.csv"])
    assert [row["direction"] for row in own].count("gives") == 6
    assert [row["direction"] for row in own].count("receives") == 3
    assert {(row["wave"], row["date"]) for row in own} <= {
        ("1", "2027-01-04"),
        ("2", "2027-01-11"),
        ("3", "2027-01-18"),
    }


@pytest.mark.parametrize("seed", range(6))
def test_the_waves_lead_there_and_the_rollbacks_back(app: Any, client: Any, seed: int) -> None:
    """Applying waves 1 to n gives exactly the alignment; the rollbacks of n to 1 give exactly the current one."""
    draw = np.random.default_rng(seed)
    rep_ids = ["R1", "R2", "ß/4", None]
    goal = [None if (choice := draw.integers(0, 4)) == 3 else rep_ids[choice] for _ in range(12)]
    bench = Bench(app, client, team())
    holds = [{"account_id": f"k{draw.integers(1, 13):02}", "date": f"2027-0{draw.integers(1, 5)}-10"} for _ in range(3)]
    body = {"families": "off", "hold_until": holds, "max_per_rep_per_week": int(draw.integers(1, 4))}
    files = files_of(bench, bench.store(goal), **body)
    start = {account["id"]: account["current_rep_id"] or "" for account in bench.body["accounts"]}
    state, waves = dict(start), sorted(name for name in files if name.startswith("wave"))
    for name in (name for name in waves if name.endswith("-moves.csv")):
        for row in rows_of(files[name]):
            assert state[row["account_id"]] == row["from"]
            state[row["account_id"]] = row["to"]
    assert state == {f"k{number:02}": rep_id or "" for number, rep_id in enumerate(goal, start=1)}
    for name in reversed([name for name in waves if name.endswith("-rollback.csv")]):
        for row in rows_of(files[name]):
            assert state[row["account_id"]] == row["from"]
            state[row["account_id"]] = row["to"]
    assert state == start
