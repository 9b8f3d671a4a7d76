"""HTTP route of replays: all that is needed to reproduce an alignment, as one file."""

import hashlib

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.alignments.representations import immutable
from app.dependencies import ReadSession
from app.documentation import not_modified_responses
from app.replays.gathering import gather

router = APIRouter(prefix="/v1/alignments", tags=["alignments"])

ZIP = "application/zip"


@router.get(
    "/{alignment_id}/replay",
    summary="Download what a replay needs",
    response_class=Response,
    responses={
        200: {
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
            "description": "A zip with the steps from the root and every stored file.",
        },
        **not_modified_responses(),
    },
)
def get_replay(request: Request, session: ReadSession, alignment_id: str) -> Response:
    """Return the steps that made an alignment, with data, criteria, searches and edits, for `territory replay`."""
    bundle = gather(session, alignment_id)
    tag = hashlib.sha256(bundle.manifest()).hexdigest()[:32]
    return immutable(request, bundle.to_zip, etag=f'"{tag}"', media_type=ZIP, filename=f"{alignment_id}-replay.zip")
