"""The hard rules on sums: capacity, hard balance, and budgets for moves."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from checker.alignment import Assigned
from checker.assignment_rules import MAX_LISTED
from checker.criteria import CheckedCriteria, MoveLimit
from checker.raw_data import RawData
from checker.report import Target, Violation
from checker.tolerances import is_above, is_below

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def load_violations(
    data: RawData, criteria: CheckedCriteria, loads: Mapping[str, Floats], targets: tuple[Target, ...]
) -> Iterator[Violation]:
    """Yield every load outside its capacity or its hard balance.

    Reps who are not active have neither.
    """
    for measure, load in loads.items():
        low = data.minimum.get(measure, np.full(data.num_reps, -np.inf))
        high = data.maximum.get(measure, np.full(data.num_reps, np.inf))
        yield from _outside(data, "capacity", measure, load=load, low=low, high=high)
    for balance, target in zip(criteria.balance, targets, strict=True):
        if not balance.is_hard:
            continue
        low = np.nan_to_num((1 - balance.tolerance) * target.load, nan=-np.inf)
        high = np.nan_to_num((1 + balance.tolerance) * target.load, nan=np.inf)
        yield from _outside(data, "balance", balance.measure, load=loads[balance.measure], low=low, high=high)


def _outside(
    data: RawData, criterion: str, measure: str, *, load: Floats, low: Floats, high: Floats
) -> Iterator[Violation]:
    for rep in np.flatnonzero(data.is_active & ((load < low) | (load > high))):
        value, smallest, largest = float(load[rep]), float(low[rep]), float(high[rep])
        if is_above(value, largest):
            limit, by, word = largest, value - largest, "over the largest"
        elif is_below(value, smallest):
            limit, by, word = smallest, smallest - value, "under the smallest"
        else:
            continue
        yield Violation(
            criterion=criterion,
            measure=measure,
            rep_id=data.rep_ids[rep],
            account_ids=(),
            value=value,
            limit=limit,
            by=by,
            detail=f"'{data.rep_ids[rep]}' carries {value:,.6g} of {measure}, {by:,.6g} {word} allowed {limit:,.6g}.",
        )


def limit_by_measure(data: RawData, limit: MoveLimit) -> dict[str, float]:
    """Return a budget's limit for each measure, the smaller of the amount and the share of the total."""
    limits = dict(limit.amounts)
    for measure, share in limit.shares.items():
        amount = share * float(data.measure(measure).sum())
        limits[measure] = min(amount, limits.get(measure, np.inf))
    return limits


def budget_violations(data: RawData, criteria: CheckedCriteria, assigned: Assigned) -> Iterator[Violation]:
    """Yield every budget for moves that is overspent."""
    moved = np.flatnonzero(assigned.is_moved)
    for measure, limit in sorted(limit_by_measure(data, criteria.max_moved).items()):
        spent = float(data.measure(measure)[moved].sum())
        if is_above(spent, limit):
            yield _overspent(data, "max_moved", measure, rep=None, accounts=moved, spent=spent, limit=limit)
    gained = moved[assigned.rep[moved] >= 0]
    for criterion, budget, accounts, place in (
        ("max_in_per_rep", criteria.max_in_per_rep, gained, assigned.rep[gained]),
        ("max_out_per_rep", criteria.max_out_per_rep, moved, data.counted_current[moved]),
    ):
        for measure, limit in sorted(limit_by_measure(data, budget).items()):
            amount = data.measure(measure)[accounts]
            spending = np.bincount(place, weights=amount, minlength=data.num_reps)
            for rep in np.flatnonzero(spending > limit):
                spent = float(spending[rep])
                if is_above(spent, limit):
                    mine = accounts[place == rep]
                    yield _overspent(data, criterion, measure, rep=int(rep), accounts=mine, spent=spent, limit=limit)


def _overspent(
    data: RawData, criterion: str, measure: str, *, rep: int | None, accounts: Ints, spent: float, limit: float
) -> Violation:
    rep_id = None if rep is None else data.rep_ids[rep]
    who = "Moves take" if rep_id is None else f"Moves at '{rep_id}' take"
    return Violation(
        criterion=criterion,
        measure=measure,
        rep_id=rep_id,
        account_ids=tuple(data.account_ids[account] for account in accounts[:MAX_LISTED]),
        value=spent,
        limit=limit,
        by=spent - limit,
        detail=f"{who} {spent:,.6g} of {measure}, {spent - limit:,.6g} over the budget of {limit:,.6g}.",
    )
