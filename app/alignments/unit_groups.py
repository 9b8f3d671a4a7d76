"""Groups of units that a repair moves as one, where a territory that must be connected fell apart.

Owns which groups are worth a try: a piece that the forced change cut off from its territory, and the units between the
forced item and the territory that it goes to. Whether a group helps is judged by who tries it.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from app.alignments.columns import Integers
from app.alignments.situations import Situation
from optimizer.graph import Graph

MOST_UNITS: Final = 12
"""A larger group is no follow-up of one item."""
MOST_VISITED: Final = 2_000


def unit_groups(at: Situation, members: Integers, goal: int) -> Iterator[Integers]:
    """Yield the accounts of each group, all of one rep each; none where territories need not be connected.

    Parameters
    ----------
    at
        The alignment after the forced change.
    members
        The accounts of the forced item.
    goal
        The rep that it went to.
    """
    units = at.standing.problem.units
    if units is None:
        return
    holder = np.full(units.num_units, -1, dtype=np.int64)
    placed = units.unit >= 0
    holder[units.unit[placed]] = at.owner[placed]
    forced = np.unique(units.unit[members].astype(np.int64))
    forced = forced[forced >= 0]
    for group in (*_cut_off(units.graph, holder, forced), *_between(units.graph, holder, forced, goal)):
        inside = np.flatnonzero(np.isin(units.unit, group) & (at.owner == holder[group[0]]))
        whole = np.isin(at.items.item_of_account, np.unique(at.items.item_of_account[inside]))
        if len(inside) and not whole[members].any():
            yield np.flatnonzero(whole)


def _cut_off(graph: Graph, holder: Integers, forced: Integers) -> Iterator[Integers]:
    """Yield the pieces beside the forced units that are not the largest of their territory."""
    piece = graph.pieces(holder)
    size = np.bincount(piece)
    beside = np.unique(graph.neighbor[np.isin(graph.origin, forced)])
    for rep in np.unique(holder[beside]):
        if rep < 0 or rep == holder[forced[0]]:
            continue
        mine = np.unique(piece[holder == rep])
        largest = mine[np.argmax(size[mine])]
        for one in np.setdiff1d(np.unique(piece[beside[holder[beside] == rep]]), [largest]):
            if size[one] <= MOST_UNITS:
                yield np.flatnonzero(piece == one)


def _between(graph: Graph, holder: Integers, forced: Integers, goal: int) -> Iterator[Integers]:
    """Yield the shortest ways from the forced units to the goal's others that lead over one rep's units each."""
    beside = np.unique(holder[graph.neighbor[np.isin(graph.origin, forced)]])
    for rep in beside[(beside >= 0) & (beside != goal)].tolist():
        way = _way(graph, holder, set(forced.tolist()), goal=goal, over=rep)
        held = np.array([unit for unit in way if holder[unit] == rep], dtype=np.int64)
        if len(held):
            yield held


def _way(graph: Graph, holder: Integers, forced: set[int], *, goal: int, over: int) -> list[int]:
    """Return the units between, breadth first over a rep's units and those without accounts; none without a way."""
    came = dict.fromkeys(sorted(forced), -1)
    front = list(came)
    for _ in range(MOST_UNITS + 1):
        reached: list[int] = []
        for unit in front:
            for beside in graph.neighbor[graph.start[unit] : graph.start[unit + 1]].tolist():
                if beside in came:
                    continue
                if holder[beside] == goal:
                    way = []
                    while unit not in forced:
                        way.append(unit)
                        unit = came[unit]
                    return way
                if holder[beside] in (over, -1):
                    came[beside] = unit
                    reached.append(beside)
        if len(came) > MOST_VISITED:
            break
        front = reached
    return []
