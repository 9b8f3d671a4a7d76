"""Conflicts: wishes that cannot be met together, proved by arithmetic that anybody can add up.

Owns the cheap proofs that need no solver. Each is sound: where one is found, no alignment keeps the criteria. That
none is found proves nothing. Every comparison leaves the float noise that :func:`optimizer.violations` forgives.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from optimizer.budget_conflicts import budget_conflicts
from optimizer.capacity_cuts import group_conflicts
from optimizer.consistency import check_fit
from optimizer.contiguity_conflicts import contiguity_conflicts
from optimizer.criteria import Criteria
from optimizer.load_ranges import LoadRanges, is_minimal, load_ranges
from optimizer.lump_conflicts import lump_conflicts
from optimizer.measures import Float64Array, sum_by
from optimizer.permissions import required_reps
from optimizer.problem import ACCOUNTS, Problem
from optimizer.result import Cause, Conflict
from optimizer.tolerances import slack

MOST_OF_A_KIND: Final = 20
"""As many conflicts of one kind are told one by one; more would bury the others."""


def conflicts(problem: Problem, criteria: Criteria) -> tuple[Conflict, ...]:
    """Return the conflicts that arithmetic proves; empty where it proves none.

    Raises
    ------
    InvalidCriteria
        When the criteria do not fit the problem.
    """
    check_fit(problem, criteria)
    ranges = load_ranges(problem, criteria)
    homeless = tuple(_without_rep(ranges))
    if not len(ranges.reps):
        return homeless
    found = [
        *homeless,
        *_too_large(ranges),
        *_locked_beyond_limits(ranges),
        *_empty_ranges(ranges),
        *_totals(ranges),
        *_out_of_reach(ranges),
        *lump_conflicts(ranges),
        *group_conflicts(ranges),
        *budget_conflicts(ranges),
        *contiguity_conflicts(ranges),
    ]
    return tuple(_distinct(found))


def _without_rep(ranges: LoadRanges) -> Iterator[Conflict]:
    """Name what nobody may serve: families one by one, single accounts together."""
    items = np.flatnonzero(ranges.must_assign & (ranges.num_allowed == 0))
    is_family = ranges.items.size[items] > 1
    told = items[is_family][:MOST_OF_A_KIND]
    for item in told:
        members = ranges.accounts_of(np.array([item]))
        yield Conflict(
            code="NO_ELIGIBLE_REP",
            accounts=members,
            measure=ACCOUNTS,
            demand=float(len(members)),
            capacity=0.0,
            irreducible=False,
        )
    others = np.setdiff1d(items, told)
    if len(others):
        accounts = ranges.accounts_of(others)
        yield Conflict(
            code="NO_ELIGIBLE_REP",
            accounts=accounts,
            measure=ACCOUNTS,
            demand=float(len(accounts)),
            capacity=0.0,
            irreducible=len(accounts) == 1,
        )


def _too_large(ranges: LoadRanges) -> Iterator[Conflict]:
    """Name items that exceed the limit of every rep who may serve them."""
    for measure, name in enumerate(ranges.problem.measures):
        for highest, is_band in ((ranges.capacity_max[:, measure], False), (ranges.highest[:, measure], True)):
            suspects = np.flatnonzero(
                ranges.must_assign & (ranges.num_allowed > 0) & (ranges.most[:, measure] > highest.min())
            )
            suspects = suspects[np.argsort(-ranges.most[suspects, measure], kind="stable")]
            count = 0
            for item in suspects:
                columns = np.flatnonzero(ranges.allowed[item])
                if ranges.least[item, measure] <= (highest + slack(highest))[columns].max():
                    continue
                best = columns[np.argmax(highest[columns])]
                yield Conflict(
                    code=_code_of_size(ranges, int(item), is_band=is_band),
                    accounts=ranges.accounts_of(np.array([item])),
                    reps=(int(ranges.reps[best]),),
                    measure=name,
                    demand=float(ranges.least[item, measure]),
                    capacity=float(highest[best]),
                    irreducible=bool(ranges.items.size[item] == 1),
                )
                count += 1
                if count == MOST_OF_A_KIND:
                    break
            if count:
                break


def _is_minimal_family(ranges: LoadRanges, item: int, measure: int, capacity: float) -> bool:
    """Tell whether an item without any one of its accounts would fit."""
    members = ranges.items.accounts_of(item)
    amount = ranges.problem.amount[members, measure]
    return len(members) == 1 or is_minimal(amount, demand=float(ranges.least[item, measure]), capacity=capacity)


def _code_of_size(ranges: LoadRanges, item: int, *, is_band: bool) -> str:
    if is_band:
        return "BALANCE_IMPOSSIBLE"
    return "FAMILY_EXCEEDS_ANY_CAPACITY" if ranges.items.size[item] > 1 else "ACCOUNT_EXCEEDS_ANY_CAPACITY"


def _locked_beyond_limits(ranges: LoadRanges) -> Iterator[Conflict]:
    """Name reps whose locked accounts, families included, exceed a limit."""
    account, rep = required_reps(ranges.problem, ranges.criteria)
    is_active = ranges.problem.active[rep]
    item, place = np.unique(
        np.stack([ranges.items.item_of_account[account[is_active]], np.searchsorted(ranges.reps, rep[is_active])]),
        axis=1,
    )
    for measure, name in enumerate(ranges.problem.measures):
        most = sum_by(place, ranges.most[item, measure], count=len(ranges.reps))
        for column in np.flatnonzero(most > ranges.highest[:, measure]):
            items = item[place == column]
            capacity, highest = ranges.capacity_max[column, measure], ranges.highest[column, measure]
            demand = float(ranges.amount_at(items, int(column), measure).sum())
            if demand <= highest + slack(float(highest)):
                continue
            beyond_capacity = demand > capacity + slack(float(capacity))
            yield Conflict(
                code="LOCKS_EXCEED_CAPACITY" if beyond_capacity else "BALANCE_IMPOSSIBLE",
                accounts=ranges.accounts_of(items),
                reps=(int(ranges.reps[column]),),
                measure=name,
                demand=demand,
                capacity=float(capacity if beyond_capacity else highest),
                irreducible=is_minimal(
                    ranges.amount_at(items, int(column), measure),
                    demand=demand,
                    capacity=float(capacity if beyond_capacity else highest),
                ),
                cause=Cause(kind="frozen") if int(ranges.reps[column]) in ranges.criteria.frozen_reps else None,
            )


def _empty_ranges(ranges: LoadRanges) -> Iterator[Conflict]:
    """Name reps whose lower limit lies above their upper one, once balance and capacity meet."""
    empty = ranges.lowest - ranges.highest > slack(ranges.highest) + slack(ranges.lowest)
    for column, measure in np.argwhere(empty):
        yield Conflict(
            code="BALANCE_IMPOSSIBLE",
            reps=(int(ranges.reps[column]),),
            measure=ranges.problem.measures[measure],
            demand=float(ranges.lowest[column, measure]),
            capacity=float(ranges.highest[column, measure]),
            irreducible=True,
        )


def _totals(ranges: LoadRanges) -> Iterator[Conflict]:
    """Compare what must be served with all upper limits, and all lower limits with what there is."""
    reps = tuple(ranges.reps.tolist())
    for measure, name in enumerate(ranges.problem.measures):
        demand = float(ranges.least[ranges.must_assign, measure].sum())
        for code, limit in (
            ("CAPACITY_BELOW_TOTAL", ranges.capacity_max[:, measure]),
            ("BALANCE_IMPOSSIBLE", ranges.highest[:, measure]),
        ):
            capacity = float(limit.sum())
            if demand > capacity + _noise(limit, demand):
                yield Conflict(code=code, reps=reps, measure=name, demand=demand, capacity=capacity)
                break
        most = float(ranges.most[:, measure].sum())
        for code, limit in (
            ("MINIMUM_ABOVE_TOTAL", ranges.capacity_min[:, measure]),
            ("BALANCE_IMPOSSIBLE", ranges.lowest[:, measure]),
        ):
            needed = float(limit.sum())
            if needed > most + _noise(limit, most):
                yield Conflict(code=code, reps=reps, measure=name, demand=needed, capacity=most)
                break


def _out_of_reach(ranges: LoadRanges) -> Iterator[Conflict]:
    """Name reps who stay below a lower limit even with all that they may serve."""
    lowest = ranges.lowest
    if not (lowest > 0).any():
        return
    short = lowest - ranges.reachable > slack(lowest) + slack(ranges.reachable)
    for column, measure in np.argwhere(short)[:MOST_OF_A_KIND]:
        reachable = float(ranges.reachable[column, measure])
        capacity_min = float(ranges.capacity_min[column, measure])
        by_capacity = capacity_min - reachable > slack(capacity_min) + slack(reachable)
        yield Conflict(
            code="MINIMUM_ABOVE_TOTAL" if by_capacity else "BALANCE_IMPOSSIBLE",
            accounts=ranges.accounts_of(np.flatnonzero(ranges.allowed[:, column])),
            reps=(int(ranges.reps[column]),),
            measure=ranges.problem.measures[measure],
            demand=capacity_min if by_capacity else float(lowest[column, measure]),
            capacity=reachable,
            cause=Cause(kind="frozen") if int(ranges.reps[column]) in ranges.criteria.frozen_reps else None,
        )


def _noise(limit: Float64Array, total: float) -> float:
    """Return what the limits forgive together, and the rounding of the sums."""
    finite = limit[np.isfinite(limit)]
    return float(slack(finite).sum()) + slack(total)


def _distinct(found: list[Conflict]) -> Iterator[Conflict]:
    """Yield each conflict once; a group that repeats the totals or one rep's locks adds nothing."""
    seen: set[tuple[str | None, tuple[int, ...], float | None]] = set()
    for conflict in found:
        key = (conflict.measure, conflict.reps, conflict.demand)
        if conflict.reps and key in seen:
            continue
        seen.add(key)
        yield conflict
