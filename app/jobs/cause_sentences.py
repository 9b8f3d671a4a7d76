"""Why wishes cannot be met together, where the cause tells more than demand and capacity.

Imports neither the web nor the database.
"""

from app.jobs.conflict_words import ConflictWords
from app.jobs.names import counted, quantity
from optimizer.result import Cause, Conflict

_SCOPES = {"total": "in all", "in": "into one rep", "out": "out of one rep"}


def cause_sentence(conflict: Conflict, cause: Cause, words: ConflictWords) -> str | None:
    """Return the sentence of a conflict's cause; None where there is none of its kind."""
    match cause.kind:
        case "forced" | "shed" | "gain":
            return _of_budget(conflict, cause, words)
        case "frozen" if conflict.code == "LOCKS_EXCEED_CAPACITY":
            kept = f"{words.reps} is frozen and keeps {words.demand}"
            return f"{kept}; the capacity is {words.capacity}: {words.short} short."
        case "frozen":
            return (
                f"{words.reps} is frozen and keeps {words.capacity}; at least {words.demand} are asked for: "
                f"{words.short} short."
            )
        case "few" | "large" | "gap":
            return _of_sizes(conflict, cause, words)
        case _:
            return _of_units(cause, words)


def _of_budget(conflict: Conflict, cause: Cause, words: ConflictWords) -> str:
    """Say what must move, and that the budget for moves does not allow it."""
    amount, limit = quantity(cause.amount, cause.measure), quantity(cause.limit, cause.measure)
    scope = _SCOPES.get(cause.scope or "", "")
    budget = f"the budget for moves {scope} is {words.capacity}: {words.short} short."
    carry, have = ("carries", "has") if len(conflict.reps) == 1 else ("carry", "have")
    match cause.kind:
        case "forced":
            return f"{words.num_accounts} ({words.accounts}) cannot stay and bring {words.demand}; {budget}"
        case "shed":
            today = f"{words.reps} {carry} {amount} today and may carry {limit}"
            return f"{today}: at least {words.demand} must leave; {budget}"
    today = f"{words.reps} {have} {amount} today and must have {limit}"
    return f"{today}: at least {words.demand} must come; {budget}"


def _of_sizes(conflict: Conflict, cause: Cause, words: ConflictWords) -> str | None:
    """Say that accounts of these sizes do not add up to what is asked for."""
    amount, limit = quantity(cause.amount, cause.measure), quantity(cause.limit, cause.measure)
    match cause.kind:
        case "few":
            return (
                f"To reach their smallest {cause.measure}, {words.num_reps} ({words.reps}) need at least "
                f"{words.demand} between them; only {words.capacity} have any."
            )
        case "large":
            return (
                f"{words.demand} of at least {amount} of {cause.measure} each ({words.accounts}) fit nowhere beside "
                f"each other: the limits of all reps hold {words.capacity} of that size."
            )
    if cause.count is None:
        return None
    bring = "brings" if cause.count == 1 else "bring"
    return (
        f"{words.reps} must carry {limit} to {quantity(conflict.capacity, cause.measure)}: any "
        f"{counted(cause.count, 'account')} {bring} at most {amount}, any {cause.count + 1:,} at least {words.demand}."
    )


def _of_units(cause: Cause, words: ConflictWords) -> str | None:
    """Say that territories would not be connected."""
    accounts, reps = words.accounts, words.reps
    match cause.kind:
        case "apart":
            return (
                f"{reps} must have {accounts}, and no chain of units that {reps} may have joins them: its territory "
                f"would be in {counted(cause.count or 2, 'piece')}."
            )
        case "alone":
            return f"No rep can have {accounts} in one connected territory with what that rep must have."
        case "reach":
            return (
                f"{reps} must have at least {words.demand}; the connected units that {reps} may have hold "
                f"{words.capacity}: {words.short} short."
            )
        case "part":
            return (
                f"{accounts} lie in a part of the map that stands alone and holds {words.capacity}; it takes "
                f"{counted(cause.count or 1, 'rep')} there, who must have at least {words.demand}: {words.short} short."
            )
        case "full":
            return (
                f"{accounts} lie in a part of the map that stands alone and need {words.demand}; the reps who could "
                f"live there ({reps}) may have {words.capacity} together: {words.short} short."
            )
    return None
