"""Criteria and search limits as they stand in JSON, with every default filled in.

Imports pydantic only, so that the solver's child process can read them. ``model_dump(mode="json")`` of a
`Criteria` is the normalized form that is stored, hashed, planned with and checked against. Refuses what
contradicts itself; what contradicts a dataset is found in :mod:`app.scenarios.checks`.
"""

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.scenarios.barrier_schemas import MAX_BARRIERS, TravelBarrier
from app.scenarios.numbers import (
    Amount,
    Count,
    Identifier,
    Positive,
    RoadFactor,
    Share,
    StrictModel,
    Tolerance,
    Weight,
    Whole,
)
from app.stated_limits import limited_by

DEFAULT_MEASURE = "workload"
"""What criteria that are left out balance."""
MeasureName = Annotated[str, Field(min_length=1, max_length=128)]


class Balance(StrictModel):
    """Keep every rep's load of one measure near its target."""

    measure: MeasureName = Field(
        description="The balanced measure: workload, potential, accounts (the count), or any numeric column.",
        examples=["workload"],
    )
    target: Literal["equal", "fte", "capacity", "given"] = Field(
        default="equal",
        description=(
            "Where a rep's target comes from: `equal` is the mean of the assigned load, `fte` and `capacity` share "
            "it in proportion to the rep's fte or largest load, `given` is the rep's own target."
        ),
        examples=["fte"],
    )
    tolerance: Tolerance = Field(
        default=0.10,
        description="Largest deviation from the target that is allowed (hard) or free (soft), a fraction in [0, 1).",
        examples=[0.05],
    )
    hard: bool = Field(
        default=False, description="True: no rep may deviate by more than the tolerance, open seats included."
    )
    weight: Weight = Field(
        default=50.0,
        description=(
            "Price per unit of relative deviation beyond the tolerance, threefold beyond twice the tolerance; "
            "used where `hard` is false."
        ),
        examples=[40],
    )


class Travel(StrictModel):
    """Price the effort to reach accounts from their rep's center."""

    weight: Weight = Field(default=50.0, description="Relative weight, ≥ 0; 0 leaves travel out.", examples=[30])
    source: Literal["great_circle", "pairs", "minutes"] = Field(
        default="great_circle",
        description=(
            "`great_circle`: kilometers on a sphere of 6371.0088 km; `pairs`: the caller's `cost` per pair, a "
            "missing pair is forbidden; `minutes`: the same in minutes of travel a year, one way each visit: the "
            "costs of a dataset imported with `travel_times`; where the dataset has no pairs, the job asks the "
            "service's provider first, and keeps the answers in a dataset of their own."
        ),
    )
    road_factor: RoadFactor = Field(
        default=1.0,
        description="Roads are longer than the great circle by this factor, ≥ 1. Kilometers are multiplied by it.",
        examples=[1.3],
    )
    barriers: list[TravelBarrier] = Field(
        default_factory=list,
        max_length=MAX_BARRIERS,
        description=(
            "Water and mountains in the way, for `great_circle`: a way is the great circle where nothing is on it, "
            "else the shortest one around, or across at a cost. `max_distance_km` and compactness stay straight."
        ),
    )

    @property
    def unit(self) -> str:
        """Return the unit of travel in a year."""
        return {"minutes": "min", "pairs": "cost"}.get(self.source, "km")

    @property
    def has_pair_costs(self) -> bool:
        """Tell whether travel is what the dataset's pairs say."""
        return self.source != "great_circle"


class Compactness(StrictModel):
    """Price how far territories spread: workload-weighted squared distance to the center."""

    weight: Weight = Field(default=50.0, description="Relative weight, ≥ 0; 0 leaves compactness out.", examples=[0])


class MovedLimit(StrictModel):
    """Cap what may change rep."""

    accounts: Count | None = Field(default=None, description="At most so many accounts.", examples=[400])
    share: dict[MeasureName, Share] = Field(
        default_factory=dict,
        description="By measure: at most this fraction of the measure's total over all accounts, 0 to 1.",
        examples=[{"potential": 0.10}],
    )


class Disruption(StrictModel):
    """Price changes of rep against the current alignment, and cap them."""

    weight: Weight = Field(
        default=0.0, description="Relative weight of the moved share of `measure`, ≥ 0.", examples=[30]
    )
    measure: MeasureName = Field(
        default="accounts", description="The measure whose moved share is priced.", examples=["potential"]
    )
    max_moved: MovedLimit = Field(default_factory=MovedLimit, description="Cap over all moves together.")
    max_in_per_rep: MovedLimit = Field(
        default_factory=MovedLimit, description="Cap on what each rep may gain, counted at the new rep."
    )
    max_out_per_rep: MovedLimit = Field(
        default_factory=MovedLimit, description="Cap on what each rep may lose, counted at the current rep."
    )


class SoftEligibility(StrictModel):
    """Price accounts whose rep lacks a required skill instead of forbidding them."""

    soft: Weight = Field(description="Price per account, relative to the number of accounts, ≥ 0.", examples=[20])


class AccountRep(StrictModel):
    """Name one account and one rep."""

    account_id: Identifier = Field(description="The account's id.", examples=["A-1"])
    rep_id: Identifier = Field(description="The rep's id.", examples=["R-1"])


class CenterChoice(StrictModel):
    """Say where reps without a home may get one."""

    candidates: Literal["accounts", "units", "cities"] = Field(
        default="accounts",
        description=(
            "Where a rep without lat and lon could live, for the optimizer to choose: at one of the `accounts`, inside "
            "one of the `units`, or in one of the `cities` within 50 km of an account. Used where distances count."
        ),
        examples=["cities"],
    )


class Unassigned(StrictModel):
    """Say whether accounts may stay without a rep."""

    allowed: bool = Field(default=False, description="True: accounts may stay without a rep.")
    weight: Weight = Field(
        default=100.0, description="Price per unassigned account, relative to the number of accounts.", examples=[100]
    )


class Criteria(StrictModel):
    """What makes an alignment good: hard limits and weighted aims.

    A section that is left out is off, except: families stay together, eligibility is hard, nobody stays
    unassigned.
    """

    balance: list[Balance] = Field(
        default_factory=list, max_length=100, description="Balanced measures, each at most once; `[]` is none."
    )
    travel: Travel = Field(default_factory=lambda: Travel(weight=0.0), description="Effort to reach accounts.")
    compactness: Compactness = Field(
        default_factory=lambda: Compactness(weight=0.0), description="How tight territories are."
    )
    disruption: Disruption = Field(default_factory=Disruption, description="Change against the current alignment.")
    families: Literal["together", "off"] = Field(
        default="together", description="`together`: a whole tree of accounts under parent_id goes to one rep."
    )
    eligibility: Literal["hard", "off"] | SoftEligibility = Field(
        default="hard",
        description="`hard`: a rep needs every skill that an account requires; `{soft: weight}` prices each miss.",
        examples=["hard", {"soft": 20}],
    )
    contiguity: Literal["off", "rook", "queen"] = Field(
        default="off",
        description="Connected territories of units: `rook` by shared edges, `queen` by corners too. Needs units.",
    )
    locks: list[AccountRep] = Field(default_factory=list, description="Accounts that must go to a given rep.")
    forbid: list[AccountRep] = Field(default_factory=list, description="Pairs that may not be.")
    frozen_reps: list[Identifier] = Field(
        default_factory=list, description="Reps who gain and lose nothing.", examples=[["R-7"]]
    )
    unassigned: Unassigned = Field(default_factory=Unassigned, description="Accounts without a rep.")
    centers: CenterChoice = Field(default_factory=CenterChoice, description="Places for reps without a home.")

    @model_validator(mode="after")
    def _balance_each_measure_once(self) -> Self:
        seen: set[str] = set()
        for balance in self.balance:
            if balance.measure in seen:
                raise ValueError(f"'{balance.measure}' is balanced twice; keep one entry per measure.")
            seen.add(balance.measure)
        return self


def default_criteria(measures: Collection[str] = (DEFAULT_MEASURE,)) -> Criteria:
    """Return what criteria that are left out altogether mean.

    Workload balanced within 10 % soft, travel and disruption at weight 50 each. Where no account has workload, there
    is nothing to balance.

    Parameters
    ----------
    measures
        Names of the measures that the data have.
    """
    workload = Balance(measure=DEFAULT_MEASURE, target="equal", tolerance=0.10, hard=False, weight=50.0)
    return Criteria(
        balance=[workload] if DEFAULT_MEASURE in measures else [],
        travel=Travel(weight=50.0),
        disruption=Disruption(weight=50.0),
    )


class Search(StrictModel):
    """How long and how to look for an alignment."""

    time_limit_s: Positive = Field(
        default=60.0,
        description="Longest search in seconds of wall-clock time, > 0; the largest stands at /v1/limits, too.",
        json_schema_extra=limited_by(maximum="max_time_limit_s"),
        examples=[60],
    )
    gap: Amount = Field(
        default=0.001, description="Stop once the proven gap is at or below this fraction.", examples=[0.001]
    )
    no_improvement_s: Positive | None = Field(
        default=None, description="Stop when neither objective nor bound improved for so many seconds."
    )
    seed: Whole = Field(default=0, ge=0, le=2**31 - 1, description="Seed of everything random in the search.")
    deterministic: bool = Field(
        default=False,
        description="True: limits count work instead of seconds; the same input and seed give the same answer.",
    )
    on_infeasible: Literal["explain", "least_bad"] = Field(
        default="explain",
        description="`least_bad` also returns the least violating alignment where nothing keeps the criteria.",
    )
    unknown_current: Literal["error", "unassigned"] = Field(
        default="error",
        description="What a current_rep_id that names no rep means: an error, or no current rep.",
    )
