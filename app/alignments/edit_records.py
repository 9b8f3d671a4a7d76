"""What was asked of an alignment that was edited by hand, kept beside it, so that the edit can be done again."""

from sqlalchemy.orm import Session

from app.alignments.edit_requests import EditRequest
from app.alignments.repository import AlignmentRepository

KIND = "edit"


def keep_request(session: Session, alignment_id: str, request: EditRequest) -> None:
    """Keep the edit that made an alignment, as it was sent: what was left out stays out."""
    content = request.model_dump_json(exclude_unset=True).encode()
    AlignmentRepository(session).keep_file(alignment_id, KIND, content)


def kept_request(session: Session, alignment_id: str) -> bytes | None:
    """Return the edit that made an alignment as JSON, None where none was kept."""
    return AlignmentRepository(session).file(alignment_id, KIND)
