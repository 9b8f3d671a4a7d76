"""The search for connected territories around given centers: begin near the relaxation, anneal on the borders.

The prices of the relaxation turn the cheapest columns into something like a balanced power diagram; its pieces are
joined, then moves over the borders do the rest. Most runs begin at the relaxation around the best (``nearby.py``) and
are cold; now and then one warms the best itself.

References
----------
Cohen-Addad, Klein, Young, "Balanced centroidal power diagrams for redistricting" (2018),
doi 10.1145/3274895.3274979.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.criteria import Criteria
from optimizer.design.annealing import Annealing, temperature_of
from optimizer.design.nearby import relax_nearby
from optimizer.design.nodes import Nodes, nodes_of
from optimizer.design.space import space_of
from optimizer.design.starts import connected_start
from optimizer.design.state import Space
from optimizer.graph import Positions
from optimizer.params import SolveParams
from optimizer.problem import FloatArray, IntArray, Problem
from optimizer.search.bound import column_prices
from optimizer.search.bounding import Relaxed
from optimizer.search.incumbent import Incumbent

TRIALS_PER_S: Final = 4e5
"""Trials of one thread that count as a second of work."""
CHUNK: Final = 100_000
"""Trials between looks at the stop criterion."""
QUENCH: Final = 0.05
"""First temperature of the quick run that looks for something feasible, relative to the usual one."""
COLD: Final = 0.01
"""Last temperature, relative to the first of a hot run."""
NEARBY: Final = (0.03, 0.003)
"""First and last temperature of a run from the relaxation around the best."""
STEPS: Final = (2, 3, 4, 1)
"""How far that relaxation may move a territory's border, in turns."""
WARM_EVERY: Final = 5
"""Every how many runs the best itself is warmed."""
REHEATS: Final = (0.5, 0.25, 0.12)
"""First temperatures of these runs, in turns."""
LONG_S: Final = 2e-3
"""Seconds of a long run for each node."""
SHORT: Final = 0.1
"""Length of a short run, relative to a long one."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One run of all threads: for how long, and how hot."""

    seconds: float
    hot: float
    cold: float


def improve_connected(
    incumbent: Incumbent, question: tuple[Problem, Criteria], relaxed: Relaxed, *, params: SolveParams, seed: int
) -> None:
    """Look for better connected alignments until told to stop."""
    problem, _ = question
    if problem.units is None:
        return
    model = incumbent.model
    nodes = nodes_of(problem.units, model.item_of_account)
    prices = column_prices(model, relaxed.multipliers)
    space = space_of(model, nodes, prices)
    start = incumbent.columns if incumbent.columns is not None else relaxed.rounded
    column = _start(nodes, space, start, prices)
    incumbent.enter("local_search")
    incumbent.offer(column[: nodes.num_items].astype(np.int32))
    hot = temperature_of(space, column)
    number = 0
    while incumbent.proceed():
        run = _plan(incumbent, nodes, hot, number)
        begin, around = column, space
        if number % WARM_EVERY and (incumbent.columns is not None or number % 2 == 0):  # else mend what there is
            near = relax_nearby(
                incumbent, question, nodes, column, steps=STEPS[number % len(STEPS)], params=params, seed=seed + number
            )
            if near is not None:
                begin, around = _start(nodes, space, near.rounded, near.prices), space_of(model, nodes, near.prices)
                if incumbent.offer(begin[: nodes.num_items].astype(np.int32)):
                    column = begin
        column = _anneal(
            incumbent, nodes, around, (begin, column), run, threads=params.threads, seed=seed + number * params.threads
        )
        number += 1


def _plan(incumbent: Incumbent, nodes: Nodes, hot: float, number: int) -> _Run:
    """Return the next run: a quick cold one first, then short ones from relaxations and, in turns, a long warm one."""
    long = max(1.0, LONG_S * nodes.num_nodes)
    left = incumbent.stop.time_left_s(incumbent.clock.elapsed_s)
    if number == 0:
        return _Run(seconds=SHORT * long, hot=QUENCH * hot, cold=COLD * hot)
    if number % WARM_EVERY:
        return _Run(seconds=min(SHORT * long, left), hot=NEARBY[0] * hot, cold=NEARBY[1] * hot)
    warm = REHEATS[number // WARM_EVERY % len(REHEATS)]
    return _Run(seconds=min(0.5 * long, 0.5 * left), hot=warm * hot, cold=COLD * hot)


def _start(nodes: Nodes, space: Space, columns: IntArray, prices: FloatArray) -> Positions:
    """Return a connected choice near the given one. Shape ``(nodes,)``."""
    wished = np.full(nodes.num_nodes, -1, dtype=np.int64)
    wished[: nodes.num_items] = columns
    price = space.cost + np.asarray(space.amount) @ prices
    return connected_start(nodes.graph, wished, price, nodes.has_unit)


def _anneal(
    incumbent: Incumbent,
    nodes: Nodes,
    space: Space,
    states: tuple[Positions, Positions],
    run: _Run,
    *,
    threads: int,
    seed: int,
) -> Positions:
    """Anneal on all threads, offer what they find, and return where to go on from.

    Parameters
    ----------
    states
        Where the run begins, and where the search goes on from if that leads to nothing better. Shapes ``(nodes,)``.
    """
    began = incumbent.clock.elapsed_s
    begin, best = states
    searches = [Annealing(space, begin, seed=seed + thread) for thread in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        while True:
            share = (incumbent.clock.elapsed_s - began) / run.seconds if run.seconds > 0 else 1.0
            if share >= 1.0 or not incumbent.proceed():
                break
            hot = run.hot * (run.cold / run.hot) ** min(1.0, share)
            list(pool.map(lambda search, heat=hot: search.go_on(CHUNK, heat, heat), searches))
            incumbent.clock.charge(CHUNK / TRIALS_PER_S)
            for search in searches:
                known = math.inf if incumbent.objective is None else incumbent.objective
                if search.best is None or search.objective >= known:
                    continue
                if incumbent.offer(search.best[: nodes.num_items].astype(np.int32)):
                    best = search.best
    if incumbent.columns is not None:
        return best
    return min(searches, key=lambda search: search.excess).last
