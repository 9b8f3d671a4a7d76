"""A dataset with free centers as the question that :mod:`optimizer.location` answers.

Owns what items cost from each place, the bands of loads, and who is near whom. Imports neither the web nor the
database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from app.datasets.tables import DatasetTables
from app.scenarios.barriers import FARTHEST_KM, barriers_in
from app.scenarios.center import Centers
from app.scenarios.center_candidates import CandidatePlaces, thinned
from app.scenarios.center_clumps import Clumps, clumps_of
from app.scenarios.columns import Float64, ids, numbers
from app.scenarios.place_costs import (
    PlaceWeighing,
    has_place_costs,
    place_costs,
    place_weighing,
    reps_with_costs,
    with_homes_priced,
)
from app.scenarios.places import free_reps
from app.scenarios.planning import Plan, plan
from app.scenarios.schemas import Criteria
from geo_data.barriers import Barriers
from geo_data.distances import EARTH_RADIUS_KM, distance_matrix_km, unit_vectors
from optimizer.criteria import Criteria as Wanted
from optimizer.location.question import LocationQuestion
from optimizer.problem import ACCOUNTS, Problem
from optimizer.targets import target_loads

Positions = npt.NDArray[np.int64]

NEIGHBORS: Final = 12
NEAR_PLACES: Final = 16
FAR_PLACES: Final = 8
"""Places further away that a center may jump to, beside the nearest ones."""
SPREAD: Final = 6
"""One in so many of the places beyond the nearest is taken for that."""
BLOCK_PAIRS: Final = 4_000_000
LEAST_BAND: Final = 0.02
"""Half a band's width at least, while centers are sought: clumps cannot meet a narrower one."""


@dataclass(frozen=True, eq=False)
class Weighing:
    """What a kilometer and a squared kilometer to an account count in the search for centers.

    Attributes
    ----------
    per_km, per_km2
        Shape ``(accounts,)``.
    """

    per_km: Float64
    per_km2: Float64

    def of(self, accounts: Positions) -> "Weighing":
        """Return the weights of some accounts."""
        return Weighing(self.per_km[accounts], self.per_km2[accounts])

    def cost(self, distance: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return what distances cost. Shape ``(places, accounts)``, as given."""
        return distance * (self.per_km + distance * self.per_km2)


@dataclass(frozen=True, eq=False)
class CenterQuestion:
    """The question, and how its positions read.

    Attributes
    ----------
    question
        For :func:`optimizer.location.search.locate`; fixed centers are places behind all candidates.
    places
        The candidates by position.
    reps
        The rep of each column. Shape ``(columns,)``.
    weights
        What a distance to each account counts.
    priced
        What the caller's costs count; None where distances are measured.
    planned
        The plan of everything but distances.
    scale
        What one raw unit of each term counts, by name; empty where the question asks for something else as well.
    is_whole
        True where no items were joined and no places left out.
    """

    question: LocationQuestion
    places: CandidatePlaces
    reps: Positions
    weights: Weighing
    priced: PlaceWeighing | None
    planned: Plan
    scale: Mapping[str, float]
    is_whole: bool


def weighing(tables: DatasetTables, criteria: Criteria, *, typical_km: float) -> tuple[Weighing, dict[str, float]]:
    """Return what distances count: travel and compactness by their weights, on one scale at a typical distance.

    Returns
    -------
    The weights of each account, and what a raw unit of each term that is asked for counts.
    """
    accounts = tables.accounts
    visits = numbers(accounts, "visits_per_year", missing=1.0)
    has_workload = "measure:workload" in accounts.column_names
    workload = numbers(accounts, "measure:workload", missing=0.0) if has_workload else np.ones(accounts.num_rows)
    travel = 0.0 if criteria.travel.has_pair_costs else criteria.travel.weight
    is_priced = criteria.travel.has_pair_costs and has_place_costs(tables)
    per_visit = travel / (max(float(visits.sum()), 1e-12) * typical_km)
    per_load = criteria.compactness.weight / (max(float(workload.sum()), 1e-12) * typical_km**2)
    scale = {"travel": per_visit / criteria.travel.road_factor, "compactness": per_load}
    if travel == 0 and criteria.compactness.weight == 0 and not is_priced:
        per_visit = 1.0  # only a largest distance asks for a place: the nearest one serves it best
    return Weighing(per_visit * visits, per_load * workload), {name: one for name, one in scale.items() if one > 0}


def center_question(
    tables: DatasetTables, criteria: Criteria, known: Centers, places: CandidatePlaces
) -> CenterQuestion:
    """Return the question of where the reps without a home and without a known center should be.

    Parameters
    ----------
    tables, criteria
        What the scenario asks; every account has a place.
    known
        Centers that were placed before.
    places
        All candidates; thinned where there are very many.
    """
    planned = _without_distances(tables, criteria, known)
    chosen = places.take(thinned(places))
    reps = np.flatnonzero(planned.problem.active)
    lat, lon = planned.account_places
    clumps = clumps_of(planned.problem, planned.criteria, lat, lon, reps)
    weights, scale = weighing(tables, criteria, typical_km=_typical_km(lat, lon, chosen, num_reps=len(reps)))
    standing = _standing(planned, chosen, reps)
    limit_km = numbers(tables.reps, "max_distance_km")[reps]
    is_limited = bool(np.isfinite(limit_km).any())
    cost, far = _costs(standing.at, (lat, lon), weights, clumps.of_account, wants_distance=is_limited)
    priced = _priced(tables, criteria, known, chosen, num_reps=len(reps))
    if priced is not None:
        cost += _clumped(priced, [*_servers(chosen), *standing.homes], clumps.of_account)
        scale = _with_costs(scale, tables, criteria, priced)
    barriers = barriers_in(criteria.travel.model_dump())
    if barriers is not None:
        cost += _around(barriers, standing.at, (lat, lon), weights, clumps.of_account)
    return CenterQuestion(
        question=_question(planned, reps, clumps, standing, (cost, far), limit_km),
        places=chosen,
        reps=reps,
        weights=weights,
        priced=priced,
        planned=planned,
        scale=scale,
        is_whole=len(chosen) == len(places) and clumps.is_whole,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Standing:
    """Where centers may stand, and where those stand that are fixed.

    Attributes
    ----------
    at
        Latitudes and longitudes of the candidates, then of the homes of reps who have one.
    num_candidates
        How many of these are candidates.
    center
        The place of each column's home, −1 where a place is sought. Shape ``(columns,)``.
    homes
        Who serves from the homes.
    """

    at: tuple[Float64, Float64]
    num_candidates: int
    center: Positions
    homes: list[tuple[str, str]]


def _standing(planned: Plan, candidates: CandidatePlaces, reps: Positions) -> Standing:
    home_lat, home_lon = planned.rep_places[0][reps], planned.rep_places[1][reps]
    is_fixed = ~(np.isnan(home_lat) | np.isnan(home_lon))
    center = np.full(len(reps), -1, dtype=np.int64)
    center[is_fixed] = len(candidates) + np.arange(int(is_fixed.sum()))
    return Standing(
        at=(np.concatenate([candidates.lat, home_lat[is_fixed]]), np.concatenate([candidates.lon, home_lon[is_fixed]])),
        num_candidates=len(candidates),
        center=center,
        homes=[("rep", planned.rep_ids[rep]) for rep in reps[is_fixed].tolist()],
    )


def _question(
    planned: Plan,
    reps: Positions,
    clumps: Clumps,
    standing: Standing,
    costs: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None],
    limit_km: Float64,
) -> LocationQuestion:
    """Return the question in the optimizer's form: costs and distances by place, bands of loads, who is near whom."""
    cost, far = costs
    lower, upper, amount = _bands(planned.problem, planned.criteria, clumps.of_account, reps)
    middle = clumps.middles(*planned.account_places)
    at = unit_vectors(*standing.at)
    return LocationQuestion(
        cost=cost,
        amount=amount,
        lower=lower,
        upper=upper,
        center=standing.center,
        place_of=_nearest(at[: standing.num_candidates], middle, 1)[:, 0],
        near=_neighbors(middle),
        near_places=_near_places(at, standing.num_candidates),
        banned=None if clumps.allowed.all() else np.ascontiguousarray(~clumps.allowed.T),
        distance=far,
        reach=np.where(np.isnan(limit_km), np.inf, limit_km) if far is not None else None,
        home=clumps.home,
        leaving=clumps.leaving,
    )


def _without_distances(tables: DatasetTables, criteria: Criteria, known: Centers) -> Plan:
    """Return the plan of everything but what is measured from centers."""
    reps = tables.reps
    if "max_distance_km" in reps.column_names:
        reps = reps.drop_columns(["max_distance_km"])
    return plan(
        replace(tables, reps=reps),
        criteria.model_copy(
            update={
                "travel": criteria.travel.model_copy(update={"weight": 0.0, "barriers": [], "source": "great_circle"}),
                "compactness": criteria.compactness.model_copy(update={"weight": 0.0}),
                "contiguity": "off",
            }
        ),
        centers=known,
    )


def _servers(places: CandidatePlaces) -> list[tuple[str, str]]:
    return [("place", place_id or "") for place_id in places.place_id]


def _priced(
    tables: DatasetTables, criteria: Criteria, known: Centers, places: CandidatePlaces, *, num_reps: int
) -> PlaceWeighing | None:
    """Return what the caller's costs count; None where distances are measured instead."""
    costs = place_costs(with_homes_priced(tables, known)) if criteria.travel.has_pair_costs else None
    if costs is None:
        return None
    spread = places.take(thinned(places, num_reps))
    return place_weighing(costs, _servers(spread), weight=criteria.travel.weight)


def _with_costs(
    scale: dict[str, float], tables: DatasetTables, criteria: Criteria, priced: PlaceWeighing
) -> dict[str, float]:
    """Return the scale with the caller's costs; empty where they count for who may serve whom, or by rep, too."""
    free = set(np.array(ids(tables.reps))[free_reps(tables, criteria, {})].tolist())
    if criteria.travel.weight == 0 or free & reps_with_costs(tables):
        return {}
    return {"travel": priced.weight, **scale}


def _clumped(priced: PlaceWeighing, servers: list[tuple[str, str]], clump: Positions) -> npt.NDArray[np.float32]:
    """Return what each clump counts from some places and reps. Shape ``(servers, clumps)``."""
    order = np.argsort(clump, kind="stable")
    start = np.flatnonzero(np.diff(clump[order], prepend=-1))
    added = np.empty((len(servers), len(start)), dtype=np.float32)
    rows = max(1, BLOCK_PAIRS // len(order))
    for first in range(0, len(servers), rows):
        block = slice(first, first + rows)
        added[block] = np.add.reduceat(priced.table(servers[block])[:, order], start, axis=1)
    return added


def _typical_km(lat: Float64, lon: Float64, places: CandidatePlaces, *, num_reps: int) -> float:
    """Return how far an account is from the nearest of as many places as there are reps, spread like all places."""
    spread = places.take(thinned(places, num_reps))
    tree = KDTree(unit_vectors(spread.lat, spread.lon))
    chord, _ = tree.query(unit_vectors(lat, lon))
    return max(float(chord.mean()) * EARTH_RADIUS_KM, 0.1)


def _costs(
    points: tuple[Float64, Float64],
    accounts: tuple[Float64, Float64],
    weights: Weighing,
    clump: Positions,
    *,
    wants_distance: bool,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
    """Return what each clump costs from each place, and its farthest account's distance. Shape ``(places, clumps)``."""
    order = np.argsort(clump, kind="stable")
    start = np.flatnonzero(np.diff(clump[order], prepend=-1))
    shape = len(points[0]), len(start)
    cost = np.empty(shape, dtype=np.float32)
    far = np.empty(shape, dtype=np.float32) if wants_distance else None
    sorted_weights = weights.of(order)
    lat, lon = accounts[0][order], accounts[1][order]
    rows = max(1, BLOCK_PAIRS // len(order))
    for first in range(0, len(points[0]), rows):
        block = slice(first, first + rows)
        distance = distance_matrix_km(points[0][block], points[1][block], lat, lon)
        cost[block] = np.add.reduceat(sorted_weights.cost(distance), start, axis=1)
        if far is not None:
            far[block] = np.maximum.reduceat(distance, start, axis=1)
    return cost, far


def _around(
    barriers: Barriers,
    points: tuple[Float64, Float64],
    accounts: tuple[Float64, Float64],
    weights: Weighing,
    clump: Positions,
) -> npt.NDArray[np.float32]:
    """Return what ways around barriers add, by the first account of each clump. Shape ``(places, clumps)``."""
    _, first = np.unique(clump, return_index=True)
    detour = barriers.seen_from(*points).detours_km(accounts[0][first], accounts[1][first], dtype=np.float32)
    per_km = np.bincount(clump, weights.per_km).astype(np.float32)
    added: npt.NDArray[np.float32] = (np.minimum(detour, np.float32(FARTHEST_KM)) * per_km[:, None]).T
    return added


def _bands(problem: Problem, wanted: Wanted, clump: Positions, reps: Positions) -> tuple[Float64, Float64, Float64]:
    """Return smallest and largest loads of the columns, and what each clump has of what is limited."""
    lower, upper, measures = [], [], []
    for balance in wanted.balance:
        measure = problem.measure_index(balance.measure)
        target = target_loads(problem, balance, total=float(problem.amount[:, measure].sum()))[reps]
        tolerance = max(balance.tolerance, LEAST_BAND)
        lower.append(np.maximum((1 - tolerance) * target, problem.capacity_min[reps, measure]))
        upper.append(np.minimum((1 + tolerance) * target, problem.capacity_max[reps, measure]))
        measures.append(measure)
    for measure in range(len(problem.measures)):
        small, large = problem.capacity_min[reps, measure], problem.capacity_max[reps, measure]
        if measure not in measures and (small.any() or np.isfinite(large).any()):
            lower.append(small)
            upper.append(large)
            measures.append(measure)
    if not measures:
        lower, upper, measures = [np.zeros(len(reps))], [np.full(len(reps), np.inf)], [problem.measure_index(ACCOUNTS)]
    count = int(clump.max()) + 1
    amount = np.column_stack([np.bincount(clump, problem.amount[:, measure], minlength=count) for measure in measures])
    return np.column_stack(lower), np.column_stack(upper), amount.astype(np.float64)


def _nearest(points: Float64, of: Float64, count: int) -> Positions:
    _, found = KDTree(points).query(of, k=range(1, min(count, len(points)) + 1))
    return np.asarray(found, dtype=np.int64)


def _neighbors(middle: Float64) -> Positions:
    if len(middle) < 2:
        return np.zeros((len(middle), 0), dtype=np.int64)
    found = _nearest(middle, middle, NEIGHBORS + 1)
    own = np.arange(len(middle))[:, None]
    # where many accounts share a point, the item itself need not be the first: any one is left out instead
    is_self = found == own
    is_self[~is_self.any(axis=1), -1] = True
    return np.asarray(found[~is_self].reshape(len(middle), -1), dtype=np.int64)


def _near_places(at: Float64, num_candidates: int) -> Positions:
    found = _nearest(at[:num_candidates], at, NEAR_PLACES + FAR_PLACES * SPREAD)
    return np.concatenate([found[:, :NEAR_PLACES], found[:, NEAR_PLACES::SPREAD]], axis=1)
