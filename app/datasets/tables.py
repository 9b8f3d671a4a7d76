"""The stored form of a dataset: pyarrow tables, their columns, their bytes and their hash.

Imports pyarrow and numpy only, so that the solver's child process can read the same files.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MEASURE_PREFIX = "measure:"
ATTRIBUTE_PREFIX = "attribute:"
MINIMUM_PREFIX = "min:"
MAXIMUM_PREFIX = "max:"
TARGET_PREFIX = "target:"

ACCOUNT_FIELDS = pa.schema(
    [
        ("id", pa.string()),
        ("name", pa.string()),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("located_by", pa.string()),
        ("parent_id", pa.string()),
        ("unit_id", pa.string()),
        ("postal_code", pa.string()),
        ("country", pa.string()),
        ("current_rep_id", pa.string()),
        ("locked", pa.bool_()),
        ("requires", pa.list_(pa.string())),
        ("visits_per_year", pa.float64()),
        ("hours_per_visit", pa.float64()),
    ]
)
REP_FIELDS = pa.schema(
    [
        ("id", pa.string()),
        ("name", pa.string()),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("fte", pa.float64()),
        ("active", pa.bool_()),
        ("skills", pa.list_(pa.string())),
        ("max_distance_km", pa.float64()),
        ("manager_id", pa.string()),
    ]
)
PAIR_FIELDS = pa.schema(
    [("account_id", pa.string()), ("rep_id", pa.string()), ("cost", pa.float64()), ("forbidden", pa.bool_())]
)
PLACE_FIELD = pa.field("place_id", pa.string())
"""What a pair may name instead of a rep: where somebody could live. A column only where some pair does."""
UNIT_FIELDS = pa.schema(
    [("id", pa.string()), ("name", pa.string()), ("geometry", pa.binary()), ("properties", pa.string())]
)
ASSIGNMENT_FIELDS = pa.schema([("account_id", pa.string()), ("rep_id", pa.string())])


@dataclass(frozen=True)
class DatasetTables:
    """A dataset's data, columns as the fields above, then measures and attributes with their prefix.

    Parameters
    ----------
    accounts
        One row an account, in the order received.
    reps
        One row a rep, those who have left included (``active`` false).
    pairs
        One row an account and rep (or a place where a rep could live) with a cost, a ban or measures of their own;
        None when not given.
    units
        One row a geographic unit; None when not given.
    """

    accounts: pa.Table
    reps: pa.Table
    pairs: pa.Table | None = None
    units: pa.Table | None = None

    def named(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield the tables that are there, with their names."""
        for name in ("accounts", "reps", "pairs", "units"):
            table = getattr(self, name)
            if table is not None:
                yield name, table

    def measures(self) -> tuple[str, ...]:
        """Return the names of the accounts' measures, in column order, without the implicit `accounts`."""
        return prefixed(self.accounts, MEASURE_PREFIX)


def prefixed(table: pa.Table, prefix: str) -> tuple[str, ...]:
    """Return what follows ``prefix`` in the names of the columns that begin with it."""
    return tuple(name.removeprefix(prefix) for name in table.column_names if name.startswith(prefix))


def write_parquet(table: pa.Table) -> bytes:
    """Return the table as Parquet, zstd."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def read_parquet(content: bytes | Path) -> pa.Table:
    """Read a table that ``write_parquet`` wrote, from bytes or a file."""
    return pq.read_table(content if isinstance(content, Path) else pa.BufferReader(content))


def content_sha256(tables: DatasetTables) -> str:
    """Return the hash of what the tables say, whatever file format or library version held them."""
    digest = hashlib.sha256()
    for name, table in tables.named():
        digest.update(f"table {name} {table.num_rows}\n".encode())
        for column in sorted(table.column_names):
            digest.update(f"column {column}\n".encode())
            for part in _column_bytes(table.column(column).combine_chunks()):
                digest.update(part)
    return digest.hexdigest()


def _column_bytes(column: pa.Array) -> Iterator[bytes]:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    yield np.packbits(pc.is_valid(column).to_numpy(zero_copy_only=False)).tobytes()
    if pa.types.is_list(column.type):
        yield pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype("<i8").tobytes()
        yield from _column_bytes(pc.list_flatten(column))
    elif pa.types.is_floating(column.type):
        yield pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False).astype("<f8").tobytes()
    elif pa.types.is_boolean(column.type):
        yield np.packbits(pc.fill_null(column, False).to_numpy(zero_copy_only=False)).tobytes()
    else:
        binary = pc.fill_null(column.cast(pa.large_binary()), b"")
        yield pc.binary_length(binary).to_numpy(zero_copy_only=False).astype("<i8").tobytes()
        yield pa.concat_arrays([binary]).buffers()[2].to_pybytes() if len(binary) else b""
