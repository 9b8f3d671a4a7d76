"""Warnings at import of what cannot be met together: totals, families, locks, skills. Never errors.

The job finds all of these again, with proof and relaxations; here they are said before anybody waits.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.datasets.checks.numbers import numbers
from app.datasets.checks.references import positions
from app.datasets.families import family_numbers
from app.datasets.faults import FaultLog, Origin
from app.datasets.tables import MAXIMUM_PREFIX, MEASURE_PREFIX, MINIMUM_PREFIX, DatasetTables, prefixed
from app.errors import Fault

ACCOUNTS = "accounts"
HAIR = 1e-9


def check_wishes(tables: DatasetTables, origins: Mapping[str, Origin], log: FaultLog) -> None:
    """Warn of each wish that arithmetic alone shows to be impossible."""
    accounts, reps = tables.accounts, tables.reps
    active = reps["active"].to_numpy()
    _warn_skills(tables, active, origins["accounts"], log)
    for measure in (*prefixed(accounts, MEASURE_PREFIX), ACCOUNTS):
        amount = np.ones(accounts.num_rows) if measure == ACCOUNTS else numbers(accounts, MEASURE_PREFIX + measure)
        if amount.sum() == 0:
            _warn_zero(measure, origins["accounts"], log)
        _Capacity(tables, origins, log, measure, amount, active).warn()


def _warn_zero(measure: str, origin: Origin, log: FaultLog) -> None:
    detail = f"The measure '{measure[:64]}' is 0 everywhere; its balance cannot be measured."
    params = {"measure": measure}
    log.add(Fault(code="ZERO_TOTAL", detail=detail, params=params, severity="warning", **origin.place(None)))


def _warn_skills(tables: DatasetTables, active: NDArray[np.bool_], origin: Origin, log: FaultLog) -> None:
    """Warn of accounts whose required skills no active rep has together."""
    joined = pc.binary_join(tables.accounts["requires"].combine_chunks(), "\0").dictionary_encode()
    skills = [set(each) for each, is_active in zip(tables.reps["skills"].to_pylist(), active, strict=True) if is_active]
    wanted = [set(text.split("\0")) - {""} for text in joined.dictionary.to_pylist()]
    nobody = np.array([not any(words <= each for each in skills) for words in wanted], dtype=bool)
    rows: NDArray[np.int64] = (
        np.flatnonzero(nobody[joined.indices.to_numpy(zero_copy_only=False)]) if nobody.any() else np.empty(0, np.int64)
    )

    def make(row: int) -> Fault:
        account = str(tables.accounts["id"][row].as_py())
        words = sorted(tables.accounts["requires"][row].as_py())
        detail = f"No active rep has all skills that account '{account[:64]}' requires: {', '.join(words)[:200]}."
        params = {"account_id": account, "requires": words}
        place = origin.place(row, "requires")
        return Fault(code="NO_ELIGIBLE_REP", detail=detail, params=params, severity="warning", **place)

    log.rows(rows, make, severity="warning")


class _Capacity:
    """The capacities of one measure against what there is of it."""

    def __init__(
        self,
        tables: DatasetTables,
        origins: Mapping[str, Origin],
        log: FaultLog,
        measure: str,
        amount: NDArray[np.float64],
        active: NDArray[np.bool_],
    ) -> None:
        self.tables, self.origins, self.log = tables, origins, log
        self.measure, self.amount, self.active = measure, amount, active
        self.largest = self._limit(MAXIMUM_PREFIX, np.inf)
        self.smallest = self._limit(MINIMUM_PREFIX, 0.0)

    def _limit(self, prefix: str, missing: float) -> NDArray[np.float64]:
        reps = self.tables.reps
        if prefix + self.measure not in reps.column_names:
            return np.full(reps.num_rows, missing)
        values = numbers(reps, prefix + self.measure)
        return np.where(np.isnan(values), missing, values)

    def warn(self) -> None:
        """Compare totals, the largest account and family, and each rep's locks with the capacities."""
        if not self.active.any():
            return
        total, room = float(self.amount.sum()), float(self.largest[self.active].sum())
        if total > room * (1 + HAIR):
            self._say_totals("CAPACITY_BELOW_TOTAL", total, room)
        least = float(self.smallest[self.active].sum())
        if least > total * (1 + HAIR):
            detail = f"The minimums for {self.measure} add up to {least:,.6g}; the accounts have {total:,.6g}."
            self._add("MINIMUM_ABOVE_TOTAL", detail, {"demand": least, "capacity": total, "short": least - total})
        best = int(np.argmax(np.where(self.active, self.largest, -np.inf)))
        if not np.isfinite(self.largest[best]):
            self._warn_locks()
            return
        self._warn_accounts(best)
        self._warn_families(best)
        self._warn_locks()

    def _warn_accounts(self, best: int) -> None:
        room = float(self.largest[best])
        rows = np.flatnonzero(self.amount > room * (1 + HAIR))
        origin, name = self.origins["accounts"], self._rep(best)

        def make(row: int) -> Fault:
            account, demand = str(self.tables.accounts["id"][row].as_py()), float(self.amount[row])
            detail = (
                f"Account '{account[:64]}' needs {demand:,.6g} {self.measure}; "
                f"the largest capacity is {room:,.6g} ({name[:64]})."
            )
            params = {"account_id": account, **self._numbers(demand, room)}
            place = origin.place(row)
            return Fault(code="ACCOUNT_EXCEEDS_ANY_CAPACITY", detail=detail, params=params, severity="warning", **place)

        self.log.rows(rows, make, severity="warning")

    def _warn_families(self, best: int) -> None:
        room = float(self.largest[best])
        family = family_numbers(self.tables.accounts)
        sizes, sums = np.bincount(family), np.bincount(family, weights=self.amount)
        over = np.flatnonzero((sums > room * (1 + HAIR)) & (sizes > 1))
        if not over.size:
            return
        first = np.unique(family, return_index=True)[1]
        for number in over.tolist():
            row, demand = int(first[number]), float(sums[number])
            account = str(self.tables.accounts["id"][row].as_py())
            detail = (
                f"The family of account '{account[:64]}' needs {demand:,.6g} {self.measure}; "
                f"the largest capacity is {room:,.6g} ({self._rep(best)[:64]})."
            )
            params = {"account_id": account, "accounts": int(sizes[number]), **self._numbers(demand, room)}
            self._add("FAMILY_EXCEEDS_ANY_CAPACITY", detail, params, row=row)

    def _warn_locks(self) -> None:
        accounts, reps = self.tables.accounts, self.tables.reps
        locked = accounts["locked"].to_numpy()
        rep = positions(accounts["current_rep_id"], reps["id"].combine_chunks())
        held = locked & (rep >= 0)
        sums = np.bincount(rep[held], weights=self.amount[held], minlength=reps.num_rows)
        for index in np.flatnonzero(sums > self.largest * (1 + HAIR)).tolist():
            demand, room, name = float(sums[index]), float(self.largest[index]), self._rep(index)
            detail = (
                f"Locked accounts give rep '{name[:64]}' {demand:,.6g} {self.measure}; the capacity is {room:,.6g}."
            )
            place = self.origins["reps"].place(index, MAXIMUM_PREFIX + self.measure)
            params = {"rep_id": name, **self._numbers(demand, room)}
            fault = Fault(code="LOCKS_EXCEED_CAPACITY", detail=detail, params=params, severity="warning", **place)
            self.log.add(fault)

    def _say_totals(self, code: str, total: float, room: float) -> None:
        detail = f"The accounts have {total:,.6g} {self.measure}; all capacities together are {room:,.6g}."
        self._add(code, detail, self._numbers(total, room))

    def _numbers(self, demand: float, capacity: float) -> dict[str, float | str]:
        return {"measure": self.measure, "demand": demand, "capacity": capacity, "short": demand - capacity}

    def _add(self, code: str, detail: str, params: Mapping[str, object], *, row: int | None = None) -> None:
        place = self.origins["accounts" if row is not None else "reps"].place(row)
        self.log.add(Fault(code=code, detail=detail, params=params, severity="warning", **place))

    def _rep(self, index: int) -> str:
        return str(self.tables.reps["id"][index].as_py())
