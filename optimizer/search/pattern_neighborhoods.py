"""Re-optimize groups of columns by their patterns, in smaller and larger groups, from several places at once.

For models whose columns are knapsacks (:mod:`optimizer.search.knapsack_columns`). A group's own bound tells in a
moment that nothing better exists there; where it does not, listing the patterns of small excess solves groups that
are out of reach of a general solver. A trail that finds nothing more even in large groups is kicked: some groups are
solved for costs with noise.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optimizer.exceptions import InvalidParameter
from optimizer.problem import FloatArray, IntArray
from optimizer.search.incumbent import Incumbent
from optimizer.search.integral_bound import rounded_up
from optimizer.search.knapsack import price_pairs, raise_prices
from optimizer.search.knapsack_columns import KnapsackModel, knapsack_model
from optimizer.search.knapsack_cooling import cool_columns
from optimizer.search.neighborhoods import Losses
from optimizer.search.pattern_kernels import solve_group
from optimizer.search.reduced_costs import cheapest_columns
from optimizer.search.subproblem import Positions

WORK_PER_S: Final = 1.2e9
"""Cells of knapsack tables, and patterns looked at, that count as a second."""
BATCH_S: Final = 0.2
"""Work of a trail between looks at the others and at the clock."""
SMALLEST: Final = 3
"""Columns of a group at first."""
GROWTH: Final = 1.2
"""Factor by which groups grow when they gain no more."""
GROUP_S: Final = 0.25
"""Work that the bound of the largest groups may take."""
KICK_GROUPS: Final = 0.5
"""Groups solved for noisy costs in a kick, in multiples of columns by size."""
NOISE: Final = 2.0
"""Size of a kick's noise, in multiples of what a column loses against the bound on average."""
STRONG: Final = 8
"""Columns of a group from which on no other neighborhoods are needed."""
MOST_KICKS: Final = 40
"""Kicks without a gain after which a round ends."""
BOUND_SHARE: Final = 0.1
"""Share of the time left that the bound may take."""
BOUND_PATIENCE: Final = 20
"""Steps without a better bound after which price steps shrink."""
CELLS_OF_EXCESS: Final = 3
"""Cells of work for each cell of the tables when all pairs are priced."""
MARGIN: Final = 1e-9
"""Part of the objective by which float noise may not remove a pair."""
OVER: Final = 1.002
"""What the bound aims at, in multiples of the best objective."""

Trails = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PatternParams:
    """How far the search by patterns goes.

    Attributes
    ----------
    bound_steps, group_steps
        Price steps of the whole bound and of a group's, ≥ 1.
    most_patterns
        Patterns listed of a column, ≥ 1.
    most_work
        Patterns looked at when those of a group are combined.
    patience
        Groups without a gain after which groups grow, in multiples of the number of columns.
    cooling_share, first_share, share
        Shares of the time left that annealing, the first and each later round take.
    """

    bound_steps: int = 1500
    group_steps: int = 200
    most_patterns: int = 3000
    most_work: int = 3_000_000
    patience: float = 2.0
    cooling_share: float = 0.06
    first_share: float = 0.05
    share: float = 0.25

    def __post_init__(self) -> None:
        if min(self.bound_steps, self.group_steps, self.most_patterns, self.most_work) < 1:
            raise InvalidParameter("steps, patterns and work must be at least 1")


@dataclass(eq=False)
class _Trail:
    """One search: an alignment, and how far the groups around it have grown."""

    place: Trails
    cost: float
    random: np.random.Generator
    size: int = SMALLEST
    stale: int = 0
    saturated: bool = False
    work: int = 0


@dataclass(eq=False)
class PatternSearch:
    """The search by patterns on one model.

    Parameters
    ----------
    incumbent
        Gets bounds and alignments.
    model
        Its model as knapsacks.
    losses
        Where the gap to the linear relaxation's bound arises: says which columns belong together.
    seed
        Of all random choices.
    threads
        Trails followed at a time.
    """

    incumbent: Incumbent
    model: KnapsackModel
    losses: Losses
    params: PatternParams
    seed: int
    threads: int
    price: FloatArray = field(init=False)
    bound: float = field(init=False, default=-np.inf)
    _excess: FloatArray | None = field(init=False, default=None)
    _trails: list[_Trail] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        _, smallest = cheapest_columns(self.incumbent.model, self.losses.prices)
        self.price = smallest / self.model.unit
        cells = self.model.cells * self.params.group_steps / max(1, self.incumbent.model.num_columns) ** 2
        affordable = int(np.sqrt(GROUP_S * WORK_PER_S / max(1.0, cells)))
        self._largest = max(2, min(self.incumbent.model.num_columns, affordable))

    def prove(self) -> None:
        """Raise the bound by the best item prices found, and take note when it meets the best objective."""
        incumbent, model = self.incumbent, self.model
        kernel = model.knapsacks
        objective = incumbent.objective
        if objective is None:
            return
        left = incumbent.stop.time_left_s(incumbent.clock.elapsed_s)
        cells = BOUND_SHARE * left * WORK_PER_S
        steps = int(min(self.params.bound_steps, max(10.0, cells / model.cells)))
        tail = np.empty((incumbent.model.num_items + 1, int(kernel.room.max()) + 1))
        target = objective / model.unit - model.step * 0.5
        price = self.price.copy()
        bound, work = raise_prices(
            kernel.cost,
            kernel.units,
            kernel.room,
            kernel.spare,
            price,
            objective / model.unit * OVER,
            target,
            steps,
            BOUND_PATIENCE,
            tail,
        )
        incumbent.clock.charge(work / WORK_PER_S)
        if bound > self.bound:
            self.bound, self.price, self._excess = bound, price, None
        self._tell(objective)

    def may_improve(self, items: Positions, columns: IntArray) -> npt.NDArray[np.bool_]:
        """Return which pairs an alignment better than the best known may still use, and those of the best itself."""
        incumbent, kernel = self.incumbent, self.model.knapsacks
        if incumbent.columns is None or incumbent.objective is None or not np.isfinite(self.bound):
            return np.ones(len(items), dtype=np.bool_)
        if self._excess is None:
            self._excess = np.empty(kernel.cost.shape)
            tail = np.empty((kernel.cost.shape[1] + 1, int(kernel.room.max()) + 1))
            price_pairs(kernel.cost, kernel.units, kernel.room, kernel.spare, self.price, tail, self._excess)
            incumbent.clock.charge(CELLS_OF_EXCESS * self.model.cells / WORK_PER_S)
        objective = incumbent.objective / self.model.unit
        highest = objective - self.model.step + MARGIN * abs(objective) - self.bound
        possible = self._excess[columns, items] <= highest
        return np.asarray(possible | (incumbent.columns[items] == columns), dtype=np.bool_)

    @property
    def is_strong(self) -> bool:
        """True where groups can be so large that no other neighborhoods are needed."""
        return self._largest >= min(STRONG, self.incumbent.model.num_columns)

    def run(self) -> None:
        """Prove what is not proven yet, and improve: shortly at first, longer from the second time on."""
        if not np.isfinite(self.bound):
            self._cool()
            self.prove()
            self.improve(share=self.params.first_share)
        else:
            self.improve(share=self.params.share)

    def _cool(self) -> None:
        """Cool the best alignment known before groups of it are solved."""
        start = self.incumbent.best_effort
        if start is None:
            return
        cool_columns(
            self.incumbent,
            self.model,
            prices=self.losses.prices,
            start=start,
            seed=self.seed,
            threads=self.threads,
            share=self.params.cooling_share,
        )

    def improve(self, *, share: float) -> None:
        """Follow the trails for a share of the time left, until nothing is left to prove or kicks change nothing."""
        incumbent = self.incumbent
        if incumbent.columns is None:
            return
        elapsed = incumbent.clock.elapsed_s
        left = incumbent.stop.time_left_s(elapsed)
        until = elapsed + (max(1.0, share * left) if np.isfinite(left) else 10.0)
        self._begin(incumbent.columns)
        kicks = 0
        with ThreadPoolExecutor(self.threads) as pool:
            while incumbent.proceed() and incumbent.clock.elapsed_s < until and kicks < MOST_KICKS:
                lost, near = self.losses.by_column(incumbent.columns), self.losses.exchange(incumbent.columns)
                before = [trail.work for trail in self._trails]
                list(pool.map(self._follow, self._trails, repeat(lost), repeat(near)))
                done = [trail.work - work for trail, work in zip(self._trails, before, strict=True)]
                incumbent.clock.charge(max(done) / WORK_PER_S)
                is_better = incumbent.offer(self._best().place.astype(np.int32))
                kicks = 0 if is_better else kicks + sum(trail.saturated for trail in self._trails)
                self._tell(incumbent.objective)
                self._meet(incumbent.columns)

    def _begin(self, columns: IntArray) -> None:
        """Put every trail at the best alignment unless it is under way."""
        cost = self._cost(columns.astype(np.int64))
        if not self._trails:
            self._trails = [
                _Trail(columns.astype(np.int64), cost, np.random.default_rng([self.seed, number]))
                for number in range(self.threads)
            ]
        worst = max(self._trails, key=lambda trail: trail.cost)
        if cost < self._best().cost - self.model.step / 2:
            worst.place, worst.cost = columns.astype(np.int64), cost
            worst.size, worst.stale, worst.saturated = SMALLEST, 0, False

    def _best(self) -> _Trail:
        return min(self._trails, key=lambda trail: trail.cost)

    def _cost(self, place: Trails) -> float:
        return float(self.model.knapsacks.cost[place, np.arange(len(place))].sum())

    def _tell(self, objective: float | None) -> None:
        """Give the bound to the incumbent, rounded up where costs are whole; prove what it meets."""
        bound, unit = self.bound * self.model.unit, self.model.unit
        if not np.isfinite(bound) or objective is None:
            return
        bound = rounded_up(bound, unit) if self.model.is_integral else bound - 1e-9 * abs(bound)
        self.incumbent.raise_bound(min(bound, objective), source="search")
        if self.model.is_integral and bound > objective - unit / 2:
            self.incumbent.prove()

    def _follow(self, trail: _Trail, lost: FloatArray, near: FloatArray) -> None:
        """Solve groups of a trail until a batch of work is done; kick it first when it is saturated."""
        end = trail.work + int(BATCH_S * WORK_PER_S)
        if trail.saturated:
            self._kick(trail, lost, near)
        patience = self.params.patience * len(lost)
        while trail.work < end and not trail.saturated:
            group = _group(trail.random, trail.size, lost, near)
            sideways = trail.random.random() < 0.5
            gain, _ = self._solve(trail, self.model.knapsacks, group, sideways=sideways)
            trail.cost -= gain
            trail.stale = 0 if gain > 0 else trail.stale + 1
            tries = min(patience, 3.0) if trail.size >= len(lost) else patience
            if trail.stale > tries:
                trail.stale = 0
                if trail.size >= self._largest:
                    trail.saturated = True
                trail.size = min(max(trail.size + 1, int(trail.size * GROWTH)), self._largest)

    def _kick(self, trail: _Trail, lost: FloatArray, near: FloatArray) -> None:
        """Begin again from the trail's alignment changed by groups solved for costs with noise."""
        kernel = self.model.knapsacks
        size = NOISE * max(float(lost.mean()) / self.model.unit, self.model.step)
        noisy = kernel._replace(cost=kernel.cost + size * trail.random.random(kernel.cost.shape))
        for _ in range(max(1, round(KICK_GROUPS * len(lost) / SMALLEST))):
            self._solve(trail, noisy, _group(trail.random, SMALLEST + 1, lost, near), sideways=False)
        trail.cost = self._cost(trail.place)
        trail.size, trail.stale, trail.saturated = SMALLEST + 1, 0, False

    def _solve(self, trail: _Trail, kernel: Any, group: Positions, *, sideways: bool) -> tuple[float, bool]:
        params = self.params
        gain, moved, _, work = solve_group(
            kernel,
            self.price,
            trail.place,
            group,
            self.model.step,
            sideways,
            params.group_steps,
            params.most_patterns,
            params.most_work,
        )
        trail.work += work + len(trail.place)
        return gain, moved

    def _meet(self, columns: IntArray) -> None:
        """Let saturated trails that are behind go on from the best alignment."""
        place = columns.astype(np.int64)
        cost = self._cost(place)
        for trail in self._trails:
            if trail.saturated and trail.cost > cost:
                trail.place, trail.cost = place.copy(), cost


def pattern_search(
    incumbent: Incumbent, losses: Losses, params: PatternParams, *, seed: int, threads: int
) -> PatternSearch | None:
    """Return the search by patterns, or None for a model whose columns are no knapsacks."""
    model = knapsack_model(incumbent.model)
    return None if model is None else PatternSearch(incumbent, model, losses, params, seed, threads)


def _group(random: np.random.Generator, size: int, lost: FloatArray, near: FloatArray) -> Positions:
    """Return columns that exchange items, those that lose much more often, sorted."""
    if size >= len(lost):
        return np.arange(len(lost))
    weight = lost + lost.mean() + 1e-12
    chosen = [int(random.choice(len(lost), p=weight / weight.sum()))]
    pull = near[chosen[0]] + near.mean() + 1e-12
    while len(chosen) < size:
        now = pull * weight
        now[chosen] = 0.0
        chosen.append(int(random.choice(len(lost), p=now / now.sum())))
        pull = pull + near[chosen[-1]]
    return np.array(sorted(chosen))
