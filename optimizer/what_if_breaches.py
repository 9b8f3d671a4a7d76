"""What a single change would break: the hard criteria that are breached newly, or worse than before.

Owns the comparison with the alignment as it is. Counted criteria (locks, skills, frozen reps) count this item's
accounts; limits on sums tell the load or budget after the change. One entry stands for all reps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.criteria import Budget, BudgetScope
from optimizer.measures import Float64Array, Positions, moved_amount, moved_in, moved_out
from optimizer.problem import BoolArray, FloatArray
from optimizer.result import Violation
from optimizer.tolerances import slack
from optimizer.what_if import WhatIf


@dataclass(frozen=True, eq=False, kw_only=True)
class Breach:
    """One criterion at one place, for every rep that the item may go to.

    Attributes
    ----------
    criterion, measure
        As in :class:`optimizer.Violation`.
    rep
        Where it is breached; None: at the rep that the item goes to.
    is_total
        True when no single rep breaches it.
    value, limit, by
        After the change. Shape ``(reps,)``.
    is_worse
        Where the change breaches it newly, or more than before. Shape ``(reps,)``.
    """

    criterion: str
    measure: str | None = None
    rep: int | None = None
    is_total: bool = False
    value: FloatArray
    limit: FloatArray
    by: FloatArray
    is_worse: BoolArray

    def violation(self, goal: int) -> Violation:
        """Return the violation when the item goes to this rep."""
        place = None if self.is_total else goal if self.rep is None else self.rep
        return Violation(
            criterion=self.criterion,
            measure=self.measure,
            rep=place,
            value=float(self.value[goal]),
            limit=float(self.limit[goal]),
            by=float(self.by[goal]),
        )


FIXED = frozenset({"inactive", "lock", "forbid", "possible", "frozen", "eligibility"})
"""Criteria on pairs: a rep that breaches one may not have the item at all."""


def breaches(change: WhatIf) -> tuple[Breach, ...]:
    """Return every criterion that going to some rep would breach newly or worse."""
    found = (*_pairs(change), *_contiguity(change), *_capacities(change), *_bands(change), *_budgets(change))
    return tuple(breach for breach in found if breach.is_worse.any())


def may_serve(change: WhatIf) -> BoolArray:
    """Return which reps may have the whole item by every criterion on pairs. Shape ``(reps,)``."""
    allowed = np.ones(change.standing.problem.num_reps, dtype=np.bool_)
    for breach in _pairs(change):
        allowed &= breach.value <= 0
    return allowed


def may_be_unassigned(change: WhatIf) -> bool:
    """Return whether the item may stay without a rep: allowed, not locked, and not from a frozen rep."""
    criteria = change.standing.criteria
    if not criteria.unassigned.allowed or next(_pinned(change), None) is not None:
        return False
    current = change.standing.problem.current[change.row.members]
    return not np.isin(current[current >= 0], criteria.frozen_reps).any()


def _pairs(change: WhatIf) -> Iterator[Breach]:
    standing, row = change.standing, change.row
    problem, criteria, members = standing.problem, standing.criteria, row.members
    rep, num_reps, everyone = standing.rep[members], problem.num_reps, len(members)
    here = np.bincount(rep[rep >= 0], minlength=num_reps)
    yield _counted("inactive", np.where(problem.active, 0, everyone), before=np.where(problem.active, 0, here))
    for locked_to, pinned in _pinned(change):
        wrong = np.full(num_reps, len(pinned))
        wrong[locked_to] = 0
        yield _counted("lock", wrong, before=int((standing.rep[pinned] != locked_to).sum()), rep=locked_to)
    banned = np.zeros(num_reps, dtype=np.int64)
    broken = np.zeros(num_reps, dtype=np.int64)
    own = set(members.tolist())
    for account, goal in set(criteria.forbid):
        if account in own:
            banned[goal] += 1
            broken[goal] += standing.rep[account] == goal
    yield _counted("forbid", banned, before=broken)
    yield _counted("possible", row.impossible, before=_here(change, standing.chosen.is_impossible))
    if criteria.eligibility.hard:
        yield _counted("eligibility", row.mismatched, before=_here(change, standing.chosen.is_mismatched))
    yield from _frozen(change, here)


def _here(change: WhatIf, concerned: BoolArray) -> Positions:
    """Count the members that are concerned today, by their rep. Shape ``(reps,)``."""
    members = change.row.members[concerned[change.row.members]]
    rep = change.standing.rep[members]
    return np.bincount(rep[rep >= 0], minlength=change.standing.problem.num_reps).astype(np.int32)


def _pinned(change: WhatIf) -> Iterator[tuple[int, Positions]]:
    """Yield the reps that members are locked to, with these members."""
    account, rep = change.standing.pins
    members = np.sort(change.row.members)
    first, last = np.searchsorted(account, members, "left"), np.searchsorted(account, members, "right")
    entries = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)] or [np.zeros(0)]).astype(int)
    for locked_to in np.unique(rep[entries]).tolist():
        yield int(locked_to), np.unique(account[entries][rep[entries] == locked_to])


def _frozen(change: WhatIf, here: Positions) -> Iterator[Breach]:
    standing, members = change.standing, change.row.members
    current, rep, num_reps = standing.problem.current[members], standing.rep[members], standing.problem.num_reps
    frozen = set(standing.criteria.frozen_reps)
    if not frozen:
        return
    is_frozen = np.isin(np.arange(num_reps), list(frozen))
    own = np.bincount(current[current >= 0], minlength=num_reps)
    both = np.bincount(rep[(rep >= 0) & (rep == current)], minlength=num_reps)
    before = own + here - 2 * both
    entering = np.where(is_frozen, len(members) - own, 0)
    yield _counted("frozen", entering, before=np.where(is_frozen, before, 0))
    for loser in sorted(frozen & set(current.tolist())):
        leaving = np.full(num_reps, int(own[loser]))
        leaving[loser] = 0  # told by the entry for the rep that the item goes to
        yield _counted("frozen", leaving, before=int(before[loser]), rep=loser)


def _counted(criterion: str, count: Positions, *, before: Positions | int, rep: int | None = None) -> Breach:
    value = count.astype(np.float64)
    return Breach(
        criterion=criterion,
        rep=rep,
        value=value,
        limit=np.zeros(len(value)),
        by=value,
        is_worse=np.asarray(count > before),
    )


def _contiguity(change: WhatIf) -> Iterator[Breach]:
    """Yield territories that fall into more pieces: with the item, and at every rep that it leaves."""
    pieces, num_reps = change.pieces, change.standing.problem.num_reps
    if pieces is None:
        return
    yield Breach(
        criterion="contiguity",
        value=pieces.with_item.astype(np.float64),
        limit=np.ones(num_reps),
        by=np.maximum(0.0, pieces.with_item - 1.0),
        is_worse=pieces.with_item > np.maximum(1, pieces.before),
    )
    for source in change.sources.tolist():
        if pieces.without[source] > max(1, pieces.before[source]):
            elsewhere = np.ones(num_reps, dtype=np.bool_)
            elsewhere[source] = False
            value = float(pieces.without[source])
            yield _constant("contiguity", None, source, value, 1.0, value - 1.0, elsewhere)


def _capacities(change: WhatIf) -> Iterator[Breach]:
    problem = change.standing.problem
    for k, measure in enumerate(problem.measures):
        lowest, highest = problem.capacity_min[:, k], problem.capacity_max[:, k]
        if not (np.isfinite(highest).any() or (lowest > 0).any()):
            continue
        before, _ = _outside(change.standing.load[:, k], lowest, highest)
        yield from _limits(change, "capacity", k, lowest=lowest, highest=highest, before=before, measure=measure)


def _bands(change: WhatIf) -> Iterator[Breach]:
    """Yield hard balance; where the total moves, other reps' bands move with it."""
    standing = change.standing
    for wish in standing.criteria.balance:
        if not wish.hard:
            continue
        k = standing.problem.measure_index(wish.measure)
        low, high = 1 - wish.tolerance, 1 + wish.tolerance
        target = standing.target[:, k]
        before, _ = _outside(standing.load[:, k], low * target, high * target)
        for targets in change.targets_after(wish):
            only = np.zeros(standing.problem.num_reps, dtype=np.bool_)
            only[targets.reps] = True
            band = {"lowest": low * targets.target, "highest": high * targets.target}
            yield from _limits(change, "balance", k, **band, before=before, measure=wish.measure, only=only)
            yield from _elsewhere(change, k, **band, before=before, measure=wish.measure, only=only)


def _limits(
    change: WhatIf,
    criterion: str,
    k: int,
    *,
    lowest: FloatArray,
    highest: FloatArray,
    before: Float64Array,
    measure: str,
    only: BoolArray | None = None,
) -> Iterator[Breach]:
    """Yield a limit at the rep that the item goes to, and at every rep that it leaves."""
    active = change.standing.problem.active
    reach = np.ones(len(active), dtype=np.bool_) if only is None else only
    by, limit = _outside(change.load_with[:, k], lowest, highest)
    yield Breach(
        criterion=criterion,
        measure=measure,
        value=change.load_with[:, k],
        limit=limit,
        by=by,
        is_worse=reach & active & (by > before + slack(limit)),
    )
    by, limit = _outside(change.load_without[:, k], lowest, highest)
    for source in change.sources.tolist():
        if active[source] and by[source] > before[source] + slack(float(limit[source])):
            elsewhere = reach.copy()
            elsewhere[source] = False
            yield _constant(
                criterion, measure, source, change.load_without[source, k], limit[source], by[source], elsewhere
            )


def _elsewhere(
    change: WhatIf,
    k: int,
    *,
    lowest: FloatArray,
    highest: FloatArray,
    before: Float64Array,
    measure: str,
    only: BoolArray,
) -> Iterator[Breach]:
    """Yield the reps that the change does not touch but whose band moved away from under them."""
    load = change.standing.load[:, k]
    by, limit = _outside(load, lowest, highest)
    worse = change.standing.problem.active & (by > before + slack(limit))
    worse[change.sources] = False
    for rep in np.flatnonzero(worse).tolist():
        elsewhere = only.copy()
        elsewhere[rep] = False
        yield _constant("balance", measure, rep, load[rep], limit[rep], by[rep], elsewhere)


def _budgets(change: WhatIf) -> Iterator[Breach]:
    for budget in change.standing.criteria.disruption.budgets:
        if budget.scope is BudgetScope.TOTAL:
            yield _total_budget(change, budget)
        elif budget.scope is BudgetScope.IN:
            yield _in_budget(change, budget)
        else:
            yield from _out_budgets(change, budget)


def _total_budget(change: WhatIf, budget: Budget) -> Breach:
    standing = change.standing
    k = standing.problem.measure_index(budget.measure)
    before = moved_amount(standing.problem, standing.alignment, budget.measure)
    spent = before - change.moved_before(k) + change.moved_after(k)
    return _spent("max_moved", budget, spent, before=before, is_total=True)


def _in_budget(change: WhatIf, budget: Budget) -> Breach:
    standing, members = change.standing, change.row.members
    problem = standing.problem
    k = problem.measure_index(budget.measure)
    before = moved_in(problem, standing.alignment, budget.measure)
    without = before.copy()
    came = members[standing.is_moved[members] & (standing.rep[members] >= 0)]
    np.subtract.at(without, standing.rep[came], problem.amount[came, k])
    return _spent("max_in_per_rep", budget, without + change.moved_after(k), before=before)


def _out_budgets(change: WhatIf, budget: Budget) -> Iterator[Breach]:
    standing, members = change.standing, change.row.members
    problem = standing.problem
    k = problem.measure_index(budget.measure)
    out = moved_out(problem, standing.alignment, budget.measure)
    left = members[standing.is_moved[members]]
    stays = change.staying(k)
    for loser in np.unique(problem.current[members[standing.is_served[members]]]).tolist():
        now = float(problem.amount[left[problem.current[left] == loser], k].sum())
        spent = np.full(problem.num_reps, float(out[loser]) - now + float(stays[loser]))
        spent[loser] -= float(stays[loser])
        yield _spent("max_out_per_rep", budget, spent, before=float(out[loser]), rep=loser)


def _spent(
    criterion: str,
    budget: Budget,
    spent: Float64Array,
    *,
    before: Float64Array | float,
    rep: int | None = None,
    is_total: bool = False,
) -> Breach:
    forgiven = slack(budget.limit)
    by = np.maximum(0.0, spent - budget.limit)
    by[by <= forgiven] = 0.0
    return Breach(
        criterion=criterion,
        measure=budget.measure,
        rep=rep,
        is_total=is_total,
        value=spent,
        limit=np.full(len(spent), budget.limit),
        by=by,
        is_worse=np.asarray((by > 0) & (spent > before + forgiven)),
    )


def _outside(load: FloatArray, lowest: FloatArray, highest: FloatArray) -> tuple[Float64Array, Float64Array]:
    """Return by how much loads are outside their limits, 0 where they are not, and the limit that counts."""
    above, below = load - highest, lowest - load
    is_above, is_below = above > slack(highest), below > slack(lowest)
    by = np.where(is_above, above, np.where(is_below, below, 0.0))
    return by, np.where(is_above | (np.isfinite(highest) & ~is_below), highest, lowest)


def _constant(
    criterion: str, measure: str | None, rep: int, value: float, limit: float, by: float, elsewhere: BoolArray
) -> Breach:
    """Return a breach that is the same wherever the item goes."""
    shape = len(elsewhere)
    return Breach(
        criterion=criterion,
        measure=measure,
        rep=rep,
        value=np.full(shape, value),
        limit=np.full(shape, limit),
        by=np.full(shape, by),
        is_worse=elsewhere,
    )
