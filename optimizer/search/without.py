"""A question without all wishes of one kind: what would be left if that kind gave way altogether.

Owns which wishes belong to a kind of change. Good for telling by arithmetic whether a kind can help at all.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from optimizer.criteria import Criteria, Target
from optimizer.problem import Problem
from optimizer.result import Conflict


def has_wish(problem: Problem, criteria: Criteria, kind: str) -> bool:
    """Tell whether a question holds any wish of a kind."""
    active = problem.active
    match kind:
        case "capacity_max":
            return bool(np.isfinite(problem.capacity_max[active]).any())
        case "capacity_min":
            return bool((problem.capacity_min[active] > 0).any())
        case "tolerance":
            return any(wish.hard for wish in criteria.balance)
        case "lock":
            return bool(problem.locked.any()) or bool(criteria.locks)
        case "eligibility":
            return criteria.eligibility.hard and problem.mismatch is not None and bool(problem.mismatch.any())
        case "forbid":
            return bool(criteria.forbid)
        case "frozen":
            return bool(criteria.frozen_reps)
        case "budget":
            return bool(criteria.disruption.budgets)
        case "family":
            return criteria.families_together
        case "unassigned":
            return not criteria.unassigned.allowed
    return False


def without(problem: Problem, criteria: Criteria, kind: str, found: Sequence[Conflict]) -> tuple[Problem, Criteria]:
    """Return a question without the wishes of a kind; families part only where a conflict names them."""
    match kind:
        case "capacity_max":
            if any(wish.target is Target.CAPACITY for wish in criteria.balance):
                return problem, criteria
            return problem.replace(capacity_max=np.full_like(problem.capacity_max, np.inf)), criteria
        case "capacity_min":
            return problem.replace(capacity_min=np.zeros_like(problem.capacity_min)), criteria
        case "tolerance":
            kept = tuple(wish for wish in criteria.balance if not wish.hard)
            return problem, criteria.replace(balance=kept)
        case "lock":
            unlocked = problem.replace(locked=np.zeros_like(problem.locked))
            return unlocked, criteria.replace(locks=())
        case "eligibility":
            return problem, criteria.replace(eligibility=replace(criteria.eligibility, hard=False))
        case "forbid":
            return problem, criteria.replace(forbid=())
        case "frozen":
            return problem, criteria.replace(frozen_reps=())
        case "budget":
            return problem, criteria.replace(disruption=replace(criteria.disruption, budgets=()))
        case "family":
            return with_parted(problem, named_families(problem, found)), criteria
        case "unassigned":
            return problem, criteria.replace(unassigned=replace(criteria.unassigned, allowed=True))
    return problem, criteria


def named_families(problem: Problem, found: Sequence[Conflict]) -> list[int]:
    """Return one account of each family that a conflict names as a whole."""
    first: dict[int, int] = {}
    for conflict in found:
        if conflict.code in ("FAMILY_EXCEEDS_ANY_CAPACITY", "NO_ELIGIBLE_REP", "BALANCE_IMPOSSIBLE"):
            families = problem.family[list(conflict.accounts)]
            if len(families) > 1 and (families == families[0]).all():
                first.setdefault(int(families[0]), conflict.accounts[0])
    return list(first.values())


def with_parted(problem: Problem, accounts: Sequence[int]) -> Problem:
    """Return the problem with the families of some accounts parted."""
    family = problem.family.copy()
    for account in accounts:
        members = np.flatnonzero(family == problem.family[account])
        family[members] = family.max() + 1 + np.arange(len(members))
    return problem.replace(family=family) if len(accounts) else problem
