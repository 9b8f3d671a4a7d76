"""Search an alignment of knapsacks by patterns and dives, from several places at once, and prove how good it is.

For models whose columns are knapsacks (:mod:`optimizer.search.knapsack_columns`). A group's own bound tells in a
moment that nothing better exists there; where it does not, listing the patterns of small excess solves groups that
are out of reach of a general solver. Dives take on groups that are too large for that, up to the whole.
"""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from optimizer.exceptions import InvalidParameter
from optimizer.problem import FloatArray, IntArray
from optimizer.search.incumbent import Incumbent
from optimizer.search.integral_bound import rounded_up
from optimizer.search.knapsack import price_pairs, raise_prices
from optimizer.search.knapsack_columns import KnapsackModel, knapsack_model
from optimizer.search.knapsack_cooling import cool_columns
from optimizer.search.knapsack_dives import AIM, Dives
from optimizer.search.losses import Losses
from optimizer.search.pattern_trails import WORK_PER_S, Follower, Trails
from optimizer.search.reduced_costs import cheapest_columns
from optimizer.search.subproblem import Positions

POLL_S: Final = 0.05
"""Seconds between looks at the stop criterion while trails are followed."""
GROUP_S: Final = 0.25
"""Work that the bound of the largest groups may take."""
STRONG: Final = 8
"""Columns of a group from which on no other neighborhoods are needed."""
MOST_KICKS: Final = 40
"""Kicks without a gain after which a round ends."""
BOUND_SHARE: Final = 0.1
"""Share of the time left that the bound may take."""
BOUND_PATIENCE: Final = 20
"""Steps without a better bound after which price steps shrink."""
DIVES_SHARE: Final = 0.08
"""Share of the time left that the fractional answer for dives may take."""
FIRST_DIVES: Final = 10
"""Dives for an alignment where none is known."""
CELLS_OF_EXCESS: Final = 3
"""Cells of work for each cell of the tables when all pairs are priced."""
MARGIN: Final = 1e-9
"""Part of the objective by which float noise may not remove a pair."""
OVER: Final = 1.002
"""What the bound aims at, in multiples of the best objective."""


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
    _dives: Dives = field(init=False)
    _trails: Trails | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        _, smallest = cheapest_columns(self.incumbent.model, self.losses.prices)
        self.price = smallest / self.model.unit
        self._dives = Dives(self.model, np.zeros(1, dtype=np.int64))
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
        price = self.price.copy() if self._dives.fractions is None else self._dives.fractions.price.copy()
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
        """True where groups or dives can be so large that no other neighborhoods are needed."""
        enough, kernel = min(STRONG, self.incumbent.model.num_columns), self.model.knapsacks
        has_least = bool((kernel.spare < kernel.room).any())
        return self._largest >= enough or (self._dives.largest >= enough and not has_least)

    def run(self) -> None:
        """Prove what is not proven yet, and improve: shortly at first, longer from the second time on."""
        if np.isfinite(self.bound):
            self.improve(share=self.params.share)
            return
        self._cool()
        self._begin_dives()
        self.prove()
        self.improve(share=self.params.first_share)

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

    def _begin_dives(self) -> None:
        """Find the fractional answer, whose prices are better ones, too; dive for an alignment where there is none."""
        incumbent = self.incumbent
        known = incumbent.objective if incumbent.objective is not None else incumbent.lower_bound
        if known is None or not incumbent.proceed():
            return
        left = incumbent.stop.time_left_s(incumbent.clock.elapsed_s)
        aim = known / self.model.unit * (1.0 if incumbent.objective is not None else AIM)
        work = self._dives.begin(self.price, aim=aim, most_work=DIVES_SHARE * left * WORK_PER_S)
        incumbent.clock.charge(work / WORK_PER_S)
        random = np.random.default_rng([self.seed, 1]).integers(1, 2**63, size=1, dtype=np.uint64)
        for _ in range(FIRST_DIVES):
            if incumbent.columns is not None or not incumbent.proceed():
                return
            found, work = self._dives.whole(random)
            incumbent.clock.charge(work / WORK_PER_S)
            if found is not None:
                incumbent.offer(found.astype(np.int32))

    def improve(self, *, share: float) -> None:
        """Follow the trails for a share of the time left, until nothing is left to prove or kicks change nothing."""
        incumbent = self.incumbent
        if incumbent.columns is None:
            return
        elapsed = incumbent.clock.elapsed_s
        left = incumbent.stop.time_left_s(elapsed)
        until = elapsed + (max(1.0, share * left) if np.isfinite(left) else 10.0)
        trails = self._trails_from(incumbent.columns)
        kicks = 0
        with ThreadPoolExecutor(self.threads) as pool:
            while incumbent.proceed() and incumbent.clock.elapsed_s < until and kicks < MOST_KICKS:
                before = [trail.work for trail in trails.trails]
                self._follow(pool, trails, incumbent.columns)
                done = [trail.work - work for trail, work in zip(trails.trails, before, strict=True)]
                incumbent.clock.charge(max(done) / WORK_PER_S)
                is_better = incumbent.offer(trails.best.place.astype(np.int32))
                kicks = 0 if is_better else kicks + sum(trail.saturated for trail in trails.trails)
                self._tell(incumbent.objective)
                trails.meet(incumbent.columns)

    def _follow(self, pool: ThreadPoolExecutor, trails: Trails, columns: IntArray) -> None:
        """Follow every trail for a batch; a stop ends them within moments."""
        incumbent, halt = self.incumbent, self._dives.halt
        lost, near, ends = self.losses.by_column(columns), self.losses.exchange(columns), trails.ends
        running = {pool.submit(trails.follower.follow, trail, lost, near, ends) for trail in trails.trails}
        waiting = running
        while waiting:
            waiting = wait(waiting, timeout=POLL_S).not_done
            if waiting and not incumbent.proceed():
                halt[0] = 1
        for each in running:
            each.result()

    def _trails_from(self, columns: IntArray) -> Trails:
        """Return the trails, those under way or new ones at the best alignment."""
        params = self.params
        follower = Follower(
            model=self.model,
            price=self.price,
            dives=self._dives,
            largest=self._largest,
            patience=params.patience,
            group_steps=params.group_steps,
            most_patterns=params.most_patterns,
            most_work=params.most_work,
        )
        if self._trails is None:
            self._trails = Trails(follower, columns, count=self.threads, seed=self.seed)
        else:
            self._trails.follower = follower
            self._trails.enter(columns)
        return self._trails

    def _tell(self, objective: float | None) -> None:
        """Give the best bound to the incumbent, rounded up where costs are whole; prove what it meets."""
        bound, unit = self.bound * self.model.unit, self.model.unit
        bound = max(bound, -np.inf if self.incumbent.lower_bound is None else self.incumbent.lower_bound)
        if not np.isfinite(bound) or objective is None:
            return
        bound = rounded_up(bound, unit) if self.model.is_integral else bound - 1e-9 * abs(bound)
        self.incumbent.raise_bound(min(bound, objective), source="search")
        if self.model.is_integral and bound > objective - unit / 2:
            self.incumbent.prove()


def pattern_search(
    incumbent: Incumbent, losses: Losses, params: PatternParams, *, seed: int, threads: int
) -> PatternSearch | None:
    """Return the search by patterns, or None for a model whose columns are no knapsacks."""
    model = knapsack_model(incumbent.model)
    return None if model is None else PatternSearch(incumbent, model, losses, params, seed, threads)
