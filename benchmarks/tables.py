"""Tables on the screen: aligned while runs come in, or as Markdown for the docs."""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

WIDTH: Final = 14
"""Of a column on the screen."""


def write_line(cells: Iterable[object]) -> None:
    """Print one row at once."""
    sys.stdout.write("  ".join(f"{text_of(cell):>{WIDTH}}" for cell in cells) + "\n")
    sys.stdout.flush()


def write_table(header: Sequence[str], rows: Iterable[Iterable[object]], *, markdown: bool) -> None:
    """Print a whole table."""
    if not markdown:
        for cells in (header, *rows):
            write_line(cells)
        return
    lines = [header, ["---"] * len(header), *([text_of(cell) for cell in row] for row in rows)]
    sys.stdout.write("".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n")


def text_of(value: object, digits: int = 3) -> str:
    """Return a number with so many digits after the point, a dash for nothing, anything else as it is."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def percent(value: float | None, digits: int = 2) -> str:
    """Return a number of percent with its sign, or a dash."""
    return "–" if value is None else f"{value:.{digits}f} %"


def seconds(value: float | None, digits: int = 1) -> str:
    """Return a time with its unit, or a dash."""
    return "–" if value is None else f"{value:.{digits}f} s"


def number(value: int) -> str:
    """Return a whole number with commas."""
    return f"{value:,}"


def size_name(size: str) -> str:
    """Return ``10000x100`` as ``10,000 × 100``."""
    return " × ".join(number(int(part)) for part in size.split("x"))
