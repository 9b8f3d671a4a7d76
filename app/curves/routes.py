"""HTTP routes of curves: submit one for a scenario, read the points of its job."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.bodies import strict_body
from app.curves.requests import CurveRequest
from app.curves.resources import CurveResource
from app.curves.service import curve_json, submit_curve
from app.dependencies import ReadSession, SettingsParameter
from app.documentation import problem_responses
from app.idempotency import Answer, OnceParameter
from app.jobs.dependencies import QueueParameter
from app.jobs.representation import job_json
from app.jobs.resources import JobResource
from app.webhooks.targets import checked_target

router = APIRouter(prefix="/v1", tags=["curves"])


@router.post(
    "/scenarios/{scenario_id}/curves",
    summary="Submit a curve",
    status_code=202,
    response_model=JobResource,
    responses=problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING", "QUEUE_FULL"),
)
def submit_scenario_curve(
    scenario_id: str,
    body: Annotated[CurveRequest, strict_body(CurveRequest)],
    once: OnceParameter,
    queue: QueueParameter,
    settings: SettingsParameter,
) -> Response:
    """Submit a job that answers a scenario many times: the price of disruption, or a Pareto set."""
    webhook = checked_target(body.webhook, settings)

    def work(session: Session) -> Answer:
        job = submit_curve(session, scenario_id, body, queue=queue, settings=settings, webhook=webhook)
        return Answer(202, job_json(job), location=f"/v1/jobs/{job.id}")

    return once.run(work)


@router.get("/jobs/{job_id}/curve", summary="Show a job's curve", response_model=CurveResource)
def get_job_curve(job_id: str, session: ReadSession) -> CurveResource:
    """Return the points of a job's curve so far, also while it runs; 404 for a job that computes no curve."""
    return CurveResource.model_validate(curve_json(session, job_id))
