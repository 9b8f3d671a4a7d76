"""The body of POST /v1/scenarios/{id}/curves."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.jobs.resources import JobOptions
from app.scenarios.numbers import Count, Share, Whole
from app.scenarios.schemas import MeasureName

DEFAULT_SHARES = (0.0, 0.02, 0.05, 0.10, 0.20)
FEWEST_ALIGNMENTS, DEFAULT_ALIGNMENTS, MOST_ALIGNMENTS = 7, 9, 50
MOST_POINTS = 50


def _available(value: object) -> object:
    if value == "size":
        raise PydanticCustomError(
            "literal_error", "curves of the kind 'size' are not available in this version; use 'disruption' or 'pareto'"
        )
    return value


class CurveRequest(JobOptions):
    """A curve: what one aim costs in terms of another. What is left out has its default."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"kind": "disruption"},
                {"kind": "disruption", "measure": "potential", "shares": [0, 0.05, 0.1]},
                {"kind": "disruption", "moves": "auto"},
                {"kind": "pareto", "alignments": 12, "name": "What we can choose from"},
            ]
        },
    )

    kind: Annotated[Literal["disruption", "pareto"], BeforeValidator(_available)] = Field(
        description=(
            "`disruption`: the best balance for each amount that may move; `pareto`: balance, travel and "
            "disruption, alignments of which none is better in everything."
        )
    )
    measure: MeasureName = Field(
        default="accounts", description="What moves are counted in.", examples=["accounts", "potential"]
    )
    shares: list[Share] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_POINTS,
        description=(
            "Of `disruption`: fractions of the measure's total that may move, one point each; left out, with `moves` "
            "left out too: 0, 0.02, 0.05, 0.10 and 0.20."
        ),
    )
    moves: Annotated[list[Count], Field(min_length=1, max_length=MOST_POINTS)] | Literal["auto"] | None = Field(
        default=None,
        description=(
            "Of `disruption`: numbers of accounts that may move, one point each; `auto`: the fewest that keep the "
            "hard criteria, and 0.5, 1, 2.5, 5 and 10 % of all accounts more."
        ),
    )
    alignments: Whole | None = Field(
        default=None,
        ge=FEWEST_ALIGNMENTS,
        le=MOST_ALIGNMENTS,
        description="Of `pareto`: how many alignments are wanted; 9 where it is left out.",
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "pareto" and (self.shares is not None or self.moves is not None):
            raise ValueError("shares and moves belong to a curve of the kind 'disruption'; a Pareto set finds its own.")
        if self.kind == "disruption" and self.alignments is not None:
            raise ValueError("alignments belongs to a curve of the kind 'pareto'; send shares or moves.")
        if self.shares is not None and self.moves is not None:
            raise ValueError("shares and moves stand beside each other; send one of them.")
        if self.moves is not None and self.measure != "accounts":
            raise ValueError(f"moves are numbers of accounts, but the measure is '{self.measure}'; send shares.")
        return self

    def wanted(self) -> dict[str, Any]:
        """Return what is asked, with every default filled in, as it is stored and shown."""
        if self.kind == "pareto":
            return {"measure": self.measure, "alignments": self.alignments or DEFAULT_ALIGNMENTS}
        moves = sorted(set(self.moves)) if isinstance(self.moves, list) else self.moves
        shares = None
        if moves is None:
            shares = sorted(set(self.shares if self.shares is not None else DEFAULT_SHARES))
        return {"measure": self.measure, "shares": shares, "moves": moves}
