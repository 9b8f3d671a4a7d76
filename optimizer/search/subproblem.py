"""A part of the model that a solver can take whole: some items, some columns, everything else as it is.

Owns the choice of rows: limits less what the rest already brings, shares of a total that the rest is part of, and
how far the totals may move before the rest breaks. The whole model is the part with nothing left outside.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.problem import BoolArray, FloatArray, IntArray
from optimizer.search.candidates import pair_amounts
from optimizer.search.evaluation import chosen_amount, loads_of
from optimizer.search.model import Model, SoftBalance

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Subproblem:
    """Free items and the pairs they may use, with all the limits they must keep.

    A load of column k is ``base[:, k]`` plus what its chosen pairs bring; a total is ``outside`` plus the loads of
    the columns that count.

    Attributes
    ----------
    items, columns
        Positions in the model. Shapes ``(items,)`` and ``(columns,)``.
    pair_item, pair_column
        The pairs by position among ``items`` and ``columns``, sorted by item. Shape ``(pairs,)``.
    cost
        Shape ``(pairs,)``.
    amount
        Shape ``(pairs, loads)``.
    base
        What items outside bring to the columns inside. Shape ``(loads, columns)``.
    lower, upper, share_lower, share_upper
        As in the model, for these columns. Shape ``(loads, columns)``.
    outside
        Loads of all other columns that count toward each total. Shape ``(loads,)``.
    total_lower, total_upper
        Range in which each total keeps its limit and the other columns' shares. Shape ``(loads,)``.
    counted
        True where a column counts toward the total. Shape ``(loads, columns)``.
    soft
        Soft balance, targets for these columns. Where a target follows the total, solvers price the excess as if the
        total were the largest: a relaxation, exact where everything that counts is assigned.
    current
        Position of each item's present pair, −1 for none. Shape ``(items,)``.
    """

    items: Positions
    columns: Positions
    pair_item: Positions
    pair_column: Positions
    cost: FloatArray
    amount: FloatArray
    base: FloatArray
    lower: FloatArray
    upper: FloatArray
    share_lower: FloatArray
    share_upper: FloatArray
    outside: FloatArray
    total_lower: FloatArray
    total_upper: FloatArray
    counted: BoolArray
    soft: tuple[SoftBalance, ...]
    current: Positions

    @property
    def start(self) -> Positions:
        """Where each item's pairs begin. Shape ``(items + 1,)``."""
        return np.searchsorted(self.pair_item, np.arange(len(self.items) + 1))

    def largest_total(self, load: int) -> float:
        """Return the largest total that any choice of pairs can have."""
        value = np.where(self.counted[load][self.pair_column], self.amount[:, load], 0.0)
        most = float(np.maximum.reduceat(value, self.start[:-1]).sum()) if len(self.items) else 0.0
        return self.fixed_total(load) + most

    def fixed_total(self, load: int) -> float:
        """Return what is part of a total whatever is chosen."""
        return float(self.outside[load] + self.base[load][self.counted[load]].sum())

    def applied(self, columns: IntArray, chosen: Positions) -> IntArray:
        """Return a copy of the model's choice with the items of this part at the chosen pairs."""
        changed = np.array(columns)
        changed[self.items] = self.columns[self.pair_column[chosen]]
        return changed


def whole_problem(model: Model, items: Positions, columns: IntArray) -> Subproblem:
    """Return the model itself, on some of its pairs.

    Parameters
    ----------
    items, columns
        The allowed pairs, sorted by item; every item has at least one. Shape ``(pairs,)``.
    """
    loads, num_columns = model.num_loads, model.num_columns
    return Subproblem(
        items=np.arange(model.num_items),
        columns=np.arange(num_columns),
        pair_item=items,
        pair_column=columns.astype(np.int64),
        cost=model.cost[items, columns].astype(np.float64),
        amount=pair_amounts(model, items, columns),
        base=np.zeros((loads, num_columns)),
        lower=model.lower,
        upper=model.upper,
        share_lower=model.share_lower,
        share_upper=model.share_upper,
        outside=np.zeros(loads),
        total_lower=np.full(loads, -np.inf),
        total_upper=model.total_upper,
        counted=_counted(model),
        soft=model.soft,
        current=np.full(model.num_items, -1),
    )


def part_of(
    model: Model,
    present: IntArray,
    chosen: Positions,
    *,
    prices: FloatArray,
    reach: float,
    most_pairs: int,
) -> Subproblem:
    """Return the part of the model that redistributes the items of some columns among these columns.

    Pairs whose reduced cost lies more than ``reach`` above their item's smallest within the part stay out, but for
    the present ones; of the rest the ``most_pairs`` best. Items with one pair left are part of the base.

    Parameters
    ----------
    present
        The column of every item. Shape ``(items,)``.
    chosen
        The columns that exchange items. Shape ``(columns,)``.
    prices
        What a unit of each load costs. Shape ``(loads, columns)``.
    """
    place = np.full(model.num_columns, -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    inside = np.flatnonzero(place[present] >= 0)
    item, column, amount = _near_pairs(model, present, inside, chosen, prices=prices, reach=reach, most=most_pairs)
    free = np.bincount(item, minlength=len(inside)) > 1
    keep = free[item]
    number = np.cumsum(free) - 1
    load, counted = loads_of(model, present), _counted(model)
    moving = inside[free]
    brought = np.where(counted, load, 0.0)
    pair_item, pair_column = number[item[keep]], column[keep]
    now = pair_column == place[present[moving]][pair_item]
    total_lower, total_upper = _total_range(model, load, np.setdiff1d(np.arange(model.num_columns), chosen))
    return Subproblem(
        items=moving,
        columns=chosen,
        pair_item=pair_item,
        pair_column=pair_column,
        cost=model.cost[moving[pair_item], chosen[pair_column]].astype(np.float64),
        amount=amount[keep],
        base=load[:, chosen] - _brought(model, present, moving, place, len(chosen)),
        lower=model.lower[:, chosen],
        upper=model.upper[:, chosen],
        share_lower=model.share_lower[:, chosen],
        share_upper=model.share_upper[:, chosen],
        outside=brought.sum(axis=1) - brought[:, chosen].sum(axis=1),
        total_lower=total_lower,
        total_upper=total_upper,
        counted=counted[:, chosen],
        soft=tuple(_soft_part(soft, load, counted, chosen) for soft in model.soft),
        current=np.flatnonzero(now),
    )


def _brought(model: Model, present: IntArray, moving: Positions, place: Positions, num_columns: int) -> FloatArray:
    """Return what items bring to the columns in which they are at present. Shape ``(loads, columns)``."""
    amount, at = chosen_amount(model, present)[moving], place[present[moving]]
    brought = np.zeros((model.num_loads, num_columns))
    for position, kind in np.ndindex(num_columns, model.num_loads):
        brought[kind, position] = amount[at == position, kind].sum()
    return brought


def _near_pairs(
    model: Model,
    present: IntArray,
    inside: Positions,
    chosen: Positions,
    *,
    prices: FloatArray,
    reach: float,
    most: int,
) -> tuple[Positions, Positions, FloatArray]:
    """Return the pairs worth having, by position, sorted by item, and what they bring."""
    shape = (len(inside), len(chosen))
    item, column = (grid.ravel() for grid in np.indices(shape))
    amount = pair_amounts(model, inside[item], chosen[column])
    cost = model.cost[np.ix_(inside, chosen)].astype(np.float64)
    reduced = cost + np.einsum("pl,lp->p", amount, prices[:, chosen[column]]).reshape(shape)
    excess = reduced - reduced.min(axis=1, keepdims=True)
    now = present[inside][:, None] == chosen[None, :]
    wanted = np.isfinite(cost) & ((excess <= reach) | now)
    others = np.flatnonzero((wanted & ~now).ravel())
    if len(others) > most:
        others = others[np.argsort(excess.ravel()[others], kind="stable")[:most]]
    pairs = np.sort(np.concatenate([np.flatnonzero((now & wanted).ravel()), others]))
    return item[pairs], column[pairs], amount[pairs]


def _counted(model: Model) -> BoolArray:
    """Return where a column counts toward the total. Shape ``(loads, columns)``."""
    counted = np.ones((model.num_loads, model.num_columns), dtype=np.bool_)
    if model.has_unassigned:
        counted[:, -1] = model.counts_unassigned
    return counted


def _total_range(model: Model, load: FloatArray, others: Positions) -> tuple[FloatArray, FloatArray]:
    """Return the totals that keep their limit and the shares of the other columns. Shapes ``(loads,)``."""
    lowest, highest = np.full(model.num_loads, -np.inf), np.array(model.total_upper, dtype=np.float64)
    for kind in range(model.num_loads):
        upper, lower, there = model.share_upper[kind, others], model.share_lower[kind, others], load[kind, others]
        capped = np.isfinite(upper) & (upper > 0)
        lowest[kind] = max((there[capped] / upper[capped]).max(initial=-np.inf), lowest[kind])
        floored = np.isfinite(lower) & (lower > 0)
        highest[kind] = min((there[floored] / lower[floored]).min(initial=np.inf), highest[kind])
    return lowest, highest


def _soft_part(soft: SoftBalance, load: FloatArray, counted: BoolArray, chosen: Positions) -> SoftBalance:
    """Return a soft balance for some columns, moving targets held at the present total."""
    target = soft.target
    if soft.target_share is not None:
        target = soft.target_share * load[soft.load][counted[soft.load]].sum()
    return SoftBalance(load=soft.load, tolerance=soft.tolerance, price=soft.price, target=target[chosen])
