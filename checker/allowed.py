"""Which reps an account may go to: the fixed part of the criteria, as a mask over accounts and reps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checker.criteria import CheckedCriteria
from checker.exceptions import CheckInputError
from checker.geography import distance_table_km
from checker.raw_data import RawData
from checker.tolerances import ABSOLUTE, RELATIVE

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NOT_LOCKED = -2
"""Stands for an account without a lock."""


@dataclass(frozen=True, eq=False)
class Allowed:
    """The rules that fix or forbid assignments, looked up once.

    Attributes
    ----------
    requirement
        Shape ``(accounts,)``: the number of the account's set of required skills.
    is_eligible
        Shape ``(sets, reps)``: whether the rep has every skill of the set.
    locked_to
        Pairs of account index and rep index (-1 where a locked account has no current rep).
    locked_rep
        Shape ``(accounts,)``: the same by account; NOT_LOCKED for none, -1 where no rep fulfills it.
    forbidden
        Shape ``(forbidden, 2)``: account index and rep index, from the criteria.
    is_frozen
        Shape ``(reps,)``.
    """

    data: RawData
    criteria: CheckedCriteria
    requirement: Ints
    is_eligible: Bools
    locked_to: tuple[tuple[int, int], ...]
    locked_rep: Ints
    forbidden: Ints
    is_frozen: Bools

    def table(self, accounts: Ints) -> Bools:
        """Return which reps these accounts may go to, shape ``(len(accounts), reps)``."""
        data = self.data
        mask = np.broadcast_to(data.is_active, (len(accounts), data.num_reps)).copy()
        if self.criteria.is_eligibility_hard and not self.is_eligible.all():
            mask &= self.is_eligible[self.requirement[accounts]]
        self._apply_radius(mask, accounts)
        self._apply_pairs(mask, accounts)
        if self.data.detour is not None:
            mask &= np.isfinite(self.data.detour[accounts])
        self._apply_frozen(mask, accounts)
        self._apply_forbidden(mask, accounts)
        _hold(mask, self.locked_rep[accounts])
        return mask

    def is_pinned(self, accounts: Ints) -> Bools:
        """Return which of these accounts may not stay unassigned because a lock or a frozen rep holds them."""
        current = self.data.current[accounts]
        is_held = (current >= 0) & self.is_frozen[current]
        return np.asarray(is_held | (self.locked_rep[accounts] != NOT_LOCKED))

    def _apply_radius(self, mask: Bools, accounts: Ints) -> None:
        limited = np.flatnonzero(np.isfinite(self.data.max_distance_km))
        if limited.size == 0:
            return
        limit = self.data.max_distance_km[limited]
        distance = distance_table_km(self.data.account_point[accounts], self.data.rep_point[limited])
        mask[:, limited] &= ~(distance > limit * (1 + RELATIVE) + ABSOLUTE)

    def _apply_pairs(self, mask: Bools, accounts: Ints) -> None:
        pairs = self.data.pairs
        row, pair = rows_of_pairs(self.data, accounts)
        is_open = ~pairs.is_forbidden[pair]
        if self.criteria.has_pair_costs:
            is_open &= ~np.isnan(pairs.cost[pair])
            listed = np.zeros_like(mask)
            listed[row[is_open], pairs.rep[pair[is_open]]] = True
            mask &= listed
        else:
            mask[row[~is_open], pairs.rep[pair[~is_open]]] = False

    def _apply_frozen(self, mask: Bools, accounts: Ints) -> None:
        if not self.is_frozen.any():
            return
        current = self.data.current[accounts]
        is_held = (current >= 0) & self.is_frozen[current]
        _hold(mask, np.where(is_held, current, NOT_LOCKED))
        mask[np.ix_(~is_held, self.is_frozen)] = False

    def _apply_forbidden(self, mask: Bools, accounts: Ints) -> None:
        if self.forbidden.size == 0:
            return
        position = np.full(self.data.num_accounts, -1)
        position[accounts] = np.arange(len(accounts))
        row = position[self.forbidden[:, 0]]
        mask[row[row >= 0], self.forbidden[row >= 0, 1]] = False


def _hold(mask: Bools, rep: Ints) -> None:
    """Close every rep but the given one for each row; all of them for -1, none for NOT_LOCKED."""
    row = np.flatnonzero(rep != NOT_LOCKED)
    is_open = (rep[row] >= 0) & mask[row, rep[row]]
    mask[row] = False
    mask[row[is_open], rep[row[is_open]]] = True


def rows_of_pairs(data: RawData, accounts: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of these accounts: positions within ``accounts`` and within the pairs."""
    pairs = data.pairs
    begin = np.searchsorted(pairs.account, accounts, side="left")
    count = np.searchsorted(pairs.account, accounts, side="right") - begin
    row = np.repeat(np.arange(len(accounts)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, np.repeat(begin, count) + within


def read_allowed(data: RawData, criteria: CheckedCriteria) -> Allowed:
    """Look up the rules that fix or forbid assignments.

    Raises
    ------
    CheckInputError
        When a lock, forbid or frozen rep names an id that is not in the data.
    """
    sets: dict[frozenset[str], int] = {}
    requirement = np.array([sets.setdefault(words, len(sets)) for words in data.requires], dtype=np.int64)
    is_eligible = np.array([[words <= skills for skills in data.skills] for words in sets], dtype=np.bool_)
    account_index = {name: index for index, name in enumerate(data.account_ids)}
    rep_index = {name: index for index, name in enumerate(data.rep_ids)}
    is_frozen = np.zeros(data.num_reps, dtype=np.bool_)
    try:
        locks = [(account_index[account], rep_index[rep]) for account, rep in criteria.locks]
        forbidden = [(account_index[account], rep_index[rep]) for account, rep in criteria.forbid]
        is_frozen[[rep_index[rep] for rep in criteria.frozen_reps]] = True
    except KeyError as error:
        raise CheckInputError(f"The criteria name {error.args[0]!r}, which is not in the data.") from error
    locks += [(int(account), int(data.current[account])) for account in np.flatnonzero(data.is_locked)]
    return Allowed(
        data=data,
        criteria=criteria,
        requirement=requirement,
        is_eligible=is_eligible,
        locked_to=tuple(locks),
        locked_rep=_locked_rep(data.num_accounts, locks),
        forbidden=np.array(forbidden, dtype=np.int64).reshape(-1, 2),
        is_frozen=is_frozen,
    )


def _locked_rep(num_accounts: int, locks: list[tuple[int, int]]) -> Ints:
    locked_rep = np.full(num_accounts, NOT_LOCKED, dtype=np.int64)
    for account, rep in locks:
        locked_rep[account] = rep if locked_rep[account] in (NOT_LOCKED, rep) else -1
    return locked_rep
