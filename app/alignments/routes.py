"""HTTP routes of alignments."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1/alignments", tags=["alignments"])
