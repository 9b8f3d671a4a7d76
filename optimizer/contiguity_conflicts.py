"""Connected territories that cannot be: shown by pieces of the map, one rep at a time.

Owns three proofs. A rep must have units that no chain of units it may have joins; an account lies where no rep can
have it together with what that rep must have; a part of the map that hangs together holds too little or too much for
any number of reps who could live there. Each is sound: units without accounts join whoever needs them.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from optimizer.criteria import Contiguity
from optimizer.load_ranges import LoadRanges
from optimizer.measures import Positions
from optimizer.problem import BoolArray
from optimizer.result import Cause, Conflict
from optimizer.tolerances import slack
from optimizer.units import Units

CODE: Final = "CONTIGUITY_IMPOSSIBLE"
MOST_CELLS: Final = 20_000_000
"""Units times reps up to which the pieces of every rep are looked at."""
MOST_ROUNDS: Final = 5
MOST_TOLD: Final = 20


def contiguity_conflicts(ranges: LoadRanges) -> Iterator[Conflict]:
    """Yield what no connected territories can meet; nothing where territories need not be connected."""
    units = ranges.problem.units
    if units is None or ranges.criteria.contiguity is Contiguity.OFF:
        return
    if units.num_units * len(ranges.reps) > MOST_CELLS or not len(ranges.reps):
        return
    map_of = _Map(ranges, units)
    found = list(map_of.narrow())
    if found:
        yield from found[:MOST_TOLD]
        return
    yield from map_of.short_of_reach()
    yield from map_of.parts_out_of_band()


class _Map:
    """The units of one question, and which items each rep can have in a connected territory.

    Parameters
    ----------
    ranges
        Limits and permissions.
    units
        The units and their neighbors.
    """

    def __init__(self, ranges: LoadRanges, units: Units) -> None:
        self._ranges = ranges
        self._units = units
        self._allowed: BoolArray = ranges.allowed.copy()
        self._item = np.full(units.num_units, -1, dtype=np.int64)
        inside = units.unit >= 0
        self._item[units.unit[inside]] = ranges.items.item_of_account[inside]
        self._held = np.flatnonzero(self._item >= 0)
        self._has_unit = np.zeros(ranges.items.num_items, dtype=np.bool_)
        self._has_unit[self._item[self._held]] = True

    def narrow(self) -> Iterator[Conflict]:
        """Take from each rep what cannot hang together with what it must have, until nothing changes."""
        for _ in range(MOST_ROUNDS):
            before = int(self._allowed.sum())
            for column in range(len(self._ranges.reps)):
                apart = self._narrow_one(column)
                if apart is not None:
                    yield apart
            lost = self._lost()
            if len(lost):
                yield Conflict(
                    code=CODE,
                    accounts=self._ranges.accounts_of(lost),
                    demand=float(len(lost)),
                    capacity=0.0,
                    cause=Cause(kind="alone", count=len(lost)),
                )
                return
            if int(self._allowed.sum()) == before:
                return

    def short_of_reach(self) -> Iterator[Conflict]:
        """Yield reps whose smallest load is more than any connected part of the map that they may have holds."""
        lowest = self._ranges.lowest
        for column in np.flatnonzero((lowest > 0).any(axis=1)).tolist():
            inside = self._allowed[:, column] & self._has_unit
            piece = self._piece_of_item(column)[inside]
            loose = self._ranges.most[self._allowed[:, column] & ~self._has_unit].sum(axis=0)
            for measure in np.flatnonzero(lowest[column] > 0).tolist():
                amount = np.bincount(piece, self._ranges.most[inside, measure]) if len(piece) else np.zeros(1)
                reach, least = float(amount.max() + loose[measure]), float(lowest[column, measure])
                if least - reach > slack(least) + slack(reach):
                    yield Conflict(
                        code=CODE,
                        reps=(int(self._ranges.reps[column]),),
                        measure=self._ranges.problem.measures[measure],
                        demand=least,
                        capacity=reach,
                        cause=Cause(kind="reach"),
                    )
                    break

    def parts_out_of_band(self) -> Iterator[Conflict]:
        """Yield parts of the map that hold too little or too much for any number of reps who could live there."""
        ranges, graph = self._ranges, self._units.graph
        part = graph.pieces(np.zeros(self._units.num_units, dtype=np.int8))
        if not self._has_unit.all() or not len(self._held):
            return
        of_item = np.full(ranges.items.num_items, -1, dtype=np.int64)
        of_item[self._item[self._held]] = part[self._held]
        for one in np.unique(of_item[ranges.must_assign]).tolist():
            inside = of_item == one
            columns = np.flatnonzero(self._allowed[inside].any(axis=0))
            for measure, name in enumerate(ranges.problem.measures):
                most = float(ranges.most[inside, measure].sum())
                least = float(ranges.least[inside & ranges.must_assign, measure].sum())
                smallest = np.cumsum(np.sort(ranges.lowest[columns, measure]))
                largest = np.cumsum(np.sort(ranges.highest[columns, measure])[::-1])
                holds = largest >= least - _noise(largest, least)
                if ((smallest <= most + _noise(smallest, most)) & holds).any():
                    continue
                fewest = int(np.argmax(holds)) if holds.any() else -1
                bound = float(largest.max(initial=0.0)) if fewest < 0 else float(smallest[fewest])
                yield Conflict(
                    code=CODE,
                    accounts=ranges.accounts_of(np.flatnonzero(inside)),
                    reps=tuple(ranges.reps[columns].tolist()),
                    measure=name,
                    demand=least if fewest < 0 else bound,
                    capacity=bound if fewest < 0 else most,
                    cause=Cause(kind="full") if fewest < 0 else Cause(kind="part", count=fewest + 1),
                )
                break

    def _narrow_one(self, column: int) -> Conflict | None:
        """Take from one rep what it cannot have; return why it cannot have what it must, None where it can."""
        ranges = self._ranges
        piece, whole = self._pieces(column)
        alone = self._allowed.sum(axis=1) == 1
        forced = np.flatnonzero(ranges.must_assign & alone & self._allowed[:, column] & self._has_unit)
        if len(forced):
            places, first = np.unique(piece[forced], return_index=True)
            if len(places) > 1 or not whole[forced].all():
                parted = forced[first] if len(places) > 1 else forced[~whole[forced]]
                return Conflict(
                    code=CODE,
                    accounts=ranges.accounts_of(parted),
                    reps=(int(ranges.reps[column]),),
                    demand=float(max(2, len(places))),
                    capacity=1.0,
                    cause=Cause(kind="apart", count=max(2, len(places))),
                )
            whole = whole & (piece == places[0])
        self._allowed[:, column] &= whole | ~self._has_unit
        return None

    def _pieces(self, column: int) -> tuple[Positions, BoolArray]:
        """Return the piece of the rep's map that each item lies in, and whether the item lies in one piece alone."""
        open_to = self._item < 0
        open_to[self._held] = self._allowed[self._item[self._held], column]
        piece = self._units.graph.pieces(open_to)[self._held]
        item = self._item[self._held]
        lowest = np.full(self._ranges.items.num_items, np.iinfo(np.int64).max)
        highest = np.full(self._ranges.items.num_items, -1, dtype=np.int64)
        np.minimum.at(lowest, item, piece)
        np.maximum.at(highest, item, piece)
        return np.where(highest >= 0, lowest, 0), lowest >= highest

    def _piece_of_item(self, column: int) -> Positions:
        return self._pieces(column)[0]

    def _lost(self) -> Positions:
        """Return items that somebody may have, though in no connected territory."""
        lost = self._ranges.must_assign & ~self._allowed.any(axis=1) & (self._ranges.num_allowed > 0)
        return np.flatnonzero(lost).astype(np.int64)


def _noise(limit: np.ndarray, total: float) -> np.ndarray:
    """Return what limits and totals forgive together."""
    return np.asarray(
        np.where(np.isfinite(limit), slack(np.where(np.isfinite(limit), limit, 0.0)), 0.0) * 2 + slack(total)
    )
