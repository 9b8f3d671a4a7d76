"""Every criterion that an opened alignment breaks, in the checker's words and form.

Owns the translation: limits on sums come from :mod:`optimizer.validation`, rules on pairs from the pairs' facts. A test
holds the answer equal to the independent checker's on random problems.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from app.alignments.columns import Flags, Integers
from app.alignments.numerals import counted
from app.alignments.situations import Situation
from checker.agreement import agreeing
from optimizer.result import Violation
from optimizer.validation import violations

MAX_LISTED: Final = 20
"""The most accounts that one violation lists."""

_CRITERION: Final = {
    "inactive": "active",
    "lock": "locks",
    "frozen": "frozen_reps",
    "family": "families",
    "possible": "max_distance_km",
    "unit": "units",
}
_SENTENCE: Final = {
    "inactive": "go to '{rep}', who is not active",
    "unassigned": "stay without a rep",
    "lock": "are locked to '{rep}' and go elsewhere",
    "forbid": "may not go to '{rep}'",
    "frozen": "enter or leave '{rep}', who is frozen",
    "eligibility": "require a skill that '{rep}' lacks",
    "possible": "may not go to '{rep}' by distance or missing pairs",
}


def violations_json(situation: Situation) -> list[dict[str, Any]]:
    """Return every violation of an opened alignment, as an alignment's summary stores them."""
    standing = situation.standing
    without_pairs = standing.criteria.replace(travel_weight=0.0, compactness_weight=0.0, forbid=())
    found = violations(standing.problem, without_pairs, standing.alignment)
    told = [violation_json(violation, situation) for violation in found]
    return [*told, *_forbidden(situation), *_lacking(situation), *_too_far(situation)]


def violation_json(violation: Violation, situation: Situation) -> dict[str, Any]:
    """Return one violation of the optimizer as the API shows it."""
    columns = situation.ground.columns
    rep_id = None if violation.rep is None else columns.rep_ids[violation.rep]
    return _json(
        criterion=_CRITERION.get(violation.criterion, violation.criterion),
        measure=violation.measure,
        rep_id=rep_id,
        accounts=[columns.account_ids[account] for account in violation.accounts[:MAX_LISTED]],
        value=float(violation.value or 0.0),
        limit=float(violation.limit or 0.0),
        by=violation.by,
        detail=_detail(violation, rep_id, situation),
    )


def _json(**parts: Any) -> dict[str, Any]:
    return {
        "criterion": parts["criterion"],
        "measure": parts.get("measure"),
        "rep_id": parts.get("rep_id"),
        "account_ids": parts["accounts"],
        "value": parts["value"],
        "limit": parts["limit"],
        "by": parts["by"],
        "detail": parts["detail"],
    }


def _detail(violation: Violation, rep_id: str | None, situation: Situation) -> str:
    value, limit, by = violation.value or 0.0, violation.limit or 0.0, violation.by
    if violation.criterion in _SENTENCE:
        return _counted(int(value), _SENTENCE[violation.criterion].format(rep=rep_id))
    if violation.criterion == "family":
        first = situation.ground.columns.account_ids[violation.accounts[0]]
        return f"The family of '{first}' is split {int(value)} ways."
    if violation.criterion == "unit":
        first = situation.ground.columns.account_ids[violation.accounts[0]]
        return f"The unit of '{first}' is split {int(value)} ways."
    if violation.criterion == "contiguity":
        return f"The territory of '{rep_id}' is in {int(value)} pieces."
    if violation.criterion in ("capacity", "balance"):
        word = "over the largest" if value > limit else "under the smallest"
        return f"'{rep_id}' carries {value:,.6g} of {violation.measure}, {by:,.6g} {word} allowed {limit:,.6g}."
    who = "Moves take" if rep_id is None else f"Moves at '{rep_id}' take"
    return f"{who} {value:,.6g} of {violation.measure}, {by:,.6g} over the budget of {limit:,.6g}."


def _counted(count: int, sentence: str) -> str:
    return f"{counted(count, 'account')} {agreeing(count, sentence)}."


def _forbidden(situation: Situation) -> Iterator[dict[str, Any]]:
    """Yield pairs that the criteria or the data forbid, by rep."""
    forbidden = situation.facts.is_forbidden(situation.owner)
    pairs = np.array(situation.standing.criteria.forbid, dtype=np.int64).reshape(-1, 2)
    forbidden[pairs[situation.owner[pairs[:, 0]] == pairs[:, 1], 0]] = True
    yield from _by_rep(situation, "forbid", forbidden)


def _lacking(situation: Situation) -> Iterator[dict[str, Any]]:
    """Yield accounts whose rep lacks a required skill, by rep, where eligibility is hard."""
    if situation.standing.criteria.eligibility.hard:
        yield from _by_rep(situation, "eligibility", situation.standing.chosen.is_mismatched)


def _by_rep(situation: Situation, criterion: str, concerned: Flags) -> Iterator[dict[str, Any]]:
    columns = situation.ground.columns
    accounts = np.flatnonzero(concerned)
    for rep, mine in _groups(accounts, situation.owner[accounts]):
        rep_id = columns.rep_ids[rep]
        yield _json(
            criterion=criterion,
            rep_id=rep_id,
            accounts=[columns.account_ids[account] for account in mine[:MAX_LISTED].tolist()],
            value=float(len(mine)),
            limit=0.0,
            by=float(len(mine)),
            detail=_counted(len(mine), _SENTENCE[criterion].format(rep=rep_id)),
        )


def _too_far(situation: Situation) -> Iterator[dict[str, Any]]:
    """Yield accounts beyond their rep's largest distance, the farthest first, by rep."""
    columns, facts = situation.ground.columns, situation.facts
    if not np.isfinite(situation.ground.max_distance_km).any():
        return
    distance = facts.distance_km(situation.owner)
    accounts = np.flatnonzero(facts.is_too_far(distance, situation.owner))
    for rep, mine in _groups(accounts, situation.owner[accounts]):
        far = mine[np.lexsort((-mine, -distance[mine]))]
        worst, limit = float(distance[far[0]]), float(situation.ground.max_distance_km[rep])
        rep_id = columns.rep_ids[rep]
        yield _json(
            criterion="max_distance_km",
            rep_id=rep_id,
            accounts=[columns.account_ids[account] for account in far[:MAX_LISTED].tolist()],
            value=worst,
            limit=limit,
            by=worst - limit,
            detail=f"{len(far)} of '{rep_id}'s accounts lie beyond {limit:g} km, up to {worst:.3f} km.",
        )


def _groups(accounts: Integers, reps: Integers) -> Iterator[tuple[int, Integers]]:
    """Yield each rep with its accounts, both ascending."""
    for rep in np.unique(reps).tolist():
        yield rep, accounts[reps == rep]
