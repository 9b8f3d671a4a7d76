"""The import check: everything that is wrong with a dataset's tables, in one pass, without a database."""

from app.datasets.checks.identity import check_ids, check_texts
from app.datasets.checks.limits import CheckLimits
from app.datasets.checks.locks import check_locks
from app.datasets.checks.numbers import check_numbers
from app.datasets.checks.places import check_places
from app.datasets.checks.references import check_references
from app.datasets.checks.sizes import check_sizes
from app.datasets.checks.wishes import check_wishes
from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import DatasetTables


def check_tables(tables: DatasetTables, origins: dict[str, Origin], log: FaultLog, limits: CheckLimits) -> None:
    """Find everything that is wrong with completed tables, and warn of wishes that cannot be met.

    Parameters
    ----------
    tables
        The dataset in its stored form.
    origins
        Where each table came from.
    log
        Receives every fault.
    limits
        Limits and what the caller vouches for.
    """
    check_sizes(tables, origins, log, limits)
    for name, table in tables.named():
        check_texts(table, origins[name], log, limits)
        check_ids(table, origins[name], log)
    check_numbers(tables, origins, log)
    check_places(tables, origins, log, confirmed=limits.coordinates_confirmed)
    check_references(tables, origins, log)
    check_locks(tables, origins, log)
    if not log.num_errors:
        check_wishes(tables, origins, log)


__all__ = ["CheckLimits", "check_tables"]
