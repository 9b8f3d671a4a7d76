"""The body of POST /v1/alignments/{id}/transition, and what it answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.alignments.named_schemas import NamedAccount
from app.alignments.schemas import Amounts
from app.scenarios.numbers import LARGEST_COUNT, Identifier, StrictModel, Whole

MOST_HOLDS = 250_000

IsoDate = Annotated[str, Field(max_length=32, json_schema_extra={"format": "date"})]
"""A day, such as 2027-01-04."""


class Hold(StrictModel):
    """Keep one account where it is until a day."""

    account_id: Identifier = Field(description="The account's id.", examples=["A-1"])
    date: IsoDate = Field(description="The first day on which it may move, ISO 8601.", examples=["2027-02-15"])


class TransitionRequest(StrictModel):
    """How the moves of an alignment are to be carried out."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "max_per_rep_per_week": 10,
                    "start": "2027-01-04",
                    "hold_until": [{"account_id": "A-1", "date": "2027-02-15"}],
                }
            ]
        },
    )

    max_per_rep_per_week: Whole = Field(  # its range is checked with the days, so that all faults are told at once
        description="Accounts that one rep gives, and accounts that one rep receives, in one week at most.",
        examples=[10],
        json_schema_extra={"minimum": 1, "maximum": LARGEST_COUNT},
    )
    name: str | None = Field(
        default=None, min_length=1, max_length=1000, description="Name of the plan, answered as it is."
    )
    start: IsoDate | None = Field(
        default=None, description="First day of the first week; needed with holds.", examples=["2027-01-04"]
    )
    hold_until: list[Hold] = Field(
        default_factory=list,
        max_length=MOST_HOLDS,
        description="Accounts that stay until their day, such as those with an open deal; the later of two days holds.",
    )
    hold_until_attribute: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Name of a text column of the accounts with such days; empty cells hold nothing.",
        examples=["open_deal_until"],
    )
    families: Literal["together", "off"] | None = Field(
        default=None, description="`together`: a family moves in one week. Left out: as the criteria say."
    )


class HandedOver(NamedAccount):
    """One account that is handed over."""

    measures: Amounts = Field(description="What goes with it by measure, as its new rep has it.")
    reason: str = Field(description="Why it moves, with its numbers.")
    reason_code: str = Field(description="Stable word for the reason.")
    urgent: bool = Field(description="True: it has no rep, or its rep has left.")
    held_until: str | None = Field(description="The day it is held until; null without one.")


class HandOver(BaseModel):
    """What one rep hands over to another in one week."""

    model_config = ConfigDict(populate_by_name=True)

    from_rep: str | None = Field(alias="from", description="Rep id before; null for nobody.")
    from_name: str | None = Field(description="Name of the rep before.")
    to: str | None = Field(description="Rep id after; null for nobody.")
    to_name: str | None = Field(description="Name of the rep after.")
    measures: Amounts = Field(description="What goes along by measure, the number of accounts included.")
    accounts: list[HandedOver] = Field(description="The accounts, by id.")


class WaveRep(BaseModel):
    """One rep in one week."""

    rep_id: str = Field(description="The rep's id.")
    gives: int = Field(description="Accounts that it gives.")
    receives: int = Field(description="Accounts that it receives.")
    loads: Amounts = Field(description="Its loads at the end of the week, by measure.")


class Wave(BaseModel):
    """The moves of one week."""

    number: int = Field(description="From 1, without holes.")
    week: int = Field(description="Week counted from the start, from 1; weeks without moves are left out.")
    date: str | None = Field(description="First day of the week; null without a start.")
    moves: int = Field(description="Accounts that move.")
    reps: list[WaveRep] = Field(description="The reps who give or receive, by id.")
    hand_overs: list[HandOver] = Field(description="Who hands over what to whom, by the reps' ids.")


class Peak(BaseModel):
    """A week at whose end a rep carries more than both before and after the transition."""

    wave: int = Field(description="The wave's number.")
    rep_id: str = Field(description="The rep's id.")
    measure: str = Field(description="The measure.")
    load: float = Field(description="Its load at the end of that week.")
    ceiling: float = Field(description="The larger of its loads before and after the transition.")
    by: float = Field(description="How much the load is above it.")


class FewestWeeks(BaseModel):
    """What no plan can do without."""

    waves: int = Field(description="Weeks with moves that the cap alone takes: the busiest rep's moves over the cap.")
    weeks: int = Field(description="Number of the last week that cap and holds together take.")


class TransitionCounts(BaseModel):
    """How much is moved."""

    moves: int = Field(description="Accounts that change rep.")
    waves: int = Field(description="Weeks with moves.")
    weeks: int = Field(description="Number of the last week.")
    urgent: int = Field(description="Accounts without a rep, or whose rep has left.")
    held: int = Field(description="Accounts that move and are held beyond the start.")


class TransitionPlan(BaseModel):
    """The moves of an alignment in weekly waves; nothing of it is stored."""

    alignment_id: str = Field(description="The alignment that the last wave ends with.")
    dataset_id: str = Field(description="Its dataset, whose current alignment the first wave begins with.")
    name: str | None = Field(description="Name of the plan, as asked.")
    max_per_rep_per_week: int = Field(description="The cap, as asked.")
    start: str | None = Field(description="First day of week 1, as asked.")
    families: Literal["together", "off"] = Field(description="Whether families move in one week.")
    counts: TransitionCounts = Field(description="How much is moved, and in how many weeks.")
    lower_bound: FewestWeeks = Field(description="The fewest waves and weeks that cap and holds allow.")
    waves: list[Wave] = Field(description="The waves, first to last.")
    peaks: list[Peak] = Field(description="Loads above those before and after, where no exchange avoided them.")
