"""The objective's terms, each raw, with its reference, and weighted."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from checker.alignment import Assigned
from checker.allowed import Allowed
from checker.assignment_rules import is_missing_skill
from checker.geography import distance_km
from checker.raw_data import RawData
from checker.reference import References
from checker.report import Target, Term

Floats = NDArray[np.float64]
MEASURE_UNITS = {"workload": "h", "accounts": "accounts"}


def objective_terms(
    allowed: Allowed,
    assigned: Assigned,
    *,
    loads: Mapping[str, Floats],
    targets: tuple[Target, ...],
    reference: References,
) -> Iterator[Term]:
    """Yield the terms with a weight above 0."""
    yield from _distance_terms(allowed, assigned, reference)
    criteria, data = allowed.criteria, allowed.data
    if criteria.disruption_weight > 0:
        measure = criteria.disruption_measure
        yield _term(
            "disruption",
            raw=float(data.measure(measure)[assigned.is_moved].sum()),
            unit=MEASURE_UNITS.get(measure, measure),
            weight=criteria.disruption_weight,
            reference=disruption_reference(data, measure),
        )
    for balance, target in zip(criteria.balance, targets, strict=True):
        if balance.weight > 0:
            yield _term(
                f"balance:{balance.measure}",
                raw=soft_balance(loads[balance.measure], target.load, balance.tolerance),
                unit="deviation",
                weight=balance.weight,
                reference=balance_reference(data),
            )
    yield from _count_terms(allowed, assigned)


def _distance_terms(allowed: Allowed, assigned: Assigned, reference: References) -> Iterator[Term]:
    criteria, data = allowed.criteria, allowed.data
    if criteria.travel_weight > 0:
        raw = _pair_cost(data, assigned) if criteria.has_pair_costs else _road(allowed, assigned)
        yield _term(
            "travel", raw=raw, unit=criteria.travel_unit, weight=criteria.travel_weight, reference=reference.travel
        )
    if criteria.compactness_weight > 0:
        raw = float(data.workload_weight @ _distance(data, assigned) ** 2)
        yield _term(
            "compactness", raw=raw, unit="km²·h", weight=criteria.compactness_weight, reference=reference.compactness
        )


def _count_terms(allowed: Allowed, assigned: Assigned) -> Iterator[Term]:
    criteria, num_accounts = allowed.criteria, float(allowed.data.num_accounts)
    if criteria.eligibility_weight > 0:
        raw = float(is_missing_skill(allowed, assigned).sum())
        yield _term("eligibility", raw=raw, unit="accounts", weight=criteria.eligibility_weight, reference=num_accounts)
    if criteria.unassigned_weight > 0:
        raw = float((assigned.rep < 0).sum())
        yield _term("unassigned", raw=raw, unit="accounts", weight=criteria.unassigned_weight, reference=num_accounts)


def disruption_reference(data: RawData, measure: str) -> float:
    """Return the measure's total over all accounts, 1 where that is 0."""
    return float(data.measure(measure).sum()) or 1.0


def balance_reference(data: RawData) -> float:
    """Return the number of active reps, 1 where there is none."""
    return float(data.is_active.sum()) or 1.0


def soft_balance(load: Floats, target: Floats, tolerance: float) -> float:
    """Return the sum over reps of the deviation beyond the tolerance, threefold beyond twice the tolerance.

    Parameters
    ----------
    load, target
        Shape ``(reps,)``; a rep whose target is NaN or 0 has no deviation.
    """
    has_target = target > 0
    deviation = np.abs(load[has_target] - target[has_target]) / target[has_target]
    once, twice = np.maximum(0, deviation - tolerance), np.maximum(0, deviation - 2 * tolerance)
    return float((once + 2 * twice).sum())


def _term(name: str, *, raw: float, unit: str, weight: float, reference: float) -> Term:
    return Term(name, raw, unit, weight, reference, weight * raw / reference)


def _distance(data: RawData, assigned: Assigned) -> Floats:
    """Return each account's great-circle km to its rep's center, 0 where it is unassigned."""
    distance = distance_km(data.account_point, data.rep_point[assigned.rep])
    return np.where(assigned.rep >= 0, distance, 0.0)


def _road(allowed: Allowed, assigned: Assigned) -> float:
    data = allowed.data
    way = _distance(data, assigned) + data.detour_at(assigned.rep)
    return allowed.criteria.road_factor * float(data.visits_per_year @ way)


def _pair_cost(data: RawData, assigned: Assigned) -> float:
    """Add up the caller's costs; a pair without one is a violation, and adds nothing here."""
    _, pair = data.pair_of(assigned.rep)
    return float(np.nansum(data.pairs.cost[pair]))
