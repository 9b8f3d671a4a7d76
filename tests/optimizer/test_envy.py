"""Envy and envy up to one account: by hand, against the definition, and what must hold for all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.envy import NOBODY, Envy, Territories, envy
from optimizer.measures import Positions

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Table:
    """Worth that stands in a table: ``amount`` and ``hour`` by rep and account, shapes ``(reps, accounts)``."""

    amount: Array
    hour: Array
    size: Array
    is_plain: npt.NDArray[np.bool_]
    bound: float = np.inf

    def amounts(self, rep: int, accounts: Positions) -> Array:
        """Return a rep's line at the accounts."""
        line: Array = self.amount[rep, accounts]
        return line

    def hours(self, rep: int, accounts: Positions) -> Array:
        """Return a rep's hours at the accounts."""
        line: Array = self.hour[rep, accounts]
        return line

    def most(self, rep: int) -> Array:
        """Return no bound at all, or the same for all."""
        return np.full(len(self.size), self.bound)


def alike(amount: list[float], *, num_reps: int, plain: bool = True, size: list[float] | None = None) -> Table:
    """Return accounts that are worth the same to everybody."""
    table = np.tile(np.array(amount, dtype=np.float64), (num_reps, 1))
    sizes = np.ones(num_reps) if size is None else np.array(size)
    return Table(table, np.zeros_like(table), sizes, np.full(num_reps, plain))


def owned(*owner: int, num_reps: int) -> Territories:
    """Return who owns which account, everybody compared."""
    return Territories(np.array(owner, dtype=np.int64), np.ones(num_reps, dtype=np.bool_))


@pytest.mark.parametrize("plain", [True, False])
def test_three_territories_by_hand(plain: bool) -> None:
    """Worth 5, 4 + 4 and 6: the first envies two by at most 3, and without one 4, or the 6, it envies nobody."""
    found = envy(owned(0, 1, 1, 2, num_reps=3), alike([5, 4, 4, 6], num_reps=3, plain=plain))
    assert found.own.tolist() == [5, 8, 6]
    assert found.num_envied.tolist() == [2, 0, 1]
    assert found.largest.tolist() == [3, 0, 2]
    assert found.most_wanted.tolist() == [1, NOBODY, 1]
    assert found.is_ef1.tolist() == [True, True, True]


@pytest.mark.parametrize("plain", [True, False])
def test_two_accounts_too_many_are_not_mended_by_one(plain: bool) -> None:
    """Who has 3 against 4 + 4 still wants the other territory when a 4 is gone."""
    found = envy(owned(0, 1, 1, num_reps=2), alike([3, 4, 4], num_reps=2, plain=plain))
    assert found.is_ef1.tolist() == [False, True]


def test_a_half_time_rep_with_half_of_it_envies_nobody() -> None:
    """Worth is divided by size: 5 over a half is 10, as 10 over one."""
    found = envy(owned(0, 1, num_reps=2), alike([5, 10], num_reps=2, size=[0.5, 1.0]))
    assert found.num_envied.tolist() == [0, 0]
    assert found.own.tolist() == [10, 10]


def test_who_has_nothing_envies_everybody_who_has_something() -> None:
    """An empty territory is worth 0; one account each ends its envy, and nobody wants an empty one."""
    found = envy(owned(0, 1, num_reps=4), alike([1, 2], num_reps=4))
    assert found.num_envied.tolist() == [1, 0, 2, 2]
    assert found.is_ef1.tolist() == [True] * 4


def test_hours_decide_who_wants_what() -> None:
    """10 in 2 h at home against 12 in 6 h far away: neither wants to swap, though one amount is larger."""
    hours = np.array([[2.0, 6.0], [6.0, 2.0]])
    table = Table(np.tile([10.0, 12.0], (2, 1)), hours, np.zeros(2), np.zeros(2, dtype=np.bool_))
    found = envy(owned(0, 1, num_reps=2), table)
    assert found.own.tolist() == [5, 6]
    assert found.num_envied.tolist() == [0, 0]


def test_who_has_left_neither_envies_nor_is_envied() -> None:
    """A rep who is not compared has no worth, and its rich territory stirs nobody."""
    territories = Territories(np.array([0, 1, 2]), np.array([True, True, False]))
    found = envy(territories, alike([1, 1, 9], num_reps=3))
    assert found.num_envied.tolist() == [0, 0, 0]
    assert np.isnan(found.own[2])


def test_only_those_who_are_asked_answer() -> None:
    """A single rep's answer is the same as in the list of all."""
    territories, table = owned(0, 1, 1, 2, num_reps=3), alike([5, 4, 4, 6], num_reps=3)
    alone = envy(territories, table, reps=[2])
    assert (alone.own[2], alone.num_envied[2], alone.largest[2]) == (6, 1, 2)
    assert np.isnan(alone.own[0])


def test_what_a_bound_rules_out_is_not_looked_at() -> None:
    """Where no territory can be worth more than 5, the rep who has 5 is not asked about any."""
    table = alike([5, 9], num_reps=2, plain=False)
    bounded = Table(table.amount, table.hour, table.size, table.is_plain, bound=5.0)
    assert envy(owned(0, 1, num_reps=2), bounded).num_envied.tolist() == [0, 0]


def by_definition(territories: Territories, table: Table) -> list[tuple[int, bool]]:
    """Return the number of envied territories and EF1 of every rep, straight from the definitions."""

    def worth(rep: int, accounts: list[int], place: int) -> float:
        divisor = table.size[place] + sum(table.hour[rep, a] for a in accounts)
        amount = sum(table.amount[rep, a] for a in accounts)
        return 0.0 if amount == 0 else np.inf if divisor == 0 else float(amount / divisor)

    num_reps = len(table.size)
    have = [np.flatnonzero(territories.owner == rep).tolist() for rep in range(num_reps)]
    told = []
    for rep in range(num_reps):
        own = worth(rep, have[rep], rep)
        envied = [other for other in range(num_reps) if worth(rep, have[other], other) > own * (1 + 1e-9)]
        ends = [
            any(worth(rep, [a for a in have[j] if a != g], j) <= own * (1 + 1e-7) + 1e-12 for g in have[j])
            for j in envied
        ]
        told.append((len(envied), all(ends)))
    return told


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), num_reps=st.integers(1, 4), num_accounts=st.integers(1, 9))
def test_the_answer_is_the_definition(seed: int, num_reps: int, num_accounts: int) -> None:
    """Small random tables with whole numbers, ties included, agree with the definitions; envy-free implies EF1."""
    draw = np.random.default_rng(seed)
    amount = draw.integers(0, 6, (num_reps, num_accounts)).astype(np.float64)
    hour = (draw.integers(0, 4, (num_reps, num_accounts)) * draw.integers(0, 2)).astype(np.float64)
    size = draw.integers(1, 3, num_reps) * (1.0 if not hour.any() else float(draw.integers(0, 2)))
    table = Table(amount, hour, size.astype(np.float64), np.zeros(num_reps, dtype=np.bool_))
    territories = owned(*draw.integers(-1, num_reps, num_accounts).tolist(), num_reps=num_reps)
    found = envy(territories, table)
    assert list(zip(found.num_envied.tolist(), found.is_ef1.tolist(), strict=True)) == by_definition(territories, table)
    assert found.is_ef1[found.num_envied == 0].all()


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_short_way_is_the_long_way(seed: int) -> None:
    """Where all see the same amounts, the sort tells what asking one by one tells."""
    draw = np.random.default_rng(seed)
    num_reps, size = 5, [1.0, 0.5, 1.0, 2.0, 1.0]
    amount = (draw.integers(0, 8, 12) / 4).tolist()
    territories = owned(*draw.integers(-1, num_reps, 12).tolist(), num_reps=num_reps)
    short = envy(territories, alike(amount, num_reps=num_reps, size=size))
    long = envy(territories, alike(amount, num_reps=num_reps, size=size, plain=False))
    assert told(short) == told(long)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), unit=st.floats(1e-3, 1e3))
def test_a_unit_changes_nobodys_mind(seed: int, unit: float) -> None:
    """Scaling all amounts scales worth and envy, and changes no wish; equal territories cause none."""
    draw = np.random.default_rng(seed)
    amount = draw.integers(1, 20, 10).astype(np.float64)
    territories = owned(*draw.integers(0, 3, 10).tolist(), num_reps=3)
    one = envy(territories, alike(amount.tolist(), num_reps=3))
    other = envy(territories, alike((amount * unit).tolist(), num_reps=3))
    assert one.num_envied.tolist() == other.num_envied.tolist()
    assert one.is_ef1.tolist() == other.is_ef1.tolist()
    assert other.largest == pytest.approx(one.largest * unit)
    equal = envy(owned(0, 1, 2, 0, 1, 2, num_reps=3), alike([0.1, 0.1, 0.1, 0.7, 0.7, 0.7], num_reps=3))
    assert equal.num_envied.tolist() == [0, 0, 0]


def told(found: Envy) -> tuple[list[float], list[int], list[float], list[bool]]:
    """Return all but the most wanted, which ties leave open."""
    return found.own.tolist(), found.num_envied.tolist(), found.largest.tolist(), found.is_ef1.tolist()
