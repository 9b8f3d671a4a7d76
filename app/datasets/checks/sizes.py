"""No accounts, no reps, more rows or measures than the limit."""

from collections.abc import Mapping

from app.datasets.checks.limits import CheckLimits
from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import MEASURE_PREFIX, DatasetTables, prefixed
from app.errors import Fault

IMPLICIT_MEASURE = "accounts"


def check_sizes(tables: DatasetTables, origins: Mapping[str, Origin], log: FaultLog, limits: CheckLimits) -> None:
    """Count rows, measures, and accounts times reps."""
    for name, table in tables.named():
        place = origins[name].place(None)
        if table.num_rows == 0 and name in ("accounts", "reps"):
            log.add(Fault(code="EMPTY_LIST", detail=f"There are no {name}; send at least one.", **place))
        limit = limits.max_rows[name]
        if table.num_rows > limit:
            detail = f"There are {table.num_rows:,} {name}; the limit is {limit:,}."
            log.add(Fault(code="TOO_MANY", detail=detail, params={"rows": table.num_rows, "limit": limit}, **place))
    measures = prefixed(tables.accounts, MEASURE_PREFIX)
    place = origins["accounts"].place(None)
    if len(measures) > limits.max_measures:
        detail = (
            f"There are {len(measures)} measures; the limit is {limits.max_measures}. Map the others to attributes."
        )
        log.add(Fault(code="TOO_MANY", detail=detail, params={"limit": limits.max_measures}, **place))
    if IMPLICIT_MEASURE in measures:
        detail = "The measure 'accounts' is the count of accounts and always there; give this one another name."
        log.add(Fault(code="INVALID_VALUE", detail=detail, **place))
    num_accounts, num_reps = tables.accounts.num_rows, int(tables.reps["active"].to_numpy().sum())
    most = limits.max_account_rep_pairs
    if num_accounts * num_reps > most:
        detail = f"{num_accounts:,} accounts times {num_reps:,} active reps are more than {most:,}; split the problem."
        params = {"accounts": num_accounts, "reps": num_reps, "limit": most}
        log.add(Fault(code="PROBLEM_TOO_LARGE", detail=detail, params=params, **place))
