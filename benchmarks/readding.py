"""Add up a conflict's arithmetic again from the raw arrays, by plain sums that share nothing with the proofs."""

from typing import Any

import numpy as np

from optimizer.criteria import Criteria
from optimizer.problem import ACCOUNTS, Problem
from optimizer.result import Conflict

NOISE = 1e-6


def adds_up(problem: Problem, criteria: Criteria, conflict: Conflict) -> bool:
    """Tell whether demand and capacity are what the named accounts and reps have, and the demand is too much.

    Problems without amounts that depend on the pair, with all reps active and everybody to be assigned.
    """
    if conflict.demand is None or conflict.capacity is None or not conflict.demand > conflict.capacity:
        return False
    return _has_sums(problem, criteria, conflict, demanded=conflict.demand, given=conflict.capacity)


def _has_sums(problem: Problem, criteria: Criteria, conflict: Conflict, *, demanded: float, given: float) -> bool:
    """Tell whether these are the demand and the capacity of a conflict."""
    allowed = allowed_pairs(problem, criteria)
    accounts, reps = np.array(conflict.accounts, dtype=np.int64), np.array(conflict.reps, dtype=np.int64)
    if conflict.code == "NO_ELIGIBLE_REP":
        return not _shared(problem, allowed, accounts).any()
    if conflict.code == "BUDGET_TOO_SMALL":
        return _moves_add_up(problem, allowed, conflict, demanded)
    kind = None if conflict.cause is None else conflict.cause.kind
    if kind in ("few", "large", "gap"):
        return _lumps_add_up(problem, conflict, demanded)
    column = problem.measure_index(str(conflict.measure))
    amount, most, least = problem.amount[:, column], problem.capacity_max[:, column], problem.capacity_min[:, column]
    demand = float(amount[accounts].sum()) if len(accounts) else float(amount.sum())
    if conflict.code in ("FAMILY_EXCEEDS_ANY_CAPACITY", "ACCOUNT_EXCEEDS_ANY_CAPACITY"):
        capacity = float(most[allowed[accounts].all(axis=0)].max())
    elif conflict.code in ("LOCKS_EXCEED_CAPACITY", "CAPACITY_BELOW_TOTAL", "GROUP_SHORT_OF_CAPACITY"):
        capacity = float(most[reps].sum())
        others = np.setdiff1d(np.arange(problem.num_reps), reps)
        if len(accounts) and allowed[np.ix_(accounts, others)].any():
            return False
    elif conflict.code == "MINIMUM_ABOVE_TOTAL":
        demand, capacity = float(least[reps].sum()), demand
        outside = np.setdiff1d(np.arange(problem.num_accounts), accounts)
        if len(accounts) and allowed[np.ix_(outside, reps)].any():
            return False
    else:
        return False
    return bool(np.isclose(demand, demanded) and np.isclose(capacity, given))


def allowed_pairs(problem: Problem, criteria: Criteria) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which rep may serve an account by every wish on pairs. Shape ``(accounts, reps)``."""
    allowed = np.ones((problem.num_accounts, problem.num_reps), dtype=np.bool_)
    if problem.possible is not None:
        allowed &= problem.possible
    if problem.mismatch is not None and criteria.eligibility.hard:
        allowed &= ~problem.mismatch
    for account, rep in criteria.forbid:
        allowed[account, rep] = False
    for rep in criteria.frozen_reps:
        own = problem.current == rep
        allowed[~own, rep] = False
        allowed[own] &= np.arange(problem.num_reps) == rep
    locked = [(int(account), int(problem.current[account])) for account in np.flatnonzero(problem.locked)]
    for account, rep in (*locked, *criteria.locks):
        allowed[account] &= np.arange(problem.num_reps) == rep
    return allowed


def _shared(problem: Problem, allowed: np.ndarray[Any, Any], accounts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return who may serve each account's whole family. Shape ``(accounts, reps)``."""
    return np.stack([allowed[problem.family == problem.family[account]].all(axis=0) for account in accounts])


def _lumps_add_up(problem: Problem, conflict: Conflict, demand: float) -> bool:
    cause = conflict.cause
    if cause is None or cause.measure is None:
        return False
    column = problem.measure_index(cause.measure)
    amount = np.sort(problem.amount[:, column])
    if cause.kind == "large" and cause.amount is not None:
        room = np.floor(problem.capacity_max[:, column] / cause.amount + NOISE).sum()
        large = problem.amount[list(conflict.accounts), column]
        return bool(len(large) > room and (large >= cause.amount - NOISE).all())
    if cause.kind == "gap" and cause.count is not None and cause.limit is not None:
        most = amount[::-1][: cause.count].sum()
        least = amount[amount > 0][: cause.count + 1].sum()
        rep = conflict.reps[0]
        lies_between = most < problem.capacity_min[rep, column] and least > problem.capacity_max[rep, column]
        return bool(np.isclose(least, demand) and lies_between)
    least = problem.capacity_min[list(conflict.reps), column]
    needed = sum(int(np.searchsorted(np.cumsum(amount[::-1]), limit - NOISE)) + 1 for limit in least)
    return bool(needed > (amount > 0).sum())


def _moves_add_up(problem: Problem, allowed: np.ndarray[Any, Any], conflict: Conflict, demand: float) -> bool:
    """Add up forced moves; of loads out of range, the largest share of a budget that whole sorted accounts need."""
    cause = conflict.cause
    if cause is None:
        return False
    column = problem.measure_index(str(conflict.measure))
    price = problem.amount[:, column]
    accounts = list(conflict.accounts)
    if cause.kind == "forced":
        stays = allowed[accounts, problem.current[accounts]]
        return not stays.any() and bool(np.isclose(price[accounts].sum(), demand))
    if cause.measure is None or cause.amount is None or cause.limit is None:
        return False
    load = problem.amount[:, problem.measure_index(cause.measure)]
    reps = list(conflict.reps)
    today = float(load[np.isin(problem.current, reps)].sum())
    if not np.isclose(today, cause.amount):
        return False
    if conflict.measure == cause.measure:
        return bool(np.isclose(abs(cause.amount - cause.limit), demand, atol=1e-5))
    if conflict.measure != ACCOUNTS:
        return True
    movable = np.isin(problem.current, reps) == (cause.kind == "shed")
    gathered = np.cumsum(np.sort(load[movable])[::-1])
    return bool(demand <= 1 + np.searchsorted(gathered, abs(cause.amount - cause.limit) - NOISE))
