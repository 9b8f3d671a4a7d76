"""Lumps: limits that amounts cannot meet because items are whole, however they are shared out.

Owns three counts. Reps who need more items than there are; large items of which only so many fit beside each other;
and a rep whose limits lie in the gap between what any k items have at most and any k + 1 at least.

References
----------
S. Martello, P. Toth, "Lower bounds and reduction procedures for the bin packing problem", Discrete Applied
Mathematics 28 (1990), doi 10.1016/0166-218X(90)90094-S: the idea of counting large items.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from optimizer.load_ranges import LoadRanges
from optimizer.measures import Float64Array, Positions
from optimizer.problem import ACCOUNTS
from optimizer.result import Cause, Conflict
from optimizer.tolerances import slack

MOST_SIZES: Final = 500
"""Sizes of large items that are looked at, the largest first."""
FEW_ITEMS: Final = 400
"""Up to so many items of its own a rep's gap is looked for among these alone."""
MOST_GAPS: Final = 20


def lump_conflicts(ranges: LoadRanges) -> Iterator[Conflict]:
    """Yield what whole items make impossible, measure by measure."""
    for measure in range(len(ranges.problem.measures)):
        yield from _too_few(ranges, measure)
        yield from _too_large_together(ranges, measure)
        yield from _gaps(ranges, measure)


def _too_few(ranges: LoadRanges, measure: int) -> Iterator[Conflict]:
    """Compare how many items all reps need at least with those that have any of the measure."""
    lowest = ranges.lowest[:, measure]
    needy = np.flatnonzero(lowest > 2 * slack(lowest))
    amount = ranges.most[:, measure]
    holders = np.sort(amount[amount > 0])[::-1]
    if not len(needy):
        return
    gathered = np.cumsum(holders)
    target = lowest[needy] - slack(lowest[needy])
    target -= slack(target)
    count = np.searchsorted(gathered, target, side="left") + 1
    if count.sum() > len(holders):
        yield Conflict(
            code="BALANCE_IMPOSSIBLE",
            reps=tuple(ranges.reps[needy].tolist()),
            measure=ACCOUNTS,
            demand=float(count.sum()),
            capacity=float(len(holders)),
            cause=Cause(kind="few", measure=ranges.problem.measures[measure]),
        )


def _too_large_together(ranges: LoadRanges, measure: int) -> Iterator[Conflict]:
    """Name large items of which the upper limits hold too few, by capacity or else with balance."""
    forced = np.flatnonzero(ranges.must_assign & (ranges.least[:, measure] > 0))
    size = ranges.least[forced, measure]
    largest_first = np.argsort(-size, kind="stable")[:MOST_SIZES]
    size = size[largest_first]
    for code, limit in (
        ("GROUP_SHORT_OF_CAPACITY", ranges.capacity_max[:, measure]),
        ("BALANCE_IMPOSSIBLE", ranges.highest[:, measure]),
    ):
        if not len(size) or not np.isfinite(limit).all():
            continue
        room = np.floor(((limit + slack(limit))[None, :] / size[:, None]) * (1 + 1e-9)).sum(axis=1)
        held = np.arange(1, len(size) + 1)
        short = np.flatnonzero((held > room) & (held > 1))  # one alone is told as larger than any limit
        if not len(short):
            continue
        last = int(short[0])
        items = forced[largest_first[: last + 1]]
        yield Conflict(
            code=code,
            accounts=ranges.accounts_of(items),
            reps=tuple(ranges.reps.tolist()),
            measure=ACCOUNTS,
            demand=float(last + 1),
            capacity=float(room[last]),
            irreducible=bool(last + 1 == room[last] + 1),
            cause=Cause(kind="large", measure=ranges.problem.measures[measure], amount=float(size[last])),
        )
        return


def _gaps(ranges: LoadRanges, measure: int) -> Iterator[Conflict]:
    """Name reps whose limits no number of items can meet."""
    lowest, highest = ranges.lowest[:, measure], ranges.highest[:, measure]
    narrow = np.flatnonzero((lowest > 2 * slack(lowest)) & np.isfinite(highest))
    if not len(narrow):
        return
    everything = _sums(ranges, np.arange(ranges.items.num_items), measure)
    own = ranges.allowed[:, narrow].sum(axis=0)
    told = 0
    for column, count in zip(narrow.tolist(), own.tolist(), strict=True):
        sums = everything
        if count <= FEW_ITEMS:
            sums = _sums(ranges, np.flatnonzero(ranges.allowed[:, column]), measure)
        gap = _gap(*sums, lowest=float(lowest[column]), highest=float(highest[column]))
        if gap is None:
            continue
        number, most, least = gap
        yield Conflict(
            code="BALANCE_IMPOSSIBLE",
            reps=(int(ranges.reps[column]),),
            measure=ranges.problem.measures[measure],
            demand=least,
            capacity=float(highest[column]),
            cause=Cause(
                kind="gap",
                measure=ranges.problem.measures[measure],
                amount=most,
                limit=float(lowest[column]),
                count=number,
            ),
        )
        told += 1
        if told == MOST_GAPS:
            return


def _sums(ranges: LoadRanges, items: Positions, measure: int) -> tuple[Float64Array, Float64Array]:
    """Return what any k items with some of a measure have at most and at least, for k from 0."""
    held = items[ranges.most[items, measure] > 0]
    largest = np.sort(ranges.most[held, measure])[::-1]
    smallest = np.sort(ranges.least[held, measure])
    return np.concatenate([[0.0], np.cumsum(largest)]), np.concatenate([[0.0], np.cumsum(smallest)])


def _gap(most: Float64Array, least: Float64Array, *, lowest: float, highest: float) -> tuple[int, float, float] | None:
    """Return k, what k items have at most, and k + 1 at least, where the limits lie between; else None."""
    floor = lowest - slack(lowest)
    number = int(np.searchsorted(most, floor - slack(floor), side="left")) - 1
    if number < 0 or number + 1 >= len(most):
        return None
    next_least = float(least[number + 1])
    if next_least <= highest + slack(highest) + slack(next_least):
        return None
    return number, float(most[number]), next_least
