"""The pairs of the elastic model in integers: what the data allow, and what each would cost in broken wishes.

Owns the columns and the prices of wishes on pairs.
"""

from collections.abc import Iterable

import numpy as np

from optimizer.alignment import Alignment
from optimizer.change_prices import Prices
from optimizer.criteria import BudgetScope, Criteria, Eligibility
from optimizer.items import Items, items_of
from optimizer.measures import Float64Array, Positions
from optimizer.permissions import permissions_of, required_reps
from optimizer.problem import BoolArray, FloatArray, IntArray, Problem


class ElasticPairs:
    """Pairs (item, column) that an elastic model may use, sorted by item; the last column is unassigned.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    kinds
        The kinds of change that may be used; pairs that would need another kind are left out.
    prices
        What each kind costs.

    Attributes
    ----------
    items
        The grouping of the accounts.
    reps
        The active reps. Shape ``(active reps,)``.
    item, column
        Shape ``(pairs,)``.
    price
        What the broken wishes of a pair cost; frozen reps are not among them. Shape ``(pairs,)``.
    """

    def __init__(self, problem: Problem, criteria: Criteria, *, kinds: Iterable[str], prices: Prices) -> None:
        self._problem, self._criteria = problem, criteria
        self.items: Items = items_of(problem, criteria)
        self._column_rep, is_open = _open_pairs(problem, criteria, self.items)
        self.reps: IntArray = self._column_rep[:-1]
        cost = np.zeros(is_open.shape)
        for kind, price in (
            ("lock", prices.lock),
            ("forbid", prices.forbid),
            ("eligibility", prices.eligibility),
            ("unassigned", prices.unassigned),
        ):
            count = self._broken(kind)
            cost += price * count
            if kind not in kinds:
                is_open &= count == 0
        if "frozen" not in kinds:
            for rep in sorted(set(criteria.frozen_reps)):
                is_open &= self._broken_frozen(rep) == 0
        self.item, self.column = np.nonzero(is_open)
        self.price: Float64Array = cost[self.item, self.column]

    @property
    def num_items(self) -> int:
        """Number of items."""
        return self.items.num_items

    @property
    def has_stranded(self) -> bool:
        """True when an item can only stay unassigned, so that the assigned total is not the full one."""
        lowest = np.full(self.num_items, len(self.reps))
        np.minimum.at(lowest, self.item, self.column)
        return bool((lowest == len(self.reps)).any())

    def breaking_frozen(self, rep: int) -> Positions:
        """Return the pairs that a frozen rep gains or loses an account by."""
        return np.flatnonzero(self._broken_frozen(rep)[self.item, self.column])

    def alignment(self, chosen: Positions) -> Alignment:
        """Return the alignment of one chosen pair per item; ``chosen`` has shape ``(items,)``."""
        return Alignment(self._column_rep[self.column[chosen]][self.items.item_of_account])

    def moved(self, own: FloatArray, scope: BudgetScope, rep: int | None) -> tuple[Positions, Float64Array]:
        """Return the pairs that move something, and how much: in all, into a rep or out of it.

        Parameters
        ----------
        own
            What each account brings when it moves, 0 where it may move for free. Shape ``(accounts,)``.
        scope, rep
            Which moves count; ``rep`` is None for all of them.
        """
        current = self._problem.current
        counted = own if scope is not BudgetScope.OUT else np.where(current == rep, own, 0.0)
        moved = self.items.sum(counted)[self.item]
        account = np.flatnonzero(counted)
        stays = np.zeros((self.num_items, len(self.reps) + 1))
        np.add.at(
            stays,
            (self.items.item_of_account[account], np.searchsorted(self.reps, current[account])),
            counted[account],
        )
        moved = moved - stays[self.item, self.column]
        if scope is BudgetScope.IN:
            moved = np.where(self._column_rep[self.column] == rep, moved, 0.0)
        pairs = np.flatnonzero(moved)
        return pairs, moved[pairs]

    def _broken(self, kind: str) -> Float64Array:
        """Return how many accounts of an item break a wish at a column. Shape ``(items, columns)``."""
        problem, criteria = self._problem, self._criteria
        count = np.zeros((self.num_items, len(self.reps) + 1))
        if kind == "lock":
            return self._elsewhere(*required_reps(problem, criteria.replace(frozen_reps=())))
        if kind == "eligibility" and problem.mismatch is not None and criteria.eligibility.hard:
            count[:, :-1] = self.items.sum(problem.mismatch[:, self.reps])
        if kind == "unassigned" and not criteria.unassigned.allowed:
            count[:, -1] = self.items.size
        if kind == "forbid":
            for account, rep in criteria.forbid:
                if problem.active[rep]:
                    count[self.items.item_of_account[account], np.searchsorted(self.reps, rep)] += 1
        return count

    def _elsewhere(self, account: IntArray, rep: IntArray) -> Float64Array:
        """Return how many accounts of an item would not be with the rep they should stay with."""
        count = np.zeros((self.num_items, len(self.reps) + 1))
        item = self.items.item_of_account[account]
        np.add.at(count, item, 1.0)
        known = self._problem.active[rep]
        np.subtract.at(count, (item[known], np.searchsorted(self.reps, rep[known])), 1.0)
        return count

    def _broken_frozen(self, rep: int) -> Float64Array:
        """Return how many accounts of an item would enter or leave a frozen rep."""
        own = np.flatnonzero(self._problem.current == rep).astype(np.int32)
        count = self._elsewhere(own, np.full(len(own), rep, dtype=np.int32))
        if self._problem.active[rep]:
            others = self.items.size - self.items.sum(self._problem.current == rep)
            count[:, np.searchsorted(self.reps, rep)] += others
        return count


def _open_pairs(problem: Problem, criteria: Criteria, items: Items) -> tuple[IntArray, BoolArray]:
    """Return the columns, unassigned always last, and what the data allow of them."""
    bare = Criteria(families_together=criteria.families_together, eligibility=Eligibility(hard=False))
    free = problem.replace(locked=np.zeros(problem.num_accounts, dtype=np.bool_))
    permissions = permissions_of(free, bare, items)
    column_rep = np.append(permissions.column_rep, -1).astype(np.int32)
    return column_rep, np.hstack([permissions.allowed, np.ones((items.num_items, 1), dtype=np.bool_)])
