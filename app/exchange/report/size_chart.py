"""How many reps: travel, coverage, balance and loads against the team's size, of the curve that an alignment is of.

Owns the chart's geometry, in SVG pixels. The template draws it; nothing here writes markup.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.alignments.numerals import percent, quantity
from app.alignments.views import AlignmentView
from app.curves.kinds import CurveKind
from app.curves.repository import CurveRepository

WIDTH_PX, HEIGHT_PX = 460.0, 190.0
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BOTTOM_PX = 12.0, 12.0, 30.0, 24.0
FEWEST_POINTS: Final = 2


@dataclass(frozen=True)
class SizeMark:
    """Place one size.

    Parameters
    ----------
    x, y
        The point.
    reps
        The team's size.
    text
        Its value, as text.
    is_knee, is_here
        Whether it is the curve's knee, and whether the report's alignment is this one.
    """

    x: float
    y: float
    reps: int
    text: str
    is_knee: bool
    is_here: bool


@dataclass(frozen=True)
class SizePanel:
    """One measure against the number of reps; marks from the smallest team to the largest."""

    title: str
    marks: list[SizeMark]
    line: str


@dataclass(frozen=True)
class SizeChart:
    """All panels, and the knee's label."""

    panels: list[SizePanel]
    knee: str | None
    width: float = WIDTH_PX
    height: float = HEIGHT_PX


def size_points(view: AlignmentView) -> list[Mapping[str, Any]]:
    """Return the points of the curve over sizes that the alignment is one of, none where it is of none."""
    if view.row.job_id is None:
        return []
    curves = CurveRepository(view.session)
    curve = curves.get(view.row.job_id)
    if curve is None or curve.kind != CurveKind.SIZE:
        return []
    return [{**point.data, "is_here": point.alignment_id == view.row.id} for point in curves.points(view.row.job_id)]


def size_chart(points: Sequence[Mapping[str, Any]]) -> SizeChart | None:
    """Return the chart of a curve over sizes, None where fewer than two sizes have an alignment."""
    found = [point for point in points if point["loads"]]
    if len(found) < FEWEST_POINTS:
        return None
    readings: list[tuple[str, Callable[[Mapping[str, Any]], float | None], Callable[[float], str]]] = [
        (_travel_title(found), lambda point: (point["travel"] or {}).get("raw"), lambda value: quantity(round(value))),
        ("Accounts within reach", lambda point: point["coverage"], percent),
        ("Largest deviation from the target", _worst, percent),
        (_load_title(found), _mean_load, lambda value: quantity(round(value, 1))),
    ]
    panels = [_panel(title, found, read, write) for title, read, write in readings]
    bend = next((str(point["label"]) for point in found if point["is_knee"]), None)
    return SizeChart(panels=[panel for panel in panels if panel is not None], knee=bend)


def _panel(
    title: str,
    points: Sequence[Mapping[str, Any]],
    read: Callable[[Mapping[str, Any]], float | None],
    write: Callable[[float], str],
) -> SizePanel | None:
    values = [read(point) for point in points]
    known = [value for value in values if value is not None]
    if len(known) < FEWEST_POINTS:
        return None
    reps = [int(point["reps"]) for point in points]
    across = (WIDTH_PX - _LEFT_PX - _RIGHT_PX) / max(1, reps[-1] - reps[0])
    down = (HEIGHT_PX - _TOP_PX - _BOTTOM_PX) / ((max(known) - min(known)) or 1.0)
    marks = [
        SizeMark(
            x=_LEFT_PX + across * (count - reps[0]),
            y=_TOP_PX + down * (max(known) - value),
            reps=count,
            text=write(value),
            is_knee=bool(point["is_knee"]),
            is_here=bool(point["is_here"]),
        )
        for count, value, point in zip(reps, values, points, strict=True)
        if value is not None
    ]
    return SizePanel(title=title, marks=marks, line=" ".join(f"{mark.x:.1f},{mark.y:.1f}" for mark in marks))


def _travel_title(points: Sequence[Mapping[str, Any]]) -> str:
    unit = next((point["travel"]["unit"] for point in points if point["travel"]), "km")
    return f"Travel, {unit} a year"


def _load_title(points: Sequence[Mapping[str, Any]]) -> str:
    return f"Mean {_carried(points[0])} per rep"


def _carried(point: Mapping[str, Any]) -> str:
    return "workload" if "workload" in point["loads"] else next(iter(point["loads"]))


def _mean_load(point: Mapping[str, Any]) -> float | None:
    return float(point["loads"][_carried(point)]["mean"])


def _worst(point: Mapping[str, Any]) -> float | None:
    return max((float(found["worst"]) for found in point["balance"].values()), default=None)
