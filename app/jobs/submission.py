"""The body of POST /v1/jobs: a stored scenario, or data, criteria and search in one call.

Bodies are spooled to disk, then read and checked off the event loop; the data by the datasets' own reader, so that
both name the same faults at the same pointers. Nothing is stored unless all of it is right.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.bodies import require_json, spool
from app.datasets.faults import FaultLog
from app.datasets.import_processes import ImportProcesses
from app.datasets.importing import read_json_dataset
from app.datasets.quota import refuse_full_store
from app.datasets.readers.json_body import DATA_FIELDS
from app.datasets.service import create_dataset
from app.datasets.tables import DatasetTables
from app.errors import Fault, InvalidInput
from app.jobs.engine import JobQueue
from app.jobs.models import Job
from app.jobs.resources import InlineJobOptions, JobOptions, JobRequest, ScenarioJobRequest
from app.jobs.service import JobService, Submission
from app.scenarios.schemas import Criteria, Search, default_criteria
from app.scenarios.service import ScenarioService, scenario_faults
from app.settings import Settings
from app.strict_json import decode
from app.travel_times.pairs import travel_source, with_travel_times
from app.validation import validate_model
from app.webhooks.targets import Target, checked_target

DEFAULT_NAME = "Job"
_OPTION_FIELDS = tuple(InlineJobOptions.model_fields)
_QUESTION_FIELDS = {"criteria": None, "search": None, "coordinates_confirmed": False, "unlocated": "error"}
"""Fields of a whole question with what leaving them out says."""


@dataclass(frozen=True)
class InlineQuestion:
    """A whole question that was read and checked, without errors.

    Parameters
    ----------
    tables, log
        The dataset and its warnings.
    criteria, search
        What is wanted.
    """

    tables: DatasetTables
    log: FaultLog
    criteria: Criteria
    search: Search


@dataclass(frozen=True)
class CheckedBody:
    """What POST /v1/jobs was sent.

    Parameters
    ----------
    question
        A stored scenario's id, or the whole question.
    submission
        Name, tags and priority.
    """

    question: str | InlineQuestion
    submission: Submission


async def read_job_body(request: Request) -> CheckedBody:
    """Read the body of POST /v1/jobs.

    Raises
    ------
    ProblemError
        When it is not strict JSON, or over the limit.
    InvalidInput
        When anything in it is wrong, with all faults.
    """
    require_json(request)
    settings: Settings = request.app.state.settings
    imports: ImportProcesses = request.app.state.imports
    imports.expect(request.headers.get("content-length", ""))
    async with spool(request, limit=settings.max_json_bytes) as body:
        request.state.body_sha256 = body.sha256
        return await run_in_threadpool(lambda: checked_body(body.file.read(), settings, imports))


read_job_body.strict_model = JobRequest  # type: ignore[attr-defined] # read by app/documentation.py

JobBody = Annotated[CheckedBody, Depends(read_job_body)]


def checked_body(content: bytes, settings: Settings, imports: ImportProcesses) -> CheckedBody:
    """Read and check a body.

    Raises
    ------
    ProblemError
        When it is not strict JSON.
    InvalidInput
        When anything in it is wrong, with all faults.
    """
    fields = ("scenario_id", *_OPTION_FIELDS)
    tables, log, rest = imports.call(len(content), read_json_dataset, content, settings, other_fields=fields)
    parsed = decode(rest)
    has_data = any(getattr(tables, name) is not None and getattr(tables, name).num_rows for name in DATA_FIELDS)
    if isinstance(parsed, dict) and parsed.get("scenario_id") is not None:
        return _of_scenario(parsed, settings, has_data=has_data)
    if isinstance(parsed, dict) and "scenario_id" in parsed:  # null says what leaving it out says
        parsed.pop("scenario_id")
        rest = msgspec.json.encode(parsed)
    options, webhook = _validated(rest, parsed, log, settings)
    criteria = options.criteria or default_criteria(tables.measures())
    search = options.search or Search()
    source = travel_source(settings)
    if criteria.travel.source == "minutes" and tables.pairs is None and source is not None and log.num_errors == 0:
        tables = with_travel_times(tables, source, log)
    if log.num_errors == 0:
        log.extend(scenario_faults(tables, criteria, search, settings))
    log.raise_errors()
    return CheckedBody(InlineQuestion(tables, log, criteria, search), _submission(options, webhook))


def submit(session: Session, body: CheckedBody, *, queue: JobQueue, settings: Settings) -> Job:
    """Store what is new of a question, and the job, and enqueue it, all in the caller's transaction.

    Raises
    ------
    InvalidInput
        When the scenario does not exist.
    Unavailable
        When too many jobs wait.
    """
    jobs = JobService(session, queue, settings)
    if isinstance(body.question, str):
        return jobs.submit(jobs.scenario(body.question), body.submission)
    asked = body.question
    name = body.submission.name or DEFAULT_NAME
    refuse_full_store(session, settings)
    dataset = create_dataset(
        session, asked.tables, name=name, checks=asked.log.warnings, num_checks=asked.log.num_warnings
    )
    scenario = ScenarioService(session, settings).store(
        dataset_id=dataset.id, name=name, criteria=asked.criteria, search=asked.search
    )
    return jobs.submit(scenario, body.submission)


def _of_scenario(parsed: dict[str, Any], settings: Settings, *, has_data: bool) -> CheckedBody:
    beside = [name for name, unsaid in _QUESTION_FIELDS.items() if parsed.get(name) not in (None, unsaid)]
    if has_data or beside:
        named = ", ".join([*beside, *(["data"] if has_data else [])])
        fault = Fault(
            code="CONTRADICTORY_SETTING",
            detail=f"scenario_id stands beside {named}; a stored scenario has its own.",
            fix="Send either scenario_id, or accounts, reps, criteria and search.",
            pointer="/scenario_id",
        )
        raise InvalidInput([fault])
    kept = {name: value for name, value in parsed.items() if name not in _QUESTION_FIELDS}
    request = validate_model(ScenarioJobRequest, msgspec.json.encode(kept), kept)
    return CheckedBody(request.scenario_id, _submission(request, checked_target(request.webhook, settings)))


def _validated(rest: bytes, parsed: Any, log: FaultLog, settings: Settings) -> tuple[InlineJobOptions, Target | None]:
    """Return the options, or defaults in their place with their faults in the log; unknown fields stand there."""
    try:
        options = validate_model(InlineJobOptions, rest, parsed)
        return options, checked_target(options.webhook, settings)
    except InvalidInput as error:
        known = {(fault.code, fault.pointer) for fault in log.errors}
        log.extend(fault for fault in error.faults if (fault.code, fault.pointer) not in known)
        return InlineJobOptions(), None


def _submission(options: JobOptions, webhook: Target | None) -> Submission:
    return Submission(name=options.name, tags=options.tags, priority=options.priority, webhook=webhook)
