"""The items' prices by cutting planes: every column's best sets so far bound what any prices can prove.

Each set that a column was seen to hold is a cut: no prices prove more of the column than this set costs at them. The
linear program over all cuts overestimates the bound far from where it was looked at, so that prices may move only
within a box around the best ones; it grows where the program was right and shrinks where it was not (Marsten, Hogan,
Blankenship 1975, doi 10.1287/opre.23.3.389).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array

from optimizer.problem import FloatArray

FIRST_BOX: Final = 0.05
"""How far prices may move at first, in mean losses of a column."""
GROWTH: Final = 1.3
"""Factor by which the box grows where the bound rose by at least ``TRUSTED`` of what was foreseen."""
SHRINKAGE: Final = 0.6
"""Factor by which the box shrinks where the bound did not rise."""
TRUSTED: Final = 0.5
KEPT: Final = 25
"""Rounds whose cuts are kept."""
MOST_STEPS: Final = 20_000
"""Steps of the simplex method for one program."""
STEPS_PER_S: Final = 30_000
"""Steps of the simplex method that count as a second."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Round:
    """The cuts of one evaluation, one for each column; entries are items that its set has beyond its own, or lacks."""

    column: Positions
    item: Positions
    sign: FloatArray
    limit: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class PriceStep:
    """Where to look next.

    Attributes
    ----------
    price
        Of the items.
    gain
        How far the bound can rise in the box at most, as far as the cuts know.
    work
        Seconds that it counts as.
    """

    price: FloatArray
    gain: float
    work: float


class PriceCuts:
    """Cuts around some prices.

    Parameters
    ----------
    home
        A column of each item, from which sets are told. Shape ``(items,)``.
    origin
        The first prices of the items. Shape ``(items,)``.
    unit
        The mean loss of a column, > 0.
    """

    def __init__(self, home: Positions, origin: FloatArray, *, unit: float, num_columns: int) -> None:
        self._home, self._origin, self._unit, self._num_columns = home, origin, unit, num_columns
        order = np.argsort(home, kind="stable")
        self._own = np.split(order, np.searchsorted(home[order], np.arange(1, num_columns)))
        self._rounds: list[_Round] = []
        self._reference: FloatArray | None = None
        self._box = FIRST_BOX * unit
        self._foreseen = 0.0

    def add(self, price: FloatArray, value: FloatArray, held: list[Positions]) -> None:
        """Add what each column is worth at some prices, and which items it holds.

        Parameters
        ----------
        value
            The least cost of each column, item prices taken off. Shape ``(columns,)``.
        held
            The items of each column's best set, sorted.
        """
        move = price - self._origin
        column: list[Positions] = []
        item: list[Positions] = []
        sign: list[FloatArray] = []
        limit = np.array(value)
        for number, inside in enumerate(held):
            limit[number] += move[inside].sum()
            beyond = inside[self._home[inside] != number]
            lacking = np.setdiff1d(self._own[number], inside, assume_unique=True)
            item.extend((beyond, lacking))
            sign.append(np.repeat((1.0, -1.0), (len(beyond), len(lacking))))
            column.append(np.full(len(beyond) + len(lacking), number))
        if self._reference is None:
            self._reference = limit
        self._rounds.append(
            _Round(
                column=np.concatenate(column),
                item=np.concatenate(item),
                sign=np.concatenate(sign),
                limit=(limit - self._reference) / self._unit,
            )
        )
        del self._rounds[:-KEPT]

    def learn(self, gain: float) -> None:
        """Fit the box to what the last step gained; ≤ 0 where it did not."""
        if gain <= 0:
            self._box *= SHRINKAGE
        elif gain >= TRUSTED * self._foreseen:
            self._box *= GROWTH

    def step(self, best: FloatArray, proven: float) -> PriceStep | None:
        """Return the prices in the box around the best ones that prove most, as far as the cuts know.

        Parameters
        ----------
        proven
            What the best prices prove: the sum of the items' prices and of the columns' values.

        Returns
        -------
        PriceStep or None
            None where the program found no answer within its steps.
        """
        rows = np.concatenate([part.column + at * self._num_columns for at, part in enumerate(self._rounds)])
        item, sign = (np.concatenate([getattr(part, name) for part in self._rounds]) for name in ("item", "sign"))
        count, columns = len(self._rounds), self._num_columns
        active, place = np.unique(item, return_inverse=True)
        entry = np.concatenate([np.ones(count * columns), sign])
        row = np.concatenate([np.arange(count * columns), rows])
        variable = np.concatenate([np.tile(np.arange(columns), count), columns + place])
        matrix = csr_array((entry, (row, variable)), shape=(count * columns, columns + len(active)))
        center = (best - self._origin)[active] / self._unit
        box = self._box / self._unit
        free = np.full(columns, np.inf)
        found = linprog(
            np.repeat((-1.0, 0.0), (columns, len(active))),
            A_ub=matrix,
            b_ub=np.concatenate([part.limit for part in self._rounds]),
            bounds=np.column_stack([np.append(-free, center - box), np.append(free, center + box)]),
            method="highs-ds",
            options={"maxiter": MOST_STEPS},
        )
        if found.x is None or self._reference is None:
            return None
        price = np.array(self._origin)
        price[active] += self._unit * found.x[columns:]
        reached = float(self._origin.sum() + self._reference.sum()) - self._unit * float(found.fun)
        self._foreseen = reached - proven
        return PriceStep(price=price, gain=self._foreseen, work=found.nit / STEPS_PER_S)
