"""From an alignment to its transition: what moves, what limits it, and the week of every move.

Owns the change from the alignment's columns to :class:`optimizer.transition.Transition` and back to waves. Pure: the
same alignment, criteria and request give the same plan. Knows no HTTP and writes nothing.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from app.alignments.assignments import pick
from app.alignments.columns import ACCOUNTS, AlignmentColumns, Flags, Floats, Integers
from app.alignments.reasons import MoveReasons, Reason
from app.alignments.scorecards import Scorecard
from app.errors import Fault, InvalidInput
from app.scenarios.families import family_numbers
from app.scenarios.numbers import LARGEST_COUNT
from app.transitions.holds import Days, start_and_holds, week_of
from app.transitions.schemas import TransitionRequest
from optimizer.transition import (
    Transition,
    families_over_cap,
    family_release,
    fewest_waves,
    fewest_weeks,
    loads_by_week,
)
from optimizer.transition_schedule import schedule

MOST_FAULTS = 1000

_NO_REP = Reason("NO_REP", "Has no rep yet.")
_RESERVED = frozenset(
    [
        "wave",
        "date",
        "direction",
        "account_id",
        "account_name",
        "from",
        "from_name",
        "to",
        "to_name",
        "rep_id",
        "rep_name",
        "reason",
        "reason_code",
        "urgent",
        "held_until",
    ]
)


@dataclass(frozen=True, eq=False)
class Planned:
    """A transition with the week of every move.

    Parameters
    ----------
    card, criteria
        The alignment's scorecard, and what it is judged by.
    request
        What was asked.
    start, days
        The first day, and the day of every held account by id.
    families
        Whether families go in one week.
    positions
        The accounts that move, by the UTF-8 bytes of their ids. Shape ``(moves,)``.
    asked
        The same as the optimizer sees it.
    week
        From 0. Shape ``(moves,)``.
    """

    card: Scorecard
    criteria: Mapping[str, Any] | None
    request: TransitionRequest
    start: datetime.date | None
    days: Days
    families: Literal["together", "off"]
    positions: Integers
    asked: Transition
    week: Integers

    @property
    def columns(self) -> AlignmentColumns:
        """Return the alignment beside its dataset."""
        return self.card.columns

    @cached_property
    def weeks(self) -> Integers:
        """Return the weeks with moves, rising: one a wave."""
        return np.unique(self.week)

    @cached_property
    def loads(self) -> Floats:
        """Return the loads at the end of every wave. Shape ``(waves, reps, measures)``."""
        return loads_by_week(self.asked, self.week, self.weeks)

    @property
    def num_held(self) -> int:
        """Return how many of the moves are held beyond the start."""
        return int(np.count_nonzero(self.asked.release > 0))

    @property
    def lower_bound(self) -> tuple[int, int]:
        """Return the fewest waves by the cap alone, and the fewest weeks by cap and holds."""
        cap = self.request.max_per_rep_per_week
        return fewest_waves(self.asked, cap=cap), fewest_weeks(self.asked, cap=cap)

    @property
    def held_back(self) -> Flags:
        """Return which moves wait for a day, their own or one of their family. Shape ``(moves,)``."""
        return np.asarray(family_release(self.asked) > 0)

    def date(self, week: int) -> str | None:
        """Return the first day of a week, None without a start."""
        return None if self.start is None else (self.start + datetime.timedelta(weeks=week)).isoformat()

    def moves(self) -> pa.Table:
        """Return one row a move: wave, account_id, from, to, one column a measure, reason, names, urgent, held_until.

        Amounts are what the account brings to its new rep.
        """
        columns, positions = self.columns, self.positions
        source, goal = columns.current[positions], columns.owner[positions]
        reasons = self._reasons()
        accounts = columns.tables.accounts.select(["id", "name"]).take(pa.array(positions))
        data: dict[str, Any] = {
            "wave": pa.array(np.searchsorted(self.weeks, self.week) + 1),
            "account_id": accounts.column("id"),
            "from": pick(columns.rep_ids, source),
            "to": pick(columns.rep_ids, goal),
        }
        for measure, title in measure_columns(columns).items():
            data[title] = pa.array(columns.amount_at(measure, columns.owner)[positions])
        return pa.table(
            data
            | {
                "reason": pa.array([reason.sentence for reason in reasons], pa.string()),
                "reason_code": pa.array([reason.code for reason in reasons], pa.string()),
                "account_name": accounts.column("name"),
                "from_name": pick(columns.rep_names, source),
                "to_name": pick(columns.rep_names, goal),
                "urgent": pa.array(self.asked.is_urgent),
                "held_until": pa.array([self._held_until(account) for account in positions.tolist()], pa.string()),
            }
        )

    def _reasons(self) -> list[Reason]:
        reasons = MoveReasons(self.card, self.criteria)
        current = self.columns.current
        return [_NO_REP if current[account] < 0 else reasons.reason(account) for account in self.positions.tolist()]

    def _held_until(self, account: int) -> str | None:
        day = self.days.get(self.columns.account_ids[account])
        return None if day is None else day.isoformat()


def planned_transition(card: Scorecard, criteria: Mapping[str, Any] | None, request: TransitionRequest) -> Planned:
    """Return the plan from a dataset's current alignment to this one.

    Raises
    ------
    InvalidInput
        When the cap, a day or a name is wrong, or a family is larger than the cap; all faults at once.
    """
    columns, cap = card.columns, request.max_per_rep_per_week
    faults = [] if 1 <= cap <= LARGEST_COUNT else [_no_cap(cap)]
    start, days = start_and_holds(request, columns.tables, faults)
    families = request.families or _families(criteria)
    moving = np.flatnonzero(columns.current != columns.owner)
    ids = columns.account_ids
    positions = np.array(sorted(moving.tolist(), key=lambda account: ids[account].encode()), dtype=np.int64)
    asked = _transition(columns, positions, _release(columns, positions, start, days), families)
    over = families_over_cap(asked, cap=cap) if 1 <= cap <= LARGEST_COUNT else []
    faults += [_too_large(columns, positions, asked, found, request) for found in over]
    if faults:
        raise InvalidInput(faults[:MOST_FAULTS], total=len(faults))
    week = schedule(asked, cap=cap)
    return Planned(card, criteria, request, start, days, families, positions, asked, week)


def measure_columns(columns: AlignmentColumns) -> dict[str, str]:
    """Return the column of every measure but the count; a word that a list of moves needs itself is set apart."""
    return {
        measure: f"measure:{measure}" if measure in _RESERVED else measure
        for measure in columns.measures
        if measure != ACCOUNTS
    }


def _families(criteria: Mapping[str, Any] | None) -> Literal["together", "off"]:
    return "together" if (criteria or {}).get("families", "together") == "together" else "off"


def _release(columns: AlignmentColumns, positions: Integers, start: datetime.date | None, days: Days) -> Integers:
    """Return the first week in which each move may go. Shape ``(moves,)``."""
    release = np.zeros(len(positions), dtype=np.int64)
    if start is None:
        return release
    for move, account in enumerate(positions.tolist()):
        day = days.get(columns.account_ids[account])
        if day is not None:
            release[move] = week_of(day, start)
    return release


def _transition(
    columns: AlignmentColumns, positions: Integers, release: Integers, families: Literal["together", "off"]
) -> Transition:
    source, goal = columns.current[positions], columns.owner[positions]

    def amounts(owner: Integers) -> Floats:
        return np.stack([columns.amount_at(measure, owner)[positions] for measure in columns.measures], axis=1)

    family = np.arange(len(positions))
    if families == "together":
        parents = columns.tables.accounts.column("parent_id").to_pylist()
        family = family_numbers(columns.account_ids, parents)[positions].astype(np.int64)
    return Transition(
        source=source,
        goal=goal,
        given=amounts(columns.current),
        taken=amounts(columns.owner),
        family=family,
        release=release,
        is_urgent=(source < 0) | ~columns.is_active[np.maximum(source, 0)],
        load=np.stack([columns.loads(measure, columns.current) for measure in columns.measures], axis=1),
        counts=columns.is_active,
    )


def _no_cap(cap: int) -> Fault:
    wrong = "is below 1" if cap < 1 else f"is above {LARGEST_COUNT:,}"
    return Fault(
        code="INVALID_VALUE",
        detail=f"'max_per_rep_per_week': {str(cap)[:64]} {wrong}.",
        fix="Send how many accounts a rep may give, and receive, in a week: 1 or more.",
        pointer="/max_per_rep_per_week",
        value=cap if abs(cap) <= LARGEST_COUNT else None,
    )


def _too_large(
    columns: AlignmentColumns,
    positions: Integers,
    asked: Transition,
    found: tuple[int, int, int],
    request: TransitionRequest,
) -> Fault:
    family, rep, accounts = found
    first = columns.account_ids[positions[np.flatnonzero(asked.family == family)[0]]]
    cap = request.max_per_rep_per_week
    return Fault(
        code="CONTRADICTORY_SETTING",
        detail=(
            f"{accounts:,} accounts of the family of '{first[:64]}' leave or reach {columns.rep_ids[rep]} together; "
            f"the cap is {cap:,} a week."
        ),
        fix=f'Raise max_per_rep_per_week to {accounts:,}, or send families: "off".',
        pointer="/max_per_rep_per_week",
        params={"account_id": first, "rep_id": columns.rep_ids[rep], "accounts": accounts, "cap": cap},
    )
