"""Dives on a model whose columns are knapsacks: on the whole of it, or on some columns of an alignment.

The fractional answer that all dives begin with is found once. How large a dive may be is decided by its work, and every
alignment that leaves is counted in true amounts: needs are rounded up where amounts are not whole, and least loads are
none of a dive's concern.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from optimizer.problem import FloatArray
from optimizer.search.knapsack_columns import KnapsackModel
from optimizer.search.knapsack_diving import TAKEN, dive, dive_group
from optimizer.search.knapsack_volume import Fractions, move_prices
from optimizer.search.subproblem import Positions

Places = npt.NDArray[np.int64]
Random = npt.NDArray[np.uint64]

PHASES: Final = ((200, 0.2, 0.5), (400, 0.05, 0.2), (400, 0.03, 0.1))
"""Steps, weights and lengths of the fractional answer."""
WORK_OF_STEP: Final = 25.0
"""Work of one of these steps for each pair, roughly."""
WHOLE: Final = (0.1, 30, 0.05, 0.2, 0.1)
"""Share, steps, weight, length and noise of a dive on everything."""
PART: Final = (0.1, 20, 0.1, 0.2, 0.2)
"""The same on some columns."""
WORK_OF_DIVE: Final = 25_000.0
"""Work of a dive for each of its pairs, roughly."""
MOST_WORK: Final = 2e9
"""Work of the largest dives."""
FEW: Final = 4.0
"""Times the work of the largest that one on everything may take."""
CELLS: Final = 2
"""Cells of exact tables that take as long as a unit of the kernels' work."""
SMALLEST: Final = 5
"""Columns of the smallest dives: fewer are solved exactly."""
AIM: Final = 1.002
"""What the first bound aims at, in multiples of what is known."""


@dataclass(eq=False)
class Dives:
    """Dives on one model.

    Parameters
    ----------
    model
        Columns as knapsacks.
    halt
        Ends what runs once not 0. Shape ``(1,)``.
    """

    model: KnapsackModel
    halt: npt.NDArray[np.int64]
    fractions: Fractions | None = field(init=False, default=None)
    _aim: float = field(init=False, default=0.0)

    @property
    def num_columns(self) -> int:
        """Columns of the model."""
        return len(self.model.knapsacks.room)

    @property
    def largest(self) -> int:
        """Columns of the largest dives."""
        columns, items = self.num_columns, self.model.need.shape[1]
        affordable = int(np.sqrt(MOST_WORK / CELLS / WORK_OF_DIVE * columns / max(1, items)))
        return max(2, min(columns, affordable))

    @property
    def can_be_whole(self) -> bool:
        """True where dives on everything take no more than a few times the work of the largest."""
        return self.model.need.size * WORK_OF_DIVE * CELLS <= FEW * MOST_WORK

    def begin(self, price: FloatArray, *, aim: float, most_work: float) -> int:
        """Find the fractional answer from good item prices; return the work.

        Parameters
        ----------
        price
            Shape ``(items,)``.
        aim
            What an alignment costs, or about what.
        most_work
            That this may take.
        """
        kernel = self.model.knapsacks
        columns, items = kernel.cost.shape
        fractions = Fractions(price.copy(), np.full((columns, items), 1.0 / columns), np.ones((columns, 2)))
        planned = sum(steps for steps, _, _ in PHASES) * WORK_OF_STEP * CELLS * columns * items
        shorter = min(1.0, most_work / planned)
        work = 0
        for steps, weight, length in PHASES:
            _, spent = move_prices(
                kernel.cost,
                self.model.need,
                kernel.room,
                np.arange(items),
                items,
                fractions,
                max(1, int(steps * shorter)),
                weight,
                length,
                aim,
                self.halt,
            )
            work += CELLS * spent
        self.fractions, self._aim = fractions, aim
        return work

    def whole(self, random: Random) -> tuple[Places | None, int]:
        """Return an alignment, None where the dive ended nowhere, and the work."""
        kernel = self.model.knapsacks
        place = np.zeros(kernel.cost.shape[1], dtype=np.int64)
        fits, _, work = dive(
            kernel.cost, self.model.need, kernel.room, self.fractions, place, self._aim, *WHOLE, random, self.halt
        )
        return (place if fits and self._keeps(place) else None), CELLS * work

    def part(self, place: Places, group: Positions, random: Random, *, most_more: float) -> tuple[bool, int]:
        """Redistribute the items of some columns in ``place``; return whether anything changed, and the work."""
        if self.fractions is None:
            return False, 0
        kernel, before = self.model.knapsacks, place.copy()
        _, became, work = dive_group(
            kernel.cost,
            self.model.need,
            kernel.room,
            self.fractions.price,
            self.fractions.border,
            place,
            group,
            self.model.step,
            most_more,
            *PART,
            random,
            self.halt,
        )
        if became == TAKEN and not self._keeps(place):
            place[:] = before
        return bool((place != before).any()), CELLS * work

    def _keeps(self, place: Places) -> bool:
        """Return whether every column's true load is within its limits."""
        kernel = self.model.knapsacks
        items = np.arange(len(place))
        load = np.bincount(place, weights=kernel.amount[place, items], minlength=self.num_columns)
        noise = 1e-9 * (1.0 + np.abs(load).max())
        inside = (load >= kernel.limit[:, 0] - noise) & (load <= kernel.limit[:, 1] + noise)
        return bool(inside.all())
