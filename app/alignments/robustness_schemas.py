"""Robustness as the API shows it; the OpenAPI document is made from these models."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.alignments.named_schemas import NamedRep
from optimizer.uncertainty import Errors


class AssumedErrors(BaseModel):
    """What was assumed to be off, and how it was drawn."""

    spread: float = Field(description="Size of the errors, a fraction.", examples=[0.2])
    errors: Errors = Field(
        description=(
            "`uniform`: anywhere within ± the spread. `lognormal`: within a factor of 1 + spread in about two of three "
            "cases, now and then far beyond."
        )
    )
    shared_by: str | None = Field(description="Column whose equal values share one error; null: each account its own.")
    samples: int = Field(description="How often the errors were drawn.", examples=[500])
    seed: int = Field(description="The same seed draws the same errors, for every alignment of the same accounts.")


class Outcome(BaseModel):
    """How the reps stand."""

    reps: int = Field(description="Reps with a target.", examples=[50])
    outside: int = Field(description="Reps outside the band.", examples=[4])
    worst_deviation: float | None = Field(
        description="Deviation of the rep farthest from its target, a signed fraction.", examples=[-0.18]
    )
    worst_rep_id: str | None = Field(description="That rep.")


class SampledCount(BaseModel):
    """A number of reps over the samples."""

    mean: float = Field(description="Mean over the samples.", examples=[12.3])
    p5: float = Field(description="Not more in 1 of 20 samples.")
    p50: float = Field(description="Not more in every second sample.")
    p95: float = Field(description="Not more in 19 of 20 samples.", examples=[15.0])
    most: float = Field(description="The most in any sample.")


class SampledDeviation(BaseModel):
    """The worst absolute deviation over the samples, a fraction; null where no rep has a target."""

    mean: float | None = Field(description="Mean over the samples.")
    p5: float | None = Field(description="Not larger in 1 of 20 samples.")
    p50: float | None = Field(description="Not larger in every second sample.")
    p95: float | None = Field(description="Not larger in 19 of 20 samples.", examples=[0.31])
    most: float | None = Field(description="The largest in any sample.")


class Sampled(BaseModel):
    """What the drawn errors led to."""

    outside: SampledCount = Field(description="Reps outside the band.")
    in_band_share: float | None = Field(description="Mean part of the reps inside the band, 0 to 1.")
    all_in_band: float | None = Field(description="Part of the samples in which every rep is inside, 0 to 1.")
    worst_deviation: SampledDeviation = Field(description="Deviation of the rep farthest from its target.")


class Certain(BaseModel):
    """What holds for every error up to the spread, without any sample; exact, or with `shared_by` on the safe side."""

    in_band: int = Field(description="Reps who stay inside the band whatever is off.", examples=[31])
    worst_deviation: float | None = Field(description="The largest deviation that any rep can get, a fraction.")


class LargeAccount(BaseModel):
    """One of the largest accounts."""

    account_id: str = Field(description="The account's id.")
    rep_id: str = Field(description="Its rep.")
    amount: float = Field(description="What it amounts to, in the measure's unit.")
    share: float | None = Field(description="Its part of the assigned total, 0 to 1.")


class TopAccounts(Outcome):
    """How the reps would stand if the largest accounts left; exact. Targets that are shares move with the total."""

    accounts: list[LargeAccount] = Field(description="Those accounts, the largest first.")


class HardestTakeover(BaseModel):
    """An estimate of the hardest departure, by who is near; no job was run."""

    within_room: int = Field(description="Reps whose every account finds a near rep with room.", examples=[31])
    hardest_rep_id: str | None = Field(description="Whose load finds least room nearby; null where all find it.")
    without_room: float | None = Field(description="What finds no room nearby there, in the measure's unit.")
    most_pushed_rep_id: str | None = Field(description="The taker who would end farthest above its target.")
    highest_index: float | None = Field(description="That rep's index, 100 is its target.", examples=[131.0])


class DepartureCounts(BaseModel):
    """Whether the others have room if any one rep leaves: exact sums, and an estimate of what is near."""

    reps: int = Field(description="Reps who might leave.", examples=[50])
    with_room: int = Field(description="Those whose load the others together have room for.", examples=[48])
    hardest_rep_id: str | None = Field(description="Whose load lacks most room; null where all have room.")
    largest_short: float | None = Field(description="What lacks room there, in the measure's unit.")
    estimate: HardestTakeover | None = Field(
        description="Who would be near enough; an estimate, null where no distance is known."
    )


class Takeover(BaseModel):
    """An estimate of who takes over: each account to the nearest rep with room who may serve it; no job was run.

    Families may part in it, and what finds no room among the eight nearest goes to the nearest.
    """

    takers: int = Field(description="Reps who take something over.", examples=[5])
    beyond_room: float = Field(description="Load that went to reps without room, in the measure's unit.")
    not_placed: float = Field(description="Load without any near rep who may serve it, in the measure's unit.")
    outside: int = Field(description="Reps outside their band after it.")
    most_pushed_rep_id: str | None = Field(description="The taker who ends farthest above its target.")
    highest_index: float | None = Field(description="That rep's index, 100 is its target.", examples=[131.0])


class Departure(BaseModel):
    """What one rep's leaving means."""

    load: float = Field(description="What the others take over, in the measure's unit; exact.")
    room: float | None = Field(
        description=(
            "What the others have room for below the upper end of their bands, which rise because fewer share the "
            "total, and below their capacities; exact. Null without a limit."
        )
    )
    short: float = Field(description="What of the load lacks room, in the measure's unit; exact, 0 where none does.")
    estimate: Takeover | None = Field(description="An estimate, not a solution; null where no distance is known.")


class RobustRep(NamedRep):
    """One rep."""

    load: float = Field(description="Its load, in the measure's unit.")
    index: float | None = Field(description="100 · load / target.")
    in_band: float | None = Field(description="Part of the samples in which it is inside the band, 0 to 1.")
    load_sd: float = Field(description="Standard deviation of its load under the errors; exact, in the measure's unit.")
    lowest_index: float | None = Field(
        description="The lowest index it can get; with `shared_by` a bound, null with `lognormal`."
    )
    highest_index: float | None = Field(
        description="The highest index it can get; with `shared_by` a bound, null with `lognormal`."
    )
    top_share: float | None = Field(description="What its own largest accounts are of its load, 0 to 1.")
    departure: Departure | None = Field(description="What its leaving means; null for a rep who has left.")


class RobustnessAnswer(BaseModel):
    """How balance holds when amounts are off, the largest accounts leave, or any one rep leaves."""

    model_config = ConfigDict(title="Robustness")

    measure: str = Field(description="What is doubted and judged.", examples=["potential"])
    target: str = Field(description="How it is shared: equal, fte, capacity or given.")
    tolerance: float = Field(description="The band: largest absolute deviation, a fraction.", examples=[0.15])
    assumed: AssumedErrors = Field(description="The errors.")
    now: Outcome = Field(description="Without any error.")
    sampled: Sampled = Field(description="Under drawn errors.")
    certain: Certain | None = Field(description="Whatever the errors up to the spread; null with `lognormal`.")
    top_accounts: TopAccounts = Field(description="Without the largest accounts.")
    departures: DepartureCounts = Field(description="With one rep less, each in turn.")
    reps: list[RobustRep] = Field(description="One line a rep, by id.")
    sentences: list[str] = Field(
        description="One plain sentence each for errors, accounts and reps.",
        examples=[
            [
                "On average 12.3 of 50 reps would be outside the ±15 % band if potential were off by up to 20 %, "
                "account by account (4 today); in 19 of 20 cases not more than 15; 31 stay inside whatever is off."
            ]
        ],
    )


class ComparedRobustness(Sampled):
    """One of several alignments under the same drawn errors, judged by the first one's band."""

    measure: str = Field(description="What is doubted and judged.", examples=["potential"])
    reps: int = Field(description="Reps with a target.", examples=[50])
    now_outside: int = Field(description="Reps outside the band without any error.")


class Steadier(BaseModel):
    """Which of several alignments is the steadier one."""

    alignment_id: str | None = Field(description="The steadiest; null where chance may have made the difference.")
    than_id: str = Field(description="The one it is compared with: the next best.")
    by: Literal["outside", "worst_deviation"] | None = Field(description="Which figure decides.")
    difference: float | None = Field(
        description="How much smaller that figure is on average: reps, or a fraction.", examples=[3.2]
    )
    standard_error: float | None = Field(description="Standard error of that difference over the samples.")
    sentence: str = Field(
        description="One plain sentence.",
        examples=[
            "Board proposal (al_2) is steadier than First draft (al_1): on average 3.2 fewer of 50 reps would be "
            "outside the ±15 % band if potential were off by up to 20 %."
        ],
    )
