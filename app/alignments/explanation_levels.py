"""Alternatives of which more moves than the item: `repaired` by a few follow-up moves, `proven` by a solve.

Owns the exact change between two alignments of one question: terms, loads and moves. Every number is rescored by the
criteria of the alignment that is explained.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from app.alignments.columns import Floats, Integers
from app.alignments.edits import MEASURE_UNITS
from app.alignments.explanation_proofs import Forced
from app.alignments.repairs import Repair, worse_than
from app.alignments.situations import Situation
from optimizer.price_bounds import NOISE

MOST_LISTED: Final = 100
"""So many follow-up moves, and the loads of so many reps, are listed."""


def repaired(direct: Mapping[str, Any], before: Situation, repair: Repair, *, members: Integers) -> dict[str, Any]:
    """Return an alternative with the follow-up moves of a repair."""
    followed = _followed(direct, before, repair.situation, members)
    return followed | {"level": "repaired", "violations": repair.violations}


def proven(
    direct: Mapping[str, Any], before: Situation, forced: Forced, *, members: Integers, lower_bound: float | None
) -> dict[str, Any] | None:
    """Return an alternative as a job solved it; None where the job has no alignment.

    Parameters
    ----------
    direct
        The alternative in which only the item moves.
    before
        The alignment that is explained.
    forced
        The job's answer.
    members
        The item.
    lower_bound
        What is proven of the original question; None where nothing is.
    """
    if forced.owner is None:
        return None
    after = replace(before, owner=forced.owner)
    followed = _followed(direct, before, after, members)
    objective = before.standing.objective
    noise = NOISE * (abs(objective) + abs(after.standing.objective))
    known = [float(direct["price_lower_bound"])]
    if forced.lower_bound is not None:
        known.append(forced.lower_bound - objective - noise)
    return followed | {
        "level": "proven",
        "violations": worse_than(before, after),
        "price_lower_bound": max(known),
        "price_upper_bound": None if lower_bound is None else after.standing.objective - lower_bound + noise,
        "job_id": forced.job.id,
        "alignment_id": forced.job.alignment_id,
    }


def load_line(situation: Situation, rep: int, before: Floats, after: Floats) -> dict[str, Any]:
    """Return one rep's loads before and after, each of shape ``(reps, measures)``."""
    measures = {
        measure: {"before": float(before[rep, k]), "after": float(after[rep, k])}
        for k, measure in enumerate(situation.standing.problem.measures)
    }
    return {"rep_id": situation.columns.rep_ids[rep], "measures": measures}


def _followed(direct: Mapping[str, Any], before: Situation, after: Situation, members: Integers) -> dict[str, Any]:
    one, two, ids = before.standing, after.standing, before.columns
    changed = np.flatnonzero(one.rep != two.rep)
    touched = np.unique(np.concatenate([one.rep[changed], two.rep[changed]]))
    followers = np.setdiff1d(changed, members)
    return dict(direct) | {
        "terms": [
            {
                "name": earlier.name,
                "raw": later.raw - earlier.raw,
                "unit": MEASURE_UNITS.get(earlier.unit, earlier.unit),
                "weighted": later.weighted - earlier.weighted,
            }
            for earlier, later in zip(one.terms, two.terms, strict=True)
            if earlier.weight > 0
        ],
        "loads": [load_line(before, rep, one.load, two.load) for rep in touched[touched >= 0][:MOST_LISTED].tolist()],
        "price": two.objective - one.objective,
        "follow_up": [
            {
                "account_id": ids.account_ids[account],
                "from": None if one.rep[account] < 0 else ids.rep_ids[int(one.rep[account])],
                "to": None if two.rep[account] < 0 else ids.rep_ids[int(two.rep[account])],
            }
            for account in followers[:MOST_LISTED].tolist()
        ],
        "num_follow_up": len(followers),
    }
