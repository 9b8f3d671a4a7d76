"""The independent check of every alignment before it is stored, and the summary that is stored with it.

The checker reads the raw tables again and shares no code with the model; only what it confirms is published.
Imports neither the web nor the database.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass, field
from typing import Any

from app.datasets.tables import DatasetTables
from app.jobs.proofs import Bound, Proof, prove
from app.scenarios.place_costs import with_center_costs
from app.scenarios.planning import Plan
from checker import CheckReport, Discrepancy, Examined, check_claims, examine
from optimizer.alignment import Alignment
from optimizer.result import Result
from optimizer.stop import relative_gap


class Judge:
    """Check alignments of one dataset against one set of criteria.

    Parameters
    ----------
    tables
        The dataset as stored.
    criteria
        The normalized criteria.
    plan
        Turns the optimizer's positions into ids.

    Attributes
    ----------
    columns, criteria
        The raw columns by table, and the normalized criteria: what is checked against.
    """

    def __init__(self, tables: DatasetTables, criteria: Mapping[str, Any], plan: Plan) -> None:
        self.columns = {
            name: {column: table.column(column).to_pylist() for column in table.column_names}
            for name, table in with_center_costs(tables, plan.centers).named()
            if name != "units"
        }
        self.criteria = criteria
        self._plan = plan
        self._neighbors = plan.neighbors()

    def on(self, columns: Mapping[str, Any], criteria: Mapping[str, Any], plan: Plan) -> "Judge":
        """Return a judge of a question that differs from this one, such as a relaxed one."""
        other = copy(self)
        other.columns, other.criteria, other._plan = dict(columns), criteria, plan
        return other

    def under(self, criteria: Mapping[str, Any]) -> "Judge":
        """Return a judge of the same dataset under other criteria."""
        other = copy(self)
        other.criteria = criteria
        return other

    def report(self, alignment: Alignment) -> CheckReport:
        """Recompute violations, terms and the objective of an alignment from the raw data."""
        return self.examine(alignment).report

    def examine(self, alignment: Alignment) -> Examined:
        """Recompute an alignment from the raw data and keep what a certificate needs."""
        return examine(
            self.columns["accounts"],
            self.columns["reps"],
            self.columns.get("pairs"),
            self.criteria,
            self._plan.assigned_rep_ids(alignment),
            units=self._neighbors,
            centers={rep_id: (center.lat, center.lon) for rep_id, center in self._plan.centers.items()},
            detour=self._plan.detour,
        )

    def prove(self, examined: Examined, result: Result) -> Proof:
        """Return what is proven of an examined alignment's objective, with its verified certificate."""
        return prove(
            examined,
            result,
            rep_ids=tuple(self._plan.rep_ids),
            tables=self.columns,
            criteria=self.criteria,
            neighbors=self._neighbors,
        )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An alignment with what the checker found and what is claimed of it."""

    report: CheckReport
    outcome: str
    bound: Bound = field(default_factory=Bound)

    def summary(self, *, software: Mapping[str, Any]) -> dict[str, Any]:
        """Return the stored summary; see :class:`app.alignments.summaries.AlignmentSummary`."""
        objective = self.report.objective
        return {
            "outcome": self.outcome,
            "objective": objective,
            "lower_bound": self.bound.lower_bound,
            "gap": gap(objective, self.bound.lower_bound),
            "bound_source": self.bound.source,
            "certified_gap": gap(objective, self.bound.certified),
            "terms": [asdict(term) for term in self.report.terms],
            "violations": [
                {**asdict(violation), "account_ids": list(violation.account_ids)}
                for violation in self.report.violations
            ],
            "software": dict(software),
        }


def gap(objective: float | None, lower_bound: float | None) -> float | None:
    """Return the proven gap as a fraction of the objective, None while unknown or not finite."""
    if objective is None or lower_bound is None:
        return None
    if objective == 0 and lower_bound < 0:
        return None
    return relative_gap(objective, lower_bound)


def discrepancies(report: CheckReport, result: Result) -> tuple[Discrepancy, ...]:
    """Return every claim of the optimizer that the checker does not confirm."""
    return check_claims(
        report,
        result.objective,
        {term.name: term.weighted for term in result.terms},
        result.lower_bound,
        result.outcome.value,
    )
