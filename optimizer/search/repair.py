"""Make a breached alignment feasible: the worst column and its exchange partners, solved with priced breaches.

Worst first; a group that cannot be repaired is widened, until the breach is gone, the effort is over, or the group
is the whole problem.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.problem import IntArray
from optimizer.search.cp_sat import CpSatModel
from optimizer.search.evaluation import loads_of, row_excess
from optimizer.search.incumbent import Incumbent, relative_excess
from optimizer.search.losses import Losses
from optimizer.search.model import Model
from optimizer.search.solver_answer import Effort
from optimizer.search.subproblem import Positions, Subproblem, part_of

FIRST_PARTNERS: Final = 4
"""Exchange partners of a breached column at first."""
WALL_PER_WORK: Final = 2.0
"""Seconds by the wall that a unit of deterministic time may take where the clock counts."""
WIDER: Final = 2
"""Factor by which a group grows when it stays breached."""


@dataclass(frozen=True, kw_only=True)
class RepairParams:
    """How far repair goes.

    Attributes
    ----------
    pairs
        Pairs of a group besides the present ones, doubled with each widening.
    work
        Deterministic time for a group, doubled with each widening.
    rounds
        Groups tried before giving up.
    share
        Share of the time left after which it gives up, too: another cooling may find what a group does not hold.
    """

    pairs: int = 1500
    work: float = 1.0
    rounds: int = 200
    share: float = 0.2


def repair(incumbent: Incumbent, losses: Losses, params: RepairParams, *, seed: int) -> bool:
    """Repair the least violating alignment; return whether a feasible one was found."""
    present = incumbent.least_violating
    if present is None or incumbent.columns is not None:
        return incumbent.columns is not None
    model = incumbent.model
    widened: dict[int, int] = {}
    elapsed = incumbent.clock.elapsed_s
    until = elapsed + params.share * incumbent.stop.time_left_s(elapsed)
    for attempt in range(params.rounds):
        breach = _breach_by_column(model, present)
        if not breach.any() or not incumbent.proceed() or incumbent.clock.elapsed_s >= until:
            break
        hardness = np.array([widened.get(column, 0) for column in range(model.num_columns)])
        worst = int(np.lexsort((-breach, np.where(breach > 0, hardness, np.iinfo(np.int64).max)))[0])
        wider = WIDER ** int(hardness[worst])
        chosen = _group(losses, present, worst, FIRST_PARTNERS * wider)
        part = part_of(model, present, chosen, prices=losses.prices, reach=np.inf, most_pairs=params.pairs * wider)
        if len(part.items):
            candidate = _solved(incumbent, part, present, work=params.work * wider, seed=seed + attempt)
            if relative_excess(model, candidate) < relative_excess(model, present):
                present = candidate
                incumbent.offer(present)
        if _breach_by_column(model, present)[worst] > 0:
            if len(chosen) == model.num_columns:
                break
            widened[worst] = int(hardness[worst]) + 1
    return incumbent.columns is not None


def _solved(incumbent: Incumbent, part: Subproblem, present: IntArray, *, work: float, seed: int) -> IntArray:
    """Return the choice with a group solved for priced breaches; the present one where the solver finds nothing."""
    solver = CpSatModel(part, elastic=True)
    solver.hint(part.current)
    left = incumbent.seconds_left()
    # by work the wall must not decide: on a busy machine it would cut the group short
    seconds = left if incumbent.clock.by_work else min(left, WALL_PER_WORK * work)
    answer = solver.solve(Effort(work=work, seconds=seconds, gap=1e-3, seed=seed))
    incumbent.clock.charge(answer.work)
    return present if answer.chosen is None else part.applied(present, answer.chosen)


def _group(losses: Losses, present: IntArray, worst: int, partners: int) -> Positions:
    """Return a column and those it has most to exchange with, sorted."""
    exchange = losses.exchange(present)
    group = [worst]
    while len(group) < min(partners + 1, len(exchange)):
        pull = exchange[worst] + 0.3 * exchange[group].sum(axis=0)
        pull[group] = -1.0
        group.append(int(np.argmax(pull)))
    return np.array(sorted(group))


def _breach_by_column(model: Model, present: IntArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return each column's breach relative to the mean load; breached totals count at their fullest column."""
    load = loads_of(model, present)
    by_column, by_total = row_excess(model, load)
    size = np.maximum(load.mean(axis=1), 1e-12)
    breach = (by_column / size[:, None]).sum(axis=0)
    for kind in np.flatnonzero(by_total > 0):
        breach[int(np.argmax(load[kind]))] += by_total[kind] / size[kind]
    return np.asarray(breach, dtype=np.float64)
