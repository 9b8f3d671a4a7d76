import numpy as np
import pytest

from benchmarks.apart import measure_apart
from benchmarks.balanced_lloyd import cluster
from benchmarks.zip_points import inertia_of, question


@pytest.mark.parametrize("solver", ["cp_sat", "highs"])
def test_a_plain_solver_keeps_all_limits_and_its_bound_is_below(solver: str) -> None:
    """The full program means what ours means: its answers pass the same audit, and no bound exceeds an objective.

    In a process of its own, as the benchmark has it: HiGHS keeps the number of threads it was first run with.
    """
    asked = {"solver": solver, "size": "60x3", "seed": 1, "time_limit_s": 60.0, "threads": 2}
    found = measure_apart("plain", asked)
    assert found["outcome"] == "feasible"
    assert found["violations"] == 0
    assert found["lower_bound"] <= found["objective"] * (1 + 1e-6)


def test_points_keep_their_counts_and_repeat_with_the_seed() -> None:
    """The same seed gives the same points and centers; clusters keep the smallest and the largest count."""
    asked, again = (question(size="120x4", seed=3, tolerance=0.1) for _ in range(2))
    assert np.array_equal(asked.points, again.points)
    assert np.array_equal(asked.start, again.start)
    found = cluster(asked, time_limit_s=60.0, threads=2)
    assert found["outcome"] == "feasible"
    assert asked.fewest <= found["fewest"] <= found["most"] <= asked.most


def test_inertia_is_measured_from_the_means() -> None:
    """Two pairs of points, one apart within each pair: four times a quarter."""
    points = np.array([[0.0, 0, 0], [1, 0, 0], [5, 0, 0], [6, 0, 0]])
    assert inertia_of(points, np.array([0, 0, 1, 1]), 2) == pytest.approx(1.0)
