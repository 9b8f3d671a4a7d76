"""The polygons of an alignment's territories, with a stable color for each rep.

Owns which shapes are drawn: the units that were given, dissolved, or the accounts' cells clipped to land;
and their stored form. The drawing itself is geo_data's.
"""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.alignments.columns import AlignmentColumns, Integers, rep_positions, sums_by_rep
from app.datasets.tables import read_parquet, write_parquet
from geo_data.coloring import territory_colors
from geo_data.shapes import territories_from_accounts, territories_from_units

SIMPLIFY_STEPS_M = (0, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
"""What ``simplify_m`` is rounded down to, so that few maps are kept for each alignment."""

DEFAULT_SIMPLIFY_M = 250
_OUTSIDE = b"outside"


@dataclass(frozen=True, eq=False)
class TerritoryShapes:
    """Hold one polygon and color for each rep.

    Parameters
    ----------
    geometry
        MultiPolygons in degrees, a valid coverage, empty for a rep without accounts; shape ``(reps,)``.
    color
        ``#RRGGBB`` for each rep.
    outside
        Ids of the accounts with a place that lie in no polygon of their own rep.
    """

    geometry: NDArray[np.object_]
    color: list[str]
    outside: list[str]

    def to_parquet(self) -> bytes:
        """Return the stored form."""
        table = pa.table(
            {"geometry": pa.array(shapely.to_wkb(self.geometry), pa.binary()), "color": pa.array(self.color)}
        )
        return write_parquet(table.replace_schema_metadata({_OUTSIDE: json.dumps(self.outside)}))

    @classmethod
    def from_parquet(cls, content: bytes) -> "TerritoryShapes":
        """Read the stored form back."""
        table = read_parquet(content)
        return cls(
            geometry=shapely.from_wkb(table.column("geometry").to_numpy()),
            color=table.column("color").to_pylist(),
            outside=json.loads((table.schema.metadata or {}).get(_OUTSIDE, b"[]")),
        )


def simplify_step(meters: float) -> int:
    """Return the largest step that is not above ``meters``."""
    return max(step for step in SIMPLIFY_STEPS_M if step <= max(meters, 0))


def draw_territories(
    columns: AlignmentColumns, owner: Integers, *, simplify_m: int = DEFAULT_SIMPLIFY_M
) -> TerritoryShapes:
    """Draw the territory of each rep under ``owner``, shape ``(accounts,)``.

    Where at least half of the accounts name a unit, the units are dissolved: a unit belongs to the rep with
    most of its workload, and a unit without accounts to nobody. Else each rep has the land to which one of
    its accounts is nearest.
    """
    lat, lon = columns.account_column("lat"), columns.account_column("lon")
    placed = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
    unit = _unit_of_account(columns)
    if (
        unit is not None
        and columns.tables.units is not None
        and 2 * np.count_nonzero(unit >= 0) >= columns.num_accounts
    ):
        polygons = shapely.from_wkb(columns.tables.units.column("geometry").to_numpy())
        geometry = _dissolved_units(columns, owner, unit, polygons, simplify_m=simplify_m)
        outside = _outside_units(columns, owner, geometry, placed)
    else:
        drawn = territories_from_accounts(
            lat[placed], lon[placed], owner[placed], num_reps=columns.num_reps, simplify_m=float(simplify_m)
        )
        geometry, outside = drawn.geometry, placed[np.array(drawn.outside, dtype=np.int64)]
    return TerritoryShapes(
        geometry=geometry,
        color=territory_colors(geometry, columns.rep_ids),
        outside=[columns.account_ids[account] for account in outside.tolist()],
    )


def _unit_of_account(columns: AlignmentColumns) -> Integers | None:
    units = columns.tables.units
    if units is None or units.num_rows == 0:
        return None
    return rep_positions(columns.tables.accounts.column("unit_id"), units.column("id"))


def _dissolved_units(
    columns: AlignmentColumns,
    owner: Integers,
    unit: Integers,
    polygons: NDArray[np.object_],
    *,
    simplify_m: int,
) -> NDArray[np.object_]:
    counted = (unit >= 0) & (owner >= 0)
    weight = columns.amount_at("workload", owner) if "workload" in columns.amount else columns.amount["accounts"]
    pair, share = np.unique(unit[counted] * columns.num_reps + owner[counted], return_inverse=True)
    total = sums_by_rep(share, weight[counted] + 1e-9, num_reps=pair.size)  # a unit without work has an owner too
    unit_owner = np.full(len(polygons), -1, dtype=np.int64)
    for position in np.argsort(total, kind="stable").tolist():
        unit_owner[pair[position] // columns.num_reps] = pair[position] % columns.num_reps
    return territories_from_units(
        polygons, unit_owner, num_reps=columns.num_reps, simplify_m=float(simplify_m)
    ).geometry


def _outside_units(
    columns: AlignmentColumns, owner: Integers, geometry: NDArray[np.object_], placed: Integers
) -> Integers:
    """Return the accounts that lie in no polygon of their own rep, by position."""
    served = placed[owner[placed] >= 0]
    points = shapely.points(columns.account_column("lon")[served], columns.account_column("lat")[served])
    shapely.prepare(geometry)
    is_outside = ~shapely.intersects(geometry[owner[served]], points)
    return np.asarray(served[is_outside], dtype=np.int64)
