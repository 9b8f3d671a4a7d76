"""Many scenarios from one, and a job for each, in one transaction: all of them or none.

Owns the variants: each has complete criteria of its own, checked against the base's dataset.
"""

from dataclasses import replace
from typing import Any

from pydantic import Field
from sqlalchemy.orm import Session

from app.datasets.service import load_tables
from app.errors import Fault, InvalidInput
from app.jobs.engine import JobQueue
from app.jobs.representation import job_json
from app.jobs.resources import JobResource
from app.jobs.service import JobService, Submission
from app.scenarios.models import Scenario
from app.scenarios.numbers import Identifier, StrictModel, Whole
from app.scenarios.resources import ScenarioResource
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import ScenarioService, scenario_faults, scenarios_json
from app.settings import Settings
from app.webhooks.schemas import WebhookRequest
from app.webhooks.targets import Target

MOST_VARIANTS = 50


class Variant(StrictModel):
    """One scenario to make and solve."""

    name: str = Field(min_length=1, max_length=1000, description="A name for people.", examples=["Tight balance"])
    criteria: Criteria = Field(description="What makes an alignment good, complete.")
    search: Search | None = Field(default=None, description="How long and how to search; left out: the base's.")


class BatchRequest(StrictModel):
    """Variants of one scenario, each solved by a job of its own."""

    base_id: Identifier = Field(
        description="The scenario whose dataset, and search where left out, are taken.", examples=["sc_01jz"]
    )
    variants: list[Variant] = Field(min_length=1, max_length=MOST_VARIANTS, description="What to solve, 1 to 50.")
    priority: Whole = Field(default=0, ge=-1000, le=1000, description="Higher is sooner.")
    webhook: WebhookRequest | None = Field(default=None, description="Where to tell what becomes of each of the jobs.")


class BatchItem(StrictModel):
    """One variant's scenario and job."""

    scenario: ScenarioResource = Field(description="The scenario that was made.")
    job: JobResource = Field(description="The job that solves it.")


class Batch(StrictModel):
    """Scenarios and jobs in the order of the variants."""

    items: list[BatchItem] = Field(description="One for each variant.")


def submit_batch(
    session: Session, wanted: BatchRequest, *, queue: JobQueue, settings: Settings, webhook: Target | None = None
) -> dict[str, Any]:
    """Store every variant and its job; return them as the API shows them.

    Raises
    ------
    InvalidInput
        When the base is not there, or criteria do not fit, with every fault of every variant.
    Unavailable
        When too many jobs wait.
    """
    base = session.get(Scenario, wanted.base_id)
    if base is None:
        detail = f"There is no scenario '{wanted.base_id[:64]}'."
        raise InvalidInput([Fault(code="UNKNOWN_REFERENCE", detail=detail, pointer="/base_id", value=wanted.base_id)])
    inherited = Search.model_validate(base.search, strict=False)
    tables = load_tables(session, base.dataset_id)
    faults = [
        replace(fault, pointer=f"/variants/{number}{fault.pointer or ''}")
        for number, variant in enumerate(wanted.variants)
        for fault in scenario_faults(tables, variant.criteria, variant.search or inherited, settings)
    ]
    if faults:
        raise InvalidInput(faults[: settings.max_listed_faults], total=len(faults))
    scenarios, jobs = ScenarioService(session, settings), JobService(session, queue, settings)
    items = []
    for variant in wanted.variants:
        scenario = scenarios.store(
            dataset_id=base.dataset_id,
            name=variant.name,
            criteria=variant.criteria,
            search=variant.search or inherited,
            based_on=base.id,
        )
        job = jobs.submit(scenario, Submission(name=variant.name, priority=wanted.priority, webhook=webhook))
        items.append({"scenario": scenarios_json(session, [scenario])[0], "job": job_json(job)})
    return {"items": items}
