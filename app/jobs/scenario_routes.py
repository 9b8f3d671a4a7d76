"""HTTP routes of scenarios that jobs answer: many variants at once, and a diagnosis without a solve."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.bodies import NoBody, strict_body
from app.datasets.service import load_tables
from app.dependencies import ReadSession, SettingsParameter
from app.documentation import problem_responses
from app.idempotency import Answer, OnceParameter
from app.jobs.batch import Batch, BatchRequest, submit_batch
from app.jobs.dependencies import QueueParameter
from app.jobs.diagnosis import diagnosis_json
from app.jobs.resources import ConflictResource, RelaxationResource
from app.scenarios.repository import ScenarioRepository
from app.scenarios.schemas import Criteria
from app.webhooks.targets import checked_target

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])


class Diagnosis(BaseModel):
    """What is proved of a scenario without a solve."""

    outcome: str = Field(
        description="`infeasible` where a conflict is proved, else `unknown`: only a solve can tell.",
        examples=["infeasible"],
    )
    sentence: str = Field(
        description="The same in one sentence.",
        examples=[
            "Adding up proves no conflict. That is no promise: a job tells whether an alignment keeps all criteria."
        ],
    )
    conflicts: list[ConflictResource] = Field(description="Wishes that cannot be met together, by arithmetic.")
    relaxations: list[RelaxationResource] = Field(
        description="Changes that help, each of one kind, verified by an alignment; for small problems only."
    )
    elapsed_s: float = Field(description="Seconds that it took.")


@router.post(
    "/batch",
    summary="Create and solve variants of a scenario",
    status_code=202,
    response_model=Batch,
    responses=problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING", "LOCK_CONFLICT", "QUEUE_FULL"),
)
def create_batch(
    body: Annotated[BatchRequest, strict_body(BatchRequest)],
    once: OnceParameter,
    queue: QueueParameter,
    settings: SettingsParameter,
) -> Response:
    """Make a scenario of each variant, and a job for each: all of them or none."""
    webhook = checked_target(body.webhook, settings)

    def work(session: Session) -> Answer:
        return Answer(202, submit_batch(session, body, queue=queue, settings=settings, webhook=webhook))

    return once.run(work)


@router.post(
    "/{scenario_id}/diagnosis",
    summary="Diagnose a scenario",
    response_model=Diagnosis,
    dependencies=[NoBody],
)
def diagnose(scenario_id: str, session: ReadSession, once: OnceParameter) -> Response:
    """Tell what makes a scenario impossible, by arithmetic and without a solve, and what would help."""
    scenario = ScenarioRepository(session).get(scenario_id)
    criteria = Criteria.model_validate(scenario.criteria, strict=False)
    found = diagnosis_json(load_tables(session, scenario.dataset_id), criteria)
    session.close()  # the transaction that remembers the answer must not wait for the one that only read
    return once.run(lambda _: Answer(200, found))
