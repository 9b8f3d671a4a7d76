"""The one formulation that every algorithm of the pipeline works on.

Items (an account, or a family) go to columns (an active rep, or "unassigned"). Everything that limits an alignment
is a statement about *loads*: sums over the items of a column. A measure is a load; so is what moves into a rep, and
what stays with it. With ``x[i, c]`` = 1 when item i goes to column c:

    load[l, c] = sum_i amount(i, c, l) · x[i, c]          amount(i, c, l) = amount[i, l] + correction of (i, c)
    total[l]   = sum_c load[l, c]                         over the rep columns; over all where ``counts_unassigned``

    minimize   sum_(i,c) cost[i, c] x[i, c] + sum_(s,c) soft_s(load[l_s, c])
    such that  lower[l, c] ≤ load[l, c] ≤ upper[l, c]
               share_lower[l, c] · total[l] ≤ load[l, c] ≤ share_upper[l, c] · total[l]
               total[l] ≤ total_upper[l]
               x[i, c] = 0 where cost[i, c] is infinite

Moving targets (where the assigned total is not constant) use the share rows; a constant total is folded into
``lower`` and ``upper`` when the model is built. Budgets are loads too: *in* = what an item brings as moves, corrected
at the column of its current rep; a budget on all moves is a total of it; an *out* budget is a lower limit on what
*stays* (amount 0, corrected at the current rep).
"""

from dataclasses import dataclass

import numpy as np

from optimizer.frozen import ReadOnly, frozen_array
from optimizer.problem import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class LoadName:
    """Which limit a load stands for.

    Attributes
    ----------
    kind
        ``measure`` (capacity and balance), ``moved_in`` or ``stay``.
    measure
        Name of the measure.
    """

    kind: str
    measure: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Corrections(ReadOnly):
    """Amounts that depend on the column, sparse and sorted by (item, column).

    Attributes
    ----------
    start
        Where each item's entries begin. Shape ``(items + 1,)``.
    column
        Shape ``(entries,)``.
    delta
        What is added to the item's amount in this column. Shape ``(entries, loads)``.
    """

    start: IntArray
    column: IntArray
    delta: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", frozen_array(self.start, np.int32))
        object.__setattr__(self, "column", frozen_array(self.column, np.int32))
        object.__setattr__(self, "delta", frozen_array(self.delta, np.float64))

    @property
    def item(self) -> IntArray:
        """The item of each entry. Shape ``(entries,)``."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftBalance(ReadOnly):
    """Convex penalties that pull one load toward its targets.

    The penalty of column c at load x is ``price · (excess(tolerance) + 2 · excess(2 · tolerance))`` with
    ``excess(t) = max(0, |x − target[c]| / target[c] − t)``; columns with target 0 cost nothing. Where the total moves,
    ``target_share`` is set and ``target[c] = target_share[c] · total``.

    Attributes
    ----------
    load
        Position of the load.
    tolerance
        In [0, 1).
    price
        Objective units per unit of relative deviation (weight / number of active reps).
    target
        Shape ``(columns,)``; 0 for the unassigned column. With ``target_share`` it holds the targets of the full total.
    target_share
        Shape ``(columns,)``, or None when the total is constant.
    """

    load: int
    tolerance: float
    price: float
    target: FloatArray
    target_share: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", frozen_array(self.target, np.float64))
        if self.target_share is not None:
            object.__setattr__(self, "target_share", frozen_array(self.target_share, np.float64))


@dataclass(frozen=True, eq=False, kw_only=True)
class Model(ReadOnly):
    """Items, columns, costs and limits; immutable.

    Attributes
    ----------
    item_of_account
        Shape ``(accounts,)``.
    column_rep
        The rep of each column, −1 for the unassigned column, which is the last one if there is one.
        Shape ``(columns,)``.
    cost
        Objective of each pair in objective units; infinite where not allowed. float32 or float64.
        Shape ``(items, columns)``.
    current
        Column that serves the item today, −1 where none does or its members differ. Shape ``(items,)``.
    loads
        What each load stands for.
    amount
        Shape ``(items, loads)``, ≥ 0.
    corrections
        Amounts that depend on the column.
    lower, upper
        Limits per load and column; −inf and inf where there are none. Shape ``(loads, columns)``.
    share_lower, share_upper
        Limits as shares of the load's total; −inf and inf where there are none. Shape ``(loads, columns)``.
    total_upper
        Limit on the total; inf where there is none. Shape ``(loads,)``.
    counts_unassigned
        True where the unassigned column counts toward the total. Shape ``(loads,)``.
    soft
        Soft balance.
    """

    item_of_account: IntArray
    column_rep: IntArray
    cost: FloatArray
    current: IntArray
    loads: tuple[LoadName, ...]
    amount: FloatArray
    corrections: Corrections
    lower: FloatArray
    upper: FloatArray
    share_lower: FloatArray
    share_upper: FloatArray
    total_upper: FloatArray
    counts_unassigned: BoolArray
    soft: tuple[SoftBalance, ...] = ()

    def __post_init__(self) -> None:
        for name in ("item_of_account", "column_rep", "current"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int32))
        for name in ("amount", "lower", "upper", "share_lower", "share_upper", "total_upper"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        object.__setattr__(self, "counts_unassigned", frozen_array(self.counts_unassigned, np.bool_))
        dtype = np.float32 if np.asarray(self.cost).dtype == np.float32 else np.float64
        object.__setattr__(self, "cost", frozen_array(self.cost, dtype))

    @property
    def num_items(self) -> int:
        """Number of items."""
        return len(self.amount)

    @property
    def num_columns(self) -> int:
        """Number of columns, the unassigned one included."""
        return len(self.column_rep)

    @property
    def num_loads(self) -> int:
        """Number of loads."""
        return len(self.loads)

    @property
    def has_unassigned(self) -> bool:
        """True when items may stay unassigned."""
        return bool((self.column_rep < 0).any())


@dataclass(frozen=True, eq=False, kw_only=True)
class Multipliers(ReadOnly):
    """Prices of the model's rows; any values ≥ 0 prove a bound (free sign for ``soft``).

    Attributes
    ----------
    upper, lower
        Of the limits per load and column, ≥ 0, 0 where the limit is infinite. Shape ``(loads, columns)``.
    share_upper, share_lower
        Of the share limits, ≥ 0. Shape ``(loads, columns)``.
    total
        Of the limits on totals, ≥ 0. Shape ``(loads,)``.
    soft
        Of the equations that define the loads inside the soft balance. Shape ``(softs, columns)``.
    """

    upper: FloatArray
    lower: FloatArray
    share_upper: FloatArray
    share_lower: FloatArray
    total: FloatArray
    soft: FloatArray

    def __post_init__(self) -> None:
        for name in ("upper", "lower", "share_upper", "share_lower", "total", "soft"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
