"""Level ``proven`` of an explanation: an account is forced to another rep, and everything is solved again by a job.

Owns the forced question: the alignment's own, and a lock of the item. A lock changes what is allowed, and so the
references that travel and compactness are divided by; their weights make up for it, so that objectives of the forced
and of the original question are on one scale and their difference is a price. The job begins with the alignment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.alignments.columns import Integers, rep_positions
from app.alignments.edit_requests import EditMove, EditRequest
from app.alignments.edit_wishes import edited
from app.alignments.edits import nothing_to_optimize, with_references
from app.alignments.explanation_requests import ProofRequest
from app.alignments.explanation_texts import Wording
from app.alignments.models import Alignment, ExplanationProof
from app.alignments.numerals import percent
from app.alignments.repository import AlignmentRepository
from app.alignments.service import assignments_of
from app.alignments.situations import Situation
from app.errors import Fault, InvalidInput
from app.jobs.engine import JobQueue
from app.jobs.models import Job
from app.jobs.service import JobService, Submission
from app.jobs.states import JobState
from app.scenarios.models import Scenario
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import ScenarioService, search_faults
from app.settings import Settings
from optimizer.price_bounds import NOISE
from optimizer.references import References
from optimizer.what_if_breaches import may_serve

MOST_ACCOUNTS: Final = 500
"""Proofs are looked for by so many accounts of a family at most."""
REMEDIES: Final = {
    "REP_LEFT": "Name a rep who has not left.",
    "LOCKED": "Unlock the account in an edit, and ask of the alignment that it makes.",
    "FROZEN": "Ask of an alignment whose criteria do not freeze this rep.",
    "HELD": "Ask of an alignment whose criteria do not freeze that rep.",
    "SKILL": "Name a rep with the skill, or ask of an alignment whose criteria do not make eligibility hard.",
    "NO_WAY": "Name a rep on the same side of the barriers, or give the barrier a cost_km.",
    "TOO_FAR": "Name a nearer rep, or raise the rep's max_distance_km in another dataset.",
    "FORBIDDEN": "Name another rep, or ask of an alignment where the pair is not forbidden.",
}
"""What to do where a rep may not have an account, by what stands against it."""


@dataclass(frozen=True, eq=False)
class Forced:
    """What is known of one forced solve.

    Parameters
    ----------
    rep
        The rep who must have the item, by position.
    job
        The job that solves it.
    owner
        Everybody's rep in the job's alignment, once it has ended with one. Shape ``(accounts,)``.
    objective
        Of that alignment, on the scale of the one that is explained; None without one.
    lower_bound
        No alignment that gives the item to this rep and keeps the criteria is below it; None where none is known.
    """

    rep: int
    job: Job
    owner: Integers | None = None
    objective: float | None = None
    lower_bound: float | None = None


class ProofService:
    """Ask for forced solves, and find what they proved, within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(
        self,
        row: Alignment,
        situation: Situation,
        account: int,
        request: ProofRequest,
        *,
        queue: JobQueue,
        settings: Settings,
    ) -> Job:
        """Return the job that solves with the account forced to a rep; the one that did or does so already, if any.

        Raises
        ------
        InvalidInput
            When the rep is not there, has the account, or may not have it.
        Unavailable
            When too many jobs wait.
        """
        if row.scenario_id is None:
            raise nothing_to_optimize("/rep_id")
        faults = [] if request.search is None else search_faults(request.search, settings)
        if faults:
            raise InvalidInput(faults)
        members = situation.item_of(account)
        forced = forced_situation(situation, account, request.rep_id)
        known = self._known(row, situation, members) if request.search is None else {}
        found = known.get(request.rep_id)
        if found is not None and found.state in (JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED):
            return found
        base = self._session.get_one(Scenario, row.scenario_id)
        jobs = JobService(self._session, queue, settings)
        account_id = situation.columns.account_ids[account]
        name = request.name or f"{base.name} – {account_id} at {request.rep_id}"[:1000]
        scenario = ScenarioService(self._session, settings).store(
            dataset_id=row.dataset_id,
            name=name,
            criteria=on_one_scale(situation, forced),
            search=request.search or Search.model_validate(base.search, strict=False),
            based_on=base.id,
        )
        job = jobs.submit(scenario, Submission(name=name, initial_alignment_id=row.id))
        self._session.add(
            ExplanationProof(job_id=job.id, alignment_id=row.id, account_id=account_id, rep_id=request.rep_id)
        )
        return job

    def found(self, row: Alignment, situation: Situation, account: int) -> list[Forced]:
        """Return the newest forced solve of an account for each rep, by rep."""
        members = situation.item_of(account)
        known = self._known(row, situation, members)
        forced = [self._forced(situation, rep_id, job) for rep_id, job in known.items()]
        return sorted(forced, key=lambda one: one.rep)

    def _known(self, row: Alignment, situation: Situation, members: Integers) -> dict[str, Job]:
        """Return the newest job for each rep id."""
        ids = [situation.columns.account_ids[member] for member in members[:MOST_ACCOUNTS].tolist()]
        query = (
            sa.select(ExplanationProof.rep_id, Job)
            .join(Job, Job.id == ExplanationProof.job_id)
            .where(ExplanationProof.alignment_id == row.id, ExplanationProof.account_id.in_(ids))
            .order_by(Job.created_at, Job.id)
        )
        return dict(self._session.execute(query).all())

    def _forced(self, situation: Situation, rep_id: str, job: Job) -> Forced:
        rep = situation.ground.rep_index[rep_id]
        if job.state != JobState.SUCCEEDED or job.alignment_id is None or job.outcome not in ("optimal", "feasible"):
            return Forced(rep, job)
        made = AlignmentRepository(self._session).get(job.alignment_id)
        if made is None:
            return Forced(rep, job)
        owner = rep_positions(
            assignments_of(self._session, made).column("rep_id"), situation.ground.tables.reps.column("id")
        )
        told = made.summary
        return Forced(rep, job, owner=owner, objective=told.get("objective"), lower_bound=told.get("lower_bound"))


def forced_situation(situation: Situation, account: int, rep_id: str) -> Situation:
    """Return the alignment with the account's item moved and locked to a rep.

    Raises
    ------
    InvalidInput
        When the rep is not there, has the item already, or may not have it.
    """
    rep = situation.ground.rep_index.get(rep_id)
    if rep is not None:
        _refuse_known(situation, account, rep)
    move = EditMove(
        account_id=situation.columns.account_ids[account], rep_id=rep_id, lock=True, family=situation.moves_families
    )
    try:
        made = edited(situation, EditRequest(moves=[move]))
    except InvalidInput as error:
        raise InvalidInput([replace(fault, pointer="/rep_id") for fault in error.faults], total=error.total) from error
    return with_references(situation, made)


def _refuse_known(situation: Situation, account: int, rep: int) -> None:
    """Refuse what needs no proof: the rep who has the account, and one who may not have it.

    Raises
    ------
    InvalidInput
        Naming what stands against it.
    """
    members, rep_id = situation.item_of(account), situation.columns.rep_ids[rep]
    if (situation.owner[members] == rep).all():
        detail, fix = f"'{rep_id[:64]}' has this account already.", "Name another rep."
        raise InvalidInput(
            [Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, pointer="/rep_id", value=rep_id)]
        )
    change = situation.what_if(members)
    hindrance = None if may_serve(change)[rep] else Wording(situation, change, account).hindrance(rep)
    if hindrance is not None:
        account_id = situation.columns.account_ids[account]
        fault = Fault(
            code="LOCK_CONFLICT",
            detail=f"'{account_id[:64]}' cannot go to '{rep_id[:64]}': {hindrance.text}.",
            fix=REMEDIES[hindrance.code],
            pointer="/rep_id",
            value=rep_id,
            params=dict(hindrance.params),
        )
        raise InvalidInput([fault])


def proof_json(situation: Situation, forced: Forced) -> dict[str, Any]:
    """Return how far a forced solve is and what it proved, as the API shows it."""
    job = forced.job
    return {
        "rep_id": situation.columns.rep_ids[forced.rep],
        "job_id": job.id,
        "state": str(job.state),
        "outcome": job.outcome,
        "alignment_id": job.alignment_id if forced.owner is not None else None,
        "sentence": proof_sentence(situation.columns.rep_ids[forced.rep], forced, than=situation.standing.objective),
    }


def proofs_tag(found: Sequence[Forced]) -> str:
    """Return what changes whenever a forced solve does; empty without any."""
    return "-".join(f"{forced.job.id}.{forced.job.state}" for forced in found)


def on_one_scale(before: Situation, forced: Situation) -> Criteria:
    """Return the forced criteria, weighted so that an alignment has the objective that it has by the original ones."""
    one, two = before.standing.references, forced.standing.references
    criteria = forced.criteria
    changes: dict[str, Any] = {
        name: section.model_copy(update={"weight": section.weight * _ratio(two, one, name)})
        for name, section in (("travel", criteria.travel), ("compactness", criteria.compactness))
        if section.weight > 0
    }
    return criteria.model_copy(update=changes)


def _ratio(forced: References, original: References, name: str) -> float:
    return float(getattr(forced, name) / getattr(original, name))


def proof_sentence(rep_id: str, forced: Forced, *, than: float) -> str:
    """Say in one sentence what a forced solve found; ``than`` is the objective of the alignment that is explained."""
    job = forced.job
    if job.state in (JobState.QUEUED, JobState.RUNNING):
        return f"A job solves everything again with {rep_id} as its rep."
    if job.outcome == "infeasible":
        because = f" {job.conflicts[0]['sentence']}" if job.conflicts else ""
        return f"Proven: no alignment that keeps the criteria gives it to {rep_id}.{because}"
    if job.outcome == "unknown":
        return f"None that gives it to {rep_id} was found in time, which proves nothing; ask with a longer search."
    if job.state == JobState.SUCCEEDED:
        return f"Solved again with {rep_id} as its rep{_compared(forced.objective, than)}."
    return f"The job that was to solve it again ended as {job.state}."


def _compared(objective: float | None, than: float) -> str:
    if objective is None:
        return ""
    if abs(objective - than) <= NOISE * (abs(objective) + abs(than)):
        return ": the objective stays the same, with all moves that follow"
    share = percent(abs(objective - than) / max(abs(than), NOISE))
    if objective > than:
        return f": the objective is {share} worse, with all moves that follow"
    return (
        f": the objective is even {share} better, with all moves that follow; the alignment itself was not searched to "
        "its end, and a longer search improves it, too"
    )
