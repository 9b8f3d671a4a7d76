"""Locks that contradict the data itself; what criteria add is checked with the scenario."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.datasets.checks.numbers import numbers
from app.datasets.checks.references import positions
from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import DatasetTables
from app.errors import Fault
from geo_data.distances import distances_km


def check_locks(tables: DatasetTables, origins: Mapping[str, Origin], log: FaultLog) -> None:
    """Refuse a lock without a rep, at a rep who left, on a forbidden pair, or beyond the radius."""
    accounts, origin = tables.accounts, origins["accounts"]
    locked = accounts["locked"].to_numpy()
    if not locked.any():
        return
    has_rep = accounts["current_rep_id"].is_valid().to_numpy()
    log.rows(np.flatnonzero(locked & ~has_rep), _without_rep(origin))
    rep_ids = tables.reps["id"].combine_chunks()
    rep = positions(accounts["current_rep_id"], rep_ids)
    rows = np.flatnonzero(locked & (rep >= 0))
    active = tables.reps["active"].to_numpy()
    name = _names(accounts)
    left = rows[~active[rep[rows]]]
    log.rows(left, _conflict(name, "the rep has left (active is false)", origin, has_left=True))
    log.rows(_forbidden(tables, rows), _conflict(name, "the pair is forbidden", origin))
    log.rows(_too_far(tables, rows, rep), _conflict(name, "the account is beyond the rep's max_distance_km", origin))


def _names(accounts: pa.Table) -> Callable[[int], tuple[str, str]]:
    return lambda row: (str(accounts["id"][row].as_py()), str(accounts["current_rep_id"][row].as_py()))


def _without_rep(origin: Origin) -> Callable[[int], Fault]:
    detail = "locked is true but there is no current_rep_id; a locked account stays with its current rep."
    return lambda row: Fault(code="CONTRADICTORY_SETTING", detail=detail, **origin.place(row, "locked"))


def _conflict(
    name: Callable[[int], tuple[str, str]], why: str, origin: Origin, *, has_left: bool = False
) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        account, rep = name(row)
        detail = f"Account '{account[:64]}' is locked to rep '{rep[:64]}', but {why}."
        params = {"account_id": account, "rep_id": rep, **({"left_rep_id": rep} if has_left else {})}
        return Fault(code="LOCK_CONFLICT", detail=detail, params=params, **origin.place(row, "locked"))

    return make


def _forbidden(tables: DatasetTables, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if tables.pairs is None:
        return np.empty(0, dtype=np.int64)
    banned = tables.pairs.filter(tables.pairs["forbidden"])
    if banned.num_rows == 0:
        return np.empty(0, dtype=np.int64)
    account = positions(banned["account_id"], tables.accounts["id"].combine_chunks())
    rep = positions(banned["rep_id"], tables.reps["id"].combine_chunks())
    current = positions(tables.accounts["current_rep_id"], tables.reps["id"].combine_chunks())
    known = (account >= 0) & (rep >= 0)
    hit = account[known][current[account[known]] == rep[known]]
    return np.intersect1d(rows, hit)


def _too_far(tables: DatasetTables, rows: NDArray[np.int64], rep: NDArray[np.int64]) -> NDArray[np.int64]:
    radius = numbers(tables.reps, "max_distance_km")
    ends = (
        numbers(tables.accounts, "lat")[rows],
        numbers(tables.accounts, "lon")[rows],
        numbers(tables.reps, "lat")[rep[rows]],
        numbers(tables.reps, "lon")[rep[rows]],
    )
    valid = ~np.isnan(radius[rep[rows]])
    for values, limit in zip(ends, (90, 180, 90, 180), strict=True):
        valid &= np.abs(values) <= limit
    kept = rows[valid]
    if not kept.size:
        return kept
    far = distances_km(*(values[valid] for values in ends)) > radius[rep[kept]]
    return kept[far]
