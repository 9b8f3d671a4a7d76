"""What lines of answers name for people: a rep, or an account, by id and name; the OpenAPI document shows them."""

from pydantic import BaseModel, Field


class NamedRep(BaseModel):
    """A rep by id and name."""

    rep_id: str = Field(description="The rep's id.")
    rep_name: str = Field(description="The rep's name, or its id.")


class NamedAccount(BaseModel):
    """An account by id and name."""

    account_id: str = Field(description="The account's id.")
    account_name: str | None = Field(description="Name for people.")
