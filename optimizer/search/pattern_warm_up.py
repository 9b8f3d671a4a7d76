"""Compile the search by patterns before a clock starts: few questions have the form that it takes."""

import numpy as np

from optimizer.search.knapsack import price_pairs, raise_prices
from optimizer.search.knapsack_annealing import anneal_columns
from optimizer.search.knapsack_diving import dive, dive_group
from optimizer.search.knapsack_volume import Fractions, move_prices
from optimizer.search.pattern_kernels import Knapsacks, solve_group


def compile_patterns() -> None:
    """Run every compiled step of the search by patterns once, on two columns and three items."""
    cost, amount = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    units, room = np.ones((2, 3), dtype=np.int64), np.full(2, 2, dtype=np.int64)
    limit, place = np.array([[0.0, 2.0], [0.0, 2.0]]), np.array([0, 1, 1])
    kernel = Knapsacks(cost=cost, units=units, amount=amount, room=room, spare=room.copy(), limit=limit)
    tail, price = np.empty((4, 3)), np.full(3, 2.0)
    raise_prices(cost, units, room, room, price, 9.0, np.inf, 2, 1, tail)
    price_pairs(cost, units, room, room, price, tail, np.empty((2, 3)))
    fractions, halt = Fractions(price.copy(), np.full((2, 3), 0.5), np.ones((2, 2))), np.zeros(1, dtype=np.int64)
    move_prices(cost, units, room, np.arange(3), 3, fractions, 2, 0.5, 0.1, 9.0, halt)
    solve_group(kernel, price, place, np.array([0, 1]), 1.0, False, 2, 10, 10)
    item, column = np.tile(np.arange(3), 2), np.repeat(np.arange(2), 3)
    start = np.random.default_rng(0).integers(1, 2**63, size=1, dtype=np.uint64)
    anneal_columns(cost, amount, limit, amount, item, column, np.ones(2), place, 10, 1.0, 0.1, 0.0, start)
    dive(cost, units, room, fractions, place, 9.0, 0.5, 2, 0.5, 0.1, 0.1, start, halt)
    group, border = np.array([0, 1]), fractions.border
    dive_group(cost, units, room, price, border, place, group, 1.0, 0.0, 0.5, 2, 0.5, 0.1, 0.1, start, halt)
