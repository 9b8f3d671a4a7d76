"""A center that the optimizer chose for a rep without a home: a place, and what stands there.

Imports nothing, so that every part of the service can hold one.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Center(NamedTuple):
    """Where a rep could live.

    Parameters
    ----------
    lat, lon
        Degrees WGS 84.
    place_id
        The id of the account or unit that stands there, or a city's own; None where it is not known.
    name
        The place's name for people; None where it has none.
    """

    lat: float
    lon: float
    place_id: str | None = None
    name: str | None = None

    def to_json(self) -> dict[str, float | str | None]:
        """Return the form that the API shows."""
        return {"lat": self.lat, "lon": self.lon, "place_id": self.place_id, "name": self.name}


Centers = Mapping[str, Center]
"""Rep id to center, for reps whose center was placed."""


def read_centers(plain: Mapping[str, object]) -> dict[str, Center]:
    """Read centers back from a stored JSON object: a list of latitude, longitude and, where known, id and name."""
    return {rep_id: Center(*values) for rep_id, values in plain.items() if isinstance(values, list | tuple)}


def stored_centers(centers: Centers) -> dict[str, list[float | str | None]]:
    """Return centers as they are stored in JSON."""
    return {rep_id: list(center) for rep_id, center in centers.items()}
