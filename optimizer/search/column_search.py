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
SHORT_S: Final = 0.03
"""Seconds left for each column below which the largest groups will hardly be reached."""
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
        """Raise the bound and exchange among ever more columns until nothing gains.

        Hot columns come before the largest groups, or after the pairs where there is no time for large groups.
        """
        incumbent, params = self._incumbent, self._params
        left = incumbent.stop.time_left_s(incumbent.clock.elapsed_s)
        is_short = left < SHORT_S * incumbent.model.num_columns
        hot = min(params.smallest + 1, params.largest) if is_short else params.largest
        for size in range(params.smallest, params.largest + 1):
            if size == hot:
                self._improve_hot_columns()
            self._raise_bound()
            if size == hot:
                self._sharpen_bound()
            if incumbent.proceed():
                self._exchanges.improve(incumbent, size, inevitable=self._bound.inevitable)

    def _raise_bound(self) -> None:
        """Move the items' prices for a share of the time left."""
        incumbent = self._incumbent
        if incumbent.columns is None:
            return
        elapsed = incumbent.clock.elapsed_s
        left = incumbent.stop.time_left_s(elapsed)
        until = elapsed + BOUND_SHARE * left if math.isfinite(left) else math.inf
        self._bound.improve(incumbent, self._losses.by_column(incumbent.columns), rounds=ROUNDS, until_s=until)

    def _improve_hot_columns(self) -> None:
        """Deal out the columns that lose most with more of their pairs."""
        incumbent = self._incumbent
        if incumbent.columns is not None and incumbent.proceed():
            improve_hot_columns(
                incumbent, self._losses, threads=self._threads, seed=self._seed, inevitable=self._bound.inevitable
            )

    def _sharpen_bound(self) -> None:
        """Prove what the columns that lose most must lose, at prices that will move no more."""
        incumbent = self._incumbent
        if incumbent.columns is not None and incumbent.proceed():
            self._bound.sharpen(incumbent, self._losses.by_column(incumbent.columns))


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
