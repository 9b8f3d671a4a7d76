"""Exchanges among a few columns and the bound from whole columns, turn by turn: each tells the other where to look."""

import math
from typing import Final

from optimizer.search.column_bound import ColumnBound
from optimizer.search.exchange_space import can_price
from optimizer.search.exchanges import ExchangeParams, ExchangeSearch
from optimizer.search.hot_columns import improve_hot_columns
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.model import Multipliers

BOUND_SHARE: Final = 0.1
"""Share of the time left that goes into the bound at each turn."""
ROUNDS: Final = 10
"""Steps of the items' prices at each turn."""


class ColumnSearch:
    """The state of both.

    Parameters
    ----------
    losses, multipliers
        Where the gap arises at which prices.
    """

    def __init__(
        self,
        incumbent: Incumbent,
        losses: Losses,
        multipliers: Multipliers,
        params: ExchangeParams,
        *,
        seed: int,
        threads: int,
    ) -> None:
        self._incumbent, self._losses = incumbent, losses
        self._bound = ColumnBound(incumbent.model, multipliers, threads=threads)
        self._params, self._seed, self._threads = params, seed, threads
        self._exchanges = ExchangeSearch(incumbent.model, multipliers, losses, params, seed=seed, threads=threads)

    def run(self) -> None:
        """Raise the bound for a share of the time left, then exchange among ever more columns until nothing gains."""
        incumbent = self._incumbent
        if incumbent.columns is None:
            return
        elapsed = incumbent.clock.elapsed_s
        left = incumbent.stop.time_left_s(elapsed)
        until = elapsed + BOUND_SHARE * left if math.isfinite(left) else math.inf
        self._bound.improve(incumbent, self._losses.by_column(incumbent.columns), rounds=ROUNDS, until_s=until)
        for size in range(self._params.smallest, self._params.largest + 1):
            if incumbent.proceed():
                self._exchanges.improve(incumbent, size, inevitable=self._bound.inevitable)
            if incumbent.proceed() and size < self._params.largest:
                self._improve_hot_columns()

    def _improve_hot_columns(self) -> None:
        """Deal out the columns that lose most with more of their pairs, and prove what they must lose."""
        incumbent, losses = self._incumbent, self._losses
        if incumbent.columns is None:
            return
        improve_hot_columns(
            incumbent, losses, threads=self._threads, seed=self._seed, inevitable=self._bound.inevitable
        )
        self._bound.sharpen(incumbent, losses.by_column(incumbent.columns))


def column_search(
    incumbent: Incumbent,
    losses: Losses,
    multipliers: Multipliers,
    params: ExchangeParams,
    *,
    seed: int,
    threads: int,
) -> ColumnSearch | None:
    """Return the search by columns, or None for a model whose limits move with its totals."""
    if not can_price(incumbent.model):
        return None
    return ColumnSearch(incumbent, losses, multipliers, params, seed=seed, threads=threads)
