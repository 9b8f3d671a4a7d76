"""Units: the geographic cells that accounts lie in, and which of them are neighbors; positions only, no geometry."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from optimizer.exceptions import InvalidProblem
from optimizer.frozen import ReadOnly, frozen_array
from optimizer.graph import Graph, graph_of


@dataclass(frozen=True, eq=False, kw_only=True)
class Units(ReadOnly):
    """The unit of every account, and the units' neighbors; immutable.

    Attributes
    ----------
    num_units
        Number of units, those without an account included.
    unit
        The unit that each account lies in; −1 for none, such an account needs no connection. Shape ``(accounts,)``.
    first, second
        Pairs of neighboring units. Shape ``(pairs,)`` each.

    Raises
    ------
    InvalidProblem
        When a position is out of range.
    """

    num_units: int
    unit: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("unit", "first", "second"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int32))
        if len(self.first) != len(self.second):
            raise InvalidProblem("neighbors: first and second differ in length")
        ends = np.concatenate([self.first, self.second])
        if (ends < 0).any() or (ends >= self.num_units).any():
            raise InvalidProblem("neighbors name a unit that is not there")
        if (self.unit < -1).any() or (self.unit >= self.num_units).any():
            raise InvalidProblem("an account lies in a unit that is not there")

    @cached_property
    def graph(self) -> Graph:
        """The units' neighbors as lists."""
        return graph_of(self.num_units, self.first, self.second)

    @cached_property
    def empty_part(self) -> npt.NDArray[np.int64]:
        """The number of the connected part without accounts that a unit is in, −1 with one. Shape ``(units,)``."""
        is_empty = np.ones(self.num_units, dtype=np.bool_)
        is_empty[self.unit[self.unit >= 0]] = False
        return np.where(is_empty, self.graph.pieces(is_empty), -1)
