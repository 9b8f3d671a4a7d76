"""Problems to measure on: seeded sales organizations on real places, with the criteria of a yearly realignment."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.isolated import isolate
from geo_data.distances import distance_matrix_km
from geo_data.synthetic import SyntheticData, generate
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Target
from optimizer.problem import ACCOUNTS, FloatArray, Problem
from optimizer.targets import target_loads

FLOAT32_PAIRS: Final = 20_000_000
"""From so many pairs on travel is float32, as the service does it."""
FORBIDDEN: Final = 0.002
"""Share of pairs that are forbidden."""
ROAD_FACTOR: Final = 1.3

VARIANTS: Final = ("plain", "budget", "three_measures", "tight", "tightest", "minimum", "isolated")
BUDGET_ROOM: Final = 2.5
"""All moves may take so many times what leaves the full reps, or comes to those who lack, and cannot be avoided."""
REP_ROOM: Final = 1.1
"""One rep may gain, and lose, so many times what the neediest has to."""

PLAIN: Final = Criteria(
    balance=(
        Balance(measure="workload", target=Target.FTE, tolerance=0.05, hard=True),
        Balance(measure="potential", target=Target.FTE, tolerance=0.10, hard=True),
    ),
    travel_weight=50.0,
    disruption=Disruption(weight=30.0, measure="workload"),
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Instance:
    """A problem with its criteria and where it comes from.

    Attributes
    ----------
    lat, lon
        Of the accounts, degrees WGS 84. Shape ``(accounts,)``.
    visits_per_year
        Shape ``(accounts,)``.
    """

    name: str
    problem: Problem
    criteria: Criteria
    lat: FloatArray
    lon: FloatArray
    visits_per_year: FloatArray


def realignment(*, num_accounts: int, num_reps: int, seed: int, variant: str = "plain") -> Instance:
    """Return a realignment: two measures in hard bands, families, locks, forbidden pairs, a price of moves.

    Parameters
    ----------
    variant
        One of ``VARIANTS``: ``budget`` caps the workload that moves, in all, into each rep and out of each rep;
        ``three_measures`` also balances the number of accounts; ``tight`` and ``tightest`` narrow the bands to ±2 %
        and ±1 %; ``minimum`` sets a smallest potential for each rep in the place of its band; ``isolated`` moves
        some reps to remote towns.

    Notes
    -----
    All variants hold an alignment as far as arithmetic goes: every rep may serve nearly every account, no account
    weighs more than a fifth of a full-time rep, and budgets are above what the full and the empty reps need. With 50
    accounts a rep and families, that an alignment in ±1 % of two measures exists is likely, and not certain.
    """
    data = generate(num_accounts=num_accounts, num_reps=num_reps, seed=seed)
    if variant == "isolated":
        data = isolate(data, seed=seed)
    problem, criteria = _varied(_problem(data, seed=seed), PLAIN, variant)
    accounts = data.accounts
    return Instance(
        name=f"{num_accounts} x {num_reps}, {variant}, seed {seed}",
        problem=problem,
        criteria=criteria,
        lat=np.asarray(accounts["lat"], dtype=np.float64),
        lon=np.asarray(accounts["lon"], dtype=np.float64),
        visits_per_year=np.asarray(accounts["visits_per_year"], dtype=np.float64),
    )


def _problem(data: SyntheticData, *, seed: int) -> Problem:
    accounts, reps = data.accounts, data.reps
    num_accounts, num_reps = len(accounts["id"]), len(reps["id"])
    position = {rep: place for place, rep in enumerate(reps["id"])}
    current = np.array([-1 if rep is None else position[rep] for rep in accounts["current_rep_id"]])
    visits = np.asarray(accounts["visits_per_year"], dtype=np.float64)
    active = np.asarray(reps["active"], dtype=np.bool_)
    dtype = travel_dtype(num_accounts=num_accounts, num_reps=num_reps)
    return Problem(
        measures=(ACCOUNTS, "workload", "potential"),
        amount=np.column_stack([np.ones(num_accounts), accounts["measure:workload"], accounts["measure:potential"]]),
        current=current,
        family=_families(accounts["parent_id"]),
        locked=np.asarray(accounts["locked"], dtype=np.bool_) & (current >= 0) & active[current],
        fte=reps["fte"],
        active=active,
        capacity_min=np.zeros((num_reps, 3)),
        capacity_max=np.full((num_reps, 3), np.inf),
        target=np.full((num_reps, 3), np.nan),
        travel=travel_km((accounts["lat"], accounts["lon"]), (reps["lat"], reps["lon"]), visits=visits, dtype=dtype),
        possible=_possible(
            np.random.default_rng([seed, 7]), num_accounts=num_accounts, num_reps=num_reps, current=current
        ),
    )


def travel_km(
    accounts: tuple[FloatArray, FloatArray],
    homes: tuple[FloatArray, FloatArray],
    *,
    visits: FloatArray,
    dtype: npt.DTypeLike,
) -> FloatArray:
    """Return road kilometers a year of each pair, from latitudes and longitudes. Shape ``(accounts, reps)``."""
    travel: FloatArray = distance_matrix_km(*accounts, *homes, dtype=dtype)
    travel *= (ROAD_FACTOR * visits)[:, None].astype(dtype)
    return travel


def travel_dtype(*, num_accounts: int, num_reps: int) -> npt.DTypeLike:
    """Return the precision of travel at a size."""
    return np.float32 if num_accounts * num_reps >= FLOAT32_PAIRS else np.float64


def _varied(problem: Problem, criteria: Criteria, variant: str) -> tuple[Problem, Criteria]:
    workload, potential = criteria.balance
    if variant == "budget":
        return problem, replace(criteria, disruption=replace(criteria.disruption, budgets=_budgets(problem, workload)))
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


def _budgets(problem: Problem, balance: Balance) -> tuple[Budget, ...]:
    """Return budgets of the balanced measure that bind, and that moves straight from full to empty reps would keep.

    Accounts without an active rep fill the empty ones first; they are no moves.
    """
    amount = problem.amount[:, problem.measure_index(balance.measure)]
    served = (problem.current >= 0) & problem.active[problem.current]
    load = np.bincount(problem.current[served], weights=amount[served], minlength=problem.num_reps)
    target = target_loads(problem, balance, total=float(amount.sum()))
    too_much = np.where(problem.active, np.maximum(0.0, load - (1 + balance.tolerance) * target), 0.0)
    lacking = np.where(problem.active, np.maximum(0.0, (1 - balance.tolerance) * target - load), 0.0)
    least = max(float(too_much.sum()), float(lacking.sum() - amount[~served].sum()))
    return (
        Budget(scope=BudgetScope.TOTAL, measure=balance.measure, limit=BUDGET_ROOM * least),
        Budget(scope=BudgetScope.IN, measure=balance.measure, limit=REP_ROOM * float(lacking.max())),
        Budget(scope=BudgetScope.OUT, measure=balance.measure, limit=REP_ROOM * float(too_much.max())),
    )


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
