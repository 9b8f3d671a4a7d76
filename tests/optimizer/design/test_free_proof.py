"""What rules out pairs and what proves, against all connected sets and partitions of small grids."""

import itertools

import numpy as np
import pytest

from optimizer.design import free_proof
from optimizer.design.free_centers import free_cost
from optimizer.design.free_proof import BackgroundProof, ProofTask
from optimizer.design.program_rows import Rows
from optimizer.design.reach import pruned, reachable
from optimizer.design.separators import CenterProgram
from optimizer.design.space import Bands
from optimizer.graph import Graph
from tests.optimizer.design.grids import connected_partitions, grid


def question(seed: int) -> tuple[Graph, np.ndarray, Bands]:
    """Return a 3 x 3 grid to be cut in three, one node of which is heavy, two measures in bands."""
    graph, place = grid(3, 3)
    rng = np.random.default_rng(seed)
    amount = rng.uniform(1, 2, (9, 2))
    amount[rng.integers(9)] *= 2.5
    distance = amount[:, :1] * np.linalg.norm(place[:, None] - place, axis=2) ** 2
    mean = amount.sum(axis=0) / 3
    bands = Bands(amount=amount, lower=np.tile(0.7 * mean, (3, 1)), upper=np.tile(1.3 * mean, (3, 1)))
    return graph, distance, bands


def connected_sets(graph: Graph, bands: Bands) -> list[np.ndarray]:
    """Return every connected set of nodes within the limits of a territory."""
    found = []
    for chosen in itertools.product((False, True), repeat=graph.num_nodes):
        inside = np.array(chosen)
        load = bands.amount[inside].sum(axis=0)
        if not (load <= bands.upper[0]).all() or not (load >= bands.lower[0]).all():
            continue
        if len(np.unique(graph.pieces(inside)[inside])) == 1:
            found.append(np.flatnonzero(inside))
    return found


def optimum_of(graph: Graph, distance: np.ndarray, bands: Bands) -> tuple[float, np.ndarray]:
    """Return the cheapest connected partition within the bands."""
    kept = (column for column in connected_partitions(graph, 3) if bands.keeps(column))
    return min(((free_cost(distance, column), column) for column in kept), key=lambda found: found[0])


@pytest.mark.parametrize("seed", range(4))
def test_no_pair_of_a_territory_is_ruled_out(seed: int) -> None:
    """Nodes of one connected set within its limits can reach each other; what no set holds is partly ruled out."""
    graph, _, bands = question(seed)
    possible = reachable(graph, bands)
    together = np.zeros_like(possible)
    for member in connected_sets(graph, bands):
        together[np.ix_(member, member)] = True
    assert not (together & ~possible).any()
    assert not possible.all()


def test_what_is_cut_off_goes() -> None:
    """On a line of four, a pair without the nodes between goes, and with it a center that has too little left."""
    graph, _ = grid(1, 4)
    bands = Bands(amount=np.ones((4, 1)), lower=np.full((2, 1), 2.0), upper=np.full((2, 1), 3.0))
    possible = np.ones((4, 4), dtype=np.bool_)
    possible[1, 0] = possible[2, 3] = False
    left = pruned(graph, bands, possible)
    assert not left[:, 0].any()
    assert not left[:, 3].any()
    assert left[:, 1:3].all()


@pytest.mark.parametrize("seed", range(4))
def test_the_relaxation_bounds_and_keeps_the_optimum(seed: int) -> None:
    """The linear relaxation's bound is not above the optimum, and no pair of the optimum is ruled out."""
    graph, distance, bands = question(seed)
    optimum, column = optimum_of(graph, distance, bands)
    bound, left = CenterProgram(graph, distance, bands, reachable(graph, bands), 1.02 * optimum).tightened()
    assert 0 < bound <= optimum * (1 + 1e-9)
    for territory in range(3):
        mine = np.flatnonzero(column == territory)
        center = mine[np.argmin(distance[np.ix_(mine, mine)].sum(axis=0))]
        assert left[mine, center].all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("above", [1.0, 1.3, np.inf])
def test_proofs_end_at_the_optimum(seed: int, above: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without looking at all choices, a proof from any known answer ends at the optimum of all partitions."""
    monkeypatch.setattr(free_proof, "MOST_CHOICES", 0)
    graph, distance, bands = question(seed)
    optimum, _ = optimum_of(graph, distance, bands)
    known = above * optimum
    task = ProofTask(graph=graph, distance=distance, bands=bands, known=known, most_pairs=100)
    proof = BackgroundProof(task, seconds=600.0, seed=0).collect(wait_s=600.0)
    assert proof is not None
    assert proof.is_complete
    if above > 1.0:
        assert proof.column is not None
        assert bands.keeps(proof.column)
        assert free_cost(distance, proof.column) == pytest.approx(optimum)
    assert proof.lower_bound <= optimum * (1 + 1e-8)


def test_bands_that_cannot_be_are_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two heavy nodes at each other's side of a bridge leave no answer: complete, and without territories."""
    monkeypatch.setattr(free_proof, "MOST_CHOICES", 0)
    graph, place = grid(1, 5)
    amount = np.array([[1.0], [4.0], [2.0], [4.0], [1.0]])
    bands = Bands(amount=amount, lower=np.full((2, 1), 5.9), upper=np.full((2, 1), 6.1))
    task = ProofTask(
        graph=graph, distance=np.abs(place[:, 1:] - place[:, 1]), bands=bands, known=np.inf, most_pairs=100
    )
    proof = task.run(seconds=600.0, seed=0)
    assert proof.is_complete
    assert proof.column is None


def test_prices_of_any_sign_prove_a_bound() -> None:
    """The bound of x + y at x + 2 y ≥ 2 is right at the best price and valid at all others."""
    rows = Rows()
    rows.add(np.array([0, 1]), np.array([1.0, 2.0]), 2.0, np.inf)
    cost = np.ones(2)
    for price in (-1.0, 0.0, 0.25, 0.5, 3.0):
        bound, reduced = rows.bound(cost, np.array([price]))
        assert bound <= 1.0
        assert reduced[0] == pytest.approx(1.0 - max(price, 0.0))
    assert rows.bound(cost, np.array([0.5]))[0] == pytest.approx(1.0)
