"""Solve around an edit: a job that begins with the edited alignment and holds what the edit placed.

Owns which reps the job may change. With ``touched`` those whose territories or limits the edit changed, and their
neighbors; with ``all`` everybody.
"""

from typing import Literal

import numpy as np
from sqlalchemy.orm import Session

from app.alignments.columns import Integers
from app.alignments.edits import StoredEdit
from app.alignments.neighbors import with_neighbors
from app.jobs.engine import JobQueue
from app.jobs.models import Job
from app.jobs.service import JobService, Submission
from app.settings import Settings
from app.webhooks.targets import Target


def reoptimize(
    session: Session,
    stored: StoredEdit,
    reach: Literal["touched", "all"],
    *,
    queue: JobQueue,
    settings: Settings,
    webhook: Target | None = None,
) -> Job:
    """Submit the job, in the caller's transaction.

    Raises
    ------
    Unavailable
        When too many jobs wait.
    """
    jobs = JobService(session, queue, settings)
    open_reps = None
    if reach == "touched":
        situation = stored.edit.situation
        open_to = with_neighbors(situation, touched_reps(stored))
        open_reps = [situation.columns.rep_ids[rep] for rep in open_to.tolist()]
    wanted = Submission(name=stored.row.name, initial_alignment_id=stored.row.id, open_reps=open_reps, webhook=webhook)
    return jobs.submit(jobs.scenario(str(stored.row.scenario_id)), wanted)


def touched_reps(stored: StoredEdit) -> Integers:
    """Return the reps that the edits concern: givers, takers, whoever has or may no longer have a named account."""
    edit, after, root = stored.edit, stored.edit.situation.owner, stored.root.owner
    named = np.union1d(np.flatnonzero(root != after), edit.changed_pairs).astype(np.int64)
    reps = np.concatenate([root[named], after[named], edit.changed_reps])
    return np.unique(reps[reps >= 0])
