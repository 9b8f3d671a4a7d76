"""What is known of an alignment besides its assignments: outcome, objective, proven gap, violations, counts.

Owns the stored JSON form of this knowledge and where an alignment comes from. Refuses to compute
any of it: the optimizer, the checker and the scorecards do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.scenarios.center import Centers, read_centers, stored_centers


class OriginKind(StrEnum):
    """Name what made an alignment."""

    IMPORT = "import"
    JOB = "job"
    EDIT = "edit"


@dataclass(frozen=True)
class Origin:
    """Say where an alignment comes from.

    Parameters
    ----------
    kind
        What made it.
    job_id
        The job whose result it is, for kind ``job``.
    parent_id
        The alignment that it was edited or re-optimized from.
    """

    kind: OriginKind
    job_id: str | None = None
    parent_id: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """Return the form that the API shows."""
        return {"kind": self.kind.value, "job_id": self.job_id, "parent_id": self.parent_id}


@dataclass(frozen=True)
class AlignmentSummary:
    """Hold what an alignment's page says before any row is read; unknown is None.

    Parameters
    ----------
    outcome
        ``optimal``, ``feasible``, ``infeasible`` (it breaks criteria) or None for an import.
    objective
        Sum of the weighted terms; None where no criteria were asked.
    lower_bound
        Proven bound on the objective over all alignments that keep the criteria.
    gap
        (objective - lower_bound) / abs(objective), a fraction.
    bound_source
        ``certificate`` or ``search``.
    certified_gap
        Gap by the certificate's own bound, a fraction.
    terms
        One mapping a term: name, raw, unit, weight, reference, weighted.
    violations
        One mapping a breached criterion, as the API shows it.
    counts
        accounts, reps, moved, unassigned. Filled in from the data where it is empty.
    hashes
        sha256 of the dataset and of the normalized criteria.
    software
        version, ortools, seed.
    centers
        Rep id to center, for reps whose center was placed by the optimizer.
    placement
        cost, lower_bound, gap and weights of placed centers against all places; None where nothing is proven.
    """

    outcome: str | None = None
    objective: float | None = None
    lower_bound: float | None = None
    gap: float | None = None
    bound_source: str | None = None
    certified_gap: float | None = None
    terms: Sequence[Mapping[str, Any]] = ()
    violations: Sequence[Mapping[str, Any]] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str | None] = field(default_factory=dict)
    software: Mapping[str, Any] = field(default_factory=dict)
    centers: Centers = field(default_factory=dict)
    placement: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the stored form: plain lists and mappings that JSON can carry."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("counts", "hashes", "software"):
            plain[name] = dict(plain[name])
        plain["terms"] = [dict(term) for term in self.terms]
        plain["violations"] = [dict(violation) for violation in self.violations]
        plain["centers"] = stored_centers(self.centers)
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "AlignmentSummary":
        """Read the stored form back."""
        fields = {name: plain[name] for name in cls.__dataclass_fields__ if name in plain}
        fields["centers"] = read_centers(plain.get("centers", {}))
        return cls(**fields)
