"""Measures: what an alignment amounts to, in numbers, whatever is wanted of it.

Owns loads, moved amounts, travel and inertia of an alignment, and deviations from targets. Knows no criteria and no
limits. A move is an account whose current rep is active and differs from the alignment's; what leaves a rep who has
left is free, and an account that becomes unassigned moves.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.alignment import Alignment
from optimizer.exceptions import InvalidProblem
from optimizer.problem import BoolArray, FloatArray, Problem

Float64Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.integer[Any]]


def assigned_amount(problem: Problem, alignment: Alignment) -> Float64Array:
    """Return what every account brings to its rep: its own amounts, or those of the pair where they are given.

    Returns
    -------
    numpy.ndarray
        The account's own amounts where it is unassigned. Shape ``(accounts, measures)``.

    Raises
    ------
    InvalidProblem
        When the alignment has another number of accounts, or names a rep that is not there.
    """
    check_alignment(problem, alignment)
    pairs = problem.pair_amounts
    if pairs is None or not len(pairs.account):
        return problem.amount.astype(np.float64, copy=False)
    amount = problem.amount.astype(np.float64)
    chosen = alignment.rep[pairs.account] == pairs.rep
    account = pairs.account[chosen]
    amount[account] = np.where(np.isnan(pairs.amount[chosen]), amount[account], pairs.amount[chosen])
    return amount


def loads(problem: Problem, alignment: Alignment) -> Float64Array:
    """Return the load of every rep and measure. Shape ``(reps, measures)``."""
    amount = assigned_amount(problem, alignment)
    is_assigned = alignment.rep >= 0
    rep = alignment.rep[is_assigned]
    return np.stack(
        [sum_by(rep, amount[is_assigned, measure], count=problem.num_reps) for measure in range(len(problem.measures))],
        axis=1,
    )


def is_moved(problem: Problem, alignment: Alignment) -> BoolArray:
    """Return which accounts leave an active rep. Shape ``(accounts,)``."""
    moved: BoolArray = alignment.moved(problem.current) & serves_today(problem)
    return moved


def serves_today(problem: Problem) -> BoolArray:
    """Return which accounts have an active current rep. Shape ``(accounts,)``."""
    served: BoolArray = (problem.current >= 0) & problem.active[problem.current]
    return served


def moved_amount(problem: Problem, alignment: Alignment, measure: str) -> float:
    """Return the sum of a measure's own amounts over all moves, in the measure's unit."""
    return float(_own_amount(problem, measure)[is_moved(problem, alignment)].sum())


def moved_in(problem: Problem, alignment: Alignment, measure: str) -> Float64Array:
    """Return what moves to each rep, in the measure's unit. Shape ``(reps,)``."""
    moved = is_moved(problem, alignment) & (alignment.rep >= 0)
    return sum_by(alignment.rep[moved], _own_amount(problem, measure)[moved], count=problem.num_reps)


def moved_out(problem: Problem, alignment: Alignment, measure: str) -> Float64Array:
    """Return what moves away from each active rep, in the measure's unit. Shape ``(reps,)``."""
    moved = is_moved(problem, alignment)
    return sum_by(problem.current[moved], _own_amount(problem, measure)[moved], count=problem.num_reps)


def pair_total(matrix: FloatArray, alignment: Alignment) -> float:
    """Return the sum of a pair matrix over the assigned pairs; ``matrix`` has shape ``(accounts, reps)``."""
    account = np.flatnonzero(alignment.rep >= 0)
    return float(matrix[account, alignment.rep[account]].sum(dtype=np.float64))


def travel(problem: Problem, alignment: Alignment) -> float | None:
    """Return the travel of all assigned accounts in the problem's travel unit per year; None where it is unknown."""
    return None if problem.travel is None else pair_total(problem.travel, alignment)


def moment_of_inertia(problem: Problem, alignment: Alignment) -> float | None:
    """Return the inertia of all territories in km²·h; None where it is unknown."""
    return None if problem.inertia is None else pair_total(problem.inertia, alignment)


def mismatched(problem: Problem, alignment: Alignment) -> BoolArray:
    """Return which accounts are served by a rep who lacks a required skill. Shape ``(accounts,)``."""
    result = np.zeros(problem.num_accounts, dtype=np.bool_)
    if problem.mismatch is not None:
        account = np.flatnonzero(alignment.rep >= 0)
        result[account] = problem.mismatch[account, alignment.rep[account]]
    return result


def deviation(load: Float64Array, target: Float64Array) -> Float64Array:
    """Return ``(load − target) / target``, and 0 where the target is 0."""
    return np.divide(load - target, target, out=np.zeros_like(load), where=target > 0)


def soft_excess(load: Float64Array, target: Float64Array, *, tolerance: float) -> Float64Array:
    """Return what soft balance prices: deviation beyond the tolerance, plus twice that beyond twice the tolerance.

    Each unit of relative deviation beyond the tolerance counts once, beyond twice the tolerance three times; a
    target of 0 counts nothing.
    """
    size = np.abs(deviation(load, target))
    excess: Float64Array = np.maximum(0.0, size - tolerance) + 2 * np.maximum(0.0, size - 2 * tolerance)
    return excess


def check_alignment(problem: Problem, alignment: Alignment) -> None:
    """Refuse an alignment of another problem.

    Raises
    ------
    InvalidProblem
        When the number of accounts differs, or a rep is out of range.
    """
    if alignment.rep.shape != (problem.num_accounts,):
        raise InvalidProblem(f"the alignment has shape {alignment.rep.shape}, expected ({problem.num_accounts},)")
    if (alignment.rep < -1).any() or (alignment.rep >= problem.num_reps).any():
        raise InvalidProblem("the alignment names a rep that is not there")


def _own_amount(problem: Problem, measure: str) -> FloatArray:
    return problem.amount[:, problem.measure_index(measure)]


def sum_by(position: Positions, amount: FloatArray, *, count: int) -> Float64Array:
    """Return the sums of amounts by position, for positions 0 to ``count - 1``. Shape ``(count,)``."""
    # bincount answers an empty sum with integers
    return np.bincount(position, weights=amount, minlength=count).astype(np.float64)
