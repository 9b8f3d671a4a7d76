"""Why accounts move, each reason planted in the line of four."""

from typing import Any

import numpy as np
import pytest

from app.alignments.columns import alignment_columns
from app.alignments.moves import (
    move_items,
    move_titles,
    moved_positions,
    moves_between,
    moves_table,
    rollback_table,
)
from app.alignments.reasons import MoveReasons, Reason
from app.alignments.scorecards import scorecard
from app.datasets.tables import PAIR_FIELDS, DatasetTables
from tests.app.alignments.line import Rows, account_rows, columns, rep_rows, table
from tests.app.alignments.test_columns import assigned

FREE: dict[str, Any] = {"balance": [{"measure": "accounts", "target": "given", "tolerance": 0.9}]}
"""Criteria under which nobody is over or under, so that other reasons show."""


def reason(account: int, criteria: Any = FREE, owner: Any = None, **rows: Any) -> Reason:
    """Return the reason of one account of the line."""
    found = columns(owner, **rows)
    return MoveReasons(scorecard(found, criteria), criteria).reason(account)


def settled() -> Rows:
    """Return the line's accounts with a4 at R2 already, so that no rep but the open seat is empty."""
    return [{**row, "current_rep_id": "R2" if row["id"] == "a4" else "R1"} for row in account_rows()]


def test_a_rep_who_left_comes_first() -> None:
    """a4 was with R3, who has left; that it is also nearer does not matter."""
    assert reason(3).sentence == "R3 has left; R2 is 111 km away."


def test_nearer_by_the_difference() -> None:
    """a3 lies 4 degrees from R1 and 2 from R2."""
    found = reason(2, accounts=settled())
    assert found.code == "NEARER"
    assert found.sentence == "R2 is nearer by 222 km (222 km instead of 445 km)."


def test_over_the_share_names_both_reps() -> None:
    """R1 had 60 of 100 hours, 80 % over a third; R2 had no accounts."""
    criteria = {"balance": [{"measure": "workload", "target": "equal", "tolerance": 0.05}]}
    found = reason(2, criteria)
    assert found.code == "OVER"
    assert found.sentence == "R1 was 80 % over its workload share; R2 had no accounts yet; nearer by 222 km."


def test_over_a_capacity_says_by_how_much() -> None:
    """R1 carried 60 hours with a limit of 50."""
    reps = [{**row, "max:workload": 50.0 if row["id"] == "R1" else None} for row in rep_rows()]
    sentence = reason(2, reps=reps).sentence
    assert sentence.startswith("R1 was 10 hours over its workload limit of 50; ")


def test_a_missing_skill_is_named() -> None:
    """a3 requires medical; R2 has it, R1 does not."""
    accounts = [{**row, "requires": ["medical"] if row["id"] == "a3" else []} for row in account_rows()]
    reps = [{**row, "skills": ["medical"] if row["id"] == "R2" else []} for row in rep_rows()]
    found = reason(2, accounts=accounts, reps=reps)
    assert found.sentence == "R1 lacks the required skill medical; R2 has it."


def test_too_far_says_both_distances() -> None:
    """R1 goes no farther than 300 km; a3 is 445 km away."""
    reps = [{**row, "max_distance_km": 300.0 if row["id"] == "R1" else None} for row in rep_rows()]
    expected = "R1 is 445 km away as the crow flies, beyond its limit of 300 km."
    assert reason(2, reps=reps).sentence == expected
    assert reason(2, {**FREE, "travel": {"road_factor": 1.3}}, reps=reps).sentence == expected


def test_kilometers_of_a_sentence_are_those_of_its_row() -> None:
    """With a road factor of 1.3 the sentence speaks of road kilometers, as travel_km does."""
    criteria = {**FREE, "travel": {"road_factor": 1.3}}
    card = scorecard(columns(accounts=settled()), criteria)
    row = moves_table(card, criteria, moved_positions(card)).to_pylist()[0]
    assert row["reason"] == "R2 is nearer by 289 km (289 km instead of 578 km)."
    assert (round(row["travel_km_after"]), round(row["travel_km_before"])) == (289, 578)


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        ({**FREE, "forbid": [{"account_id": "a3", "rep_id": "R1"}]}, "FORBIDDEN"),
        ({**FREE, "locks": [{"account_id": "a3", "rep_id": "R2"}]}, "LOCKED"),
    ],
)
def test_forbidden_and_locked_come_from_the_criteria(criteria: Any, code: str) -> None:
    """A forbidden current rep, or a lock to the new one, is the reason."""
    assert reason(2, criteria).code == code


def test_a_family_follows_the_member_that_had_to_move() -> None:
    """a3 shares the parent P with a4, whose rep has left."""
    accounts = [{**row, "parent_id": "P" if row["id"] in ("a3", "a4") else None} for row in account_rows()]
    assert reason(2, accounts=accounts).sentence == "Follows a4 of its family: R3 has left."


def test_a_family_is_brought_together() -> None:
    """a2 and a3 are a family; a3 was with R1 like a2, so a2's family already had one with R2."""
    accounts = [{**row, "parent_id": "P" if row["id"] in ("a1", "a3") else None} for row in account_rows()]
    accounts[0]["current_rep_id"] = "R2"
    found = reason(2, owner=["R2", "R1", "R2", "R3"], accounts=accounts)
    assert found.sentence == "Joins its family of 2 accounts; R2 already had 1."


def test_nobody_is_an_answer() -> None:
    """An account that the alignment leaves out says so."""
    assert reason(1, owner=["R1", None, "R2", "R2"]).code == "UNASSIGNED"


def test_an_exchange_says_its_numbers_when_nothing_else_holds() -> None:
    """a1 goes farther, and nobody was over: it is part of an exchange."""
    found = reason(0, owner=["R2", "R1", "R1", "R2"], accounts=settled())
    assert found.code == "EXCHANGE"
    assert found.sentence == "Part of an exchange: R1 gives 1 account and takes 0."


def test_a_cheaper_pair_is_a_reason_where_costs_are_given() -> None:
    """With travel from pairs, R2 costs 2 and R1 5."""
    plain = columns(accounts=settled()).tables
    pairs = [
        {"account_id": account, "rep_id": rep, "cost": cost}
        for account in ("a1", "a2", "a3", "a4")
        for rep, cost in (("R1", 5.0), ("R2", 2.0), ("R3", 9.0))
    ]
    data = DatasetTables(plain.accounts, plain.reps, table(pairs, PAIR_FIELDS))
    found = alignment_columns(data, assigned(data, ["R1", "R1", "R2", "R2"]))
    criteria = {**FREE, "travel": {"weight": 1, "source": "pairs"}}
    assert MoveReasons(scorecard(found, criteria), criteria).reason(2).sentence == "R2 travels for 2 instead of 5."


def test_moves_list_from_to_and_amounts() -> None:
    """a3 and a4 move with 30 and 40 hours, and the rollback undoes exactly that."""
    card = scorecard(columns(), FREE)
    moves = moves_table(card, FREE, moved_positions(card))
    assert moves.select(["account_id", "from", "to", "workload"]).to_pylist() == [
        {"account_id": "a3", "from": "R1", "to": "R2", "workload": 30.0},
        {"account_id": "a4", "from": "R3", "to": "R2", "workload": 40.0},
    ]
    assert rollback_table(moves).to_pylist()[0] == {"account_id": "a3", "from": "R2", "to": "R1"}
    assert moves_between(card) == [(0, 1, 1), (2, 1, 1)]


def test_a_measure_named_like_a_column_keeps_apart() -> None:
    """Measures named from, reason and rep_id neither overwrite the list's columns nor are lost."""
    names = ("from", "reason", "rep_id")
    accounts = [{**row, **{f"measure:{name}": 7.0 for name in names}} for row in account_rows()]
    card = scorecard(columns(accounts=accounts), FREE)
    moves = moves_table(card, FREE, moved_positions(card))
    titles = move_titles(card.columns)
    assert [titles[name] for name in names] == ["measure:from", "measure:reason", "rep_id"]
    item = move_items(moves, titles)[0]
    assert (item["from"], item["to"]) == ("R1", "R2")
    assert item["reason"].endswith(".")
    assert [item["measures"][name] for name in names] == [7.0, 7.0, 7.0]


def test_every_move_of_a_random_alignment_has_a_sentence() -> None:
    """Whatever moves where, there is one sentence that ends with a full stop."""
    rng = np.random.default_rng(1)
    for _ in range(30):
        owner = [[None, "R1", "R2", "R4"][pick] for pick in rng.integers(0, 4, size=4)]
        card = scorecard(columns(owner), None)
        sentences = moves_table(card, None, moved_positions(card)).column("reason").to_pylist()
        assert all(sentence.endswith(".") for sentence in sentences)
