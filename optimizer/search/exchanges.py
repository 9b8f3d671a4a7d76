"""Search by exact exchanges among a few columns at a time, the columns that could gain most first.

Owns which columns are dealt out again, by which thread, and how large the groups grow; the exchange itself is
:mod:`optimizer.search.exchange_kernels`.
"""

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optimizer.exceptions import InvalidParameter
from optimizer.problem import FloatArray, IntArray
from optimizer.search import exchange_kernels as kernels
from optimizer.search.bound import valid_multipliers
from optimizer.search.candidates import Candidates, candidate_columns, pair_amounts
from optimizer.search.evaluation import loads_of, totals_of
from optimizer.search.exchange_sets import Room, Space, room_for
from optimizer.search.exchange_space import price_space
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.model import Model, Multipliers

WORK_PER_S: Final = 2e8
"""Steps of the kernels that count as a second."""
BATCH_S: Final = 0.1
"""Seconds between looks at the stop criterion."""
QUIET: Final = 2
"""Batches in a row without gain after which groups grow."""
SHARE: Final = 0.1
"""What every column weighs at least, in mean losses."""
MOST_OWN: Final = 100
"""Columns that a thread has in one batch, at most about so many."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ExchangeParams:
    """How columns are grouped.

    Attributes
    ----------
    smallest, largest
        Columns of a group, ≥ 2.
    per_item
        Candidate columns of an item.
    most_sets
        Sets listed for a half.
    most_checks
        Steps of matching.
    patience
        Groups in a row that may change nothing, in multiples of the number of columns.
    """

    smallest: int = 2
    largest: int = 4
    per_item: int = 8
    most_sets: int = 4096
    most_checks: int = 400_000
    patience: int = 10

    def __post_init__(self) -> None:
        if not 2 <= self.smallest <= self.largest:
            raise InvalidParameter("groups must satisfy 2 ≤ smallest ≤ largest")
        if min(self.per_item, self.most_sets, self.most_checks, self.patience) < 1:
            raise InvalidParameter("per_item, most_sets, most_checks and patience must be at least 1")


@dataclass(frozen=True, eq=False, kw_only=True)
class _Worker:
    """What one thread keeps: memory, counts, which groups it tried, its dice."""

    room: Room
    counts: Any
    stamp: Any
    random: Any


@dataclass(frozen=True, eq=False, kw_only=True)
class _Batch:
    """What the threads share for one batch."""

    space: Space
    slot: Positions
    load: FloatArray
    total: FloatArray
    weight: FloatArray
    near: Positions
    pull: FloatArray
    changed: Positions
    step: int
    size: int


class ExchangeSearch:
    """Deals out small groups of columns again until nothing gains.

    Parameters
    ----------
    model, multipliers, losses
        The formulation, the prices of its limits, and where the gap arises.
    seed, threads
        Of the dice; groups of different threads share no column.
    """

    def __init__(
        self,
        model: Model,
        multipliers: Multipliers,
        losses: Losses,
        params: ExchangeParams,
        *,
        seed: int,
        threads: int,
    ) -> None:
        self._model, self._losses, self._params = model, losses, params
        self._multipliers = valid_multipliers(model, multipliers)
        self._random = np.random.default_rng([seed, 2])
        self._kept: tuple[Candidates, Space] | None = None
        count = min(threads, max(1, model.num_columns // 4))
        self._workers = [_worker(model, params, self._random) for _ in range(count)]

    def improve(self, incumbent: Incumbent, size: int, *, inevitable: FloatArray | None = None) -> None:
        """Exchange among so many columns at a time until told to stop, or until no group gains.

        Parameters
        ----------
        inevitable
            What each column loses in any alignment, so that no time is spent on it. Shape ``(columns,)``.
        """
        if incumbent.columns is None or size > self._model.num_columns:
            return
        candidates, space = self._pairs(incumbent.columns)
        slot = candidates.slots_of(incumbent.columns)
        changed = np.zeros(self._model.num_columns, dtype=np.int64)
        for worker in self._workers:
            worker.stamp[:] = -1
            worker.counts[:] = 0
        quiet = 0
        with ThreadPoolExecutor(len(self._workers)) as pool:
            while incumbent.proceed() and quiet < QUIET:
                batch = self._batch(space, slot, candidates, changed, size, inevitable)
                gain, is_saturated = self._run_batch(pool, incumbent, batch)
                if gain > 0 and not incumbent.offer(candidates.column[slot]):
                    slot = candidates.slots_of(incumbent.columns)
                quiet = quiet + 1 if is_saturated and gain <= 0 else 0

    def _run_batch(self, pool: Executor, incumbent: Incumbent, batch: _Batch) -> tuple[float, bool]:
        """Deal out groups for a moment; return what was gained, and whether all groups were tried."""
        gain, saturated = 0.0, True
        parts = neighboring_parts(batch.near, self._num_parts(), self._random)
        for first in range(0, len(parts), len(self._workers)):
            own = parts[first : first + len(self._workers)]
            before = [int(worker.counts[kernels.WORK]) for worker in self._workers]
            gain += sum(pool.map(self._run, self._workers, own, repeat(batch)))
            spent = [
                int(worker.counts[kernels.WORK]) - work for worker, work in zip(self._workers, before, strict=True)
            ]
            incumbent.clock.charge(max(spent) / WORK_PER_S)
            saturated &= all(worker.counts[kernels.SATURATED] for worker in self._workers[: len(own)])
            if not incumbent.proceed():
                break
        return gain, saturated

    def _pairs(self, columns: IntArray) -> tuple[Candidates, Space]:
        """Return the pairs that may be used, the present ones among them; those of before where they suffice."""
        if self._kept is None or (self._kept[0].slots_of(columns) < 0).any():
            candidates = candidate_columns(
                self._model, self._losses.prices, per_item=self._params.per_item, keep=(columns,)
            )
            self._kept = candidates, self._space(candidates)
        return self._kept

    def _num_parts(self) -> int:
        workers = len(self._workers)
        return workers * max(1, round(self._model.num_columns / (MOST_OWN * workers)))

    def _space(self, candidates: Candidates) -> Space:
        return price_space(
            self._model,
            self._multipliers,
            start=candidates.start,
            column=candidates.column,
            cost=candidates.cost,
            amount=pair_amounts(self._model, candidates.item, candidates.column),
        )

    def _batch(
        self,
        space: Space,
        slot: Positions,
        candidates: Candidates,
        changed: Positions,
        size: int,
        inevitable: FloatArray | None,
    ) -> _Batch:
        columns = candidates.column[slot]
        lost = self._losses.by_column(columns)
        if inevitable is not None:
            lost = np.maximum(lost - inevitable, 0.0)
        near, pull = self._losses.neighbors(columns, most=kernels.NEIGHBORS)
        load = loads_of(self._model, columns)
        return _Batch(
            space=space,
            slot=slot,
            load=np.ascontiguousarray(load.T),
            total=totals_of(self._model, load),
            weight=lost + SHARE * lost.mean(),
            near=near,
            pull=pull,
            changed=changed,
            step=max(int(worker.counts[kernels.STEP]) for worker in self._workers),
            size=size,
        )

    def _run(self, worker: _Worker, part: Positions, batch: _Batch) -> float:
        counts = worker.counts
        counts[kernels.SATURATED], counts[kernels.STALE] = 0, 0
        counts[kernels.STEP] = max(int(counts[kernels.STEP]), batch.step)
        is_own = np.zeros(self._model.num_columns, dtype=np.bool_)
        is_own[part] = True
        return float(
            kernels.exchange_columns(
                batch.space,
                worker.room,
                batch.slot,
                batch.load,
                batch.total.copy(),
                np.flatnonzero(is_own[batch.space.column[batch.slot]]),
                part,
                batch.weight,
                batch.near,
                batch.pull,
                is_own,
                batch.changed,
                worker.stamp,
                counts,
                worker.random,
                int(BATCH_S * WORK_PER_S),
                self._params.most_checks,
                self._params.patience * len(part),
                batch.size,
            )
        )


def neighboring_parts(near: Positions, count: int, random: np.random.Generator) -> Sequence[Positions]:
    """Return so many sets of neighboring columns of about the same size, no column in two. Shapes ``(own,)``.

    Parameters
    ----------
    near
        The neighbors of each column, −1 for none. Shape ``(columns, neighbors)``.
    """
    columns = len(near)
    owner = np.full(columns, count - 1)
    is_free = np.ones(columns, dtype=np.bool_)
    order = iter(random.permutation(columns).tolist())
    for part in range(count - 1):
        frontier: list[int] = []
        taken = 0
        while taken < columns // count:
            column = frontier.pop(0) if frontier else next(order)
            if not is_free[column]:
                continue
            is_free[column], owner[column] = False, part
            taken += 1
            frontier.extend(other for other in near[column].tolist() if other >= 0 and is_free[other])
    return [np.flatnonzero(owner == part) for part in range(count)]


def _worker(model: Model, params: ExchangeParams, random: np.random.Generator) -> _Worker:
    return _Worker(
        room=room_for(
            items=model.num_items,
            columns=model.num_columns,
            sets=params.most_sets,
            dimensions=(params.largest + 1) * model.num_loads,
        ),
        counts=np.zeros(4, dtype=np.int64),
        stamp=np.full(kernels.STAMPS, -1, dtype=np.int64),
        random=random.integers(1, 2**63, size=1, dtype=np.uint64),
    )
