"""Whether a move takes a territory apart, compiled: a search from one end of the wound for all others."""

from typing import Final

import numba

from optimizer.design.state import STAMP

CUT_OFF: Final = -1
"""In the place of a number of ends: one of them has no neighbor."""


@numba.njit(cache=True, nogil=True)
def _holds_together(space, state, trial, count, column):  # type: ignore[no-untyped-def]  # compiled
    """Return whether all ends of the wound that a move leaves in a territory still reach each other.

    The move stands already in ``state.column``.
    """
    if space.loose_column[column]:
        return True
    state.counts[STAMP] += 2
    ends, first = _mark_ends(space, state, trial, count, column)
    if ends <= 1:
        return ends != CUT_OFF
    return _reaches_all(space, state, column, first, ends)


@numba.njit(cache=True, nogil=True)
def _mark_ends(space, state, trial, count, column):  # type: ignore[no-untyped-def]  # compiled
    """Mark the neighbors left behind by nodes that went, and nodes that came; return how many, and one of them.

    ``CUT_OFF`` where a node that came stands apart from all that was there.
    """
    mark, stamp = state.mark, state.counts[STAMP] - 1
    left = state.size[column]
    for move in range(count):
        left -= trial.source[move] == column and space.needs_edge[trial.node[move]]
    ends = 0
    first = -1
    for move in range(count):
        node = trial.node[move]
        if not space.needs_edge[node]:
            continue
        if trial.target[move] == column:
            if mark[node] != stamp:
                mark[node] = stamp
                ends += 1
                first = node
            touches = False
            for edge in range(space.start[node], space.start[node + 1]):
                touches |= state.column[space.neighbor[edge]] == column
            if not touches and left > 0:
                return CUT_OFF, first
        elif trial.source[move] == column:
            for edge in range(space.start[node], space.start[node + 1]):
                other = space.neighbor[edge]
                if state.column[other] == column and mark[other] != stamp:
                    mark[other] = stamp
                    ends += 1
                    first = other
    return ends, first


@numba.njit(cache=True, nogil=True)
def _reaches_all(space, state, column, first, ends):  # type: ignore[no-untyped-def]  # compiled
    """Return whether a search through a territory from one marked end finds all of them."""
    mark, queue = state.mark, state.queue
    end_stamp, seen_stamp = state.counts[STAMP] - 1, state.counts[STAMP]
    head, tail = 0, 1
    queue[0] = first
    mark[first] = seen_stamp
    ends -= 1
    while head < tail:
        node = queue[head]
        head += 1
        for edge in range(space.start[node], space.start[node + 1]):
            other = space.neighbor[edge]
            if state.column[other] == column and mark[other] != seen_stamp:
                if mark[other] == end_stamp:
                    ends -= 1
                    if ends == 0:
                        return True
                mark[other] = seen_stamp
                queue[tail] = other
                tail += 1
    return False


@numba.njit(cache=True, nogil=True)
def is_allowed(space, state, trial, count):  # type: ignore[no-untyped-def]  # compiled
    """Set the nodes to their new columns where that takes no territory apart; else leave everything as it was."""
    if space.keeps_last:
        for move in range(count):
            gone = 0
            for other in range(count):
                gone += trial.source[other] == trial.source[move]
                gone -= trial.target[other] == trial.source[move]
            if gone >= state.size[trial.source[move]]:
                return False
    for move in range(count):
        state.column[trial.node[move]] = trial.target[move]
    holds = True
    for move in range(count):
        holds = holds and _holds_together(space, state, trial, count, trial.source[move])
        holds = holds and _holds_together(space, state, trial, count, trial.target[move])
    if not holds:
        for move in range(count):
            state.column[trial.node[move]] = trial.source[move]
    return holds
