"""What an edit asks for, in positions: who goes where, which locks, pairs and limits change; every fault at once.

Owns the reading of an edit against the alignment that it changes. Refuses unknown ids with the nearest one, and edits
that contradict each other or what they leave in place (LOCK_CONFLICT). What merely breaks criteria is no fault.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.alignments.columns import Integers, float_column
from app.alignments.edit_requests import EditCapacity, EditLock, EditRequest
from app.alignments.ground import Ground
from app.alignments.situations import Situation
from app.datasets.tables import MAXIMUM_PREFIX, MINIMUM_PREFIX, DatasetTables
from app.errors import Fault, InvalidInput
from app.scenarios.locks import lock_faults
from app.scenarios.place_costs import with_center_costs
from app.scenarios.schemas import AccountRep, Criteria
from app.validation import nearest

MAX_CANDIDATES = 20_000
"""Nearest ids are looked for among so many at most."""


@dataclass(frozen=True, eq=False)
class Edited:
    """An alignment after an edit.

    Parameters
    ----------
    situation
        The alignment as it is then, its references still those of before.
    changed_pairs
        The accounts whose locks or forbidden pairs changed.
    changed_reps
        The reps whose limits changed.
    """

    situation: Situation
    changed_pairs: Integers
    changed_reps: Integers


@dataclass
class _Reading:
    """An edit while it is read."""

    situation: Situation
    request: EditRequest
    faults: list[Fault] = field(default_factory=list)
    goal: dict[int, int] = field(default_factory=dict)
    place: dict[int, str] = field(default_factory=dict)
    locks: dict[int, str] = field(default_factory=dict)

    @property
    def ground(self) -> Ground:
        return self.situation.ground

    def account(self, account_id: str, pointer: str) -> int | None:
        position = self.ground.account_index.get(account_id)
        if position is None:
            self.faults.append(_unknown("account", account_id, self.ground.columns.account_ids, pointer))
        return position

    def rep(self, rep_id: str, pointer: str) -> int | None:
        position = self.ground.rep_index.get(rep_id)
        if position is None:
            self.faults.append(_unknown("rep", rep_id, self.ground.columns.rep_ids, pointer))
        return position

    def put(self, account: int, rep: int, pointer: str) -> None:
        """Give an account to a rep; -1 to nobody."""
        if self.goal.setdefault(account, rep) != rep:
            account_id, before = self.ground.columns.account_ids[account], self.place[account]
            detail = f"'{account_id}' is sent to two places: here and at {before}."
            self.contradict(detail, pointer, fix=f"Keep {before} or {pointer}, not both.")
        self.place.setdefault(account, pointer)

    def contradict(self, detail: str, pointer: str, *, fix: str) -> None:
        self.faults.append(Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, pointer=pointer))

    def raise_faults(self) -> None:
        if self.faults:
            raise InvalidInput(self.faults[:1000], total=len(self.faults))


def edited(situation: Situation, request: EditRequest, *, held: Integers | None = None) -> Edited:
    """Return the alignment that an edit makes of another one.

    Parameters
    ----------
    situation
        The alignment that is edited.
    request
        The edit.
    held
        For a solve around the edit: accounts that are locked where they are besides those that the edit places.
        None locks nothing but what the edit says.

    Raises
    ------
    InvalidInput
        When an id is not there, or wishes contradict each other, with every fault.
    """
    reading = _Reading(situation, request)
    _read_moves(reading)
    _read_swaps(reading)
    owner = situation.owner.copy()
    owner[list(reading.goal)] = list(reading.goal.values())
    criteria, pairs = _criteria(reading, owner, held=held)
    tables, reps = _tables(reading)
    reading.raise_faults()
    ground = situation.ground if tables is situation.ground.tables else situation.ground.with_tables(tables)
    if pairs:
        reading.faults += _conflicts(reading, ground.tables, criteria, pairs)
        reading.raise_faults()
    return Edited(
        situation=replace(situation, ground=ground, criteria=criteria, owner=owner),
        changed_pairs=np.array(sorted(pairs), dtype=np.int64),
        changed_reps=reps,
    )


def _read_moves(reading: _Reading) -> None:
    for number, move in enumerate(reading.request.moves):
        pointer = f"/moves/{number}"
        account = reading.account(move.account_id, f"{pointer}/account_id")
        rep = -1 if move.rep_id is None else reading.rep(move.rep_id, f"{pointer}/rep_id")
        if account is None or rep is None:
            continue
        members = reading.ground.family_of(account).tolist() if move.family else [account]
        for member in members:
            reading.put(member, rep, pointer)
        if move.lock and rep < 0:
            detail = "A lock needs a rep, but rep_id is null."
            reading.contradict(detail, f"{pointer}/lock", fix="Name a rep_id, or leave lock out.")
        elif move.lock:
            reading.locks |= dict.fromkeys(members, f"{pointer}/lock")


def _read_swaps(reading: _Reading) -> None:
    for number, pair in enumerate(reading.request.swaps):
        found = [reading.account(account_id, f"/swaps/{number}/{side}") for side, account_id in enumerate(pair)]
        first, second = found
        if first is None or second is None:
            continue
        if first == second:
            detail = f"'{pair[0]}' cannot be swapped with itself."
            reading.contradict(detail, f"/swaps/{number}", fix="Name two different accounts.")
            continue
        owner = reading.situation.owner
        reading.put(first, int(owner[second]), f"/swaps/{number}")
        reading.put(second, int(owner[first]), f"/swaps/{number}")


def _criteria(reading: _Reading, owner: Integers, *, held: Integers | None) -> tuple[Criteria, dict[int, str]]:
    """Return the criteria after the edit, and every account whose own rules changed, with the place that says so."""
    criteria, ids = reading.situation.criteria, reading.ground.columns
    changed: dict[int, str] = {}
    unlocked = _read_unlocks(reading, changed)
    added = dict(_read_locks(reading, owner, held=held, changed=changed, unlocked=unlocked))
    forbidden = list(_read_forbid(reading, changed))
    if not changed:
        return criteria, changed
    kept = [lock for lock in criteria.locks if lock.account_id not in unlocked]
    known = {(lock.account_id, lock.rep_id) for lock in kept}
    new = [
        AccountRep(account_id=ids.account_ids[account], rep_id=ids.rep_ids[rep])
        for account, rep in added.items()
        if (ids.account_ids[account], ids.rep_ids[rep]) not in known
    ]
    banned = {(pair.account_id, pair.rep_id) for pair in criteria.forbid}
    more = [pair for pair in forbidden if (pair.account_id, pair.rep_id) not in banned]
    changes = {"locks": [*kept, *new], "forbid": [*criteria.forbid, *more]}
    return criteria.model_copy(update=changes), changed


def _read_unlocks(reading: _Reading, changed: dict[int, str]) -> set[str]:
    locked = {lock.account_id for lock in reading.situation.criteria.locks}
    for number, account_id in enumerate(reading.request.unlocks):
        account = reading.account(account_id, f"/unlocks/{number}")
        if account is not None and (account_id in locked or reading.ground.problem.locked[account]):
            changed[account] = f"/unlocks/{number}"
    return set(reading.request.unlocks)


def _read_locks(
    reading: _Reading, owner: Integers, *, held: Integers | None, changed: dict[int, str], unlocked: set[str]
) -> Iterator[tuple[int, int]]:
    """Yield every new lock: account and rep."""
    wanted = {account: (int(owner[account]), place) for account, place in reading.locks.items()}
    if held is not None:
        placed = dict.fromkeys(held.tolist(), "/reoptimize") | reading.place
        wanted |= {a: (int(owner[a]), place) for a, place in placed.items() if owner[a] >= 0 and a not in wanted}
    for number, wish in enumerate(reading.request.locks):
        pointer = f"/locks/{number}"
        lock = EditLock(account_id=wish) if isinstance(wish, str) else wish
        account = reading.account(lock.account_id, pointer if isinstance(wish, str) else f"{pointer}/account_id")
        rep = None if lock.rep_id is None else reading.rep(lock.rep_id, f"{pointer}/rep_id")
        if account is None or (lock.rep_id is not None and rep is None):
            continue
        rep = int(owner[account]) if rep is None else rep
        if rep < 0:
            detail = f"'{lock.account_id}' has no rep to be locked to."
            reading.contradict(detail, pointer, fix="Send rep_id with the lock, or move the account to a rep.")
        elif lock.account_id in unlocked:
            detail = f"'{lock.account_id}' is both locked and unlocked."
            reading.contradict(detail, pointer, fix="Leave it out of locks or out of unlocks.")
        elif wanted.setdefault(account, (rep, pointer))[0] != rep:
            detail = f"Account '{lock.account_id}': the lock to '{lock.rep_id}' conflicts with {wanted[account][1]}."
            reading.faults.append(
                Fault(code="LOCK_CONFLICT", detail=detail, fix="Keep one of the two.", pointer=pointer)
            )
    for account, (rep, pointer) in wanted.items():
        changed[account] = pointer
        yield account, rep


def _read_forbid(reading: _Reading, changed: dict[int, str]) -> Iterator[AccountRep]:
    for number, pair in enumerate(reading.request.forbid):
        account = reading.account(pair.account_id, f"/forbid/{number}/account_id")
        rep = reading.rep(pair.rep_id, f"/forbid/{number}/rep_id")
        if account is not None and rep is not None:
            changed.setdefault(account, f"/forbid/{number}")
            yield pair


def _tables(reading: _Reading) -> tuple[DatasetTables, Integers]:
    """Return the tables after the edit, the same object where nothing of them changes, and the reps with new limits."""
    tables, request = reading.ground.tables, reading.request
    accounts = tables.accounts
    freed = [reading.ground.account_index.get(account_id, -1) for account_id in request.unlocks]
    freed = [account for account in freed if account >= 0 and reading.ground.problem.locked[account]]
    if freed:
        locked = pc.fill_null(accounts.column("locked"), False).to_numpy().astype(np.bool_)
        locked[freed] = False
        accounts = accounts.set_column(accounts.column_names.index("locked"), "locked", pa.array(locked))
    reps, changed = _limits(reading, tables.reps)
    if accounts is tables.accounts and reps is tables.reps:
        return tables, changed
    return replace(tables, accounts=accounts, reps=reps), changed


def _limits(reading: _Reading, reps: pa.Table) -> tuple[pa.Table, Integers]:
    measures = reading.ground.problem.measures
    seen: dict[tuple[int, str], int] = {}
    for number, wish in enumerate(reading.request.capacity):
        pointer = f"/capacity/{number}"
        rep = reading.rep(wish.rep_id, f"{pointer}/rep_id")
        if wish.measure not in measures:
            reading.faults.append(_unknown("measure", wish.measure, measures, f"{pointer}/measure"))
            continue
        if rep is None:
            continue
        if seen.setdefault((rep, wish.measure), number) != number:
            detail = f"The {wish.measure} limits of '{wish.rep_id}' are changed twice."
            reading.contradict(detail, pointer, fix=f"Keep /capacity/{seen[rep, wish.measure]} or {pointer}, not both.")
            continue
        reps = _with_limit(reading, reps, wish, rep=rep, pointer=pointer)
    return reps, np.array(sorted({rep for rep, _ in seen}), dtype=np.int64)


def _with_limit(reading: _Reading, reps: pa.Table, wish: EditCapacity, *, rep: int, pointer: str) -> pa.Table:
    limits = {}
    for prefix, side in ((MINIMUM_PREFIX, "min"), (MAXIMUM_PREFIX, "max")):
        column = float_column(reps, prefix + wish.measure).copy()
        if side in wish.model_fields_set:
            given = getattr(wish, side)
            column[rep] = np.nan if given is None else given
        limits[prefix + wish.measure] = column
    smallest, largest = (float(column[rep]) for column in limits.values())
    if smallest > largest:
        detail = f"The smallest load {smallest:g} is above the largest {largest:g}."
        reading.contradict(detail, pointer, fix="Send min and max together, min not above max; null takes one away.")
        return reps
    for name, column in limits.items():
        cells = pa.array(column, mask=np.isnan(column))
        if name in reps.column_names:
            reps = reps.set_column(reps.column_names.index(name), name, cells)
        elif not np.isnan(column).all():
            reps = reps.append_column(name, cells)
    return reps


def _conflicts(reading: _Reading, tables: DatasetTables, criteria: Criteria, pairs: dict[int, str]) -> list[Fault]:
    """Return the conflicts of changed locks, looked for among the accounts concerned and their families only."""
    chosen: set[int] = set(pairs)
    if criteria.families == "together":
        family = reading.ground.problem.family
        chosen = set(np.flatnonzero(np.isin(family, family[list(pairs)])).tolist())
    rows = pa.array(sorted(chosen))
    accounts = tables.accounts.take(rows)
    known = set(accounts.column("id").to_pylist())
    sample = None
    known_pairs = with_center_costs(tables, reading.ground.centers).pairs
    if known_pairs is not None:
        sample = known_pairs.filter(pc.is_in(known_pairs.column("account_id"), accounts.column("id").combine_chunks()))
    asked = Criteria(
        families=criteria.families,
        eligibility=criteria.eligibility,
        travel=criteria.travel,
        frozen_reps=criteria.frozen_reps,
        locks=[lock for lock in criteria.locks if lock.account_id in known],
        forbid=[pair for pair in criteria.forbid if pair.account_id in known],
    )
    place = {reading.ground.columns.account_ids[account]: pointer for account, pointer in pairs.items()}
    found = lock_faults(DatasetTables(accounts=accounts, reps=tables.reps, pairs=sample), asked)
    return [replace(fault, pointer=place.get(str(fault.params["account_id"]), "")) for fault in found]


def _unknown(noun: str, name: str, known: Iterable[str], pointer: str) -> Fault:
    near = nearest(name, list(known)[:MAX_CANDIDATES])
    hint = f" Did you mean '{near}'?" if near else ""
    return Fault(
        code="UNKNOWN_REFERENCE",
        detail=f"There is no {noun} '{name[:64]}' in the dataset.{hint}",
        pointer=pointer,
        value=name,
        params={"nearest": near} if near else {},
    )
