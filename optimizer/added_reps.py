"""A problem with more reps: each a copy of one who is there, at the same center, with the same skills and limits.

Owns what hiring means in arrays. New reps stand behind all others and serve nobody today.
"""

from typing import Any

import numpy as np

from optimizer.problem import PairAmounts, Problem


def with_added_reps(problem: Problem, like: tuple[int, ...]) -> Problem:
    """Return the problem with one more rep for each position in ``like``, in this order, without a smallest load."""
    if not like:
        return problem
    models = np.array(like, dtype=np.int64)
    changes: dict[str, Any] = {
        name: np.concatenate([getattr(problem, name), getattr(problem, name)[models]])
        for name in ("fte", "capacity_max", "target")
    }
    changes["active"] = np.concatenate([problem.active, np.ones(len(models), dtype=np.bool_)])
    changes["capacity_min"] = np.concatenate([problem.capacity_min, np.zeros((len(models), len(problem.measures)))])
    for name in ("travel", "inertia", "possible", "mismatch"):
        matrix = getattr(problem, name)
        if matrix is not None:
            changes[name] = np.hstack([matrix, matrix[:, models]])
    if problem.pair_amounts is not None:
        changes["pair_amounts"] = _with_pairs(problem.pair_amounts, like, first=problem.num_reps)
    return problem.replace(**changes)


def _with_pairs(pairs: PairAmounts, like: tuple[int, ...], *, first: int) -> PairAmounts:
    account, rep, amount = [pairs.account], [pairs.rep], [pairs.amount]
    for number, model in enumerate(like):
        own = pairs.rep == model
        account.append(pairs.account[own])
        rep.append(np.full(int(own.sum()), first + number, dtype=np.int32))
        amount.append(pairs.amount[own])
    return PairAmounts(account=np.concatenate(account), rep=np.concatenate(rep), amount=np.concatenate(amount))
