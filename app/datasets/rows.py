"""Rows of a stored table as the API shows them: the same nested form that callers send."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.datasets.tables import (
    ATTRIBUTE_PREFIX,
    MAXIMUM_PREFIX,
    MEASURE_PREFIX,
    MINIMUM_PREFIX,
    TARGET_PREFIX,
    prefixed,
)


def sorted_rows(table: pa.Table, *, text: str | None = None, rep_id: str | None = None) -> NDArray[np.int64]:
    """Return the wanted rows' positions, sorted by id.

    Parameters
    ----------
    table
        Accounts or reps.
    text
        Only rows whose id or name has this text, in any case.
    rep_id
        Only accounts whose current rep this is.
    """
    order: NDArray[np.int64] = pc.sort_indices(table["id"]).to_numpy().astype(np.int64)
    keep = np.ones(table.num_rows, dtype=bool)
    if rep_id is not None:
        keep &= pc.fill_null(pc.equal(table["current_rep_id"], rep_id), False).to_numpy()
    if text:
        found = [
            pc.fill_null(pc.match_substring(table[name], text, ignore_case=True), False).to_numpy()
            for name in ("id", "name")
        ]
        keep &= found[0] | found[1]
    return order[keep[order]]


def account_rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield accounts: plain fields, then measures and attributes by name."""
    measures, attributes = prefixed(table, MEASURE_PREFIX), prefixed(table, ATTRIBUTE_PREFIX)
    for row in table.to_pylist():
        shown = {name: value for name, value in row.items() if ":" not in name}
        shown["measures"] = {name: row[MEASURE_PREFIX + name] for name in measures}
        shown["attributes"] = _said(row, ATTRIBUTE_PREFIX, attributes)
        yield shown


def rep_rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield reps: plain fields, then capacity, targets and attributes by name."""
    limited = dict.fromkeys((*prefixed(table, MINIMUM_PREFIX), *prefixed(table, MAXIMUM_PREFIX)))
    targets, attributes = prefixed(table, TARGET_PREFIX), prefixed(table, ATTRIBUTE_PREFIX)
    for row in table.to_pylist():
        shown = {name: value for name, value in row.items() if ":" not in name}
        capacity = {name: (row.get(MINIMUM_PREFIX + name), row.get(MAXIMUM_PREFIX + name)) for name in limited}
        shown["capacity"] = {
            name: {"min": low, "max": high} for name, (low, high) in capacity.items() if (low, high) != (None, None)
        }
        shown["targets"] = _said(row, TARGET_PREFIX, targets)
        shown["attributes"] = _said(row, ATTRIBUTE_PREFIX, attributes)
        yield shown


def _said(row: dict[str, Any], prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[prefix + name] for name in names if row[prefix + name] is not None}
