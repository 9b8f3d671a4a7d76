"""A dataset as the arrays that every what-if question needs, without a matrix of pairs; built once and shared.

Owns the optimizer's :class:`Problem` of a dataset without travel, skills and possible pairs, which stand in
:mod:`app.alignments.pair_facts` for the few pairs that a question concerns. Refuses to know criteria.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from app.alignments.columns import (
    ACCOUNTS,
    AlignmentColumns,
    Flags,
    Floats,
    Integers,
    alignment_columns,
    float_column,
    rep_positions,
)
from app.alignments.travel import TravelRule, center_points
from app.datasets.tables import MAXIMUM_PREFIX, MINIMUM_PREFIX, TARGET_PREFIX, DatasetTables
from app.scenarios.center import Centers
from app.scenarios.place_costs import has_place_costs
from app.scenarios.unit_graph import unit_graph
from optimizer.problem import PairAmounts, Problem
from optimizer.units import Units


@dataclass(frozen=True, eq=False)
class Ground:
    """A dataset as arrays.

    Parameters
    ----------
    columns
        The dataset beside an alignment; its owners mean nothing here.
    problem
        Accounts, reps and amounts, without what belongs to pairs.
    requirement
        The number of each account's set of required skills; 0 requires none. Shape ``(accounts,)``.
    is_missing
        Which rep lacks a skill of each set. Shape ``(sets, reps)``.
    centers
        Placed centers of reps without a home, by rep id.
    known_units
        Neighbors of units that were reckoned already, by kind; whoever is derived from this ground shares them.
    """

    columns: AlignmentColumns
    problem: Problem
    requirement: Integers
    is_missing: Flags
    centers: Centers = field(default_factory=dict)
    known_units: dict[str, Units] = field(default_factory=dict)

    @property
    def tables(self) -> DatasetTables:
        """Return the dataset's tables."""
        return self.columns.tables

    @cached_property
    def account_index(self) -> Mapping[str, int]:
        """Return the position of every account id."""
        return {account_id: position for position, account_id in enumerate(self.columns.account_ids)}

    @cached_property
    def rep_index(self) -> Mapping[str, int]:
        """Return the position of every rep id."""
        return {rep_id: position for position, rep_id in enumerate(self.columns.rep_ids)}

    @cached_property
    def account_place(self) -> tuple[Floats, Floats]:
        """Return latitude and longitude of the accounts in degrees, NaN where unknown."""
        return self.columns.account_column("lat"), self.columns.account_column("lon")

    @cached_property
    def rep_place(self) -> tuple[Floats, Floats]:
        """Return latitude and longitude of the reps' centers in degrees, NaN where unknown."""
        return center_points(self.columns, TravelRule(centers=self.centers))

    @cached_property
    def visits(self) -> Floats:
        """Return the visits of each account in a year, 1 where none are given."""
        visits = self.columns.account_column("visits_per_year")
        return np.where(np.isnan(visits), 1.0, visits)

    @cached_property
    def max_distance_km(self) -> Floats:
        """Return how far each rep may go, infinite without a limit. Shape ``(reps,)``."""
        limit = self.columns.rep_column("max_distance_km")
        return np.where(np.isnan(limit), np.inf, limit)

    def family_of(self, account: int) -> Integers:
        """Return the accounts of an account's family, itself included, ascending."""
        family = self.problem.family
        return np.flatnonzero(family == family[account])

    def units(self, kind: Literal["rook", "queen"]) -> Units:
        """Return every account's unit and the units' neighbors, reckoned once: it takes seconds for a large map."""
        found = self.known_units.get(kind)
        return self.known_units.setdefault(kind, unit_graph(self.tables, kind)) if found is None else found

    def with_tables(self, tables: DatasetTables) -> "Ground":
        """Return the ground of changed tables whose accounts, reps and pairs keep their order and amounts."""
        columns = replace(self.columns, tables=tables)
        problem = self.problem.replace(locked=_locked(tables.accounts), **_limits(tables.reps, self.problem.measures))
        return replace(self, columns=columns, problem=problem)

    def with_centers(self, centers: Centers) -> "Ground":
        """Return the ground with these centers for reps without a home."""
        if has_place_costs(self.tables):
            return replace(ground_of(self.tables, centers), known_units=self.known_units)
        return replace(self, centers=centers)


def ground_of(tables: DatasetTables, centers: Centers | None = None) -> Ground:
    """Bring a dataset into arrays, with these centers for reps without a home. Linear in accounts, reps and pairs."""
    nobody = pa.nulls(tables.accounts.num_rows, pa.string())
    columns = alignment_columns(
        tables, pa.table({"account_id": tables.accounts.column("id"), "rep_id": nobody}), centers=centers
    )
    measures = (ACCOUNTS, *tables.measures())
    requirement, is_missing = _requirements(tables)
    limits = _limits(tables.reps, measures)
    problem = Problem(
        measures=measures,
        amount=np.column_stack([columns.amount[measure] for measure in measures]),
        current=columns.current.astype(np.int32),
        family=family_labels(tables.accounts).astype(np.int32),
        locked=_locked(tables.accounts),
        fte=columns.fte,
        active=columns.is_active,
        pair_amounts=_pair_amounts(columns, measures),
        capacity_min=limits["capacity_min"],
        capacity_max=limits["capacity_max"],
        target=limits["target"],
    )
    return Ground(
        columns=columns, problem=problem, requirement=requirement, is_missing=is_missing, centers=dict(centers or {})
    )


def family_labels(accounts: pa.Table) -> Integers:
    """Give the accounts of a family the same number: the families of :mod:`app.scenarios.families`, in arrays.

    Returns
    -------
    numpy.ndarray
        Numbers of no meaning, equal within a family. Shape ``(accounts,)``.
    """
    num_accounts = accounts.num_rows
    parent = accounts.column("parent_id").cast(pa.string())
    child = np.flatnonzero(pc.is_valid(parent).to_numpy())
    if not len(child):
        return np.arange(num_accounts)
    named = parent.take(pa.array(child))
    inside = rep_positions(named, accounts.column("id"))
    outside = pc.dictionary_encode(named.combine_chunks()).indices.to_numpy(zero_copy_only=False)
    node = np.where(inside >= 0, inside, num_accounts + outside)
    size = num_accounts + len(child)
    links = coo_matrix((np.ones(len(child), dtype=np.int8), (child, node)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    return np.asarray(label[:num_accounts], dtype=np.int64)


def _limits(reps: pa.Table, measures: tuple[str, ...]) -> dict[str, Floats]:
    def by_measure(prefix: str, absent: float) -> Floats:
        found = [float_column(reps, prefix + measure) for measure in measures]
        return np.column_stack([np.where(np.isnan(column), absent, column) for column in found])

    return {
        "capacity_min": by_measure(MINIMUM_PREFIX, 0.0),
        "capacity_max": by_measure(MAXIMUM_PREFIX, np.inf),
        "target": by_measure(TARGET_PREFIX, np.nan),
    }


def _locked(accounts: pa.Table) -> Flags:
    return np.asarray(pc.fill_null(accounts.column("locked"), False).to_numpy(), dtype=np.bool_)


def _pair_amounts(columns: AlignmentColumns, measures: tuple[str, ...]) -> PairAmounts | None:
    pairs = columns.pairs
    if pairs is None or not pairs.amount:
        return None
    unset = np.full(len(pairs.key), np.nan)
    amount = np.column_stack([pairs.amount.get(measure, unset) for measure in measures])
    chosen = ~np.isnan(amount).all(axis=1)
    if not chosen.any():
        return None
    account, rep = np.divmod(pairs.key[chosen], columns.num_reps)
    return PairAmounts(account=account.astype(np.int32), rep=rep.astype(np.int32), amount=amount[chosen])


def _requirements(tables: DatasetTables) -> tuple[Integers, Flags]:
    """Return the number of each account's set of required skills, and which rep lacks one of each set."""
    column = tables.accounts.column("requires")
    asking = np.flatnonzero(pc.fill_null(pc.list_value_length(column), 0).to_numpy() > 0)
    sets: dict[frozenset[str], int] = {frozenset(): 0}
    requirement = np.zeros(tables.accounts.num_rows, dtype=np.int64)
    words = column.take(pa.array(asking)).to_pylist()
    requirement[asking] = [sets.setdefault(frozenset(wanted), len(sets)) for wanted in words]
    skills = [frozenset(owned or ()) for owned in tables.reps.column("skills").to_pylist()]
    is_missing = np.array([[not wanted <= owned for owned in skills] for wanted in sets], dtype=np.bool_)
    return requirement, is_missing
