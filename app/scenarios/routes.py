"""HTTP routes of scenarios."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])
