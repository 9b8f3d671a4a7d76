"""What a solver found becomes rows: alignments, and the job's ending, in one transaction each.

Owns the step from a solve's files to the database. Every write carries the claim's fence.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app import blobs
from app.alignments.models import Alignment
from app.alignments.repository import AlignmentRepository
from app.alignments.service import discard_alignment, store_alignment
from app.alignments.summaries import AlignmentSummary, Origin, OriginKind
from app.curves.storing import has_alignment, store_points, write_curve
from app.datasets.models import Dataset
from app.datasets.tables import read_parquet
from app.jobs.endings import Ending
from app.jobs.leases import Claim, finish
from app.jobs.models import Job
from app.jobs.relaxed_scenarios import relaxed_scenario
from app.jobs.repository import JobRepository
from app.jobs.solver_files import CERTIFICATE, SolverFiles
from app.jobs.states import JobKind, JobState
from app.jobs.timed_datasets import keep_travel_times, known_times, lacks_travel_times
from app.jobs.travel_asking import write_travel_source
from app.scenarios.models import Scenario
from app.travel_times.pairs import TravelSource

LEAST_TIME_SHARE = 0.2
"""A later attempt gets at least this share of the time limit."""


def write_question(session: Session, held: Claim, files: SolverFiles, *, travel: TravelSource | None = None) -> None:
    """Write what a job asks into the solver's folder, with the alignment that the search begins with.

    That is the last one that the job stored, or the one that the job was given. Where minutes count and the dataset
    has none, the folder says whom to ask for them.
    """
    dataset = session.get_one(Dataset, held.dataset_id)
    scenario = session.get_one(Scenario, held.scenario_id)
    hashes = {
        "accounts": dataset.accounts_sha256,
        "reps": dataset.reps_sha256,
        "pairs": dataset.pairs_sha256,
        "units": dataset.units_sha256,
    }
    tables = {name: blobs.read(session, sha256) for name, sha256 in hashes.items() if sha256 is not None}
    files.write_question(tables, criteria=scenario.criteria, search=_search(scenario, held))
    if travel is not None and lacks_travel_times(dataset, scenario):
        write_travel_source(files, travel)
        timed = known_times(session, dataset)
        if timed is not None and timed.pairs_sha256 is not None:  # another variant of a batch has asked
            files.write_pairs(read_parquet(blobs.read(session, timed.pairs_sha256)))
    job = session.get_one(Job, held.job_id)
    if job.kind == JobKind.CURVE:
        write_curve(session, job, files)
        return
    alignments = AlignmentRepository(session)
    given = None if job.initial_alignment_id is None else alignments.get(job.initial_alignment_id)
    best = None if held.alignment_id is None else alignments.get(held.alignment_id)
    if scenario.search["deterministic"] or best is None:
        best = given
    if best is not None:
        files.write_initial(blobs.read(session, best.assignments_sha256))
        centers = AlignmentSummary.from_json(best.summary).centers
        if centers:  # what an alignment was found for stays where it is
            files.write_centers(centers)
    if given is not None and job.open_reps is not None:
        files.write_held(blobs.read(session, given.assignments_sha256), open_reps=job.open_reps)


def store_times(session: Session, held: Claim, files: SolverFiles) -> bool:
    """Store the travel times that a solver asked for, so that others need not; False when the job is not held."""
    job = JobRepository(session).held(held.job_id, held.fence)
    if job is None:
        return False
    keep_travel_times(session, job, files)
    return True


def store_best(session: Session, held: Claim, files: SolverFiles, *, name: str) -> bool:
    """Store an alignment that was found on the way as the job's best; False when the job is not held any more."""
    job = JobRepository(session).held(held.job_id, held.fence)
    if job is None:
        return False
    keep_travel_times(session, job, files)
    _replace_best(session, job, _store(session, held, files, name=name))
    return True


def store_curve(session: Session, held: Claim, files: SolverFiles, *, name: str) -> bool:
    """Store a curve's points as they stand now; False when the job is not held any more."""
    job = JobRepository(session).held(held.job_id, held.fence)
    if job is None:
        return False
    keep_travel_times(session, job, files)
    store_points(session, job, files, name=name)
    return True


def store_ending(session: Session, held: Claim, files: SolverFiles, answer: Mapping[str, Any]) -> bool:
    """Store a solver's whole answer and end the job; False when the job is not held any more."""
    job = JobRepository(session).held(held.job_id, held.fence)
    if job is None:
        return False
    if answer.get("problem") is not None:
        return store_failure(session, held, answer["problem"])
    keep_travel_times(session, job, files)
    if answer.get("points") is not None:
        store_points(session, job, files, name=answer["points"])
    name = answer["alignment"]
    best = None
    if name is not None:
        certificate = files.path(CERTIFICATE)
        proof = certificate.read_bytes() if certificate.exists() else None
        best = _store(session, held, files, name=name, certificate=proof)
    relaxations = [_relaxation(session, held, files, entry) for entry in answer["relaxations"]]
    if best is not None:  # only now: what this discards is discarded after everything was stored (app/blobs.py)
        _replace_best(session, job, best)
    return finish(
        session,
        held,
        Ending(
            state=JobState.SUCCEEDED,
            outcome=_outcome(answer, job),
            stop_reason=answer["stop_reason"],
            alignment_id=job.alignment_id,
            conflicts=answer["conflicts"],
            relaxations=relaxations,
            progress=_last_progress(held, answer["progress"]),
        ),
    )


def store_interrupted(session: Session, held: Claim, *, stop_reason: str) -> bool:
    """End a job whose solver did not end by itself, with the best that is stored."""
    job = JobRepository(session).held(held.job_id, held.fence)
    return job is not None and finish(session, held, interruption(session, job, stop_reason=stop_reason))


def interruption(session: Session, job: Job, *, stop_reason: str) -> Ending:
    """Return the ending of a job that nobody solves any more, with the best that is stored."""
    is_found = job.alignment_id is not None or has_alignment(session, job.id)
    outcome = "feasible" if is_found else "unknown"
    return Ending(state=JobState.SUCCEEDED, outcome=outcome, stop_reason=stop_reason, alignment_id=job.alignment_id)


def store_failure(session: Session, held: Claim, problem: Mapping[str, Any]) -> bool:
    """End a job that failed, with the best that is stored; False when the job is not held any more."""
    job = JobRepository(session).held(held.job_id, held.fence)
    if job is None:
        return False
    return finish(session, held, Ending(state=JobState.FAILED, alignment_id=job.alignment_id, problem=problem))


def _outcome(answer: Mapping[str, Any], job: Job) -> str:
    """Return the outcome of the job: what an earlier attempt stored is feasible, even if this one found nothing."""
    if answer["outcome"] == "unknown" and answer["alignment"] is None and job.alignment_id is not None:
        return "feasible"
    return str(answer["outcome"])


def _last_progress(held: Claim, progress: Mapping[str, Any]) -> dict[str, Any]:
    elapsed_s = round(held.elapsed_s + float(progress["elapsed_s"]), 3)
    return {**progress, "elapsed_s": elapsed_s, "time_limit_s": held.time_limit_s}


def _store(
    session: Session,
    held: Claim,
    files: SolverFiles,
    *,
    name: str,
    certificate: bytes | None = None,
    scenario: Scenario | None = None,
) -> Alignment:
    assignments, summary = files.read_alignment(name)
    job = session.get_one(Job, held.job_id)
    return store_alignment(
        session,
        dataset_id=job.dataset_id if scenario is None else scenario.dataset_id,
        scenario_id=job.scenario_id if scenario is None else scenario.id,
        origin=Origin(OriginKind.JOB, job_id=job.whole_id or job.id, parent_id=job.initial_alignment_id),
        assignments=assignments,
        summary=summary,
        certificate=certificate,
    )


def _replace_best(session: Session, job: Job, better: Alignment) -> None:
    """Name the better alignment as the job's, and delete the one before unless something was made from it."""
    before_id = job.alignment_id
    job.alignment_id = better.id
    discard_alignment(session, before_id)


def _relaxation(session: Session, held: Claim, files: SolverFiles, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Store a relaxation's alignment, in a scenario with the relaxation's changes."""
    shown = {key: value for key, value in entry.items() if key != "alignment"}
    tables, criteria = files.read_relaxed(entry["alignment"])
    scenario = session.get_one(Scenario, session.get_one(Job, held.job_id).scenario_id)
    scenario = relaxed_scenario(session, scenario, tables=tables, criteria=criteria, called=entry["sentence"])
    stored = _store(session, held, files, name=entry["alignment"], scenario=scenario)
    return shown | {
        "alignment_id": stored.id,
        "dataset_id": scenario.dataset_id,
        "scenario_id": scenario.id,
    }


def _search(scenario: Scenario, held: Claim) -> dict[str, Any]:
    """Return the search limits, less the time that earlier attempts have used.

    A deterministic search begins anew, so that a restart changes nothing of its answer.
    """
    search = dict(scenario.search)
    if search["deterministic"]:
        return search
    limit_s = held.time_limit_s  # of a part, what it was given of the whole's
    search["time_limit_s"] = max(limit_s - held.elapsed_s, LEAST_TIME_SHARE * limit_s)
    return search
