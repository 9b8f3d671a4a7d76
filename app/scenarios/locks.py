"""Locks against each other and against all that forbids them: LOCK_CONFLICT, naming both places.

An account is pinned to a rep by a lock of the criteria, by its own ``locked``, or by a frozen rep that has it. Pins
that cannot hold together, or that something forbids, are faults of the request.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.datasets.tables import DatasetTables
from app.errors import Fault
from app.scenarios.columns import flags, ids, numbers, texts, word_lists
from app.scenarios.families import family_numbers
from app.scenarios.places import free_reps
from app.scenarios.schemas import Criteria
from geo_data.distances import distances_km


@dataclass(frozen=True)
class Pin:
    """One account that must be with one rep.

    Parameters
    ----------
    account, rep
        Positions.
    pointer
        Where the pin stands in the body.
    reason
        What pins, as a sentence says it.
    """

    account: int
    rep: int
    pointer: str
    reason: str


class Roster:
    """Accounts and reps of one dataset as the lock checks need them."""

    def __init__(self, tables: DatasetTables, criteria: Criteria) -> None:
        self.tables = tables
        self.criteria = criteria
        self.account_ids, self.rep_ids = ids(tables.accounts), ids(tables.reps)
        self.account_index = {name: position for position, name in enumerate(self.account_ids)}
        self.rep_index = {name: position for position, name in enumerate(self.rep_ids)}
        self.current = [
            None if rep_id is None else self.rep_index.get(rep_id)
            for rep_id in texts(tables.accounts, "current_rep_id")
        ]
        self.is_active = flags(tables.reps, "active", missing=True)

    def pins(self) -> list[Pin]:
        """Return every pin: locks of the criteria, locked accounts, accounts of frozen reps."""
        pins = [
            Pin(
                self.account_index[lock.account_id],
                self.rep_index[lock.rep_id],
                f"/criteria/locks/{index}",
                f"the lock to '{lock.rep_id}'",
            )
            for index, lock in enumerate(self.criteria.locks)
        ]
        locked = np.flatnonzero(flags(self.tables.accounts, "locked", missing=False)).tolist()
        for account in locked:
            rep = self.current[account]
            if rep is not None:
                reason = f"'locked' with its current rep '{self.rep_ids[rep]}'"
                pins.append(Pin(account, rep, f"/accounts/{account}/locked", reason))
        frozen = {self.rep_index[rep_id]: index for index, rep_id in enumerate(self.criteria.frozen_reps)}
        for account, rep in enumerate(self.current):
            if rep is not None and rep in frozen:
                reason = f"its current rep '{self.rep_ids[rep]}', who is frozen"
                pins.append(Pin(account, rep, f"/criteria/frozen_reps/{frozen[rep]}", reason))
        return pins


def lock_faults(tables: DatasetTables, criteria: Criteria) -> list[Fault]:
    """Return every conflict of locks; ids in the criteria are known to exist."""
    roster = Roster(tables, criteria)
    pins = roster.pins()
    if not pins:
        return []
    return [
        *_against_each_other(roster, pins),
        *_against_families(roster, pins),
        *_against_frozen(roster, pins),
        *_against_leavers(roster, pins),
        *_against_forbidden(roster, pins),
        *_against_skills(roster, pins),
        *_against_distance(roster, pins),
    ]


def _conflict(roster: Roster, pin: Pin, *, against: str, other: str | None, fix: str) -> Fault:
    account_id, rep_id = roster.account_ids[pin.account], roster.rep_ids[pin.rep]
    return Fault(
        code="LOCK_CONFLICT",
        detail=f"Account '{account_id}': {pin.reason} conflicts with {against}.",
        fix=fix,
        pointer=pin.pointer,
        value=account_id,
        params={"account_id": account_id, "rep_id": rep_id, "other": other or ""},
    )


def _against_each_other(roster: Roster, pins: list[Pin]) -> Iterator[Fault]:
    first: dict[int, Pin] = {}
    for pin in pins:
        before = first.setdefault(pin.account, pin)
        if before.rep != pin.rep:
            yield _conflict(roster, pin, against=before.reason, other=before.pointer, fix="Keep one of the two.")


def _against_families(roster: Roster, pins: list[Pin]) -> Iterator[Fault]:
    if roster.criteria.families != "together":
        return
    family = family_numbers(roster.account_ids, texts(roster.tables.accounts, "parent_id"))
    first: dict[int, Pin] = {}
    for pin in pins:
        before = first.setdefault(int(family[pin.account]), pin)
        if before.rep != pin.rep and before.account != pin.account:
            relative = roster.account_ids[before.account]
            yield _conflict(
                roster,
                pin,
                against=f"{before.reason} of '{relative}', which is of the same family",
                other=before.pointer,
                fix="Lock the family to one rep, or set families to 'off'.",
            )


def _against_frozen(roster: Roster, pins: list[Pin]) -> Iterator[Fault]:
    frozen = {roster.rep_index[rep_id]: index for index, rep_id in enumerate(roster.criteria.frozen_reps)}
    for pin in pins:
        if pin.rep in frozen and roster.current[pin.account] != pin.rep:
            yield _conflict(
                roster,
                pin,
                against=f"'{roster.rep_ids[pin.rep]}' being frozen: a frozen rep gains nothing",
                other=f"/criteria/frozen_reps/{frozen[pin.rep]}",
                fix="Drop the lock or unfreeze the rep.",
            )


def _against_leavers(roster: Roster, pins: list[Pin]) -> Iterator[Fault]:
    for pin in pins:
        if not roster.is_active[pin.rep]:
            yield _conflict(
                roster,
                pin,
                against=f"'{roster.rep_ids[pin.rep]}' having left (active is false)",
                other=f"/reps/{pin.rep}/active",
                fix="Drop the lock, or make the rep active.",
            )


def _against_forbidden(roster: Roster, pins: list[Pin]) -> Iterator[Fault]:
    forbidden = {
        (roster.account_index[pair.account_id], roster.rep_index[pair.rep_id]): f"/criteria/forbid/{index}"
        for index, pair in enumerate(roster.criteria.forbid)
    }
    allowed: set[tuple[int, int]] | None = None
    free = set(free_reps(roster.tables, roster.criteria, {}).tolist())
    if roster.tables.pairs is not None:
        pairs = list(
            zip(
                (roster.account_index.get(name or "", -1) for name in texts(roster.tables.pairs, "account_id")),
                (roster.rep_index.get(name or "", -1) for name in texts(roster.tables.pairs, "rep_id")),
                strict=True,
            )
        )
        banned = flags(roster.tables.pairs, "forbidden", missing=False)
        forbidden |= {pairs[row]: f"/pairs/{row}/forbidden" for row in np.flatnonzero(banned).tolist()}
        allowed = set(pairs) if roster.criteria.travel.has_pair_costs else None
    for pin in pins:
        place = forbidden.get((pin.account, pin.rep))
        if place is not None:
            yield _conflict(
                roster, pin, against=f"the forbidden pair at {place}", other=place, fix="Drop one of the two."
            )
        elif allowed is not None and (pin.account, pin.rep) not in allowed and pin.rep not in free:
            yield _conflict(
                roster,
                pin,
                against="travel.source 'pairs': this pair is missing, and a missing pair is forbidden",
                other="/criteria/travel/source",
                fix="Send the pair with its cost, or drop the lock.",
            )


def _against_skills(roster: Roster, pins: list[Pin]) -> Iterator[Fault]:
    if roster.criteria.eligibility != "hard":
        return
    requires, skills = word_lists(roster.tables.accounts, "requires"), word_lists(roster.tables.reps, "skills")
    for pin in pins:
        lacking = sorted(set(requires[pin.account]) - set(skills[pin.rep]))
        if lacking:
            yield _conflict(
                roster,
                pin,
                against=f"its eligibility: '{roster.rep_ids[pin.rep]}' lacks {', '.join(lacking[:5])}",
                other=f"/accounts/{pin.account}/requires",
                fix="Give the rep the skill, or drop the lock.",
            )


def _against_distance(roster: Roster, pins: list[Pin]) -> Iterator[Fault]:
    limit_km = numbers(roster.tables.reps, "max_distance_km")
    limited = [pin for pin in pins if not np.isnan(limit_km[pin.rep])]
    if not limited:
        return
    account, rep = [pin.account for pin in limited], [pin.rep for pin in limited]
    accounts, reps = roster.tables.accounts, roster.tables.reps
    places = (
        numbers(accounts, "lat")[account],
        numbers(accounts, "lon")[account],
        numbers(reps, "lat")[rep],
        numbers(reps, "lon")[rep],
    )
    known = ~np.isnan(np.vstack(places)).any(axis=0)
    distance = np.zeros(len(limited))
    distance[known] = distances_km(*(place[known] for place in places))
    for pin, far_km in zip(limited, distance.tolist(), strict=True):
        if far_km > limit_km[pin.rep]:
            yield _conflict(
                roster,
                pin,
                against=(
                    f"the maximum distance of '{roster.rep_ids[pin.rep]}': "
                    f"it is {far_km:,.1f} km away, the limit is {limit_km[pin.rep]:,.1f} km"
                ),
                other=f"/reps/{pin.rep}/max_distance_km",
                fix="Raise the maximum distance, or drop the lock.",
            )
