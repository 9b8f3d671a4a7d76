"""Problems to measure on: seeded sales organizations on real places, with the criteria of a yearly realignment."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo_data.distances import distance_matrix_km
from geo_data.synthetic import generate
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Target
from optimizer.problem import ACCOUNTS, Problem

FLOAT32_PAIRS: Final = 20_000_000
"""From so many pairs on travel is float32, as the service does it."""
FORBIDDEN: Final = 0.002
"""Share of pairs that are forbidden."""
ROAD_FACTOR: Final = 1.3

VARIANTS: Final = ("plain", "budget", "three_measures", "tight", "tightest", "minimum")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A problem with its criteria and where it comes from."""

    name: str
    problem: Problem
    criteria: Criteria


def realignment(*, num_accounts: int, num_reps: int, seed: int, variant: str = "plain") -> Instance:
    """Return a realignment: two measures in hard bands, families, locks, forbidden pairs, a price of moves.

    Parameters
    ----------
    variant
        One of ``VARIANTS``: ``budget`` caps the moves at a tenth above what the plain answer needs little of,
        ``three_measures`` also balances the number of accounts, ``tight`` and ``tightest`` narrow the bands to ±2 %
        and ±1 %, ``minimum`` sets smallest loads instead of one band.
    """
    data = generate(num_accounts=num_accounts, num_reps=num_reps, seed=seed)
    accounts, reps = data.accounts, data.reps
    rng = np.random.default_rng([seed, 7])
    position = {rep: place for place, rep in enumerate(reps["id"])}
    current = np.array([-1 if rep is None else position[rep] for rep in accounts["current_rep_id"]])
    dtype: Any = travel_dtype(num_accounts=num_accounts, num_reps=num_reps)
    distance = distance_matrix_km(accounts["lat"], accounts["lon"], reps["lat"], reps["lon"], dtype=dtype)
    distance *= (ROAD_FACTOR * np.asarray(accounts["visits_per_year"]))[:, None].astype(dtype)
    amount = np.column_stack([np.ones(num_accounts), accounts["measure:workload"], accounts["measure:potential"]])
    active = np.asarray(reps["active"], dtype=np.bool_)
    problem = Problem(
        measures=(ACCOUNTS, "workload", "potential"),
        amount=amount,
        current=current,
        family=_families(accounts["parent_id"]),
        locked=np.asarray(accounts["locked"], dtype=np.bool_) & (current >= 0) & active[current],
        fte=reps["fte"],
        active=active,
        capacity_min=np.zeros((num_reps, 3)),
        capacity_max=np.full((num_reps, 3), np.inf),
        target=np.full((num_reps, 3), np.nan),
        travel=distance,
        possible=_possible(rng, num_accounts=num_accounts, num_reps=num_reps, current=current),
    )
    criteria = Criteria(
        balance=(
            Balance(measure="workload", target=Target.FTE, tolerance=0.05, hard=True),
            Balance(measure="potential", target=Target.FTE, tolerance=0.10, hard=True),
        ),
        travel_weight=50.0,
        disruption=Disruption(weight=30.0, measure="workload"),
    )
    problem, criteria = _varied(problem, criteria, variant)
    return Instance(name=f"{num_accounts} x {num_reps}, {variant}, seed {seed}", problem=problem, criteria=criteria)


def travel_dtype(*, num_accounts: int, num_reps: int) -> npt.DTypeLike:
    """Return the precision of travel at a size."""
    return np.float32 if num_accounts * num_reps >= FLOAT32_PAIRS else np.float64


def _varied(problem: Problem, criteria: Criteria, variant: str) -> tuple[Problem, Criteria]:
    workload, potential = criteria.balance
    if variant == "budget":
        budgets = (Budget(scope=BudgetScope.TOTAL, measure=ACCOUNTS, limit=0.35 * problem.num_accounts),)
        return problem, replace(criteria, disruption=replace(criteria.disruption, budgets=budgets))
    if variant == "three_measures":
        third = Balance(measure=ACCOUNTS, target=Target.FTE, tolerance=0.15, hard=True)
        return problem, replace(criteria, balance=(workload, potential, third))
    if variant in ("tight", "tightest"):
        band = 0.02 if variant == "tight" else 0.01
        return problem, replace(
            criteria, balance=(replace(workload, tolerance=band), replace(potential, tolerance=band))
        )
    if variant == "minimum":
        share = problem.fte * problem.active / (problem.fte * problem.active).sum()
        least = np.outer(share, problem.amount.sum(axis=0)) * np.array([0.0, 0.0, 0.93])
        return problem.replace(capacity_min=least), replace(criteria, balance=(workload,))
    return problem, criteria


def _families(parents: list[str | None]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return family numbers: accounts with one parent share a number."""
    number: dict[str, int] = {}
    family = np.arange(len(parents), dtype=np.int32)
    for account, parent in enumerate(parents):
        if parent is not None:
            family[account] = number.setdefault(parent, account)
    return family


def _possible(
    rng: np.random.Generator, *, num_accounts: int, num_reps: int, current: np.ndarray[Any, np.dtype[Any]]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which pairs are possible: all but a few, the current ones among them."""
    possible = np.ones((num_accounts, num_reps), dtype=np.bool_)
    count = int(FORBIDDEN * num_accounts * num_reps)
    possible[rng.integers(0, num_accounts, count), rng.integers(0, num_reps, count)] = False
    served = np.flatnonzero(current >= 0)
    possible[served, current[served]] = True
    return possible
