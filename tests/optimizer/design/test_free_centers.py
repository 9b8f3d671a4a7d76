"""Free centers against all partitions of small grids: the bound, the pairs left, the program and the whole search."""

import numpy as np
import pytest

from optimizer.design.enumeration import best_of_all
from optimizer.design.free_bound import free_bound
from optimizer.design.free_centers import FreeParams, design_territories, free_cost, grown
from optimizer.design.separators import CenterProgram
from optimizer.design.space import Bands
from optimizer.exceptions import InvalidProblem
from optimizer.graph import Graph, graph_of
from optimizer.result import Outcome
from optimizer.stop import MaxRuntime
from tests.optimizer.design.grids import connected_partitions, grid

SEEDS = range(3)


def question(seed: int, *, tolerance: float = 0.25) -> tuple[Graph, np.ndarray, Bands]:
    """Return a 3 x 3 grid to be cut in three, two measures in bands."""
    graph, place = grid(3, 3)
    rng = np.random.default_rng(seed)
    amount = rng.uniform(1, 2, (9, 2))
    distance = amount[:, :1] * np.linalg.norm(place[:, None] - place, axis=2) ** 2 * rng.uniform(0.8, 1.2, (9, 1))
    mean = amount.sum(axis=0) / 3
    band = np.tile((1 - tolerance) * mean, (3, 1)), np.tile((1 + tolerance) * mean, (3, 1))
    return graph, distance, Bands(amount=amount, lower=band[0], upper=band[1])


def brute_force(graph: Graph, distance: np.ndarray, bands: Bands) -> tuple[float, np.ndarray]:
    """Return the cheapest connected partition within the bands."""
    kept = (column for column in connected_partitions(graph, 3) if bands.keeps(column))
    return min(((free_cost(distance, column), column) for column in kept), key=lambda found: found[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bound_is_valid_and_keeps_the_optimum(seed: int) -> None:
    """The bound is not above the optimum, and no pair of the optimum is ruled out."""
    graph, distance, bands = question(seed)
    optimum, column = brute_force(graph, distance, bands)
    found = free_bound(distance, bands, known=1.05 * optimum)
    assert found.bound <= optimum * (1 + 1e-9)
    for territory in range(3):
        mine = np.flatnonzero(column == territory)
        center = mine[np.argmin(distance[np.ix_(mine, mine)].sum(axis=0))]
        assert found.possible[mine, center].all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_program_finds_the_cheapest_connected_partition(seed: int) -> None:
    """The integer program with lazy separators ends at the optimum of all partitions, without any known answer."""
    graph, distance, bands = question(seed)
    optimum, _ = brute_force(graph, distance, bands)
    program = CenterProgram(graph, distance, bands, np.ones_like(distance, dtype=np.bool_), np.inf)
    answer = program.solve(seconds=600.0, seed=0)
    assert answer.is_proven
    assert answer.center is not None
    assert len(np.unique(graph.pieces(answer.center))) == 3
    assert distance[np.arange(9), answer.center].sum() == pytest.approx(optimum)


def test_separators_are_added_where_pieces_are_cut_off() -> None:
    """On a line whose ends belong together by cost, the program still gives connected territories."""
    graph = graph_of(6, np.arange(5), np.arange(1, 6))
    ring = np.minimum(np.abs(np.arange(6)[:, None] - np.arange(6)), 6 - np.abs(np.arange(6)[:, None] - np.arange(6)))
    bands = Bands(amount=np.ones((6, 1)), lower=np.full((2, 1), 3.0), upper=np.full((2, 1), 3.0))
    program = CenterProgram(graph, ring.astype(np.float64), bands, np.ones((6, 6), dtype=np.bool_), np.inf)
    answer = program.solve(seconds=600.0, seed=0)
    assert answer.center is not None
    assert len(np.unique(graph.pieces(answer.center))) == 2


def test_the_search_proves_its_optimum() -> None:
    """The whole search ends by itself with the optimum of all partitions, called optimal."""
    graph, distance, bands = question(7)
    optimum, _ = brute_force(graph, distance, bands)
    params = FreeParams(trials_per_node=2_000, least_trials=20_000)
    answer = design_territories(graph, distance, bands, MaxRuntime(600.0), threads=1, params=params)
    assert answer.outcome is Outcome.OPTIMAL
    assert answer.objective == pytest.approx(optimum)
    assert answer.lower_bound == answer.objective


def test_what_cannot_be_is_called_infeasible() -> None:
    """A node above the upper limit is infeasible by arithmetic; bands that no partition keeps, by looking at all."""
    graph, distance, bands = question(0)
    heavy = Bands(amount=bands.amount * [[1.0, 9.0]], lower=bands.lower, upper=bands.upper)
    assert design_territories(graph, distance, heavy, MaxRuntime(1.0)).outcome is Outcome.INFEASIBLE
    exact = Bands(amount=bands.amount, lower=bands.amount.sum(axis=0) / 3 * np.ones((3, 1)) * 0.9999, upper=bands.upper)
    params = FreeParams(trials_per_node=100, least_trials=1_000, settled=1)
    found = design_territories(graph, distance, exact, MaxRuntime(600.0), threads=1, params=params)
    assert found.outcome is Outcome.INFEASIBLE


@pytest.mark.parametrize("seed", SEEDS)
def test_all_choices_hold_the_best(seed: int) -> None:
    """Looking at all choices gives the cheapest partition, and nothing where none keeps its bands."""
    graph, distance, bands = question(seed)
    found = best_of_all(graph, distance, bands)
    assert found is not None
    assert found[1] == pytest.approx(brute_force(graph, distance, bands)[0])
    none = Bands(amount=bands.amount, lower=bands.upper, upper=bands.upper)
    assert best_of_all(graph, distance, none) is None


def test_starts_are_connected() -> None:
    """Territories grown around random centers are connected, and all are there."""
    graph, distance, _ = question(1)
    for seed in range(5):
        column = grown(graph, distance, 4, np.random.default_rng(seed))
        assert len(np.unique(graph.pieces(column))) == len(np.unique(column)) == 4


def test_shapes_are_checked() -> None:
    """Distances of another shape, and territories with different limits, are refused."""
    graph, distance, bands = question(0)
    with pytest.raises(InvalidProblem):
        design_territories(graph, distance[:, :5], bands, MaxRuntime(1.0))
    lower = bands.lower.copy()
    lower[0] *= 0.5
    with pytest.raises(InvalidProblem):
        design_territories(graph, distance, Bands(amount=bands.amount, lower=lower, upper=bands.upper), MaxRuntime(1.0))
