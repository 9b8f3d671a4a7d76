"""Routing services that tell travel times: OSRM's table service and Valhalla's matrix.

Both answer one block of sources and targets; a block that holds a place off the road network is refused by them as
a whole, so it is halved until that place stands alone.

References
----------
OSRM HTTP API, table service, https://project-osrm.org/docs/v5.24.0/api/#table-service
Valhalla time-distance matrix, https://valhalla.github.io/valhalla/api/matrix/api-reference/
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.travel_times.asking import ProviderError, Question

Floats = NDArray[np.float64]
Places = NDArray[np.float64]
"""Latitudes and longitudes in degrees. Shape ``(places, 2)``."""

_OSRM_NO_ROAD = frozenset({"NoSegment", "NoTable"})
_VALHALLA_NO_ROAD = frozenset({171, 442})
_NOT_FOUND = "NoRoute"


class Provider(Protocol):
    """Tell travel times of a block of places."""

    def seconds(self, sources: Places, targets: Places) -> Floats | None:
        """Return seconds from each source to each target, NaN where there is no way.

        Returns
        -------
        ndarray or None
            Shape ``(sources, targets)``; None when one of the places is too far from any road.

        Raises
        ------
        ProviderError
            When the service does not answer as it should.
        """
        ...


class Osrm:
    """Ask OSRM: GET /table/v1/{profile}/{coordinates}."""

    def __init__(self, question: Question, *, profile: str) -> None:
        self._question = question
        self._profile = profile

    def seconds(self, sources: Places, targets: Places) -> Floats | None:
        """Return seconds; see `Provider`."""
        places = np.concatenate((sources, targets))
        coordinates = ";".join(f"{lon:.6f},{lat:.6f}" for lat, lon in places.tolist())
        cut = len(sources)
        params = {
            "annotations": "duration",
            "sources": ";".join(map(str, range(cut))),
            "destinations": ";".join(map(str, range(cut, len(places)))),
        }
        status, answer = self._question.get(f"/table/v1/{self._profile}/{coordinates}", params)
        if answer.get("code") in _OSRM_NO_ROAD:
            return None
        if answer.get("code") == _NOT_FOUND:
            return np.full((len(sources), len(targets)), np.nan)
        if status != 200 or answer.get("code") != "Ok":
            raise ProviderError(f"OSRM refused the question: {_said(answer.get('message') or answer.get('code'))}")
        return _matrix(answer.get("durations"), (len(sources), len(targets)))


class Valhalla:
    """Ask Valhalla: POST /sources_to_targets."""

    def __init__(self, question: Question, *, profile: str) -> None:
        self._question = question
        self._profile = profile

    def seconds(self, sources: Places, targets: Places) -> Floats | None:
        """Return seconds; see `Provider`."""
        body = {"sources": _points(sources), "targets": _points(targets), "costing": self._profile}
        status, answer = self._question.post("/sources_to_targets", body)
        if answer.get("error_code") in _VALHALLA_NO_ROAD:
            return None
        if status != 200:
            raise ProviderError(f"Valhalla refused the question: {_said(answer.get('error'))}")
        found = answer.get("sources_to_targets")
        if isinstance(found, dict):  # the concise form
            return _matrix(found.get("durations"), (len(sources), len(targets)))
        if not isinstance(found, list):
            raise ProviderError("Valhalla's answer has no matrix.")
        rows = [[cell.get("time") if isinstance(cell, dict) else None for cell in row] for row in found]
        return _matrix(rows, (len(sources), len(targets)))


def travel_seconds(provider: Provider, sources: Places, targets: Places, *, batch: int) -> Floats:
    """Ask for all pairs, block by block.

    Parameters
    ----------
    provider
        The routing service.
    sources, targets
        Places; equal ones are asked for once.
    batch
        Most places, sources and targets together, of one question; at least 2.

    Returns
    -------
    ndarray
        Seconds, NaN where there is no way. Shape ``(sources, targets)``.
    """
    source, source_of = np.unique(sources.round(6), axis=0, return_inverse=True)
    target, target_of = np.unique(targets.round(6), axis=0, return_inverse=True)
    half = max(batch // 2, 1)
    wide = batch - min(half, len(source))
    seconds = np.full((len(source), len(target)), np.nan)
    for top in range(0, len(source), half):
        for left in range(0, len(target), wide):
            block = (slice(top, top + half), slice(left, left + wide))
            seconds[block] = _block(provider, source[block[0]], target[block[1]])
    spread: Floats = seconds[np.ix_(source_of.ravel(), target_of.ravel())]
    return spread


def _block(provider: Provider, sources: Places, targets: Places) -> Floats:
    found = provider.seconds(sources, targets)
    if found is not None:
        return found
    if len(sources) == len(targets) == 1:
        return np.full((1, 1), np.nan)
    if len(sources) > 1:
        middle = len(sources) // 2
        return np.concatenate(
            (_block(provider, sources[:middle], targets), _block(provider, sources[middle:], targets))
        )
    middle = len(targets) // 2
    parts = (_block(provider, sources, targets[:middle]), _block(provider, sources, targets[middle:]))
    return np.concatenate(parts, axis=1)


def _points(places: Places) -> list[dict[str, float]]:
    return [{"lat": lat, "lon": lon} for lat, lon in places.tolist()]


def _matrix(rows: Any, shape: tuple[int, int]) -> Floats:
    """Read a matrix of numbers and nulls.

    Raises
    ------
    ProviderError
        When it has another shape, or holds anything else or a negative time.
    """
    try:
        matrix = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProviderError("The travel-time provider's matrix holds something else than numbers.") from None
    if matrix.shape != shape or (matrix < 0).any():
        raise ProviderError("The travel-time provider's matrix does not fit the question.")
    return np.where(np.isfinite(matrix), matrix, np.nan)


def _said(text: object) -> str:
    return f"{str(text)[:200]}."
