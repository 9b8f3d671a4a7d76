"""Colors of territories: the same for a rep wherever it can be, and different from the neighbors'.

The colors are seven hues that people with color-blindness tell apart (Okabe and Ito), each in three
lightnesses. Neighbors get colors that are far apart in a perceptual space, for normal and for red- and
green-blind eyes alike.

References
----------
Okabe, Ito (2008), Color Universal Design, https://jfly.uni-koeln.de/color/
Ottosson (2020), A perceptual color space for image processing, https://bottosson.github.io/posts/oklab/
Viénot, Brettel, Mollon (1999), Digital video colourmaps for checking the legibility of displays by
dichromats, doi 10.1002/(SICI)1520-6378(199908)24:4<243::AID-COL5>3.0.CO;2-3
"""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from geo_data.adjacency import adjacent_pairs

__all__ = ["PALETTE", "assign_colors", "territory_colors"]

_HUES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_CLEARLY_DIFFERENT = 0.12  # in Oklab; 0.02 is just noticeable side by side

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_EYES = (
    np.eye(3),
    np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),  # red-blind
    np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),  # green-blind
)


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
    """Return the first color from the favorite on that is clearly different, else the most different one."""
    turn = [(favorite + step) % len(PALETTE) for step in range(len(PALETTE))]
    if not taken:
        return favorite
    nearest = _differences()[:, list(taken)].min(axis=1)
    for number in turn:
        if nearest[number] >= _CLEARLY_DIFFERENT:
            return number
    return max(turn, key=lambda number: float(nearest[number]))


@cache
def _differences() -> NDArray[np.float64]:
    """Measure each pair of the palette as the least able of three kinds of eyes sees it."""
    channels = np.array([[int(color[start : start + 2], 16) for start in (1, 3, 5)] for color in PALETTE]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = [_oklab(np.clip(linear @ eye.T, 0, 1)) for eye in _EYES]
    least: NDArray[np.float64] = np.min([np.linalg.norm(lab[:, None] - lab[None], axis=2) for lab in seen], axis=0)
    return least


def _oklab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = np.cbrt(linear @ _TO_CONES.T) @ _TO_OKLAB.T
    return result
