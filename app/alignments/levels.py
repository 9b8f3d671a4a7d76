"""An alignment seen from above: managers and regions in place of reps, at any level of the hierarchy.

Owns how the reps' numbers add up. Targets, limits and travel of a manager are the sums of those of the reps
below, and territories are the union of theirs, so that levels are nested exactly.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from app.alignments.columns import AlignmentColumns, Floats, Integers, sums_by_rep
from app.alignments.fairness import fairness
from app.alignments.scorecards import DEFAULT_BAND, Disruption, MeasureBalance, Scorecard, Standing, scorecard_json
from app.alignments.targets import index_of, is_in_band
from app.alignments.territories import TerritoryShapes
from app.alignments.travel import distances_km, inertia
from app.datasets.managers import manager_paths
from app.errors import Fault, InvalidInput
from geo_data.coloring import territory_colors
from geo_data.coverage import dissolve


@dataclass(frozen=True, eq=False)
class Level:
    """Hold one level of the hierarchy: every rep belongs to one node.

    Parameters
    ----------
    number, depth
        Steps from the top, from 1; and the level on which every node is a rep.
    node
        Position of each rep's node, shape ``(reps,)``.
    ids, names
        By node; a manager without a row is called by its id.
    parent_ids
        Id of the node above, None at the top.
    """

    number: int
    depth: int
    node: Integers
    ids: list[str]
    names: list[str]
    parent_ids: list[str | None]

    @property
    def num_nodes(self) -> int:
        """Return the number of nodes."""
        return len(self.ids)

    def owner(self, rep: Integers) -> Integers:
        """Turn positions of reps into positions of nodes; -1 stays."""
        return np.where(rep >= 0, self.node[np.maximum(rep, 0)], -1)

    def sums(self, values: Floats) -> Floats:
        """Add up what the reps have, NaN counting as nothing; NaN where no rep has a value."""
        has_value = np.isfinite(values)
        total = sums_by_rep(self.node[has_value], values[has_value], num_reps=self.num_nodes)
        return np.where(np.bincount(self.node[has_value], minlength=self.num_nodes) > 0, total, np.nan)


def level_of(columns: AlignmentColumns, number: int) -> Level:
    """Return a level of the reps' hierarchy.

    Parameters
    ----------
    columns
        An alignment and its dataset.
    number
        1 for the top; reps without anybody above them stand there too.

    Raises
    ------
    InvalidInput
        When the hierarchy is not that deep.
    """
    managers = columns.tables.reps.column("manager_id").to_pylist()
    paths = manager_paths(columns.rep_ids, managers)
    depth = max(len(path) for path in paths)
    if number > depth:
        detail = f"The hierarchy has {depth} level{'s' if depth > 1 else ''}; level {number} is not there."
        fix = f"Ask for a level from 1 (the top) to {depth} (the reps)."
        params = {"parameter": "level", "in": "query", "levels": depth}
        raise InvalidInput([Fault(code="UNKNOWN_REFERENCE", detail=detail, fix=fix, value=number, params=params)])
    cut = [path[:number] for path in paths]
    position = {path[-1]: place for place, path in enumerate(dict.fromkeys(cut))}
    ids = list(position)
    parents = {path[-1]: path[-2] if len(path) > 1 else None for path in cut}
    names = dict(zip(columns.rep_ids, columns.rep_names, strict=True))
    return Level(
        number=number,
        depth=depth,
        node=np.array([position[path[-1]] for path in cut], dtype=np.int64),
        ids=ids,
        names=[names.get(node, node) for node in ids],
        parent_ids=[parents[node] for node in ids],
    )


def rolled_up(card: Scorecard, level: Level) -> Scorecard:
    """Return the scorecard with the nodes of a level in place of the reps."""
    columns = card.columns
    after = _rolled_columns(columns, level, columns.owner)
    before = _rolled_columns(columns, level, columns.current)
    is_moved = after.is_moved
    goes_somewhere = is_moved & (after.owner >= 0)
    has_not_left = is_moved & columns.is_active[np.maximum(columns.current, 0)]
    share = {}
    for measure, amount in columns.amount.items():
        total = float(amount.sum())
        share[measure] = float(amount[has_not_left].sum()) / total if total > 0 else 0.0
    return replace(
        card,
        columns=after,
        after=_standing(card, card.after, level, after, columns.owner),
        before=None if card.before is None else _standing(card, card.before, level, before, columns.current),
        disruption=Disruption(moved=int(is_moved.sum()), accounts=int(has_not_left.sum()), share=share),
        moved_in=np.bincount(after.owner[goes_somewhere], minlength=level.num_nodes),
        moved_out=np.bincount(after.current[is_moved], minlength=level.num_nodes),
        capacity_min={name: _limit(level, columns, limit, lowest=True) for name, limit in card.capacity_min.items()},
        capacity_max={name: _limit(level, columns, limit, lowest=False) for name, limit in card.capacity_max.items()},
    )


def level_json(card: Scorecard, level: Level) -> dict[str, Any]:
    """Return a rolled-up scorecard as the API shows it."""
    body = scorecard_json(card)
    count = np.bincount(level.node, minlength=level.num_nodes).tolist()
    for node, line in enumerate(body["reps"]):
        line.update(parent_id=level.parent_ids[node], reps=count[node])
    return {"level": level.number, "levels": level.depth, **body}


def united(shapes: TerritoryShapes, level: Level) -> TerritoryShapes:
    """Unite the territories of the reps below each node; borders that stay are the same, vertex by vertex."""
    parts, rep = shapely.get_parts(shapes.geometry, return_index=True)
    geometry = dissolve(parts, level.node[rep], num_reps=level.num_nodes)
    return TerritoryShapes(geometry=geometry, color=territory_colors(geometry, level.ids), outside=shapes.outside)


def _rolled_columns(columns: AlignmentColumns, level: Level, served_by: Integers) -> AlignmentColumns:
    """Return the columns with nodes as reps; accounts weigh what they weigh for the rep who serves them."""
    active = columns.is_active.astype(np.float64)
    is_active = sums_by_rep(level.node, active, num_reps=level.num_nodes) > 0
    fte = sums_by_rep(level.node, columns.fte * active, num_reps=level.num_nodes)
    homes = {rep_id: rep for rep, rep_id in enumerate(columns.rep_ids)}
    place = [homes.get(node, -1) for node in level.ids]
    at = {name: np.append(columns.rep_column(name), np.nan)[place] for name in ("lat", "lon")}
    nodes = pa.table(
        {
            "id": pa.array(level.ids, pa.string()),
            "name": pa.array(level.names, pa.string()),
            **{name: pa.array(values, pa.float64(), mask=np.isnan(values)) for name, values in at.items()},
            "fte": pa.array(fte),
            "active": pa.array(is_active),
        }
    )
    return replace(
        columns,
        tables=replace(columns.tables, reps=nodes),
        rep_ids=level.ids,
        rep_names=level.names,
        owner=level.owner(columns.owner),
        current=level.owner(columns.current),
        amount={measure: columns.amount_at(measure, served_by) for measure in columns.measures},
        is_active=is_active,
        fte=fte,
        pairs=None,
    )


def _standing(card: Scorecard, of: Standing, level: Level, rolled: AlignmentColumns, served_by: Integers) -> Standing:
    measures = {name: _balance(balance, level) for name, balance in of.measures.items()}
    in_band = np.ones(level.num_nodes, dtype=np.bool_)
    for name in card.balanced:
        in_band &= is_in_band(measures[name].index, card.rules[name], default_tolerance=DEFAULT_BAND)
    distance = distances_km(card.columns, card.travel, served_by)
    moment, radius = inertia(rolled, level.owner(served_by), distance)
    return Standing(
        measures=measures,
        accounts=np.bincount(level.node, weights=of.accounts, minlength=level.num_nodes).astype(np.int64),
        travel_km=None if of.travel_km is None else np.nan_to_num(level.sums(of.travel_km)),
        radius_km=radius,
        moment_of_inertia=moment,
        is_in_band=in_band,
    )


def _balance(balance: MeasureBalance, level: Level) -> MeasureBalance:
    load, target = np.nan_to_num(level.sums(balance.load)), level.sums(balance.target)
    index = index_of(load, target)
    return MeasureBalance(load=load, target=target, index=index, team=fairness(load, index))


def _limit(level: Level, columns: AlignmentColumns, limit: Floats, *, lowest: bool) -> Floats:
    """Add up the limits of active reps; without a largest load of each of them there is none of all."""
    known = np.where(columns.is_active, limit, np.nan)
    total = level.sums(known)
    if lowest:
        return total
    open_ended = columns.is_active & np.isnan(limit)
    is_open = np.bincount(level.node[open_ended], minlength=level.num_nodes) > 0
    return np.where(is_open, np.nan, total)
