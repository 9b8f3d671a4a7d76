"""The numbers that criteria are made of: finite, in their range, and refused with the code of errors.md.

Owns ranges and their wording. Refuses anything that needs a dataset to be judged.
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

LARGEST_COUNT = 2**31 - 1
LARGEST_WEIGHT = 1e9
LARGEST_FACTOR = 1000.0


class StrictModel(BaseModel):
    """Refuse unknown fields, numbers as text, and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


def _not_negative(value: float) -> float:
    if value < 0:
        raise ValueError(f"{value:g} is below 0; send 0 or more.")
    return value


def _weight(value: float) -> float:
    if value > LARGEST_WEIGHT:
        raise ValueError(f"{value:g} is above {LARGEST_WEIGHT:g}; weights are relative, so divide them all.")
    return _not_negative(value)


def _fraction(value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{value:g} is outside 0 (included) to 1 (excluded); 5 % is 0.05.")
    return value


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{value:g} is outside 0 to 1; 10 % is 0.10.")
    return value


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError(f"{value:g} is not above 0.")
    return value


def _factor(value: float) -> float:
    if value < 1:
        raise ValueError(f"{value:g} is below 1; a road is never shorter than the great circle.")
    if value > LARGEST_FACTOR:
        raise ValueError(f"{value:g} is above {LARGEST_FACTOR:g}; no road is that much longer.")
    return value


def _count(value: int) -> int:
    if value < 0:
        raise ValueError("it is below 0; send 0 or more.")
    if value > LARGEST_COUNT:
        raise ValueError(f"it is above {LARGEST_COUNT:,}; leave the limit out.")  # a double may not hold it
    return value


def whole(value: object) -> object:
    """Take 7.0 for 7, as JSON Schema does; anything else stays as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Weight = Annotated[float, AfterValidator(_weight), Field(json_schema_extra={"minimum": 0, "maximum": LARGEST_WEIGHT})]
"""A relative weight, ≥ 0; 0 leaves the aim out."""

Tolerance = Annotated[float, AfterValidator(_fraction), Field(json_schema_extra={"minimum": 0, "exclusiveMaximum": 1})]
"""A fraction in [0, 1)."""

Share = Annotated[float, AfterValidator(_share), Field(json_schema_extra={"minimum": 0, "maximum": 1})]
"""A fraction in [0, 1]."""

Amount = Annotated[float, AfterValidator(_not_negative), Field(json_schema_extra={"minimum": 0})]
"""An amount of something, ≥ 0."""

Positive = Annotated[float, AfterValidator(_positive), Field(json_schema_extra={"exclusiveMinimum": 0})]
"""A number above 0."""

RoadFactor = Annotated[
    float, AfterValidator(_factor), Field(json_schema_extra={"minimum": 1, "maximum": LARGEST_FACTOR})
]
"""Road kilometers per great-circle kilometer, ≥ 1."""

Whole = Annotated[int, BeforeValidator(whole)]
"""A whole number; 7.0 is one."""

Count = Annotated[Whole, AfterValidator(_count), Field(json_schema_extra={"minimum": 0, "maximum": LARGEST_COUNT})]
"""A number of things, ≥ 0."""

Identifier = Annotated[str, Field(min_length=1, max_length=128)]
"""An id as the caller wrote it, kept byte for byte."""
