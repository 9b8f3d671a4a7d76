"""What is given: accounts, reps and the numbers between them, as arrays.

The facts only; what is wanted of an alignment stands in :mod:`optimizer.criteria`. No identifiers, no geography:
an account and a rep are positions, a distance has become a travel value.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optimizer.exceptions import InvalidProblem
from optimizer.frozen import ReadOnly, frozen_array
from optimizer.units import Units

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

ACCOUNTS: Final = "accounts"
"""The measure that is always there: every account counts 1."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PairAmounts(ReadOnly):
    """Amounts that depend on who serves the account, for a few pairs.

    Attributes
    ----------
    account, rep
        The pairs, each at most once. Shape ``(pairs,)``.
    amount
        What the account needs from this rep; NaN keeps the account's own amount. Shape ``(pairs, measures)``.
    """

    account: IntArray
    rep: IntArray
    amount: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", frozen_array(self.account, np.int32))
        object.__setattr__(self, "rep", frozen_array(self.rep, np.int32))
        object.__setattr__(self, "amount", frozen_array(self.amount, np.float64))
        if not len(self.account) == len(self.rep) == len(self.amount):
            raise InvalidProblem("pair amounts: account, rep and amount differ in length")


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem(ReadOnly):
    """Accounts, reps and the values between them; immutable.

    Attributes
    ----------
    measures
        Names of the additive measures, `accounts` among them.
    amount
        What each account has of each measure, ≥ 0, in the measure's own unit; 1 for `accounts`.
        Shape ``(accounts, measures)``.
    current
        The rep who serves the account today; −1 where none does. Shape ``(accounts,)``.
    family
        Number of the account's family; accounts of one family carry the same number, all others a number of
        their own. Shape ``(accounts,)``.
    locked
        True where the account stays with its current rep. Shape ``(accounts,)``.
    fte
        Full-time equivalents, ≥ 0. Shape ``(reps,)``.
    active
        False for a rep who has left: nothing may go there, and leaving costs no disruption. Shape ``(reps,)``.
    capacity_min, capacity_max
        Smallest and largest load; 0 and infinity where there is none. Shape ``(reps, measures)``.
    target
        The load that a rep was given as a target; NaN where none was given. Shape ``(reps, measures)``.
    travel
        Travel of each pair, ≥ 0, visits and road factor included, in ``travel_unit`` per year; or None where
        nothing is known of travel. float64, or float32 for large problems. Shape ``(accounts, reps)``.
    inertia
        Workload-weighted squared distance of each pair in km²·h, ≥ 0; or None. Shape ``(accounts, reps)``.
    possible
        False for pairs that the data rule out: forbidden pairs, missing pairs, beyond a rep's maximum distance.
        None when everything is possible. Shape ``(accounts, reps)``.
    mismatch
        True where the rep lacks a skill that the account requires; None when nobody lacks any.
        Shape ``(accounts, reps)``.
    pair_amounts
        Amounts that depend on the rep, or None.
    travel_unit
        The unit of ``travel``, for reports: ``km``, ``min`` or ``cost``.
    units
        The geographic units that the accounts lie in, with their neighbors, or None.

    Raises
    ------
    InvalidProblem
        When shapes differ, an index is out of range, or a number is negative or not finite.
    """

    measures: tuple[str, ...]
    amount: FloatArray
    current: IntArray
    family: IntArray
    locked: BoolArray
    fte: FloatArray
    active: BoolArray
    capacity_min: FloatArray
    capacity_max: FloatArray
    target: FloatArray
    travel: FloatArray | None = None
    inertia: FloatArray | None = None
    possible: BoolArray | None = None
    mismatch: BoolArray | None = None
    pair_amounts: PairAmounts | None = None
    travel_unit: str = "km"
    units: Units | None = None

    def __post_init__(self) -> None:
        self._freeze()
        self._check_shapes()
        self._check_values()

    @property
    def num_accounts(self) -> int:
        """Number of accounts."""
        return len(self.amount)

    @property
    def num_reps(self) -> int:
        """Number of reps, those who have left included."""
        return len(self.fte)

    def measure_index(self, name: str) -> int:
        """Return the position of a measure; ``ValueError`` when there is none of this name."""
        return self.measures.index(name)

    def replace(self, **changes: Any) -> "Problem":
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def _freeze(self) -> None:
        for name in ("amount", "fte", "capacity_min", "capacity_max", "target"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        for name in ("current", "family"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int32))
        for name in ("locked", "active"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.bool_))
        for name in ("travel", "inertia"):
            value = getattr(self, name)
            if value is not None:
                dtype = np.float32 if np.asarray(value).dtype == np.float32 else np.float64
                object.__setattr__(self, name, frozen_array(value, dtype))
        for name in ("possible", "mismatch"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, frozen_array(value, np.bool_))

    def _check_shapes(self) -> None:
        accounts, reps, measures = self.num_accounts, self.num_reps, len(self.measures)
        expected = {
            "amount": (accounts, measures),
            "current": (accounts,),
            "family": (accounts,),
            "locked": (accounts,),
            "fte": (reps,),
            "active": (reps,),
            "capacity_min": (reps, measures),
            "capacity_max": (reps, measures),
            "target": (reps, measures),
            "travel": (accounts, reps),
            "inertia": (accounts, reps),
            "possible": (accounts, reps),
            "mismatch": (accounts, reps),
        }
        for name, shape in expected.items():
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                raise InvalidProblem(f"{name} has shape {value.shape}, expected {shape}")
        if self.units is not None and self.units.unit.shape != (accounts,):
            raise InvalidProblem(f"units has shape {self.units.unit.shape}, expected {(accounts,)}")
        if accounts == 0 or reps == 0:
            raise InvalidProblem("a problem needs at least one account and one rep")

    def _check_values(self) -> None:
        if len(set(self.measures)) != len(self.measures) or ACCOUNTS not in self.measures:
            raise InvalidProblem("measures must be distinct and contain 'accounts'")
        for name in ("amount", "fte", "capacity_min"):
            value = getattr(self, name)
            if not np.isfinite(value).all() or (value < 0).any():
                raise InvalidProblem(f"{name} must be finite and not negative")
        if np.isnan(self.capacity_max).any() or (self.capacity_max < self.capacity_min).any():
            raise InvalidProblem("capacity_max must not be below capacity_min")
        if (self.current < -1).any() or (self.current >= self.num_reps).any():
            raise InvalidProblem("current names a rep that is not there")
        if (self.locked & (self.current < 0)).any():
            raise InvalidProblem("a locked account needs a current rep")
        pairs = self.pair_amounts
        if pairs is not None and len(pairs.account):
            in_range = (
                (pairs.account >= 0)
                & (pairs.account < self.num_accounts)
                & (pairs.rep >= 0)
                & (pairs.rep < self.num_reps)
            )
            if not in_range.all() or pairs.amount.shape[1] != len(self.measures):
                raise InvalidProblem("pair amounts name an account, rep or measure that is not there")
