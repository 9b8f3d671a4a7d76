"""Why there is no alignment, in ids, arithmetic and plain sentences: the JSON form of conflicts and relaxations.

The optimizer speaks positions; here they become ids and names.
Imports neither the web nor the database.
"""

from dataclasses import asdict
from typing import Any

from app.jobs.change_sentences import change_sentence, relaxation_sentence
from app.jobs.conflict_sentences import conflict_fix, conflict_sentence
from app.jobs.names import Names
from optimizer.result import Change, Conflict, Relaxation

MAX_LISTED = 1000
"""Longest list of ids in one conflict; the numbers in the sentence always count all."""


def conflict_json(conflict: Conflict, names: Names) -> dict[str, Any]:
    """Return a conflict as the API shows it."""
    return {
        "code": conflict.code,
        "measure": conflict.measure,
        "accounts": [names.account_ids[position] for position in conflict.accounts[:MAX_LISTED]],
        "reps": [names.rep_ids[position] for position in conflict.reps[:MAX_LISTED]],
        "num_accounts": len(conflict.accounts),
        "num_reps": len(conflict.reps),
        "arithmetic": {"demand": conflict.demand, "capacity": conflict.capacity, "short": conflict.short},
        "sentence": conflict_sentence(conflict, names),
        "fix": conflict_fix(conflict),
        "irreducible": conflict.irreducible,
        "cause": None if conflict.cause is None else asdict(conflict.cause),
    }


def relaxation_json(relaxation: Relaxation, names: Names) -> dict[str, Any]:
    """Return a relaxation as the API shows it; its alignment_id is filled in when the alignment is stored."""
    changes = [change_json(change, names) for change in relaxation.changes]
    return {
        "kind": relaxation.kind,
        "changes": changes,
        "total": relaxation.total,
        "price": relaxation.price,
        "sentence": relaxation_sentence(relaxation, names),
        "alignment_id": None,
        "dataset_id": None,
        "scenario_id": None,
    }


def change_json(change: Change, names: Names) -> dict[str, Any]:
    """Return one change of a relaxation."""
    return {
        "kind": change.kind,
        "rep_id": None if change.rep is None else names.rep_ids[change.rep],
        "account_id": None if change.account is None else names.account_ids[change.account],
        "measure": change.measure,
        "scope": change.scope,
        "before": change.before,
        "after": change.after,
        "sentence": change_sentence(change, names),
    }
