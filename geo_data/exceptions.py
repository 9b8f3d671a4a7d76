"""The faults of geography, as exceptions that know places and shapes but no HTTP.

::

    GeoDataError
    ├── CoordinateError      a latitude or longitude that no place has
    ├── ArrayShapeError      arrays that should run in parallel and do not
    ├── SettingError         an argument outside its range
    ├── UnknownCountryError  a country code that the gazetteer does not know
    ├── UnreadableLayerError bytes that are no layer of polygons
    └── UnpackLimitError     an archive that unpacks to more than is allowed
"""

__all__ = [
    "ArrayShapeError",
    "CoordinateError",
    "GeoDataError",
    "SettingError",
    "UnknownCountryError",
    "UnpackLimitError",
    "UnreadableLayerError",
]


class GeoDataError(Exception):
    """Anything that `geo_data` refuses."""


class CoordinateError(GeoDataError, ValueError):
    """A latitude or longitude is not finite or lies outside its range.

    Parameters
    ----------
    axis
        ``"latitude"`` or ``"longitude"``.
    index
        Position of the first refused coordinate in its array, from 0.
    value
        The refused coordinate in degrees, possibly not finite.
    limit
        Largest allowed absolute value in degrees.
    """

    def __init__(self, *, axis: str, index: int, value: float, limit: float) -> None:
        self.axis = axis
        self.index = index
        self.value = value
        self.limit = limit
        super().__init__(f"{axis} {value!r} at position {index} is not within -{limit:g}..{limit:g} degrees")


class ArrayShapeError(GeoDataError, ValueError):
    """Arrays that describe the same things differ in length or dimension."""


class SettingError(GeoDataError, ValueError):
    """An argument lies outside its documented range."""


class UnknownCountryError(GeoDataError, ValueError):
    """A country code is not an ISO 3166-1 alpha-2 code with known cities.

    Parameters
    ----------
    code
        The code as it was given.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(
            f"no cities are known for country {code!r}; use ISO 3166-1 alpha-2 codes such as 'DE', or 'EU', or 'world'"
        )


class UnreadableLayerError(GeoDataError, ValueError):
    """The bytes are no layer of polygons at all."""


class EmptyLayerError(UnreadableLayerError):
    """The layer is well-formed and has no polygon."""


class UnpackLimitError(GeoDataError, ValueError):
    """An archive unpacks to more than is allowed.

    Parameters
    ----------
    limit, seen
        Bytes allowed, and bytes that the archive holds at least.
    """

    def __init__(self, limit: int, seen: int) -> None:
        self.limit = limit
        self.seen = seen
        super().__init__(f"the archive unpacks to {seen:,} bytes or has too many files; the limit is {limit:,} bytes")
