"""HTTP routes of scenarios."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.bodies import strict_body
from app.dependencies import ReadSession, SettingsParameter, WriteSession
from app.documentation import problem_responses
from app.etags import IfMatch, etag_of, require_match
from app.idempotency import Answer, OnceParameter
from app.pages import Page, PageParameters
from app.scenarios.chronology import page_json, position_of
from app.scenarios.repository import ScenarioRepository
from app.scenarios.resources import ScenarioChange, ScenarioRequest, ScenarioResource
from app.scenarios.service import ScenarioService, scenarios_json

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])


@router.post(
    "",
    summary="Create a scenario",
    status_code=201,
    response_model=ScenarioResource,
    responses=problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING", "LOCK_CONFLICT"),
)
def create_scenario(
    body: Annotated[ScenarioRequest, strict_body(ScenarioRequest)], once: OnceParameter, settings: SettingsParameter
) -> Response:
    """Store a question: a dataset, criteria and search limits, checked against each other."""

    def work(session: Session) -> Answer:
        scenario = ScenarioService(session, settings).create(body)
        resource = scenarios_json(session, [scenario])[0]
        return Answer(201, resource, location=f"/v1/scenarios/{scenario.id}", headers={"ETag": etag_of(resource)})

    return once.run(work)


@router.get("", summary="List scenarios", response_model=Page[ScenarioResource])
def list_scenarios(
    session: ReadSession,
    page: PageParameters,
    dataset_id: Annotated[str | None, Query(description="Only those of this dataset.")] = None,
    archived: Annotated[bool | None, Query(description="Only archived ones, or only others.")] = None,
) -> Page[ScenarioResource]:
    """List scenarios, newest first."""
    found, total = ScenarioRepository(session).page(
        dataset_id=dataset_id, archived=archived, limit=page.size + 1, after=position_of(page)
    )
    shown = page_json(found, page, total=total, show=lambda rows: scenarios_json(session, rows))
    return Page[ScenarioResource].model_validate(shown)


@router.get("/{scenario_id}", summary="Show a scenario", response_model=ScenarioResource)
def get_scenario(scenario_id: str, session: ReadSession, response: Response) -> ScenarioResource:
    """Return one scenario with every default filled in."""
    resource = scenarios_json(session, [ScenarioRepository(session).get(scenario_id)])[0]
    response.headers["ETag"] = etag_of(resource)
    return ScenarioResource.model_validate(resource)


@router.patch(
    "/{scenario_id}",
    summary="Rename, archive or change a scenario",
    response_model=ScenarioResource,
    responses=problem_responses("IN_USE", "CHANGED"),
)
def patch_scenario(
    scenario_id: str,
    body: Annotated[ScenarioChange, strict_body(ScenarioChange)],
    session: WriteSession,
    settings: SettingsParameter,
    response: Response,
    if_match: IfMatch = None,
) -> ScenarioResource:
    """Rename or archive a scenario; change its criteria and search until a job used it."""
    scenario = ScenarioRepository(session).get(scenario_id)
    require_match(if_match, etag_of(scenarios_json(session, [scenario])[0]))
    ScenarioService(session, settings).change(scenario, body)
    resource = scenarios_json(session, [scenario])[0]
    response.headers["ETag"] = etag_of(resource)
    return ScenarioResource.model_validate(resource)


@router.delete(
    "/{scenario_id}",
    summary="Delete a scenario",
    status_code=204,
    response_class=Response,
    responses=problem_responses("IN_USE", "CHANGED"),
)
def delete_scenario(
    scenario_id: str, session: WriteSession, settings: SettingsParameter, if_match: IfMatch = None
) -> Response:
    """Delete a scenario that no job and no alignment uses."""
    scenario = ScenarioRepository(session).get(scenario_id)
    require_match(if_match, etag_of(scenarios_json(session, [scenario])[0]))
    ScenarioService(session, settings).delete(scenario)
    return Response(status_code=204)
