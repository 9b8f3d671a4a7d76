"""Scenarios as the HTTP API takes and shows them."""

import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.scenarios.numbers import Identifier
from app.scenarios.schemas import Criteria, Search

NAME_CHARACTERS = 1000


class ScenarioRequest(BaseModel):
    """A question asked of a dataset. What is left out is taken from `based_on`, or has its default."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "dataset_id": "ds_01jz",
                    "name": "Tight balance",
                    "criteria": {
                        "balance": [{"measure": "workload", "target": "fte", "tolerance": 0.05, "hard": True}],
                        "travel": {"weight": 30, "road_factor": 1.3},
                        "disruption": {"weight": 30, "max_moved": {"accounts": 400}},
                    },
                    "search": {"time_limit_s": 60, "gap": 0.001},
                }
            ]
        },
    )

    dataset_id: Identifier | None = Field(
        default=None, description="The dataset; may be left out with `based_on`.", examples=["ds_01jz"]
    )
    name: str | None = Field(default=None, min_length=1, max_length=NAME_CHARACTERS, description="A name for people.")
    criteria: Criteria | None = Field(
        default=None,
        description=(
            "What makes an alignment good. Left out: those of `based_on`, or workload balanced within 10 % soft, "
            "travel and disruption at weight 50 each."
        ),
    )
    search: Search | None = Field(default=None, description="How long and how to search.")
    based_on: Identifier | None = Field(
        default=None, description="A scenario whose dataset, criteria and search are taken where these are left out."
    )

    @model_validator(mode="after")
    def _names_a_dataset(self) -> Self:
        if self.dataset_id is None and self.based_on is None:
            raise ValueError("dataset_id is missing; name a dataset, or a scenario in based_on.")
        return self


class ScenarioChange(BaseModel):
    """Changes of a scenario; criteria and search only until a job used it."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"name": "2027, tight"}]})

    name: str | None = Field(
        default=None, min_length=1, max_length=NAME_CHARACTERS, description="A new name for people."
    )
    archived: bool | None = Field(default=None, description="True hides it from lists that ask for unarchived ones.")
    criteria: Criteria | None = Field(default=None, description="New criteria, complete.")
    search: Search | None = Field(default=None, description="New search limits, complete.")


class ScenarioResource(BaseModel):
    """One question asked of a dataset, every default filled in."""

    id: str = Field(description="Opaque id.", examples=["sc_01jz"])
    name: str = Field(description="Name for people.")
    dataset_id: str = Field(description="The dataset that is asked.")
    based_on: str | None = Field(description="The scenario that it was made from.")
    criteria: Criteria = Field(description="What makes an alignment good.")
    search: Search = Field(description="How long and how to search.")
    criteria_sha256: str = Field(description="Hash of the normalized criteria; equal criteria have equal hashes.")
    created_at: datetime.datetime = Field(description="RFC 3339, UTC.")
    archived: bool = Field(description="True once it was archived.")
    used: bool = Field(description="True once a job used it; criteria and search are fixed then.")
    links: dict[str, str] = Field(description="Related addresses.", examples=[{"self": "/v1/scenarios/sc_01jz"}])
