"""What is wanted: hard limits and weighted aims, by position.

Capacities, skills and distances are facts of the problem; everything that an ops manager may wish differently
tomorrow stands here.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from optimizer.exceptions import InvalidCriteria


class Target(StrEnum):
    """Where a rep's target load comes from."""

    EQUAL = "equal"
    """The mean of the assigned load over the active reps."""
    FTE = "fte"
    """The assigned load shared in proportion to FTE."""
    CAPACITY = "capacity"
    """The assigned load shared in proportion to the largest load a rep may carry."""
    GIVEN = "given"
    """The target that stands at the rep."""


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Loads of one measure near their targets.

    Hard: no active rep deviates by more than ``tolerance``. Soft: each unit of relative deviation beyond the
    tolerance costs ``weight``, and three times that beyond twice the tolerance.
    """

    measure: str
    target: Target = Target.EQUAL
    tolerance: float = 0.10
    hard: bool = False
    weight: float = 50.0

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < 1:
            raise InvalidCriteria(f"tolerance {self.tolerance} is outside [0, 1)")
        if not self.weight >= 0:
            raise InvalidCriteria(f"weight {self.weight} is negative")


class BudgetScope(StrEnum):
    """Which moves a budget counts."""

    TOTAL = "total"
    """All moves together."""
    IN = "in"
    """The moves toward each rep."""
    OUT = "out"
    """The moves away from each rep."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """At most ``limit`` of a measure may move: in all, into each rep, or out of each rep.

    Accounts of a rep who has left do not count: they must move.
    """

    scope: BudgetScope
    measure: str
    limit: float

    def __post_init__(self) -> None:
        if not self.limit >= 0:
            raise InvalidCriteria(f"budget {self.limit} is negative")


@dataclass(frozen=True, kw_only=True)
class Disruption:
    """The price of changing reps, in shares of a measure, and the budgets that cap it."""

    weight: float = 0.0
    measure: str = "accounts"
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """Whether a rep must have the skills that an account requires; a weight prices each mismatch instead."""

    hard: bool = True
    weight: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Unassigned:
    """Whether accounts may stay without a rep, and what each such account costs."""

    allowed: bool = False
    weight: float = 0.0


class Contiguity(StrEnum):
    """Whether every territory must be connected, and what counts as a border."""

    OFF = "off"
    ROOK = "rook"
    QUEEN = "queen"


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """All that makes an alignment right (hard limits) and good (weighted aims).

    Attributes
    ----------
    balance
        At most one entry a measure.
    travel_weight, compactness_weight
        Relative weights, ≥ 0; 0 leaves the aim out.
    disruption
        Price and budgets of moves.
    families_together
        True when all accounts of a family go to one rep.
    locks, forbid
        Pairs (account, rep) that must, or must not, stand in the alignment.
    frozen_reps
        Reps who gain and lose nothing.
    unassigned
        Whether accounts may stay without a rep.
    contiguity
        Connected territories.
    """

    balance: tuple[Balance, ...] = ()
    travel_weight: float = 0.0
    compactness_weight: float = 0.0
    disruption: Disruption = field(default_factory=Disruption)
    families_together: bool = True
    eligibility: Eligibility = field(default_factory=Eligibility)
    locks: tuple[tuple[int, int], ...] = ()
    forbid: tuple[tuple[int, int], ...] = ()
    frozen_reps: tuple[int, ...] = ()
    unassigned: Unassigned = field(default_factory=Unassigned)
    contiguity: Contiguity = Contiguity.OFF

    def __post_init__(self) -> None:
        measures = [balance.measure for balance in self.balance]
        if len(set(measures)) != len(measures):
            raise InvalidCriteria("a measure is balanced twice")
        weights = (
            self.travel_weight,
            self.compactness_weight,
            self.disruption.weight,
            self.eligibility.weight,
            self.unassigned.weight,
        )
        if not all(weight >= 0 for weight in weights):
            raise InvalidCriteria("weights must not be negative")

    def replace(self, **changes: Any) -> "Criteria":
        """Return a copy with some wishes changed."""
        return replace(self, **changes)
