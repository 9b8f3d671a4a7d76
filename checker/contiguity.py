"""The hard rules that every territory's units are connected and that no unit is shared, given the neighbors."""

from collections.abc import Iterable, Iterator

import numpy as np

from checker.alignment import Assigned
from checker.assignment_rules import MAX_LISTED
from checker.raw_data import RawData
from checker.report import Violation

NOBODY = -1


def contiguity_violations(data: RawData, assigned: Assigned, edges: Iterable[tuple[str, str]]) -> Iterator[Violation]:
    """Yield every unit that several reps share, and every territory whose units fall apart.

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
    yield from _shared(data, assigned, holders)
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


def _shared(data: RawData, assigned: Assigned, holders: dict[str, set[int]]) -> Iterator[Violation]:
    split = {unit for unit, reps in holders.items() if len(reps - {NOBODY}) > 1}
    members: dict[str, list[int]] = {unit: [] for unit in split}
    for account, unit in enumerate(data.unit_ids):
        if unit in split:
            members[unit].append(account)
    for unit, accounts in members.items():
        places = len(holders[unit] - {NOBODY})
        yield Violation(
            criterion="units",
            measure=None,
            rep_id=None,
            account_ids=tuple(data.account_ids[account] for account in accounts[:MAX_LISTED]),
            value=float(places),
            limit=1.0,
            by=float(places - 1),
            detail=f"The unit of '{data.account_ids[accounts[0]]}' is split {places} ways.",
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
