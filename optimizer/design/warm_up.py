"""Compile the search for connected territories before anybody waits for it."""

import numpy as np

from optimizer.design.annealing import Annealing
from optimizer.design.space import Bands, free_space
from optimizer.graph import graph_of


def compile_design() -> None:
    """Run the compiled search once, on three nodes in a row; it is the same for all questions."""
    graph = graph_of(3, np.array([0, 1]), np.array([1, 2]))
    place = np.arange(3.0)
    bands = Bands(amount=np.ones((3, 1)), lower=np.ones((2, 1)), upper=np.full((2, 1), 2.0))
    space = free_space(graph, np.abs(place[:, None] - place), bands)
    Annealing(space, np.array([0, 0, 1]), seed=0).go_on(10, 1.0, 1.0)
