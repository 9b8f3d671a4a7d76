"""The hierarchy above the reps: a rep's manager is another row of the reps, or a name that has no row.

Owns the way from the top to each rep. A manager without a row is a top of its own; a manager with a row may
serve accounts too.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from app.datasets.faults import FaultLog, Origin
from app.errors import Fault

_MOST_IDS = 10


def manager_paths(rep_ids: Sequence[str], manager_ids: Sequence[str | None]) -> list[tuple[str, ...]]:
    """Return the ids from the top of the hierarchy down to each rep, the rep last.

    Parameters
    ----------
    rep_ids
        Ids by position.
    manager_ids
        Id of each rep's manager, None at the top; without circles, else each is cut where it closes.
    """
    parents = dict(zip(rep_ids, manager_ids, strict=True))
    return [tuple(reversed(_chain(rep_id, parents)[0])) for rep_id in rep_ids]


def check_managers(reps: pa.Table, origin: Origin, log: FaultLog) -> None:
    """Refuse managers who lead back to themselves, and those who are a rep but for their spelling."""
    ids, managers = reps["id"].to_pylist(), reps["manager_id"].to_pylist()
    parents = dict(zip(ids, managers, strict=True))
    spelled = {_plain(rep_id): rep_id for rep_id in ids if rep_id is not None}
    seen: set[str] = set()
    for row, (rep_id, manager) in enumerate(zip(ids, managers, strict=True)):
        if manager is None or rep_id is None:
            continue
        meant = spelled.get(_plain(manager))
        if manager not in parents and meant is not None:
            detail = f"The manager '{manager[:64]}' is not in the data; is it the rep '{meant[:64]}'?"
            params = {"id": manager, "nearest": meant}
            place = origin.place(row, "manager_id")
            log.add(Fault(code="UNKNOWN_REFERENCE", detail=detail, value=manager, params=params, **place))
        chain, closes_at = _chain(rep_id, parents)
        if closes_at == rep_id and rep_id not in seen:
            seen.update(chain)
            end = "…" if len(chain) > _MOST_IDS else rep_id[:40]
            way = " → ".join([*(name[:40] for name in chain[:_MOST_IDS]), end])
            params = {"ids": chain[:_MOST_IDS], "length": len(chain)}
            place = origin.place(row, "manager_id")
            detail, fix = f"The managers lead in a circle: {way}.", "Break the circle at one manager_id."
            log.add(Fault(code="FAMILY_CYCLE", detail=detail, fix=fix, params=params, **place))


def _chain(start: str, parents: Mapping[str, str | None]) -> tuple[list[str], str | None]:
    """Return the ids from a rep up to the top, and the id at which a circle closes."""
    chain, seen = [start], {start}
    while (manager := parents.get(chain[-1])) is not None:
        if manager in seen:
            return chain, manager
        chain.append(manager)
        seen.add(manager)
    return chain, None


def _plain(text: str) -> str:
    return text.strip().casefold()
