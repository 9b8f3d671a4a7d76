"""No accounts, no reps, more rows or measures than the limit."""

from collections.abc import Mapping

from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import MEASURE_PREFIX, DatasetTables, prefixed
from app.errors import Fault

IMPLICIT_MEASURE = "accounts"


def check_sizes(
    tables: DatasetTables,
    origins: Mapping[str, Origin],
    log: FaultLog,
    *,
    max_rows: Mapping[str, int],
    max_measures: int,
) -> None:
    """Count rows and measures."""
    for name, table in tables.named():
        place = origins[name].place(None)
        if table.num_rows == 0 and name in ("accounts", "reps"):
            log.add(Fault(code="EMPTY_LIST", detail=f"There are no {name}; send at least one.", **place))
        limit = max_rows[name]
        if table.num_rows > limit:
            detail = f"There are {table.num_rows:,} {name}; the limit is {limit:,}."
            log.add(Fault(code="TOO_MANY", detail=detail, params={"rows": table.num_rows, "limit": limit}, **place))
    measures = prefixed(tables.accounts, MEASURE_PREFIX)
    place = origins["accounts"].place(None)
    if len(measures) > max_measures:
        detail = f"There are {len(measures)} measures; the limit is {max_measures}. Map other columns to attributes."
        log.add(Fault(code="TOO_MANY", detail=detail, params={"limit": max_measures}, **place))
    if IMPLICIT_MEASURE in measures:
        detail = "The measure 'accounts' is the count of accounts and always there; give this one another name."
        log.add(Fault(code="INVALID_VALUE", detail=detail, **place))
