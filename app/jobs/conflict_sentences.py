"""Why wishes cannot be met together, in one plain sentence each, and what would end it, in another.

Imports neither the web nor the database.
"""

from app.jobs.names import Names, counted, quantity
from optimizer.result import Cause, Conflict

_SCOPES = {"total": "in all", "in": "into one rep", "out": "out of one rep"}


def conflict_sentence(conflict: Conflict, names: Names) -> str:
    """Say in one sentence why these wishes cannot be met together."""
    if conflict.cause is not None:
        sentence = _by_cause(conflict, conflict.cause, names)
        if sentence is not None:
            return sentence
    accounts, reps = names.accounts(conflict.accounts), names.reps(conflict.reps)
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
        case "MINIMUM_ABOVE_TOTAL" if conflict.accounts:
            group = counted(len(conflict.reps), "rep")
            return (
                f"{group} ({reps}) must have at least {demand} and may serve only "
                f"{counted(len(conflict.accounts), 'account')} with {capacity}: {short} short."
            )
        case "MINIMUM_ABOVE_TOTAL":
            return f"All minimums together ask for {demand}; all accounts together have {capacity}: {short} short."
        case "GROUP_SHORT_OF_CAPACITY":
            return (
                f"{counted(len(conflict.accounts), 'account')} ({accounts}) may only go to "
                f"{counted(len(conflict.reps), 'rep')} ({reps}); they need {demand} and the reps have {capacity}: "
                f"{short} short."
            )
        case "BUDGET_TOO_SMALL":
            return f"Meeting the other limits moves at least {demand}; the budget is {capacity}: {short} short."
        case "BALANCE_IMPOSSIBLE":
            return _out_of_balance(conflict, names)
    if conflict.short is None:
        return "These wishes cannot be met together."
    return f"These wishes need {demand} and leave {capacity}: {short} short."


def conflict_fix(conflict: Conflict) -> str:
    """Say in one sentence what would end a conflict, with the amount where arithmetic alone tells it."""
    short = quantity(conflict.short, conflict.measure)
    measure = conflict.measure or "load"
    cause = conflict.cause
    if cause is not None and cause.kind == "large":
        return (
            f"Make room for {short} more of at least {quantity(cause.amount, cause.measure)}: raise {cause.measure} "
            "limits, add a rep, or leave as many unassigned."
        )
    match conflict.code:
        case "NO_ELIGIBLE_REP":
            return "Give a rep the skill or the reach, allow a forbidden pair, release a lock, or leave it unassigned."
        case "ACCOUNT_EXCEEDS_ANY_CAPACITY":
            return f"Raise one rep's {measure} maximum by {short}, or share the account between reps before planning."
        case "FAMILY_EXCEEDS_ANY_CAPACITY":
            return f"Raise one rep's {measure} maximum by {short}, or let the family split."
        case "LOCKS_EXCEED_CAPACITY":
            return f"Release locks worth {short}, or raise the rep's {measure} maximum by as much."
        case "CAPACITY_BELOW_TOTAL":
            return f"Raise {measure} maximums by at least {short} in all, add a rep, or leave as much unassigned."
        case "MINIMUM_ABOVE_TOTAL":
            return f"Lower {measure} minimums by at least {short} in all, or open more accounts to these reps."
        case "GROUP_SHORT_OF_CAPACITY":
            return (
                f"Raise these reps' {measure} maximums by at least {short} in all, open some of the accounts to other "
                "reps, or add a rep who may serve them."
            )
        case "CONTIGUITY_IMPOSSIBLE":
            return (
                "Release a lock or a forbidden pair between them, widen the limits of the reps concerned, join the "
                "parts of the map, or set contiguity to 'off'."
            )
        case "BUDGET_TOO_SMALL":
            return f"Raise the budget by at least {short}, or ease what forces the moves."
    return "Widen the tolerance, or ease the wishes that keep these reps from their share."


def _out_of_balance(conflict: Conflict, names: Names) -> str:
    """Say that balance leaves too little room, or asks for more than there is."""
    reps = names.reps(conflict.reps)
    demand, capacity = quantity(conflict.demand, conflict.measure), quantity(conflict.capacity, conflict.measure)
    short = quantity(conflict.short, conflict.measure)
    who = f"{counted(len(conflict.reps), 'rep')} ({reps})"
    if conflict.accounts:
        concerned = counted(len(conflict.accounts), "account")
        return (
            f"Balance and capacity leave no way for {concerned} and {who}: {demand} of {conflict.measure} are needed "
            f"where {capacity} are there, {short} short."
        )
    return f"Balance and capacity of {who} contradict each other: {demand} against {capacity}, {short} apart."


def _by_cause(conflict: Conflict, cause: Cause, names: Names) -> str | None:
    """Return the sentence of a conflict whose cause tells more than demand and capacity; None where it does not."""
    reps, accounts = names.reps(conflict.reps), names.accounts(conflict.accounts)
    demand, capacity = quantity(conflict.demand, conflict.measure), quantity(conflict.capacity, conflict.measure)
    short = quantity(conflict.short, conflict.measure)
    amount, limit = quantity(cause.amount, cause.measure), quantity(cause.limit, cause.measure)
    budget = f"the budget for moves {_SCOPES.get(cause.scope or '', '')} is {capacity}: {short} short."
    carry, have = ("carries", "has") if len(conflict.reps) == 1 else ("carry", "have")
    match cause.kind:
        case "forced":
            number = counted(len(conflict.accounts), "account")
            return f"{number} ({accounts}) cannot stay and bring {demand}; {budget}"
        case "shed":
            return f"{reps} {carry} {amount} today and may carry {limit}: at least {demand} must leave; {budget}"
        case "gain":
            return f"{reps} {have} {amount} today and must have {limit}: at least {demand} must come; {budget}"
        case "frozen" if conflict.code == "LOCKS_EXCEED_CAPACITY":
            return f"{reps} is frozen and keeps {demand}; the capacity is {capacity}: {short} short."
        case "frozen":
            return f"{reps} is frozen and keeps {capacity}; at least {demand} are asked for: {short} short."
        case "few":
            return (
                f"To reach their smallest {cause.measure}, {counted(len(conflict.reps), 'rep')} ({reps}) need at least "
                f"{demand} between them; only {capacity} have any."
            )
        case "large":
            return (
                f"{demand} of at least {amount} of {cause.measure} each ({accounts}) fit nowhere beside each other: "
                f"the limits of all reps hold {capacity} of that size."
            )
        case "apart":
            return (
                f"{reps} must have {accounts}, and no chain of units that {reps} may have joins them: its territory "
                f"would be in {counted(cause.count or 2, 'piece')}."
            )
        case "alone":
            return f"No rep can have {accounts} in one connected territory with what that rep must have."
        case "reach":
            return (
                f"{reps} must have at least {demand}; the connected units that {reps} may have hold {capacity}: "
                f"{short} short."
            )
        case "part":
            return (
                f"{accounts} lie in a part of the map that stands alone and holds {capacity}; it takes "
                f"{counted(cause.count or 1, 'rep')} there, who must have at least {demand}: {short} short."
            )
        case "full":
            return (
                f"{accounts} lie in a part of the map that stands alone and need {demand}; the reps who could live "
                f"there ({reps}) may have {capacity} together: {short} short."
            )
        case "gap" if cause.count is not None:
            bring = "brings" if cause.count == 1 else "bring"
            return (
                f"{reps} must carry {limit} to {quantity(conflict.capacity, cause.measure)}: any "
                f"{counted(cause.count, 'account')} {bring} at most {amount}, any {cause.count + 1:,} "
                f"at least {demand}."
            )
    return None
