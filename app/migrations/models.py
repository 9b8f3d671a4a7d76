"""Every noun's models, imported so that ``Base.metadata`` knows all tables."""

import importlib.util

from app.blobs import Blob, BlobChunk
from app.database import Base
from app.idempotency import IdempotencyRecord

NOUNS = ("datasets", "scenarios", "jobs", "alignments")

metadata = Base.metadata

for _noun in NOUNS:
    if importlib.util.find_spec(f"app.{_noun}.models") is not None:
        importlib.import_module(f"app.{_noun}.models")

__all__ = ["Blob", "BlobChunk", "IdempotencyRecord", "metadata"]
