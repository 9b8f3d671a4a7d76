"""The started service of the alignments' tests, for the files that come out of it."""

from tests.app.alignments.conftest import alignment_id, bench

__all__ = ["alignment_id", "bench"]
