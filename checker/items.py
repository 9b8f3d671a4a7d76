"""What is assigned as a whole: a family where families stay together, else an account.

Where territories must be connected, all accounts of a unit are one item, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checker.exceptions import CheckInputError

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Items:
    """Accounts grouped into items.

    Attributes
    ----------
    order
        Shape ``(accounts,)``: account indices, the members of an item side by side.
    start
        Shape ``(items + 1,)``: where each item begins in ``order``; the last entry is the number of accounts.
    """

    order: Ints
    start: Ints

    @property
    def num_items(self) -> int:
        """The number of items."""
        return len(self.start) - 1

    @property
    def largest(self) -> int:
        """The number of accounts of the largest item."""
        return int(np.diff(self.start).max())

    def blocks(self, num_accounts: int) -> Iterator[tuple[Ints, Ints]]:
        """Cut the items into blocks of about so many accounts, an item never cut.

        Yields
        ------
        The block's account indices, and where each of its items begins among them.
        """
        first = 0
        while first < self.num_items:
            last = int(np.searchsorted(self.start, self.start[first] + num_accounts, side="right")) - 1
            last = min(max(last, first + 1), self.num_items)
            begin, end = self.start[first], self.start[last]
            yield self.order[begin:end], self.start[first:last] - begin
            first = last


def single_items(num_accounts: int) -> Items:
    """Make every account an item of its own."""
    return Items(order=np.arange(num_accounts), start=np.arange(num_accounts + 1))


def family_items(account_ids: tuple[str, ...], parent_ids: list[str | None]) -> Items:
    """Make every family an item: the whole tree under parent_id.

    A parent_id outside the data makes a family of those that share it. Accounts alone come first, so that most blocks
    hold no family.

    Raises
    ------
    CheckInputError
        When an account is its own ancestor.
    """
    return _grouped(np.array(family_of(account_ids, parent_ids), dtype=np.int64))


def unit_items(unit_ids: list[str | None], family: list[int] | None) -> Items:
    """Make all accounts of a unit an item, with the families of these accounts where families stay together.

    Parameters
    ----------
    unit_ids
        One for each account, None for none.
    family
        The number of each account's family, None where families need not stay together.
    """
    leader = list(range(len(unit_ids)))

    def lead(account: int) -> int:
        while leader[account] != account:
            leader[account] = leader[leader[account]]
            account = leader[account]
        return account

    for groups in (unit_ids, family or []):
        first: dict[str | int, int] = {}
        for account, group in enumerate(groups):
            if group is not None:
                leader[lead(account)] = lead(first.setdefault(group, account))
    return _grouped(np.array([lead(account) for account in range(len(unit_ids))], dtype=np.int64))


def _grouped(label: Ints) -> Items:
    """Return the items of accounts with equal labels, those of one account first."""
    is_family = np.bincount(label)[label] > 1
    order = np.lexsort((label, is_family))
    first = np.flatnonzero(np.diff(label[order], prepend=-1))
    return Items(order=order, start=np.append(first, len(label)))


def family_of(account_ids: tuple[str, ...], parent_ids: list[str | None]) -> list[int]:
    """Return the number of each account's family, counted in order of their first account."""
    index = {account_id: position for position, account_id in enumerate(account_ids)}
    root: list[int | str | None] = [None] * len(account_ids)
    for account in range(len(account_ids)):
        path: list[int] = []
        at: int | str = account
        while isinstance(at, int) and root[at] is None and len(path) <= len(account_ids):
            path.append(at)
            parent = parent_ids[at]
            if parent is None:
                break
            at = index.get(parent, parent)
        if len(path) > len(account_ids):
            raise CheckInputError(f"Account '{account_ids[account]}' is its own ancestor.")
        top = at if isinstance(at, str) or root[at] is None else root[at]
        for member in path:
            root[member] = top
    numbers: dict[int | str | None, int] = {}
    return [numbers.setdefault(top, len(numbers)) for top in root]
