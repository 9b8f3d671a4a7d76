"""Envy: whether a rep would rather have another rep's territory, and whether one account less would end that.

Owns envy-freeness and envy-freeness up to one account (EF1) for any worth that is a sum of amounts over a sum of
hours, or a sum of amounts over a fixed size. Refuses to know what is worth what to whom: that comes as a
:class:`Worth`.

References
----------
Lipton, Markakis, Mossel, Saberi (2004), doi 10.1145/988772.988792: at most one item between any two. Budish (2011),
doi 10.1086/664613: the name. Chakraborty, Igarashi, Suksompong, Zick (2021), doi 10.1145/3457166: sizes that differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np

from optimizer.measures import Float64Array, Positions
from optimizer.problem import BoolArray

_SLACK: Final = 1e-9
"""Part of a worth that the rounding of sums may move."""

NOBODY: Final = -1
"""Stands for no rep."""


class Worth(Protocol):
    """What accounts are to a rep: ``amounts`` are what it wants, ``hours`` what they take.

    A territory's worth to a rep is ``sum(amounts) / (size + sum(hours))``, 0 where the amounts are.
    """

    @property
    def size(self) -> Float64Array:
        """What each territory's amounts are divided by besides hours, ≥ 0. Shape ``(reps,)``."""

    @property
    def is_plain(self) -> BoolArray:
        """Which reps see the same amounts in every account and no hours. Shape ``(reps,)``."""

    def amounts(self, rep: int, accounts: Positions) -> Float64Array:
        """Return what the rep would get from each of the accounts, ≥ 0. Shape ``(len(accounts),)``."""

    def hours(self, rep: int, accounts: Positions) -> Float64Array:
        """Return what each of the accounts would take from the rep, ≥ 0. Shape ``(len(accounts),)``."""

    def most(self, rep: int) -> Float64Array:
        """Return a worth that each territory cannot exceed for the rep; infinite is allowed. Shape ``(reps,)``."""


@dataclass(frozen=True, eq=False)
class Territories:
    """Who owns which account, and who is compared with whom.

    Attributes
    ----------
    owner
        Position of each account's rep, −1 for none. Shape ``(accounts,)``.
    is_compared
        False for reps who neither envy nor are envied, such as those who have left. Shape ``(reps,)``.
    """

    owner: Positions
    is_compared: BoolArray

    @cached_property
    def accounts(self) -> Positions:
        """The assigned accounts, by rep."""
        order = np.argsort(self.owner, kind="stable")
        return order[np.searchsorted(self.owner[order], 0) :]

    @cached_property
    def start(self) -> Positions:
        """Where each rep's accounts begin in ``accounts``, and where the last one's end. Shape ``(reps + 1,)``."""
        return np.searchsorted(self.owner[self.accounts], np.arange(len(self.is_compared) + 1))

    @cached_property
    def is_filled(self) -> BoolArray:
        """Which compared reps have an account. Shape ``(reps,)``."""
        filled: BoolArray = self.is_compared & (np.diff(self.start) > 0)
        return filled

    def of(self, reps: Positions) -> tuple[Positions, Positions]:
        """Return the accounts of some reps one after another, and where each rep's begin."""
        count = self.start[reps + 1] - self.start[reps]
        begin = np.cumsum(count) - count
        place = np.repeat(self.start[reps] - begin, count) + np.arange(int(count.sum()))
        return self.accounts[place], begin


@dataclass(frozen=True, eq=False)
class Envy:
    """What every rep thinks of the others' territories; arrays of shape ``(reps,)``.

    Attributes
    ----------
    own
        What its own territory is worth to the rep; NaN where it is not compared.
    num_envied
        How many territories are worth more to it than its own.
    largest
        By how much the most wanted one is worth more; 0 without envy.
    most_wanted
        That one's rep, −1 without envy.
    is_ef1
        Whether, of each envied territory, some single account less would end the envy.
    """

    own: Float64Array
    num_envied: Positions
    largest: Float64Array
    most_wanted: Positions
    is_ef1: BoolArray


def envy(territories: Territories, worth: Worth, *, reps: Iterable[int] | None = None) -> Envy:
    """Reckon what the reps think of each other's territories.

    Parameters
    ----------
    territories, worth
        Who has what, and what it is worth to whom.
    reps
        Only these are asked, though all are compared with; everybody without it.

    Notes
    -----
    O(accounts + reps · log reps) for reps with plain worth. For each other rep, its own accounts and those of the
    territories that :meth:`Worth.most` cannot rule out; memory is one rep's at a time.
    """
    num_reps = len(territories.is_compared)
    asked = np.zeros(num_reps, dtype=np.bool_)
    asked[np.arange(num_reps) if reps is None else np.fromiter(reps, dtype=np.int64)] = True
    asked &= territories.is_compared
    found = Envy(
        own=np.full(num_reps, np.nan),
        num_envied=np.zeros(num_reps, dtype=np.int64),
        largest=np.zeros(num_reps),
        most_wanted=np.full(num_reps, NOBODY, dtype=np.int64),
        is_ef1=np.ones(num_reps, dtype=np.bool_),
    )
    _ask_plain(found, territories, worth, np.flatnonzero(asked & worth.is_plain))
    for rep in np.flatnonzero(asked & ~worth.is_plain).tolist():
        _ask_one(found, territories, worth, rep)
    return found


def _ask_plain(found: Envy, territories: Territories, worth: Worth, reps: Positions) -> None:
    """Ask reps to whom every territory is worth the same: one pass, and a sort."""
    filled = np.flatnonzero(territories.is_filled)
    found.own[reps] = 0.0
    if not len(reps) or not len(filled):
        return
    accounts, begin = territories.of(filled)
    amount = worth.amounts(int(reps[0]), accounts)
    total, top = np.add.reduceat(amount, begin), np.maximum.reduceat(amount, begin)
    value = _per(total, worth.size[filled])
    without_top = _per(total - top - _SLACK * total, worth.size[filled])
    by_rep = np.zeros(len(worth.size))
    by_rep[filled] = value
    own = by_rep[reps]
    found.own[reps] = own
    found.num_envied[reps] = len(filled) - np.searchsorted(np.sort(value), own * (1 + _SLACK), side="right")
    envies = found.num_envied[reps] > 0
    found.largest[reps[envies]] = value.max() - own[envies]
    found.most_wanted[reps[envies]] = filled[np.argmax(value)]
    found.is_ef1[reps] = ~envies | (without_top.max() <= own)


def _ask_one(found: Envy, territories: Territories, worth: Worth, rep: int) -> None:
    """Ask one rep about its own territory and about each that may be worth more."""
    mine, _ = territories.of(np.array([rep]))
    own = float(
        _per(
            worth.amounts(rep, mine).sum(keepdims=True),
            worth.size[rep] + worth.hours(rep, mine).sum(keepdims=True),
        )[0]
    )
    found.own[rep] = own
    candidate = np.flatnonzero(territories.is_filled & (worth.most(rep) > own))
    candidate = candidate[candidate != rep]
    if not len(candidate):
        return
    accounts, begin = territories.of(candidate)
    amount, hours = worth.amounts(rep, accounts), worth.hours(rep, accounts)
    total = np.add.reduceat(amount, begin)
    divisor = worth.size[candidate] + np.add.reduceat(hours, begin)
    value = _per(total, divisor)
    envied = value > own * (1 + _SLACK)
    if not envied.any():
        return
    found.num_envied[rep] = int(envied.sum())
    best = int(np.argmax(value))
    found.largest[rep], found.most_wanted[rep] = value[best] - own, candidate[best]
    # sum(a) - a_g <= own * (size + sum(h) - h_g), with the account g that helps most
    helps = np.maximum.reduceat(amount - own * hours, begin)
    ends = total - own * divisor <= helps + _SLACK * total
    found.is_ef1[rep] = bool(ends[envied].all())


def _per(amount: Float64Array, divisor: Float64Array) -> Float64Array:
    """Return amounts over divisors: 0 for no amount, infinite where an amount takes nothing."""
    boundless = np.where(amount > 0, np.inf, 0.0)
    return np.divide(amount, divisor, out=boundless, where=divisor > 0)
