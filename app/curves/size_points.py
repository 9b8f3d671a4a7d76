"""What is told of a team's size: balance, travel, coverage and loads of its alignment, and the curve as a whole.

Imports neither the web nor the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from app.curves.points import terms_json
from app.scenarios.planning import Plan
from optimizer.alignment import Alignment
from optimizer.curves.knee import knee
from optimizer.curves.readings import read
from optimizer.measures import loads
from optimizer.problem import ACCOUNTS
from optimizer.result import Result

NOTHING: Final = ("moved", "travel", "objective", "lower_bound", "gap", "coverage")


def size_json(planned: Plan, result: Result, *, key: str, reps: int, within_km: float | None) -> dict[str, Any]:
    """Return what is told of one size, but for what the checker says of its alignment."""
    body: dict[str, Any] = {
        "key": key,
        "label": f"{reps:,} reps" if reps != 1 else "1 rep",
        "reps": reps,
        "outcome": result.outcome.value,
        "stop_reason": result.stop_reason.value,
        "allowed": None,
        "values": None,
        "is_least": False,
        "is_needed": False,
        "is_knee": False,
    }
    if result.alignment is None:
        return body | dict.fromkeys(NOTHING) | {"balance": {}, "terms": [], "loads": {}}
    alignment, problem = result.alignment, planned.problem
    reading = read(problem, planned.criteria, alignment, measure=ACCOUNTS)
    return body | {
        "moved": {
            "amount": reading.moved,
            "share": reading.moved / problem.num_accounts,
            "accounts": reading.moved_accounts,
            "of_left": reading.of_left,
        },
        "balance": {measure: asdict(found) for measure, found in reading.deviations.items()},
        "travel": None if reading.travel is None else {"raw": reading.travel, "unit": problem.travel_unit},
        "objective": result.objective,
        "lower_bound": result.lower_bound,
        "gap": None,
        "terms": terms_json(result.terms),
        "coverage": coverage(planned, alignment, within_km=within_km),
        "loads": loads_json(planned, alignment),
    }


def coverage(planned: Plan, alignment: Alignment, *, within_km: float | None) -> float | None:
    """Return the share of all accounts whose rep is within a great-circle distance; None where none is measured."""
    way = planned.travel_km(alignment)
    if within_km is None or way is None or planned.road_factor is None:
        return None
    return float(np.count_nonzero(way <= within_km * planned.road_factor * (1 + 1e-9)) / len(way))


def loads_json(planned: Plan, alignment: Alignment) -> dict[str, dict[str, float]]:
    """Return by measure what the active reps carry: mean, smallest and largest load."""
    load = loads(planned.problem, alignment)[planned.problem.active]
    return {
        measure: {
            "mean": float(load[:, index].mean()),
            "smallest": float(load[:, index].min()),
            "largest": float(load[:, index].max()),
        }
        for index, measure in enumerate(planned.problem.measures)
    }


def joined(
    wanted: Mapping[str, Any], points: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what is known of a curve over sizes as a whole, and its points, the smallest team first.

    Parameters
    ----------
    wanted
        What was asked of the whole curve.
    points
        Those that are known, in any order.
    """
    marked, bend = with_knee(sorted(points, key=lambda point: point["reps"]))
    return {"balance_is": "measured", "points_planned": len(wanted["sizes"]), "knee": bend}, marked


def with_knee(points: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], str | None]:
    """Return the points with the knee marked, and its label: where more reps begin to save little travel.

    Travel is made never to rise with more reps before the chord is drawn: a search that ended early must not make a
    bend.
    """
    known = [number for number, point in enumerate(points) if point["travel"] is not None]
    least = np.minimum.accumulate([float(points[number]["travel"]["raw"]) for number in known] or [0.0])
    bend = knee([float(points[number]["reps"]) for number in known], least.tolist()) if known else None
    marked = [{**point, "is_knee": bend is not None and number == known[bend]} for number, point in enumerate(points)]
    return marked, None if bend is None else str(points[known[bend]]["label"])
