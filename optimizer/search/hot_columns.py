"""Columns that lose a large part of the gap alone, dealt out with their partners in larger problems than the others.

A column whose prices stand out (far from everything, hardly filled) needs just the right items, and they cost far more
than what others exchange: only a problem with all of its pairs, dear ones too, can tell which.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Final

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.cp_sat import CpSatModel
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.model import Model
from optimizer.search.solver_answer import Effort
from optimizer.search.subproblem import Subproblem, part_of

HOT_SHARE: Final = 0.06
"""Share of all that can be gained from which on a column is hot."""
MOST: Final = 4
"""Columns in one turn, the worst ones."""
PARTNERS: Final = 4
MOST_PAIRS: Final = 2_500
WORK: Final = 1.5
"""Deterministic time of one problem."""
SHARE: Final = 0.15
"""Share of the time left that one problem may take."""
GAP: Final = 1e-5
"""Relative gap at which a problem is solved."""


def improve_hot_columns(
    incumbent: Incumbent, losses: Losses, *, threads: int, seed: int, inevitable: FloatArray | None = None
) -> None:
    """Deal out the items of each hot column and its partners again, the worst first, as many at a time as threads.

    Parameters
    ----------
    inevitable
        What each column loses in any alignment; nothing when None. Shape ``(columns,)``.
    """
    tried: set[int] = set()
    with ThreadPoolExecutor(threads) as pool:
        while incumbent.columns is not None and incumbent.proceed():
            lost = losses.by_column(incumbent.columns)
            avoidable = np.maximum(lost if inevitable is None else lost - inevitable, 0.0)
            parts = _parts(incumbent.model, losses, incumbent.columns, lost, avoidable, tried, threads)
            if not parts:
                return
            effort = Effort(work=WORK, seconds=SHARE * incumbent.seconds_left(), gap=GAP, seed=seed)
            solvers = [CpSatModel(part) for part in parts]
            for solver, part in zip(solvers, parts, strict=True):
                solver.hint(part.current)
            answers = list(pool.map(CpSatModel.solve, solvers, repeat(effort)))
            incumbent.clock.charge(max(answer.work for answer in answers))
            for answer, part in zip(answers, parts, strict=True):
                if answer.chosen is not None:
                    incumbent.offer(part.applied(incumbent.columns, answer.chosen))


def _parts(
    model: Model,
    losses: Losses,
    present: IntArray,
    lost: FloatArray,
    avoidable: FloatArray,
    tried: set[int],
    threads: int,
) -> list[Subproblem]:
    """Return problems around hot columns that share no column, and note which columns they are of."""
    exchange = losses.exchange(present)
    is_busy = np.zeros(model.num_columns, dtype=np.bool_)
    parts: list[Subproblem] = []
    for column in np.argsort(-avoidable, kind="stable")[:MOST].tolist():
        if len(parts) == threads or avoidable[column] <= HOT_SHARE * avoidable.sum():
            break
        if column in tried or is_busy[column]:
            continue
        tried.add(column)
        pull = np.where(is_busy, 0.0, exchange[column])
        partners = np.argsort(-pull, kind="stable")[:PARTNERS]
        chosen = np.sort(np.append(partners[pull[partners] > 0], column))
        part = part_of(model, present, chosen, prices=losses.prices, reach=float(lost[column]), most_pairs=MOST_PAIRS)
        if len(part.items):
            is_busy[chosen] = True
            parts.append(part)
    return parts
