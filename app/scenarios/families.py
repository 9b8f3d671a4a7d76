"""Families: accounts under one parent, found by joining each account with its parent.

Owns the numbering of families. Refuses cycles no better than any other link: they are faults of the import check.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def family_numbers(account_ids: Sequence[str], parent_ids: Sequence[str | None]) -> npt.NDArray[np.int32]:
    """Give every family a number: one for the accounts of a tree, one of its own for everybody else.

    A parent that is not among the accounts makes a family of those that share it.

    Parameters
    ----------
    account_ids
        Ids of the accounts. Shape ``(accounts,)``.
    parent_ids
        Id of each account's parent, None without one. Shape ``(accounts,)``.

    Returns
    -------
    The families' numbers from 0 in order of first appearance. Shape ``(accounts,)``.

    Notes
    -----
    Union-find with path halving, nearly linear in the number of accounts.
    """
    position = {account_id: index for index, account_id in enumerate(account_ids)}
    root = list(range(len(account_ids)))
    first_child: dict[str, int] = {}
    for index, parent_id in enumerate(parent_ids):
        if parent_id is None:
            continue
        other = position.get(parent_id)
        if other is None:
            other = first_child.setdefault(parent_id, index)
        _join(root, index, other)
    return _renumber(root)


def _find(root: list[int], index: int) -> int:
    while root[index] != index:
        root[index] = root[root[index]]
        index = root[index]
    return index


def _join(root: list[int], one: int, other: int) -> None:
    one, other = _find(root, one), _find(root, other)
    if one != other:
        root[max(one, other)] = min(one, other)


def _renumber(root: list[int]) -> npt.NDArray[np.int32]:
    number: dict[int, int] = {}
    family = np.empty(len(root), dtype=np.int32)
    for index in range(len(root)):
        family[index] = number.setdefault(_find(root, index), len(number))
    return family
