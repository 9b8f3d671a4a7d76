"""Dominance among alignments that are judged by several values at once, smaller is better in each.

An alignment covers another when it is nowhere worse, within a tolerance that forgives the rounding of float sums. Of
two that cover each other, one is a duplicate.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

RELATIVE: Final = 1e-6
ABSOLUTE: Final = 1e-9

Values = Sequence[float]
Entry = TypeVar("Entry")


def covers(one: Values, other: Values) -> bool:
    """Tell whether the first is nowhere worse than the second, within the tolerance."""
    return all(a <= b + ABSOLUTE + RELATIVE * abs(b) for a, b in zip(one, other, strict=True))


def admitted(front: Sequence[tuple[Values, Entry]], values: Values, entry: Entry) -> list[tuple[Values, Entry]]:
    """Return a front after one more candidate: none of its entries covers another.

    Parameters
    ----------
    front
        Values and entries, none covering another.
    values, entry
        The candidate; it is left out where the front covers it, else it replaces what it covers.
    """
    if any(covers(known, values) for known, _ in front):
        return list(front)
    return [(known, kept) for known, kept in front if not covers(values, known)] + [(values, entry)]
