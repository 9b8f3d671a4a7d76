"""One thing that changes in a realignment: a rep leaves, goes to half time or joins, or a potential triples."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.instances import Instance, travel_dtype, travel_km
from optimizer.problem import FloatArray, Problem

TRIPLE: Final = 3.0
LARGEST_SHARE: Final = 0.5
"""Of the smallest rep's target that the tripled account may reach, so that it still fits somewhere."""
RANK: Final = 0.9
"""The account that triples is about this far up among all potentials."""


def changed(instance: Instance, change: str, *, rng: np.random.Generator) -> Problem:
    """Return the problem after one change; an alignment from before still fits it.

    Parameters
    ----------
    change
        One of ``CHANGES``.
    rng
        Draws whom it concerns.
    """
    return CHANGES[change](instance, rng)


def _leaver(instance: Instance, rng: np.random.Generator) -> Problem:
    """Let an active rep with accounts leave; the locks to that rep are gone."""
    problem = instance.problem
    rep = int(rng.choice(_serving(problem)))
    active = problem.active.copy()
    active[rep] = False
    return problem.replace(active=active, locked=problem.locked & (problem.current != rep))


def _half_time(instance: Instance, rng: np.random.Generator) -> Problem:
    """Let a full-time rep with accounts go to half time."""
    problem = instance.problem
    serving = _serving(problem)
    fte = problem.fte.copy()
    fte[int(rng.choice(serving[fte[serving] == 1.0]))] = 0.5
    return problem.replace(fte=fte)


def _tripled(instance: Instance, rng: np.random.Generator) -> Problem:
    """Triple one account's potential: a large one that still fits into any band."""
    problem = instance.problem
    index = problem.measure_index("potential")
    amount = problem.amount.copy()
    share = problem.fte[problem.active].min() / problem.fte[problem.active].sum()
    most = min(LARGEST_SHARE * share * amount[:, index].sum() / TRIPLE, float(np.quantile(amount[:, index], RANK)))
    fitting = np.flatnonzero(amount[:, index] <= most)
    largest = fitting[np.argsort(-amount[fitting, index], kind="stable")[: max(1, len(fitting) // 100)]]
    amount[int(rng.choice(largest)), index] *= TRIPLE
    return problem.replace(amount=amount)


def _joiner(instance: Instance, rng: np.random.Generator) -> Problem:
    """Let a full-time rep without accounts join, who lives next to one of them."""
    problem = instance.problem
    if problem.travel is None or problem.possible is None:
        raise ValueError("a joiner needs distances")
    home = int(rng.integers(problem.num_accounts))
    travel = travel_km(
        (instance.lat, instance.lon),
        (instance.lat[[home]], instance.lon[[home]]),
        visits=instance.visits_per_year,
        dtype=travel_dtype(num_accounts=problem.num_accounts, num_reps=problem.num_reps),
    )
    return problem.replace(
        fte=np.append(problem.fte, 1.0),
        active=np.append(problem.active, True),
        capacity_min=_with_row(problem.capacity_min, 0.0),
        capacity_max=_with_row(problem.capacity_max, np.inf),
        target=_with_row(problem.target, np.nan),
        travel=np.column_stack([problem.travel, travel.astype(problem.travel.dtype)]),
        possible=np.column_stack([problem.possible, np.ones(problem.num_accounts, dtype=np.bool_)]),
    )


def _serving(problem: Problem) -> npt.NDArray[np.intp]:
    """Return the active reps who have accounts today."""
    count = np.bincount(problem.current[problem.current >= 0], minlength=problem.num_reps)
    return np.flatnonzero(problem.active & (count > 0))


def _with_row(values: FloatArray, value: float) -> FloatArray:
    return np.vstack([values, np.full((1, values.shape[1]), value)])


CHANGES: Final[dict[str, Callable[[Instance, np.random.Generator], Problem]]] = {
    "leaver": _leaver,
    "half_time": _half_time,
    "tripled": _tripled,
    "joiner": _joiner,
}
"""Each change by its name."""
