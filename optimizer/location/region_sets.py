"""A region by its columns: prices by column generation, every set that loses little, and the best choice of these.

Owns how many sets there may be. Where all are listed that a better answer can use, the choice among them is the
answer; where they are too many those that lose least are taken, and nothing is proven beyond what these could cost.
For few items a column, where prices of pairs leave a wide gap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.location.bound import NOISE
from optimizer.location.column_generation import Generated, generate
from optimizer.location.column_kernels import list_all
from optimizer.location.columns import Columns, joined
from optimizer.location.partition import solve_partition
from optimizer.location.prices import Priced
from optimizer.location.question import LocationQuestion, Positions
from optimizer.location.rows import Rows
from optimizer.location.triples import Paying
from optimizer.problem import FloatArray

LESS: Final = 0.7
"""Factor on how far above the bound sets may cost, where they are too many."""
MOST_TRIES: Final = 40
ENTRIES: Final = 16
"""Room for items of a set, on average."""
KEPT: Final = 0.25
"""Columns of the linear program that are kept beside the listed sets, as a share of the most sets."""
ROUNDS: Final = 8
"""How often triples are added to the linear program."""
CLOSE: Final = 2e-4
"""Relative gap of prices that is worth no further columns."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SetAnswer:
    """What the sets of a region say.

    Attributes
    ----------
    row
        The row of every item in a better answer, or None.
    bound
        No answer for the region costs less.
    is_done
        True where nothing better is left.
    """

    row: Positions | None
    bound: float
    is_done: bool


def has_sets(question: LocationQuestion) -> bool:
    """Return whether a set of items fits by one sum alone: one limited measure, no smallest loads."""
    limited = np.isfinite(question.upper).any(axis=0)
    is_plain = bool((question.lower <= 0).all()) and int(limited.sum()) == 1
    return is_plain and bool(np.isfinite(question.upper[:, limited]).all()) and bool((question.amount >= 0).all())


def solve_by_sets(
    rows: Rows,
    price: FloatArray,
    current: Columns,
    *,
    below: float,
    most_sets: int,
    seconds: float,
    stop: Callable[[], bool],
) -> SetAnswer:
    """Return an answer for some rows that costs less than a known one, where there is one.

    Parameters
    ----------
    rows
        What may serve the items.
    price
        Of the items, to begin with. Shape ``(items,)``.
    current
        The columns of the known answer.
    below
        A better answer costs less.
    most_sets
        Sets that the choice may have.
    seconds
        Time limit of the choice.
    stop
        Asked while prices are made.
    """
    most = np.full(len(price), below)
    found = generate(rows, price, known=below, columns=current, most_price=most, close=CLOSE, rounds=ROUNDS, stop=stop)
    if found.priced.bound >= below:
        return SetAnswer(row=None, bound=below, is_done=True)
    if stop():
        return SetAnswer(row=None, bound=found.priced.bound, is_done=False)
    sets, target = _listed(rows, found, below=below, most=most_sets)
    if target < below:
        sets = joined([sets, _kept(found, most=int(KEPT * most_sets)), current])
    chosen = solve_partition(sets, rows, below=below, seconds=seconds, triples=found.paying.triples)
    bound = max(found.priced.bound, min(chosen.bound, target))
    return SetAnswer(row=chosen.row, bound=bound, is_done=chosen.is_over and target >= below)


def _listed(rows: Rows, found: Generated, *, below: float, most: int) -> tuple[Columns, float]:
    """Return all sets that an answer cheaper than the second value can use, and that value: ``below`` or less."""
    target = below
    for _ in range(MOST_TRIES):
        sets = list_columns(rows, found.priced, below=target, most=most, paying=found.paying)
        if sets is not None:
            return sets, target
        target = found.priced.bound + LESS * (target - found.priced.bound)
    return _none(), found.priced.bound


def list_columns(
    rows: Rows, priced: Priced, *, below: float, most: int, paying: Paying | None = None
) -> Columns | None:
    """Return every set that an answer cheaper than a cost can use; None where there are more than so many.

    Notes
    -----
    A row that takes a set instead of its best one loses the difference; a place that is not among those chosen takes
    the turn of the chosen one that earns least.
    """
    paying = paying or Paying.nothing(len(priced.price))
    earned = priced.earned
    is_chosen = np.zeros(len(rows.room), dtype=np.bool_)
    is_chosen[priced.chosen] = True
    places = priced.chosen[rows.column[priced.chosen] < 0]
    last = float(earned[places].min()) if len(places) == rows.num_free > 0 else 0.0
    least = np.where(is_chosen, earned, last) - (below - priced.bound) - NOISE * abs(below)
    least = np.where(least > earned, np.inf, least)
    sizes, items = np.empty(most, dtype=np.int64), np.empty(most * ENTRIES, dtype=np.int64)
    costs, of_row = np.empty(most), np.empty(most, dtype=np.int64)
    pairs = rows.start, rows.item, rows.cost, rows.weight, rows.room, priced.price
    count, entries = list_all(*pairs, paying.tolls(), least, sizes, items, costs, of_row)
    if count < 0:
        return None
    return Columns(
        start=np.concatenate([[0], np.cumsum(sizes[:count])]),
        item=items[:entries].copy(),
        row=of_row[:count].copy(),
        cost=costs[:count].copy(),
    )


def _kept(found: Generated, *, most: int) -> Columns:
    """Return the columns of the linear program that lose least."""
    loss = found.loss
    is_kept = np.zeros(len(loss), dtype=np.bool_)
    is_kept[np.argsort(loss, kind="stable")[:most]] = True
    return found.columns.keep(is_kept)


def _none() -> Columns:
    empty = np.zeros(0, dtype=np.int64)
    return Columns(start=np.zeros(1, dtype=np.int64), item=empty, row=empty, cost=np.zeros(0))
