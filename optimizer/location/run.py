"""One run of the search for centers: spread them, anneal, then close and open centers while that helps.

Owns the state around the compiled kernels, the prices of breached limits, and the best that was found.
"""

from typing import Final

import numpy as np

from optimizer.location import annealing, kicks
from optimizer.location.annealing import COST, Part, Space, State
from optimizer.location.params import LocationParams
from optimizer.location.question import Located, LocationQuestion, Positions

RAISE: Final = 1.2
"""Factor by which prices rise after a step that ends with a breach, and fall after others."""
MOST_RAISED: Final = 1e6
TOLERANCE: Final = 1e-9
"""Relative breach that rounding may leave."""
BAN: Final = 1e3
"""What a pair that may not be costs, in multiples of the dearest pair."""
MARGIN: Final = 0.05
"""What every breach counts as beyond its size, in mean amounts."""
SAMPLED_PLACES: Final = 4_000
"""Candidates among which centers are spread at first."""


def space_of(question: LocationQuestion) -> Space:
    """Return a question in the form that the kernels read."""
    items = question.num_items
    limited = question.distance is not None and question.reach is not None
    none = np.zeros((0, 0), dtype=question.cost.dtype)
    return Space(
        cost=np.ascontiguousarray(question.cost),
        banned=np.zeros((0, 0), dtype=np.bool_) if question.banned is None else question.banned,
        ban=BAN * max(float(question.cost.max(initial=0.0)), 1e-12),
        distance=np.ascontiguousarray(question.distance) if limited else none,
        reach=question.reach if limited else np.full(question.num_columns, np.inf),
        amount=np.ascontiguousarray(question.amount, dtype=np.float64),
        lower=np.ascontiguousarray(question.lower, dtype=np.float64),
        upper=np.ascontiguousarray(question.upper, dtype=np.float64),
        margin=MARGIN * question.amount.mean(axis=0),
        home=np.full(items, -1, dtype=np.int64) if question.home is None else question.home.astype(np.int64),
        leaving=np.zeros(items) if question.leaving is None else question.leaving.astype(np.float64),
        is_free=question.is_free,
        place_of=question.place_of.astype(np.int64),
        near=np.ascontiguousarray(question.near, dtype=np.int64),
        near_places=np.ascontiguousarray(question.near_places, dtype=np.int64),
        is_exclusive=question.is_exclusive,
    )


class LocationRun:
    """One run.

    Parameters
    ----------
    question, space
        What is asked, in both forms.
    params
        How it runs.
    seed
        Of everything random.
    """

    def __init__(self, question: LocationQuestion, space: Space, params: LocationParams, *, seed: int) -> None:
        self._question, self._space, self._params = question, space, params
        random = np.random.default_rng(seed)
        center = spread_centers(question, random)
        self._state = _state(question, center, random)
        annealing.recount(space, self._state)
        self._whole = _part(question, is_whole=True)
        self._part = _part(question, is_whole=False)
        self._scratch = kicks.Scratch(
            owner=np.zeros(question.num_items, dtype=np.int64), center=np.zeros(question.num_columns, dtype=np.int64)
        )
        self._mean = max(float(self._state.total[COST]) / question.num_items, 1e-12)
        amount = question.amount.mean(axis=0)
        self._first = np.where(amount > 0, self._mean / np.where(amount > 0, amount, 1.0), 0.0)
        self._state.price[:] = self._first
        self.best = self._now()

    def anneal(self, step: int, trials: int) -> None:
        """Anneal everything for one of the steps of ``params``, 0 being the hottest."""
        params = self._params
        ratio = (params.cold / params.hot) ** (1.0 / params.steps)
        hot = self._mean * params.hot * ratio**step
        share = min(0.3, 2.0 * self._question.num_columns / self._question.num_items)
        annealing.anneal(self._space, self._state, self._whole, trials, hot, hot * ratio, share)
        if step == params.steps - 1:
            annealing.settle_centers(self._space, self._state, self._whole)
        self._keep()
        self._reprice(lowest=1e-3)

    def kick(self, trials: int) -> int:
        """Close and open so many centers; return how often that was better."""
        params, mean = self._params, self._mean
        if self._question.near.shape[1] == 0:  # a single item has its place already
            return 0
        found: int = kicks.kick(
            self._space,
            self._state,
            self._part,
            self._scratch,
            trials,
            min(params.around, self._question.num_columns),
            params.trials_per_item,
            params.kick_hot * mean,
            params.kick_cold * mean,
        )
        self._keep()
        self._reprice(lowest=0.1)
        return found

    def back_to_best(self) -> None:
        """Go on from the best that was found."""
        self._state.owner[:] = self.best.owner
        self._state.center[:] = self.best.center
        annealing.recount(self._space, self._state)

    def _now(self) -> Located:
        annealing.recount(self._space, self._state)
        return Located(
            center=self._state.center.copy(),
            owner=self._state.owner.copy(),
            cost=float(self._state.total[COST]),
            breaches=int(annealing.breached(self._space, self._state, TOLERANCE)),
        )

    def _keep(self) -> None:
        now = self._now()
        if now.rank < self.best.rank:
            self.best = now

    def _reprice(self, *, lowest: float) -> None:
        price = self._state.price
        factor = RAISE if annealing.breached(self._space, self._state, TOLERANCE) else 1.0 / RAISE
        price[:] = np.clip(price * factor, lowest * self._first, MOST_RAISED * self._first)


def spread_centers(question: LocationQuestion, random: np.random.Generator) -> Positions:
    """Return a place for every column: fixed ones stay, each further one is drawn where items are far from all others.

    References
    ----------
    Arthur and Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA.
    """
    center = question.center.astype(np.int64).copy()
    places = question.candidates
    if len(places) > SAMPLED_PLACES:
        places = np.sort(random.choice(places, SAMPLED_PLACES, replace=False))
    nearest = np.full(question.num_items, np.inf)
    for place in center[center >= 0]:
        np.minimum(nearest, question.cost[place], out=nearest)
    for column in np.flatnonzero(center < 0):
        place = int(random.choice(places))
        if np.isfinite(nearest).all() and nearest.sum() > 0:
            item = int(random.choice(question.num_items, p=nearest / nearest.sum()))
            place = int(question.place_of[item])
            if place < 0:
                place = int(places[int(np.argmin(question.cost[places, item]))])
        if question.is_exclusive and (center == place).any():
            left = np.setdiff1d(question.candidates, center)
            place = int(left[0]) if len(left) else place
        center[column] = place
        np.minimum(nearest, question.cost[place], out=nearest)
    return center


def _state(question: LocationQuestion, center: Positions, random: np.random.Generator) -> State:
    items, columns, limits = question.num_items, question.num_columns, question.amount.shape[1]
    pairs = question.cost[center]
    if question.banned is not None:
        pairs = np.where(question.banned, np.inf, pairs)
    if question.leaving is not None and question.home is not None:
        pairs = pairs + np.where(question.home[None, :] == np.arange(columns)[:, None], 0.0, question.leaving[None, :])
    return State(
        center=center,
        taken=np.zeros(question.num_places, dtype=np.int64),
        owner=pairs.argmin(axis=0).astype(np.int64),
        load=np.zeros((columns, limits)),
        first=np.full(columns, -1, dtype=np.int64),
        after=np.full(items, -1, dtype=np.int64),
        before=np.full(items, -1, dtype=np.int64),
        count=np.zeros(columns, dtype=np.int64),
        price=np.ones(limits),
        total=np.zeros(1),
        random=np.array([random.integers(1, 2**63 - 1)], dtype=np.uint64),
    )


def _part(question: LocationQuestion, *, is_whole: bool) -> Part:
    items, columns = question.num_items, question.num_columns
    return Part(
        items=np.arange(items),
        columns=np.arange(columns),
        is_open=np.full(columns, is_whole, dtype=np.bool_),
        sizes=np.array([items, columns] if is_whole else [0, 0], dtype=np.int64),
    )
