"""Curves as the HTTP API shows them."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.alignments.schemas import Term, Violation
from app.jobs.states import JobState


class Amount(BaseModel):
    """An amount of what moves."""

    amount: float = Field(description="In the measure's unit; accounts where that is the measure.", examples=[20])
    share: float = Field(description="Fraction of the measure's total over all accounts.", examples=[0.05])


class Moved(Amount):
    """What really moves; leaving a rep who has left is a move, but counts in no amount and no share."""

    accounts: int = Field(
        description="Accounts that had a rep and have another one, as in the scorecard.", examples=[19]
    )
    of_left: int = Field(
        default=0, description="Those of them whose rep has left: they count in no budget.", examples=[0]
    )


class PointBalance(BaseModel):
    """How one balanced measure stands at a point."""

    worst: float = Field(description="Largest absolute deviation of an active rep from the target, a fraction.")
    mean: float = Field(description="Mean absolute deviation, a fraction.")
    beyond: float = Field(description="Mean deviation beyond the tolerance, a fraction; 0 when all are in band.")
    in_band: int = Field(description="Active reps within the tolerance.")


class PointTravel(BaseModel):
    """Travel at a point."""

    raw: float = Field(description="All assigned accounts, a year.", examples=[812.4])
    unit: str = Field(description="Unit of the raw value.", examples=["km"])


class PointLoads(BaseModel):
    """What the active reps of a team carry of one measure."""

    mean: float = Field(description="Mean load per rep.")
    smallest: float = Field(description="Smallest load of a rep.")
    largest: float = Field(description="Largest load of a rep.")


class Values(BaseModel):
    """What a Pareto set compares; smaller is better in each."""

    balance: float = Field(description="Mean absolute deviation over reps and balanced measures, a fraction.")
    travel: float = Field(description="Travel in its unit, a year.")
    disruption: float = Field(description="Moved share of the measure.")


class PointResource(BaseModel):
    """One point of a curve with its alignment."""

    label: str = Field(description="Names the point for people.", examples=["5 %"])
    alignment_id: str | None = Field(
        description="Its alignment; points may share one. Null where none is possible, or none was found."
    )
    outcome: str = Field(description="`optimal`, `feasible`, `infeasible` or `unknown`, of the point's own question.")
    allowed: Amount | None = Field(description="What may move; null is no limit.")
    moved: Moved | None = Field(description="What moves; null without an alignment.")
    balance: dict[str, PointBalance] = Field(description="By balanced measure; empty without an alignment.")
    travel: PointTravel | None = Field(description="Null where travel is not known.")
    objective: float | None = Field(description="Sum of the weighted terms of the point's own question.")
    lower_bound: float | None = Field(description="Proven: no alignment of the point's question is below it.")
    gap: float | None = Field(description="(objective − lower_bound) / |objective|.")
    terms: list[Term] = Field(description="Terms of the point's own question: bought balance has a high weight.")
    scenario_objective: float | None = Field(description="Objective under the scenario's own criteria.")
    violations: list[Violation] = Field(description="The scenario's own criteria that it breaks, at most 20.")
    num_violations: int | None = Field(description="All of them; 0 means that it can be published as it is.")
    values: Values | None = Field(default=None, description="Of `pareto`: what is compared.")
    reps: int | None = Field(default=None, description="Of `size`: active reps of the team.", examples=[12])
    coverage: float | None = Field(
        default=None, description="Of `size`: share of all accounts whose rep is within `wanted.within_km`."
    )
    loads: dict[str, PointLoads] = Field(
        default_factory=dict, description="Of `size`: what the active reps carry, by measure."
    )
    is_least: bool = Field(default=False, description="Of `disruption`: allows the fewest moves that are possible.")
    is_needed: bool = Field(
        default=False, description="Of `disruption`: allows the fewest moves that keep all hard criteria."
    )
    is_knee: bool = Field(
        default=False, description="Of `disruption` and `size` (travel against reps): the knee of the curve."
    )


class Fewest(BaseModel):
    """The fewest moves for a purpose."""

    amount: float | None = Field(
        description=(
            "In the measure's unit, accounts of reps who have left not counted; null while unknown, or where it is "
            "impossible."
        )
    )
    is_proven: bool = Field(description="True: less is impossible; with an amount of null, the purpose itself is.")


class CurveResource(BaseModel):
    """A curve: its points so far, and what is known of it as a whole."""

    job_id: str = Field(description="The job that computes it.")
    kind: Literal["disruption", "pareto", "size"] = Field(description="What the curve shows.")
    state: JobState = Field(description="The job's state; the points are final once it has ended.")
    outcome: str | None = Field(description="The job's outcome; null until it has succeeded.")
    scenario_id: str = Field(description="The scenario whose question is asked.")
    dataset_id: str = Field(description="Its dataset.")
    wanted: dict[str, Any] = Field(description="What was asked, with every default filled in.")
    balance_is: Literal["measured", "bought"] | None = Field(
        description=(
            "`bought`: hard bands became prices above everything else, the least deviation beyond the tolerance "
            "first; `measured`: balance is one of the values compared, every deviation counts. Null before it runs."
        )
    )
    points: list[PointResource] = Field(
        description="Of `disruption` ascending by what may move, never worse; of `pareto` none dominates another."
    )
    points_done: int = Field(description="Points so far.")
    points_planned: int | None = Field(description="Points that are wanted; null before it runs.")
    knee: str | None = Field(
        default=None,
        description=(
            "Label of the knee: the largest distance to the chord of objective against allowed share "
            "(Satopää et al. 2011); null where there is none."
        ),
    )
    least: Fewest | None = Field(default=None, description="The fewest moves that are possible at all.")
    needed: Fewest | None = Field(default=None, description="The fewest moves that keep all hard criteria.")
    links: dict[str, str] = Field(description="Related addresses.")
