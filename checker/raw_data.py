"""The raw data of one check as arrays, read from plain columns in the stored table schema."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checker import columns
from checker.columns import Columns
from checker.exceptions import CheckInputError
from checker.geography import unit_vectors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pairs:
    """The caller's table of pairs, sorted by account and rep.

    Attributes
    ----------
    key
        Shape ``(pairs,)``: ``account index * number of reps + rep index``, ascending.
    account, rep
        Shape ``(pairs,)``: indices.
    cost
        Shape ``(pairs,)``: NaN where none is given.
    is_forbidden
        Shape ``(pairs,)``.
    amounts
        Measure to shape ``(pairs,)``: the override, NaN where there is none. Measures without any are left out.
    """

    key: Ints
    account: Ints
    rep: Ints
    cost: Floats
    is_forbidden: Bools
    amounts: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class RawData:
    """Accounts, reps and pairs as arrays.

    Attributes
    ----------
    account_ids, rep_ids
        In the order of the arrays.
    account_point, rep_point
        Shapes ``(accounts, 3)`` and ``(reps, 3)``: unit vectors, NaN where the place is unknown.
    visits_per_year
        Shape ``(accounts,)``; 1 where absent.
    current
        Shape ``(accounts,)``: rep index, -1 for none or for one that is no rep.
    counted_current
        Shape ``(accounts,)``: the same, and -1 where that rep is not active: leaving it is no move.
    is_locked
        Shape ``(accounts,)``.
    requires, skills
        One set of words for each account and for each rep.
    parent_ids, unit_ids
        One for each account, None for none.
    amounts
        Measure to shape ``(accounts,)``; ``accounts`` is the count, always there.
    fte, is_active, max_distance_km
        Shape ``(reps,)``; the distance is infinite where there is no limit.
    minimum, maximum, given_target
        Measure to shape ``(reps,)``; -inf, +inf and NaN where none is given.
    pairs
        The caller's pairs, possibly none.
    detour
        Shape ``(accounts, reps)``: km by which ways around barriers are longer than great circles, infinite where
        there is no way; None without barriers.
    """

    account_ids: tuple[str, ...]
    rep_ids: tuple[str, ...]
    account_point: Floats
    rep_point: Floats
    visits_per_year: Floats
    current: Ints
    counted_current: Ints
    is_locked: Bools
    requires: list[frozenset[str]]
    skills: list[frozenset[str]]
    parent_ids: list[str | None]
    unit_ids: list[str | None]
    amounts: Mapping[str, Floats]
    fte: Floats
    is_active: Bools
    max_distance_km: Floats
    minimum: Mapping[str, Floats]
    maximum: Mapping[str, Floats]
    given_target: Mapping[str, Floats]
    pairs: Pairs
    detour: NDArray[np.floating] | None = None

    @property
    def num_accounts(self) -> int:
        """The number of accounts."""
        return len(self.account_ids)

    @property
    def num_reps(self) -> int:
        """The number of reps, active or not."""
        return len(self.rep_ids)

    @property
    def workload_weight(self) -> Floats:
        """Shape ``(accounts,)``: the workload, or 1 for all where the data has none."""
        return self.amounts.get("workload", np.ones(self.num_accounts))

    def measure(self, name: str) -> Floats:
        """Return the accounts' own amounts of a measure, shape ``(accounts,)``.

        Raises
        ------
        CheckInputError
            When the data has no such measure.
        """
        if name not in self.amounts:
            raise CheckInputError(f"The criteria name the measure '{name}', which the accounts do not have.")
        return self.amounts[name]

    def is_overridden(self, name: str) -> bool:
        """Return whether a pair overrides the measure."""
        return name in self.pairs.amounts

    def amount_at(self, name: str, rep: Ints) -> Floats:
        """Return each account's amount of a measure at a rep, shape ``(accounts,)``; 0 where the rep is -1."""
        amount = self.measure(name).copy()
        if self.is_overridden(name):
            row, pair = self.pair_of(rep)
            override = self.pairs.amounts[name][pair]
            amount[row] = np.where(np.isnan(override), amount[row], override)
        return np.where(rep >= 0, amount, 0.0)

    def detour_at(self, rep: Ints) -> Floats:
        """Return each account's detour to a rep, shape ``(accounts,)``; 0 where the rep is -1 or there is no way."""
        if self.detour is None:
            return np.zeros(self.num_accounts)
        detour = np.asarray(self.detour[np.arange(self.num_accounts), rep], dtype=np.float64)
        return np.where((rep >= 0) & np.isfinite(detour), detour, 0.0)

    def detour_table(self, accounts: Ints) -> Floats | None:
        """Return the detours of some accounts, 0 where there is no way; None without barriers."""
        if self.detour is None:
            return None
        return np.nan_to_num(np.asarray(self.detour[accounts], dtype=np.float64), posinf=0.0)

    def pair_of(self, rep: Ints) -> tuple[Ints, Ints]:
        """Return the accounts that have a row in the pairs for a rep each, and that row's position."""
        wanted = np.arange(self.num_accounts, dtype=np.int64) * self.num_reps + rep
        position = np.searchsorted(self.pairs.key, wanted)
        inside = (rep >= 0) & (position < self.pairs.key.size)
        row = np.flatnonzero(inside)
        row = row[self.pairs.key[position[row]] == wanted[row]]
        return row, position[row]


def read_raw_data(
    accounts: Columns,
    reps: Columns,
    pairs: Columns | None = None,
    *,
    centers: Mapping[str, tuple[float, float]] | None = None,
    detour: NDArray[np.floating] | None = None,
) -> RawData:
    """Read plain columns into arrays.

    Parameters
    ----------
    accounts, reps, pairs
        Columns of the stored table schema.
    centers
        Rep id to latitude and longitude in degrees, for reps without a home; the home wins.
    detour
        Km by which ways around barriers are longer than great circles. Shape ``(accounts, reps)``.

    Raises
    ------
    CheckInputError
        When ids are missing or repeated, a pair names an unknown id, or a number is not what it must be.
    """
    account_ids, rep_ids = columns.unique_ids(accounts, "id"), columns.unique_ids(reps, "id")
    if not account_ids or not rep_ids:
        raise CheckInputError("There must be at least one account and one rep.")
    if detour is not None and (detour.shape != (len(account_ids), len(rep_ids)) or not (detour >= 0).all()):
        raise CheckInputError("There must be a detour of at least 0 km for every account and rep.")
    rep_index = {rep_id: index for index, rep_id in enumerate(rep_ids)}
    is_active = columns.flags(reps, "active", default=True)
    current = _current(accounts, rep_index)
    return RawData(
        account_ids=account_ids,
        rep_ids=rep_ids,
        account_point=unit_vectors(columns.numbers(accounts, "lat"), columns.numbers(accounts, "lon")),
        rep_point=_rep_points(reps, rep_index, centers or {}),
        visits_per_year=_not_negative("visits_per_year", columns.numbers(accounts, "visits_per_year", default=1.0)),
        current=current,
        counted_current=np.where((current >= 0) & is_active[current], current, -1),
        is_locked=columns.flags(accounts, "locked", default=False),
        requires=columns.word_sets(accounts, "requires"),
        skills=columns.word_sets(reps, "skills"),
        parent_ids=columns.texts(accounts, "parent_id"),
        unit_ids=columns.texts(accounts, "unit_id"),
        amounts=_account_amounts(accounts),
        fte=_not_negative("fte", columns.numbers(reps, "fte", default=1.0)),
        is_active=is_active,
        max_distance_km=_not_negative("max_distance_km", columns.numbers(reps, "max_distance_km", default=np.inf)),
        minimum=columns.prefixed(reps, "min:", default=-np.inf),
        maximum=columns.prefixed(reps, "max:", default=np.inf),
        given_target=columns.prefixed(reps, "target:", default=np.nan),
        pairs=_read_pairs(pairs or {}, account_ids, rep_index),
        detour=detour,
    )


def _current(accounts: Columns, rep_index: Mapping[str, int]) -> Ints:
    """Return each account's current rep, -1 for none or for one that is no rep. Shape ``(accounts,)``."""
    rep_ids = columns.texts(accounts, "current_rep_id")
    return np.array([-1 if rep_id is None else rep_index.get(rep_id, -1) for rep_id in rep_ids], dtype=np.int64)


def _rep_points(reps: Columns, rep_index: Mapping[str, int], centers: Mapping[str, tuple[float, float]]) -> Floats:
    lat, lon = columns.numbers(reps, "lat"), columns.numbers(reps, "lon")
    for rep_id, (center_lat, center_lon) in centers.items():
        index = rep_index.get(rep_id)
        if index is None:
            raise CheckInputError(f"The centers name '{rep_id}', which is no rep.")
        if np.isnan(lat[index]) or np.isnan(lon[index]):
            lat[index], lon[index] = center_lat, center_lon
    return unit_vectors(lat, lon)


def _account_amounts(accounts: Columns) -> dict[str, Floats]:
    amounts = columns.prefixed(accounts, "measure:", default=0.0)
    for name, amount in amounts.items():
        _not_negative(name, amount)
    return amounts | {"accounts": np.ones(columns.length(accounts))}


def _not_negative(name: str, column: Floats) -> Floats:
    if (column < 0).any():
        raise CheckInputError(f"Column '{name}' holds a number below 0.")
    return column


def _read_pairs(pairs: Columns, account_ids: tuple[str, ...], rep_index: Mapping[str, int]) -> Pairs:
    account_index = {account_id: index for index, account_id in enumerate(account_ids)}
    try:
        account = np.array([account_index[name] for name in columns.ids(pairs, "account_id")], dtype=np.int64)
        rep = np.array([rep_index[name] for name in columns.ids(pairs, "rep_id")], dtype=np.int64)
    except KeyError as error:
        raise CheckInputError(f"A pair names {error.args[0]!r}, which is not in the data.") from error
    key = account * len(rep_index) + rep
    order = np.argsort(key, kind="stable")
    if (np.diff(key[order]) == 0).any():
        raise CheckInputError("The pairs hold the same account and rep twice.")
    amounts = {name: column[order] for name, column in columns.prefixed(pairs, "measure:", default=np.nan).items()}
    for name, amount in amounts.items():
        _not_negative(name, amount)
    return Pairs(
        key=key[order],
        account=account[order],
        rep=rep[order],
        cost=columns.numbers(pairs, "cost")[order],
        is_forbidden=columns.flags(pairs, "forbidden", default=False)[order],
        amounts={name: amount for name, amount in amounts.items() if not np.isnan(amount).all()},
    )
