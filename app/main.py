"""The FastAPI application: create_app(settings) wires settings, database, errors and every noun's router."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CollectorRegistry

from app import documentation, health, page, problems
from app.access.gate import Gate
from app.access.routes import router as access_router
from app.access.service import keys_of
from app.alignments.routes import router as alignments_router
from app.alignments.side_by_side_routes import router as comparisons_router
from app.audit.routes import router as audit_router
from app.curves.routes import router as curves_router
from app.database import create_engine, session_factory
from app.datasets.import_processes import ImportProcesses
from app.datasets.routes import router as datasets_router
from app.jobs.job_reads import JobReads
from app.jobs.routes import router as jobs_router
from app.jobs.scenario_routes import router as asked_scenarios_router
from app.methods import ImpliedMethods
from app.migrations.upgrade import upgrade
from app.observation import Observation, RequestMetrics
from app.parameters import NoUnknownParameters
from app.replays.routes import router as replays_router
from app.scenarios.routes import router as scenarios_router
from app.settings import Settings
from app.shared_reads import SharedReads
from app.traces import is_untraced
from app.transitions.routes import router as transitions_router
from app.webhooks.routes import router as webhooks_router

DISTRIBUTION = "territory-optimizer"
REQUEST_SPANS: Final[TelemetryConfig] = {
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
    "exclude": is_untraced,
}
"""Of what FastAPI tells by itself only one span a request: metrics and logs are our own."""


def software_version() -> str:
    """Return the version of the installed package, `0` when it runs from bare sources."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"


def create_app(settings: Settings) -> FastAPI:
    """Build the service of ``settings``; the database is opened and migrated when it starts."""
    app = FastAPI(
        title="Territory Optimizer",
        version=software_version(),
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=documentation.operation_id,
        telemetry=REQUEST_SPANS,
        **documentation.front_matter(settings),
    )
    app.state.settings = settings
    app.state.registry = CollectorRegistry()
    for router in (
        datasets_router,
        asked_scenarios_router,
        curves_router,
        scenarios_router,
        jobs_router,
        alignments_router,
        transitions_router,
        replays_router,
        comparisons_router,
        webhooks_router,
        audit_router,
    ):
        app.include_router(router, dependencies=[NoUnknownParameters])
    app.include_router(access_router, dependencies=[NoUnknownParameters])
    app.include_router(health.router)
    app.include_router(problems.router)
    documentation.install(app)
    page.install(app)
    problems.install_error_handlers(app)
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(ImpliedMethods)
    app.add_middleware(Observation, metrics=RequestMetrics(app.state.registry))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database, bring its schema up to date, and close it at the end."""
    engine = create_engine(app.state.settings)
    upgrade(engine)
    app.state.engine = engine
    app.state.sessions = session_factory(engine)
    app.state.key_reads = SharedReads(partial(keys_of, app.state.sessions))
    app.state.job_reads = JobReads(app.state.sessions)
    app.state.imports = ImportProcesses()
    gc.freeze()  # what stands now stays: collections during an import then pause nobody for long
    try:
        yield
    finally:
        gc.unfreeze()
        app.state.imports.close()
        engine.dispose()
