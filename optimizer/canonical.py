"""An order of accounts and reps that depends on what they are, not on where they stand or how they are called.

Sorted this way, the same problem in another order of rows becomes the same problem, to the last bit, and a search
without randomness of its own gives the same answer. Accounts, or reps, that nothing tells apart keep their order:
they may be exchanged. What sorts first is a size that float noise moves by next to nothing, so that turned longitudes
or another unit of a measure leave the order as it was.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.problem import PairAmounts, Problem
from optimizer.result import Conflict, Relaxation
from optimizer.units import Units

ROUNDS: Final = 2
"""How often what a line knows of its neighbors is passed on."""
UNIT_ROUNDS: Final = 8
"""How far units without accounts look around to be told apart."""
BLOCK_PAIRS: Final = 4_000_000
REACH_STEPS: Final = 2.0**30
"""Whole steps in the largest value of a pair: sums of them are exact in any order."""

Hashes = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class CanonicalOrder:
    """The order, as positions in the caller's problem.

    Attributes
    ----------
    accounts, reps
        Which account, and which rep, stands at each canonical place.
    """

    accounts: Positions
    reps: Positions

    def apply(self, problem: Problem, criteria: Criteria) -> tuple[Problem, Criteria]:
        """Return the problem and criteria in canonical order."""
        return self._problem(problem), self._criteria(criteria)

    def to_canonical(self, alignment: Alignment | None) -> Alignment | None:
        """Return an alignment of the caller's problem as one of the canonical one."""
        return None if alignment is None else Alignment(self._place(alignment.rep)[self.accounts])

    def to_caller(self, alignment: Alignment) -> Alignment:
        """Return an alignment of the canonical problem as one of the caller's."""
        rep = np.full(len(self.accounts), -1, dtype=np.int64)
        assigned = alignment.rep >= 0
        # reps that a relaxation added stand behind all others, in both orders
        last = int(alignment.rep.max(initial=-1))
        reps = np.concatenate([self.reps, np.arange(len(self.reps), last + 1)])
        rep[self.accounts[assigned]] = reps[alignment.rep[assigned]]
        return Alignment(rep.astype(np.int32))

    def conflict_to_caller(self, conflict: Conflict) -> Conflict:
        """Return a conflict of the canonical problem with the caller's positions."""
        return replace(
            conflict,
            accounts=tuple(sorted(int(self.accounts[account]) for account in conflict.accounts)),
            reps=tuple(sorted(int(self.reps[rep]) for rep in conflict.reps)),
        )

    def row_to_caller(self, priced: dict[str, Any]) -> dict[str, Any]:
        """Return a priced row of the canonical problem with the caller's rep."""
        row = priced["row"]
        return {**priced, "row": {**row, "rep": int(self.reps[row["rep"]])}} if "rep" in row else priced

    def relaxation_to_caller(self, relaxation: Relaxation) -> Relaxation:
        """Return a relaxation of the canonical problem with the caller's positions."""
        changes = tuple(
            replace(
                change,
                rep=None if change.rep is None else int(self.reps[change.rep]),
                account=None if change.account is None else int(self.accounts[change.account]),
            )
            for change in relaxation.changes
        )
        return replace(relaxation, changes=changes, alignment=self.to_caller(relaxation.alignment))

    def _place(self, reps: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the canonical place of each rep; −1 stays −1."""
        place = np.full(len(self.reps) + 1, -1, dtype=np.int64)
        place[self.reps] = np.arange(len(self.reps))
        placed: npt.NDArray[Any] = place[reps]
        return placed

    def _problem(self, problem: Problem) -> Problem:
        accounts, reps = self.accounts, self.reps
        changes: dict[str, Any] = {
            "amount": problem.amount[accounts],
            "current": self._place(problem.current)[accounts],
            "family": _renumbered(problem.family[accounts]),
            "locked": problem.locked[accounts],
        }
        for name in ("fte", "active", "capacity_min", "capacity_max", "target"):
            changes[name] = getattr(problem, name)[reps]
        for name in ("travel", "inertia", "possible", "mismatch"):
            value = getattr(problem, name)
            changes[name] = None if value is None else value[np.ix_(accounts, reps)]
        if problem.pair_amounts is not None:
            changes["pair_amounts"] = self._pairs(problem.pair_amounts)
        if problem.units is not None:
            changes["units"] = canonical_units(problem.units, accounts)
        return replace(problem, **changes)

    def _pairs(self, pairs: PairAmounts) -> PairAmounts:
        account, rep = _inverse(self.accounts)[pairs.account], self._place(pairs.rep)
        order = np.lexsort((rep, account))
        return PairAmounts(
            account=account[order].astype(np.int32), rep=rep[order].astype(np.int32), amount=pairs.amount[order]
        )

    def _criteria(self, criteria: Criteria) -> Criteria:
        account, rep = _inverse(self.accounts), _inverse(self.reps)

        def moved(pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
            return tuple(sorted((int(account[first]), int(rep[second])) for first, second in pairs))

        return replace(
            criteria,
            locks=moved(criteria.locks),
            forbid=moved(criteria.forbid),
            frozen_reps=tuple(sorted(int(rep[frozen]) for frozen in criteria.frozen_reps)),
        )


def canonical_order(problem: Problem, criteria: Criteria) -> CanonicalOrder:
    """Return the order of accounts and reps by content.

    Notes
    -----
    Sorted by the sum of travel over all pairs, then by amounts or limits, then by a hash: of an account's or rep's own
    numbers, then of the hashes of what it is paired with, summed without regard to order (color refinement).
    O(accounts · reps) a round.
    """
    account = _hash_columns([problem.amount, problem.locked[:, None], (problem.current < 0)[:, None]])
    rep = _hash_columns(
        [problem.fte[:, None], problem.active[:, None], problem.capacity_min, problem.capacity_max, problem.target]
    )
    _mark(account, rep, criteria)
    for _ in range(ROUNDS):
        account, rep = _refine(problem, account, rep)
    account_reach, rep_reach = _reach(problem)
    limits = (*problem.target.T, *problem.capacity_min.T, *problem.capacity_max.T)
    current = np.where(problem.current >= 0, rep_reach[problem.current], -1)
    _, family = np.unique(problem.family, return_inverse=True)
    together = np.zeros(int(family.max()) + 1, dtype=np.int64)
    np.add.at(together, family, account_reach)
    return CanonicalOrder(
        accounts=np.lexsort((account, together[family], current, problem.locked, *problem.amount.T, account_reach)),
        reps=np.lexsort((rep, *limits, problem.fte, problem.active, rep_reach)),
    )


def canonical_units(units: Units, accounts: Positions) -> Units:
    """Return units for accounts in another order, numbered by their first account, then by what is around them.

    Parameters
    ----------
    units
        The units of the caller's accounts.
    accounts
        Which account stands at each place.

    Notes
    -----
    Units without accounts are told apart by hashes of their neighbors, passed on a few times; those that nothing tells
    apart keep their order: they may be exchanged.
    """
    unit = units.unit[accounts]
    place = np.full(units.num_units, len(unit), dtype=np.int64)
    inside = np.flatnonzero(unit >= 0)
    np.minimum.at(place, unit[inside], inside)
    known = _mix(place.astype(np.uint64) + np.uint64(23))
    for _ in range(UNIT_ROUNDS):
        around = np.zeros(units.num_units, dtype=np.uint64)
        np.add.at(around, units.first, _mix(known[units.second] + np.uint64(29)))
        np.add.at(around, units.second, _mix(known[units.first] + np.uint64(29)))
        known = np.where(place < len(unit), known, _mix(known ^ _mix(around)))
    order = np.lexsort((known, place))
    number = _inverse(order.astype(np.int64))
    first, second = number[units.first], number[units.second]
    low, high = np.minimum(first, second), np.maximum(first, second)
    edges = np.lexsort((high, low))
    return Units(
        num_units=units.num_units,
        unit=np.append(number, -1)[unit].astype(np.int32),  # the last one is for accounts without a unit
        first=low[edges].astype(np.int32),
        second=high[edges].astype(np.int32),
    )


def _reach(problem: Problem) -> tuple[Positions, Positions]:
    """Return how far every account is from all reps together, and every rep from all accounts, in whole steps."""
    account, rep = np.zeros(problem.num_accounts, dtype=np.int64), np.zeros(problem.num_reps, dtype=np.int64)
    matrix = problem.inertia if problem.travel is None else problem.travel
    largest = 0.0 if matrix is None else float(matrix.max())
    if matrix is None or not largest > 0:
        return account, rep
    step = max(1, BLOCK_PAIRS // problem.num_reps)
    for first in range(0, problem.num_accounts, step):
        rows = slice(first, first + step)
        steps = np.rint(matrix[rows].astype(np.float64) * (REACH_STEPS / largest)).astype(np.int64)
        account[rows] = steps.sum(axis=1)
        rep += steps.sum(axis=0)
    return account, rep


def _mark(account: Hashes, rep: Hashes, criteria: Criteria) -> None:
    """Let locks, forbidden pairs and frozen reps show in the hashes."""
    for salt, pairs in ((3, criteria.locks), (5, criteria.forbid)):
        if pairs:
            first, second = (np.array(side) for side in zip(*pairs, strict=True))
            np.add.at(account, first, _mix(rep[second] + np.uint64(salt)))
            np.add.at(rep, second, _mix(account[first] + np.uint64(salt)))
    if criteria.frozen_reps:
        frozen = np.unique(criteria.frozen_reps)
        rep[frozen] = _mix(rep[frozen] + np.uint64(7))


def _refine(problem: Problem, account: Hashes, rep: Hashes) -> tuple[Hashes, Hashes]:
    """Return the hashes with what the pairs, the current reps and the families add."""
    new_account, new_rep = _mix(account), _mix(rep)
    served = np.flatnonzero(problem.current >= 0)
    new_account[served] += _mix(rep[problem.current[served]] + np.uint64(11))
    np.add.at(new_rep, problem.current[served], _mix(account[served] + np.uint64(13)))
    _, family = np.unique(problem.family, return_inverse=True)
    together = np.zeros(int(family.max()) + 1, dtype=np.uint64)
    np.add.at(together, family, _mix(account))
    new_account += _mix(together[family] + np.uint64(17))
    step = max(1, BLOCK_PAIRS // problem.num_reps)
    for first in range(0, problem.num_accounts, step):
        rows = slice(first, first + step)
        for salt, name in enumerate(("travel", "inertia", "possible", "mismatch"), start=19):
            matrix = getattr(problem, name)
            if matrix is not None:
                pair = _mix(_bits(matrix[rows]) + np.uint64(salt))
                new_account[rows] += _mix(pair ^ rep[None, :]).sum(axis=1, dtype=np.uint64)
                new_rep += _mix(pair ^ account[rows, None]).sum(axis=0, dtype=np.uint64)
    if problem.pair_amounts is not None:
        pairs = problem.pair_amounts
        own = _hash_columns([pairs.amount])
        np.add.at(new_account, pairs.account, _mix(own ^ rep[pairs.rep]))
        np.add.at(new_rep, pairs.rep, _mix(own ^ account[pairs.account]))
    if problem.units is not None:
        new_account += _surroundings(problem.units, account)
    return new_account, new_rep


def _surroundings(units: Units, account: Hashes) -> Hashes:
    """Return one hash an account of what its unit and the units next to it hold, 0 for one without a unit."""
    inside = np.flatnonzero(units.unit >= 0)
    held = np.zeros(units.num_units, dtype=np.uint64)
    np.add.at(held, units.unit[inside], _mix(account[inside] + np.uint64(31)))
    around = _mix(held + np.uint64(37))
    np.add.at(around, units.first, _mix(held[units.second] + np.uint64(41)))
    np.add.at(around, units.second, _mix(held[units.first] + np.uint64(41)))
    hashes = np.zeros(len(account), dtype=np.uint64)
    hashes[inside] = _mix(around[units.unit[inside]])
    return hashes


def _hash_columns(arrays: list[npt.NDArray[Any]]) -> Hashes:
    """Return one hash a row of all columns of some arrays."""
    hashes = np.zeros(len(arrays[0]), dtype=np.uint64)
    for array in arrays:
        for column in array.T:
            hashes = _mix(hashes ^ _bits(np.ascontiguousarray(column)))
    return hashes


def _bits(values: npt.NDArray[Any]) -> Hashes:
    """Return the bits of numbers, zeros alike whatever their sign."""
    return (np.ascontiguousarray(values, dtype=np.float64) + 0.0).view(np.uint64)


def _mix(values: Hashes) -> Hashes:
    """Scramble 64-bit words (the finalizer of SplitMix64; Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _inverse(order: Positions) -> Positions:
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def _renumbered(family: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return family numbers in the order in which they first occur."""
    _, first, number = np.unique(family, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]
