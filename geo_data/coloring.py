"""Colors of territories: the same for a rep wherever it can be, and different from the neighbors'.

The colors are seven hues that people with color-blindness tell apart (Okabe and Ito), each in three
lightnesses, so that neighbors differ in hue before they differ in lightness.

References
----------
Okabe, Ito (2008), Color Universal Design, https://jfly.uni-koeln.de/color/
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo_data.adjacency import adjacent_pairs

__all__ = ["PALETTE", "assign_colors", "territory_colors"]

_HUES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def _mixed(color: str, other: tuple[int, int, int], share: float) -> str:
    channels = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    mixed = (round(channel + (end - channel) * share) for channel, end in zip(channels, other, strict=True))
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


PALETTE: tuple[str, ...] = (
    *_HUES,
    *(_mixed(color, _WHITE, 0.42) for color in _HUES),
    *(_mixed(color, _BLACK, 0.38) for color in _HUES),
)
"""Twenty-one colors as ``#RRGGBB``: seven hues, then the same seven lighter, then darker."""


def territory_colors(geometry: NDArray[np.object_], rep_ids: Sequence[str]) -> list[str]:
    """Color territories so that those that touch differ.

    Parameters
    ----------
    geometry
        Polygons of a valid coverage, empty ones allowed. Shape ``(reps,)``.
    rep_ids
        Ids in the same order.

    Returns
    -------
    list of str
        ``#RRGGBB`` for each rep.
    """
    return assign_colors(rep_ids, adjacent_pairs(geometry, kind="queen"))


def assign_colors(rep_ids: Sequence[str], neighbors: NDArray[np.int64]) -> list[str]:
    """Color reps so that neighbors differ.

    Parameters
    ----------
    rep_ids
        Distinct ids.
    neighbors
        Pairs of positions that should differ. Shape ``(pairs, 2)``.

    Returns
    -------
    list of str
        ``#RRGGBB`` for each rep.

    Notes
    -----
    Each id has a favorite color by its hash, so that a rep keeps its color from one alignment to the next
    unless a neighbor had it first. Greedy in the order of the ids, whatever the order of the rows.
    """
    around: list[list[int]] = [[] for _ in rep_ids]
    for first, second in neighbors.tolist():
        around[first].append(second)
        around[second].append(first)
    color = [-1] * len(rep_ids)
    for rep in sorted(range(len(rep_ids)), key=lambda position: rep_ids[position]):
        taken = [color[other] for other in around[rep] if color[other] >= 0]
        color[rep] = _choose(_favorite(rep_ids[rep]), taken)
    return [PALETTE[number] for number in color]


def _favorite(rep_id: str) -> int:
    digest = hashlib.sha256(rep_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % len(PALETTE)


def _choose(favorite: int, taken: Sequence[int]) -> int:
    """Return the first color from the favorite on that differs in hue, else in lightness, else the rarest."""
    turn = [(favorite + step) % len(PALETTE) for step in range(len(PALETTE))]
    hues = {number % len(_HUES) for number in taken}
    for number in turn:
        if number % len(_HUES) not in hues:
            return number
    return min(turn, key=taken.count)
