"""How hard the dual is tried."""

import math
from dataclasses import dataclass

from optimizer.exceptions import InvalidParameter


@dataclass(frozen=True, kw_only=True)
class DualParams:
    """How hard to try.

    Attributes
    ----------
    tolerance
        Relative gap between the restricted program and the bound that counts as exact, > 0.
    max_columns
        Most pairs an item has in the restricted program at first, doubled when that misleads; None chooses by the
        number of columns.
    max_rounds
        Largest number of rounds on each level.
    steps
        Interior-point steps of a round with many pairs an item; more with few.
    sample_items
        Items per column of the sample that the first prices come from; models with less than three times as many
        begin without prices.
    elastic
        First price of breaking a row, in units of cost per unit of load.
    fixed_elastic
        True when that price must not grow.
    num_threads
        Threads that price the pairs.
    """

    tolerance: float = 1e-6
    max_columns: int | None = None
    max_rounds: int = 60
    steps: int = 8
    sample_items: int = 20
    elastic: float = 30.0
    fixed_elastic: bool = False
    num_threads: int = 2

    def __post_init__(self) -> None:
        if self.max_columns == 0:
            raise InvalidParameter("an item needs at least one pair")
        if not self.tolerance > 0 or not self.elastic > 0:
            raise InvalidParameter("the tolerance and the elastic price of the bound must be above 0")
        if min(self.max_columns or 1, self.max_rounds, self.steps, self.sample_items, self.num_threads) < 1:
            raise InvalidParameter("columns, rounds, steps, sample items and threads must be at least 1")

    def pairs_per_item(self, num_columns: int) -> int:
        """Return the most pairs that an item has at first."""
        return self.max_columns or max(20, round(1.25 * math.sqrt(num_columns)))
