"""What is asked when centers are free: items, places, what a pair costs, and limits of loads by column.

Owns the arrays and their checks. No identifiers and no geography: a place is a row of costs, and which places and items
are near each other is told by whoever knows the map.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.exceptions import InvalidProblem
from optimizer.problem import BoolArray, FloatArray

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class LocationQuestion:
    """Items to be served from centers, some of which may move.

    Attributes
    ----------
    cost
        What an item costs from a place, ≥ 0. Shape ``(places, items)``.
    amount
        What each item has of each limited measure. Shape ``(items, limits)``.
    lower, upper
        Smallest and largest load; infinite where there is none. Shape ``(columns, limits)``.
    center
        Where each fixed column's center is; −1 for a free one. Shape ``(columns,)``.
    place_of
        A candidate place near each item, −1 where there is none. Shape ``(items,)``.
    near
        Other items near each item, nearest first. Shape ``(items, neighbors)``.
    near_places
        Candidate places near each place, nearest first. Shape ``(places, neighbors)``.
    banned
        True where an item may not go to a column; None when everything is allowed. Shape ``(columns, items)``.
    distance, reach
        Where reach is limited: how far an item is from a place, and how far a column goes; None without limits.
        Shapes ``(places, items)`` and ``(columns,)``.
    home, leaving
        The item's column today (−1 for none) and what another one costs; None where that costs nothing.
        Shape ``(items,)``.
    is_exclusive
        True where a place takes one center at most, as in the p-median problem.

    Raises
    ------
    InvalidProblem
        When shapes differ, or nothing can be placed.
    """

    cost: FloatArray
    amount: FloatArray
    lower: FloatArray
    upper: FloatArray
    center: Positions
    place_of: Positions
    near: Positions
    near_places: Positions
    banned: BoolArray | None = None
    distance: FloatArray | None = None
    reach: FloatArray | None = None
    home: Positions | None = None
    leaving: FloatArray | None = None
    is_exclusive: bool = False

    def __post_init__(self) -> None:
        places, items, columns = self.num_places, self.num_items, self.num_columns
        limits = self.amount.shape[1] if self.amount.ndim == 2 else -1
        shapes: dict[str, tuple[int, ...]] = {
            "amount": (items, limits),
            "lower": (columns, limits),
            "upper": (columns, limits),
            "place_of": (items,),
            "banned": (columns, items),
            "distance": (places, items),
            "reach": (columns,),
            "home": (items,),
            "leaving": (items,),
        }
        for name, shape in shapes.items():
            given = getattr(self, name)
            if given is not None and given.shape != shape:
                raise InvalidProblem(f"{name} has shape {given.shape}, expected {shape}")
        if len(self.near) != items or len(self.near_places) != places:
            raise InvalidProblem("near and near_places need a row for each item and place")
        if items == 0 or columns == 0 or not len(self.candidates):
            raise InvalidProblem("there must be an item, a column and a candidate place")
        if self.is_exclusive and len(self.candidates) < int(self.is_free.sum()):
            raise InvalidProblem("there are fewer candidate places than free centers")
        if (self.center >= places).any():
            raise InvalidProblem("a center names a place that is not there")

    @property
    def num_places(self) -> int:
        """Number of places, those of fixed centers included."""
        return len(self.cost)

    @property
    def num_items(self) -> int:
        """Number of items."""
        return int(self.cost.shape[1])

    @property
    def num_columns(self) -> int:
        """Number of columns."""
        return len(self.center)

    @property
    def is_free(self) -> BoolArray:
        """True where the center may move. Shape ``(columns,)``."""
        return np.asarray(self.center < 0, dtype=np.bool_)

    @property
    def candidates(self) -> Positions:
        """The places that a free center may take: those near an item."""
        named = np.unique(np.concatenate([self.place_of, self.near_places.ravel()]))
        return named[named >= 0]


@dataclass(frozen=True, eq=False, kw_only=True)
class Located:
    """Centers with an assignment that shows what they are worth.

    Attributes
    ----------
    center
        The place of every column's center. Shape ``(columns,)``.
    owner
        The column of every item. Shape ``(items,)``.
    cost
        What all pairs cost.
    breaches
        How many limits of loads are breached; 0 is right.
    lower_bound
        No answer costs less; None where that was not asked. Where it is the cost, the answer is optimal.
    """

    center: Positions
    owner: Positions
    cost: float
    breaches: int
    lower_bound: float | None = None

    @property
    def rank(self) -> tuple[int, float]:
        """What is compared: breaches first."""
        return self.breaches, self.cost
