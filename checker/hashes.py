"""Fingerprints of a dataset and of criteria, the same from a stored table and from a file that was exported.

A dataset's fingerprint covers what the checker reads and nothing else: names, attributes and empty columns do not
change it; ids, order of rows and every number do. Numbers are hashed as little-endian 64-bit floats with NaN for
empty, text and lists as JSON, a column at a time in order of name.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker import columns
from checker.columns import Columns

ACCOUNT_COLUMNS = {
    "id": "text", "lat": "number", "lon": "number", "parent_id": "text", "unit_id": "text", "current_rep_id": "text",
    "locked": "flag", "requires": "words", "visits_per_year": "number",
}  # fmt: skip
REP_COLUMNS = {
    "id": "text", "lat": "number", "lon": "number", "fte": "one", "active": "active", "skills": "words",
    "max_distance_km": "number",
}  # fmt: skip
PAIR_COLUMNS = {"account_id": "text", "rep_id": "text", "cost": "number", "forbidden": "flag"}


def dataset_sha256(
    accounts: Columns,
    reps: Columns,
    pairs: Columns | None = None,
    units: Iterable[tuple[str, str]] | None = None,
    *,
    detour: NDArray[np.floating] | None = None,
) -> str:
    """Return the fingerprint of a dataset, 64 hexadecimal digits.

    Parameters
    ----------
    accounts, reps, pairs
        Columns of the stored table schema.
    units
        Pairs of ids of neighboring units, where contiguity is on; their order does not matter.
    detour
        Km by which ways around barriers are longer, where the criteria have any. Shape ``(accounts, reps)``.
    """
    digest = hashlib.sha256()
    for name, table, kinds, prefixes in (
        ("accounts", accounts, ACCOUNT_COLUMNS, ("measure:",)),
        ("reps", reps, REP_COLUMNS, ("min:", "max:", "target:")),
        ("pairs", pairs or {}, PAIR_COLUMNS, ("measure:",)),
    ):
        digest.update(f"table {name} {columns.length(table)}\n".encode())
        more = {column: "number" for column in table if column.startswith(prefixes)}
        for column, kind in sorted({**kinds, **more}.items()):
            cells = _cells(table, column, kind)
            if cells is not None:
                digest.update(f"column {json.dumps(column)} {len(cells)}\n".encode() + cells)
    if units is not None:
        edges = sorted({tuple(sorted(edge)) for edge in units})
        digest.update(b"units\n" + json.dumps(edges).encode())
    if detour is not None:
        digest.update(b"detours\n")
        for row in detour:
            digest.update(row.astype("<f8").tobytes())
    return digest.hexdigest()


def scenario_sha256(criteria: Mapping[str, Any]) -> str:
    """Return the fingerprint of normalized criteria, 64 hexadecimal digits; 1 and 1.0 are the same."""
    text = json.dumps(_as_floats(criteria), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _cells(table: Columns, column: str, kind: str) -> bytes | None:
    """Return a column's bytes, None where it says nothing."""
    if kind in ("number", "one"):
        default = 1.0 if kind == "one" else np.nan
        number = columns.numbers(table, column, default=default) + 0.0
        is_empty = bool((number == 1).all() if kind == "one" else np.isnan(number).all())
        return None if is_empty else number.astype("<f8").tobytes()
    if kind in ("flag", "active"):
        flag = columns.flags(table, column, default=kind == "active")
        return None if bool((flag == (kind == "active")).all()) else flag.astype(np.uint8).tobytes()
    if kind == "words":
        words = [sorted(cell) for cell in columns.word_sets(table, column)]
        return json.dumps(words).encode() if any(words) else None
    text = columns.texts(table, column)
    return json.dumps(text).encode() if any(cell is not None for cell in text) else None


def _as_floats(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _as_floats(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_floats(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
