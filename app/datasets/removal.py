"""Delete a dataset that nothing uses, together with the current alignment that came with it."""

from sqlalchemy.orm import Session

from app.alignments.repository import AlignmentRepository
from app.datasets.models import Dataset
from app.datasets.repository import DatasetRepository
from app.datasets.service import refuse_used
from app.errors import Conflict


def delete_dataset(session: Session, dataset: Dataset) -> None:
    """Delete a dataset, its imported alignment, and the blobs that nothing else uses.

    Raises
    ------
    Conflict
        When a scenario, a job or an alignment uses it.
    """
    refuse_used(session, dataset)
    alignments = AlignmentRepository(session)
    imported = alignments.imported(dataset.id)
    if imported is not None:
        if alignments.num_children(imported.id) or alignments.num_jobs(imported.id):
            detail = f"The current alignment of {dataset.id} is used; archive the dataset instead."
            raise Conflict("IN_USE", detail, params={"alignment_id": imported.id})
        alignments.remove(imported)
    DatasetRepository(session).remove(dataset)
