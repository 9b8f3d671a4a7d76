"""An explanation as the API shows it; the OpenAPI document is made from these models."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.alignments.schemas import Violation


class TermPart(BaseModel):
    """A part of the objective, or its change."""

    name: str = Field(description="Which term.", examples=["travel"])
    raw: float = Field(description="In the term's unit.", examples=[-11.2])
    unit: str = Field(description="Unit of raw.", examples=["km"])
    weighted: float = Field(description="In objective units.", examples=[-0.0002])


class LoadPart(BaseModel):
    """One load before and after the change."""

    before: float = Field(description="In the measure's unit.", examples=[1780.0])
    after: float = Field(description="In the measure's unit.", examples=[1802.0])


class RepLoads(BaseModel):
    """The loads of one rep whom the change concerns."""

    rep_id: str = Field(description="The rep's id.", examples=["R-9"])
    measures: dict[str, LoadPart] = Field(description="By measure.")


class FollowUp(BaseModel):
    """One follow-up move of a repaired or proven alternative."""

    account_id: str = Field(description="The account that makes room.", examples=["A-7"])
    from_: str | None = Field(alias="from", description="Its rep now; null for none.", examples=["R-9"])
    to: str | None = Field(description="Its rep then; null for none.", examples=["R-4"])


class Alternative(BaseModel):
    """What another rep would change."""

    rep_id: str = Field(description="The rep's id.", examples=["R-9"])
    level: Literal["direct", "repaired", "proven"] = Field(
        description=(
            "`direct`: only this account, or its family, moves; exact. `repaired`: with one to three follow-up moves, "
            "of an item or of up to 12 units that join two pieces each, breaking nothing new. `proven`: everything was "
            "solved again with it there, by the job that POST on this address makes."
        )
    )
    eligible: bool = Field(description="False: a lock, a skill, a distance or a forbidden pair rules it out.")
    why_not: str | None = Field(description="Why it is not eligible; null where it is.")
    why_not_code: str | None = Field(
        description="Stable word for it: REP_LEFT, LOCKED, FROZEN, HELD, SKILL, TOO_FAR, NO_WAY or FORBIDDEN.",
        examples=["SKILL"],
    )
    why_not_params: dict[str, Any] = Field(
        description="Every number and id of `why_not`.", examples=[{"rep_id": "R-9", "skills": ["medical"]}]
    )
    terms: list[TermPart] = Field(description="Changes of the objective's terms, after less before.")
    loads: list[RepLoads] = Field(description="Loads of everybody concerned.")
    violations: list[Violation] = Field(description="What it would break, newly or worse than now.")
    price: float = Field(description="Change of the objective.", examples=[0.0031])
    price_lower_bound: float = Field(
        description=(
            "Proven by the certificate: no alignment that gives it to this rep and keeps the criteria costs less than "
            "the objective and this. 0 where nothing is known."
        ),
        examples=[0.0012],
    )
    price_upper_bound: float | None = Field(
        description=(
            "Of `proven`: the best alignment with it there costs at most this more than the best one at all. Where "
            "both searches left a gap, `price` is what the two alignments at hand differ by, and the proven price lies "
            "between the two bounds. null where nothing is proven."
        ),
        examples=[0.0038],
    )
    follow_up: list[FollowUp] = Field(
        description="The follow-up moves of a repaired or proven alternative, at most 100."
    )
    num_follow_up: int = Field(description="All follow-up moves.", examples=[3])
    job_id: str | None = Field(description="Of `proven`: the job that solved it.", examples=["job_01jz"])
    alignment_id: str | None = Field(description="Of `proven`: the alignment that it found.", examples=["al_01jz"])


class ForcedSolve(BaseModel):
    """One forced solve of this account: how far it is and what it proved."""

    rep_id: str = Field(description="The rep who must have the account.", examples=["R-9"])
    job_id: str = Field(description="The job.", examples=["job_01jz"])
    state: str = Field(description="The job's state.", examples=["succeeded"])
    outcome: str | None = Field(
        description="`infeasible` proves that no alignment that keeps the criteria gives it to this rep."
    )
    alignment_id: str | None = Field(description="The alignment that was found; null for none.")
    sentence: str = Field(description="The same in one sentence.", examples=["Solved again with R-9 as its rep."])


class Explanation(BaseModel):
    """Why an account has its rep, and every other rep ranked."""

    account_id: str = Field(description="The account's id.", examples=["A-1"])
    rep_id: str | None = Field(description="Its rep; null for none.", examples=["R-1"])
    family: list[str] = Field(description="The accounts that move together, this one included.")
    together_by: Literal["family", "unit", "units_and_families"] | None = Field(
        description=(
            "What holds these accounts together: a family, a unit that one rep owns as a whole (`contiguity`), or "
            "both; null for one account."
        ),
        examples=["family"],
    )
    sentence: str = Field(
        description="Why, in one plain sentence.",
        examples=["R-9 is 11 km nearer but has room for 1.5 of the 22 hours needed."],
    )
    terms: list[TermPart] = Field(description="What it adds to the linear terms where it is.")
    alternatives: list[Alternative] = Field(description="Every other rep, best first, the ineligible ones last.")
    num_alternatives: int = Field(description="How many other reps there are, before `top`.")
    proofs: list[ForcedSolve] = Field(description="Forced solves that were asked for, the newest for each rep.")
