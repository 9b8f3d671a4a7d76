"""The search for connected territories around given centers: begin near the relaxation, anneal on the borders.

The prices of the relaxation turn the cheapest columns into something like a balanced power diagram; its pieces are
joined, then moves over the borders do the rest, hot once and ever less hot from the best.

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

from optimizer.design.annealing import Annealing, temperature_of
from optimizer.design.nodes import Nodes, nodes_of
from optimizer.design.space import space_of
from optimizer.design.starts import connected_start
from optimizer.design.state import Space
from optimizer.graph import Positions
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
"""Last temperature, relative to the first of the first long run."""
REHEATS: Final = (0.5, 0.25, 0.12)
"""First temperatures of the later runs, in turns."""
LONG_S: Final = 2e-3
"""Seconds of a long run for each node."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One run of all threads: for how long, and how hot."""

    seconds: float
    hot: float
    cold: float


def improve_connected(incumbent: Incumbent, problem: Problem, relaxed: Relaxed, *, threads: int, seed: int) -> None:
    """Look for better connected alignments until told to stop."""
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
        column = _anneal(incumbent, nodes, space, column, run, threads=threads, seed=seed + number * threads)
        number += 1


def _plan(incumbent: Incumbent, nodes: Nodes, hot: float, number: int) -> _Run:
    """Return the next run: a quick cold one first, a long hot one, then warm ones."""
    long = max(1.0, LONG_S * nodes.num_nodes)
    left = incumbent.stop.time_left_s(incumbent.clock.elapsed_s)
    if number == 0:
        return _Run(seconds=0.1 * long, hot=QUENCH * hot, cold=COLD * hot)
    if number == 1:
        return _Run(seconds=min(3 * long, 0.5 * left), hot=hot, cold=COLD * hot)
    return _Run(seconds=min(long, left), hot=REHEATS[number % len(REHEATS)] * hot, cold=COLD * hot)


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
    column: Positions,
    run: _Run,
    *,
    threads: int,
    seed: int,
) -> Positions:
    """Anneal on all threads, offer what they find, and return where to go on from: the best."""
    began = incumbent.clock.elapsed_s
    searches = [Annealing(space, column, seed=seed + thread) for thread in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        while True:
            share = (incumbent.clock.elapsed_s - began) / run.seconds if run.seconds > 0 else 1.0
            if share >= 1.0 or not incumbent.proceed():
                break
            hot = run.hot * (run.cold / run.hot) ** min(1.0, share)
            list(pool.map(lambda search, heat=hot: search.go_on(CHUNK, heat, heat), searches))
            incumbent.clock.charge(CHUNK / TRIALS_PER_S)
            for search in searches:
                if search.best is not None and search.objective < (
                    math.inf if incumbent.objective is None else incumbent.objective
                ):
                    incumbent.offer(search.best[: nodes.num_items].astype(np.int32))
    found = min(searches, key=lambda search: (search.objective, search.excess))
    return found.last if found.best is None else found.best
