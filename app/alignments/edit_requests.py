"""The body of POST /v1/alignments/{id}/edits, and what it answers."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.alignments import schemas
from app.scenarios.numbers import Amount, Identifier, StrictModel
from app.scenarios.schemas import AccountRep, MeasureName, Search
from app.webhooks.schemas import WebhookRequest

MOST_EDITS = 10_000


class EditMove(StrictModel):
    """Give one account, or its whole family, to another rep."""

    account_id: Identifier = Field(description="The account's id.", examples=["A-1"])
    rep_id: Identifier | None = Field(description="The rep who gets it; null leaves it without a rep.")
    lock: bool = Field(default=False, description="True: it must stay there in every later solve.")
    family: bool = Field(default=False, description="True: the whole family goes along.")


class EditLock(StrictModel):
    """Lock an account to a rep."""

    account_id: Identifier = Field(description="The account's id.", examples=["A-1"])
    rep_id: Identifier | None = Field(
        default=None, description="The rep; left out: the one who has the account after the moves and swaps."
    )


class EditCapacity(StrictModel):
    """Change the smallest or largest load of a rep; what is left out stays, null takes the limit away."""

    rep_id: Identifier = Field(description="The rep's id.", examples=["R-1"])
    measure: MeasureName = Field(description="The limited measure.", examples=["workload"])
    min: Amount | None = Field(default=None, description="Smallest load, ≥ 0, in the measure's unit.")
    max: Amount | None = Field(default=None, description="Largest load, ≥ 0, in the measure's unit.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set & {"min", "max"}:
            raise ValueError("A change of capacity needs min or max; null takes the limit away.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}.")
        return self


def _two(accounts: list[str]) -> list[str]:
    if len(accounts) != 2:
        raise PydanticCustomError(
            "literal_error", "a swap names two accounts, here are {number}", {"number": len(accounts)}
        )
    return accounts


SwappedAccounts = Annotated[
    list[Identifier], AfterValidator(_two), Field(json_schema_extra={"minItems": 2, "maxItems": 2})
]
"""Two accounts that exchange their reps."""


class EditRequest(StrictModel):
    """Changes of an alignment by hand, any of them; the answer is a new alignment, rescored at once."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"moves": [{"account_id": "A-1", "rep_id": "R-9", "lock": True}]}]},
    )

    moves: list[EditMove] = Field(default_factory=list, max_length=MOST_EDITS, description="Accounts to give away.")
    swaps: list[SwappedAccounts] = Field(
        default_factory=list, max_length=MOST_EDITS, description="Pairs of accounts that exchange their reps."
    )
    locks: list[EditLock | Identifier] = Field(
        default_factory=list,
        max_length=MOST_EDITS,
        description="Accounts to lock; an id alone locks the account to the rep who has it after the edit.",
        examples=[["A-1", {"account_id": "A-2", "rep_id": "R-9"}]],
    )
    unlocks: list[Identifier] = Field(
        default_factory=list, max_length=MOST_EDITS, description="Ids of accounts to unlock, whatever locked them."
    )
    forbid: list[AccountRep] = Field(
        default_factory=list, max_length=MOST_EDITS, description="Pairs that may not be in any later solve."
    )
    capacity: list[EditCapacity] = Field(
        default_factory=list, max_length=MOST_EDITS, description="Changed limits of loads."
    )
    name: str | None = Field(default=None, min_length=1, max_length=1000, description="Name of the new alignment.")
    reoptimize: Literal["touched", "all"] | None = Field(
        default=None,
        description=(
            "Solve around the edit, whose moves are held: `touched` changes the touched reps and their neighbors only, "
            "`all` everybody. The answer is then 202 and the job."
        ),
    )
    search: Search | None = Field(default=None, description="Limits of that search; left out: the scenario's.")
    webhook: WebhookRequest | None = Field(default=None, description="Where to tell what becomes of that job.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        edits = (self.moves, self.swaps, self.locks, self.unlocks, self.forbid, self.capacity)
        if not any(edits) and self.reoptimize is None:
            raise ValueError("The edit is empty: send moves, swaps, locks, unlocks, forbid or capacity.")
        if self.webhook is not None and self.reoptimize is None:
            raise ValueError("A webhook tells of a job; send reoptimize too, or leave it out.")
        return self


class ScorecardChange(BaseModel):
    """What the edit changed of the scorecard; every number is after less before."""

    model_config = ConfigDict(extra="allow")

    objective: float | None = Field(
        description=(
            "Change of the objective by the references of what was edited: an edit that locks or forbids gives the "
            "new alignment references of its own, which this leaves out. Null without criteria."
        )
    )
    violations: int = Field(description="Change of the number of violations.")
    accounts: int = Field(description="Accounts whose rep changed.")
    team: dict[str, object] = Field(description="Changes of the team's numbers.")
    reps: list[dict[str, object]] = Field(description="Changes of those reps whose territory or limits changed.")


class EditedAlignment(schemas.Alignment):
    """The new alignment, with what the edit changed."""

    scorecard_change: ScorecardChange = Field(description="What changed against the alignment that was edited.")
