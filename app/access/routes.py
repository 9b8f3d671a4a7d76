"""Who am I: the one thing about keys that is asked over HTTP; making and revoking them is the command line's."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.access.caller import CallerParameter
from app.access.roles import Role, Verb

router = APIRouter(tags=["service"])


class CallerResource(BaseModel):
    """Who calls, and what they may do."""

    tenant_id: str = Field(description="The tenant whose data are seen.", examples=["default"])
    key_id: str | None = Field(
        description="Id of the key, or the subject of a token; null where the service asks nobody for a key."
    )
    name: str = Field(description="Name of the key or person.", examples=["Planning team"])
    role: Role = Field(description="Whose work the caller does.")
    verbs: list[Verb] = Field(description="What the caller may do.")
    rep_id: str | None = Field(description="The rep whose branch or book is seen; null for ops and viewers.")


@router.get("/v1/caller", summary="Show who calls")
def get_caller_resource(caller: CallerParameter) -> CallerResource:
    """Return the tenant, role and verbs of the key or token that the request was sent with."""
    return CallerResource(
        tenant_id=caller.tenant_id,
        key_id=caller.key_id,
        name=caller.name,
        role=caller.role,
        verbs=sorted(verb for verb in caller.verbs if caller.may(verb)),
        rep_id=caller.rep_id,
    )
