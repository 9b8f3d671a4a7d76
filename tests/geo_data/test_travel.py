import numpy as np
import pytest

from geo_data.exceptions import SettingError
from geo_data.travel import moment_of_inertia, travel_cost


def test_travel_is_road_factor_times_distance_times_visits() -> None:
    """Two accounts at 10 and 20 km, visited 3 times and once, cost 39 and 26 road km at factor 1.3."""
    assert travel_cost([10.0, 20.0], [3.0, 1.0], road_factor=1.3) == pytest.approx([39.0, 26.0])


def test_rows_are_accounts() -> None:
    """In a matrix, visits and workload belong to the rows; float32 stays float32."""
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    cost = travel_cost(matrix, np.array([10.0, 100.0]), road_factor=1.0)
    assert cost.tolist() == [[10.0, 20.0], [300.0, 400.0]]
    assert cost.dtype == np.float32
    assert moment_of_inertia(matrix, np.array([1.0, 2.0])).tolist() == [[1.0, 4.0], [18.0, 32.0]]


@pytest.mark.parametrize("road_factor", [0.99, float("nan"), float("inf")])
def test_refuses_roads_shorter_than_a_line(road_factor: float) -> None:
    """A road factor below 1 or not finite is refused."""
    with pytest.raises(SettingError):
        travel_cost([1.0], [1.0], road_factor=road_factor)
