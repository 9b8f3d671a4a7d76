"""The compiled choice of one pattern for every column, so that every item is taken once, at least excess.

A search in depth: at every *depth* one more column has its pattern, and for the open columns only those patterns are
kept that share no item with what is taken and that the budget can still pay. The column with the fewest goes next.
"""

from typing import Any, NamedTuple

import numba
import numpy as np


class Depths(NamedTuple):
    """What is known at every depth; the first axis of all is the depth, ``columns + 1`` of them."""

    alive: Any  # (depths, patterns): patterns that are still possible, column by column, each's by excess
    begin: Any  # (depths, columns): where each open column's patterns begin in ``alive``
    end: Any  # (depths, columns)
    taken: Any  # (depths, words): mask of the items that are taken
    spent: Any  # (depths,): excess of the patterns chosen
    rest: Any  # (depths,): what the open columns but the picked one cost at least
    picked: Any  # (depths,): the column that gets its pattern next
    cursor: Any  # (depths,): the pattern to try next


@numba.njit(cache=True, nogil=True)
def combine(first, mask, excess, full, budget, step, present, most_work, chosen):  # type: ignore[no-untyped-def]  # compiled
    """Choose a pattern for every column, so that all items are taken once, at least excess.

    Parameters
    ----------
    first
        Where each column's patterns begin, sorted by excess. Shape ``(columns + 1,)``.
    mask, excess
        Shapes ``(patterns, words)`` and ``(patterns,)``.
    full
        The mask of all items. Shape ``(words,)``.
    budget
        Largest sum of excesses; after one is found it must be lower by ``step``.
    present
        The masks that are no news. Shape ``(columns, words)``.
    most_work
        Patterns looked at before giving up.
    chosen
        Gets the pattern of every column. Shape ``(columns,)``.

    Returns
    -------
    tuple
        The sum of excesses (infinite when nothing was found), whether the search was complete, and the work.
    """
    columns = first.shape[0] - 1
    found, work = np.inf, 0
    if (first[1:] == first[:-1]).any():
        return found, True, work
    depths = _depths(first, mask)
    is_set = np.zeros(columns, dtype=np.bool_)
    pattern_of = np.zeros(columns, dtype=np.int64)
    _branch(depths, 0, is_set, excess)
    depth = 0
    while depth >= 0:
        column = depths.picked[depth]
        pattern = _next_pattern(depths, depth, excess, budget)
        if pattern < 0:
            depth -= 1
            if depth >= 0:
                is_set[depths.picked[depth]] = False
            continue
        now = depths.spent[depth] + excess[pattern]
        pattern_of[column] = pattern
        for word in range(full.shape[0]):
            depths.taken[depth + 1, word] = depths.taken[depth, word] | mask[pattern, word]
        if depth == columns - 1:
            if _is_whole(depths.taken[depth + 1], full) and _is_news(mask, pattern_of, present):
                found, budget = now, now - step
                chosen[:] = pattern_of
            continue
        is_set[column] = True
        possible, looked = _keep_possible(depths, depth, is_set, mask, excess, full, budget - now)
        work += looked
        if work > most_work:
            return found, False, work
        if not possible:
            is_set[column] = False
            continue
        depth += 1
        depths.spent[depth] = now
        _branch(depths, depth, is_set, excess)
    return found, True, work


@numba.njit(cache=True, nogil=True)
def _depths(first, mask):  # type: ignore[no-untyped-def]  # compiled
    """Return room for all depths, with every pattern possible at the first."""
    columns, patterns = first.shape[0] - 1, mask.shape[0]
    depths = Depths(
        np.empty((columns + 1, patterns), dtype=np.int64),
        np.zeros((columns + 1, columns), dtype=np.int64),
        np.zeros((columns + 1, columns), dtype=np.int64),
        np.zeros((columns + 1, mask.shape[1]), dtype=np.uint64),
        np.zeros(columns + 1),
        np.zeros(columns + 1),
        np.zeros(columns + 1, dtype=np.int64),
        np.zeros(columns + 1, dtype=np.int64),
    )
    depths.alive[0] = np.arange(patterns)
    depths.begin[0], depths.end[0] = first[:-1], first[1:]
    return depths


@numba.njit(cache=True, nogil=True)
def _branch(depths, depth, is_set, excess):  # type: ignore[no-untyped-def]  # compiled
    """Pick the column with the fewest patterns, and sum up what the other open ones cost at least."""
    begin, end, alive = depths.begin[depth], depths.end[depth], depths.alive[depth]
    fewest = -1
    total = 0.0
    for column in range(is_set.shape[0]):
        if is_set[column]:
            continue
        total += excess[alive[begin[column]]]
        if fewest < 0 or end[column] - begin[column] < end[fewest] - begin[fewest]:
            fewest = column
    depths.picked[depth] = fewest
    depths.cursor[depth] = begin[fewest]
    depths.rest[depth] = total - excess[alive[begin[fewest]]]


@numba.njit(cache=True, nogil=True, inline="always")
def _next_pattern(depths, depth, excess, budget):  # type: ignore[no-untyped-def]  # compiled
    """Return the next pattern of the picked column that the budget can pay, −1 where none is left."""
    cursor = depths.cursor[depth]
    if cursor == depths.end[depth, depths.picked[depth]]:
        return -1
    pattern = depths.alive[depth, cursor]
    if depths.spent[depth] + excess[pattern] + depths.rest[depth] > budget:
        return -1
    depths.cursor[depth] = cursor + 1
    return pattern


@numba.njit(cache=True, nogil=True, inline="always")
def _is_whole(union, full):  # type: ignore[no-untyped-def]  # compiled
    """Return whether a mask holds every item."""
    whole = True
    for word in range(full.shape[0]):
        whole &= union[word] == full[word]
    return whole


@numba.njit(cache=True, nogil=True)
def _is_news(mask, pattern_of, present):  # type: ignore[no-untyped-def]  # compiled
    """Return whether some column's pattern differs from the one that it has at present."""
    for column in range(present.shape[0]):
        for word in range(present.shape[1]):
            if mask[pattern_of[column], word] != present[column, word]:
                return True
    return False


@numba.njit(cache=True, nogil=True)
def _keep_possible(depths, depth, is_set, mask, excess, full, budget):  # type: ignore[no-untyped-def]  # compiled
    """Write the patterns that are possible one deeper; return whether all items can be taken still, and the work.

    ``budget`` is what the open columns may cost. The patterns taken are in ``depths.taken`` of the next depth.
    """
    words = full.shape[0]
    alive, taken, rest = depths.alive, depths.taken[depth + 1], depths.rest[depth]
    union = taken.copy()
    write = work = 0
    for column in range(is_set.shape[0]):
        if is_set[column]:
            continue
        begin = depths.begin[depth, column]
        highest = budget - (rest - excess[alive[depth, begin]])
        depths.begin[depth + 1, column] = write
        for place in range(begin, depths.end[depth, column]):
            pattern = alive[depth, place]
            work += 1
            if excess[pattern] > highest:
                break
            apart = True
            for word in range(words):
                apart &= (mask[pattern, word] & taken[word]) == 0
            if apart:
                alive[depth + 1, write] = pattern
                write += 1
                for word in range(words):
                    union[word] |= mask[pattern, word]
        depths.end[depth + 1, column] = write
        if write == depths.begin[depth + 1, column]:
            return False, work
    return _is_whole(union, full), work
