"""References: every rep, account and unit that is named is there, and parents make trees."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.datasets.checks.pair_places import check_pair_places
from app.datasets.faults import FaultLog, Origin
from app.datasets.managers import check_managers
from app.datasets.tables import MEASURE_PREFIX, DatasetTables, prefixed
from app.errors import Fault
from app.validation import nearest

SEARCHED_IDS = 2000
MAX_CYCLE_IDS = 10


def check_references(tables: DatasetTables, origins: Mapping[str, Origin], log: FaultLog) -> None:
    """Check current reps, units, parents and pairs."""
    account_ids, rep_ids = _ids(tables.accounts), _ids(tables.reps)
    accounts = origins["accounts"]
    _check_known(tables.accounts, "current_rep_id", rep_ids, "rep", accounts, log)
    if tables.units is not None and not log.has_errors_in(origins["units"]):  # those that could not be read are named
        _check_known(tables.accounts, "unit_id", _ids(tables.units), "unit", accounts, log)
    _check_cycles(tables.accounts, account_ids, accounts, log)
    check_managers(tables.reps, origins["reps"], log)
    if tables.pairs is not None:
        _check_pairs(tables, account_ids, rep_ids, origins["pairs"], log)


def positions(column: pa.ChunkedArray, ids: pa.Array) -> NDArray[np.int64]:
    """Return the position of each text among ``ids``, -1 where null or not there. Shape ``(rows,)``."""
    found = pc.index_in(column.combine_chunks(), value_set=ids, skip_nulls=True)  # a missing id is nobody's
    result: NDArray[np.int64] = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return result


def _ids(table: pa.Table) -> pa.Array:
    column = table["id"].combine_chunks()
    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column


def _check_known(table: pa.Table, name: str, ids: pa.Array, noun: str, origin: Origin, log: FaultLog) -> None:
    column = table[name]
    unknown = (positions(column, ids) < 0) & column.is_valid().to_numpy()
    log.rows(np.flatnonzero(unknown), _unknown(column, name, ids, noun, origin))


def _unknown(column: pa.ChunkedArray, name: str, ids: pa.Array, noun: str, origin: Origin) -> Callable[[int], Fault]:
    searched = [text for text in ids[:SEARCHED_IDS].to_pylist() if text is not None]
    known: dict[str, str | None] = {}

    def make(row: int) -> Fault:
        text = str(column[row].as_py())
        if text not in known:
            known[text] = nearest(text, searched) if len(known) < 50 else None
        near = known[text]
        hint = f" Is it '{near}'?" if near else ""
        detail = f"{origin.label(name)} names the {noun} '{text[:64]}', which is not in the data.{hint}"
        params = {"id": text, **({"nearest": near} if near else {})}
        return Fault(code="UNKNOWN_REFERENCE", detail=detail, value=text, params=params, **origin.place(row, name))

    return make


def _check_cycles(accounts: pa.Table, ids: pa.Array, origin: Origin, log: FaultLog) -> None:
    """Refuse parents that lead back; found by halving the ways up until only circles remain."""
    parent = positions(accounts["parent_id"], ids)
    if (parent < 0).all():
        return
    top = np.append(parent, -1)
    top[top < 0] = len(parent)
    for _ in range(int(np.ceil(np.log2(len(parent) + 1))) + 1):
        top = top[top]
    circling = np.unique(top[:-1][top[:-1] < len(parent)])
    seen: set[int] = set()
    for start in circling.tolist():
        if start in seen:
            continue
        cycle = [start]
        while (following := int(parent[cycle[-1]])) != start:
            cycle.append(following)
        seen.update(cycle)
        names = [str(ids[row].as_py()) for row in cycle[:MAX_CYCLE_IDS]]
        way = " → ".join([*(name[:40] for name in names), "…" if len(cycle) > MAX_CYCLE_IDS else names[0][:40]])
        detail = f"The parents lead in a circle: {way}."
        place = origin.place(start, "parent_id")
        log.add(Fault(code="FAMILY_CYCLE", detail=detail, params={"ids": names, "length": len(cycle)}, **place))


def _check_twice(
    pairs: pa.Table, name: str, account: NDArray[np.int64], other: NDArray[np.int64], origin: Origin, log: FaultLog
) -> None:
    """Refuse a pair of an account and a rep, or a place, that stands twice."""
    known = np.flatnonzero((account >= 0) & (other >= 0))
    keys = account[known] * max(int(other.max(initial=0)) + 1, 1) + other[known]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    again = known[first[inverse] != np.arange(len(keys))]
    noun = name.removesuffix("_id")

    def make(row: int) -> Fault:
        names = str(pairs["account_id"][row].as_py()), str(pairs[name][row].as_py())
        detail = f"The pair of account '{names[0][:64]}' and {noun} '{names[1][:64]}' stands twice."
        params = {"account_id": names[0], name: names[1]}
        fix = "Keep one of the two."
        return Fault(code="DUPLICATE_ID", detail=detail, fix=fix, params=params, **origin.place(row, "account_id"))

    log.rows(again, make)


def _check_pairs(
    tables: DatasetTables, account_ids: pa.Array, rep_ids: pa.Array, origin: Origin, log: FaultLog
) -> None:
    pairs = tables.pairs
    if pairs is None:
        return
    _check_known(pairs, "account_id", account_ids, "account", origin, log)
    _check_known(pairs, "rep_id", rep_ids, "rep", origin, log)
    account, rep = positions(pairs["account_id"], account_ids), positions(pairs["rep_id"], rep_ids)
    _check_twice(pairs, "rep_id", account, rep, origin, log)
    _check_twice(pairs, "place_id", account, check_pair_places(tables, origin, log), origin, log)
    measures = {"accounts", *prefixed(tables.accounts, MEASURE_PREFIX)}
    for measure in prefixed(pairs, MEASURE_PREFIX):
        if measure not in measures:
            detail = f"The pairs have the measure '{measure[:64]}', which no account has."
            log.add(Fault(code="UNKNOWN_REFERENCE", detail=detail, params={"measure": measure}, **origin.place(None)))
