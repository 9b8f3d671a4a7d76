"""What managers and reps see of an alignment: the lines of their own branch or book, and nothing of others.

The team's sums and fairness stay in the scorecard; they name nobody.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import Depends

from app.access.caller import CallerParameter
from app.access.roles import Role
from app.alignments.columns import AlignmentColumns, Flags
from app.alignments.level_schemas import LevelParameter
from app.alignments.views import AlignmentView
from app.datasets.managers import manager_paths
from app.errors import ProblemError

Json = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """Who reads an alignment, as far as that narrows what is shown.

    Parameters
    ----------
    role
        The caller's role.
    rep_id
        The manager or rep; None sees everything.
    """

    role: Role
    rep_id: str | None = None

    @property
    def tag(self) -> str:
        """Return what the reader adds to an ETag, nothing for who sees everything."""
        if self.rep_id is None:
            return ""
        named = f"{self.role}:{self.rep_id}".encode("utf-8", "surrogateescape")
        return f"-{hashlib.sha256(named).hexdigest()[:16]}"

    def seen(self, view: AlignmentView) -> frozenset[str] | None:
        """Return the ids of the reps that may be seen, None for all of them."""
        return None if self.rep_id is None else self._seen_among(view.columns)

    def flags(self, columns: AlignmentColumns) -> Flags | None:
        """Tell of each rep whether it may be seen, shape ``(reps,)``; None where all of them may."""
        if self.rep_id is None:
            return None
        seen = self._seen_among(columns)
        return np.array([rep_id in seen for rep_id in columns.rep_ids], dtype=np.bool_)

    def _seen_among(self, columns: AlignmentColumns) -> frozenset[str]:
        if self.role == Role.REP:
            return frozenset({str(self.rep_id)})
        paths = manager_paths(columns.rep_ids, columns.tables.reps.column("manager_id").to_pylist())
        return frozenset(path[-1] for path in paths if self.rep_id in path)

    def lines(self, body: Json, view: AlignmentView) -> Json:
        """Return a scorecard's body with the lines that may be seen."""
        seen = self.seen(view)
        return body if seen is None else {**body, "reps": [line for line in body["reps"] if line["rep_id"] in seen]}

    def features(self, body: Json, view: AlignmentView) -> Json:
        """Return a collection of territories with those that may be seen, and the accounts of these reps outside."""
        seen = self.seen(view)
        if seen is None:
            return body
        columns = view.columns
        served_by = dict(zip(columns.account_ids, columns.owner.tolist(), strict=True))
        outside = [account for account in body["outside"] if columns.rep_ids[served_by[account]] in seen]
        return {**body, "features": [each for each in body["features"] if each["id"] in seen], "outside": outside}


def reader_of(caller: CallerParameter) -> Reader:
    """Return how a caller reads alignments."""
    return Reader(caller.role, caller.rep_id if caller.role in (Role.MANAGER, Role.REP) else None)


def reader_of_reps(caller: CallerParameter, level: LevelParameter = None) -> Reader:
    """Return how the caller reads; a level adds up reps of others, so it is not for managers and reps.

    Raises
    ------
    ProblemError
        When a manager or rep asks for a level (FORBIDDEN).
    """
    reader = reader_of(caller)
    if reader.rep_id is not None and level is not None:
        raise ProblemError("FORBIDDEN", f"The role {caller.role} sees single reps; leave level out.")
    return reader


ReaderParameter = Annotated[Reader, Depends(reader_of)]
RepReaderParameter = Annotated[Reader, Depends(reader_of_reps)]
