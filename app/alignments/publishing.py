"""Make an alignment the current one: a new dataset whose current_rep_id is this alignment.

Owns the rule that only an alignment without violations is published, and the note of where the new
dataset's current alignment comes from.
"""

from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session

from app.alignments.models import Alignment
from app.alignments.service import assignments_of, current_alignment, summary_json
from app.alignments.views import AlignmentView
from app.audit.recording import note
from app.datasets.service import create_dataset, dataset_json
from app.datasets.tables import DatasetTables
from app.errors import Conflict
from app.etags import etag_of, require_match
from app.scenarios.center import Centers
from app.scenarios.place_costs import with_homes_priced
from app.webhooks.outbox import announce
from app.webhooks.schemas import WebhookEvent


def publish_alignment(
    session: Session, alignment_id: str, *, name: str | None, if_match: str | None = None
) -> dict[str, Any]:
    """Store the alignment's dataset anew with this alignment as the current one; return the dataset.

    Raises
    ------
    NotFound
        When there is no such alignment.
    Conflict
        When it breaks criteria.
    PreconditionFailed
        When the alignment was edited or changed since the caller read it.
    """
    view = AlignmentView(session, alignment_id)
    require_match(if_match, etag_of(summary_json(view.row)))
    num_violations = len(view.summary.violations)
    if num_violations:
        criteria = "1 criterion" if num_violations == 1 else f"{num_violations:,} criteria"
        raise Conflict(
            "HAS_VIOLATIONS",
            f"The alignment {alignment_id} breaks {criteria}; mend it before publishing. "
            f"The first: {view.summary.violations[0].get('detail', 'see violations.')}",
            params={"alignment_id": alignment_id, "violations": num_violations},
        )
    published = _with_current(view)
    dataset = create_dataset(session, published, name=name or view.row.name, parent_id=view.dataset.id)
    current = current_alignment(session, dataset.id)
    if current is not None:
        current.parent_id = alignment_id
    note(session, "alignment.published", noun="alignment", resource_id=alignment_id, after={"dataset_id": dataset.id})
    _tell(session, view.row, dataset.id)
    return dataset_json(session, dataset)


def _tell(session: Session, published: Alignment, dataset_id: str) -> None:
    """Tell the webhook of the job that the alignment comes from, itself or by edits."""
    data = {"alignment_id": published.id, "name": published.name, "dataset_id": dataset_id}
    links = {"alignment": f"/v1/alignments/{published.id}", "dataset": f"/v1/datasets/{dataset_id}"}
    origin: Alignment | None = published
    while origin is not None and origin.job_id is None:
        origin = None if origin.parent_id is None else session.get(Alignment, origin.parent_id)
    if origin is not None and origin.job_id is not None:
        announce(
            session,
            origin.job_id,
            WebhookEvent.PUBLISHED,
            {**data, "job_id": origin.job_id, "links": links},
        )


def _with_current(view: AlignmentView) -> DatasetTables:
    """Return the dataset's tables with the alignment as the current one."""
    tables = view.tables
    position = tables.accounts.column_names.index("current_rep_id")
    rep_ids = assignments_of(view.session, view.row).column("rep_id").cast(pa.string())
    return DatasetTables(
        accounts=tables.accounts.set_column(position, "current_rep_id", rep_ids),
        reps=_with_homes(tables.reps, view.summary.centers),
        pairs=with_homes_priced(tables, view.summary.centers).pairs,
        units=tables.units,
    )


def _with_homes(reps: pa.Table, centers: Centers) -> pa.Table:
    """Return reps who live where the optimizer placed them: what is published begins there."""
    for name in ("lat", "lon") if centers else ():
        homes = [
            getattr(centers[rep_id], name) if home is None and rep_id in centers else home
            for rep_id, home in zip(reps.column("id").to_pylist(), reps.column(name).to_pylist(), strict=True)
        ]
        reps = reps.set_column(reps.column_names.index(name), name, pa.array(homes, pa.float64()))
    return reps
