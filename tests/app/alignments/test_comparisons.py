"""Two alignments of the same accounts side by side."""

import pytest

from app.alignments.comparisons import difference_json, differing_accounts, have_same_accounts
from app.alignments.scorecards import scorecard
from tests.app.alignments.line import account_rows, columns


def test_the_accounts_that_differ_are_listed() -> None:
    """Only a2 and a3 are with other reps; null is nobody."""
    one, two = columns(["R1", "R1", "R2", "R2"]), columns(["R1", None, "R1", "R2"])
    assert differing_accounts(one, two).select(["account_id", "rep_id", "with_rep_id"]).to_pylist() == [
        {"account_id": "a2", "rep_id": "R1", "with_rep_id": None},
        {"account_id": "a3", "rep_id": "R2", "with_rep_id": "R1"},
    ]


def test_rows_in_another_order_are_the_same_accounts() -> None:
    """Accounts are found by id, wherever they stand."""
    one = columns(["R1", "R1", "R2", "R2"])
    two = columns(["R2", "R2", "R1", "R1"], accounts=list(reversed(account_rows())))
    assert have_same_accounts(one, two)
    assert differing_accounts(one, two).num_rows == 0


def test_other_accounts_cannot_be_compared() -> None:
    """A dataset with one account less is another one."""
    assert not have_same_accounts(columns(), columns(["R1", "R1", "R2"], accounts=account_rows()[:3]))


def test_the_difference_is_second_minus_first() -> None:
    """a3's 30 hours go from R2 back to R1: its index falls by 30 of 33.3."""
    one, two = columns(["R1", "R1", "R2", "R2"]), columns(["R1", "R1", "R1", "R2"])
    difference = difference_json(scorecard(one, None), scorecard(two, None), accounts=1)
    assert difference["accounts"] == 1
    first = difference["reps"][0]
    assert (first["rep_id"], first["accounts"]) == ("R1", 1)
    assert first["measures"]["workload"] == {"load": 30.0, "index": pytest.approx(90.0)}
    assert difference["team"]["disruption"]["accounts"] == -1
