"""The checked alignment as an array, with its moves and loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checker.criteria import Balance, CheckedCriteria
from checker.exceptions import CheckInputError
from checker.raw_data import RawData
from checker.report import Target

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Assigned:
    """Which rep every account goes to.

    Attributes
    ----------
    rep
        Shape ``(accounts,)``: rep index, -1 for unassigned or for an id that is no rep.
    unknown
        Account index to the id that is no rep.
    is_moved
        Shape ``(accounts,)``: whether the account leaves an active current rep; becoming unassigned is a move.
    """

    rep: Ints
    unknown: Mapping[int, str]
    is_moved: Bools


def read_assignment(data: RawData, assignment: Mapping[int, str | None] | Sequence[str | None]) -> Assigned:
    """Read an assignment: account index to rep id or None.

    Raises
    ------
    CheckInputError
        When it has a line for an account that is not in the data, or a list misses one.
    """
    if isinstance(assignment, Mapping):
        if any(not 0 <= account < data.num_accounts for account in assignment):
            raise CheckInputError("The assignment names an account index outside the data.")
        rep_ids = [assignment.get(account) for account in range(data.num_accounts)]
    else:
        rep_ids = list(assignment)
    if len(rep_ids) != data.num_accounts:
        raise CheckInputError(f"The assignment has {len(rep_ids)} lines for {data.num_accounts} accounts.")
    index: dict[str | None, int] = {rep_id: position for position, rep_id in enumerate(data.rep_ids)}
    rep = np.array([index.get(rep_id, -1) for rep_id in rep_ids], dtype=np.int64)
    unknown = {account: rep_id for account, rep_id in enumerate(rep_ids) if rep_id is not None and rep_id not in index}
    return Assigned(rep, unknown, (data.counted_current >= 0) & (rep != data.counted_current))


def load_of(data: RawData, assigned: Assigned, measure: str) -> Floats:
    """Return every rep's load of a measure, pair overrides applied, shape ``(reps,)``."""
    amount = data.amount_at(measure, assigned.rep)
    held = assigned.rep >= 0
    return np.asarray(np.bincount(assigned.rep[held], weights=amount[held], minlength=data.num_reps), dtype=np.float64)


def limited_measures(data: RawData, criteria: CheckedCriteria) -> tuple[str, ...]:
    """Return every measure of the accounts, and none that the limits alone name.

    Raises
    ------
    CheckInputError
        When a limit is set on a measure that the accounts do not have.
    """
    named = {balance.measure for balance in criteria.balance} | set(data.minimum) | set(data.maximum)
    for measure in sorted(named):
        data.measure(measure)
    return tuple(sorted(data.amounts))


def share_of_target(data: RawData, balance: Balance) -> Floats | None:
    """Return each rep's share of the assigned load, NaN for inactive reps; None where targets are given.

    Raises
    ------
    CheckInputError
        When the shares cannot be formed: no fte at all, or a rep without a largest load.
    """
    if balance.target == "given":
        return None
    basis = np.ones(data.num_reps)
    if balance.target == "fte":
        basis = data.fte
    if balance.target == "capacity":
        basis = data.maximum.get(balance.measure, np.full(data.num_reps, np.inf))
    total = basis[data.is_active].sum()
    if not 0 < total < np.inf:
        raise CheckInputError(f"The target of '{balance.measure}' by {balance.target} cannot be formed.")
    return np.where(data.is_active, basis / total, np.nan)


def target_of(data: RawData, balance: Balance, total: float) -> Target:
    """Return the targets of one balance criterion, given the total assigned load."""
    share = share_of_target(data, balance)
    if share is None:
        given = data.given_target.get(balance.measure, np.full(data.num_reps, np.nan))
        load = np.where(data.is_active, given, np.nan)
    else:
        load = share * total
    return Target(balance.measure, balance.target, balance.is_hard, load)
