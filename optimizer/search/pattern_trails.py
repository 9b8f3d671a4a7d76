"""Follow one search among several: groups of columns solved exactly and dives on larger ones, in equal parts of work.

Exact groups grow while they gain nothing. When the largest of them gain no more, the trail is saturated: it goes on
from the best alignment known. That one is merged with others that trails ended at: all columns are solved for the
pairs that some of these use, which are few enough for patterns of all columns. If this gains nothing, it is kicked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search import knapsack_dives
from optimizer.search.knapsack_columns import KnapsackModel
from optimizer.search.knapsack_dives import Dives, Places, Random
from optimizer.search.pattern_kernels import solve_group
from optimizer.search.subproblem import Positions

WORK_PER_S: Final = 1.2e9
"""Cells of knapsack tables, and patterns looked at, that count as a second."""
BATCH_S: Final = 0.2
"""Work of a trail between looks at the others and at the clock."""
SMALLEST: Final = 3
"""Columns of a group at first."""
GROWTH: Final = 1.2
"""Factor by which groups grow when they gain no more."""
KICK_GROUPS: Final = 0.5
"""Groups solved for noisy costs in a kick, in multiples of columns by size."""
FIRST_DIVES: Final = 4
"""Dives on everything that every trail begins with."""
PATIENCE_S: Final = 0.025
"""Work for each column after which groups grow that have gained nothing."""
MOST_ENDS: Final = 12
"""Ends of trails that are kept, the best ones."""
MERGED: Final = (2, 6)
"""Fewest and most ends merged at a time, beside the trail's own alignment."""
NOISE: Final = 2.0
"""Size of a kick's noise, in multiples of what a column loses against the bound on average."""


@dataclass(eq=False)
class Trail:
    """One search: an alignment, and how far the groups around it have grown."""

    place: Places
    cost: float
    random: np.random.Generator
    size: int = SMALLEST
    stale: int = 0
    stale_work: int = 0
    saturated: bool = False
    work_of_groups: int = 0
    work_of_dives: int = 0
    first_dives: int = 0
    state: Random = field(init=False)

    def __post_init__(self) -> None:
        self.state = self.random.integers(1, 2**63, size=1, dtype=np.uint64)

    @property
    def work(self) -> int:
        """Everything done so far."""
        return self.work_of_groups + self.work_of_dives


@dataclass(frozen=True, eq=False, kw_only=True)
class Follower:
    """What all trails of a search share.

    Parameters
    ----------
    model, price
        Columns as knapsacks, and item prices. Shape ``(items,)``.
    dives
        The dives on the model.
    largest
        Columns of the largest groups that are solved exactly.
    patience
        Groups without a gain after which groups grow, in multiples of the number of columns.
    group_steps, most_patterns, most_work
        Of :func:`solve_group`.
    """

    model: KnapsackModel
    price: FloatArray
    dives: Dives
    largest: int
    patience: float
    group_steps: int
    most_patterns: int
    most_work: int

    def cost(self, place: Places) -> float:
        """Return what an alignment costs, in units of the model."""
        return float(self.model.knapsacks.cost[place, np.arange(len(place))].sum())

    def follow(self, trail: Trail, lost: FloatArray, near: FloatArray, ends: Sequence[Places]) -> None:
        """Go on until a batch of work is done or nothing more is gained; merge or kick a saturated trail first.

        Parameters
        ----------
        lost
            How far every column is above the bound. Shape ``(columns,)``.
        near
            How much two columns have to exchange. Shape ``(columns, columns)``.
        ends
            Alignments to merge with.
        """
        end = trail.work + int(BATCH_S * WORK_PER_S)
        if trail.saturated and not self._merge(trail, ends):
            self._kick(trail, lost, near)
        while trail.work < end and not trail.saturated and self.dives.halt[0] == 0:
            if self.dives.fractions is not None and trail.work_of_dives <= trail.work_of_groups:
                self._dive(trail, lost, near)
            else:
                self._solve(trail, lost, near)

    def _solve(self, trail: Trail, lost: FloatArray, near: FloatArray) -> None:
        """Solve one group exactly; let groups grow, or the trail end, when they gain nothing."""
        group, before = group_of(trail.random, trail.size, lost, near), trail.work_of_groups
        gain = self._solve_for(trail, self.model.knapsacks, group, sideways=trail.random.random() < 0.5)
        trail.cost -= gain
        trail.stale = 0 if gain > 0 else trail.stale + 1
        trail.stale_work = 0 if gain > 0 else trail.stale_work + trail.work_of_groups - before
        patience = self.patience * len(lost)
        is_long = trail.stale_work > PATIENCE_S * WORK_PER_S * len(lost)
        if trail.stale <= (min(patience, 3.0) if trail.size >= len(lost) else patience) and not is_long:
            return
        trail.stale = trail.stale_work = 0
        if trail.size >= self.largest:
            trail.saturated = True
        trail.size = min(max(trail.size + 1, int(trail.size * GROWTH)), self.largest)

    def _solve_for(self, trail: Trail, kernel: Any, group: Positions, *, sideways: bool) -> float:
        gain, _, _, work = solve_group(
            kernel,
            self.price,
            trail.place,
            group,
            self.model.step,
            sideways,
            self.group_steps,
            self.most_patterns,
            self.most_work,
        )
        trail.work_of_groups += work + len(trail.place)
        return float(gain)

    def _dive(self, trail: Trail, lost: FloatArray, near: FloatArray) -> None:
        """Dive on some columns of the alignment, or on all of them from the start; take what is not worse."""
        smallest, largest = min(knapsack_dives.SMALLEST, len(lost)), self.dives.largest
        size = round(smallest * (largest / smallest) ** trail.random.random())
        is_first = trail.first_dives < FIRST_DIVES and self.dives.can_be_whole
        trail.first_dives += is_first
        if size < len(lost) and not is_first:
            group = group_of(trail.random, size, lost, near)
            changed, work = self.dives.part(trail.place, group, trail.state, most_more=0.0)
        else:
            found, work = self.dives.whole(trail.state)
            changed = found is not None and self.cost(found) <= trail.cost
            if found is not None and changed:
                trail.place = found
        trail.work_of_dives += work + len(trail.place)
        if not changed:
            return
        cost = self.cost(trail.place)
        if cost < trail.cost - self.model.step / 2:
            trail.size, trail.stale = SMALLEST, 0
        trail.cost = cost

    def _merge(self, trail: Trail, ends: Sequence[Places]) -> bool:
        """Solve all columns for the pairs of the trail's alignment and of some ends; return whether that gained."""
        others = [end for end in ends if not np.array_equal(end, trail.place)]
        if len(others) < MERGED[0]:
            return False
        count = min(len(others), int(trail.random.integers(MERGED[0], MERGED[1] + 1)))
        kernel = self.model.knapsacks
        items = np.arange(len(trail.place))
        is_used = np.zeros(kernel.cost.shape, dtype=np.bool_)
        for place in (trail.place, *(others[at] for at in trail.random.permutation(len(others))[:count])):
            is_used[place, items] = True
        few = kernel._replace(units=np.where(is_used, kernel.units, kernel.room[:, None] + 1))
        gain = self._solve_for(trail, few, np.arange(self.dives.num_columns), sideways=False)
        trail.cost -= gain
        if gain > 0:
            trail.size, trail.stale, trail.stale_work, trail.saturated = SMALLEST, 0, 0, False
        return gain > 0

    def _kick(self, trail: Trail, lost: FloatArray, near: FloatArray) -> None:
        """Begin again from the trail's alignment changed by groups solved for costs with noise."""
        kernel = self.model.knapsacks
        size = NOISE * max(float(lost.mean()) / self.model.unit, self.model.step)
        noisy = kernel._replace(cost=kernel.cost + size * trail.random.random(kernel.cost.shape))
        for _ in range(max(1, round(KICK_GROUPS * len(lost) / SMALLEST))):
            group = group_of(trail.random, SMALLEST + 1, lost, near)
            self._solve_for(trail, noisy, group, sideways=False)
        trail.cost = self.cost(trail.place)
        trail.size, trail.stale, trail.saturated = SMALLEST + 1, 0, False


class Trails:
    """Several trails, which begin at one alignment and meet at the best."""

    def __init__(self, follower: Follower, columns: IntArray, *, count: int, seed: int) -> None:
        self.follower = follower
        place = columns.astype(np.int64)
        cost = follower.cost(place)
        self._ends: list[tuple[float, Places]] = []
        self.trails = [Trail(place.copy(), cost, np.random.default_rng([seed, number])) for number in range(count)]

    @property
    def best(self) -> Trail:
        """The trail whose alignment costs least."""
        return min(self.trails, key=lambda trail: trail.cost)

    @property
    def ends(self) -> list[Places]:
        """Where trails ended, the best of them; it changes only where they meet."""
        return [place for _, place in self._ends]

    def enter(self, columns: IntArray) -> None:
        """Let the worst trail go on from an alignment that is better than all of them."""
        place = columns.astype(np.int64)
        cost = self.follower.cost(place)
        if cost < self.best.cost - self.follower.model.step / 2:
            worst = max(self.trails, key=lambda trail: trail.cost)
            worst.place, worst.cost = place, cost
            worst.size, worst.stale, worst.saturated = SMALLEST, 0, False

    def meet(self, columns: IntArray) -> None:
        """Let saturated trails that are behind go on from the best alignment."""
        place = columns.astype(np.int64)
        cost = self.follower.cost(place)
        for trail in self.trails:
            if trail.saturated:
                self._keep(trail)
            if trail.saturated and trail.cost > cost:
                trail.place, trail.cost = place.copy(), cost

    def _keep(self, trail: Trail) -> None:
        """Remember where a trail ended, unless others ended there or at many better alignments."""
        if any(np.array_equal(trail.place, place) for _, place in self._ends):
            return
        self._ends.append((trail.cost, trail.place.copy()))
        self._ends.sort(key=lambda end: end[0])
        del self._ends[MOST_ENDS:]


def group_of(random: np.random.Generator, size: int, lost: FloatArray, near: FloatArray) -> Positions:
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
