"""The rounds of a Pareto set that is split: its ends, the questions between them in parts, and what is missing then.

A part names its questions by their numbers (:mod:`optimizer.curves.pareto`); the last one names none, because what is
missing is known when all others have ended. Imports neither the web nor the database.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from optimizer.curves.dominance import admitted
from optimizer.curves.pareto import ENDS, independent

REST: Final[list[int]] = []
"""The part that asks what is missing when all numbered questions have been answered."""


def is_between(part: Sequence[int] | None) -> bool:
    """Tell whether a part asks between the ends, beside others that do."""
    return bool(part) and list(part or ()) != list(ENDS)


def is_own(part: Sequence[int] | None, point: Mapping[str, Any]) -> bool:
    """Tell whether a stored point is one that a part answers for: the last part, and who has no part, for all."""
    return not part or point.get("number") in part


def is_known(part: Sequence[int] | None, point: Mapping[str, Any]) -> bool:
    """Tell whether a stored point is given to a part: its own of an earlier attempt, and the ends."""
    return is_own(part, point) or (is_between(part) and point.get("number") in ENDS)


def is_before(part: Sequence[int], point: Mapping[str, Any], *, num_wanted: int) -> bool:
    """Tell whether a point that a part was given is of a round before it."""
    number = point.get("number")
    return number in ENDS or (not part and number in independent(num_wanted))


def undominated(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the points that none other covers, those that move least first; of equal ones the first asked for."""
    front: list[Any] = []
    for point in sorted(points, key=_order_of_questions):
        front = admitted(front, tuple(point["values"][name] for name in ("balance", "travel", "disruption")), point)
    return in_order([point for _, point in front])


def in_order(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return points as they are told: those that move least first, then by balance and travel."""
    return sorted((dict(point) for point in points), key=_order_of_values)


def _order_of_questions(point: Mapping[str, Any]) -> tuple[bool, int, str]:
    number = point.get("number")
    return number is None, number or 0, point["key"]


def _order_of_values(point: Mapping[str, Any]) -> tuple[float, float, float]:
    values = point["values"]
    return values["disruption"], values["balance"], values["travel"]
