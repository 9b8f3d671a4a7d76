"""The rules of curves as a caller sees them: submit one, read its points. No HTTP, and no solving."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.curves.kinds import CurveKind
from app.curves.models import Curve
from app.curves.pareto_parts import pareto_parts
from app.curves.repository import CurveRepository
from app.curves.requests import CurveRequest
from app.curves.rounds import undominated
from app.curves.size_checks import size_faults, smallest_reach
from app.curves.wishes import with_travel
from app.datasets.models import Dataset
from app.datasets.service import load_tables
from app.datasets.tables import DatasetTables
from app.errors import Fault, InvalidInput, NotFound
from app.jobs.engine import JobQueue
from app.jobs.models import Job
from app.jobs.repository import JobRepository, alive_since
from app.jobs.service import JobService, Submission
from app.jobs.splitting import split
from app.jobs.states import JobKind
from app.jobs.timed_datasets import lacks_travel_times
from app.scenarios.columns import numbers
from app.scenarios.models import Scenario
from app.scenarios.repository import ScenarioRepository
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import scenario_faults
from app.settings import Settings
from app.validation import nearest
from app.webhooks.targets import Target
from optimizer.problem import ACCOUNTS


def submit_curve(
    session: Session,
    scenario_id: str,
    wanted: CurveRequest,
    *,
    queue: JobQueue,
    settings: Settings,
    webhook: Target | None = None,
) -> Job:
    """Store a curve and its job, and enqueue it, in the caller's transaction.

    Raises
    ------
    NotFound
        When there is no such scenario.
    InvalidInput
        When the curve cannot be asked of the scenario, with every fault.
    Unavailable
        When too many jobs wait.
    """
    scenario = ScenarioRepository(session).get(scenario_id)
    tables = load_tables(session, scenario.dataset_id)
    faults = list(_faults(tables, scenario, wanted, settings))
    if faults:
        raise InvalidInput(faults[: settings.max_listed_faults], total=len(faults))
    asked = wanted.wanted()
    if wanted.kind == "size":
        asked |= {"within_km": wanted.within_km or smallest_reach(tables)}
    parts = _parts(session, scenario, wanted, asked, settings)
    submission = Submission(
        name=wanted.name,
        tags=wanted.tags,
        priority=wanted.priority,
        kind=JobKind.CURVE,
        webhook=webhook,
        parts=parts,
        num_first=1 if wanted.kind == "pareto" else None,
    )
    job = JobService(session, queue, settings).submit(scenario, submission)
    CurveRepository(session).add(Curve(job_id=job.id, kind=wanted.kind, wanted=asked, summary={}))
    return job


def _parts(
    session: Session, scenario: Scenario, wanted: CurveRequest, asked: Mapping[str, Any], settings: Settings
) -> Sequence[Sequence[int]]:
    """Return what each part of a curve does, nothing where it is not split.

    Where travel times are lacking it is not: each part would ask for the same ones.
    """
    dataset = session.get_one(Dataset, scenario.dataset_id)
    if wanted.kind == "disruption" or lacks_travel_times(dataset, scenario):
        return ()
    jobs = JobRepository(session)
    num_workers = jobs.num_sharing(alive_since(jobs.now(), lease_s=settings.lease_s))
    time_limit_s = float(scenario.search["time_limit_s"])
    if wanted.kind == "pareto":
        return pareto_parts(asked["alignments"], time_limit_s=time_limit_s, num_workers=num_workers)
    return split(asked["sizes"], time_limit_s=time_limit_s, num_workers=num_workers)


def curve_json(session: Session, job_id: str) -> dict[str, Any]:
    """Return what the API shows of a job's curve, its points so far.

    Raises
    ------
    NotFound
        When there is no such job, or it computes no curve.
    """
    job = JobRepository(session).get(job_id)
    curves = CurveRepository(session)
    curve = curves.get(job_id)
    if curve is None:
        raise NotFound("This job computes one alignment and no curve; see its alignment_id.")
    points = [point.data | {"alignment_id": point.alignment_id} for point in curves.points(job_id)]
    if curve.kind == CurveKind.PARETO:  # while parts of it run, each tells its own
        points = undominated(points)
    base = f"/v1/jobs/{job_id}"
    return {
        "job_id": job_id,
        "kind": curve.kind,
        "state": str(job.state),
        "outcome": job.outcome,
        "scenario_id": job.scenario_id,
        "dataset_id": job.dataset_id,
        "wanted": curve.wanted,
        "balance_is": None,
        "points_planned": None,
        **curve.summary,
        "points": points,
        "points_done": len(points),
        "links": {
            "self": f"{base}/curve",
            "job": base,
            "alignments": f"/v1/alignments?job_id={job_id}",
            "scenario": f"/v1/scenarios/{job.scenario_id}",
        },
    }


def _faults(tables: DatasetTables, scenario: Scenario, wanted: CurveRequest, settings: Settings) -> Iterator[Fault]:
    criteria = Criteria.model_validate(scenario.criteria, strict=False)
    search = Search.model_validate(scenario.search, strict=False)
    if wanted.kind == "size":
        yield from size_faults(tables, criteria, wanted, settings)
        yield from scenario_faults(tables, criteria, search, settings)
        return
    measures = (ACCOUNTS, *tables.measures())
    if wanted.measure not in measures:
        near = nearest(wanted.measure, measures)
        hint = f" Did you mean '{near}'?" if near else ""
        detail = f"There is no measure '{wanted.measure[:64]}' in the dataset.{hint}"
        yield Fault(code="UNKNOWN_REFERENCE", detail=detail, pointer="/measure", value=wanted.measure)
    elif wanted.measure != ACCOUNTS and not numbers(tables.accounts, f"measure:{wanted.measure}", missing=0.0).sum():
        detail = f"'{wanted.measure}' sums to 0 over all accounts, so there are no shares of it."
        yield Fault(code="CONTRADICTORY_SETTING", detail=detail, fix="Count in accounts.", pointer="/measure")
    if tables.accounts.column("current_rep_id").null_count == tables.accounts.num_rows:
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail="No account has a current rep, so nothing can move.",
            fix="Send current_rep_id with the accounts.",
            pointer="/kind",
        )
    if wanted.kind == "pareto":
        if not criteria.balance:
            yield Fault(
                code="CONTRADICTORY_SETTING",
                detail="The scenario balances nothing, so there is no balance to weigh against travel and disruption.",
                fix="Add a measure to criteria.balance.",
                pointer="/kind",
            )
        yield from scenario_faults(tables, with_travel(criteria), search, settings)
