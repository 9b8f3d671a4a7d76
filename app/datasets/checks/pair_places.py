"""Pairs that name a place instead of a rep: exactly one of the two, and a place that is there."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import PLACE_FIELD, DatasetTables
from app.errors import Fault
from app.validation import nearest
from geo_data.gazetteer import places_in

PLACE = PLACE_FIELD.name
SEARCHED_IDS = 2000


def check_pair_places(tables: DatasetTables, origin: Origin, log: FaultLog) -> NDArray[np.int64]:
    """Check what pairs name besides the account; return the number of each pair's place, -1 without one."""
    pairs = tables.pairs
    if pairs is None:
        return np.zeros(0, dtype=np.int64)
    has_rep = pairs["rep_id"].is_valid().to_numpy()
    if PLACE not in pairs.column_names:
        log.rows(np.flatnonzero(~has_rep), _nobody(origin))
        return np.full(pairs.num_rows, -1)
    has_place = pairs[PLACE].is_valid().to_numpy()
    log.rows(np.flatnonzero(~has_rep & ~has_place), _nobody(origin))
    log.rows(np.flatnonzero(has_rep & has_place), _both(pairs, origin))
    place = pc.fill_null(pairs[PLACE].combine_chunks().dictionary_encode().indices, -1)
    known = _known(tables, pairs)
    lost = has_place & ~pc.is_in(pairs[PLACE], value_set=pa.array(known, pa.string())).to_numpy()
    log.rows(np.flatnonzero(lost), _unknown(pairs, origin, tables.accounts["id"][:SEARCHED_IDS].to_pylist()))
    return np.asarray(place.to_numpy(zero_copy_only=False), dtype=np.int64)


def _known(tables: DatasetTables, pairs: pa.Table) -> list[str]:
    """Return the ids of accounts and units, and of the cities that are named."""
    known: set[str] = set(tables.accounts["id"].to_pylist())
    known |= set() if tables.units is None else set(tables.units["id"].to_pylist())
    wanted: set[str] = set(pc.unique(pairs[PLACE]).to_pylist()) - known
    if any(name is not None and "/" in name for name in wanted):
        known |= wanted.intersection(places_in(["world"]).ids())
    return sorted(name for name in known if name is not None)


def _nobody(origin: Origin) -> Callable[[int], Fault]:
    detail = "'rep_id' is missing; a pair names a rep, or a place by place_id."
    return lambda row: Fault(code="MISSING_FIELD", detail=detail, **origin.place(row, "rep_id"))


def _both(pairs: pa.Table, origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        rep_id, place_id = str(pairs["rep_id"][row].as_py()), str(pairs[PLACE][row].as_py())
        detail = f"The pair names the rep '{rep_id[:64]}' and the place '{place_id[:64]}'; it may name one of them."
        fix = "Leave out place_id where the rep is known, rep_id where anybody could live there."
        params = {"rep_id": rep_id, "place_id": place_id}
        return Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, params=params, **origin.place(row, PLACE))

    return make


def _unknown(pairs: pa.Table, origin: Origin, searched: list[str]) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        text = str(pairs[PLACE][row].as_py())
        near = nearest(text, searched)
        hint = f" Is it '{near}'?" if near else ""
        detail = f"{origin.label(PLACE)} names the place '{text[:64]}', which is no account, unit or known city.{hint}"
        params = {"id": text, **({"nearest": near} if near else {})}
        return Fault(code="UNKNOWN_REFERENCE", detail=detail, value=text, params=params, **origin.place(row, PLACE))

    return make
