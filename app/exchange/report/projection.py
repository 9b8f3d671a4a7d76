"""From degrees to the paper: an equal-area projection around the accounts.

Owns the choice of projection and the frame. Lambert's azimuthal equal-area projection shows sizes
truly and bends little over a continent; the whole world is drawn in plain degrees.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_WIDEST_DEGREES = 150.0
_MARGIN = 0.03
_HALF_TURN = 179.99  # degrees; a bit less, so that nothing wraps around
_CUT_OFF = 0.015  # of the accounts on each side, when they are far off
_CORE_SHARE = 0.55
_FEWEST_FOR_CORE = 200


@dataclass(frozen=True)
class Frame:
    """Hold a projection and the rectangle of paper that it fills.

    Parameters
    ----------
    lat, lon
        Center of the projection, degrees.
    is_world
        True draws plain degrees.
    left, top, scale
        From projected units to pixels.
    width, height
        Pixels.
    box
        What the frame can show, degrees relative to the center's meridian: west, south, east, north.
    """

    lat: float
    lon: float
    is_world: bool
    left: float
    top: float
    scale: float
    width: float
    height: float
    box: tuple[float, float, float, float]

    def place(self, geometry: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return geometries in degrees as geometries in pixels, y downward; same shape."""
        placed: NDArray[np.object_] = shapely.transform(geometry, self._pixels)
        return placed

    def points(self, lat: Floats, lon: Floats) -> Floats:
        """Return places in pixels, shape ``(places, 2)``."""
        return self._pixels(np.column_stack((lon, lat)))

    def _pixels(self, lon_lat: Floats) -> Floats:
        x, y = _projected(lon_lat, lat=self.lat, lon=self.lon, is_world=self.is_world)
        return np.column_stack(((x - self.left) * self.scale, (self.top - y) * self.scale))


def frame_around(geometry: NDArray[np.object_], lat: Floats, lon: Floats, *, width: float, tallest: float) -> Frame:
    """Return the frame that shows the geometries, or where a few accounts lie far off, all but those.

    Parameters
    ----------
    geometry
        Polygons in degrees, empty ones allowed, not all empty.
    lat, lon
        The accounts, degrees; shape ``(accounts,)``.
    width
        Pixels.
    tallest
        Pixels; a taller region is shown smaller.
    """
    corners = shapely.get_coordinates(geometry)
    middle = _middle_longitude(corners[:, 0])
    whole = _bounds(relative_longitude(corners[:, 0], middle), corners[:, 1])
    core = _core(relative_longitude(lon, middle), lat, whole)
    west, south, east, north = whole if core is None else core
    if core is not None:
        corners = _outline(core) + np.array([middle, 0.0])
    center = (south + north) / 2, middle + (west + east) / 2
    is_world = east - west > _WIDEST_DEGREES
    x, y = _projected(corners, lat=center[0], lon=center[1], is_world=is_world)
    margin = _MARGIN * max(np.ptp(x), np.ptp(y), 1e-6)
    span_x, span_y = np.ptp(x) + 2 * margin, np.ptp(y) + 2 * margin
    scale = min(width / span_x, tallest / span_y)
    aside = 0.15 * max(east - west, north - south) + 2.0 + (width / scale - span_x) * 28.6
    widening = np.cos(np.radians(min(max(abs(south), abs(north)) + aside, 80.0)))
    half = min(((east - west) / 2 + aside) / widening, _HALF_TURN)
    return Frame(
        lat=center[0],
        lon=center[1],
        is_world=is_world,
        left=float(x.min() - margin - (width / scale - span_x) / 2),
        top=float(y.max() + margin),
        scale=float(scale),
        width=width,
        height=float(span_y * scale),
        box=(-half, max(south - aside, -89.0), half, min(north + aside, 89.0)),
    )


def _bounds(x: Floats, y: Floats) -> tuple[float, float, float, float]:
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _core(x: Floats, y: Floats, whole: tuple[float, float, float, float]) -> tuple[float, float, float, float] | None:
    """Return the rectangle of nearly all accounts, where it is much smaller than the whole."""
    if x.size < _FEWEST_FOR_CORE:
        return None
    west, east = np.quantile(x, [_CUT_OFF, 1 - _CUT_OFF]).tolist()
    south, north = np.quantile(y, [_CUT_OFF, 1 - _CUT_OFF]).tolist()
    aside = 0.06 * max(east - west, north - south)
    core = (
        max(west - aside, whole[0]),
        max(south - aside, whole[1]),
        min(east + aside, whole[2]),
        min(north + aside, whole[3]),
    )
    size = (core[2] - core[0]) * (core[3] - core[1])
    return core if size < _CORE_SHARE * (whole[2] - whole[0]) * (whole[3] - whole[1]) else None


def _outline(box: tuple[float, float, float, float]) -> Floats:
    """Return points along a rectangle, shape ``(points, 2)``."""
    part = np.linspace(0.0, 1.0, 9)
    x, y = box[0] + (box[2] - box[0]) * part, box[1] + (box[3] - box[1]) * part
    edges = [(x, np.full(9, box[1])), (x, np.full(9, box[3])), (np.full(9, box[0]), y), (np.full(9, box[2]), y)]
    return np.concatenate([np.column_stack(edge) for edge in edges])


def relative_longitude(lon: Floats, middle: float) -> Floats:
    """Return longitudes relative to a meridian, within -180..180."""
    return np.asarray((lon - middle + 180.0) % 360.0 - 180.0, dtype=np.float64)


def _middle_longitude(lon: Floats) -> float:
    """Return the meridian opposite to the widest gap between the longitudes."""
    rising = np.unique(np.round(lon, 2))
    gaps = np.diff(np.append(rising, rising[0] + 360.0))
    widest = int(np.argmax(gaps))
    return float((rising[widest] + gaps[widest] / 2) % 360.0 - 180.0)


def _projected(lon_lat: Floats, *, lat: float, lon: float, is_world: bool) -> tuple[Floats, Floats]:
    theta = np.radians(relative_longitude(lon_lat[:, 0], lon))
    phi, phi_0 = np.radians(lon_lat[:, 1]), np.radians(lat)
    if is_world:
        return theta, phi
    cosine = np.sin(phi_0) * np.sin(phi) + np.cos(phi_0) * np.cos(phi) * np.cos(theta)
    k = np.sqrt(2.0 / np.maximum(1.0 + cosine, 1e-6))
    x = k * np.cos(phi) * np.sin(theta)
    y = k * (np.cos(phi_0) * np.sin(phi) - np.sin(phi_0) * np.cos(phi) * np.cos(theta))
    return x, y
