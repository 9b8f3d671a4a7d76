"""References in one form of a Salesforce id to a row in the other: users by 15 characters, owners by 18.

Salesforce's reports show 15 characters and its loaders 18, so the two files of one import often differ. Owns the
matching of such references; ids of accounts and reps stay byte for byte.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.datasets.salesforce_ids import is_record_id, same_record
from app.datasets.tables import DatasetTables


def with_matched_records(tables: DatasetTables) -> DatasetTables:
    """Return the tables; owners and parents that name a record in its other form name it as its row does."""
    accounts = tables.accounts
    for name, ids in (("current_rep_id", tables.reps["id"]), ("parent_id", accounts["id"])):
        column = _matched(accounts[name], ids)
        if column is not None:
            accounts = accounts.set_column(accounts.column_names.index(name), name, column)
    return replace(tables, accounts=accounts)


def _matched(column: pa.ChunkedArray, ids: pa.ChunkedArray) -> pa.Array | None:
    """Return a column of references whose records are named as among the ids; None where nothing changes."""
    is_known = pc.is_in(column, value_set=pa.concat_arrays([ids.combine_chunks()]))
    unknown = np.flatnonzero(column.is_valid().to_numpy() & ~is_known.to_numpy())
    named = {row: column[row].as_py() for row in unknown.tolist()}
    wanted = {row: same_record(text) for row, text in named.items() if is_record_id(text)}
    if not wanted:
        return None
    rows = {same_record(text): text for text in ids.to_pylist() if text is not None and is_record_id(text)}
    texts = column.to_pylist()
    for row, record in wanted.items():
        texts[row] = rows.get(record, texts[row])
    return pa.array(texts, pa.string())
