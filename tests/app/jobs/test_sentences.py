"""Sentences of conflicts and relaxations: names, numbers and units, one plain sentence each."""

import pytest

from app.error_codes import ERROR_CODES
from app.jobs.change_sentences import relaxation_sentence
from app.jobs.conflict_sentences import conflict_fix, conflict_sentence
from app.jobs.names import Names, quantity
from optimizer.result import Cause, Change, Conflict, Relaxation
from optimizer.search.remedies import HELPS
from tests.optimizer.small_problems import alignment_to

NAMES = Names(("a1", "a2"), ("R1", "R2"), ("Łódź Works", None), ("Çelik", None))


def conflict(
    code: str, demand: float, capacity: float, *, cause: Cause | None = None, measure: str = "workload"
) -> str:
    """Return the sentence of a conflict of both accounts and the first rep."""
    return conflict_sentence(
        Conflict(code=code, accounts=(0, 1), reps=(0,), measure=measure, demand=demand, capacity=capacity, cause=cause),
        NAMES,
    )


def test_a_budget_tells_what_forces_the_moves() -> None:
    """Load today, what is allowed, what must leave, and the budget, all in one sentence."""
    cause = Cause(kind="shed", measure="workload", amount=7.0, limit=2.5, scope="out")
    assert conflict("BUDGET_TOO_SMALL", 2, 1, cause=cause, measure="accounts") == (
        "Çelik (R1) carries 7 h today and may carry 2.5 h: at least 2 accounts must leave; "
        "the budget for moves out of one rep is 1 account: 1 account short."
    )


def test_limits_between_whole_accounts() -> None:
    """What k accounts bring at most, and one more at least, on both sides of the limits."""
    cause = Cause(kind="gap", measure="workload", amount=10.0, limit=12.0, count=1)
    assert conflict("BALANCE_IMPOSSIBLE", 20, 18, cause=cause) == (
        "Çelik (R1) must carry 12 h to 18 h: any 1 account brings at most 10 h, any 2 at least 20 h."
    )


def test_what_helps_large_accounts_is_room_for_one_of_their_size() -> None:
    """The limit is one of hours, though the conflict counts accounts."""
    cause = Cause(kind="large", measure="workload", amount=12.0)
    found = Conflict(
        code="GROUP_SHORT_OF_CAPACITY",
        accounts=(0, 1),
        reps=(0,),
        measure="accounts",
        demand=2.0,
        capacity=1.0,
        cause=cause,
    )
    assert conflict_fix(found) == (
        "Make room for 1 account more of at least 12 h: raise workload limits, add a rep, or leave as many unassigned."
    )


@pytest.mark.parametrize("code", sorted(HELPS))
def test_every_code_has_a_sentence_and_a_fix(code: str) -> None:
    """Each code of conflict is documented, says more than that something is wrong, and what would end it."""
    assert code in ERROR_CODES
    found = Conflict(code=code, accounts=(0,), reps=(0,), measure="workload", demand=5.0, capacity=3.0)
    assert "Łódź Works" in conflict_sentence(found, NAMES) or "3 h" in conflict_sentence(found, NAMES)
    assert conflict_fix(found).endswith(".")


def test_many_changes_of_a_kind_are_added_up() -> None:
    """Five raised maximums are one sentence with their sum; a few changes are told one by one."""
    raised = tuple(
        Change(kind="capacity_max", rep=number % 2, measure="workload", before=10.0, after=12.0) for number in range(5)
    )
    alignment = alignment_to([0, 0])
    many = Relaxation(kind="capacity_max", changes=raised, total=10.0, alignment=alignment)
    assert relaxation_sentence(many, NAMES) == ("Raise the workload maximum of 2 reps (Çelik (R1), R2) by 10 h in all.")
    few = Relaxation(
        kind="mixed",
        changes=(Change(kind="unassigned", before=0.0, after=1.0), Change(kind="add_rep", rep=0)),
        total=2.0,
        alignment=alignment,
    )
    assert relaxation_sentence(few, NAMES) == (
        "Leave 1 account without a rep; add a rep like Çelik (R1): the same place, skills and capacity."
    )


def test_amounts_carry_their_unit() -> None:
    """Hours and accounts have a unit, other measures a number."""
    assert quantity(1, "accounts") == "1 account"
    assert quantity(12345.6, "workload") == "12,345.6 h"
    assert quantity(2.5, "potential") == "2.5"
