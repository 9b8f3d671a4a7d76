"""Re-optimize the items of a few neighboring columns with CP-SAT, the columns that lose most first.

The gap between the alignment and the bound is a sum over the columns: what their items pay above their cheapest
choice, and what their priced limits leave unused. A few columns that exchange items and lose much are a small
problem, and what they can gain at most is what they lose, so that all dearer pairs may be left out.
"""

from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from optimizer.problem import FloatArray
from optimizer.search.cp_sat import CpSatModel
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.model import Model
from optimizer.search.solver_answer import Answer, Effort
from optimizer.search.subproblem import Positions, Subproblem, part_of

POLL_S: Final = 0.05
"""Seconds between looks at the stop criterion."""


@dataclass(frozen=True, kw_only=True)
class NeighborhoodParams:
    """How neighborhoods are cut.

    Attributes
    ----------
    smallest, largest
        Columns of a neighborhood, ≥ 2: the smallest ones until they gain no more, then larger ones.
    most_pairs
        Pairs besides the present ones.
    patience
        Neighborhoods in a row that may change nothing, in multiples of the number of columns, ≥ 0.
    work
        Deterministic time for each pair of columns; more columns get as much more as they have pairs.
    gap
        Relative gap at which a neighborhood is solved.
    """

    smallest: int = 2
    largest: int = 4
    most_pairs: int = 700
    patience: float = 1.0
    work: float = 0.3
    gap: float = 1e-4


@dataclass(eq=False)
class Neighborhoods:
    """The state of the search by neighborhoods.

    Parameters
    ----------
    model, losses
        The formulation and where the gap arises.
    seed
        Of the random choice among equals.
    threads
        Neighborhoods solved at a time; they never share a column.
    """

    model: Model
    losses: Losses
    params: NeighborhoodParams
    seed: int
    threads: int
    _tried: dict[tuple[int, ...], int] = field(default_factory=dict)
    _running: dict[Future[Answer], tuple[CpSatModel, Subproblem]] = field(default_factory=dict)

    def improve(self, incumbent: Incumbent) -> None:
        """Solve neighborhoods of the best alignment until told to stop or until many in a row changed nothing."""
        random = np.random.default_rng(self.seed)
        changed_at = np.zeros(self.model.num_columns, dtype=np.int64)
        step = last_gain = 0
        size = min(self.params.smallest, self.model.num_columns)
        patience = int(self.params.patience * self.model.num_columns) + 10
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                while incumbent.columns is not None:
                    if step - last_gain < patience:
                        self._fill(pool, incumbent, random, changed_at, step, size)
                    if not self._running:
                        size, last_gain = size + 1, step
                        if size > min(self.params.largest, self.model.num_columns):
                            return
                        continue
                    for answer, part in self._collect(incumbent):
                        step += 1
                        incumbent.clock.charge(answer.work / self.threads)
                        before = incumbent.columns
                        if answer.chosen is None or not incumbent.offer(part.applied(before, answer.chosen)):
                            continue
                        moved = np.flatnonzero(before != incumbent.columns)
                        changed_at[np.unique([before[moved], incumbent.columns[moved]])] = step
                        last_gain = step
                    if not incumbent.proceed():
                        return
            finally:
                for running, _ in self._running.values():
                    running.stop()
                self._running.clear()

    def _fill(
        self,
        pool: ThreadPoolExecutor,
        incumbent: Incumbent,
        random: np.random.Generator,
        changed_at: Positions,
        step: int,
        size: int,
    ) -> None:
        """Start neighborhoods until all threads have one."""
        present = incumbent.columns
        if present is None:
            return
        lost, exchange = self.losses.by_column(present), self.losses.exchange(present)
        busy = np.zeros(self.model.num_columns, dtype=np.bool_)
        for _, part in self._running.values():
            busy[part.columns] = True
        while len(self._running) < self.threads:
            chosen = self._choose(lost, exchange, busy, random, changed_at, size)
            if chosen is None:
                return
            self._tried[tuple(chosen.tolist())] = step
            busy[chosen] = True
            part = part_of(
                self.model,
                present,
                chosen,
                prices=self.losses.prices,
                reach=float(lost[chosen].sum()),
                most_pairs=self.params.most_pairs,
            )
            if len(part.items):
                self._start(pool, part, self._effort(incumbent, step, size))

    def _effort(self, incumbent: Incumbent, step: int, size: int) -> Effort:
        return Effort(
            work=self.params.work * size * (size - 1) / 2,
            seconds=incumbent.seconds_left(),
            gap=self.params.gap,
            seed=self.seed + step,
        )

    def _start(self, pool: ThreadPoolExecutor, part: Subproblem, effort: Effort) -> None:
        """Solve a neighborhood in a thread, beginning with what is."""
        solver = CpSatModel(part)
        solver.hint(part.current)
        self._running[pool.submit(solver.solve, effort)] = (solver, part)

    def _collect(self, incumbent: Incumbent) -> list[tuple[Answer, Subproblem]]:
        """Wait for one that runs, or for all where the clock must not matter; return them as they were started."""
        finished: set[Future[Answer]] = set()
        while not finished:
            when = ALL_COMPLETED if incumbent.clock.by_work else FIRST_COMPLETED
            done, waiting = wait(self._running, timeout=POLL_S, return_when=when)
            finished = done if not (waiting and incumbent.clock.by_work) else set()
            if not finished and not incumbent.proceed():
                for running, _ in self._running.values():
                    running.stop()
        order = [future for future in self._running if future in finished]
        return [(future.result(), self._running.pop(future)[1]) for future in order]

    def _choose(
        self,
        lost: FloatArray,
        exchange: FloatArray,
        busy: np.ndarray[tuple[int], np.dtype[np.bool_]],
        random: np.random.Generator,
        changed_at: Positions,
        size: int,
    ) -> Positions | None:
        """Return the columns of the next neighborhood, sorted; None when all were tried since they last changed."""
        weight = np.where(busy, 0.0, lost)
        if weight.sum() <= 0:
            return None
        for _ in range(50):
            seed = int(random.choice(len(lost), p=weight / weight.sum()))
            chosen = [seed]
            while len(chosen) < min(size, len(lost)):
                pull = exchange[chosen].sum(axis=0) * (lost + lost.mean())
                pull[chosen] = 0.0
                pull[busy] = 0.0
                if pull.sum() <= 0:
                    break
                chosen.append(int(random.choice(len(lost), p=pull / pull.sum())))
            key = tuple(sorted(chosen))
            if len(key) > 1 and self._tried.get(key, -1) < changed_at[list(key)].max(initial=0):
                return np.array(key)
            if len(key) > 1 and key not in self._tried:
                return np.array(key)
        return None
