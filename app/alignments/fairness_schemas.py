"""Fairness as the API shows it; the OpenAPI document is made from these models."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.alignments.named_schemas import NamedRep
from app.alignments.worth import Per

_RANK = "1 for the largest value of the team; equal values share it."
_PERCENTILE = "Part of the other reps whose value is smaller, equal ones counted half, 0 to 1."


class ValuationUsed(BaseModel):
    """How territories are valued; more is better."""

    measure: str = Field(description="What a rep wants much of.", examples=["potential"])
    per: Per = Field(
        description=(
            "`share`: per full share of the targets, which is per FTE where targets are by FTE. `hour`: per hour of "
            "work and of driving from the rep's own center, there and back."
        )
    )
    speed_kmh: float | None = Field(description="Mean speed in km per hour, for `hour`; else null.", examples=[60.0])
    counts_driving: bool = Field(description="Whether any driving is known and counted.")


class TeamGroup(BaseModel):
    """Some neighbors of the team in rising order, without names."""

    reps: int = Field(description="How many reps, at least 4.", examples=[5])
    mean: float = Field(description="The mean of their values, in the value's unit.", examples=[812.5])


class BesideTeam(BaseModel):
    """One value of a rep beside the team's."""

    value: float | None = Field(description="The rep's own, in the measure's unit; null where it is not known.")
    rank: int | None = Field(description=_RANK, examples=[3])
    percentile: float | None = Field(description=_PERCENTILE, examples=[0.94])
    team: list[TeamGroup] | None = Field(
        description="The whole team in rising order, as means of 4 reps or more; null for a smaller team."
    )


class MeasureBesideTeam(BesideTeam):
    """One measure of a rep beside the team's."""

    load: float = Field(description="The sum over the rep's accounts, in the measure's unit.", examples=[1780.0])
    target: float | None = Field(description="The fair share, in the measure's unit; null in a team of two.")
    index: float | None = Field(description="100 · load / target; null in a team of two.", examples=[98.9])
    compared: Literal["load", "load_per_fte", "index"] = Field(
        description=(
            "What `value` is: the load; the load per FTE where targets are by FTE; the index where they are by "
            "capacity or given."
        )
    )


class WouldSwap(ValuationUsed):
    """Whether the rep would rather have another territory than its own."""

    worth: float | None = Field(description="What its own territory is worth to it, measure per share or per hour.")
    others: int = Field(description="How many other territories it was asked about.", examples=[49])
    num_envied: int = Field(description="How many of them are worth more to it than its own.", examples=[3])
    largest_envy_up_to: float | None = Field(
        description=(
            "By how much at most another is worth more, in parts of its own worth, rounded up to steps of 0.05; "
            "null in a team below 4, or where its own is worth nothing."
        ),
        examples=[0.15],
    )
    is_envy_free: bool = Field(description="True: it would not swap with anybody.")
    is_ef1: bool = Field(
        description="Envy-free up to one account: without some single account, no envied territory would be worth more."
    )


class SheetTeam(BaseModel):
    """The team that a sheet compares with."""

    reps: int = Field(description="Reps who have not left, this one included.", examples=[50])
    smallest_group: int = Field(description="So many values at least are told as one mean.", examples=[4])


class Withheld(BaseModel):
    """What a sheet does not tell."""

    what: str = Field(description="The fields.", examples=["team, largest_envy_up_to"])
    why: str = Field(description="One sentence.")


class FairnessSheet(NamedRep):
    """One rep's own sheet: its territory beside the team, with nothing that tells one other rep's numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rep_id": "R-1",
                    "rep_name": "Çelik",
                    "active": True,
                    "fte": 1.0,
                    "accounts": 104,
                    "measures": {
                        "workload": {
                            "value": 1780.0,
                            "rank": 6,
                            "percentile": 0.29,
                            "team": [{"reps": 4, "mean": 1741.2}, {"reps": 4, "mean": 1858.9}],
                            "load": 1780.0,
                            "target": 1800.0,
                            "index": 98.9,
                            "compared": "load",
                        }
                    },
                    "travel_km": {"value": 21400.0, "rank": 2, "percentile": 0.86, "team": None},
                    "would_swap": {
                        "measure": "potential",
                        "per": "share",
                        "speed_kmh": None,
                        "counts_driving": False,
                        "worth": 512000.0,
                        "others": 7,
                        "num_envied": 3,
                        "largest_envy_up_to": 0.15,
                        "is_envy_free": False,
                        "is_ef1": True,
                    },
                    "team": {"reps": 8, "smallest_group": 4},
                    "withheld": [],
                    "sentence": (
                        "3 of 7 other territories would be worth more to R-1, by at most 15 %, by potential per full "
                        "share; each of them only because of one account."
                    ),
                }
            ]
        }
    )

    active: bool = Field(description="False: has left, and is not compared.")
    fte: float = Field(description="Full-time equivalents.")
    accounts: int = Field(description="Accounts of the rep.")
    measures: dict[str, MeasureBesideTeam] = Field(description="Every measure beside the team's.")
    travel_km: BesideTeam = Field(description="Road kilometers a year, one way each visit, beside the team's.")
    would_swap: WouldSwap | None = Field(description="What it would rather have; null for a rep who is not compared.")
    team: SheetTeam = Field(description="The team.")
    withheld: list[Withheld] = Field(description="What is not told because the team is small, and why.")
    sentence: str = Field(description="One plain sentence.")


class RankedMeasure(BaseModel):
    """One measure of a rep and its place in the team."""

    value: float | None = Field(description="Load, load per FTE or index, as in the rep's own sheet.")
    rank: int | None = Field(description=_RANK)
    percentile: float | None = Field(description=_PERCENTILE)


class FairnessLine(NamedRep):
    """One rep's line of the planner's list; figures are null for reps who are not compared."""

    worth: float | None = Field(description="What its own territory is worth to it, measure per share or per hour.")
    num_envied: int | None = Field(description="How many other territories are worth more to it.")
    largest_envy: float | None = Field(description="By how much the most wanted one is worth more; 0 without envy.")
    largest_envy_share: float | None = Field(description="The same in parts of its own worth; null where that is 0.")
    most_wanted_rep_id: str | None = Field(description="Whose territory is worth most to it; null without envy.")
    is_envy_free: bool | None = Field(description="True: it would not swap with anybody.")
    is_ef1: bool | None = Field(description="Envy-free up to one account of each envied territory.")
    measures: dict[str, RankedMeasure] = Field(description="Every measure with its place in the team.")


class FairnessOfTeam(BaseModel):
    """The whole team."""

    reps: int = Field(description="Reps who are compared.")
    envy_free: int = Field(description="Reps who would not swap with anybody.")
    envy_free_share: float | None = Field(description="Their part of the reps, 0 to 1.")
    ef1: int = Field(description="Reps who are envy-free up to one account, those who are envy-free included.")
    ef1_share: float | None = Field(description="Their part of the reps, 0 to 1.")
    largest_envy: float | None = Field(description="The largest envy of any rep, measure per share or per hour.")
    gini: float | None = Field(description="Gini coefficient of what the territories are worth to their own reps.")


class FairnessList(BaseModel):
    """What every rep would rather have; it names reps and is meant for those who plan."""

    valuation: ValuationUsed = Field(description="How territories are valued.")
    team: FairnessOfTeam = Field(description="Numbers of the whole team.")
    reps: list[FairnessLine] = Field(description="One line a rep, by id.")
    sentence: str = Field(
        description="One plain sentence.",
        examples=[
            "38 of 50 reps would keep their own territory, by potential per full share; 12 would rather have "
            "another's, 10 of them only because of one account in each."
        ],
    )
