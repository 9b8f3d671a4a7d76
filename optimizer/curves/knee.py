"""The knee of a falling curve: where the first big gains end and each further step buys little."""

from collections.abc import Sequence
from typing import Final

import numpy as np

FEWEST_POINTS: Final = 3
LEAST_DISTANCE: Final = 1e-9
"""A bend nearer to the chord than this, on the unit square, is none."""


def knee(paid: Sequence[float], objective: Sequence[float]) -> int | None:
    """Return the position of the knee, None where the curve has none.

    Parameters
    ----------
    paid
        What each point allows, strictly ascending.
    objective
        What each point is worth, smaller is better, never rising.

    Returns
    -------
    int or None
        None for fewer than three points, for a level curve, and where no point lies below the straight line from the
        first to the last.

    Notes
    -----
    Both axes are stretched to [0, 1]; the knee is the point that is farthest below the chord from (0, 1) to (1, 0).
    The first of several equally far ones counts, as it is the cheapest.

    References
    ----------
    Satopää, Albrecht, Irwin, Raghavan, "Finding a 'Kneedle' in a Haystack", ICDCSW 2011,
    doi 10.1109/ICDCSW.2011.20, section III.

    >>> knee([0, 2, 5, 10, 20], [10.0, 4.0, 1.0, 1.0, 1.0])
    2
    """
    if len(paid) < FEWEST_POINTS:
        return None
    across, down = np.asarray(paid, dtype=np.float64), np.asarray(objective, dtype=np.float64)
    width, height = across[-1] - across[0], down[0] - down[-1]
    if not (width > 0 and height > 0):
        return None
    distance = 1.0 - (across - across[0]) / width - (down - down[-1]) / height
    found = int(np.argmax(distance))
    return found if distance[found] > LEAST_DISTANCE else None
