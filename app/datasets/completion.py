"""Complete what callers may leave out: workload from visits, defaults, and where an account is.

Runs on tables as read, before the checks; says nothing about what is wrong except where a place is unknown.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from app.datasets.faults import Origin
from app.datasets.placement import placed_in_units, warn_of_bridges
from app.datasets.readers.reading import Reading
from app.datasets.tables import (
    ACCOUNT_FIELDS,
    ATTRIBUTE_PREFIX,
    MEASURE_PREFIX,
    PAIR_FIELDS,
    REP_FIELDS,
    UNIT_FIELDS,
    DatasetTables,
)
from app.errors import Fault, Severity
from geo_data.gazetteer import US_NAMES, locate_postal_codes

WORKLOAD = MEASURE_PREFIX + "workload"
DEFAULT_FTE = 1.0
US_BOX = (13.0, 72.0, -180.0, -64.0)
"""South, north, west and east of the United States with Alaska, Hawaii and Puerto Rico, in degrees."""
Flags = NDArray[np.bool_]
Places = tuple[NDArray[np.float64], NDArray[np.float64]]
_OR_LEAVE_OUT = 'Send lat and lon for these accounts, or leave them out with unlocated: "leave_out".'


def complete(reading: Reading, *, needs_places: bool = True) -> DatasetTables:
    """Return the dataset's tables in their stored form.

    Parameters
    ----------
    needs_places
        An account without a place is an error where there are no pairs; otherwise it is a warning.
    """
    tables = reading.tables
    units = tables.get("units")
    accounts = tables.get("accounts", ACCOUNT_FIELDS.empty_table())
    severity: Severity = "error" if needs_places and "pairs" not in tables else "warning"
    located = _located(accounts, units, reading, severity)
    if units is not None and units.num_rows:
        located = placed_in_units(located, units, reading.origin("accounts"), reading.log)
        if not reading.log.num_errors:
            warn_of_bridges(units, reading.origin("units"), reading.log)
    pairs = tables.get("pairs")
    return DatasetTables(
        accounts=_accounts(located),
        reps=complete_reps(tables.get("reps", REP_FIELDS.empty_table())),
        pairs=None if pairs is None else _ordered(_filled(pairs, "forbidden", False), PAIR_FIELDS),
        units=None if units is None else units.select(UNIT_FIELDS.names),
    )


def _accounts(accounts: pa.Table) -> pa.Table:
    """Fill in what an account leaves out; a missing measure is 0, workload is visits times hours."""
    product = pc.multiply(accounts["visits_per_year"], accounts["hours_per_visit"])
    if WORKLOAD in accounts.column_names:
        position = accounts.column_names.index(WORKLOAD)
        accounts = accounts.set_column(position, WORKLOAD, pc.coalesce(accounts[WORKLOAD], product))
    elif product.null_count < len(product):
        accounts = accounts.append_column(WORKLOAD, product)
    for name in accounts.column_names:
        if name.startswith(MEASURE_PREFIX):
            accounts = _filled(accounts, name, 0.0)
    accounts = _filled(accounts, "locked", False)
    return _ordered(_with_lists(accounts, "requires"), ACCOUNT_FIELDS)


def complete_reps(reps: pa.Table) -> pa.Table:
    """Return reps in their stored form: full time and active where that is left out."""
    reps = _filled(_filled(reps, "fte", DEFAULT_FTE), "active", True)
    return _ordered(_with_lists(reps, "skills"), REP_FIELDS)


def _filled(table: pa.Table, name: str, value: float | bool) -> pa.Table:
    position = table.column_names.index(name)
    return table.set_column(position, name, pc.fill_null(table[name], value))


def _with_lists(table: pa.Table, name: str) -> pa.Table:
    """Return the table with an empty list where a list of texts is missing."""
    column = table[name]
    if column.null_count:
        empty = pa.scalar([], pa.list_(pa.string()))
        column = pc.coalesce(column, pa.repeat(empty, len(column)))
    return table.set_column(table.column_names.index(name), name, column)


def _ordered(table: pa.Table, fields: pa.Schema) -> pa.Table:
    """Return stored fields, then measures and limits, then attributes; columns that say nothing are left out."""
    others = [name for name in table.column_names if name not in fields.names]
    said = [name for name in others if table[name].null_count < len(table)]
    said.sort(key=lambda name: name.startswith(ATTRIBUTE_PREFIX))
    ordered = table.select([*fields.names, *said])
    schema = pa.schema([*fields, *(pa.field(name, ordered.schema.field(name).type) for name in said)])
    return ordered.cast(schema).combine_chunks()


def _located(accounts: pa.Table, units: pa.Table | None, reading: Reading, severity: Severity) -> pa.Table:
    """Return the accounts with a place each, where coordinates, a unit or a postal code gives one.

    An account that has none is a fault of the given severity.
    """
    origin, log = reading.origin("accounts"), reading.log
    lat = np.array(accounts["lat"].to_numpy(), dtype=np.float64)
    lon = np.array(accounts["lon"].to_numpy(), dtype=np.float64)
    has_lat, has_lon = ~np.isnan(lat), ~np.isnan(lon)
    located_by = np.full(len(lat), None, dtype=object)
    located_by[has_lat & has_lon] = "coordinates"
    half = log.without_errors_at(np.flatnonzero(has_lat != has_lon), origin, ("lat", "lon"))
    log.rows(half, _half_a_place(origin, has_lat))
    nowhere = ~has_lat & ~has_lon
    if units is not None and units.num_rows:
        _locate_in_units(accounts, units, nowhere, (lat, lon), located_by)
    _locate_by_postal_code(accounts, nowhere, (lat, lon), located_by, reading, severity)
    is_lost = nowhere & (located_by == None)  # noqa: E711 - compares every element
    unknown_codes = is_lost & accounts["postal_code"].is_valid().to_numpy()
    lost = log.without_errors_at(np.flatnonzero(is_lost & ~unknown_codes), origin, ("lat", "lon"))
    log.rows(lost, _no_place(origin, severity), severity=severity)
    for name, values in (("lat", lat), ("lon", lon)):
        column = pa.array(values, pa.float64(), mask=np.isnan(values))
        accounts = accounts.set_column(accounts.column_names.index(name), name, column)
    position = accounts.column_names.index("lon") + 1
    if "located_by" in accounts.column_names:
        accounts = accounts.drop_columns("located_by")
    return accounts.add_column(position, "located_by", pa.array(located_by, pa.string()))


def _locate_in_units(
    accounts: pa.Table,
    units: pa.Table,
    nowhere: Flags,
    place: Places,
    located_by: NDArray[np.object_],
) -> None:
    points = shapely.point_on_surface(shapely.from_wkb(units["geometry"].to_numpy(zero_copy_only=False)))
    unit = pc.index_in(accounts["unit_id"], value_set=units["id"].combine_chunks()).combine_chunks()
    index = pc.fill_null(unit, -1).to_numpy(zero_copy_only=False)
    found = nowhere & (index >= 0)
    place[0][found] = shapely.get_y(points[index[found]])
    place[1][found] = shapely.get_x(points[index[found]])
    located_by[found] = "unit"


def _locate_by_postal_code(
    accounts: pa.Table,
    nowhere: Flags,
    place: Places,
    located_by: NDArray[np.object_],
    reading: Reading,
    severity: Severity,
) -> None:
    is_open = nowhere & (located_by == None) & accounts["postal_code"].is_valid().to_numpy()  # noqa: E711 - by element
    rows = np.flatnonzero(is_open)
    if not rows.size:
        return
    origin, log = reading.origin("accounts"), reading.log
    codes = accounts["postal_code"].take(rows).to_pylist()
    is_elsewhere = _lie_elsewhere(accounts, reading.tables.get("reps"), place)
    match = locate_postal_codes(codes, accounts["country"].take(rows).to_pylist(), is_elsewhere=is_elsewhere)
    known = ~np.isnan(match.lat)
    place[0][rows[known]], place[1][rows[known]] = match.lat[known], match.lon[known]
    located_by[rows[known]] = "postal_code"
    unlisted = dict(zip(rows.tolist(), zip(codes, match.area_km.tolist(), strict=True), strict=True))
    log.rows(rows[~known], _unknown_code(unlisted, origin, severity), severity=severity)
    log.rows(rows[match.area_km > 0], _placed_in_area(unlisted, origin), severity="warning")


def _lie_elsewhere(accounts: pa.Table, reps: pa.Table | None, place: Places) -> bool:
    """Tell whether nothing that says where it is, account or rep, lies in the United States.

    Then a postal code without a country is none of theirs: 10115 is in New York, and in Berlin.
    """
    lat, lon = place
    if reps is not None:
        lat = np.append(lat, reps["lat"].to_numpy())
        lon = np.append(lon, reps["lon"].to_numpy())
    known = ~np.isnan(lat) & ~np.isnan(lon)
    if known.any():
        south, north, west, east = US_BOX
        return not (known & (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)).any()
    told = [name.strip().lower() for name in accounts["country"].drop_null().to_pylist() if name.strip()]
    return bool(told) and not any(name in US_NAMES for name in told)


def _unknown_code(codes: Mapping[int, tuple[str, float]], origin: Origin, severity: Severity) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        code, _ = codes[row]
        detail = f"The postal code '{code[:40]}' is not in our list (US ZIP codes); send lat and lon."
        return Fault(
            code="POSTAL_CODE_UNKNOWN",
            detail=detail,
            fix=_OR_LEAVE_OUT if severity == "error" else "",
            value=code,
            severity=severity,
            **origin.place(row, "postal_code"),
        )

    return make


def _placed_in_area(codes: Mapping[int, tuple[str, float]], origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        code, area_km = codes[row]
        area = code.strip().zfill(5)[:3]
        detail = (
            f"The postal code '{code[:40]}' is not in our list (US ZIP codes). The account is placed in the middle of "
            f"the codes that begin with {area}, of which those we know lie up to {area_km:,.0f} km from there."
        )
        return Fault(
            code="POSTAL_CODE_UNKNOWN",
            detail=detail,
            fix="Send lat and lon where that is too coarse.",
            value=code,
            params={"area": area, "area_km": round(area_km)},
            severity="warning",
            **origin.place(row, "postal_code"),
        )

    return make


def _half_a_place(origin: Origin, has_lat: Flags) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        given, missing = ("lat", "lon") if has_lat[row] else ("lon", "lat")
        detail = f"{missing} is missing but {given} is given; send both or neither."
        fix, params = f"Send {missing}, too.", {"given": given}
        return Fault(code="COORDINATE_MISSING", detail=detail, fix=fix, params=params, **origin.place(row, missing))

    return make


def _no_place(origin: Origin, severity: Severity) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        detail = "There is no lat and lon; send them, a unit_id of a unit that was sent, or a postal code."
        return Fault(code="COORDINATE_MISSING", detail=detail, severity=severity, **origin.place(row, "lat"))

    return make
