"""HTTP routes of jobs."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
