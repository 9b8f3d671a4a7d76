"""Line charts as SVG text: small, without scripts or fonts of their own, readable on light and on dark pages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 720
HEIGHT: Final = 400
LEFT: Final = 72
RIGHT: Final = 150
TOP: Final = 44
BOTTOM: Final = 52
COLORS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's, told apart by color-blind readers."""
DASHES: Final = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2")
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}"
    ".axis{stroke:#57606a;fill:none}.grid{stroke:#8c959f;stroke-opacity:.3}.page{fill:#ffffff}"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{stroke:#9198a1}.page{fill:#0d1117}}"
)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One direction of a chart.

    Attributes
    ----------
    title
        What it shows, with the unit.
    is_log
        True for a logarithmic scale; then every value is above 0.
    """

    title: str
    is_log: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """Points that belong together.

    Attributes
    ----------
    name
        For the legend.
    points
        Horizontal and vertical values, ascending horizontally.
    is_stepped
        True where a value holds until the next point.
    has_marks
        True to draw each point.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    is_stepped: bool = False
    has_marks: bool = False


class _Scale:
    """Maps values of one axis to pixels."""

    def __init__(self, values: Sequence[float], axis: Axis, first: float, last: float) -> None:
        self._axis, self._first, self._last = axis, first, last
        lowest, highest = min(values), max(values)
        if axis.is_log:
            self.lowest = 10 ** math.floor(math.log10(lowest) + 1e-9)
            self.highest = max(10 ** math.ceil(math.log10(highest) - 1e-9), 10 * self.lowest)
            return
        step = _step(lowest, highest)
        self.lowest, self.highest = math.floor(lowest / step) * step, math.ceil(highest / step) * step
        if self.highest <= self.lowest:
            self.highest = self.lowest + step

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        lowest, highest = self.lowest, self.highest
        if self._axis.is_log:
            lowest, highest, value = math.log10(lowest), math.log10(highest), math.log10(value)
        part = (value - lowest) / (highest - lowest)
        return float(self._first + (self._last - self._first) * part)

    def ticks(self) -> list[float]:
        """Return the values that are written at the axis."""
        if self._axis.is_log:
            decades = round(math.log10(self.highest / self.lowest))
            marks = [self.lowest * 10.0**power * part for power in range(decades) for part in (1, 2, 5)]
            every = marks if decades <= 2 else marks[::3]
            return [*every, self.highest]
        step = _step(self.lowest, self.highest)
        return [self.lowest + step * number for number in range(round((self.highest - self.lowest) / step) + 1)]


def chart(title: str, *, across: Axis, up: Axis, lines: Sequence[Line]) -> str:
    """Return a chart with axis titles and a legend as SVG.

    Raises
    ------
    ValueError
        When no line has a point.
    """
    shown = [line for line in lines if line.points]
    if not shown:
        raise ValueError(f"nothing to draw: {title}")
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    horizontal = _Scale([x for line in shown for x, _ in line.points], across, LEFT, right)
    vertical = _Scale([y for line in shown for _, y in line.points], up, bottom, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
    ]
    for value in horizontal.ticks():
        x = horizontal.at(value)
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_number(value)}</text>')
    for value in vertical.ticks():
        y = vertical.at(value)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    middle = (TOP + bottom) / 2
    parts += [
        f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}"/>',
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(across.title)}</text>',
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">{escape(up.title)}</text>',
    ]
    for number, line in enumerate(shown):
        parts += _drawn(line, horizontal, vertical, number)
    return "\n".join([*parts, "</svg>", ""])


def _drawn(line: Line, horizontal: _Scale, vertical: _Scale, number: int) -> list[str]:
    color, dash = COLORS[number % len(COLORS)], DASHES[number % len(DASHES)]
    pixels = [(horizontal.at(x), vertical.at(y)) for x, y in line.points]
    path = f"M{pixels[0][0]:.1f} {pixels[0][1]:.1f}"
    for x, y in pixels[1:]:
        path += f"H{x:.1f}V{y:.1f}" if line.is_stepped else f"L{x:.1f} {y:.1f}"
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    parts = [f'<path class="line" stroke="{color}"{dashed} d="{path}"/>']
    if line.has_marks or len(pixels) == 1:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>' for x, y in pixels]
    x, y = WIDTH - RIGHT + 14, TOP + 10 + 20 * number
    parts.append(f'<path class="line" stroke="{color}"{dashed} d="M{x} {y}h24"/>')
    parts.append(f'<text x="{x + 30}" y="{y + 4}">{escape(line.name)}</text>')
    return parts


def _step(lowest: float, highest: float) -> float:
    """Return a round distance that puts about six ticks between two values."""
    rough = max((highest - lowest) / 6, abs(highest) * 1e-9, 1e-12)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(part * power for part in (1, 2, 5, 10) if part * power >= rough * (1 - 1e-9))


def _number(value: float) -> str:
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:.0e}"
