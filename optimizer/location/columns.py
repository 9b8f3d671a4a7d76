"""Columns: sets of items with the row that serves them, compressed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.location.question import Positions
from optimizer.problem import FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Columns:
    """Sets of items, each with the row that serves it.

    Attributes
    ----------
    start, item
        Items of set s are ``item[start[s]:start[s + 1]]``. Shapes ``(sets + 1,)`` and ``(entries,)``.
    row
        Shape ``(sets,)``.
    cost
        What the row pays for the set. Shape ``(sets,)``.
    """

    start: Positions
    item: Positions
    row: Positions
    cost: FloatArray

    @property
    def of_entry(self) -> Positions:
        """The set of every entry. Shape ``(entries,)``."""
        return np.repeat(np.arange(len(self.row)), np.diff(self.start))

    def keep(self, chosen: npt.NDArray[np.bool_]) -> "Columns":
        """Return some of the sets."""
        size = np.diff(self.start)
        return Columns(
            start=np.concatenate([[0], np.cumsum(size[chosen])]),
            item=self.item[np.repeat(chosen, size)],
            row=self.row[chosen],
            cost=self.cost[chosen],
        )

    def reduced_cost(self, price: FloatArray) -> FloatArray:
        """Return what each set costs beyond the prices of its items. Shape ``(sets,)``."""
        paid = np.bincount(self.of_entry, price[self.item], minlength=len(self.row))
        return np.asarray(self.cost - paid, dtype=np.float64)


def concatenated(parts: Sequence[Columns]) -> Columns:
    """Return the sets of all parts, one part behind the other."""
    size = np.concatenate([np.diff(part.start) for part in parts])
    return Columns(
        start=np.concatenate([[0], np.cumsum(size)]),
        item=np.concatenate([part.item for part in parts]),
        row=np.concatenate([part.row for part in parts]),
        cost=np.concatenate([part.cost for part in parts]),
    )


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the sets of all parts, equal ones once."""
    every = concatenated(parts)
    return every.keep(_first_of_equal(every))


def _first_of_equal(columns: Columns) -> npt.NDArray[np.bool_]:
    count = int(columns.item.max(initial=0)) + 1
    code = np.random.default_rng(0).integers(1, 2**62, size=count, dtype=np.int64)
    total = np.zeros(len(columns.row), dtype=np.int64)
    np.add.at(total, columns.of_entry, code[columns.item])
    keys = np.stack([columns.row, np.diff(columns.start), total], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    is_first = np.zeros(len(columns.row), dtype=np.bool_)
    is_first[first] = True
    return is_first
