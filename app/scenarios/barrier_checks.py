"""Barriers that are none: every polygon at once, each with its place in the criteria and its name."""

from collections.abc import Iterator

from app.errors import Fault
from app.scenarios.barrier_schemas import TravelBarrier
from app.scenarios.schemas import Criteria
from geo_data.barriers import BarrierShapeError, barrier_polygons

MAX_VERTICES = 3_000
"""Corners of all barriers together: ways are looked for from every corner to every other."""


def barrier_faults(criteria: Criteria) -> Iterator[Fault]:
    """Yield a fault for each barrier that is no polygon, for too many corners, and where no way is measured."""
    barriers = criteria.travel.barriers
    if not barriers:
        return
    if criteria.travel.has_pair_costs:
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail=f"travel.barriers are given, but travel.source '{criteria.travel.source}' measures no way.",
            fix="Leave the barriers out, or use 'great_circle'.",
            pointer="/criteria/travel/barriers",
        )
    vertices = sum(_num_vertices(barrier) for barrier in barriers)
    if vertices > MAX_VERTICES:
        yield Fault(
            code="TOO_MANY",
            detail=f"The barriers have {vertices:,} corners; the limit is {MAX_VERTICES:,}.",
            fix="Simplify them: a detour needs no more detail than the roads along them.",
            pointer="/criteria/travel/barriers",
            params={"vertices": vertices, "limit": MAX_VERTICES},
        )
        return
    for index, barrier in enumerate(barriers):
        try:
            barrier_polygons(barrier.geometry.model_dump())
        except BarrierShapeError as error:
            named = f"barrier '{barrier.name[:64]}'" if barrier.name else f"barrier {index + 1}"
            yield Fault(
                code=error.code,
                detail=f"The polygon of the {named} is refused: {error.detail}.",
                fix=f"{error.fix[:1].upper()}{error.fix[1:]}.",
                pointer=f"/criteria/travel/barriers/{index}/geometry",
                params={"name": barrier.name, "index": index},
            )


def _num_vertices(barrier: TravelBarrier) -> int:
    """Return how many positions a barrier's rings have."""
    geometry = barrier.geometry
    polygons = [geometry.coordinates] if geometry.type == "Polygon" else geometry.coordinates
    return sum(len(ring) for polygon in polygons for ring in polygon)
