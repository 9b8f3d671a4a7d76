"""A question of a curve as criteria in JSON, in which the checker judges its answer.

The inverse of :mod:`app.scenarios.wishes` for what curves change: balance, weights and budgets. Imports neither the
web nor the database.
"""

from collections.abc import Mapping
from typing import Any

from app.scenarios.schemas import Criteria
from optimizer import criteria as wanted
from optimizer.criteria import BudgetScope

_FIELDS = {
    BudgetScope.TOTAL: "max_moved",
    BudgetScope.IN: "max_in_per_rep",
    BudgetScope.OUT: "max_out_per_rep",
}


def with_travel(criteria: Criteria) -> Criteria:
    """Return criteria that ask for travel, so that it is known; the weight says no more than that."""
    if criteria.travel.weight > 0:
        return criteria
    return criteria.model_copy(update={"travel": criteria.travel.model_copy(update={"weight": 1.0})})


def question_criteria(
    base: Mapping[str, Any], asked: wanted.Criteria, *, totals: Mapping[str, float]
) -> dict[str, Any]:
    """Return the normalized criteria of a question.

    Parameters
    ----------
    base
        The scenario's normalized criteria; all that curves leave alone is taken from here.
    asked
        The question in the optimizer's terms.
    totals
        Each measure's sum over all accounts, in its own unit; budgets are shares of these.
    """
    limits: dict[str, dict[str, Any]] = {name: {"accounts": None, "share": {}} for name in _FIELDS.values()}
    for budget in asked.disruption.budgets:
        shares = limits[_FIELDS[budget.scope]]["share"]
        share = budget.limit / totals[budget.measure] if totals[budget.measure] > 0 else 0.0
        shares[budget.measure] = min(share, shares.get(budget.measure, share), 1.0)
    eligibility = {"soft": asked.eligibility.weight} if isinstance(base["eligibility"], dict) else base["eligibility"]
    return {
        **base,
        "balance": [
            {
                "measure": entry.measure,
                "target": entry.target.value,
                "tolerance": entry.tolerance,
                "hard": entry.hard,
                "weight": entry.weight,
            }
            for entry in asked.balance
        ],
        "travel": {**base["travel"], "weight": asked.travel_weight},
        "compactness": {**base["compactness"], "weight": asked.compactness_weight},
        "disruption": {
            **base["disruption"],
            "weight": asked.disruption.weight,
            "measure": asked.disruption.measure,
            **limits,
        },
        "eligibility": eligibility,
        "unassigned": {**base["unassigned"], "weight": asked.unassigned.weight},
    }
