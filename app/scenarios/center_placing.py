"""Give reps without a home a center: by a search over places, and again by an alignment that was found.

Owns whether centers are needed, and the step from the optimizer's positions to places. Imports neither the web nor the
database.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from app.datasets.tables import DatasetTables
from app.scenarios.barriers import FARTHEST_KM, barriers_in
from app.scenarios.center import Center, Centers
from app.scenarios.center_candidates import CandidatePlaces, center_places
from app.scenarios.center_question import Weighing, center_question
from app.scenarios.columns import ids, numbers
from app.scenarios.place_costs import PlaceWeighing
from app.scenarios.placement import Placement, proven_placement
from app.scenarios.places import free_reps
from app.scenarios.planning import Plan
from app.scenarios.schemas import Criteria
from geo_data.distances import distance_matrix_km, unit_vectors
from optimizer.location.params import LocationParams
from optimizer.location.search import Elapsed, locate
from optimizer.problem import IntArray

NEAR_MIDDLE: Final = 200
"""Candidates around the middle of a territory, and around its center, that are weighed with all its accounts."""
MOST_ACCOUNTS: Final = 20_000
"""Accounts of a territory by which its center is moved; more are sampled evenly."""


class Placing:
    """The free centers of one question.

    Parameters
    ----------
    tables, criteria
        What is asked.
    known
        Centers that stand already, by rep id.

    Attributes
    ----------
    free
        Positions of the reps that need a center and have none.
    placement
        What is proven of all places, once :meth:`first` looked for it; None without a valid bound.
    """

    def __init__(self, tables: DatasetTables, criteria: Criteria, *, known: Centers) -> None:
        self._tables, self._criteria, self._known = tables, criteria, dict(known)
        self.free = free_reps(tables, criteria, known)
        self._rep_ids = ids(tables.reps)
        self.placement: Placement | None = None
        self._weights: Weighing | None = None
        self._priced: PlaceWeighing | None = None
        self._barriers = barriers_in(criteria.travel.model_dump())

    def first(
        self,
        *,
        seed: int,
        params: LocationParams,
        elapsed: Elapsed = lambda: 0.0,
        stop_proof: Callable[[], bool] | None = None,
    ) -> dict[str, Center]:
        """Return centers for all free reps, the known ones included; see :func:`optimizer.location.search.locate`.

        With ``stop_proof`` a bound on all places is looked for afterwards, until it says True.
        """
        if not len(self.free):
            return dict(self._known)
        asked = center_question(self._tables, self._criteria, self._known, self._places())
        self._weights, self._priced = asked.weights, asked.priced
        found = locate(asked.question, seed=seed, params=params, elapsed=elapsed)
        if stop_proof is not None:
            self.placement = proven_placement(asked, self._criteria, known=found.cost, stop=stop_proof)
        placed = dict(self._known)
        for column, rep in enumerate(asked.reps.tolist()):
            if asked.question.center[column] < 0:
                placed[self._rep_ids[rep]] = asked.places.center(int(found.center[column]))
        return placed

    def better(self, planned: Plan, rep: IntArray) -> dict[str, Center] | None:
        """Return centers that serve the territories of an alignment at less cost; None where none is better.

        Parameters
        ----------
        planned
            The plan with the centers that the alignment was found for.
        rep
            The rep of every account, −1 for none. Shape ``(accounts,)``.
        """
        if self._weights is None:
            return None
        places, weights = self._places(), self._weights
        tree = KDTree(unit_vectors(places.lat, places.lon))
        limit_km = numbers(self._tables.reps, "max_distance_km")
        moved: dict[str, Center] = {}
        for position in self.free.tolist():
            accounts = np.flatnonzero(rep == position)
            if not len(accounts):
                continue
            now = planned.centers[self._rep_ids[position]]
            near = _candidates_near(tree, planned, accounts, weights, now)
            if len(accounts) > MOST_ACCOUNTS and np.isnan(limit_km[position]):
                accounts = accounts[np.linspace(0, len(accounts) - 1, MOST_ACCOUNTS).astype(np.int64)]
            around = places.take(near)
            chosen = _cheapest(
                around,
                planned,
                accounts,
                weights,
                now,
                limit_km=limit_km[position],
                added=self._added(around, planned, accounts, now),
            )
            if chosen is not None:
                moved[self._rep_ids[position]] = chosen
        return {**planned.centers, **moved} if moved else None

    def _added(
        self, places: CandidatePlaces, planned: Plan, accounts: np.ndarray, now: Center
    ) -> npt.NDArray[np.floating]:
        """Return what all the accounts count besides distances: detours and the caller's costs, the last for now."""
        added = np.zeros(len(places) + 1)
        if self._barriers is not None and self._weights is not None:
            lat, lon = planned.account_places
            points = np.append(places.lat, now.lat), np.append(places.lon, now.lon)
            detour = self._barriers.seen_from(*points).detours_km(lat[accounts], lon[accounts])
            added += self._weights.of(accounts).per_km @ np.minimum(detour, FARTHEST_KM)
        if self._priced is not None:
            servers = [("place", place_id or "") for place_id in (*places.place_id, now.place_id)]
            added += self._priced.table(servers)[:, accounts].sum(axis=1)
        return added

    def _places(self) -> CandidatePlaces:
        return center_places(self._tables, self._criteria)


def _candidates_near(tree: KDTree, planned: Plan, accounts: np.ndarray, weights: Weighing, now: Center) -> np.ndarray:
    """Return the candidates around the middle of a territory and around its present center."""
    lat, lon = planned.account_places
    at = unit_vectors(lat[accounts], lon[accounts])
    own = weights.of(accounts)
    load = own.per_km + own.per_km2
    middle = (load[:, None] * at).sum(axis=0) if load.sum() > 0 else at.sum(axis=0)
    length = float(np.linalg.norm(middle))
    points = [unit_vectors([now.lat], [now.lon])[0]]
    if length > 0:
        points.append(middle / length)
    _, found = tree.query(np.array(points), k=range(1, min(NEAR_MIDDLE, tree.n) + 1))
    return np.unique(found)


def _cheapest(
    places: CandidatePlaces,
    planned: Plan,
    accounts: np.ndarray,
    weights: Weighing,
    now: Center,
    *,
    limit_km: float,
    added: npt.NDArray[np.floating],
) -> Center | None:
    """Return the place that serves the accounts at the least cost, None where the present one does."""
    lat, lon = planned.account_places
    points = np.append(places.lat, now.lat), np.append(places.lon, now.lon)
    distance = distance_matrix_km(*points, lat[accounts], lon[accounts])
    cost = weights.of(accounts).cost(distance).sum(axis=1) + added
    if not np.isnan(limit_km):
        cost[:-1][(distance[:-1] > limit_km).any(axis=1)] = np.inf
    best = int(np.argmin(cost[:-1]))
    return places.center(best) if cost[best] < cost[-1] * (1 - 1e-9) else None
