"""An alignment beside its dataset, as arrays: who has each account, who had it, and what it weighs.

Owns the change from the stored tables to positions: accounts and reps become indices, a missing rep
becomes -1. Refuses to judge: targets, fairness and reasons are read from here by others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.datasets.tables import DatasetTables
from app.scenarios.center import Centers
from app.scenarios.place_costs import with_center_costs

ACCOUNTS = "accounts"
"""The measure that every dataset has: the number of accounts."""

_MEASURE_PREFIX = "measure:"

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PairColumns:
    """Hold what the dataset says of single account-rep pairs, sorted by ``key``.

    Parameters
    ----------
    key
        Shape ``(pairs,)``; ``account * num_reps + rep``, rising.
    cost
        Shape ``(pairs,)``; the caller's travel, NaN where none was given.
    forbidden
        Shape ``(pairs,)``.
    amount
        Measure to shape ``(pairs,)``; NaN where the account's own amount holds.
    """

    key: Integers
    cost: Floats
    forbidden: Flags
    amount: Mapping[str, Floats]

    def positions(self, key: Integers) -> Integers:
        """Return the pair of each key, -1 where the dataset has none. O(n log pairs)."""
        if self.key.size == 0:
            return np.full(key.shape, -1, dtype=np.int64)
        position = np.minimum(np.searchsorted(self.key, key), self.key.size - 1)
        return np.where(self.key[position] == key, position, -1)


@dataclass(frozen=True, eq=False)
class AlignmentColumns:
    """Hold one alignment and its dataset as arrays indexed by account or by rep.

    Parameters
    ----------
    tables
        The dataset's tables, in the order of the arrays.
    account_ids, rep_ids
        The caller's ids.
    rep_names
        A name for every rep; its id where it has none.
    owner
        Shape ``(accounts,)``; index of the rep that the alignment gives the account to, or -1.
    current
        Shape ``(accounts,)``; index of the rep in force before, or -1.
    amount
        Measure to shape ``(accounts,)``, the measure ``accounts`` included.
    is_active, fte
        Shape ``(reps,)``.
    pairs
        What is known of single pairs, or None.
    """

    tables: DatasetTables
    account_ids: list[str]
    rep_ids: list[str]
    rep_names: list[str]
    owner: Integers
    current: Integers
    amount: Mapping[str, Floats]
    is_active: Flags
    fte: Floats
    pairs: PairColumns | None

    @property
    def num_accounts(self) -> int:
        """Return the number of accounts."""
        return len(self.account_ids)

    @property
    def num_reps(self) -> int:
        """Return the number of reps, those who left included."""
        return len(self.rep_ids)

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the names of all measures, the count of accounts last."""
        return tuple(self.amount)

    @cached_property
    def is_moved(self) -> Flags:
        """Tell which accounts had a rep and have another one now, shape ``(accounts,)``."""
        return np.asarray((self.current >= 0) & (self.current != self.owner), dtype=np.bool_)

    @cached_property
    def has_current(self) -> bool:
        """Tell whether any account has a current rep."""
        return bool((self.current >= 0).any())

    def rep_column(self, name: str) -> Floats:
        """Return a numeric column of the reps, NaN where it is empty or absent; shape ``(reps,)``."""
        return float_column(self.tables.reps, name)

    def account_column(self, name: str) -> Floats:
        """Return a numeric column of the accounts, NaN where empty or absent; shape ``(accounts,)``."""
        return float_column(self.tables.accounts, name)

    def amount_at(self, measure: str, owner: Integers) -> Floats:
        """Return each account's amount when served by ``owner``, shape ``(accounts,)``.

        A pair's own amount replaces the account's. Accounts without an owner keep their own amount.
        """
        own = self.amount[measure]
        if self.pairs is None or measure not in self.pairs.amount:
            return own
        position = self.pair_positions(owner)
        override = np.where(position >= 0, self.pairs.amount[measure][position], np.nan)
        return np.where(np.isnan(override), own, override)

    def pair_positions(self, owner: Integers) -> Integers:
        """Return the position of each account's pair with its owner, -1 where there is none."""
        if self.pairs is None:
            return np.full(self.num_accounts, -1, dtype=np.int64)
        key = np.arange(self.num_accounts, dtype=np.int64) * self.num_reps + np.maximum(owner, 0)
        return np.where(owner >= 0, self.pairs.positions(key), -1)

    def loads(self, measure: str, owner: Integers) -> Floats:
        """Return the load of every rep under ``owner``, shape ``(reps,)``."""
        has_owner = owner >= 0
        amount = self.amount_at(measure, owner)
        return sums_by_rep(owner[has_owner], amount[has_owner], num_reps=self.num_reps)

    def counts(self, owner: Integers) -> Integers:
        """Return the number of accounts of every rep under ``owner``, shape ``(reps,)``."""
        return np.bincount(owner[owner >= 0], minlength=self.num_reps).astype(np.int64)

    def with_owner(self, owner: Integers) -> "AlignmentColumns":
        """Return the same dataset under another alignment."""
        return replace(self, owner=owner)


def alignment_columns(
    tables: DatasetTables, assignments: pa.Table, *, centers: Centers | None = None
) -> AlignmentColumns:
    """Bring a dataset and one of its alignments into arrays.

    Parameters
    ----------
    tables
        The dataset.
    assignments
        Columns account_id, rep_id; the dataset's accounts in the dataset's order.
    centers
        Placed centers of reps without a home: where the caller gives costs from places, theirs are those from there.

    Raises
    ------
    ValueError
        When the rows of the assignments are not the dataset's accounts in their order, or name an
        unknown rep.
    """
    account_ids = tables.accounts.column("id")
    if not account_ids.equals(assignments.column("account_id").cast(account_ids.type)):
        raise ValueError("the assignments' rows are not the dataset's accounts in their order")
    rep_ids = tables.reps.column("id")
    owner = rep_positions(assignments.column("rep_id"), rep_ids)
    if int((owner >= 0).sum()) != len(owner) - assignments.column("rep_id").null_count:
        raise ValueError("the assignments name a rep that the dataset does not have")
    ids = cast("list[str]", rep_ids.to_pylist())
    return AlignmentColumns(
        tables=tables,
        account_ids=cast("list[str]", account_ids.to_pylist()),
        rep_ids=ids,
        rep_names=[name or rep_id for name, rep_id in zip(_texts(tables.reps, "name"), ids, strict=True)],
        owner=owner,
        current=rep_positions(tables.accounts.column("current_rep_id"), rep_ids),
        amount=_amounts(tables.accounts),
        is_active=_flags(tables.reps, "active", absent=True),
        fte=_filled(tables.reps, "fte", absent=1.0),
        pairs=_pairs(tables, centers or {}),
    )


def rep_positions(rep_ids: Any, known: Any) -> Integers:
    """Return the position of every id among the known ones, -1 where it is null or unknown."""
    position = pc.fill_null(pc.index_in(rep_ids.cast(pa.string()), value_set=known.cast(pa.string())), -1)
    return np.asarray(position.to_numpy(), dtype=np.int64)


def sums_by_rep(rep: Integers, weight: Floats, *, num_reps: int) -> Floats:
    """Return the sum of the weights of each rep, shape ``(reps,)``."""
    return np.bincount(rep, weights=weight, minlength=num_reps).astype(np.float64)


def float_column(table: pa.Table, name: str) -> Floats:
    """Return a column as floats, NaN where it is null or absent from the table."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)


def measure_names(table: pa.Table) -> list[str]:
    """Return the measures that a table carries, in its order, without the implicit count."""
    return [name.removeprefix(_MEASURE_PREFIX) for name in table.column_names if name.startswith(_MEASURE_PREFIX)]


def _amounts(accounts: pa.Table) -> dict[str, Floats]:
    amounts = {measure: _filled(accounts, _MEASURE_PREFIX + measure, absent=0.0) for measure in measure_names(accounts)}
    amounts[ACCOUNTS] = np.ones(accounts.num_rows)
    return amounts


def _pairs(tables: DatasetTables, centers: Centers) -> PairColumns | None:
    pairs = with_center_costs(tables, centers).pairs
    if pairs is None:
        return None
    account = rep_positions(pairs.column("account_id"), tables.accounts.column("id"))
    rep = rep_positions(pairs.column("rep_id"), tables.reps.column("id"))
    key = account * tables.reps.num_rows + rep
    rising = np.argsort(key, kind="stable")
    return PairColumns(
        key=key[rising],
        cost=float_column(pairs, "cost")[rising],
        forbidden=_flags(pairs, "forbidden", absent=False)[rising],
        amount={measure: float_column(pairs, _MEASURE_PREFIX + measure)[rising] for measure in measure_names(pairs)},
    )


def _filled(table: pa.Table, name: str, *, absent: float) -> Floats:
    column = float_column(table, name)
    return np.where(np.isnan(column), absent, column)


def _flags(table: pa.Table, name: str, *, absent: bool) -> Flags:
    if name not in table.column_names:
        return np.full(table.num_rows, absent)
    column = pc.fill_null(table.column(name), absent)
    return np.asarray(column.to_numpy(), dtype=np.bool_)


def _texts(table: pa.Table, name: str) -> list[str | None]:
    if name not in table.column_names:
        return [None] * table.num_rows
    return cast("list[str | None]", table.column(name).to_pylist())
