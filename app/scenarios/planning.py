"""THE bridge: stored tables and criteria become the optimizer's arrays, and its positions become ids again.

Owns the meaning of api.md in arrays: families, distances, travel, skills, pairs, targets, budgets. Imports neither
the web nor the database, so that the solver's child process can use it. Refuses data that
:mod:`app.scenarios.checks` would have refused before.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from app.datasets.tables import MAXIMUM_PREFIX, MEASURE_PREFIX, MINIMUM_PREFIX, TARGET_PREFIX, DatasetTables, prefixed
from app.errors import InvalidInput
from app.scenarios.barriers import question_detours
from app.scenarios.center import Center, Centers
from app.scenarios.columns import (
    Bool,
    Float64,
    flags,
    ids,
    numbers,
    positions,
    texts,
    word_lists,
)
from app.scenarios.families import family_numbers
from app.scenarios.pair_values import (
    Matrix,
    PairRows,
    cost_matrix,
    distances_km,
    missing_skills,
    possible_pairs,
    read_pairs,
)
from app.scenarios.place_costs import with_center_costs
from app.scenarios.places import missing_places, needs_distance
from app.scenarios.schemas import Criteria
from app.scenarios.unit_graph import neighbor_ids, unit_graph, unit_ids
from app.scenarios.wishes import optimizer_criteria
from geo_data import distances
from geo_data.travel import moment_of_inertia, travel_cost
from optimizer.alignment import UNASSIGNED, Alignment
from optimizer.criteria import Criteria as OptimizerCriteria
from optimizer.problem import ACCOUNTS, Problem


@dataclass(frozen=True, eq=False)
class Plan:
    """What the optimizer is asked, and how its positions read as ids.

    Attributes
    ----------
    problem, criteria
        The optimizer's own types.
    account_ids, rep_ids
        Ids by position.
    account_places, rep_places
        Latitudes and longitudes in degrees; NaN where there are none. Each of shape ``(accounts,)`` or ``(reps,)``.
    road_factor
        Road kilometers per great-circle kilometer; None when travel is the caller's cost.
    unit_ids
        Ids of the units by position; none where territories need not be connected.
    centers
        Placed centers of reps without a home, by rep id.
    detour
        How much longer than the great circle each way is in kilometers, infinite where barriers leave none; None
        without barriers. Shape ``(accounts, reps)``.
    """

    problem: Problem
    criteria: OptimizerCriteria
    account_ids: tuple[str, ...]
    rep_ids: tuple[str, ...]
    account_places: tuple[Float64, Float64]
    rep_places: tuple[Float64, Float64]
    road_factor: float | None
    unit_ids: tuple[str, ...] = ()
    centers: Centers = field(default_factory=dict)
    detour: Matrix | None = None

    def neighbors(self) -> list[tuple[str, str]] | None:
        """Return the pairs of neighboring units by id; None where territories need not be connected."""
        units = self.problem.units
        return None if units is None else neighbor_ids(units, self.unit_ids)

    def alignment(self, rep_ids: Sequence[str | None]) -> Alignment:
        """Return the alignment that gives each account, in the dataset's order, this rep; None is unassigned."""
        index = {rep_id: position for position, rep_id in enumerate(self.rep_ids)}
        return Alignment(rep=positions(list(rep_ids), index))

    def assigned_rep_ids(self, alignment: Alignment) -> list[str | None]:
        """Return each account's rep id, None where unassigned."""
        return [None if rep == UNASSIGNED else self.rep_ids[rep] for rep in alignment.rep.tolist()]

    def assignments(self, alignment: Alignment) -> pa.Table:
        """Return the stored form of an alignment: account_id, rep_id, in the dataset's order."""
        return pa.table(
            {
                "account_id": pa.array(self.account_ids, pa.string()),
                "rep_id": pa.array(self.assigned_rep_ids(alignment), pa.string()),
            }
        )

    def travel_km(self, alignment: Alignment) -> Float64 | None:
        """Return each account's way to its rep, one way, once, in road kilometers; NaN where unassigned.

        None when travel is the caller's cost. Shape ``(accounts,)``.
        """
        if self.road_factor is None:
            return None
        rep = np.asarray(alignment.rep)
        known = rep != UNASSIGNED
        for place in self.account_places:
            known = known & ~np.isnan(place)
        for place in self.rep_places:
            known = known & ~np.isnan(place[rep])
        travel = np.full(len(rep), np.nan)
        travel[known] = distances.distances_km(
            self.account_places[0][known],
            self.account_places[1][known],
            self.rep_places[0][rep[known]],
            self.rep_places[1][rep[known]],
        )
        if self.detour is not None:
            travel[known] += self.detour[np.flatnonzero(known), rep[known]]
        return self.road_factor * travel


def plan(tables: DatasetTables, criteria: Criteria, *, centers: Centers | None = None) -> Plan:
    """Turn stored tables and criteria into what the optimizer understands.

    Parameters
    ----------
    tables
        The dataset.
    criteria
        What is wanted, checked against these tables.
    centers
        Placed centers of reps without a home; they fill in what the reps' own coordinates leave open.

    Raises
    ------
    InvalidInput
        When coordinates are missing where a distance is needed.
    """
    tables = with_center_costs(tables, centers or {})
    rows = _rows(tables, centers or {})
    ways = _ways(tables, criteria, rows)
    problem = _problem(tables, criteria, rows, ways)
    # exact sums: the order of the rows must not move a budget that is a share
    totals = {name: math.fsum(column) for name, column in zip(rows.measures, rows.amount.T.tolist(), strict=True)}
    return Plan(
        problem=problem,
        criteria=optimizer_criteria(
            criteria, totals=totals, account_index=rows.account_index, rep_index=rows.rep_index
        ),
        account_ids=tuple(rows.account_index),
        rep_ids=tuple(rows.rep_index),
        account_places=rows.account_places,
        rep_places=rows.rep_places,
        road_factor=criteria.travel.road_factor if criteria.travel.source == "great_circle" else None,
        unit_ids=() if problem.units is None else tuple(unit_ids(tables)),
        centers=_used_centers(tables.reps, centers or {}),
        detour=ways.detour,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """What accounts and reps are by position.

    Attributes
    ----------
    account_index, rep_index
        Positions by id, in order.
    account_places, rep_places
        As in :class:`Plan`.
    measures, amount
        All measures, the count first, and what each account has of them. Shape ``(accounts, measures)``.
    """

    account_index: dict[str, int]
    rep_index: dict[str, int]
    account_places: tuple[Float64, Float64]
    rep_places: tuple[Float64, Float64]
    measures: tuple[str, ...]
    amount: Float64


def _rows(tables: DatasetTables, centers: Centers) -> _Rows:
    account_ids, rep_ids = ids(tables.accounts), ids(tables.reps)
    measures = (ACCOUNTS, *prefixed(tables.accounts, MEASURE_PREFIX))
    return _Rows(
        account_index={account_id: position for position, account_id in enumerate(account_ids)},
        rep_index={rep_id: position for position, rep_id in enumerate(rep_ids)},
        account_places=(numbers(tables.accounts, "lat"), numbers(tables.accounts, "lon")),
        rep_places=center_places(tables.reps, centers),
        measures=measures,
        amount=_amounts(tables.accounts, measures),
    )


@dataclass(frozen=True, eq=False)
class _Ways:
    """How far accounts are from reps, in kilometers. Each of shape ``(accounts, reps)``.

    Attributes
    ----------
    distance
        Along the great circle; None where nothing needs it.
    detour
        As in :class:`Plan`.
    """

    distance: Matrix | None
    detour: Matrix | None


def _ways(tables: DatasetTables, criteria: Criteria, rows: _Rows) -> _Ways:
    """Return how far accounts are from reps.

    Raises
    ------
    InvalidInput
        When coordinates are missing where a distance is needed.
    """
    distance = None
    if needs_distance(tables, criteria):
        distance = _distance(rows.account_places, rows.rep_places, active=flags(tables.reps, "active", missing=True))
    detour = question_detours(criteria.travel.model_dump(), rows.account_places, rows.rep_places)
    return _Ways(distance=distance, detour=detour)


def _problem(tables: DatasetTables, criteria: Criteria, rows: _Rows, ways: _Ways) -> Problem:
    """Return the optimizer's problem."""
    accounts, reps, measures = tables.accounts, tables.reps, rows.measures
    pairs = read_pairs(tables.pairs, account_index=rows.account_index, rep_index=rows.rep_index, measures=measures)
    values = _pair_arrays(tables, criteria, rows, ways, pairs=pairs)
    given = values.given if ways.detour is None else np.isfinite(ways.detour)
    reach = numbers(reps, "max_distance_km")
    shape = (accounts.num_rows, reps.num_rows)
    return Problem(
        measures=measures,
        amount=rows.amount,
        current=positions(texts(accounts, "current_rep_id"), rows.rep_index),
        family=family_numbers(list(rows.account_index), texts(accounts, "parent_id")),
        locked=flags(accounts, "locked", missing=False),
        fte=numbers(reps, "fte", missing=1.0),
        active=flags(reps, "active", missing=True),
        capacity_min=_by_measure(reps, MINIMUM_PREFIX, measures, missing=0.0),
        capacity_max=_by_measure(reps, MAXIMUM_PREFIX, measures, missing=np.inf),
        target=_by_measure(reps, TARGET_PREFIX, measures, missing=np.nan),
        travel=values.travel,
        inertia=values.inertia,
        possible=possible_pairs(ways.distance, reach, pairs, given, shape=shape),
        mismatch=missing_skills(word_lists(accounts, "requires"), word_lists(reps, "skills")),
        pair_amounts=None if pairs is None else pairs.overrides(),
        travel_unit=values.unit,
        units=None if criteria.contiguity == "off" else unit_graph(tables, criteria.contiguity),
    )


@dataclass(frozen=True, eq=False)
class _PairArrays:
    travel: Matrix | None
    inertia: Matrix | None
    given: Bool | None
    unit: str


def _pair_arrays(
    tables: DatasetTables,
    criteria: Criteria,
    rows: _Rows,
    ways: _Ways,
    *,
    pairs: PairRows | None,
) -> _PairArrays:
    distance, detour = ways.distance, ways.detour
    inertia = None
    if distance is not None and criteria.compactness.weight > 0:
        weighing = "workload" if "workload" in rows.measures else ACCOUNTS
        inertia = moment_of_inertia(distance, rows.amount[:, rows.measures.index(weighing)])
    if criteria.travel.has_pair_costs:
        cost, given = cost_matrix(pairs, num_accounts=tables.accounts.num_rows, num_reps=tables.reps.num_rows)
        return _PairArrays(travel=cost, inertia=inertia, given=given, unit=criteria.travel.unit)
    if distance is None:
        return _PairArrays(travel=None, inertia=None, given=None, unit="km")
    visits = numbers(tables.accounts, "visits_per_year", missing=1.0)
    way = distance if detour is None else distance + np.where(np.isfinite(detour), detour, 0.0)
    travel = travel_cost(way, visits, road_factor=criteria.travel.road_factor)
    return _PairArrays(travel=travel, inertia=inertia, given=None, unit="km")


def _used_centers(reps: pa.Table, centers: Centers) -> dict[str, Center]:
    """Return the centers that stand in for a home that is not there."""
    lacking = np.isnan(numbers(reps, "lat")) | np.isnan(numbers(reps, "lon"))
    free = [rep_id for rep_id, is_free in zip(ids(reps), lacking.tolist(), strict=True) if is_free]
    return {rep_id: centers[rep_id] for rep_id in free if rep_id in centers}


def _distance(account_places: tuple[Float64, Float64], rep_places: tuple[Float64, Float64], *, active: Bool) -> Matrix:
    faults = missing_places("accounts", account_places, np.ones(len(account_places[0]), np.bool_))
    faults += missing_places("reps", rep_places, active)
    if faults:
        raise InvalidInput(faults[:1000], total=len(faults))
    return distances_km(account_places, rep_places)


def center_places(reps: pa.Table, centers: Centers) -> tuple[Float64, Float64]:
    """Return latitudes and longitudes of the reps' homes, else of their placed centers; NaN without either."""
    latitude, longitude = numbers(reps, "lat"), numbers(reps, "lon")
    for position, rep_id in enumerate(ids(reps)):
        if rep_id in centers and (np.isnan(latitude[position]) or np.isnan(longitude[position])):
            latitude[position], longitude[position] = centers[rep_id][:2]
    return latitude, longitude


def dataset_detours(tables: DatasetTables, criteria: Mapping[str, Any], centers: Centers) -> Matrix | None:
    """Return the detours around the barriers of normalized criteria as a plan has them; None without barriers."""
    account_places = numbers(tables.accounts, "lat"), numbers(tables.accounts, "lon")
    return question_detours(criteria.get("travel"), account_places, center_places(tables.reps, centers))


def _amounts(accounts: pa.Table, measures: Sequence[str]) -> Float64:
    amount = np.ones((accounts.num_rows, len(measures)), dtype=np.float64)
    for column, measure in enumerate(measures):
        if measure != ACCOUNTS:
            amount[:, column] = numbers(accounts, MEASURE_PREFIX + measure, missing=0.0)
    return amount


def _by_measure(reps: pa.Table, prefix: str, measures: Sequence[str], *, missing: float) -> Float64:
    return np.column_stack([numbers(reps, prefix + measure, missing=missing) for measure in measures])
