"""The patterns of one column: all of them where the work allows, an end in any case."""

import numpy as np

from optimizer.search.knapsack import fill_tail
from optimizer.search.patterns import WORD, list_patterns

MOST = 100


def _patterns(*, units: int, amount: float, items: int, room: int, slack: float) -> tuple[int, bool, int]:
    """List the sets of equal items, each worth -1, that fit a column of ``room`` units."""
    value, order = np.full(items, -1.0), np.arange(items)
    unit = np.full(items, units)
    tail = np.empty((items + 1, room + 1))
    fill_tail(value, unit, order, room, room, tail)
    mask = np.empty((MOST, (items + WORD - 1) // WORD), dtype=np.uint64)
    found, is_all, work = list_patterns(
        value,
        unit,
        order,
        room,
        tail,
        slack,
        np.full(items, amount),
        np.array([0.0, room]),
        mask,
        np.empty(MOST),
        MOST,
    )
    return int(found), bool(is_all), int(work)


def test_all_patterns_of_a_small_column_are_listed() -> None:
    """Of six equal items three fit: 20 sets of three at no excess, and 15 of two at an excess of one."""
    assert _patterns(units=1, amount=1.0, items=6, room=3, slack=0.5)[:2] == (20, True)
    assert _patterns(units=1, amount=1.0, items=6, room=3, slack=1.5)[:2] == (35, True)


def test_sets_that_fit_in_units_and_not_in_truth_do_not_hold_the_search_up() -> None:
    """Forty items of 1.5 seem to fit by twenties, in 10^11 ways of which none is true: the listing ends and says so."""
    found, is_all, work = _patterns(units=1, amount=1.5, items=40, room=20, slack=0.5)
    assert (found, is_all) == (0, False)
    assert work <= MOST * 41 + 1
