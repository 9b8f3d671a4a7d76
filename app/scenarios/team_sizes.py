"""A dataset with more or fewer reps: who would leave, and what new seats are like.

Owns the choice of those who leave (the ones whose accounts lose least) and the terms of new seats: no home, so that the
optimizer places them, full time, every skill that an account asks for, and the middle one of the team's limits. Imports
neither the web nor the database.
"""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from app.datasets.tables import DatasetTables
from app.scenarios.columns import Bool, flags, ids, numbers, word_lists
from app.scenarios.places import measures_from_centers
from app.scenarios.planning import plan
from app.scenarios.schemas import Criteria
from optimizer.items import items_of
from optimizer.location.closing import kept_open
from optimizer.permissions import permissions_of, required_reps

NEW_ID: Final = "NEW-{number}"
NEW_NAME: Final = "New rep {number}"


def team_of(tables: DatasetTables, criteria: Criteria, count: int) -> DatasetTables:
    """Return the dataset with so many active reps, at least those who must stay.

    Reps who leave become inactive; their accounts remember them. New seats stand behind all others.
    """
    active = flags(tables.reps, "active", missing=True)
    now = int(active.sum())
    if count < now:
        return replace(tables, reps=_without(tables.reps, active & ~_staying(tables, criteria, active, count)))
    if count > now:
        return replace(tables, reps=_with_seats(tables, count - now))
    return tables


def must_stay(tables: DatasetTables, criteria: Criteria) -> Bool:
    """Return which reps have locked accounts or are frozen. Shape ``(reps,)``."""
    index = {rep_id: position for position, rep_id in enumerate(ids(tables.reps))}
    named = [lock.rep_id for lock in criteria.locks] + list(criteria.frozen_reps)
    locked = flags(tables.accounts, "locked", missing=False)
    current = tables.accounts.column("current_rep_id").to_pylist()
    named += [rep_id for rep_id, is_locked in zip(current, locked.tolist(), strict=True) if is_locked and rep_id]
    stays = np.zeros(len(index), dtype=np.bool_)
    stays[[index[rep_id] for rep_id in named if rep_id in index]] = True
    return stays


def _staying(tables: DatasetTables, criteria: Criteria, active: Bool, count: int) -> Bool:
    """Return who stays: of open seats without a home the first, of all others those who are missed most."""
    stays = must_stay(tables, criteria) & active
    homeless = np.isnan(numbers(tables.reps, "lat")) | np.isnan(numbers(tables.reps, "lon"))
    seats = np.flatnonzero(active & homeless & ~stays)
    if measures_from_centers(tables, criteria) and len(seats):
        dropped = seats[::-1][: int(active.sum()) - count]
        left = active.copy()
        left[dropped] = False
        if int(left.sum()) <= count:
            return left
        active = left
    planned = plan(replace(tables, reps=_without(tables.reps, ~active)), criteria)
    problem, wanted = planned.problem, planned.criteria
    items = items_of(problem, wanted)
    permissions = permissions_of(problem, wanted, items)
    reps = permissions.reps
    cost = np.zeros((items.num_items, len(reps)))
    for matrix, weight in ((problem.travel, wanted.travel_weight), (problem.inertia, wanted.compactness_weight)):
        if matrix is not None and weight > 0:
            part = items.block(matrix, reps, 0, items.num_items).astype(np.float64)
            scale = float(part.min(axis=1).sum()) or 1.0
            cost += weight / scale * part
    required = np.zeros(problem.num_reps, dtype=np.bool_)
    required[required_reps(problem, wanted)[1]] = True
    kept = kept_open(cost, permissions.allowed[:, : len(reps)], required[reps], count=count)
    staying = np.zeros(problem.num_reps, dtype=np.bool_)
    staying[reps[kept]] = True
    return staying


def _without(reps: pa.Table, leaving: Bool) -> pa.Table:
    active = flags(reps, "active", missing=True) & ~leaving
    column = pa.array(active.tolist(), pa.bool_())
    if "active" not in reps.column_names:
        return reps.append_column("active", column)
    return reps.set_column(reps.column_names.index("active"), "active", column)


def _with_seats(tables: DatasetTables, count: int) -> pa.Table:
    reps = tables.reps
    taken = set(ids(reps))
    wanted = sorted({word for words in word_lists(tables.accounts, "requires") for word in words})
    active = flags(reps, "active", missing=True)
    rows: list[dict[str, Any]] = []
    number = 0
    while len(rows) < count:
        number += 1
        if NEW_ID.format(number=number) in taken:
            continue
        row: dict[str, Any] = {"id": NEW_ID.format(number=number), "name": NEW_NAME.format(number=number)}
        rows.append(row | {"fte": 1.0, "active": True, "skills": wanted} | _middle_terms(reps, active))
    columns = {field.name: pa.array([row.get(field.name) for row in rows], field.type) for field in reps.schema}
    return pa.concat_tables([reps, pa.table(columns, schema=reps.schema)])


def _middle_terms(reps: pa.Table, active: Bool) -> dict[str, float]:
    """Return the median of the active reps' largest loads, targets and distances, where all of them have one."""
    terms = {}
    for name in reps.column_names:
        if name.startswith(("max:", "target:")) or name == "max_distance_km":
            values = numbers(reps, name)[active]
            if len(values) and not np.isnan(values).any():
                terms[name] = float(np.median(values))
    return terms
