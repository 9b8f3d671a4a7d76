"""Coordinates: in range, not exchanged, not a geocoder's default, not at the other end of the world."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.datasets.checks.numbers import numbers
from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import DatasetTables
from app.errors import Fault

MAX_LAT, MAX_LON = 90.0, 180.0
SWAPPED_SHARE = 0.9
OUT_OF_RANGE_SHARE = 0.5
REPEATED_SHARE = 0.2
REPEATED_AT_LEAST = 10
NEAR_REPS_DEGREES = 5.0
FAR_FROM_ALL_DEGREES = 15.0
FAR_AT_MOST_SHARE = 0.01
SMALLEST_SAMPLE = 20
Places = tuple[NDArray[np.float64], NDArray[np.float64]]


def check_places(tables: DatasetTables, origins: Mapping[str, Origin], log: FaultLog, *, confirmed: bool) -> None:
    """Check the coordinates of accounts and reps."""
    for name in ("reps", "accounts"):
        table: pa.Table = getattr(tables, name)
        origin = origins[name]
        given = numbers(table, "lat"), numbers(table, "lon")
        if name == "reps":
            half = np.flatnonzero(np.isnan(given[0]) != np.isnan(given[1]))
            log.rows(log.without_errors_at(half, origin, ("lat", "lon")), _half(given, origin))
        reps = numbers(tables.reps, "lat"), numbers(tables.reps, "lon")
        if name == "accounts" and not confirmed and _look_swapped_among_reps(given, reps, origin, log):
            continue
        if _check_range(given, origin, log, confirmed=confirmed) and name == "accounts":
            _warn(given, origin, log)


def _check_range(places: Places, origin: Origin, log: FaultLog, *, confirmed: bool) -> bool:
    """Check ranges; tell whether all are good."""
    lat, lon = places
    known = ~np.isnan(lat) & ~np.isnan(lon)
    bad_lat, bad_lon = np.abs(lat) > MAX_LAT, np.abs(lon) > MAX_LON
    if not (bad_lat | bad_lon).any():
        return True
    if not bad_lat.any() and lon.min(initial=0, where=known) >= 0 and lon.max(initial=0, where=known) <= 360:
        log.rows(np.flatnonzero(bad_lon), _over_180(lon, origin))
        return False
    turned = bad_lat & (np.abs(lat) <= MAX_LON) & (np.abs(lon) <= MAX_LAT)
    repaired_by_exchange = turned.sum() == (bad_lat | bad_lon).sum() >= OUT_OF_RANGE_SHARE * known.sum()
    if repaired_by_exchange and not confirmed:
        _swapped(int(turned.sum()), int(known.sum()), np.flatnonzero(turned), origin, log)
        return False
    log.rows(np.flatnonzero(bad_lat), _outside("lat", lat, MAX_LAT, origin))
    log.rows(np.flatnonzero(bad_lon), _outside("lon", lon, MAX_LON, origin))
    return False


def _look_swapped_among_reps(places: Places, reps: Places, origin: Origin, log: FaultLog) -> bool:
    """Refuse coordinates that lie among the reps only after lat and lon are exchanged; tell whether they do."""
    lat, lon = places
    known = np.flatnonzero(~np.isnan(lat) & ~np.isnan(lon))
    homes = ~np.isnan(reps[0]) & ~np.isnan(reps[1])
    if not homes.any() or not known.size:
        return False
    south, north = reps[0][homes].min() - NEAR_REPS_DEGREES, reps[0][homes].max() + NEAR_REPS_DEGREES
    west, east = reps[1][homes].min() - NEAR_REPS_DEGREES, reps[1][homes].max() + NEAR_REPS_DEGREES
    among = (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)
    after = (lon >= south) & (lon <= north) & (lat >= west) & (lat <= east)
    moved_in = after & ~among
    if after[known].mean() < SWAPPED_SHARE or among[known].mean() > 1 - SWAPPED_SHARE:
        return False
    _swapped(int(moved_in[known].sum()), len(known), np.flatnonzero(moved_in), origin, log)
    return True


def _swapped(count: int, total: int, rows: NDArray[np.int64], origin: Origin, log: FaultLog) -> None:
    detail = (
        f"lat and lon look exchanged in {count:,} of {total:,} {origin.table}; exchange the columns, "
        "or send coordinates_confirmed: true."
    )
    params = {"count": count, "total": total}
    place = origin.place(int(rows[0]), "lat")
    log.add(Fault(code="COORDINATES_LOOK_SWAPPED", detail=detail, params=params, **place))


def _warn(places: Places, origin: Origin, log: FaultLog) -> None:
    lat, lon = places
    known = ~np.isnan(lat) & ~np.isnan(lon)
    total = int(known.sum())
    if not total:
        return
    null_island = known & (lat == 0) & (lon == 0)
    log.rows(np.flatnonzero(null_island), _null_island(origin), severity="warning")
    real = np.flatnonzero(known & ~null_island)
    if total >= REPEATED_AT_LEAST and real.size:
        _warn_repeated(places, real, total, origin, log)
    if real.size >= SMALLEST_SAMPLE:
        _warn_far(places, real, origin, log)


def _warn_repeated(places: Places, rows: NDArray[np.int64], total: int, origin: Origin, log: FaultLog) -> None:
    points = places[0][rows] + 1j * places[1][rows]
    _, first, counts = np.unique(points, return_index=True, return_counts=True)
    for position in np.flatnonzero(counts > REPEATED_SHARE * total):
        row = int(rows[first[position]])
        lat, lon, count = float(places[0][row]), float(places[1][row]), int(counts[position])
        detail = f"{count:,} of {total:,} accounts lie at {lat:g}, {lon:g}; a geocoder's default is likely."
        params = {"lat": lat, "lon": lon, "count": count, "total": total}
        log.add(
            Fault(
                code="COORDINATE_REPEATED",
                detail=detail,
                params=params,
                severity="warning",
                **origin.place(row, "lat"),
            )
        )


def _warn_far(places: Places, rows: NDArray[np.int64], origin: Origin, log: FaultLog) -> None:
    """Warn of the few accounts whose cell, and the cells around it, hold nobody else."""
    cells_lat = np.floor((places[0][rows] + MAX_LAT) / FAR_FROM_ALL_DEGREES).astype(np.int64)
    cells_lon = np.floor((places[1][rows] + MAX_LON) / FAR_FROM_ALL_DEGREES).astype(np.int64)
    num_lat, num_lon = int(2 * MAX_LAT / FAR_FROM_ALL_DEGREES) + 1, int(2 * MAX_LON / FAR_FROM_ALL_DEGREES)
    cells_lon %= num_lon
    counts = np.zeros((num_lat, num_lon), dtype=np.int64)
    np.add.at(counts, (cells_lat, cells_lon), 1)
    around = np.zeros_like(counts)
    for step_lat in (-1, 0, 1):
        shifted = np.zeros_like(counts)
        source = slice(max(0, -step_lat), num_lat - max(0, step_lat))
        target = slice(max(0, step_lat), num_lat - max(0, -step_lat))
        shifted[target] = counts[source]
        for step_lon in (-1, 0, 1):
            around += np.roll(shifted, step_lon, axis=1)
    neighbors = around[cells_lat, cells_lon]
    few = max(1, int(FAR_AT_MOST_SHARE * len(rows)))
    far = rows[neighbors <= few]
    if far.size <= few:
        log.rows(far, _far(places, origin), severity="warning")


def _half(places: Places, origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        missing, given = ("lat", "lon") if np.isnan(places[0][row]) else ("lon", "lat")
        detail = f"{missing} is missing but {given} is given; send both or neither."
        fix, params = f"Send {missing}, too.", {"given": given}
        return Fault(code="COORDINATE_MISSING", detail=detail, fix=fix, params=params, **origin.place(row, missing))

    return make


def _outside(name: str, values: NDArray[np.float64], limit: float, origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        value = float(values[row])
        detail = f"{name} {value:g} is outside −{limit:g}..{limit:g}."
        if abs(value) > 2 * MAX_LON:
            detail = f"{detail[:-1]}; it looks like meters of a projection, send degrees WGS 84."
        params = {"min": -limit, "max": limit}
        place = origin.place(row, name)
        return Fault(code="COORDINATE_OUT_OF_RANGE", detail=detail, value=value, params=params, **place)

    return make


def _over_180(lon: NDArray[np.float64], origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        value = float(lon[row])
        detail = f"lon {value:g} is over 180; longitudes seem to run from 0 to 360: subtract 360 from values over 180."
        return Fault(code="LONGITUDE_0_360", detail=detail, value=value, **origin.place(row, "lon"))

    return make


def _null_island(origin: Origin) -> Callable[[int], Fault]:
    detail = "The account lies at 0, 0, in the sea off Africa; a geocoder's default is likely."
    return lambda row: Fault(code="NULL_ISLAND", detail=detail, severity="warning", **origin.place(row, "lat"))


def _far(places: Places, origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        lat, lon = float(places[0][row]), float(places[1][row])
        detail = f"The account at {lat:g}, {lon:g} lies far from nearly all others; check its coordinates."
        place = origin.place(row, "lat")
        return Fault(code="FAR_FROM_ALL", detail=detail, params={"lat": lat, "lon": lon}, severity="warning", **place)

    return make
