"""Which unit each account lies in: the one it names, else the one that holds its point."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import shapely

from app.datasets.checks.numbers import numbers
from app.datasets.faults import FaultLog, Origin
from app.datasets.readers.units import REACH
from app.errors import Fault
from geo_data.adjacency import neighbors
from geo_data.layer import locate_in_units


def placed_in_units(accounts: pa.Table, units: pa.Table, origin: Origin, log: FaultLog) -> pa.Table:
    """Fill in the unit of every account that names none, and warn of those outside all units.

    Parameters
    ----------
    accounts
        Accounts with the places that are known.
    units
        At least one unit. Where their metadata says that borders are coarse, the nearest unit within reach has an
        account that lies in none.
    origin
        Where the accounts came from.
    log
        Receives a warning for each account that has a place and no unit.
    """
    lat, lon = numbers(accounts, "lat"), numbers(accounts, "lon")
    is_open = accounts["unit_id"].is_null().to_numpy() & np.isfinite(lat) & np.isfinite(lon)
    rows = np.flatnonzero(is_open)
    if not rows.size:
        return accounts
    polygons = shapely.from_wkb(units["geometry"].to_numpy(zero_copy_only=False))
    unit = locate_in_units(polygons, lat[rows], lon[rows])
    reach = float((units.schema.metadata or {}).get(REACH, b"0"))
    if reach:
        lost = np.flatnonzero(unit < 0)
        near, nearest = shapely.STRtree(polygons).query_nearest(
            shapely.points(lon[rows[lost]], lat[rows[lost]]), max_distance=reach, all_matches=False
        )
        unit[lost[near]] = nearest
    log.rows(rows[unit < 0], _outside(origin), severity="warning")
    ids = np.array([*units["id"].to_pylist(), None], dtype=object)
    named = np.array(accounts["unit_id"].to_pylist(), dtype=object)
    named[rows] = ids[unit]
    position = accounts.column_names.index("unit_id")
    return accounts.set_column(position, "unit_id", pa.array(named, pa.string()))


def warn_of_bridges(units: pa.Table, origin: Origin, log: FaultLog) -> None:
    """Warn of units that touch no other part of the map, and say what contiguity joins them to."""
    adjacency = neighbors(units["geometry"].to_pylist(), "rook")
    bridged, ids, names = adjacency.bridged, units["id"].to_pylist(), units["name"].to_pylist()

    def label(unit: int) -> str:
        return f"'{ids[unit][:64]}'" + (f" ({names[unit][:64]})" if names[unit] else "")

    def make(bridge: int) -> Fault:
        one, other = bridged[bridge].tolist()
        length = float(adjacency.bridge_km[bridge])
        detail = (
            f"The units {label(one)} and {label(other)} do not share a border; one of them belongs to a part of the "
            f"map that stands alone, so contiguity counts them as neighbors across {length:,.1f} km."
        )
        params = {"unit_ids": [ids[one], ids[other]], "length_km": round(length, 3)}
        return Fault(
            code="ISLAND_BRIDGED", detail=detail, params=params, severity="warning", **origin.place(one, "geometry")
        )

    log.rows(np.arange(len(bridged)), make, severity="warning")


def _outside(origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        detail = "The account lies in none of the units."
        fix = "Give its unit_id or check its coordinates."
        return Fault(code="OUTSIDE_ALL_UNITS", detail=detail, fix=fix, severity="warning", **origin.place(row, "lat"))

    return make
