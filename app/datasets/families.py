"""Families: the whole tree under a parent, also under a parent that is not in the data."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def family_numbers(accounts: pa.Table) -> NDArray[np.int64]:
    """Return the family of each account, numbered by first occurrence; parents must not lead in circles.

    Shape ``(accounts,)``.
    """
    num_accounts = accounts.num_rows
    ids, parents = accounts["id"].combine_chunks(), accounts["parent_id"].combine_chunks()
    if num_accounts == 0 or parents.null_count == num_accounts:
        return np.arange(num_accounts)
    position = pc.fill_null(pc.index_in(parents, value_set=ids), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    outside = parents.is_valid().to_numpy(zero_copy_only=False) & (position < 0)
    codes = pc.fill_null(parents.dictionary_encode().indices, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    root = np.arange(num_accounts)
    root = np.where(position >= 0, position, root)
    for _ in range(int(np.ceil(np.log2(num_accounts + 1))) + 1):
        root = root[root]
    label = np.where(outside[root], num_accounts + codes[root], root)
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return order[inverse]


def num_families(accounts: pa.Table) -> int:
    """Return how many families have more than one account."""
    if accounts.num_rows == 0:
        return 0
    return int((np.bincount(family_numbers(accounts)) > 1).sum())
