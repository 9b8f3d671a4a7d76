"""What is told of a curve: each point as JSON, and the curve as a whole. Imports neither the web nor the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from app.jobs.judgement import gap
from checker import CheckReport
from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.curves.disruption import DisruptionCurve
from optimizer.curves.fewest import Fewest
from optimizer.curves.pareto import ParetoSet
from optimizer.curves.questions import Answer, Question
from optimizer.curves.readings import read
from optimizer.problem import Problem
from optimizer.references import References
from optimizer.result import Term
from optimizer.score import score

MOST_VIOLATIONS: Final = 20
_FLAGS: Final = {"is_least": False, "is_needed": False, "is_knee": False}


@dataclass(frozen=True, eq=False, kw_only=True)
class Ground:
    """What all points of a curve stand on.

    Attributes
    ----------
    problem, criteria
        The scenario's.
    measure
        What moves are counted in.
    total
        Its sum over all accounts.
    relative_to
        The references of the problem.
    """

    problem: Problem
    criteria: Criteria
    measure: str
    total: float
    relative_to: References


def disruption_json(ground: Ground, curve: DisruptionCurve) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the points of a price-of-disruption curve, and what is known of it as a whole."""
    bend, bounds = curve.knee, curve.lower_bounds()
    needed, least = _position(curve, curve.needed), _position(curve, curve.least)
    points = [
        point_json(
            ground,
            point.question,
            point.answer,
            allowed=point.allowance.amount,
            lower_bound=bounds[number],
        )
        | {"is_least": number == least, "is_needed": number == needed, "is_knee": number == bend}
        for number, point in enumerate(curve.points)
    ]
    summary = {
        "balance_is": "bought",
        "points_planned": curve.num_planned,
        "knee": None if bend is None else curve.points[bend].allowance.label,
        "least": _fewest_json(curve.least),
        "needed": _fewest_json(curve.needed),
    }
    return points, summary


def pareto_json(ground: Ground, curve: ParetoSet) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the points of a Pareto set, those that move least first, and what is known of it as a whole."""
    points = []
    for point in sorted(curve.points, key=lambda point: (point.values[2], point.values[0], point.values[1])):
        balance, travel, disruption = point.values
        told = point_json(
            ground, point.question, point.answer, allowed=point.limit, lower_bound=point.answer.lower_bound
        )
        values = {"balance": balance, "travel": travel, "disruption": disruption}
        points.append(told | {"values": values, "number": point.number})
    summary = {
        "balance_is": "measured",
        "points_planned": curve.num_planned,
        "least": _fewest_json(curve.least),
        "ends": [list(values) for values in curve.ends],
    }
    return points, summary


def point_json(
    ground: Ground, question: Question, answer: Answer, *, allowed: float | None, lower_bound: float | None
) -> dict[str, Any]:
    """Return what is told of one point, but for what the checker says of its alignment."""
    body: dict[str, Any] = {
        "key": question.key,
        "label": question.label,
        "outcome": answer.outcome.value,
        "stop_reason": answer.stop_reason.value,
        "allowed": None if allowed is None else _amount_json(ground, allowed),
        "values": None,
        **_FLAGS,
    }
    if answer.alignment is None:
        nothing = dict.fromkeys(("moved", "travel", "objective", "lower_bound", "gap"))
        return body | nothing | {"balance": {}, "terms": []}
    return body | _found_json(ground, question, answer.alignment, lower_bound=lower_bound)


def judged_json(report: CheckReport | None) -> dict[str, Any]:
    """Return what the checker says of a point's alignment under the scenario's own criteria."""
    if report is None:
        return {"scenario_objective": None, "violations": [], "num_violations": None}
    shown = [asdict(violation) for violation in report.violations[:MOST_VIOLATIONS]]
    return {
        "scenario_objective": report.objective,
        "violations": [{key: value for key, value in entry.items() if key != "account_ids"} for entry in shown],
        "num_violations": len(report.violations),
    }


def _found_json(
    ground: Ground, question: Question, alignment: Alignment, *, lower_bound: float | None
) -> dict[str, Any]:
    card = score(ground.problem, question.criteria, alignment, relative_to=ground.relative_to)
    reading = read(ground.problem, ground.criteria, alignment, measure=ground.measure)
    travel = None if reading.travel is None else {"raw": reading.travel, "unit": ground.problem.travel_unit}
    return {
        "moved": _amount_json(ground, reading.moved) | {"accounts": reading.moved_accounts, "of_left": reading.of_left},
        "balance": {measure: asdict(found) for measure, found in reading.deviations.items()},
        "travel": travel,
        "objective": card.objective,
        "lower_bound": lower_bound,
        "gap": gap(card.objective, lower_bound),
        "terms": terms_json(card.terms),
    }


def terms_json(terms: Sequence[Term]) -> list[Mapping[str, Any]]:
    """Return terms as the API shows them."""
    return [asdict(term) | {"weighted": term.weighted} for term in terms]


def _amount_json(ground: Ground, amount: float) -> dict[str, float]:
    return {"amount": amount, "share": amount / ground.total}


def _fewest_json(fewest: Fewest) -> dict[str, Any]:
    return {"amount": fewest.amount, "is_proven": fewest.is_proven}


def _position(curve: DisruptionCurve, fewest: Fewest) -> int | None:
    """Return the first point that allows the fewest moves and has an alignment."""
    found = (
        number
        for number, point in enumerate(curve.points)
        if fewest.amount is not None
        and point.answer.alignment is not None
        and point.allowance.amount >= fewest.amount * (1 - 1e-9)
    )
    return next(found, None)
