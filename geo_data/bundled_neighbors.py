"""Reckon the neighbors of the units that ship with the package, and write them where they are looked up.

``python -m geo_data.bundled_neighbors`` writes the file anew; a test holds it to what is reckoned.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from geo_data import boundaries
from geo_data.adjacency import find_neighbors
from geo_data.boundaries.known_neighbors import COLUMNS, FILE, key_of
from geo_data.bundled import BUNDLED_NAMES, bundled_layer

__all__ = ["bundled_neighbors"]

KINDS: Final[tuple[Literal["rook", "queen"], ...]] = ("rook", "queen")


def bundled_neighbors(name: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays of one bundled layer, both kinds, each with the name that it is kept under.

    Parameters
    ----------
    name
        As for `geo_data.bundled.bundled_layer`.
    """
    units = bundled_layer(name).geometry
    for kind in KINDS:
        found = find_neighbors(units, kind)
        yield from ((f"{key_of(units, kind)}:{column}", getattr(found, column)) for column in COLUMNS)


def main() -> None:
    """Write the file."""
    arrays = dict(pair for name in BUNDLED_NAMES for pair in bundled_neighbors(name))
    np.savez_compressed(Path(boundaries.__file__).with_name(FILE), allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
