"""Why wishes cannot be met together, in one plain sentence each, and what would end it, in another.

Imports neither the web nor the database.
"""

from app.jobs.cause_sentences import cause_sentence
from app.jobs.conflict_words import ConflictWords
from app.jobs.names import Names, quantity
from optimizer.result import Conflict


def conflict_sentence(conflict: Conflict, names: Names) -> str:
    """Say in one sentence why these wishes cannot be met together."""
    words = ConflictWords.of(conflict, names)
    sentence = None if conflict.cause is None else cause_sentence(conflict, conflict.cause, words)
    return sentence or _code_sentence(conflict, words)


def _code_sentence(conflict: Conflict, words: ConflictWords) -> str:
    """Say what demand and capacity alone tell."""
    accounts, reps, demand, capacity, short = words.accounts, words.reps, words.demand, words.capacity, words.short
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
            return (
                f"{words.num_reps} ({reps}) must have at least {demand} and may serve only {words.num_accounts} with "
                f"{capacity}: {short} short."
            )
        case "MINIMUM_ABOVE_TOTAL":
            return f"All minimums together ask for {demand}; all accounts together have {capacity}: {short} short."
        case "GROUP_SHORT_OF_CAPACITY":
            return (
                f"{words.num_accounts} ({accounts}) may only go to {words.num_reps} ({reps}); they need {demand} and "
                f"the reps have {capacity}: {short} short."
            )
        case "BUDGET_TOO_SMALL":
            return f"Meeting the other limits moves at least {demand}; the budget is {capacity}: {short} short."
        case "BALANCE_IMPOSSIBLE":
            return _out_of_balance(conflict, words)
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


def _out_of_balance(conflict: Conflict, words: ConflictWords) -> str:
    """Say that balance leaves too little room, or asks for more than there is."""
    who = f"{words.num_reps} ({words.reps})"
    if conflict.accounts:
        return (
            f"Balance and capacity leave no way for {words.num_accounts} and {who}: {words.demand} of "
            f"{conflict.measure} are needed where {words.capacity} are there, {words.short} short."
        )
    return (
        f"Balance and capacity of {who} contradict each other: {words.demand} against {words.capacity}, "
        f"{words.short} apart."
    )
