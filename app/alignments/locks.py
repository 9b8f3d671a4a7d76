"""Which accounts of an alignment are locked: by their row in the dataset, or by a lock of the criteria.

Owns the one answer for lists, files and maps. Refuses to judge whether a lock is kept; that is a violation.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.alignments.columns import AlignmentColumns, Flags


def locked_accounts(columns: AlignmentColumns, criteria: Mapping[str, Any] | None) -> Flags:
    """Tell which accounts may not change hands, shape ``(accounts,)``.

    Parameters
    ----------
    columns
        The alignment and its dataset.
    criteria
        Normalized criteria, whose locks name account and rep; None has no locks.
    """
    accounts = columns.tables.accounts
    in_data = pc.fill_null(accounts.column("locked"), False)
    named = [lock["account_id"] for lock in (criteria or {}).get("locks", ())]
    by_criteria = pc.is_in(accounts.column("id"), pa.array(named, pa.string()))
    return np.asarray(pc.or_(in_data, by_criteria).to_numpy(), dtype=np.bool_)
