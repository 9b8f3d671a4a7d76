"""Score an alignment: every term of the objective, raw and weighted, and every rep's loads beside the targets.

Owns what the objective is. Knows no solver: the search must arrive at these numbers, not the other way round.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.alignment import Alignment
from optimizer.consistency import check_fit
from optimizer.criteria import Criteria
from optimizer.frozen import ReadOnly, frozen_array
from optimizer.measures import (
    Float64Array,
    loads,
    mismatched,
    moment_of_inertia,
    moved_amount,
    soft_excess,
    travel,
)
from optimizer.problem import FloatArray, Problem
from optimizer.references import References, references
from optimizer.result import Term
from optimizer.targets import target_loads


@dataclass(frozen=True, eq=False, kw_only=True)
class Scorecard(ReadOnly):
    """One line per criterion and rep for an alignment.

    Attributes
    ----------
    terms
        The objective's terms whose sections are on; travel also where it is merely known.
    loads
        Shape ``(reps, measures)``.
    targets
        NaN for measures that are not balanced, 0 for reps who have left. Shape ``(reps, measures)``.
    """

    terms: tuple[Term, ...]
    loads: FloatArray
    targets: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "loads", frozen_array(self.loads, np.float64))
        object.__setattr__(self, "targets", frozen_array(self.targets, np.float64))

    @property
    def objective(self) -> float:
        """The sum of the weighted terms."""
        return sum(term.weighted for term in self.terms)


def score(
    problem: Problem, criteria: Criteria, alignment: Alignment, *, relative_to: References | None = None
) -> Scorecard:
    """Score an alignment, whether it keeps the criteria or not.

    Parameters
    ----------
    problem, criteria, alignment
        What is scored.
    relative_to
        The references of the problem under these criteria, where they are known: one pass over all pairs less.

    Raises
    ------
    InvalidCriteria, InvalidProblem
        When criteria or alignment do not fit the problem.
    """
    check_fit(problem, criteria)
    load = loads(problem, alignment)
    target = alignment_targets(problem, criteria, load)
    known = references(problem, criteria) if relative_to is None else relative_to
    terms = [
        *_pair_terms(problem, criteria, alignment, relative_to=known),
        *_disruption_terms(problem, criteria, alignment),
        *_balance_terms(problem, criteria, load, target=target),
        *_count_terms(problem, criteria, alignment),
    ]
    return Scorecard(terms=tuple(terms), loads=load, targets=target)


def alignment_targets(problem: Problem, criteria: Criteria, load: Float64Array) -> Float64Array:
    """Return the target of every rep and balanced measure for given loads.

    Parameters
    ----------
    problem, criteria
        Whose targets.
    load
        The loads of an alignment; their sum is the assigned total. Shape ``(reps, measures)``.

    Returns
    -------
    numpy.ndarray
        NaN for measures that are not balanced, 0 for reps who have left. Shape ``(reps, measures)``.
    """
    target = np.full((problem.num_reps, len(problem.measures)), np.nan)
    for balance in criteria.balance:
        measure = problem.measure_index(balance.measure)
        target[:, measure] = target_loads(problem, balance, total=float(load[:, measure].sum()))
    return target


def _pair_terms(
    problem: Problem, criteria: Criteria, alignment: Alignment, *, relative_to: References
) -> Iterator[Term]:
    kilometers = travel(problem, alignment)
    if kilometers is not None:
        yield Term(
            name="travel",
            raw=kilometers,
            unit=problem.travel_unit,
            weight=criteria.travel_weight,
            reference=relative_to.travel,
        )
    inertia = moment_of_inertia(problem, alignment)
    if inertia is not None and criteria.compactness_weight > 0:
        yield Term(
            name="compactness",
            raw=inertia,
            unit="km²·h",
            weight=criteria.compactness_weight,
            reference=relative_to.compactness,
        )


def _disruption_terms(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Term]:
    disruption = criteria.disruption
    if disruption.weight > 0:
        yield Term(
            name="disruption",
            raw=moved_amount(problem, alignment, disruption.measure),
            unit=disruption.measure,
            weight=disruption.weight,
            reference=float(problem.amount[:, problem.measure_index(disruption.measure)].sum()) or 1.0,
        )


def _balance_terms(problem: Problem, criteria: Criteria, load: Float64Array, *, target: Float64Array) -> Iterator[Term]:
    active = problem.active
    for balance in criteria.balance:
        if balance.hard or balance.weight == 0:
            continue
        measure = problem.measure_index(balance.measure)
        excess = soft_excess(load[active, measure], target[active, measure], tolerance=balance.tolerance)
        yield Term(
            name=f"balance:{balance.measure}",
            raw=float(excess.sum()),
            unit="deviation",
            weight=balance.weight,
            reference=float(active.sum()) or 1.0,
        )


def _count_terms(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Term]:
    counts = (
        ("eligibility", criteria.eligibility.weight, not criteria.eligibility.hard, mismatched(problem, alignment)),
        ("unassigned", criteria.unassigned.weight, criteria.unassigned.allowed, alignment.rep < 0),
    )
    for name, weight, is_priced, concerned in counts:
        if is_priced and weight > 0:
            yield Term(
                name=name,
                raw=float(concerned.sum()),
                unit="accounts",
                weight=weight,
                reference=float(problem.num_accounts),
            )
