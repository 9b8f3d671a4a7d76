"""Every noun's models, imported so that ``Base.metadata`` knows all tables."""

from app.alignments.models import Alignment, AlignmentFile
from app.blobs import Blob, BlobChunk
from app.database import Base
from app.datasets.models import Dataset
from app.idempotency import IdempotencyRecord
from app.jobs import models as jobs_models
from app.scenarios.models import Scenario

metadata = Base.metadata

__all__ = [
    "Alignment",
    "AlignmentFile",
    "Blob",
    "BlobChunk",
    "Dataset",
    "IdempotencyRecord",
    "Scenario",
    "jobs_models",
    "metadata",
]
