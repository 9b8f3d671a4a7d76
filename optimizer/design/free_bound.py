"""A lower bound for territories with centers of their own, and which pairs a better answer may still use.

The Lagrangian of the model of Hess: every node goes to one center, so many centers, a center's loads lie in their
band. With nodes and bands priced, each center takes what pays; the cheapest centers win. Any prices prove a bound,
connected or not, because contiguity only removes answers. What a pair or a center adds to the bound tells whether an
answer better than a known one may contain it.

References
----------
Hess, Weaver, Siegfeldt, Whelan, Zitlau, "Nonpartisan political redistricting by computer", Operations Research 13
(1965), doi 10.1287/opre.13.6.998. Validi, Buchanan, Lykhovyd, "Imposing contiguity constraints in political districting
models", Operations Research 70 (2022), doi 10.1287/opre.2021.2141.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from optimizer.design.space import Bands
from optimizer.problem import FloatArray

STEPS: Final = 2000
"""Steps of the subgradient method at most."""
PROBE_STEPS: Final = 200
"""The same for one center."""
ROUNDS: Final = 4
"""How often all centers are probed, at most."""
FEWER: Final = 0.95
"""Share of the pairs that a round must leave at most, to be followed by another."""
PATIENCE: Final = 30
"""Steps without a better bound after which they get half as long."""
SHORTEST: Final = 1e-3
"""Length at which it ends, relative to the step that would reach the known answer."""
NOISE: Final = 1e-9
"""What a bound must exceed the known answer by to count, relative to it: the rounding of sums in float64."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FreeBound:
    """What the prices prove.

    Attributes
    ----------
    bound
        No answer is cheaper.
    possible
        True where an answer better than the known one may give the node (row) to the center (column).
        Shape ``(nodes, nodes)``.
    """

    bound: float
    possible: npt.NDArray[np.bool_]


@dataclass(eq=False)
class _Prices:
    """Prices of the nodes, and of the bands of each center."""

    node: FloatArray  # (nodes)
    upper: FloatArray  # (centers, loads), ≥ 0
    lower: FloatArray

    def copy(self) -> "_Prices":
        return _Prices(self.node.copy(), self.upper.copy(), self.lower.copy())


@dataclass(frozen=True, eq=False)
class _Priced:
    """The Lagrangian at some prices."""

    bound: float
    reduced: FloatArray  # (nodes, centers)
    center: FloatArray  # (centers): what choosing one brings
    chosen: npt.NDArray[np.bool_]  # (centers)
    taken: npt.NDArray[np.bool_]  # (nodes, centers)


@dataclass(eq=False)
class _Lagrangian:
    """The question with its bands priced, scaled so that a band ends at 1; and the pairs that are left."""

    cost: FloatArray  # (nodes, centers): infinite where a pair is ruled out
    amount: FloatArray  # (nodes, loads)
    lower: FloatArray  # (loads)
    upper: FloatArray
    territories: int
    known: float

    def ascend(self, prices: _Prices, *, steps: int, forced: int | None = None) -> tuple[float, _Prices]:
        """Improve prices, rule out pairs on the way; return the best bound and its prices.

        With a center that is ``forced`` the bound is one on answers that have it, and only its pairs are ruled out.
        """
        best, best_prices, length, since = -np.inf, prices, 1.5, 0
        prices = prices.copy()
        for _ in range(steps):
            now = self._price(prices, forced)
            since += 1
            if now.bound > best + 1e-7 * abs(self.known):
                best, best_prices, since = now.bound, prices.copy(), 0
            self._rule_out(now, forced)
            if since >= PATIENCE:
                length, since = length / 2, 0
            if length < SHORTEST or best > self.known * (1 + NOISE) or not self._step(prices, now, length):
                break
        return best, best_prices

    def _price(self, prices: _Prices, forced: int | None) -> _Priced:
        reduced = self.cost - prices.node[:, None] + self.amount @ (prices.upper - prices.lower).T
        own = np.diagonal(reduced)
        taken = reduced < 0
        np.fill_diagonal(taken, val=True)
        gain = np.minimum(reduced, 0.0).sum(axis=0) - np.minimum(own, 0.0) + own
        center = gain - prices.upper @ self.upper + prices.lower @ self.lower
        order = np.argsort(center, kind="stable")
        if forced is not None:
            order = np.concatenate([[forced], order[order != forced]])
        chosen = np.zeros(len(center), dtype=np.bool_)
        chosen[order[: self.territories]] = True
        return _Priced(float(prices.node.sum() + center[chosen].sum()), reduced, center, chosen, taken)

    def _rule_out(self, now: _Priced, forced: int | None) -> None:
        """Close the pairs whose use makes the bound exceed the known answer."""
        limit = self.known * (1 + NOISE)
        if forced is not None:
            with_pair = now.bound + np.maximum(now.reduced[:, forced], 0.0)
            with_pair[forced] = now.bound
            self.cost[with_pair > limit, forced] = np.inf
            return
        last = now.center[now.chosen].max()
        with_center = now.bound + np.where(now.chosen, 0.0, now.center - last)
        with_pair = with_center[None, :] + np.maximum(now.reduced, 0.0)
        np.fill_diagonal(with_pair, with_center)
        self.cost[with_pair > limit] = np.inf

    def _step(self, prices: _Prices, now: _Priced, length: float) -> bool:
        """Move the prices along the subgradient; return whether there was anywhere to go."""
        taken = (now.taken & now.chosen[None, :]).astype(np.float64)
        load = taken.T @ self.amount
        node = 1.0 - taken.sum(axis=1)
        over = np.where(now.chosen[:, None], load - self.upper, 0.0)
        under = np.where(now.chosen[:, None], self.lower - load, 0.0)
        over[(over < 0) & (prices.upper <= 0)] = 0.0
        under[(under < 0) & (prices.lower <= 0)] = 0.0
        norm = float((node**2).sum() + (over**2).sum() + (under**2).sum())
        if norm <= 0 or not np.isfinite(now.bound):
            return False
        step = length * max(self.known - now.bound, 1e-9 * abs(self.known)) / norm
        prices.node += step * node
        prices.upper = np.maximum(0.0, prices.upper + step * over)
        prices.lower = np.maximum(0.0, prices.lower + step * under)
        return True

    @property
    def centers(self) -> npt.NDArray[np.int64]:
        """The centers that are left."""
        return np.flatnonzero(np.isfinite(np.diagonal(self.cost)))

    def is_possible(self) -> bool:
        """Return whether there are enough centers left, and a pair for every node."""
        reached = np.isfinite(self.cost[:, self.centers]).any(axis=1)
        return len(self.centers) >= self.territories and bool(reached.all())

    @property
    def num_pairs(self) -> int:
        """Number of pairs that are left."""
        return int(np.isfinite(self.cost[:, self.centers]).sum())


def free_bound(
    distance: FloatArray, bands: Bands, *, known: float, possible: npt.NDArray[np.bool_] | None = None
) -> FreeBound:
    """Return a bound near that of the linear relaxation, and the pairs left.

    Parameters
    ----------
    distance
        Cost of each node (row) with each center (column). Shape ``(nodes, nodes)``.
    bands
        Loads and limits, the same for every territory.
    known
        Cost of a known answer; better ones are looked for.
    possible
        Pairs that an answer may use at all; None for all. Shape ``(nodes, nodes)``.

    Notes
    -----
    Prices for all, then for every center the prices under which an answer with it would have to be cheapest: they rule
    out more of its pairs, or the center. O(nodes² · loads) a step; the step's length after Polyak (1969),
    doi 10.1016/0041-5553(69)90061-5.
    """
    size = np.maximum(np.abs(bands.upper[0]), 1e-300)
    relaxed = _Lagrangian(
        cost=np.where(np.True_ if possible is None else possible, distance, np.inf).astype(np.float64),
        amount=bands.amount / size,
        lower=bands.lower[0] / size,
        upper=bands.upper[0] / size,
        territories=bands.num_territories,
        known=known,
    )
    nodes, loads = relaxed.amount.shape
    zero = np.zeros((nodes, loads))
    if not relaxed.is_possible():
        return FreeBound(bound=known, possible=np.isfinite(relaxed.cost))
    first = np.sort(relaxed.cost, axis=1)
    first = np.where(np.isfinite(first[:, min(1, nodes - 1)]), first[:, min(1, nodes - 1)], first[:, 0])
    best, prices = relaxed.ascend(_Prices(first, zero, zero.copy()), steps=STEPS)
    for _ in range(ROUNDS):
        before = relaxed.num_pairs
        for center in relaxed.centers.tolist():
            alone, _ = relaxed.ascend(prices, steps=PROBE_STEPS, forced=center)
            if alone > known * (1 + NOISE):
                relaxed.cost[:, center] = np.inf
        if not relaxed.is_possible():
            best = known
            break
        bound, prices = relaxed.ascend(prices, steps=STEPS)
        best = max(best, bound)
        if relaxed.num_pairs > FEWER * before or best >= known:
            break
    return FreeBound(bound=min(best, known), possible=np.isfinite(relaxed.cost))
