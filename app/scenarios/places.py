"""Whose place must be known: what is asked decides whether distances are measured, and to whom.

Imports neither the web nor the database.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.datasets.tables import DatasetTables
from app.errors import Fault
from app.scenarios.center import Centers
from app.scenarios.columns import Bool, Float64, flags, ids, numbers
from app.scenarios.place_costs import has_place_costs, reps_with_costs
from app.scenarios.schemas import Criteria


def needs_distance(tables: DatasetTables, criteria: Criteria) -> bool:
    """Tell whether distances are measured: something asks for them, or every place is known anyway."""
    limited = not np.isnan(numbers(tables.reps, "max_distance_km")).all()
    if criteria.travel.has_pair_costs:
        return limited or criteria.compactness.weight > 0
    if criteria.travel.weight > 0 or criteria.compactness.weight > 0 or limited or criteria.travel.barriers:
        return True
    return not (_has_gaps(tables.accounts) or _has_gaps(tables.reps))


def measures_from_centers(tables: DatasetTables, criteria: Criteria) -> bool:
    """Tell whether anything that is asked depends on where reps are."""
    if _measures_distance(tables, criteria):
        return True
    return criteria.travel.has_pair_costs and has_place_costs(tables)


def _measures_distance(tables: DatasetTables, criteria: Criteria) -> bool:
    """Tell whether kilometers from reps count."""
    if not np.isnan(numbers(tables.reps, "max_distance_km")).all() or criteria.compactness.weight > 0:
        return True
    return not criteria.travel.has_pair_costs and (criteria.travel.weight > 0 or bool(criteria.travel.barriers))


def free_reps(tables: DatasetTables, criteria: Criteria, known: Centers) -> npt.NDArray[np.int64]:
    """Return the positions of active reps without a home or a known center, where that matters.

    Where only the caller's costs from places ask for a center, who has costs of its own needs none.
    """
    if not measures_from_centers(tables, criteria):
        return np.zeros(0, dtype=np.int64)
    lacking = np.isnan(numbers(tables.reps, "lat")) | np.isnan(numbers(tables.reps, "lon"))
    placed = np.array([rep_id in known for rep_id in ids(tables.reps)], dtype=np.bool_)
    free = lacking & ~placed & flags(tables.reps, "active", missing=True)
    if not _measures_distance(tables, criteria):
        priced = reps_with_costs(tables)
        free &= np.array([rep_id not in priced for rep_id in ids(tables.reps)], dtype=np.bool_)
    return np.flatnonzero(free)


def missing_places(noun: str, places: tuple[Float64, Float64], needed: Bool) -> list[Fault]:
    """Return a fault for each account or active rep that a distance is measured from or to and has no place."""
    missing = np.flatnonzero((np.isnan(places[0]) | np.isnan(places[1])) & needed)
    who = "account" if noun == "accounts" else "rep"
    return [
        Fault(
            code="COORDINATE_MISSING",
            detail=f"The {who} in row {position + 1} has no lat and lon, which travel and compactness need.",
            fix="Send lat and lon, or set the weights of travel and compactness to 0.",
            pointer=f"/{noun}/{position}/lat",
            row=int(position) + 1,
        )
        for position in missing.tolist()
    ]


def _has_gaps(table: pa.Table) -> bool:
    return bool(np.isnan(numbers(table, "lat")).any() or np.isnan(numbers(table, "lon")).any())
