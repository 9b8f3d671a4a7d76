"""Two alignments side by side: both scorecards, the difference, and the accounts that differ.

Owns what can be compared (the same accounts, by id) and the form of the answer. A difference is always
the second minus the first.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from app.alignments.assignments import pick
from app.alignments.columns import AlignmentColumns, rep_positions
from app.alignments.scorecards import Scorecard, scorecard_json

_TEAM_NUMBERS = ("within_5", "within_10", "within_15", "max_min_ratio", "cv", "gini", "sd")


def have_same_accounts(first: AlignmentColumns, second: AlignmentColumns) -> bool:
    """Tell whether both datasets hold the same account ids, in any order."""
    if first.account_ids == second.account_ids:
        return True
    return len(first.account_ids) == len(second.account_ids) and set(first.account_ids) == set(second.account_ids)


def differing_accounts(first: AlignmentColumns, second: AlignmentColumns) -> pa.Table:
    """Return the accounts whose rep differs: account_id, rep_id, with_rep_id, account_name; by account id.

    Reps are compared by id, so the datasets may differ in reps. O(accounts log accounts).
    """
    accounts = first.tables.accounts
    row = rep_positions(accounts.column("id"), second.tables.accounts.column("id"))
    theirs = pick(second.rep_ids, second.owner[row])
    mine = pick(first.rep_ids, first.owner)
    table = pa.table(
        {
            "account_id": accounts.column("id"),
            "rep_id": mine,
            "with_rep_id": theirs,
            "account_name": accounts.column("name"),
        }
    )
    differs = np.array([a != b for a, b in zip(mine.to_pylist(), theirs.to_pylist(), strict=True)], dtype=np.bool_)
    return table.filter(pa.array(differs)).sort_by("account_id")


def difference_json(first: Scorecard, second: Scorecard, *, accounts: int) -> dict[str, Any]:
    """Return the second scorecard minus the first, for the team and for each rep that both have."""
    one, two = scorecard_json(first), scorecard_json(second)
    ours = {rep["rep_id"]: rep for rep in one["reps"]}
    return {
        "accounts": accounts,
        "team": _team_difference(one["team"], two["team"]),
        "reps": [_rep_difference(ours[rep["rep_id"]], rep) for rep in two["reps"] if rep["rep_id"] in ours],
    }


def _team_difference(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    shared = [measure for measure in one["measures"] if measure in two["measures"]]
    return {
        "measures": {
            measure: {
                name: _minus(two["measures"][measure][name], one["measures"][measure][name]) for name in _TEAM_NUMBERS
            }
            for measure in shared
        },
        "in_band": two["in_band"] - one["in_band"],
        "travel_km": _minus(two["travel_km"], one["travel_km"]),
        "disruption": {"accounts": two["disruption"]["accounts"] - one["disruption"]["accounts"]},
    }


def _rep_difference(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    shared = [measure for measure in one["measures"] if measure in two["measures"]]
    return {
        "rep_id": two["rep_id"],
        "accounts": two["accounts"] - one["accounts"],
        "measures": {
            measure: {
                name: _minus(two["measures"][measure][name], one["measures"][measure][name])
                for name in ("load", "index")
            }
            for measure in shared
        },
        "travel_km": _minus(two["travel_km"], one["travel_km"]),
    }


def _minus(two: float | None, one: float | None) -> float | None:
    return None if two is None or one is None else two - one
