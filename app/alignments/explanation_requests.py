"""The body that asks for a proven price: solve again with the account forced to another rep."""

from pydantic import ConfigDict, Field

from app.scenarios.numbers import Identifier, StrictModel
from app.scenarios.schemas import Search
from app.webhooks.schemas import WebhookRequest


class ProofRequest(StrictModel):
    """Force an account, and its family where families stay together, to a rep, and solve everything again."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"rep_id": "R-9", "search": {"time_limit_s": 30}}]}
    )

    rep_id: Identifier = Field(description="The rep who must have the account.", examples=["R-9"])
    search: Search | None = Field(
        default=None, description="Limits of the search; left out: those of the alignment's scenario."
    )
    name: str | None = Field(default=None, min_length=1, max_length=1000, description="Name of the job.")
    webhook: WebhookRequest | None = Field(
        default=None,
        description=(
            "Where to tell that the proof has ended; `explanation` in the message says of what. A solve that was asked "
            "for before tells this address too unless it has one, of its end at once when it has ended."
        ),
    )
