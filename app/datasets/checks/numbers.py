"""Numbers: finite, not negative, and no minimum above its maximum."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import MAXIMUM_PREFIX, MEASURE_PREFIX, MINIMUM_PREFIX, TARGET_PREFIX, DatasetTables, prefixed
from app.errors import Fault

PLACES = frozenset({"lat", "lon"})
LARGEST, SMALLEST = 1e100, 1e-100
"""Amounts beyond these have sums, products with distances or quotients that no double holds."""


def check_numbers(tables: DatasetTables, origins: Mapping[str, Origin], log: FaultLog) -> None:
    """Check every column of numbers but the coordinates, and every capacity."""
    for name, table in tables.named():
        for column in table.column_names:
            if pa.types.is_floating(table.schema.field(column).type) and column not in PLACES:
                _check_column(numbers(table, column), column, origins[name], log)
    _check_capacities(tables.reps, origins["reps"], log)
    _check_limited_measures(tables, origins["reps"], log)


def numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a column as an array, NaN where null. Shape ``(rows,)``."""
    values: NDArray[np.float64] = table[name].to_numpy().astype(np.float64, copy=False)
    return values


def _check_column(values: NDArray[np.float64], name: str, origin: Origin, log: FaultLog) -> None:
    label = origin.label(name)

    def infinite(row: int) -> Fault:
        detail = f"{label} is not a finite number."
        return Fault(code="NOT_A_FINITE_NUMBER", detail=detail, **origin.place(row, name))

    def negative(row: int) -> Fault:
        value = float(values[row])
        detail = f"{label} is {value:g}; amounts begin at 0."
        return Fault(code="NEGATIVE_MEASURE", detail=detail, value=value, **origin.place(row, name))

    def beyond(row: int) -> Fault:
        value = float(values[row])
        limit = (
            f"above the largest amount of {LARGEST:g}" if value > 1 else f"below the smallest amount of {SMALLEST:g}"
        )
        fix = "Use another unit, or correct the number."
        return Fault(
            code="INVALID_VALUE",
            detail=f"{label} is {value:g}, {limit}.",
            fix=fix,
            value=value,
            params={"max": LARGEST, "min": SMALLEST},
            **origin.place(row, name),
        )

    is_beyond = (values > LARGEST) | ((values > 0) & (values < SMALLEST))
    log.rows(np.flatnonzero(np.isinf(values)), infinite)
    log.rows(np.flatnonzero(is_beyond & np.isfinite(values)), beyond)
    log.rows(np.flatnonzero((values < 0) & np.isfinite(values)), negative)


def _check_capacities(reps: pa.Table, origin: Origin, log: FaultLog) -> None:
    maxima = set(prefixed(reps, MAXIMUM_PREFIX))
    for measure in prefixed(reps, MINIMUM_PREFIX):
        if measure not in maxima:
            continue
        smallest, largest = numbers(reps, MINIMUM_PREFIX + measure), numbers(reps, MAXIMUM_PREFIX + measure)
        log.rows(np.flatnonzero(smallest > largest), _crossed(measure, smallest, largest, origin))


def _crossed(
    measure: str, smallest: NDArray[np.float64], largest: NDArray[np.float64], origin: Origin
) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        low, high = float(smallest[row]), float(largest[row])
        detail = f"The capacity for {measure} has a minimum of {low:g} above its maximum of {high:g}."
        params = {"measure": measure, "min": low, "max": high}
        return Fault(
            code="CONTRADICTORY_SETTING", detail=detail, params=params, **origin.place(row, MINIMUM_PREFIX + measure)
        )

    return make


def _check_limited_measures(tables: DatasetTables, origin: Origin, log: FaultLog) -> None:
    """Refuse limits and targets of measures that no account has."""
    known = {"accounts", *prefixed(tables.accounts, MEASURE_PREFIX)}
    for prefix in (MINIMUM_PREFIX, MAXIMUM_PREFIX, TARGET_PREFIX):
        for measure in prefixed(tables.reps, prefix):
            given = np.flatnonzero(~np.isnan(numbers(tables.reps, prefix + measure)))
            if measure in known or not given.size:
                continue
            detail = f"No account has the measure '{measure[:64]}'; known are {', '.join(sorted(known))[:200]}."
            place = origin.place(int(given[0]), prefix + measure)
            log.add(Fault(code="UNKNOWN_REFERENCE", detail=detail, params={"measure": measure}, **place))
