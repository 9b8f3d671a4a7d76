"""Barriers as they stand in JSON: a polygon, and what crossing it costs.

Imports pydantic only, so that the solver's child process can read them. Whether a polygon is one is found in
:mod:`app.scenarios.barrier_checks`.
"""

from typing import Annotated, Literal

from pydantic import Field

from app.scenarios.numbers import Amount, StrictModel

MAX_BARRIERS = 500

Position = Annotated[list[float], Field(min_length=2, max_length=4, description="Longitude and latitude in degrees.")]
Ring = list[Position]


class PolygonGeometry(StrictModel):
    """A GeoJSON Polygon: rings of [longitude, latitude] in degrees WGS 84, the first around it, others are holes."""

    type: Literal["Polygon"] = Field(description="What it is.")
    coordinates: list[Ring] = Field(description="The rings.")


class MultiPolygonGeometry(StrictModel):
    """A GeoJSON MultiPolygon: several polygons that are one barrier."""

    type: Literal["MultiPolygon"] = Field(description="What it is.")
    coordinates: list[list[Ring]] = Field(description="The polygons, each a list of rings.")


class TravelBarrier(StrictModel):
    """Water or mountains that travel may not cross, or crosses at a cost."""

    name: str | None = Field(
        default=None, max_length=128, description="A name for people, as faults tell it.", examples=["Rhine"]
    )
    geometry: Annotated[PolygonGeometry | MultiPolygonGeometry, Field(discriminator="type")] = Field(
        description="A GeoJSON Polygon or MultiPolygon in degrees WGS 84; a bridge is a gap between two polygons.",
        examples=[{"type": "Polygon", "coordinates": [[[7.0, 50.0], [7.01, 50.0], [7.01, 51.0], [7.0, 50.0]]]}],
    )
    cost_km: Amount | None = Field(
        default=None,
        description=(
            "Kilometers that crossing it adds, half of them where account or rep is inside; null: nobody crosses it, "
            "and a place inside goes straight to the nearest shore."
        ),
        examples=[15],
    )
