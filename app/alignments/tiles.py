"""What a vector tile of an alignment shows: its territories, and its accounts as points.

Owns the layers' properties, how coarse borders may be at a zoom, and the thinning of accounts where a tile has more
of them than anybody can see.
"""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.alignments.columns import float_column
from app.alignments.scorecards import Scorecard, known
from app.alignments.territories import SIMPLIFY_STEPS_M, TerritoryShapes
from app.datasets.tables import read_parquet, write_parquet
from geo_data.vector_tiles import EXTENT, Tile, TileLayer, encode_tile

MOST_POINTS = 20_000
"""Accounts that a tile shows one by one."""

_METERS_PER_UNIT = 40_075_016.7 / EXTENT  # at zoom 0, on the equator
_SMALLEST_CELL = 8  # tile units
_PROPERTIES = b"properties"


def simplify_m_at(zoom: int) -> int:
    """Return how many meters borders may be straightened by without anybody seeing it at a zoom."""
    visible = _METERS_PER_UNIT / 2**zoom
    return max(step for step in SIMPLIFY_STEPS_M if step <= max(visible, 0))


def account_points(card: Scorecard) -> bytes:
    """Return what tiles show of accounts with a place, as Parquet."""
    columns = card.columns
    lat, lon = columns.account_column("lat"), columns.account_column("lon")
    placed = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
    ids = np.array([*columns.rep_ids, None], dtype=object)  # position -1 is nobody
    table = pa.table(
        {
            "account_id": pa.array(np.array(columns.account_ids, dtype=object)[placed], pa.string()),
            "name": columns.tables.accounts.column("name").take(placed),
            "lat": pa.array(lat[placed]),
            "lon": pa.array(lon[placed]),
            "rep_id": pa.array(ids[columns.owner[placed]], pa.string()),
            "current_rep_id": pa.array(ids[columns.current[placed]], pa.string()),
            "moved": pa.array(columns.is_moved[placed]),
        }
    )
    return write_parquet(table.replace_schema_metadata({_PROPERTIES: json.dumps(_rep_properties(card))}))


def tile_bytes(tile: Tile, points: bytes, shapes: TerritoryShapes) -> bytes:
    """Draw one tile.

    Parameters
    ----------
    tile
        The square.
    points
        What `account_points` returned.
    shapes
        The territories.
    """
    table = read_parquet(points)
    properties = json.loads((table.schema.metadata or {})[_PROPERTIES])
    territories = TileLayer(
        "territories",
        shapes.geometry,
        [{**line, "color": color} for line, color in zip(properties, shapes.color, strict=True)],
    )
    return encode_tile(tile, (territories, _accounts(tile, table)))


def _accounts(tile: Tile, table: pa.Table) -> TileLayer:
    lat, lon = float_column(table, "lat"), float_column(table, "lon")
    x, y = tile.project(lon, lat)
    seen = np.flatnonzero((x >= 0) & (x < EXTENT) & (y >= 0) & (y < EXTENT))
    kept, count = _thinned(x[seen], y[seen], table.column("rep_id").take(seen))
    shown = table.take(seen[kept])
    rows: list[dict[str, Any]] = shown.drop_columns(["lat", "lon"]).to_pylist()
    if len(kept) < len(seen):
        for row, number in zip(rows, count.tolist(), strict=True):
            row["count"] = number
    points = shapely.points(lon[seen[kept]], lat[seen[kept]])
    return TileLayer("accounts", points, rows)


def _thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], rep_id: pa.ChunkedArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep one account of each rep in each cell of a grid that is coarse enough; return how many it stands for."""
    if len(x) <= MOST_POINTS:
        return np.arange(len(x)), np.ones(len(x), dtype=np.int64)
    rep = rep_id.dictionary_encode().combine_chunks()
    number = np.nan_to_num(rep.indices.to_numpy(zero_copy_only=False).astype(np.float64), nan=-1.0)
    cell = _SMALLEST_CELL
    while True:
        keys = np.column_stack((x // cell, y // cell, number))
        _, first, count = np.unique(keys, axis=0, return_index=True, return_counts=True)
        if len(first) <= MOST_POINTS or cell >= EXTENT:
            return first.astype(np.int64), count.astype(np.int64)
        cell *= 2


def _rep_properties(card: Scorecard) -> list[dict[str, Any]]:
    columns = card.columns
    return [
        {
            "rep_id": rep_id,
            "rep_name": columns.rep_names[rep],
            "accounts": int(card.after.accounts[rep]),
            **{f"load:{name}": float(balance.load[rep]) for name, balance in card.after.measures.items()},
            **{f"index:{name}": known(balance.index[rep]) for name, balance in card.after.measures.items()},
        }
        for rep, rep_id in enumerate(columns.rep_ids)
    ]
