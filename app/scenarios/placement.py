"""How good placed centers are: a proven bound on what travel and compactness cost from any places at all.

Owns when the bound of :mod:`optimizer.location.bound` speaks of the scenario's own question, and its scale. The search
for centers treats wishes as limits, joins accounts and thins places; a bound of what was joined or thinned is none.
Imports neither the web nor the database.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from app.scenarios.center_candidates import MOST_CANDIDATES
from app.scenarios.center_question import CenterQuestion
from app.scenarios.schemas import Criteria
from optimizer.location.bound import lower_bound
from optimizer.location.question import LocationQuestion

ROUNDING: Final = 1e-6
"""The bound is lowered by so much of itself: pairs cost what a float32 holds."""
REACH: Final = 1e-5
"""Largest distances are widened by so much of themselves, for the same reason."""


@dataclass(frozen=True)
class Placement:
    """A bound on a weighted sum of raw terms, whatever places are chosen.

    Attributes
    ----------
    lower_bound
        No alignment that keeps the hard criteria is below it, wherever free centers stand.
    weights
        What one raw unit of each term counts, by name; the first one is 1.
    """

    lower_bound: float
    weights: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the form that a job's folder keeps."""
        return asdict(self)

    def told(self, terms: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Return what an alignment's terms cost on this scale, the bound, and the gap between them, a fraction.

        The scale is told, too, so that an edited alignment can be told on it.
        """
        cost = sum(self.weights.get(term["name"], 0.0) * term["raw"] for term in terms)
        bound = max(0.0, min(self.lower_bound, cost))
        return {
            "cost": cost,
            "lower_bound": bound,
            "gap": (cost - bound) / cost if cost > 0 else 0.0,
            "weights": dict(self.weights),
        }


def proven_placement(
    asked: CenterQuestion, criteria: Criteria, *, known: float, stop: Callable[[], bool]
) -> Placement | None:
    """Return what is proven of all places for the free centers; None where no bound is valid or found.

    Parameters
    ----------
    asked
        The question that was searched.
    criteria
        What the scenario asks.
    known
        What the places that were found cost.
    stop
        Asked between steps; True ends with the bound so far.
    """
    if not asked.scale or not asked.is_whole or not _is_bounded(asked, criteria):
        return None
    found = lower_bound(_relaxed(asked), known=known, stop=stop)
    if found is None or found <= 0:
        return None
    unit = next(iter(asked.scale.values()))
    return Placement(
        lower_bound=(found - ROUNDING * found) / unit,
        weights={name: weight / unit for name, weight in asked.scale.items()},
    )


def _is_bounded(asked: CenterQuestion, criteria: Criteria) -> bool:
    """Tell whether amounts and ways of the search are those of every alignment."""
    if criteria.unassigned.allowed or criteria.travel.barriers:
        return False
    cities = criteria.centers.candidates == "cities" and len(asked.places) >= MOST_CANDIDATES  # the largest ones alone
    return asked.planned.problem.pair_amounts is None and not cities


def _relaxed(asked: CenterQuestion) -> LocationQuestion:
    """Return the question without what may be broken at a price: soft balances, and leaving today's rep."""
    question, problem = asked.question, asked.planned.problem
    lower, upper = question.lower.copy(), question.upper.copy()
    for limit, wish in enumerate(asked.planned.criteria.balance):
        if not wish.hard:
            measure = problem.measure_index(wish.measure)
            lower[:, limit] = problem.capacity_min[asked.reps, measure]
            upper[:, limit] = problem.capacity_max[asked.reps, measure]
    reach = None if question.reach is None else question.reach * (1 + REACH)
    upper, lower = upper * (1 + ROUNDING), lower * (1 - ROUNDING)
    return replace(question, lower=lower, upper=upper, reach=reach, home=None, leaving=None)


def placement_of(plain: Mapping[str, Any]) -> Placement:
    """Read a placement back."""
    return Placement(float(plain["lower_bound"]), {name: float(one) for name, one in plain["weights"].items()})
