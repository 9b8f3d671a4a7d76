"""What to change, in plain sentences: each change by itself, and a relaxation as a whole.

Imports neither the web nor the database.
"""

from collections.abc import Sequence
from typing import Final

from app.jobs.names import Names, counted, percent, quantity
from optimizer.result import Change, Relaxation

FEW: Final = 3
"""Up to so many changes a sentence tells one by one."""


def relaxation_sentence(relaxation: Relaxation, names: Names) -> str:
    """Say in one sentence what to change: few changes one by one, many of a kind added up."""
    groups: dict[tuple[str, str | None, int | None], list[Change]] = {}
    for change in relaxation.changes:
        like = change.rep if change.kind == "add_rep" else None
        groups.setdefault((change.kind, change.measure, like), []).append(change)
    told: list[str] = []
    for group in groups.values():
        told += [change_sentence(change, names) for change in group] if len(group) <= FEW else [_together(group, names)]
    told[1:] = [sentence[0].lower() + sentence[1:] for sentence in told[1:]]
    return "; ".join(told[:5]) + (f"; and {len(told) - 5:,} more changes" if len(told) > 5 else "") + "."


def _together(group: Sequence[Change], names: Names) -> str:
    """Say what many changes of one kind come to."""
    first = group[0]
    number = len(group)
    by = sum(abs((change.after or 0.0) - (change.before or 0.0)) for change in group)
    reps = list(dict.fromkeys(change.rep for change in group if change.rep is not None))
    accounts = names.accounts([change.account for change in group if change.account is not None])
    match first.kind:
        case "capacity_max" | "capacity_min":
            verb, limit = ("Raise", "maximum") if first.kind == "capacity_max" else ("Lower", "minimum")
            who = f"{counted(len(reps), 'rep')} ({names.reps(reps)})"
            return f"{verb} the {first.measure} {limit} of {who} by {quantity(by, first.measure)} in all"
        case "lock":
            return f"Release {number:,} locks ({accounts})"
        case "eligibility":
            return f"Let {number:,} accounts ({accounts}) go to reps without the required skill"
        case "forbid":
            return f"Allow {number:,} forbidden pairs ({accounts})"
        case "family":
            return f"Let {number:,} families split ({accounts})"
        case "frozen":
            return f"Unfreeze {number:,} reps ({names.reps(reps)})"
        case "add_rep":
            return f"Add {number:,} reps like {names.reps(reps)}: the same place, skills and capacity"
    return "; ".join(change_sentence(change, names) for change in group)


def change_sentence(change: Change, names: Names) -> str:
    """Say what to change, without a full stop."""
    rep = "any rep" if change.rep is None else names.rep(change.rep)
    account = "the account" if change.account is None else names.account(change.account)
    before, after = quantity(change.before, change.measure), quantity(change.after, change.measure)
    match change.kind:
        case "capacity_max":
            return f"Raise the {change.measure} maximum of {rep} from {before} to {after}"
        case "capacity_min":
            return f"Lower the {change.measure} minimum of {rep} from {before} to {after}"
        case "tolerance":
            if change.after is None:
                return f"End the balance of {change.measure}, which no tolerance saves"
            return f"Widen the {change.measure} tolerance from {percent(change.before)} to {percent(change.after)}"
        case "budget":
            where = {"in": " into each rep", "out": " out of each rep"}.get(change.scope or "", "")
            return f"Raise the budget of moved {change.measure}{where} from {before} to {after}"
        case "lock":
            return f"Release the lock of {account} to {rep}"
        case "eligibility":
            return f"Let {rep} have {account} without the required skill"
        case "forbid":
            return f"Allow the forbidden pair of {account} and {rep}"
        case "distance":
            return f"Let {rep} serve {account}, which is farther than the maximum distance"
        case "family":
            return f"Let the family of {account} split"
        case "frozen":
            return f"Unfreeze {rep}"
        case "unassigned":
            if change.account is not None:
                return f"Leave {account} without a rep"
            return f"Leave {counted(round(change.after or 1), 'account')} without a rep"
        case "contiguity":
            return "Let territories be in several pieces"
        case "add_rep":
            return f"Add a rep like {rep}: the same place, skills and capacity"
    return f"Change {change.kind.replace('_', ' ')} from {before} to {after}"
