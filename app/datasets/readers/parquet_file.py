"""Parquet files: typed columns, bombs refused before they are unpacked."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.datasets.readers.flat_table import FlatTable, UnreadableError
from app.datasets.readers.reading import ReadLimits


def read_parquet_file(content: bytes, limits: ReadLimits, *, max_rows: int) -> FlatTable:
    """Read a Parquet file; texts stay dictionaries until their unpacked size is known.

    Raises
    ------
    UnreadableError
        When it is not Parquet, or unpacks to more than the limit.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        _check_size(file.metadata, limits, max_rows)
        texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
        table = file.read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableError(f"The file is not Parquet: {str(error)[:200]}.") from None
    columns = tuple(_plain(column, limits) for column in table.columns)
    rows = np.arange(2, table.num_rows + 2, dtype=np.int64)
    return FlatTable(tuple(name.strip() for name in table.column_names), columns, rows)


def _check_size(metadata: pq.FileMetaData, limits: ReadLimits, max_rows: int) -> None:
    if metadata.num_rows > max_rows:
        raise UnreadableError(f"The file has {metadata.num_rows:,} rows; the limit is {max_rows:,}.", code="TOO_MANY")
    if metadata.num_columns > limits.max_columns:
        raise UnreadableError(f"The file has more than {limits.max_columns} columns.", code="TOO_MANY")
    unpacked = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    if unpacked > limits.max_unpacked_bytes:
        detail = f"The file unpacks to more than {limits.max_unpacked_bytes:,} bytes."
        raise UnreadableError(detail, code="DECOMPRESSION_LIMIT")


def _plain(column: pa.ChunkedArray, limits: ReadLimits) -> pa.Array:
    """Return the column as one array of a plain type, its texts no larger than the limit together."""
    if pa.types.is_dictionary(column.type):
        total = 0
        for chunk in column.chunks:
            lengths = pc.binary_length(chunk.dictionary)
            total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
        if total > limits.max_unpacked_bytes:
            detail = f"The file unpacks to more than {limits.max_unpacked_bytes:,} bytes."
            raise UnreadableError(detail, code="DECOMPRESSION_LIMIT")
        column = column.cast(column.type.value_type)
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined
