"""Every objective term on the line of four, by hand, and what must not change it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker import CheckReport, Term, check, check_claims
from tests.checker.random_problems import random_problem
from tests.checker.small import CURRENT, DEGREE_KM, accounts, reps


def only_term(criteria: dict[str, Any], assignment: Sequence[str | None], **tables: Any) -> Term:
    report = check(
        tables.get("accounts") or accounts(), tables.get("reps") or reps(), tables.get("pairs"), criteria, assignment
    )
    (term,) = report.terms
    assert report.objective == term.weighted == pytest.approx(term.weight * term.raw / term.reference)
    return term


def test_travel() -> None:
    """Road factor times km times visits; the reference takes each account to its nearest rep."""
    table = accounts(visits_per_year=[5.0, 2.0, None, 1.0])
    term = only_term({"travel": {"weight": 30, "road_factor": 1.3}}, ["W", "E", "E", "W"], accounts=table)
    assert term.raw == pytest.approx(1.3 * DEGREE_KM * (0 + 2 * 2 + 1 + 3))
    assert term.reference == pytest.approx(1.3 * DEGREE_KM * (2 * 1 + 1))
    assert term.unit == "km"


def test_travel_of_a_family_goes_to_one_rep_in_the_reference() -> None:
    """A and D as one family are cheapest at 3 degrees together; A locked to East stays there."""
    travel = {"travel": {"weight": 1}}
    table = accounts(parent_id=[None, None, None, "A"])
    assert only_term(travel, CURRENT, accounts=table).reference == pytest.approx(5 * DEGREE_KM)
    locked = travel | {"locks": [{"account_id": "A", "rep_id": "E"}]}
    assert only_term(locked, CURRENT).reference == pytest.approx(5 * DEGREE_KM)


def test_travel_by_pairs() -> None:
    """The caller's costs are added up as they are; the cheapest allowed pair is the reference."""
    pairs = {
        "account_id": ["A", "A", "B", "C", "D"],
        "rep_id": ["W", "E", "W", "E", "E"],
        "cost": [4.0, 3.0, 5.0, 6.0, 7.0],
    }
    term = only_term({"travel": {"weight": 10, "source": "pairs"}}, CURRENT, pairs=pairs)
    assert (term.raw, term.reference, term.unit) == (22.0, 21.0, "cost")


def test_compactness() -> None:
    """Workload times squared km; 1 for all where the data has no workload."""
    term = only_term({"compactness": {"weight": 1}}, CURRENT)
    assert term.raw == term.reference == pytest.approx(50 * DEGREE_KM**2)
    bare = {name: column for name, column in accounts().items() if name != "measure:workload"}
    assert only_term({"compactness": {"weight": 1}}, CURRENT, accounts=bare).raw == pytest.approx(2 * DEGREE_KM**2)


def test_disruption() -> None:
    """Potential 1 and 4 of 10 change rep; becoming unassigned is a move."""
    criteria = {"disruption": {"weight": 30, "measure": "potential"}, "unassigned": {"allowed": True, "weight": 0}}
    term = only_term(criteria, ["E", "W", "E", None])
    assert (term.raw, term.reference, term.weighted) == (5.0, 10.0, 15.0)


def test_soft_balance() -> None:
    """Deviations of 40 % cost 0.3 beyond 10 % and twice 0.2 more beyond 20 %, for each of two reps."""
    balance = {"measure": "workload", "target": "equal", "tolerance": 0.1, "hard": False, "weight": 40}
    term = only_term({"balance": [balance]}, CURRENT)
    assert term.name == "balance:workload"
    assert term.raw == pytest.approx(2 * (0.3 + 2 * 0.2))
    assert term.reference == 2.0


def test_inactive_reps_carry_no_target() -> None:
    """Targets and the reference count active reps only."""
    balance = {"measure": "workload", "target": "equal", "tolerance": 0.0, "hard": False, "weight": 1}
    table = reps(id=["W", "E", "gone"], lat=[0, 0, 0], lon=[0, 3, 1], active=[True, True, False])
    report = check(accounts(), table, None, {"balance": [balance]}, CURRENT)
    assert report.targets[0].load[:2].tolist() == [50.0, 50.0]
    assert np.isnan(report.targets[0].load[2])
    assert report.terms[0].reference == 2.0


def test_priced_eligibility_and_unassigned() -> None:
    """Both are counted in accounts and divided by their number."""
    table = accounts(requires=[["x"], [], [], []])
    assert only_term({"eligibility": {"soft": 8}}, CURRENT, accounts=table).weighted == 2.0
    assert only_term({"unassigned": {"allowed": True, "weight": 8}}, ["W", None, None, "E"]).weighted == 4.0


def test_a_free_center_stands_where_it_is_placed_else_among_its_accounts() -> None:
    """A given center is used; without one, it is the workload-weighted middle of the territory."""
    table, travel = reps(lat=[0.0, None], lon=[0.0, None]), {"travel": {"weight": 1}}
    placed = check(accounts(), table, None, travel, CURRENT, centers={"E": (0.0, 2.0)})
    assert placed.terms[0].raw == pytest.approx(2 * DEGREE_KM)
    equal = accounts(measure__workload=[1.0, 1.0, 1.0, 1.0])
    middle = check(equal, table, None, {"compactness": {"weight": 1}}, CURRENT)
    assert middle.terms[0].raw == pytest.approx(1.5 * DEGREE_KM**2)


def summary(report: CheckReport) -> tuple[dict[str, tuple[float, float]], list[tuple[str, str, float]]]:
    terms = {term.name: (term.raw, term.reference) for term in report.terms}
    broken = sorted((v.criterion, v.measure or "", round(v.by, 6)) for v in report.violations)
    return terms, broken


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), turn=st.floats(-180, 180))
def test_order_names_and_longitude_do_not_matter(seed: int, turn: float) -> None:
    """Shuffled rows, new names and turned longitudes change neither terms nor violations."""
    raw, draw = random_problem(seed), np.random.default_rng(seed)
    assignment = [str(rep) for rep in draw.choice(raw.reps["id"], len(raw.accounts["id"]))]
    before = check(raw.accounts, raw.reps, raw.pairs, raw.criteria, assignment)
    order, rep_order = draw.permutation(len(assignment)), draw.permutation(len(raw.reps["id"]))

    def renamed(value: Any) -> Any:
        if isinstance(value, str) and value[:1] in "AR" and value[1:].isdigit():
            return f"é{value}"
        if isinstance(value, dict):
            return {key: renamed(part) for key, part in value.items()}
        return [renamed(part) for part in value] if isinstance(value, list) else value

    moved = {name: renamed([list(column)[i] for i in order]) for name, column in raw.accounts.items()}
    reps_moved = {name: renamed([list(column)[j] for j in rep_order]) for name, column in raw.reps.items()}
    for table in (moved, reps_moved):
        table["lon"] = [lon + turn for lon in table["lon"]]
    pairs = None if raw.pairs is None else {name: renamed(list(column)) for name, column in raw.pairs.items()}
    after = check(moved, reps_moved, pairs, renamed(raw.criteria), [renamed(assignment[i]) for i in order])
    (terms, broken), (terms_after, broken_after) = summary(before), summary(after)
    assert broken == broken_after
    assert terms.keys() == terms_after.keys()
    for name, numbers in terms.items():
        assert terms_after[name] == pytest.approx(numbers, rel=1e-9, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_loads_add_up(seed: int) -> None:
    """Without overrides the loads of a complete alignment sum to the accounts' total."""
    raw = random_problem(seed)
    report = check(raw.accounts, raw.reps, None, {}, ["R0", "R1", "R2", "R0", "R1"])
    for measure in ("workload", "potential"):
        assert report.loads[measure].sum() == pytest.approx(raw.accounts[f"measure:{measure}"].sum())
    assert report.loads["accounts"].tolist() == [2.0, 2.0, 1.0]


def test_claims() -> None:
    """An honest claim passes; a wrong objective, term, bound or outcome is named."""
    report = check(accounts(), reps(), None, {"travel": {"weight": 30}}, CURRENT)
    terms = [{"name": "travel", "weighted": 30.0}]
    assert check_claims(report, 30.0, terms, 30.0, "optimal") == ()
    assert [wrong.name for wrong in check_claims(report, 29.0, terms, 28.0, "feasible")] == ["objective"]
    assert [wrong.name for wrong in check_claims(report, 30.0, {"travel": 29.0}, None, "feasible")] == ["travel"]
    assert [wrong.name for wrong in check_claims(report, 30.0, terms, 31.0, "feasible")] == ["lower_bound"]
    assert [wrong.name for wrong in check_claims(report, 30.0, terms, 29.0, "optimal")] == ["outcome"]
    broken = check(accounts(), reps(), None, {"travel": {"weight": 30}}, [None, "W", "E", "E"])
    assert [w.name for w in check_claims(broken, broken.objective, {"travel": 30.0}, None, "feasible")] == [
        "violations"
    ]
