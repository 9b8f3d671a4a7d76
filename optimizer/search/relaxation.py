"""Relax: the cheapest change found that makes an infeasible problem feasible, verified by an alignment.

Small problems are solved in an elastic model; a larger one needs an alignment to start from, as the search leaves it
behind where it found none without violations. Either way the changes are read off the alignment and verified.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from optimizer.alignment import Alignment
from optimizer.changes import KINDS, relaxation_for
from optimizer.consistency import check_fit
from optimizer.criteria import Criteria
from optimizer.exceptions import InvalidParameter
from optimizer.problem import Problem
from optimizer.result import Relaxation
from optimizer.search.elastic import ElasticModel, Prices

MOST_PAIRS: Final = 60_000
"""Accounts times reps up to which the elastic model is built."""


@dataclass(frozen=True, kw_only=True)
class RelaxParams:
    """How long to look for a relaxation.

    Attributes
    ----------
    time_limit_s
        Seconds for the elastic model, > 0.
    most_pairs
        Accounts times reps up to which it is built, ≥ 0.
    prices
        What breaking a wish costs.
    """

    time_limit_s: float = 10.0
    most_pairs: int = MOST_PAIRS
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        if not self.time_limit_s > 0:
            raise InvalidParameter("the time for a relaxation must be above 0 s")


def relax(
    problem: Problem,
    criteria: Criteria,
    *,
    kinds: Iterable[str] = KINDS,
    seed: int = 0,
    params: RelaxParams | None = None,
    initial: Alignment | None = None,
) -> Relaxation | None:
    """Return the cheapest change found that makes a problem feasible, or None where none was found.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    kinds
        The kinds of change that may be proposed (:data:`optimizer.changes.KINDS`); ask once for each to offer a choice.
    seed
        Seed of the solver.
    params
        Limits and prices.
    initial
        An alignment that breaks little, such as the search's least bad one; it decides where the problem is too
        large for the elastic model.

    Returns
    -------
    Relaxation or None
        Its alignment keeps all criteria once its changes are applied; without changes where nothing was wrong.

    Raises
    ------
    InvalidCriteria
        When the criteria do not fit the problem.
    """
    check_fit(problem, criteria)
    params = params or RelaxParams()
    allowed = frozenset(kinds)
    found: Alignment | None = None
    if problem.num_accounts * problem.num_reps <= params.most_pairs and problem.active.any():
        elastic = ElasticModel(problem, criteria, kinds=allowed, prices=params.prices)
        found = elastic.solve(time_limit_s=params.time_limit_s, seed=seed)
    for alignment in (found, initial):
        if alignment is None:
            continue
        relaxation = relaxation_for(problem, criteria, alignment, kinds=allowed)
        if relaxation is not None:
            return relaxation
    return None
