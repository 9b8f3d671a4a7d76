"""How numbers are written in English sentences: grouped by comma, three figures, units always.

Owns the words for percent, kilometers and counts, so that a reason and the report say a number alike.
"""


def quantity(value: float) -> str:
    """Return a load or count with as many decimals as its size deserves: 61,525, 40.5, 0.031."""
    size = abs(value)
    if size >= 100 or value == round(value):
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:,.1f}"
    return f"{value:.2g}"


def percent(fraction: float) -> str:
    """Return a fraction as percent, with one decimal below ten: 23 %, 8.4 %, 0.3 %."""
    value = 100.0 * fraction
    size = abs(value)
    if size >= 10 or value == round(value):
        return f"{value:,.0f} %"
    if size >= 0.095:
        return f"{value:.1f} %"
    return f"{value:.2g} %"


def kilometers(value: float) -> str:
    """Return a distance: 41 km, 3.2 km."""
    return f"{quantity(value)} km"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: 1 account, 312 accounts."""
    noun = singular if number == 1 else (plural or f"{singular}s")
    return f"{number:,} {noun}"
