"""A rep leaves, joins or changes: new tables from stored ones."""

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.datasets.completion import complete_reps
from app.datasets.faults import FaultLog, Origin
from app.datasets.fields import REPS
from app.datasets.importing import recheck
from app.datasets.readers.json_rows import read_rows
from app.datasets.rows import rep_rows
from app.datasets.schemas import DatasetChanges, RepUpdate
from app.datasets.tables import DatasetTables
from app.errors import Fault
from app.settings import Settings
from app.validation import nearest


def changed_tables(
    tables: DatasetTables, changes: DatasetChanges, settings: Settings
) -> tuple[DatasetTables, FaultLog]:
    """Return the tables after the changes, checked; a rep who leaves loses the locks at once.

    Raises
    ------
    InvalidInput
        When a rep is not there, joins twice, or the result breaks a rule.
    """
    reps = {rep["id"]: rep for rep in rep_rows(tables.reps)}
    log = FaultLog(settings.max_listed_faults)
    _refuse_nothing(changes, log)
    for position, rep_id in enumerate(changes.leave):
        if _known(rep_id, f"/leave/{position}", reps, log):
            reps[rep_id]["active"] = False
    for position, update in enumerate(changes.update):
        if _known(update.rep_id, f"/update/{position}/rep_id", reps, log) and _stays(update, position, changes, log):
            _apply(reps[update.rep_id], update)
    for position, rep in enumerate(changes.join):
        if rep.id in reps:
            detail = f"The rep '{rep.id[:64]}' is in the data already."
            log.add(Fault(code="DUPLICATE_ID", detail=detail, value=rep.id, pointer=f"/join/{position}/id"))
            continue
        reps[rep.id] = rep.model_dump(exclude_none=True)
    log.raise_errors()
    raw = msgspec.Raw(msgspec.json.encode(list(reps.values())))
    table = complete_reps(read_rows(raw, REPS, Origin("reps", base="/reps"), log))
    changed = DatasetTables(
        accounts=_unlocked(tables.accounts, [rep["id"] for rep in reps.values() if not rep.get("active", True)]),
        reps=table,
        pairs=tables.pairs,
        units=tables.units,
    )
    log.raise_errors()
    checked = recheck(changed, settings)
    checked.raise_errors()
    return changed, checked


def _refuse_nothing(changes: DatasetChanges, log: FaultLog) -> None:
    if changes.leave or changes.join or changes.update:
        return
    fix = "Name at least one rep who leaves, joins or changes."
    log.add(
        Fault(
            code="CONTRADICTORY_SETTING",
            detail="The change is empty: send leave, join or update.",
            fix=fix,
            pointer="",
        )
    )


def _stays(update: RepUpdate, position: int, changes: DatasetChanges, log: FaultLog) -> bool:
    if update.rep_id not in changes.leave:
        return True
    detail = f"The rep '{update.rep_id[:64]}' leaves and is updated as well."
    pointer = f"/update/{position}/rep_id"
    log.add(Fault(code="CONTRADICTORY_SETTING", detail=detail, value=update.rep_id, pointer=pointer))
    return False


def _known(rep_id: str, pointer: str, reps: dict[str, dict[str, object]], log: FaultLog) -> bool:
    if rep_id in reps:
        return True
    near = nearest(rep_id, list(reps)[:2000])
    hint = f" Is it '{near}'?" if near else ""
    detail = f"The rep '{rep_id[:64]}' is not in the data.{hint}"
    log.add(Fault(code="UNKNOWN_REFERENCE", detail=detail, value=rep_id, pointer=pointer))
    return False


def _apply(rep: dict[str, object], update: RepUpdate) -> None:
    given = update.model_dump(exclude_unset=True, exclude={"rep_id", "capacity", "targets"})
    rep.update(given)
    for name in ("capacity", "targets"):
        held = rep.get(name)
        limits = update.model_dump(exclude_unset=True, include={name}).get(name, {})
        rep[name] = {**(held if isinstance(held, dict) else {}), **limits}


def _unlocked(accounts: pa.Table, left: list[str]) -> pa.Table:
    """Return the accounts; those of a rep who left can no longer be locked to that rep."""
    gone = pc.is_in(accounts["current_rep_id"], value_set=pa.array(left, pa.string()))
    locked = np.logical_and(accounts["locked"].to_numpy(), ~gone.to_numpy())
    return accounts.set_column(accounts.column_names.index("locked"), "locked", pa.array(locked))
