"""Every hard criterion on the line of four, kept and broken by a known amount."""

from collections.abc import Sequence
from typing import Any

import pytest

from checker import CheckInputError, Violation, check
from tests.checker.small import CURRENT, DEGREE_KM, accounts, reps


def broken(
    criteria: dict[str, Any],
    assignment: Sequence[str | None],
    *,
    account: dict[str, Any] | None = None,
    rep: dict[str, Any] | None = None,
    pairs: dict[str, Any] | None = None,
    units: list[tuple[str, str]] | None = None,
) -> tuple[Violation, ...]:
    report = check(accounts(**account or {}), reps(**rep or {}), pairs, criteria, assignment, units=units)
    return report.violations


def test_nothing_is_violated_without_criteria() -> None:
    """An alignment that gives every account an active rep breaks nothing where nothing is asked."""
    assert broken({}, CURRENT) == ()


def test_an_id_that_is_no_rep_is_found() -> None:
    """An account that goes to an unknown id is a violation, once."""
    (violation,) = broken({}, ["W", "W", "E", "X"])
    assert (violation.criterion, violation.account_ids, violation.by) == ("rep", ("D",), 1.0)


def test_unassigned_needs_permission() -> None:
    """An account may stay without a rep only where the criteria allow it."""
    (violation,) = broken({}, ["W", None, "E", "E"])
    assert (violation.criterion, violation.account_ids) == ("unassigned", ("B",))
    assert broken({"unassigned": {"allowed": True, "weight": 1}}, ["W", None, "E", "E"]) == ()


def test_an_inactive_rep_takes_nobody() -> None:
    """Whoever goes to a rep who left is listed under that rep."""
    (violation,) = broken({}, CURRENT, rep={"active": [True, False]})
    assert (violation.criterion, violation.rep_id, violation.account_ids) == ("active", "E", ("C", "D"))


@pytest.mark.parametrize(
    ("target", "rep", "by"),
    [
        ("equal", {}, {"W": 47.5 - 30, "E": 70 - 52.5}),
        ("fte", {"fte": [1.0, 1.0]}, {"W": 47.5 - 30, "E": 70 - 52.5}),
        ("fte", {"fte": [3.0, 7.0]}, {}),
        ("capacity", {"max__workload": [40.0, 160.0]}, {"W": 9.0, "E": 6.0}),
        ("given", {"target__workload": [30.0, 50.0]}, {"E": 70 - 52.5}),
        ("given", {"target__workload": [30.0, None]}, {}),
    ],
)
def test_hard_balance(target: str, rep: dict[str, Any], by: dict[str, float]) -> None:
    """Loads 30 and 70 stand against each kind of target with 5 % tolerance, to the exact excess."""
    balance = {"measure": "workload", "target": target, "tolerance": 0.05, "hard": True}
    found = broken({"balance": [balance]}, CURRENT, rep=rep)
    assert {violation.criterion for violation in found} <= {"balance"}
    wanted = by if target != "capacity" else {"W": 30 - 21.0, "E": 76.0 - 70}
    assert {violation.rep_id: violation.by for violation in found} == pytest.approx(wanted)


def test_capacity() -> None:
    """Loads 30 and 70 against a largest of 25 and a smallest of 80 miss by 5 and by 10."""
    found = broken({}, CURRENT, rep={"max__workload": [25.0, None], "min__workload": [None, 80.0]})
    assert [(v.criterion, v.measure, v.rep_id, v.value, v.limit, v.by) for v in found] == [
        ("capacity", "workload", "W", 30.0, 25.0, 5.0),
        ("capacity", "workload", "E", 70.0, 80.0, 10.0),
    ]
    assert broken({}, CURRENT, rep={"max__workload": [30.0, None], "min__accounts": [2.0, 2.0]}) == ()


def test_capacity_counts_the_pairs_amounts() -> None:
    """A pair's override counts in the load of that pair only."""
    pairs = {"account_id": ["A", "B"], "rep_id": ["W", "E"], "measure:workload": [16.0, 99.0]}
    (violation,) = broken({}, CURRENT, rep={"max__workload": [35.0, None]}, pairs=pairs)
    assert (violation.value, violation.by) == (36.0, 1.0)


def test_locks() -> None:
    """A lock of the criteria and a locked account each hold at one rep."""
    lock = {"locks": [{"account_id": "B", "rep_id": "E"}]}
    (violation,) = broken(lock, CURRENT)
    assert (violation.criterion, violation.rep_id, violation.account_ids) == ("locks", "E", ("B",))
    assert broken(lock, ["W", "E", "E", "E"]) == ()
    locked = {"locked": [True, True, False, False]}
    (violation,) = broken({}, ["W", "E", "E", "E"], account=locked)
    assert (violation.rep_id, violation.account_ids) == ("W", ("B",))


def test_forbidden_pairs() -> None:
    """Criteria and pairs both forbid; under pair costs a missing pair and one without a cost do too."""
    (violation,) = broken({"forbid": [{"account_id": "A", "rep_id": "W"}]}, CURRENT)
    assert (violation.criterion, violation.account_ids) == ("forbid", ("A",))
    pairs = {"account_id": ["A", "B"], "rep_id": ["W", "W"], "cost": [1.0, None], "forbidden": [True, False]}
    (violation,) = broken({}, CURRENT, pairs=pairs)
    assert violation.account_ids == ("A",)
    by_pairs = {"travel": {"weight": 0, "source": "pairs"}}
    found = broken(by_pairs, CURRENT, pairs=pairs)
    assert [violation.account_ids for violation in found] == [("A", "B"), ("C", "D")]


def test_frozen_reps() -> None:
    """A frozen rep neither gains nor loses."""
    assert broken({"frozen_reps": ["W"]}, CURRENT) == ()
    (gained,) = broken({"frozen_reps": ["W"]}, ["W", "W", "W", "E"])
    (lost,) = broken({"frozen_reps": ["W"]}, ["E", "W", "E", "E"])
    assert (gained.criterion, gained.account_ids, lost.account_ids) == ("frozen_reps", ("C",), ("A",))


def test_eligibility() -> None:
    """Every required skill must be there, unless eligibility is soft or off."""
    account = {"requires": [["x", "y"], [], ["x"], []]}
    rep = {"skills": [["x"], ["x", "z"]]}
    (violation,) = broken({}, CURRENT, account=account, rep=rep)
    assert (violation.criterion, violation.rep_id, violation.account_ids) == ("eligibility", "W", ("A",))
    for off in ("off", {"soft": 3}):
        assert broken({"eligibility": off}, CURRENT, account=account, rep=rep) == ()


def test_max_distance_is_without_the_road_factor() -> None:
    """One degree is 111.19 km; a radius just over it holds, one of 100 km misses by 11.19."""
    travel = {"travel": {"weight": 1, "road_factor": 2.0}}
    assert broken(travel, CURRENT, rep={"max_distance_km": [111.2, None]}) == ()
    (violation,) = broken(travel, CURRENT, rep={"max_distance_km": [100.0, None]})
    assert violation.criterion == "max_distance_km"
    assert violation.by == pytest.approx(DEGREE_KM - 100)


@pytest.mark.parametrize(
    ("parents", "split"),
    [([None, "A", "B", None], "A"), (["out", None, "out", None], "A"), ([None, None, None, "C"], None)],
)
def test_families(parents: list[str | None], split: str | None) -> None:
    """The whole tree is one family, and so are those that share a parent outside the data."""
    found = broken({}, CURRENT, account={"parent_id": parents})
    assert [violation.account_ids[0] for violation in found] == ([split] if split else [])
    assert broken({"families": "off"}, CURRENT, account={"parent_id": parents}) == ()


def test_budgets() -> None:
    """A to East and D to West: two accounts, potential 5 of 10, one in and one out each."""
    moves = ["E", "W", "E", "W"]
    assert broken({"disruption": {"max_moved": {"accounts": 2, "share": {"potential": 0.5}}}}, moves) == ()
    found = broken({"disruption": {"max_moved": {"accounts": 1, "share": {"potential": 0.4}}}}, moves)
    assert {v.measure: (v.criterion, v.by) for v in found} == {
        "accounts": ("max_moved", 1.0),
        "potential": ("max_moved", pytest.approx(1.0)),
    }
    (into,) = broken({"disruption": {"max_in_per_rep": {"share": {"workload": 0.2}}}}, moves)
    assert (into.criterion, into.rep_id) == ("max_in_per_rep", "W")
    assert into.by == pytest.approx(20.0)
    (out,) = broken({"disruption": {"max_out_per_rep": {"share": {"workload": 0.2}}}}, moves)
    assert (out.criterion, out.rep_id, out.account_ids) == ("max_out_per_rep", "E", ("D",))


def test_leaving_an_inactive_rep_spends_no_budget() -> None:
    """Accounts of a rep who left move for free, and so do accounts without a rep."""
    account = {"current_rep_id": ["gone", None, "E", "E"]}
    rep = {"id": ["W", "E", "gone"], "lat": [0, 0, 0], "lon": [0, 3, 1], "active": [True, True, False]}
    none = {"disruption": {"max_moved": {"accounts": 0}, "max_in_per_rep": {"accounts": 0}}}
    assert broken(none, CURRENT, account=account, rep=rep) == ()


def test_contiguity() -> None:
    """Units 1-2-3-4 in a row: West with 1 and 3 is in two pieces, unless an empty unit connects them."""
    account = {"unit_id": ["1", "2", "3", "4"]}
    row = [("1", "2"), ("2", "3"), ("3", "4")]
    assert broken({"contiguity": "rook"}, CURRENT, account=account, units=row) == ()
    (violation,) = broken({"contiguity": "rook"}, ["W", "E", "W", "W"], account=account, units=row)
    assert (violation.rep_id, violation.value, violation.by) == ("W", 2.0, 1.0)
    bridged = [*row, ("1", "0"), ("0", "3")]
    assert broken({"contiguity": "queen"}, ["W", "E", "W", "W"], account=account, units=bridged) == ()


def test_a_unit_is_not_shared() -> None:
    """Two accounts of unit 1 with West and East share it; each territory is in one piece."""
    account = {"unit_id": ["1", "1", "2", "2"]}
    (violation,) = broken({"contiguity": "rook"}, ["W", "E", "E", "E"], account=account, units=[("1", "2")])
    assert (violation.criterion, violation.value, violation.account_ids) == ("units", 2.0, ("A", "B"))


@pytest.mark.parametrize(
    "criteria",
    [
        {"fairness": {}},
        {"travel": {"weight": 1, "source": "hours"}},
        {"travel": {"weight": -1}},
        {"travel": {}, "balance": [{"measure": "workload", "target": "equal", "tolerance": 0.1}]},
        {"balance": [{"measure": "nothing", "target": "equal", "tolerance": 0.1, "hard": True}]},
        {"locks": [{"account_id": "A", "rep_id": "nobody"}]},
        {"contiguity": "rook"},
        {"families": "apart"},
    ],
)
def test_what_the_checker_does_not_know_is_refused(criteria: dict[str, Any]) -> None:
    """Criteria that cannot be confirmed are an error, never a silent pass."""
    with pytest.raises(CheckInputError):
        broken(criteria, CURRENT)
