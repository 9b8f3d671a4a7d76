"""Recompute everything about one alignment from raw data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.alignment import Assigned, limited_measures, load_of, read_assignment, target_of
from checker.allowed import Allowed, read_allowed
from checker.assignment_rules import assignment_violations
from checker.columns import Columns
from checker.contiguity import contiguity_violations
from checker.criteria import CheckedCriteria, read_criteria
from checker.exceptions import CheckInputError
from checker.items import Items, family_items, family_of, single_items, unit_items
from checker.load_rules import budget_violations, load_violations
from checker.raw_data import RawData, read_raw_data
from checker.reference import References, references
from checker.report import CheckReport
from checker.terms import objective_terms


@dataclass(frozen=True, eq=False)
class Examined:
    """An alignment with its data, ready to be judged or bounded.

    Attributes
    ----------
    data
        The raw data; a free center without a place stands at its territory's center of workload.
    has_free_center
        Whether an active rep has no place of its own, so that the objective knows no fixed distances.
    """

    data: RawData
    allowed: Allowed
    items: Items
    assigned: Assigned
    reference: References
    report: CheckReport
    has_free_center: bool


def check(
    accounts: Columns,
    reps: Columns,
    pairs: Columns | None,
    criteria: Mapping[str, Any],
    assignment: Mapping[int, str | None] | Sequence[str | None],
    *,
    units: Iterable[tuple[str, str]] | None = None,
    centers: Mapping[str, tuple[float, float]] | None = None,
    detour: NDArray[np.floating] | None = None,
) -> CheckReport:
    """Recompute violations, objective terms and loads of an alignment.

    Parameters
    ----------
    accounts, reps, pairs
        Columns of the stored table schema: name to list or array.
    criteria
        The normalized criteria JSON.
    assignment
        Account index to rep id, None where unassigned: a mapping (left out is unassigned) or a list in row order.
    units
        Pairs of ids of neighboring units; needed where contiguity is on.
    centers
        Rep id to latitude and longitude in degrees of the centers that the optimizer placed.
    detour
        Km by which ways around barriers are longer than great circles, infinite where there is none; needed where
        the criteria have barriers. Shape ``(accounts, reps)``.

    Raises
    ------
    CheckInputError
        When the input cannot be judged at all: unknown criteria, missing ids, an unknown place that is measured.
    """
    return examine(accounts, reps, pairs, criteria, assignment, units=units, centers=centers, detour=detour).report


def examine(
    accounts: Columns,
    reps: Columns,
    pairs: Columns | None,
    criteria: Mapping[str, Any],
    assignment: Mapping[int, str | None] | Sequence[str | None],
    *,
    units: Iterable[tuple[str, str]] | None = None,
    centers: Mapping[str, tuple[float, float]] | None = None,
    detour: NDArray[np.floating] | None = None,
) -> Examined:
    """Do what :func:`check` does, and keep what a bound needs."""
    checked = read_criteria(criteria)
    if checked.has_barriers and detour is None:
        raise CheckInputError("The criteria have barriers, but nobody said how long the ways around them are.")
    used = detour if checked.has_barriers else None
    data = read_raw_data(accounts, reps, pairs, centers=centers, detour=used)
    has_free_center = bool((data.is_active & np.isnan(data.rep_point).any(axis=1)).any())
    assigned = read_assignment(data, assignment)
    if checked.measures_distance and np.isnan(data.account_point).any():
        raise CheckInputError("Distances are measured, but an account's latitude or longitude is missing.")
    data = _with_centers(data, assigned)
    allowed = read_allowed(data, checked)
    items = _items(data, checked)
    reference = references(allowed, items)
    report = _report(allowed, assigned, reference=reference, units=units)
    return Examined(data, allowed, items, assigned, reference, report, has_free_center)


def _items(data: RawData, criteria: CheckedCriteria) -> Items:
    if criteria.is_contiguous:
        together = criteria.are_families_together
        return unit_items(data.unit_ids, family_of(data.account_ids, data.parent_ids) if together else None)
    if criteria.are_families_together:
        return family_items(data.account_ids, data.parent_ids)
    return single_items(data.num_accounts)


def _report(
    allowed: Allowed, assigned: Assigned, *, reference: References, units: Iterable[tuple[str, str]] | None
) -> CheckReport:
    data, criteria = allowed.data, allowed.criteria
    loads = {measure: load_of(data, assigned, measure) for measure in limited_measures(data, criteria)}
    targets = tuple(target_of(data, balance, float(loads[balance.measure].sum())) for balance in criteria.balance)
    violations = [
        *assignment_violations(allowed, assigned),
        *load_violations(data, criteria, loads, targets),
        *budget_violations(data, criteria, assigned),
    ]
    if criteria.is_contiguous:
        if units is None:
            raise CheckInputError("Contiguity is on, but nobody said which units are neighbors.")
        violations.extend(contiguity_violations(data, assigned, units))
    terms = tuple(objective_terms(allowed, assigned, loads=loads, targets=targets, reference=reference))
    return CheckReport(
        violations=tuple(violations),
        terms=terms,
        objective=float(sum(term.weighted for term in terms)),
        rep_ids=data.rep_ids,
        loads=loads,
        targets=targets,
    )


def _with_centers(data: RawData, assigned: Assigned) -> RawData:
    """Place free centers at the workload-weighted mean of their accounts; leave those without accounts unknown."""
    point = data.rep_point.copy()
    for rep in np.flatnonzero(np.isnan(point).any(axis=1)):
        mine = assigned.rep == rep
        total = (data.workload_weight[mine, None] * data.account_point[mine]).sum(axis=0)
        length = float(np.sqrt(total @ total))
        point[rep] = total / length if length > 0 else np.nan
    return replace(data, rep_point=point)
