"""Criteria by id become the optimizer's criteria by position.

Owns the translation of shares into amounts and of ids into positions. Refuses names that are not there.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.scenarios.schemas import AccountRep, Criteria, MovedLimit, SoftEligibility
from optimizer import criteria as wanted
from optimizer.problem import ACCOUNTS


def optimizer_criteria(
    criteria: Criteria,
    *,
    totals: Mapping[str, float],
    account_index: Mapping[str, int],
    rep_index: Mapping[str, int],
) -> wanted.Criteria:
    """Return the optimizer's form of the criteria.

    Parameters
    ----------
    criteria
        What is wanted, by id.
    totals
        Each measure's sum over all accounts, in its own unit; shares are of these.
    account_index, rep_index
        Position of each id.
    """
    disruption = criteria.disruption
    return wanted.Criteria(
        balance=tuple(
            wanted.Balance(
                measure=entry.measure,
                target=wanted.Target(entry.target),
                tolerance=entry.tolerance,
                hard=entry.hard,
                weight=entry.weight,
            )
            for entry in criteria.balance
        ),
        travel_weight=criteria.travel.weight,
        compactness_weight=criteria.compactness.weight,
        disruption=wanted.Disruption(
            weight=disruption.weight,
            measure=disruption.measure,
            budgets=(
                *_budgets(wanted.BudgetScope.TOTAL, disruption.max_moved, totals),
                *_budgets(wanted.BudgetScope.IN, disruption.max_in_per_rep, totals),
                *_budgets(wanted.BudgetScope.OUT, disruption.max_out_per_rep, totals),
            ),
        ),
        families_together=criteria.families == "together",
        eligibility=_eligibility(criteria),
        locks=_pairs(criteria.locks, account_index, rep_index),
        forbid=_pairs(criteria.forbid, account_index, rep_index),
        frozen_reps=tuple(rep_index[rep_id] for rep_id in criteria.frozen_reps),
        unassigned=wanted.Unassigned(allowed=criteria.unassigned.allowed, weight=criteria.unassigned.weight),
        contiguity=wanted.Contiguity(criteria.contiguity),
    )


def _budgets(scope: wanted.BudgetScope, limit: MovedLimit, totals: Mapping[str, float]) -> Iterator[wanted.Budget]:
    if limit.accounts is not None:
        yield wanted.Budget(scope=scope, measure=ACCOUNTS, limit=float(limit.accounts))
    for measure, share in limit.share.items():
        yield wanted.Budget(scope=scope, measure=measure, limit=share * totals[measure])


def _eligibility(criteria: Criteria) -> wanted.Eligibility:
    if isinstance(criteria.eligibility, SoftEligibility):
        return wanted.Eligibility(hard=False, weight=criteria.eligibility.soft)
    return wanted.Eligibility(hard=criteria.eligibility == "hard")


def _pairs(
    pairs: Sequence[AccountRep], account_index: Mapping[str, int], rep_index: Mapping[str, int]
) -> tuple[tuple[int, int], ...]:
    return tuple((account_index[pair.account_id], rep_index[pair.rep_id]) for pair in pairs)
