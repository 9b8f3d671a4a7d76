"""The body of POST /v1/scenarios/{id}/curves."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from app.jobs.resources import JobOptions
from app.scenarios.numbers import Count, Positive, Share, whole
from app.scenarios.schemas import MeasureName
from app.stated_limits import limited_by

DEFAULT_SHARES = (0.0, 0.02, 0.05, 0.10, 0.20)
FEWEST_ALIGNMENTS, DEFAULT_ALIGNMENTS, MOST_ALIGNMENTS = 7, 9, 50
MOST_POINTS = 50
MOST_REPS = 5_000
Step = Annotated[int, Field(ge=1, le=MOST_REPS), BeforeValidator(whole)]
TeamSize = Annotated[Step, Field(json_schema_extra=limited_by(maximum="max_reps"))]
SetSize = Annotated[int, Field(ge=FEWEST_ALIGNMENTS, le=MOST_ALIGNMENTS), BeforeValidator(whole)]


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
                {"kind": "size", "from": 8, "to": 14, "within_km": 150},
                {"kind": "pareto", "alignments": 12, "name": "What we can choose from"},
            ]
        },
    )

    kind: Literal["disruption", "pareto", "size"] = Field(
        description=(
            "`disruption`: the best balance for each amount that may move; `pareto`: balance, travel and "
            "disruption, alignments of which none is better in everything; `size`: reps from n1 to n2 against "
            "balance, travel, coverage and loads."
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
    alignments: SetSize | None = Field(
        default=None,
        description="Of `pareto`: how many alignments are wanted; 9 where it is left out.",
    )

    from_: TeamSize | None = Field(
        default=None,
        alias="from",
        description="Of `size`: the smallest team. Reps leave where their accounts lose least by it.",
        examples=[8],
    )
    to: TeamSize | None = Field(
        default=None,
        description="Of `size`: the largest team. New reps have no home; the optimizer places them.",
        examples=[14],
    )
    step: Step | None = Field(default=None, description="Of `size`: from one team to the next; 1 where it is left out.")
    within_km: Positive | None = Field(
        default=None,
        description=(
            "Of `size`: an account counts as covered when its rep's center is so near, great-circle; left out: the "
            "smallest max_distance_km of the reps, and no coverage where none has one."
        ),
        examples=[150],
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "pareto" and (self.shares is not None or self.moves is not None):
            raise ValueError("shares and moves belong to a curve of the kind 'disruption'; a Pareto set finds its own.")
        self._refuse_other_kinds()
        if self.kind == "disruption" and self.alignments is not None:
            raise ValueError("alignments belongs to a curve of the kind 'pareto'; send shares or moves.")
        if self.shares is not None and self.moves is not None:
            raise ValueError("shares and moves stand beside each other; send one of them.")
        if self.moves is not None and self.measure != "accounts":
            raise ValueError(f"moves are numbers of accounts, but the measure is '{self.measure}'; send shares.")
        return self

    def _refuse_other_kinds(self) -> None:
        sizes = (self.from_, self.to, self.step, self.within_km)
        if self.kind != "size":
            if any(value is not None for value in sizes):
                raise ValueError("from, to, step and within_km belong to a curve of the kind 'size'.")
            return
        if self.shares is not None or self.moves is not None or self.alignments is not None:
            raise ValueError("shares, moves and alignments do not belong to a curve of the kind 'size'.")
        if self.from_ is None or self.to is None:
            raise ValueError("a curve of the kind 'size' needs from and to, the smallest and largest team.")
        if self.from_ > self.to:
            raise ValueError(f"from {self.from_} is above to {self.to}; exchange them.")
        if len(self._sizes()) > MOST_POINTS:
            raise ValueError(f"that is {len(self._sizes())} teams; at most {MOST_POINTS}: send a larger step.")

    def _sizes(self) -> range:
        """Return the teams of a curve of the kind 'size', smallest first."""
        return range(self.from_ or 0, (self.to or 0) + 1, self.step or 1)

    def wanted(self) -> dict[str, Any]:
        """Return what is asked, with every default filled in, as it is stored and shown."""
        if self.kind == "size":
            return {
                "from": self.from_,
                "to": self.to,
                "step": self.step or 1,
                "sizes": list(self._sizes()),
                "within_km": self.within_km,
            }
        if self.kind == "pareto":
            return {"measure": self.measure, "alignments": self.alignments or DEFAULT_ALIGNMENTS}
        moves = sorted(set(self.moves)) if isinstance(self.moves, list) else self.moves
        shares = None
        if moves is None:
            shares = sorted(set(self.shares if self.shares is not None else DEFAULT_SHARES))
        return {"measure": self.measure, "shares": shares, "moves": moves}
