"""Every noun's models, imported so that ``Base.metadata`` knows all tables."""

from typing import Any

from app.access.models import ApiKey
from app.alignments.models import Alignment, AlignmentFile, ExplanationProof
from app.audit.models import AuditEntry, AuditHead
from app.blobs import Blob, BlobChunk
from app.curves.models import Curve, CurvePoint
from app.database import Base
from app.datasets.models import Dataset
from app.idempotency import IdempotencyRecord
from app.jobs import models as jobs_models
from app.metrics.models import Tally
from app.scenarios.models import Scenario
from app.webhooks.models import Webhook, WebhookDelivery

metadata = Base.metadata

__all__ = [
    "Alignment",
    "AlignmentFile",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "Blob",
    "BlobChunk",
    "Curve",
    "CurvePoint",
    "Dataset",
    "ExplanationProof",
    "IdempotencyRecord",
    "Scenario",
    "Tally",
    "Webhook",
    "WebhookDelivery",
    "is_ours",
    "jobs_models",
    "metadata",
]


def is_ours(item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Leave alone the tables of the job engine, which migrates its own."""
    return kind != "table" or name in metadata.tables
