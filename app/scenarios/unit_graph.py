"""The units of a dataset as the optimizer's positions: which one each account lies in, and which are neighbors."""

from typing import Literal

import numpy as np
import pyarrow as pa

from app.datasets.tables import DatasetTables
from app.scenarios.columns import ids, positions, texts
from geo_data.adjacency import neighbors
from optimizer.units import Units


def unit_ids(tables: DatasetTables) -> list[str]:
    """Return the ids of the units, then those that accounts name and no unit has: each stands alone."""
    known = [] if tables.units is None else ids(tables.units)
    seen = set(known)
    named = dict.fromkeys(unit for unit in texts(tables.accounts, "unit_id") if unit is not None)
    return [*known, *(unit for unit in named if unit not in seen)]


def unit_graph(tables: DatasetTables, kind: Literal["rook", "queen"]) -> Units:
    """Return every account's unit and the units' neighbors.

    Parameters
    ----------
    tables
        The dataset, with units.
    kind
        What makes two units neighbors: ``rook``, a shared piece of border, or ``queen``, a corner too.
    """
    names = unit_ids(tables)
    index = {name: position for position, name in enumerate(names)}
    units = pa.table({"geometry": []}) if tables.units is None else tables.units
    adjacency = neighbors(units.column("geometry").to_pylist(), kind)
    return Units(
        num_units=len(names),
        unit=positions(texts(tables.accounts, "unit_id"), index),
        first=adjacency.first,
        second=adjacency.second,
    )


def neighbor_ids(units: Units, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the pairs of neighboring units by id, as the checker reads them."""
    pairs = np.stack([units.first, units.second], axis=1).tolist()
    return [(names[first], names[second]) for first, second in pairs]


def dataset_neighbors(tables: DatasetTables, kind: str) -> list[tuple[str, str]] | None:
    """Return the pairs of neighboring units by id; None for ``off`` or without units."""
    if kind not in ("rook", "queen") or tables.units is None:
        return None
    return neighbor_ids(unit_graph(tables, "rook" if kind == "rook" else "queen"), tuple(unit_ids(tables)))
