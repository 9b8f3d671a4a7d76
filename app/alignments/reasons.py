"""Why an account moved: one honest sentence with numbers, derived from the data and the criteria.

Owns the order in which reasons are looked for: what made the move necessary first (the rep left, may not
serve it, lacks a skill, is too far, a lock), then the family, then what the move is good for (load taken
off a rep over the band, a rep filled up, travel saved). Refuses to guess: where none of these holds, the
sentence says that the move is part of an exchange, with its numbers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.alignments.columns import AlignmentColumns, Flags
from app.alignments.numerals import counted, kilometers, percent, quantity
from app.alignments.scorecards import Scorecard
from app.alignments.travel import distances_km, travel_km
from app.scenarios.families import family_numbers

_NOTABLE_KM = 1.0  # a smaller difference is no reason
_NOTABLE_SHARE = 0.02
_UNITS = {"workload": " hours", "accounts": " accounts"}


@dataclass(frozen=True)
class Reason:
    """Say why one account changes rep.

    Parameters
    ----------
    code
        Stable word: REP_LEFT, FORBIDDEN, SKILL, TOO_FAR, LOCKED, FAMILY, OVER, UNDER, NEARER, CHEAPER,
        EXCHANGE or UNASSIGNED.
    sentence
        One sentence with its numbers.
    params
        Every number and id of the sentence.
    """

    code: str
    sentence: str
    params: Mapping[str, Any] = field(default_factory=dict)


class MoveReasons:
    """Find the reason of any move of one alignment.

    Parameters
    ----------
    card
        The alignment's scorecard.
    criteria
        Normalized criteria, or None.
    """

    def __init__(self, card: Scorecard, criteria: Mapping[str, Any] | None) -> None:
        columns = card.columns
        self._card = card
        self._columns = columns
        self._criteria = criteria or {}
        self._before_km = travel_km(columns, card.travel, columns.current)
        self._after_km = travel_km(columns, card.travel, columns.owner)
        self._straight_km = distances_km(columns, card.travel, columns.current)
        self._skills = [frozenset(skills or ()) for skills in columns.tables.reps.column("skills").to_pylist()]
        self._requires = columns.tables.accounts.column("requires")
        self._max_km = columns.rep_column("max_distance_km")
        self._locks = {(lock["account_id"], lock["rep_id"]) for lock in self._criteria.get("locks") or ()}
        self._forbidden = self._forbidden_now()
        self._root = family_numbers(columns.account_ids, columns.tables.accounts.column("parent_id").to_pylist())
        self._members = _members_of_families(self._root)
        self._moves_over = [self._over(rep) for rep in range(columns.num_reps)]
        self._moves_under = [self._under(rep) for rep in range(columns.num_reps)]
        self._necessary: tuple[Callable[[int], Reason | None], ...] = (
            self._rep_left,
            self._is_forbidden,
            self._lacks_skill,
            self._is_too_far,
            self._is_locked,
        )

    def reason(self, account: int) -> Reason:
        """Return why this account, by position, changes rep."""
        if self._columns.owner[account] < 0:
            return self._unassigned(account)
        return (
            self._necessity(account)
            or self._family(account)
            or self._balance(account)
            or self._travel(account)
            or self._exchange(account)
        )

    def _unassigned(self, account: int) -> Reason:
        source, distance = self._columns.rep_ids[self._columns.current[account]], float(self._before_km[account])
        if not self._columns.is_active[self._columns.current[account]]:
            place = f"; {source} has left"
        else:
            place = f"; {source} is {kilometers(distance)} away" if np.isfinite(distance) else ""
        return Reason(
            "UNASSIGNED", f"Ends without a rep, which the criteria allow at a price{place}.", {"from": source}
        )

    def _necessity(self, account: int) -> Reason | None:
        for find in self._necessary:
            reason = find(account)
            if reason is not None:
                return reason
        return None

    def _ids(self, account: int) -> tuple[str, str]:
        columns = self._columns
        return columns.rep_ids[columns.current[account]], columns.rep_ids[columns.owner[account]]

    def _rep_left(self, account: int) -> Reason | None:
        if self._columns.is_active[self._columns.current[account]]:
            return None
        source, goal = self._ids(account)
        distance = float(self._after_km[account])
        place = f"; {goal} is {kilometers(distance)} away" if np.isfinite(distance) else ""
        return Reason("REP_LEFT", f"{source} has left{place}.", {"from": source, "to": goal})

    def _is_forbidden(self, account: int) -> Reason | None:
        if not self._forbidden[account]:
            return None
        source, _ = self._ids(account)
        return Reason("FORBIDDEN", f"{source} may not serve this account (forbidden pair).", {"from": source})

    def _lacks_skill(self, account: int) -> Reason | None:
        if self._criteria.get("eligibility") == "off":
            return None
        required = frozenset(self._requires[account].as_py() or ())
        missing = sorted(required - self._skills[self._columns.current[account]])
        if not missing:
            return None
        source, goal = self._ids(account)
        skill = ", ".join(missing)
        has_it = not required - self._skills[self._columns.owner[account]]
        rest = f"; {goal} has it" if has_it else ""
        return Reason("SKILL", f"{source} lacks the required skill {skill}{rest}.", {"from": source, "skills": missing})

    def _is_too_far(self, account: int) -> Reason | None:
        limit = self._max_km[self._columns.current[account]]
        distance = self._straight_km[account]
        if not distance > limit:
            return None
        source, _ = self._ids(account)
        sentence = (
            f"{source} is {kilometers(distance)} away as the crow flies, beyond its limit of {kilometers(limit)}."
        )
        return Reason("TOO_FAR", sentence, {"from": source, "distance_km": distance, "limit_km": limit})

    def _is_locked(self, account: int) -> Reason | None:
        source, goal = self._ids(account)
        if (self._columns.account_ids[account], goal) not in self._locks:
            return None
        return Reason("LOCKED", f"The criteria lock it to {goal}.", {"from": source, "to": goal})

    def _family(self, account: int) -> Reason | None:
        members = self._members.get(int(self._root[account]))
        if members is None or self._criteria.get("families", "together") == "off":
            return None
        columns = self._columns
        for member in members:
            cause = self._necessity(member) if columns.is_moved[member] and member != account else None
            if cause is not None:
                other = columns.account_ids[member]
                clause = cause.sentence.rstrip(".").partition(";")[0]
                return Reason(
                    "FAMILY", f"Follows {other} of its family: {clause}.", {"account_id": other, **cause.params}
                )
        goal = columns.owner[account]
        together = [member for member in members if columns.owner[member] == goal]
        already = sum(1 for member in together if columns.current[member] == goal)
        if len(together) < len(members) or not already:
            return None
        rep_id = columns.rep_ids[goal]
        sentence = f"Joins its family of {counted(len(members), 'account')}; {rep_id} already had {already:,}."
        return Reason("FAMILY", sentence, {"to": rep_id, "family": len(members), "already": already})

    def _balance(self, account: int) -> Reason | None:
        columns = self._columns
        source, goal = int(columns.current[account]), int(columns.owner[account])
        over, under = self._moves_over[source], self._moves_under[goal]
        if over is None and under is None:
            return None
        clauses = [clause for clause in (over, under) if clause]
        saved = self._before_km[account] - self._after_km[account]
        if saved >= _NOTABLE_KM:
            clauses.append(f"nearer by {kilometers(saved)}")
        params = {"from": columns.rep_ids[source], "to": columns.rep_ids[goal]}
        return Reason("OVER" if over else "UNDER", "; ".join(clauses) + ".", params)

    def _travel(self, account: int) -> Reason | None:
        source, goal = self._ids(account)
        before, after = self._before_km[account], self._after_km[account]
        if before - after >= _NOTABLE_KM:
            sentence = (
                f"{goal} is nearer by {kilometers(before - after)} "
                f"({kilometers(after)} instead of {kilometers(before)})."
            )
            return Reason("NEARER", sentence, {"from": source, "to": goal, "before_km": before, "after_km": after})
        return self._cost(account, source, goal)

    def _cost(self, account: int, source: str, goal: str) -> Reason | None:
        pairs = self._columns.pairs
        if pairs is None or self._card.travel.has_distances:
            return None
        num_reps, columns = self._columns.num_reps, self._columns
        both = account * num_reps + np.array([columns.current[account], columns.owner[account]])
        position = pairs.positions(both)
        cost = np.where(position >= 0, pairs.cost[position], np.nan)
        if not cost[1] < cost[0]:
            return None
        sentence = f"{goal} travels for {quantity(cost[1])} instead of {quantity(cost[0])}."
        return Reason("CHEAPER", sentence, {"from": source, "to": goal, "before": cost[0], "after": cost[1]})

    def _exchange(self, account: int) -> Reason:
        card, columns = self._card, self._columns
        source, goal = int(columns.current[account]), int(columns.owner[account])
        gives, takes = int(card.moved_out[source]), int(card.moved_in[source])
        measure = card.balanced[0]
        index = card.after.measures[measure].index
        ends = [
            (columns.rep_ids[rep], percent(float(index[rep]) / 100.0))
            for rep in (source, goal)
            if np.isfinite(index[rep])
        ]
        standing = ""
        if len(ends) == 2:
            standing = f"; {ends[0][0]} ends at {ends[0][1]} and {ends[1][0]} at {ends[1][1]} of the {measure} share"
        sentence = (
            f"Part of an exchange: {columns.rep_ids[source]} gives {counted(gives, 'account')} "
            f"and takes {takes:,}{standing}."
        )
        params = {"from": columns.rep_ids[source], "to": columns.rep_ids[goal], "gives": gives, "takes": takes}
        return Reason("EXCHANGE", sentence, params)

    def _over(self, rep: int) -> str | None:
        """Say by how much a rep was over its band or capacity before, worst measure first."""
        card, rep_id = self._card, self._columns.rep_ids[rep]
        if card.before is None or not self._columns.is_active[rep]:
            return None
        for measure, limit in card.capacity_max.items():
            load = card.before.measures[measure].load[rep]
            if load > limit[rep] * (1 + 1e-9):
                over = quantity(load - limit[rep]) + _UNITS.get(measure, "")
                return f"{rep_id} was {over} over its {measure} limit of {quantity(limit[rep])}"
        worst = max(((self._excess(rep, measure), measure) for measure in card.balanced), default=(0.0, ""))
        if worst[0] <= max(self._tolerance(worst[1]), _NOTABLE_SHARE):
            return None
        return f"{rep_id} was {percent(worst[0])} over its {worst[1]} share"

    def _under(self, rep: int) -> str | None:
        """Say how much room a rep had before."""
        card, columns = self._card, self._columns
        if card.before is None or not columns.is_active[rep]:
            return None
        rep_id = columns.rep_ids[rep]
        if card.before.accounts[rep] == 0:
            return f"{rep_id} had no accounts yet"
        worst = max(((-self._excess(rep, measure), measure) for measure in card.balanced), default=(0.0, ""))
        if worst[0] <= max(self._tolerance(worst[1]), _NOTABLE_SHARE):
            return None
        return f"{rep_id} was {percent(worst[0])} under its {worst[1]} share"

    def _excess(self, rep: int, measure: str) -> float:
        before = self._card.before
        index = np.nan if before is None else before.measures[measure].index[rep]
        return float(index) / 100.0 - 1.0 if np.isfinite(index) else 0.0

    def _tolerance(self, measure: str) -> float:
        rule = self._card.rules.get(measure)
        return 0.0 if rule is None or rule.tolerance is None else rule.tolerance

    def _forbidden_now(self) -> Flags:
        """Tell which accounts may not stay with their current rep, shape ``(accounts,)``."""
        columns = self._columns
        position = columns.pair_positions(columns.current)
        forbidden = np.zeros(columns.num_accounts, dtype=np.bool_)
        if columns.pairs is not None:
            forbidden = (position >= 0) & columns.pairs.forbidden[position]
            if not self._card.travel.has_distances:
                forbidden |= (position < 0) & (columns.current >= 0)
        return forbidden | self._forbidden_by_criteria()

    def _forbidden_by_criteria(self) -> Flags:
        columns = self._columns
        listed = {(pair["account_id"], pair["rep_id"]) for pair in self._criteria.get("forbid") or ()}
        if not listed:
            return np.zeros(columns.num_accounts, dtype=np.bool_)
        current = _names_at(columns, columns.current)
        return np.fromiter(
            (pair in listed for pair in zip(columns.account_ids, current, strict=True)), np.bool_, len(current)
        )


def _names_at(columns: AlignmentColumns, position: Iterable[int]) -> list[str | None]:
    return [columns.rep_ids[rep] if rep >= 0 else None for rep in position]


def _members_of_families(root: Any) -> dict[int, list[int]]:
    """Return the accounts of each family that has more than one, by the family's number."""
    order = np.argsort(root, kind="stable")
    numbers, start, count = np.unique(root[order], return_index=True, return_counts=True)
    large = count > 1
    return {
        int(number): order[begin : begin + size].tolist()
        for number, begin, size in zip(numbers[large], start[large], count[large], strict=True)
    }
