"""The decision: which rep every account goes to."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.frozen import ReadOnly, frozen_array
from optimizer.problem import BoolArray, IntArray

UNASSIGNED: Final = -1
"""Stands for the rep of an account that stays without one."""


@dataclass(frozen=True, eq=False)
class Alignment(ReadOnly):
    """The rep of every account; immutable.

    Attributes
    ----------
    rep
        Position of the rep, −1 for unassigned. Shape ``(accounts,)``.
    """

    rep: IntArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "rep", frozen_array(self.rep, np.int32))

    def moved(self, current: IntArray) -> BoolArray:
        """Return where the rep differs from a current one that is set. Shape ``(accounts,)``."""
        moved: BoolArray = (current >= 0) & (self.rep != current)
        return moved
