"""Territories, accounts and homes as GeoJSON (RFC 7946): six decimals, right-hand rule, no crs member.

Owns the features' properties. Accounts and reps without a place are left out and counted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.alignments.columns import AlignmentColumns, Flags, Floats
from app.alignments.scorecards import Scorecard, center_json, measures_json
from app.alignments.territories import TerritoryShapes
from app.alignments.travel import center_points
from app.scenarios.center import Centers
from geo_data.geojson import feature_collection, polygon_feature

Json = dict[str, Any]
_DECIMALS = 6


@dataclass(frozen=True)
class Box:
    """Hold a rectangle in degrees WGS 84; west above east crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lat: Floats, lon: Floats) -> Flags:
        """Tell which places lie inside or on the border, shape ``(places,)``."""
        if self.west <= self.east:
            across = (lon >= self.west) & (lon <= self.east)
        else:
            across = (lon >= self.west) | (lon <= self.east)
        return np.asarray(across & (lat >= self.south) & (lat <= self.north), dtype=np.bool_)


def territories_geojson(card: Scorecard, shapes: TerritoryShapes) -> Json:
    """Return one MultiPolygon feature for each rep, empty coordinates where it has no accounts."""
    columns = card.columns
    features = [
        polygon_feature(
            rep_id,
            geometry,
            {
                "rep_id": rep_id,
                "rep_name": columns.rep_names[rep],
                "color": shapes.color[rep],
                "active": bool(columns.is_active[rep]),
                "accounts": int(card.after.accounts[rep]),
                "center": center_json(card, rep),
                "measures": measures_json(card, rep),
            },
        )
        for rep, (rep_id, geometry) in enumerate(zip(columns.rep_ids, shapes.geometry, strict=True))
    ]
    return {**feature_collection(features), "outside": shapes.outside}


def points_geojson(
    card: Scorecard, centers: Centers, box: Box | None, locked: Flags, *, seen: Flags | None = None
) -> Json:
    """Return accounts and rep homes as points, those of a rectangle only where one is given.

    `locked` tells which accounts are locked, shape ``(accounts,)``; `seen` which reps are shown with their accounts,
    shape ``(reps,)``, None for all.
    """
    columns = card.columns
    own = np.ones(len(columns.account_ids), np.bool_) if seen is None else (columns.owner >= 0) & seen[columns.owner]
    shown = np.ones(columns.num_reps, np.bool_) if seen is None else seen
    lat, lon = columns.account_column("lat"), columns.account_column("lon")
    placed = np.isfinite(lat) & np.isfinite(lon)
    wanted = own & placed if box is None else own & placed & box.holds(lat, lon)
    accounts = _account_features(columns, wanted, locked, lat, lon)
    rep_lat, rep_lon = center_points(columns, card.travel)
    homes = np.isfinite(rep_lat) & np.isfinite(rep_lon)
    wanted_homes = shown & homes if box is None else shown & homes & box.holds(rep_lat, rep_lon)
    return {
        "type": "FeatureCollection",
        "features": accounts + _home_features(card, wanted_homes, rep_lat, rep_lon, centers),
        "counts": {
            "accounts": len(accounts),
            "reps": int(wanted_homes.sum()),
            "accounts_without_place": int((own & ~placed).sum()),
            "reps_without_place": int((shown & ~homes).sum()),
        },
    }


def _account_features(columns: AlignmentColumns, wanted: Flags, locked: Flags, lat: Floats, lon: Floats) -> list[Json]:
    names = columns.tables.accounts.column("name").to_pylist()
    y, x = np.round(lat, _DECIMALS).tolist(), np.round(lon, _DECIMALS).tolist()
    moved, owner, current = columns.is_moved.tolist(), columns.owner.tolist(), columns.current.tolist()
    ids = [*columns.rep_ids, None]  # position -1 is nobody
    return [
        {
            "type": "Feature",
            "id": columns.account_ids[account],
            "geometry": {"type": "Point", "coordinates": [x[account], y[account]]},
            "properties": {
                "kind": "account",
                "account_id": columns.account_ids[account],
                "name": names[account],
                "rep_id": ids[owner[account]],
                "current_rep_id": ids[current[account]],
                "moved": moved[account],
                "locked": bool(locked[account]),
            },
        }
        for account in np.flatnonzero(wanted).tolist()
    ]


def _home_features(card: Scorecard, wanted: Flags, lat: Floats, lon: Floats, centers: Centers) -> list[Json]:
    columns = card.columns
    y, x = np.round(lat, _DECIMALS).tolist(), np.round(lon, _DECIMALS).tolist()
    return [
        {
            "type": "Feature",
            "id": columns.rep_ids[rep],
            "geometry": {"type": "Point", "coordinates": [x[rep], y[rep]]},
            "properties": {
                "kind": "rep",
                "rep_id": columns.rep_ids[rep],
                "rep_name": columns.rep_names[rep],
                "active": bool(columns.is_active[rep]),
                "accounts": int(card.after.accounts[rep]),
                "placed": columns.rep_ids[rep] in centers,
                "center": center_json(card, rep),
            },
        }
        for rep in np.flatnonzero(wanted).tolist()
    ]
