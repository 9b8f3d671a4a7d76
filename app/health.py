"""Health, metrics and limits: how the service is, for load balancers, Prometheus and callers."""

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from app.dependencies import ReadSession, SettingsParameter
from app.metrics.exposition import service_metrics
from app.tenancy import of_all_tenants

router = APIRouter(tags=["service"])


class Health(BaseModel):
    """How the service is."""

    status: str = Field(description="`ok`.", examples=["ok"])
    version: str = Field(description="Version of the software.", examples=["0.1.0"])


@router.get("/health/live", summary="Tell that the process runs")
async def get_live(request: Request) -> Health:
    """Answer while the process runs, without touching the database."""
    return Health(status="ok", version=request.app.version)


@router.get("/health/ready", summary="Tell that requests can be served")
def get_ready(request: Request, session: ReadSession) -> Health:
    """Answer while the database can be reached; 503 otherwise."""
    session.execute(sa.select(1))
    return Health(status="ok", version=request.app.version)


@router.get(
    "/metrics",
    summary="Serve Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(request: Request, settings: SettingsParameter) -> Response:
    """Serve metrics of requests, the queue, solves and webhooks in Prometheus' text form, of all tenants together."""
    state = request.app.state
    service = service_metrics(of_all_tenants(state.sessions), lease_s=settings.lease_s)
    return Response(generate_latest(state.registry) + service, headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/v1/limits", summary="List every limit")
def get_limits(settings: SettingsParameter) -> dict[str, int | float]:
    """List every limit of sizes, counts and times; each is a setting, and its name says the unit."""
    return settings.limits()
