import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_data.distances import EARTH_RADIUS_KM, distance_matrix_km, distances_km, unit_vectors
from geo_data.exceptions import ArrayShapeError, CoordinateError

LATITUDE = st.floats(-90, 90)
LONGITUDE = st.floats(-180, 180)
PLACES = st.lists(st.tuples(LATITUDE, LONGITUDE), min_size=1, max_size=8)


def test_known_distance() -> None:
    """London to Paris is 343.6 km on the sphere."""
    assert distances_km([51.5074], [-0.1278], [48.8566], [2.3522])[0] == pytest.approx(343.56, abs=0.05)


def test_quarter_of_the_equator() -> None:
    """Ninety degrees along the equator are a quarter of the great circle."""
    assert distance_matrix_km([0.0], [0.0], [0.0], [90.0])[0, 0] == pytest.approx(EARTH_RADIUS_KM * np.pi / 2)


@given(PLACES, PLACES)
def test_matrix_agrees_with_haversine(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> None:
    """The matrix holds the haversine distance of every pair, to a millimeter away from antipodes."""
    (lat_a, lon_a), (lat_b, lon_b) = (np.array(points).T for points in (first, second))
    matrix = distance_matrix_km(lat_a, lon_a, lat_b, lon_b)
    for column, (lat, lon) in enumerate(second):
        paired = distances_km(lat_a, lon_a, np.full(len(first), lat), np.full(len(first), lon))
        assert np.allclose(matrix[:, column], paired, rtol=0, atol=1e-6 if paired.max() < 19_000 else 1e-3)


@given(PLACES)
def test_distance_to_itself_is_zero(points: list[tuple[float, float]]) -> None:
    """The same coordinates are exactly zero apart, and distances are symmetric."""
    lat, lon = np.array(points).T
    matrix = distance_matrix_km(lat, lon, lat, lon)
    assert (np.diag(matrix) == 0).all()
    assert np.array_equal(matrix, matrix.T)


def test_antimeridian_is_no_gap() -> None:
    """Longitudes 180 and -180 are one place, and 179.9 is near -179.9."""
    assert distances_km([10.0], [180.0], [10.0], [-180.0])[0] == pytest.approx(0, abs=1e-9)
    assert distances_km([0.0], [179.9], [0.0], [-179.9])[0] == pytest.approx(22.239, abs=0.001)


def test_blocks_change_nothing() -> None:
    """A matrix that takes many blocks equals the one computed row by row, in both precisions."""
    rng = np.random.default_rng(1)
    lat_a, lon_a = rng.uniform(-90, 90, 700), rng.uniform(-180, 180, 700)
    lat_b, lon_b = rng.uniform(-90, 90, 900), rng.uniform(-180, 180, 900)
    whole = distance_matrix_km(lat_a, lon_a, lat_b, lon_b)
    assert np.array_equal(whole[650:651], distance_matrix_km(lat_a[650:651], lon_a[650:651], lat_b, lon_b))
    single = distance_matrix_km(lat_a, lon_a, lat_b, lon_b, dtype=np.float32)
    assert single.dtype == np.float32
    assert np.array_equal(single, whole.astype(np.float32))


def test_unit_vectors_have_length_one() -> None:
    """Every place is one radius from the center of the earth; the poles are on its axis."""
    vectors = unit_vectors([90.0, -90.0, 12.3], [0.0, 77.0, -45.6])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[0], [0, 0, 1])


@pytest.mark.parametrize(
    ("lat", "lon", "axis"),
    [
        ([np.nan], [0.0], "latitude"),
        ([0.0], [np.inf], "longitude"),
        ([90.001], [0.0], "latitude"),
        ([0.0], [-180.5], "longitude"),
    ],
)
def test_refuses_what_is_no_place(lat: list[float], lon: list[float], axis: str) -> None:
    """Coordinates that are not finite or out of range are refused, with axis and position."""
    with pytest.raises(CoordinateError, match=axis) as caught:
        distance_matrix_km(lat, lon, [0.0], [0.0])
    assert caught.value.index == 0


def test_refuses_lists_of_different_length() -> None:
    """Lists that do not pair up are refused."""
    with pytest.raises(ArrayShapeError):
        unit_vectors([1.0, 2.0], [1.0])
    with pytest.raises(ArrayShapeError):
        distances_km([1.0], [1.0], [1.0, 2.0], [1.0, 2.0])


def test_no_places_at_all() -> None:
    """An empty list gives an empty matrix."""
    assert distance_matrix_km([], [], [1.0], [1.0]).shape == (0, 1)
