"""Alignments between two others: some of the items that differ are taken from the second, the rest from the first.

What lies between a steady and a shifted alignment moves less than the one and gains on the other. Owns which items
come first, and that hard limits are kept; what an alignment is worth is for others to say.
"""

from typing import Final

import numpy as np

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.items import Items
from optimizer.problem import Problem
from optimizer.validation import violations

PARTS: Final = (0.5, 0.25, 0.75)
"""Parts of the differing items that are tried, the middle first."""


def alignment_between(
    problem: Problem, criteria: Criteria, items: Items, first: Alignment, second: Alignment
) -> Alignment | None:
    """Return an alignment between two others that keeps the criteria; None where none of those tried does.

    Parameters
    ----------
    problem, criteria
        What is given, and the hard limits that must hold.
    items
        What goes as a whole.
    first, second
        Those that it lies between. Items that save most travel by going over come first.
    """
    differs = np.unique(items.item_of_account[first.rep != second.rep])
    if len(differs) < 2:
        return None
    order = differs[np.argsort(_saved(problem, items, first, second)[differs], kind="stable")[::-1]]
    for part in PARTS:
        taken = np.zeros(items.num_items, dtype=np.bool_)
        taken[order[: min(max(1, round(part * len(order))), len(order) - 1)]] = True
        candidate = Alignment(rep=np.where(taken[items.item_of_account], second.rep, first.rep))
        if not violations(problem, criteria, candidate):
            return candidate
    return None


def _saved(problem: Problem, items: Items, first: Alignment, second: Alignment) -> np.ndarray:
    """Return the travel that each item saves by going over; none where travel is unknown. Shape ``(items,)``."""
    if problem.travel is None:
        return np.zeros(items.num_items)
    account = np.arange(problem.num_accounts)
    there = np.where(second.rep >= 0, problem.travel[account, np.maximum(second.rep, 0)], 0.0)
    here = np.where(first.rep >= 0, problem.travel[account, np.maximum(first.rep, 0)], 0.0)
    return items.sum(here - there)
