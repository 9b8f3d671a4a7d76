"""Postal codes to points, and points to their nearest US ZIP code.

Bundled are the US ZIP codes. Codes of other countries are reported as unknown, never guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from geo_data.distances import unit_vectors
from geo_data.exceptions import ArrayShapeError
from geo_data.gazetteer.tables import read_columns

__all__ = ["PostalMatch", "locate_postal_codes", "nearest_us_zip"]

_ZIP = re.compile(r"(\d{5})(?:[- ]?\d{4})?")
_SHORT_ZIP = re.compile(r"\d{3,4}")
_US_NAMES = frozenset({"", "us", "usa", "u.s.", "u.s.a.", "united states", "united states of america"})


@dataclass(frozen=True, slots=True)
class PostalMatch:
    """Where postal codes are.

    Attributes
    ----------
    lat, lon
        Degrees WGS 84, NaN where the code is unknown. Shape ``(codes,)``.
    unknown
        Positions of the codes that were not found, ascending.
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    unknown: tuple[int, ...]


def locate_postal_codes(
    postal_codes: Sequence[str | None], countries: Sequence[str | None] | None = None
) -> PostalMatch:
    """Look up the point of each postal code.

    Parameters
    ----------
    postal_codes
        Codes as the caller wrote them: ``"02139"``, ``"02139-4307"``, ``"2139"`` (a spreadsheet ate the
        zero). None is unknown.
    countries
        Country of each code: ISO 3166-1 alpha-2 ``"US"`` or a usual name of the United States; None and
        empty mean US. All US where left out.

    Raises
    ------
    ArrayShapeError
        When there are not as many countries as codes.
    """
    if countries is not None and len(countries) != len(postal_codes):
        raise ArrayShapeError(f"{len(postal_codes)} postal codes cannot be paired with {len(countries)} countries")
    points = _zip_points()
    lat, lon = np.full(len(postal_codes), np.nan), np.full(len(postal_codes), np.nan)
    for index, code in enumerate(postal_codes):
        country = countries[index] if countries is not None else None
        if code is None or (country or "").strip().lower() not in _US_NAMES:
            continue
        point = points.get(_five_digits(code))
        if point is not None:
            lat[index], lon[index] = point
    return PostalMatch(lat=lat, lon=lon, unknown=tuple(np.flatnonzero(np.isnan(lat)).tolist()))


def nearest_us_zip(lat: ArrayLike, lon: ArrayLike) -> list[str]:
    """Name the US ZIP code whose point is nearest to each place.

    Parameters
    ----------
    lat, lon
        Degrees WGS 84. Shape ``(points,)``.

    Raises
    ------
    ArrayShapeError, CoordinateError
        When the coordinates are no places.
    """
    tree, codes = _zip_tree()
    _, nearest = tree.query(unit_vectors(lat, lon))
    return [codes[index] for index in nearest.tolist()]


def _five_digits(code: str) -> str:
    text = code.strip()
    whole = _ZIP.fullmatch(text)
    if whole is not None:
        return whole[1]
    return text.zfill(5) if _SHORT_ZIP.fullmatch(text) else ""


@cache
def _zip_points() -> dict[str, tuple[float, float]]:
    columns = read_columns("us_zip_points.csv.gz")
    return {
        code: (float(lat), float(lon))
        for code, lat, lon in zip(columns["zip"], columns["lat"], columns["lon"], strict=True)
    }


@cache
def _zip_tree() -> tuple[KDTree, tuple[str, ...]]:
    columns = read_columns("us_zip_points.csv.gz")
    vectors = unit_vectors(np.array(columns["lat"], dtype=float), np.array(columns["lon"], dtype=float))
    return KDTree(vectors), columns["zip"]
