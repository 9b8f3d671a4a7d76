"""One alignment opened for reading: its columns, criteria and scorecard, each made once when first asked for.

Owns the loading. It reads the dataset's stored tables and the alignment's own assignments, nothing else.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session

from app.alignments.assignments import assignments_table
from app.alignments.columns import AlignmentColumns, Flags, alignment_columns
from app.alignments.locks import locked_accounts
from app.alignments.models import Alignment
from app.alignments.moves import moved_positions, moves_table
from app.alignments.scorecards import Scorecard, scorecard
from app.alignments.service import assignments_of, criteria_of, get_alignment, software_version
from app.alignments.summaries import AlignmentSummary
from app.datasets.models import Dataset
from app.datasets.service import get_dataset, load_tables
from app.datasets.tables import DatasetTables


class AlignmentView:
    """Read one stored alignment.

    Parameters
    ----------
    session
        A session that may only read.
    alignment_id
        The alignment.

    Raises
    ------
    NotFound
        When there is no such alignment.
    """

    def __init__(self, session: Session, alignment_id: str) -> None:
        self.session = session
        self.row: Alignment = get_alignment(session, alignment_id)

    @property
    def etag(self) -> str:
        """Return the tag of everything that is derived from the alignment; only a new version changes it."""
        return f'"{self.row.id}-{software_version()}"'

    @cached_property
    def summary(self) -> AlignmentSummary:
        """Return what is stored of the alignment besides its rows."""
        return AlignmentSummary.from_json(self.row.summary)

    @cached_property
    def criteria(self) -> Mapping[str, Any] | None:
        """Return the normalized criteria that the alignment is judged by."""
        return criteria_of(self.session, self.row)

    @cached_property
    def dataset(self) -> Dataset:
        """Return the row of the alignment's dataset."""
        return get_dataset(self.session, self.row.dataset_id)

    @cached_property
    def tables(self) -> DatasetTables:
        """Return the dataset's tables."""
        return load_tables(self.session, self.row.dataset_id)

    @cached_property
    def columns(self) -> AlignmentColumns:
        """Return the alignment beside its dataset, as arrays."""
        return alignment_columns(self.tables, assignments_of(self.session, self.row), centers=self.summary.centers)

    @cached_property
    def card(self) -> Scorecard:
        """Return the scorecard, judged by the scenario's criteria."""
        return scorecard(self.columns, self.criteria, centers=self.summary.centers)

    @cached_property
    def locked(self) -> Flags:
        """Tell which accounts are locked, shape ``(accounts,)``."""
        return locked_accounts(self.columns, self.criteria)

    @cached_property
    def assignments(self) -> pa.Table:
        """Return all assignments with what they weigh, by account id."""
        return assignments_table(self.columns, self.card.travel, self.locked)

    @cached_property
    def moves(self) -> pa.Table:
        """Return all moves with their reasons, by account id."""
        return moves_table(self.card, self.criteria, moved_positions(self.card))
