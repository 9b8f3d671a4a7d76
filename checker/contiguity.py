"""The hard rule that every territory's units are connected, given which units are neighbors."""

from collections.abc import Iterable, Iterator

import numpy as np

from checker.alignment import Assigned
from checker.raw_data import RawData
from checker.report import Violation


def contiguity_violations(data: RawData, assigned: Assigned, edges: Iterable[tuple[str, str]]) -> Iterator[Violation]:
    """Yield every territory whose units fall apart.

    A territory has the units of its accounts. Units without any account belong to whoever needs them as a
    connection. Accounts without a unit are left out.

    Parameters
    ----------
    edges
        Pairs of ids of neighboring units, in either direction.
    """
    neighbors: dict[str, set[str]] = {}
    for one, other in edges:
        neighbors.setdefault(one, set()).add(other)
        neighbors.setdefault(other, set()).add(one)
    holders: dict[str, set[int]] = {}
    for unit, rep in zip(data.unit_ids, assigned.rep.tolist(), strict=True):
        if unit is not None:
            holders.setdefault(unit, set()).add(rep)
    free = set(neighbors) - set(holders)
    for rep in np.unique(assigned.rep[assigned.rep >= 0]).tolist():
        mine = {unit for unit, reps in holders.items() if rep in reps}
        pieces = _count_pieces(mine, mine | free, neighbors)
        if pieces > 1:
            yield Violation(
                criterion="contiguity",
                measure=None,
                rep_id=data.rep_ids[rep],
                account_ids=(),
                value=float(pieces),
                limit=1.0,
                by=float(pieces - 1),
                detail=f"The territory of '{data.rep_ids[rep]}' is in {pieces} pieces.",
            )


def _count_pieces(units: set[str], passable: set[str], neighbors: dict[str, set[str]]) -> int:
    pieces, seen = 0, set[str]()
    for unit in units:
        if unit in seen:
            continue
        pieces += 1
        waiting = [unit]
        seen.add(unit)
        while waiting:
            reached = (neighbors.get(waiting.pop(), set()) & passable) - seen
            seen |= reached
            waiting.extend(reached)
    return pieces
