"""Annealing on small grids: connected after every move, and as good as the best of all partitions."""

import itertools

import numpy as np
import pytest

from optimizer.design.annealing import Annealing, centers_of
from optimizer.design.space import Bands, free_space
from optimizer.graph import Graph, graph_of
from tests.optimizer.design.grids import connected_partitions, grid


def cost_of(distance: np.ndarray, column: np.ndarray) -> float:
    """Return the sum of every territory's cost with its best center."""
    members = [np.flatnonzero(column == territory) for territory in np.unique(column)]
    return sum(float(distance[np.ix_(mine, mine)].sum(axis=0).min()) for mine in members)


@pytest.mark.parametrize("seed", range(4))
def test_free_centers_reach_the_best_of_all_partitions(seed: int) -> None:
    """On a 3 x 3 grid with three territories in bands, the best state found is the optimum of all partitions."""
    graph, place = grid(3, 3)
    rng = np.random.default_rng(seed)
    distance = np.linalg.norm(place[:, None] - place, axis=2) * rng.uniform(0.8, 1.2, (9, 1))
    amount = rng.uniform(1, 2, (9, 2))
    mean = amount.sum(axis=0) / 3
    bands = Bands(amount=amount, lower=np.tile(0.7 * mean, (3, 1)), upper=np.tile(1.3 * mean, (3, 1)))
    best = min((cost_of(distance, c) for c in connected_partitions(graph, 3) if bands.keeps(c)), default=np.inf)
    assert best < np.inf
    search = Annealing(free_space(graph, distance, bands), np.repeat([0, 1, 2], 3), seed=seed)
    search.go_on(60_000, 2.0, 0.01)
    assert search.best is not None
    assert bands.keeps(search.best)
    assert cost_of(distance, search.best) == pytest.approx(search.objective)
    assert search.objective == pytest.approx(best)


def test_no_territory_is_taken_apart(random_graph: Graph) -> None:
    """However hot, every territory of the state now is connected and has a node."""
    distance = np.ones((random_graph.num_nodes, random_graph.num_nodes))
    bands = Bands(amount=np.ones((random_graph.num_nodes, 1)), lower=np.zeros((4, 1)), upper=np.full((4, 1), 99.0))
    space = free_space(random_graph, distance, bands)
    search = Annealing(space, np.minimum(np.arange(random_graph.num_nodes), 3), seed=1)
    for _ in range(20):
        search.go_on(500, 100.0, 100.0)
        pieces = random_graph.pieces(search.last)
        assert len(np.unique(pieces)) == len(np.unique(search.last)) == 4
    assert len(centers_of(space, search.last)) == 4


@pytest.fixture
def random_graph() -> Graph:
    """Return a path of 30 nodes with 25 more edges, so that its first nodes are connected, too."""
    rng = np.random.default_rng(5)
    ends = rng.integers(0, 30, (25, 2))
    first, second = np.concatenate([np.arange(29), ends[:, 0]]), np.concatenate([np.arange(1, 30), ends[:, 1]])
    return graph_of(30, first, second)


def test_partitions_of_a_square() -> None:
    """A 2 x 2 grid falls into two connected territories in 6 ways: 4 corners, 2 halves; diagonals do not count."""
    graph, _ = grid(2, 2)
    assert len(list(itertools.islice(connected_partitions(graph, 2), 99))) == 6
