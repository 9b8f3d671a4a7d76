"""What a curve over team sizes asks of the data, before anything is stored."""

from collections.abc import Iterator

import numpy as np

from app.curves.requests import CurveRequest
from app.datasets.tables import DatasetTables
from app.errors import Fault
from app.scenarios.columns import flags, numbers
from app.scenarios.schemas import Criteria
from app.scenarios.team_sizes import must_stay
from app.settings import Settings


def smallest_reach(tables: DatasetTables) -> float | None:
    """Return the smallest largest distance of an active rep in km, None where no rep has one."""
    active = flags(tables.reps, "active", missing=True)
    reach = numbers(tables.reps, "max_distance_km")[active]
    return None if not len(reach) or np.isnan(reach).all() else float(np.nanmin(reach))


def size_faults(tables: DatasetTables, criteria: Criteria, wanted: CurveRequest, settings: Settings) -> Iterator[Fault]:
    """Yield a fault for each team that cannot be made of these reps."""
    active = flags(tables.reps, "active", missing=True)
    staying = int((must_stay(tables, criteria) & active).sum())
    smallest, largest = wanted.from_ or 1, wanted.to or 1
    if smallest < staying:
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail=f"{staying:,} reps have locked accounts or are frozen, so no team can have {smallest:,}.",
            fix=f"Begin at {staying:,}, or release their locks.",
            pointer="/from",
            value=smallest,
            params={"staying": staying},
        )
    if largest > int(active.sum()) and criteria.travel.source == "pairs":
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail="travel.source is 'pairs', and new reps have no pairs, so the team cannot grow.",
            fix=f"End at {int(active.sum()):,}, the reps there are, or use 'great_circle'.",
            pointer="/to",
            value=largest,
        )
    if largest > settings.max_reps:
        yield Fault(
            code="TOO_MANY",
            detail=f"A team of {largest:,} reps is above the limit of {settings.max_reps:,}.",
            pointer="/to",
            value=largest,
        )
