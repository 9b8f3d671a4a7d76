"""Changes of the wishes: what must change for an alignment to be right, and how a changed wish reads as data.

Owns the way from violations to a relaxation and from a relaxation to changed problem and criteria. Whatever search
found the alignment, the relaxation is exact and verified here: after its changes `violations` finds nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from optimizer.added_reps import with_added_reps
from optimizer.alignment import Alignment
from optimizer.change_prices import Prices, price_of
from optimizer.consistency import check_fit
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria
from optimizer.exceptions import InvalidCriteria
from optimizer.measures import deviation, loads
from optimizer.problem import Problem
from optimizer.result import Change, Relaxation, Violation
from optimizer.score import alignment_targets
from optimizer.tolerances import RELATIVE
from optimizer.validation import violations

KINDS: Final = frozenset(
    {
        "capacity_max",
        "capacity_min",
        "tolerance",
        "lock",
        "eligibility",
        "forbid",
        "budget",
        "family",
        "frozen",
        "unassigned",
    }
)
"""The kinds of change of the wishes; what the data rule out (distances, missing pairs) is not among them."""
ADD_REP: Final = "add_rep"
"""The kind that changes who is there instead of what is wanted: one more rep, like one who is there."""
ROUNDS: Final = 5
"""How often changes are followed up: a larger capacity moves the targets that follow capacity."""

_SCOPES: Final = {
    "max_moved": BudgetScope.TOTAL,
    "max_in_per_rep": BudgetScope.IN,
    "max_out_per_rep": BudgetScope.OUT,
}


def relaxation_for(
    problem: Problem,
    criteria: Criteria,
    alignment: Alignment,
    *,
    kinds: Iterable[str] = KINDS,
    prices: Prices | None = None,
) -> Relaxation | None:
    """Return the changes that make an alignment right, verified; None where these kinds do not suffice.

    Parameters
    ----------
    problem, criteria, alignment
        What is breached by what.
    kinds
        The kinds of change that may be proposed.
    prices
        What each kind costs.

    Notes
    -----
    Every limit becomes exactly what the alignment needs, every breached wish on a pair is dropped. A hard balance
    whose tolerance would have to reach 1 is dropped (``after`` is None). ``total`` adds up the changed amounts where
    all changes are of one kind and measure, counts the dropped wishes where nothing but wishes is dropped, and is
    the number of changes else.
    """
    allowed = frozenset(kinds)
    changes: list[Change] = []
    relaxed = problem, criteria
    for _ in range(ROUNDS):
        found = violations(*relaxed, alignment)
        if not found:
            return relaxation_of(problem, changes, alignment, prices=prices)
        more = list(_changes(*relaxed, alignment, found))
        if not more or not {change.kind for change in more} <= allowed:
            return None
        changes = _merged([*changes, *more])
        try:
            relaxed = apply_changes(problem, criteria, changes)
            check_fit(*relaxed)
        except InvalidCriteria:
            return None
    return None


def apply_relaxation(problem: Problem, criteria: Criteria, relaxation: Relaxation) -> tuple[Problem, Criteria]:
    """Return the problem and criteria with the changes of a relaxation."""
    return apply_changes(problem, criteria, relaxation.changes)


def apply_changes(problem: Problem, criteria: Criteria, changes: Iterable[Change]) -> tuple[Problem, Criteria]:
    """Return the problem and criteria after changes; the ones given stay as they are.

    Raises
    ------
    InvalidCriteria
        When a change is of an unknown kind or says too little.
    """
    changes = tuple(changes)
    problem = with_added_reps(problem, tuple(_like(change) for change in changes if change.kind == ADD_REP))
    for change in changes:
        if change.kind in ("capacity_max", "capacity_min"):
            problem = _with_capacity(problem, change)
        elif change.kind in ("lock", "eligibility", "forbid"):
            problem, criteria = _without_pair_wish(problem, criteria, change)
        elif change.kind == "family":
            problem = _without_family(problem, change)
        elif change.kind != ADD_REP:
            criteria = _with_criteria(criteria, change)
    return problem, criteria


def _changes(
    problem: Problem, criteria: Criteria, alignment: Alignment, found: tuple[Violation, ...]
) -> Iterator[Change]:
    """Yield the changes that answer violations; an unanswerable one yields a kind that nobody allows."""
    for violation in found:
        rep, measure, value, limit = violation.rep, violation.measure, violation.value, violation.limit
        if violation.criterion in ("lock", "eligibility", "forbid"):
            yield from (Change(kind=violation.criterion, rep=rep, account=account) for account in violation.accounts)
        elif violation.criterion == "capacity" and value is not None and limit is not None:
            kind = "capacity_max" if value > limit else "capacity_min"
            yield Change(kind=kind, rep=rep, measure=measure, before=limit, after=value)
        elif violation.criterion in _SCOPES:
            scope = _SCOPES[violation.criterion]
            yield Change(kind="budget", measure=measure, scope=scope.value, before=limit, after=value)
        elif violation.criterion == "family":
            yield Change(kind="family", account=violation.accounts[0])
        elif violation.criterion == "frozen":
            yield Change(kind="frozen", rep=rep)
        elif violation.criterion == "unassigned":
            yield Change(kind="unassigned", before=0.0, after=value)
        elif violation.criterion != "balance":
            yield Change(kind=violation.criterion, rep=rep)
    unbalanced = {violation.measure for violation in found if violation.criterion == "balance"}
    yield from (_wider(problem, criteria, alignment, str(measure)) for measure in sorted(unbalanced, key=str))


def _wider(problem: Problem, criteria: Criteria, alignment: Alignment, measure: str) -> Change:
    """Return the tolerance that an alignment needs, or the end of the balance where no tolerance suffices."""
    index = problem.measure_index(measure)
    load = loads(problem, alignment)
    target = alignment_targets(problem, criteria, load)[problem.active, index]
    load = load[problem.active, index]
    needed = float(np.abs(deviation(load, target)).max()) * (1 + RELATIVE)
    before = next(balance.tolerance for balance in criteria.balance if balance.measure == measure)
    suffices = needed < 1 and not (load[target <= 0] > 0).any()
    return Change(kind="tolerance", measure=measure, before=before, after=needed if suffices else None)


def _merged(changes: list[Change]) -> list[Change]:
    """Return one change per wish: the first limit before, the widest after, in the order they came."""
    merged: dict[tuple[object, ...], Change] = {}
    for change in changes:
        key = (change.kind, change.rep, change.account, change.measure, change.scope)
        known = merged.get(key)
        if known is None:
            merged[key] = change
            continue
        after = None
        if known.after is not None and change.after is not None:
            widest = min if change.kind == "capacity_min" else max
            after = widest(known.after, change.after)
        merged[key] = Change(
            kind=change.kind,
            rep=change.rep,
            account=change.account,
            measure=change.measure,
            scope=change.scope,
            before=known.before,
            after=after,
        )
    return list(merged.values())


def relaxation_of(
    problem: Problem, changes: Iterable[Change], alignment: Alignment, *, prices: Prices | None = None
) -> Relaxation:
    """Return changes with their kind, total and price; that the alignment keeps them is the caller's word."""
    changes = tuple(changes)
    kinds = {change.kind for change in changes}
    amounts = [
        abs(change.after - change.before)
        for change in changes
        if change.before is not None and change.after is not None
    ]
    one_unit = len(kinds) == 1 and len({change.measure for change in changes}) == 1
    adds_up = one_unit and len(amounts) == len(changes)
    return Relaxation(
        kind=kinds.pop() if len(kinds) == 1 else "mixed",
        changes=changes,
        total=float(sum(amounts)) if adds_up else float(len(changes)),
        alignment=alignment,
        price=price_of(problem, changes, prices=prices),
    )


def _like(change: Change) -> int:
    if change.rep is None:
        raise InvalidCriteria("an added rep needs a rep to be like")
    return change.rep


def _with_capacity(problem: Problem, change: Change) -> Problem:
    if change.rep is None or change.measure is None or change.after is None:
        raise InvalidCriteria("a change of capacity needs a rep, a measure and a limit")
    limit = getattr(problem, change.kind).copy()
    limit[change.rep, problem.measure_index(change.measure)] = change.after
    return problem.replace(**{change.kind: limit})


def _without_pair_wish(problem: Problem, criteria: Criteria, change: Change) -> tuple[Problem, Criteria]:
    if change.account is None or change.rep is None:
        raise InvalidCriteria("a dropped wish on a pair needs an account and a rep")
    pair = (change.account, change.rep)
    if change.kind == "forbid":
        return problem, criteria.replace(forbid=tuple(other for other in criteria.forbid if other != pair))
    if change.kind == "eligibility":
        if problem.mismatch is None:
            return problem, criteria
        mismatch = problem.mismatch.copy()
        mismatch[pair] = False
        return problem.replace(mismatch=mismatch), criteria
    criteria = criteria.replace(locks=tuple(other for other in criteria.locks if other != pair))
    if problem.current[change.account] != change.rep:
        return problem, criteria
    locked = problem.locked.copy()
    locked[change.account] = False
    return problem.replace(locked=locked), criteria


def _without_family(problem: Problem, change: Change) -> Problem:
    """Give each member of an account's family a family of its own."""
    if change.account is None:
        raise InvalidCriteria("a family that is split needs an account")
    family = problem.family.copy()
    members = np.flatnonzero(family == family[change.account])
    family[members] = family.max() + 1 + np.arange(len(members))
    return problem.replace(family=family)


def _with_criteria(criteria: Criteria, change: Change) -> Criteria:
    if change.kind == "tolerance":
        return criteria.replace(balance=tuple(_with_tolerance(wish, change) for wish in criteria.balance))
    if change.kind == "budget" and change.after is not None:
        budgets = tuple(_with_limit(budget, change, limit=change.after) for budget in criteria.disruption.budgets)
        return criteria.replace(disruption=replace(criteria.disruption, budgets=budgets))
    if change.kind == "frozen":
        return criteria.replace(frozen_reps=tuple(rep for rep in criteria.frozen_reps if rep != change.rep))
    if change.kind == "unassigned":
        return criteria.replace(unassigned=replace(criteria.unassigned, allowed=True))
    raise InvalidCriteria(f"there is no change of the kind '{change.kind}'")


def _with_tolerance(wish: Balance, change: Change) -> Balance:
    """Widen a balance; where no tolerance suffices, end it: neither a limit nor, so far, an aim."""
    if wish.measure != change.measure:
        return wish
    if change.after is None:
        return replace(wish, hard=False, weight=0.0)
    return replace(wish, tolerance=change.after)


def _with_limit(budget: Budget, change: Change, *, limit: float) -> Budget:
    if (budget.scope.value, budget.measure) != (change.scope, change.measure):
        return budget
    return replace(budget, limit=max(limit, budget.limit))
