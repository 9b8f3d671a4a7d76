"""The answer: an alignment, what it is worth, what was proven, or why there is none."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from optimizer.alignment import Alignment


class Outcome(StrEnum):
    """What the optimizer can say of a problem."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


class StopReason(StrEnum):
    """Why the search ended."""

    GAP = "gap"
    TIME_LIMIT = "time_limit"
    STOPPED = "stopped"
    NO_IMPROVEMENT = "no_improvement"
    PROVED = "proved"


@dataclass(frozen=True, kw_only=True)
class Term:
    """One part of the objective: ``weighted = weight · raw / reference``."""

    name: str
    raw: float
    unit: str
    weight: float
    reference: float

    @property
    def weighted(self) -> float:
        """The part of the objective."""
        return self.weight * self.raw / self.reference


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One breached criterion: which, where, by how much.

    Attributes
    ----------
    criterion
        ``balance``, ``capacity``, ``lock``, ``forbid``, ``frozen``, ``eligibility``, ``distance``, ``possible``,
        ``family``, ``max_moved``, ``max_in_per_rep``, ``max_out_per_rep``, ``unassigned``, ``inactive``, ``unit``
        (a unit that several reps share) or ``contiguity``.
    measure
        The limited measure, or None.
    rep, accounts
        Positions; None and empty where they do not apply.
    value, limit, by
        The load or count, its limit, and the excess, > 0, in the measure's unit.
    """

    criterion: str
    measure: str | None = None
    rep: int | None = None
    accounts: tuple[int, ...] = ()
    value: float | None = None
    limit: float | None = None
    by: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What makes a conflict, where demand and capacity alone do not tell.

    Attributes
    ----------
    kind
        ``forced`` (accounts that cannot stay), ``shed`` and ``gain`` (loads today that are too large or too small),
        ``frozen`` (what stays with a frozen rep), ``few`` (too few accounts), ``large`` (accounts of this size do not
        fit beside each other) or ``gap`` (``count`` accounts have at most ``amount``, one more has the demand). Of
        connected territories ``apart`` (what a rep must have lies in ``count`` pieces), ``alone`` (no rep can have it
        together with what it must have), ``reach`` (a rep's connected units hold too little), ``part`` and ``full`` (a
        part of the map holds too little or too much for the reps who could live there).
    measure
        What the numbers below are of; may differ from the conflict's measure.
    amount, limit
        ``shed`` and ``gain``: the load today and its limit. ``large``: the smallest of these accounts. ``gap``: what
        ``count`` accounts have at most, and the lower limit.
    count
        Number of accounts.
    scope
        Of a budget: ``total``, ``in`` or ``out``.
    """

    kind: str
    measure: str | None = None
    amount: float | None = None
    limit: float | None = None
    count: int | None = None
    scope: str | None = None


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Wishes that cannot be met together, shown by arithmetic.

    Attributes
    ----------
    code
        As in the list of error codes: ``NO_ELIGIBLE_REP``, ``FAMILY_EXCEEDS_ANY_CAPACITY``, …
    accounts, reps
        Who is concerned, by position.
    measure
        What is short, or None.
    demand, capacity
        What is needed and what there is; ``short = demand − capacity > 0``.
    irreducible
        True when leaving out any one part makes the conflict vanish.
    cause
        What makes it, where the numbers alone do not tell.
    """

    code: str
    accounts: tuple[int, ...] = ()
    reps: tuple[int, ...] = ()
    measure: str | None = None
    demand: float | None = None
    capacity: float | None = None
    irreducible: bool = False
    cause: Cause | None = None

    @property
    def short(self) -> float | None:
        """How much is missing, in the measure's unit."""
        return None if self.demand is None or self.capacity is None else self.demand - self.capacity


@dataclass(frozen=True, kw_only=True)
class Change:
    """One changed wish of a relaxation.

    Attributes
    ----------
    kind
        ``capacity_max``, ``capacity_min``, ``tolerance``, ``lock``, ``eligibility``, ``forbid``, ``distance``,
        ``budget``, ``family``, ``frozen``, ``unassigned``, ``contiguity`` or ``add_rep``.
    rep, account, measure
        What is changed, by position and name; None where it does not apply. An added rep is like ``rep``: the same
        center, skills and limits; its own position follows those of the problem, in the order of the changes.
    before, after
        The limit as it was and as it must be; None where a wish is dropped.
    """

    kind: str
    rep: int | None = None
    account: int | None = None
    measure: str | None = None
    scope: str | None = None
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """The cheapest change found that makes an infeasible problem feasible, with an alignment that proves it.

    Attributes
    ----------
    kind
        The kind of its changes, or ``mixed``.
    changes
        What to change.
    total
        Sum of the changed amounts in the measure's unit, or the number of dropped wishes.
    alignment
        An alignment that keeps the relaxed criteria.
    price
        What the changes cost together, in average territories (:mod:`optimizer.change_prices`); relaxations are
        ranked by it.
    """

    kind: str
    changes: tuple[Change, ...]
    total: float
    alignment: Alignment
    price: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is known while the search runs.

    Attributes
    ----------
    phase
        ``checking``, ``bounding``, ``constructing``, ``local_search``, ``neighborhoods``, ``repair``, ``exact`` or
        ``relaxing``.
    elapsed_s
        Seconds since the search began.
    objective, lower_bound
        The best so far; None while unknown. The objective is that of ``alignment``.
    violations
        Number of breached hard limits of the best alignment; 0 when it is feasible.
    alignment
        The best alignment so far, None before the first, and only handed over when it is new.
    """

    phase: str
    elapsed_s: float
    objective: float | None = None
    lower_bound: float | None = None
    violations: int | None = None
    alignment: Alignment | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the optimizer answers.

    Attributes
    ----------
    outcome, stop_reason
        What was found, and why the search ended.
    alignment
        The best alignment; None where the outcome is infeasible or unknown, unless the least bad one was asked for.
    terms, objective
        The value of the alignment, as :func:`optimizer.score` gives it.
    lower_bound
        Proven bound on the objective; None where no valid one is known.
    bound_source
        ``certificate`` or ``search``; None without a bound.
    certified_bound
        The bound that follows from ``multipliers``; None without.
    multipliers
        The certificate's multipliers by row, as plain data (see :mod:`optimizer.certificate`).
    violations
        Breached hard limits of the alignment; empty for an optimal or feasible outcome.
    conflicts, relaxations
        Why there is no alignment, and what would help.
    statistics
        Seconds and counts per phase, for benchmarks.
    """

    outcome: Outcome
    stop_reason: StopReason
    alignment: Alignment | None = None
    terms: tuple[Term, ...] = ()
    objective: float | None = None
    lower_bound: float | None = None
    bound_source: str | None = None
    certified_bound: float | None = None
    multipliers: Any = None
    violations: tuple[Violation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    statistics: dict[str, Any] = field(default_factory=dict)
