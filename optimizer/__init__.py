"""Turn numbers into decisions: balanced territories with a proven gap."""

from optimizer.alignment import UNASSIGNED, Alignment
from optimizer.changes import apply_relaxation, relaxation_for
from optimizer.conflicts import conflicts
from optimizer.criteria import (
    Balance,
    Budget,
    BudgetScope,
    Contiguity,
    Criteria,
    Disruption,
    Eligibility,
    Target,
    Unassigned,
)
from optimizer.exceptions import InvalidCriteria, InvalidParameter, InvalidProblem, OptimizerError
from optimizer.params import SolveParams
from optimizer.problem import ACCOUNTS, PairAmounts, Problem
from optimizer.references import References, references
from optimizer.result import (
    Change,
    Conflict,
    Outcome,
    Progress,
    Relaxation,
    Result,
    StopReason,
    Term,
    Violation,
)
from optimizer.score import Scorecard, score
from optimizer.search.relaxation import RelaxParams, relax
from optimizer.solve import solve
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime, NoImprovement, StopCriterion
from optimizer.units import Units
from optimizer.validation import violations

__all__ = [
    "ACCOUNTS",
    "UNASSIGNED",
    "Alignment",
    "AnyOf",
    "Balance",
    "Budget",
    "BudgetScope",
    "Cancelled",
    "Change",
    "Conflict",
    "Contiguity",
    "Criteria",
    "Disruption",
    "Eligibility",
    "GapBelow",
    "InvalidCriteria",
    "InvalidParameter",
    "InvalidProblem",
    "MaxRuntime",
    "NoImprovement",
    "OptimizerError",
    "Outcome",
    "PairAmounts",
    "Problem",
    "Progress",
    "References",
    "RelaxParams",
    "Relaxation",
    "Result",
    "Scorecard",
    "SolveParams",
    "StopCriterion",
    "StopReason",
    "Target",
    "Term",
    "Unassigned",
    "Units",
    "Violation",
    "apply_relaxation",
    "conflicts",
    "references",
    "relax",
    "relaxation_for",
    "score",
    "solve",
    "violations",
]
