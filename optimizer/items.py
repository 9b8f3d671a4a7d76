"""Items: what is assigned as a whole, a family where families stay together, else a single account.

Where territories must be connected, all accounts of a unit are assigned as a whole, too.

Owns the grouping and the row sums over it; knows nothing of limits or costs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from optimizer.criteria import Contiguity, Criteria
from optimizer.frozen import ReadOnly, frozen_array
from optimizer.problem import IntArray, Problem


@dataclass(frozen=True, eq=False, kw_only=True)
class Items(ReadOnly):
    """The grouping of accounts into items, numbered in the order of their first accounts.

    Attributes
    ----------
    item_of_account
        Shape ``(accounts,)``.
    account
        The accounts sorted by item. Shape ``(accounts,)``.
    start
        Where each item's accounts begin in ``account``. Shape ``(items + 1,)``.
    """

    item_of_account: IntArray
    account: IntArray
    start: IntArray

    def __post_init__(self) -> None:
        for name in ("item_of_account", "account", "start"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int32))

    @property
    def num_items(self) -> int:
        """Number of items."""
        return len(self.start) - 1

    @cached_property
    def size(self) -> IntArray:
        """Number of accounts of each item. Shape ``(items,)``."""
        return np.diff(self.start)

    @cached_property
    def is_single(self) -> bool:
        """True when every item is one account."""
        return self.num_items == len(self.account)

    def accounts_of(self, item: int) -> IntArray:
        """Return the accounts of one item. Shape ``(members,)``."""
        return self.account[self.start[item] : self.start[item + 1]]

    def sum(self, value: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return the sums of an account array over the items. Shape ``(items, ...)``."""
        if self.is_single:
            return np.asarray(value, dtype=np.float64)
        total: npt.NDArray[np.float64] = np.add.reduceat(
            np.asarray(value, dtype=np.float64)[self.account], self.start[:-1], axis=0
        )
        return total

    def block(
        self, matrix: npt.NDArray[Any], reps: IntArray, first: int, last: int, *, combine: np.ufunc = np.add
    ) -> npt.NDArray[Any]:
        """Return the rows of items ``first`` to ``last`` of a pair matrix, members combined.

        Parameters
        ----------
        matrix
            Shape ``(accounts, reps)``.
        reps
            The reps wanted, ascending. Shape ``(columns,)``.
        first, last
            A half-open range of items.
        combine
            How the members' rows become the item's row.

        Returns
        -------
        numpy.ndarray
            A fresh array of the matrix's type. Shape ``(last - first, columns)``.
        """
        if self.is_single:
            return _columns_of(matrix[first:last], reps)
        start = self.start[first:last]
        block = _columns_of(matrix[self.account[start]], reps)
        size = self.size[first:last]
        for member in range(1, int(size.max(initial=1))):
            rows = np.flatnonzero(size > member)
            block[rows] = combine(block[rows], _columns_of(matrix[self.account[start[rows] + member]], reps))
        return block


def _columns_of(rows: npt.NDArray[Any], reps: IntArray) -> npt.NDArray[Any]:
    if len(reps) == rows.shape[1]:
        return rows.copy() if rows.base is not None else rows
    return np.take(rows, reps, axis=1)


def items_of(problem: Problem, criteria: Criteria) -> Items:
    """Group the accounts: by family where families stay together, by unit where territories must be connected."""
    label = _labels(problem, criteria)
    if label is None:
        accounts = np.arange(problem.num_accounts, dtype=np.int32)
        return Items(
            item_of_account=accounts, account=accounts, start=np.arange(problem.num_accounts + 1, dtype=np.int32)
        )
    _, first, group = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    item = rank[group]
    start = np.concatenate([[0], np.cumsum(np.bincount(item, minlength=len(first)))]).astype(np.int32)
    return Items(item_of_account=item, account=np.argsort(item, kind="stable").astype(np.int32), start=start)


def _labels(problem: Problem, criteria: Criteria) -> npt.NDArray[np.integer[Any]] | None:
    """Return equal numbers for accounts of one item, None where every account is one. Shape ``(accounts,)``."""
    units = problem.units if criteria.contiguity is not Contiguity.OFF else None
    if units is None:
        return problem.family if criteria.families_together else None
    account = np.flatnonzero(units.unit >= 0)
    ends = [(account, problem.num_accounts + units.unit[account].astype(np.int64))]
    size = problem.num_accounts + units.num_units
    if criteria.families_together:
        _, family = np.unique(problem.family, return_inverse=True)
        ends.append((np.arange(problem.num_accounts), size + family))
        size += problem.num_accounts
    one, other = np.concatenate([pair[0] for pair in ends]), np.concatenate([pair[1] for pair in ends])
    links = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1][: problem.num_accounts])
