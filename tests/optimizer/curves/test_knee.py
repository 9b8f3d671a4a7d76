"""The knee of a falling curve, on curves whose chord is drawn by hand."""

import pytest

from optimizer.curves.knee import knee


@pytest.mark.parametrize(
    ("paid", "objective", "expected"),
    [
        ([0, 2, 5, 10, 20], [10, 4, 1, 1, 1], 2),
        ([0, 2, 5, 10, 20], [10, 1, 1, 1, 1], 1),
        ([0, 1, 2], [2, 0.5, 0], 1),
        ([0, 1, 2, 3], [3, 1.5, 1, 0], 1),
    ],
)
def test_the_point_farthest_below_the_chord_is_the_knee(
    paid: list[float], objective: list[float], expected: int
) -> None:
    """On the unit square the distances are 0.75 against 0.57, 0.9, 0.25, and 0.17 against 0.

    The chord goes from the first to the last point.
    """
    assert knee(paid, objective) == expected


@pytest.mark.parametrize(
    ("paid", "objective"),
    [
        ([], []),
        ([0, 1], [5, 1]),
        ([0, 1, 2], [3, 3, 3]),
        ([0, 1, 2], [2, 1, 0]),
        ([0, 1, 2], [2, 1.9, 0]),
    ],
    ids=["nothing", "two points", "level", "straight", "bent upward"],
)
def test_a_curve_without_a_bend_below_its_chord_has_no_knee(paid: list[float], objective: list[float]) -> None:
    """Too few points, a level line, a straight one, and one that bends the other way have no knee."""
    assert knee(paid, objective) is None


def test_units_do_not_matter() -> None:
    """Stretching either axis moves no knee."""
    paid, objective = [0.0, 1, 3, 8, 12], [9.0, 5, 2, 1, 0.5]
    expected = knee(paid, objective)
    assert expected == 2
    assert knee([1e6 * value for value in paid], [value + 1e3 for value in objective]) == expected
    assert knee(paid, [1e-6 * value for value in objective]) == expected
