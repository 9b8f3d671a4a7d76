"""Do one step of an alignment's history again: an import, a search, an edit.

Owns what each kind of step needs and why one cannot be done again. Refuses to compare: see ``replaying``.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from app.alignments.assignments import pick
from app.alignments.columns import rep_positions
from app.alignments.edit_requests import EditRequest
from app.alignments.edit_wishes import edited
from app.alignments.ground import ground_of
from app.alignments.situations import Situation, criteria_model
from app.datasets.tables import ASSIGNMENT_FIELDS, DatasetTables, content_sha256, write_parquet
from app.errors import ProblemError, TerritoryError
from app.jobs.kernel_cache import kernel_environment
from app.jobs.provenance import differences
from app.jobs.solver_child import SolverChild, core_environment
from app.jobs.solver_files import RESULT, SolverFiles
from app.jobs.states import JobKind, JobState
from app.replays.audits import centers_of
from app.replays.bundles import Bundle, Json

LOOK_S = 0.5

Tell = Callable[[Json], None]


class CannotReplayError(TerritoryError):
    """A step cannot be done again; the message says why."""


def replayed_import(tables: DatasetTables) -> pa.Table:
    """Return the current alignment that the dataset's own column names."""
    reps = tables.reps.column("id")
    owner = rep_positions(tables.accounts.column("current_rep_id"), reps)
    return _assignments(tables, pick(reps.to_pylist(), owner))


def replayed_search(bundle: Bundle, step: Json, before: pa.Table | None, *, cache: Path, tell: Tell) -> pa.Table:
    """Return the alignment that a solver finds when it is asked the same again.

    Parameters
    ----------
    bundle, step
        The job's step.
    before
        The alignment that the search began with, None without one.
    cache
        Folder below which compiled kernels are kept.
    tell
        Called with each message of the solver.

    Raises
    ------
    CannotReplayError
        When the search was not deterministic, or this is another environment, or the solver fails.
    """
    refuse_search(step)
    job, threads = step["job"], int(step["software"]["threads"])
    environment = core_environment(threads) | kernel_environment(cache)
    with TemporaryDirectory(prefix="replay-") as name:
        files = SolverFiles(Path(name))
        files.write_question(bundle.files_of(job), criteria=job["criteria"], search=job["search"])
        if job["initial_alignment_id"] is not None:
            if before is None:
                raise CannotReplayError(f"the alignment {job['initial_alignment_id']} that it began with is gone")
            files.write_initial(write_parquet(before))
            begun = next((one for one in bundle.steps if one["alignment_id"] == job["initial_alignment_id"]), None)
            if begun is not None and centers_of(begun):
                files.write_centers(centers_of(begun))
            if job["open_reps"] is not None:
                files.write_held(write_parquet(before), open_reps=job["open_reps"])
        answer = _solved(files, environment, tell=tell)
        entry = answer if job["answer"] == "alignment" else _relaxation(answer, job["answer"])
        if entry.get("alignment") is None:
            raise CannotReplayError("the solver found no alignment this time")
        return files.read_alignment(entry["alignment"])[0]


def refuse_search(step: Json) -> None:
    """Say why a search cannot be done again.

    Raises
    ------
    CannotReplayError
        When there is such a reason.
    """
    for is_so, reason in _reasons_against(step):
        if is_so:
            raise CannotReplayError(reason)
    other = differences(step["software"])
    if other:
        raise CannotReplayError(f"the software or machine is another one ({'; '.join(other)})")


def _reasons_against(step: Json) -> list[tuple[bool, str]]:
    job = step["job"]
    if job is None:
        return [(True, "its job is not in the database")]
    return [
        (
            not job["search"]["deterministic"],
            "the search was limited by the clock (search.deterministic is false): nobody can promise the same answer",
        ),
        (job["state"] != JobState.SUCCEEDED, f"its job is {job['state']}"),
        (job["kind"] != JobKind.ALIGNMENT, "it is one point of a curve, which is not done again"),
        (
            job["answer"] is None,
            "it was found on the way to its job's result; how far that was depends on the clock",
        ),
        (job["stop_reason"] == "stopped", "the search was stopped by hand"),
        (not job["is_whole"], "the solver was ended from outside before it gave its answer"),
        ("threads" not in step["software"], "the number of threads was not recorded when it was made"),
    ]


def replayed_edit(bundle: Bundle, step: Json, parent: Json | None, before: pa.Table | None) -> pa.Table:
    """Return the alignment that the recorded edit makes of its parent.

    Parameters
    ----------
    bundle, step
        The edit's step.
    parent
        The step before it, None where it is gone.
    before
        The parent's assignments.

    Raises
    ------
    CannotReplayError
        When the parent or the edit is gone, or the edit now makes another dataset or other criteria.
    """
    if parent is None or before is None:
        raise CannotReplayError(f"its parent {step['parent_id']} is gone")
    if step["request"] is None:
        raise CannotReplayError("the edit was not recorded when it was made")
    ground = ground_of(bundle.tables_of(parent))
    owner = rep_positions(before.column("rep_id"), ground.tables.reps.column("id"))
    situation = Situation(ground, criteria_model(parent["criteria"]), owner)
    request = EditRequest.model_validate_json(step["request"])
    held = None if request.reoptimize is None else _held(bundle, parent, before)
    try:
        made = edited(situation, request, held=held).situation
    except ProblemError as error:
        raise CannotReplayError(f"the edit is refused now: {error.detail}") from None
    if made.ground.tables is not ground.tables and content_sha256(made.ground.tables) != step["dataset_sha256"]:
        raise CannotReplayError("the edit now makes another dataset than the stored one")
    if step["criteria"] is not None and made.criteria != criteria_model(step["criteria"]):
        raise CannotReplayError("the edit now makes other criteria than the stored ones")
    return _assignments(made.ground.tables, pick(made.columns.rep_ids, made.owner))


def _held(bundle: Bundle, parent: Json, before: pa.Table) -> Any:
    """Return the accounts that edits before this one placed by hand, against the root of the chain of edits."""
    chain = [step["alignment_id"] for step in bundle.steps]
    at = chain.index(parent["alignment_id"])
    while bundle.steps[at]["kind"] == "edit" and at > 0:
        at -= 1
    root = bundle.assignments_of(bundle.steps[at]).column("rep_id").to_pylist()
    now = before.column("rep_id").to_pylist()
    return np.array(
        [account for account, pair in enumerate(zip(root, now, strict=True)) if pair[0] != pair[1]], dtype=np.int64
    )


def _solved(files: SolverFiles, environment: dict[str, str], *, tell: Tell) -> Json:
    """Return a solver's whole answer; the process is the one that a worker starts."""
    child = SolverChild(files.path("solver.log"), environment=environment)
    try:
        child.solve(files.folder)
        while True:
            try:
                message = child.next_message(timeout_s=LOOK_S)
            except TimeoutError:
                continue
            if message is None or message.get("type") == "result":
                break
            tell(message)
        if not files.path(RESULT).exists():
            raise CannotReplayError(f"the solver ended unexpectedly: {child.log_tail()[-500:]}")
        answer: Json = files.read_json(RESULT)
    finally:
        child.kill()
    if answer.get("problem") is not None:
        raise CannotReplayError(f"the solver failed: {answer['problem']['detail']}")
    return answer


def _relaxation(answer: Json, number: int) -> Json:
    if number >= len(answer["relaxations"]):
        raise CannotReplayError(f"the solver found {len(answer['relaxations'])} relaxations this time")
    entry: Json = answer["relaxations"][number]
    return entry


def _assignments(tables: DatasetTables, rep_ids: pa.Array) -> pa.Table:
    return pa.table({"account_id": tables.accounts.column("id"), "rep_id": rep_ids}).cast(ASSIGNMENT_FIELDS)
