"""Why there is no alignment, in ids, arithmetic and plain sentences.

The optimizer speaks positions; here they become ids and names. Owns the JSON form of conflicts and relaxations.
Imports neither the web nor the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.result import Change, Conflict, Relaxation

MAX_LISTED = 1000
"""Longest list of ids in one conflict; the numbers in the sentence always count all."""

_UNITS = {"workload": " h", "accounts": " accounts"}


@dataclass(frozen=True)
class Names:
    """Ids and names of accounts and reps, by position.

    Parameters
    ----------
    account_ids, rep_ids
        Ids. Shapes ``(accounts,)`` and ``(reps,)``.
    account_names, rep_names
        Names, None where there is none.
    """

    account_ids: Sequence[str]
    rep_ids: Sequence[str]
    account_names: Sequence[str | None]
    rep_names: Sequence[str | None]

    def account(self, position: int) -> str:
        """Return how a sentence calls an account."""
        return _called(self.account_ids[position], self.account_names[position])

    def rep(self, position: int) -> str:
        """Return how a sentence calls a rep."""
        return _called(self.rep_ids[position], self.rep_names[position])


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
        "irreducible": conflict.irreducible,
    }


def conflict_sentence(conflict: Conflict, names: Names) -> str:
    """Say in one sentence why these wishes cannot be met together."""
    accounts = _listed([names.account(position) for position in conflict.accounts[:3]], len(conflict.accounts))
    reps = _listed([names.rep(position) for position in conflict.reps[:3]], len(conflict.reps))
    demand, capacity = quantity(conflict.demand, conflict.measure), quantity(conflict.capacity, conflict.measure)
    short = quantity(conflict.short, conflict.measure)
    match conflict.code:
        case "NO_ELIGIBLE_REP":
            return f"No rep may have {accounts}: skills, distances, forbidden pairs and locks leave nobody."
        case "ACCOUNT_EXCEEDS_ANY_CAPACITY":
            return f"{accounts} needs {demand}; the largest capacity is {capacity} ({reps}): {short} short."
        case "FAMILY_EXCEEDS_ANY_CAPACITY":
            return f"The family of {accounts} needs {demand}; the largest capacity is {capacity}: {short} short."
        case "LOCKS_EXCEED_CAPACITY":
            return f"What is locked to {reps} needs {demand}; the capacity is {capacity}: {short} short."
        case "CAPACITY_BELOW_TOTAL":
            return f"All accounts together need {demand}; all capacities together are {capacity}: {short} short."
        case "MINIMUM_ABOVE_TOTAL":
            return f"All minimums together ask for {demand}; all accounts together have {capacity}: {short} short."
        case "GROUP_SHORT_OF_CAPACITY":
            return (
                f"{len(conflict.accounts):,} accounts ({accounts}) may only go to {len(conflict.reps):,} reps "
                f"({reps}); they need {demand} and the reps have {capacity}: {short} short."
            )
        case "BUDGET_TOO_SMALL":
            return f"Meeting the other limits moves at least {demand}; the budget is {capacity}: {short} short."
    if conflict.short is None:
        return "These wishes cannot be met together."
    return f"These wishes need {demand} and leave {capacity}: {short} short."


def relaxation_json(relaxation: Relaxation, names: Names) -> dict[str, Any]:
    """Return a relaxation as the API shows it; its alignment_id is filled in when the alignment is stored."""
    changes = [change_json(change, names) for change in relaxation.changes]
    return {
        "kind": relaxation.kind,
        "changes": changes,
        "total": relaxation.total,
        "sentence": "; ".join(change["sentence"] for change in changes[:5])
        + (f"; and {len(changes) - 5:,} more changes" if len(changes) > 5 else "")
        + ".",
        "alignment_id": None,
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
            return f"Widen the {change.measure} tolerance from {_percent(change.before)} to {_percent(change.after)}"
        case "budget":
            who = f" of {rep}" if change.rep is not None else ""
            return f"Raise the budget of moved {change.measure}{who} from {before} to {after}"
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
            return f"Leave {account} without a rep"
    return f"Change {change.kind.replace('_', ' ')} from {before} to {after}"


def quantity(amount: float | None, measure: str | None) -> str:
    """Write an amount with its unit, as far as the measure tells one."""
    if amount is None:
        return "nothing"
    digits = 0 if float(amount).is_integer() else 1 if abs(amount) >= 10 else 3
    return f"{amount:,.{digits}f}{_UNITS.get(measure or '', '')}"


def _percent(fraction: float | None) -> str:
    return "off" if fraction is None else f"{fraction * 100:.4g} %"


def _listed(called: Sequence[str], total: int) -> str:
    if not called:
        return "nobody"
    rest = total - len(called)
    return ", ".join(called) + (f" and {rest:,} more" if rest > 0 else "")


def _called(identifier: str, name: str | None) -> str:
    return identifier if not name or name == identifier else f"{name} ({identifier})"
