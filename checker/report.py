"""What a check answers: violations, objective terms, loads and targets."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Violation:
    """One breached criterion.

    Attributes
    ----------
    criterion
        The section or field that is breached: ``rep``, ``active``, ``unassigned``, ``balance``, ``capacity``,
        ``locks``, ``forbid``, ``frozen_reps``, ``eligibility``, ``max_distance_km``, ``families``, ``max_moved``,
        ``max_in_per_rep``, ``max_out_per_rep``, ``units`` (a unit that several reps share), ``contiguity``.
    measure
        The measure that is limited, or None.
    rep_id
        The rep whose territory breaches it, or None where no single rep does.
    account_ids
        Some of the accounts concerned, at most 20.
    value, limit, by
        What was found, what is allowed, and the positive difference, in the measure's unit, km or a count.
    detail
        One plain sentence.
    """

    criterion: str
    measure: str | None
    rep_id: str | None
    account_ids: tuple[str, ...]
    value: float
    limit: float
    by: float
    detail: str


@dataclass(frozen=True)
class Term:
    """One term of the objective.

    Attributes
    ----------
    name
        ``travel``, ``compactness``, ``disruption``, ``balance:<measure>``, ``eligibility`` or ``unassigned``.
    raw, unit
        The quantity as measured, and its unit.
    weight
        The criteria's weight, at least 0.
    reference
        What raw is divided by, positive.
    weighted
        ``weight * raw / reference``.
    """

    name: str
    raw: float
    unit: str
    weight: float
    reference: float
    weighted: float


@dataclass(frozen=True, eq=False)
class Target:
    """The targets of one balance criterion.

    Attributes
    ----------
    measure, kind, is_hard
        As in the criteria.
    load
        Shape ``(reps,)``: the target load, NaN for a rep without one (inactive, or none given).
    """

    measure: str
    kind: str
    is_hard: bool
    load: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CheckReport:
    """Everything that the checker recomputed about one alignment.

    Attributes
    ----------
    violations
        Every breached criterion; empty for an alignment that keeps all of them.
    terms
        The objective's terms, those with a weight above 0.
    objective
        The sum of the terms' ``weighted``.
    rep_ids
        The reps, in the order of the arrays.
    loads
        Measure to load, each of shape ``(reps,)``, pair overrides applied.
    targets
        One entry for each balance criterion.
    """

    violations: tuple[Violation, ...]
    terms: tuple[Term, ...]
    objective: float
    rep_ids: tuple[str, ...]
    loads: Mapping[str, NDArray[np.float64]]
    targets: tuple[Target, ...]

    @property
    def is_kept(self) -> bool:
        """Whether the alignment keeps every criterion."""
        return not self.violations
