"""The choice of a pattern for every column, against trying all of them."""

from itertools import pairwise, product

import numpy as np
import pytest

from optimizer.search.pattern_combining import combine
from optimizer.search.patterns import WORD

STEP = 1e-6
"""What a better choice must save at least."""


def random_patterns(seed: int, *, items: int, columns: int) -> tuple[list[list[set[int]]], list[list[float]]]:
    """Return patterns and excesses of every column, sorted by excess; some choice takes every item once."""
    rng = np.random.default_rng(seed)
    patterns: list[list[set[int]]] = [[] for _ in range(columns)]
    for _ in range(4):
        place = rng.integers(columns, size=items)
        for column in range(columns):
            patterns[column].append(set(np.flatnonzero(place == column).tolist()))
    for column in range(columns):
        patterns[column] += [set(np.flatnonzero(rng.random(items) < 1 / columns).tolist()) for _ in range(3)]
    return patterns, [sorted(rng.random(len(own)).tolist()) for own in patterns]


def masks_of(sets: list[set[int]], *, items: int) -> np.ndarray:
    """Return sets of items as rows of words."""
    mask = np.zeros((len(sets), (items + WORD - 1) // WORD), dtype=np.uint64)
    for row, own in enumerate(sets):
        for item in own:
            mask[row, item // WORD] |= np.uint64(1) << np.uint64(item % WORD)
    return mask


def least_by_trying(
    patterns: list[list[set[int]]], excess: list[list[float]], *, items: int
) -> tuple[float, list[int]]:
    """Return the least excess at which every item is taken once, and which pattern of each column does it."""
    best, chosen = np.inf, [-1] * len(patterns)
    for choice in product(*(range(len(own)) for own in patterns)):
        taken = [item for column, at in enumerate(choice) for item in patterns[column][at]]
        total = sum(excess[column][at] for column, at in enumerate(choice))
        if sorted(taken) == list(range(items)) and total < best:
            best, chosen = total, list(choice)
    return best, chosen


def combined(
    patterns: list[list[set[int]]], excess: list[list[float]], *, items: int, budget: float, present: list[set[int]]
) -> tuple[float, bool, list[int]]:
    """Return the least excess that was found, whether the search was whole, and each column's pattern."""
    first = np.cumsum([0, *(len(own) for own in patterns)])
    mask = masks_of([own for column in patterns for own in column], items=items)
    full = masks_of([set(range(items))], items=items)[0]
    chosen = np.full(len(patterns), -1, dtype=np.int64)
    total, is_whole, _ = combine(
        first, mask, np.concatenate(excess), full, budget, STEP, masks_of(present, items=items), 10**6, chosen
    )
    return total, is_whole, [int(at - begin) for at, (begin, _) in zip(chosen, pairwise(first), strict=True)]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(("items", "columns"), [(5, 2), (9, 3), (70, 3), (12, 4)])
def test_the_choice_of_least_excess_is_found(seed: int, items: int, columns: int) -> None:
    """Over one word and over two, the choice is that of trying all, and the search says that it is whole."""
    patterns, excess = random_patterns(seed, items=items, columns=columns)
    nothing: list[set[int]] = [set() for _ in range(columns)]

    total, is_whole, chosen = combined(patterns, excess, items=items, budget=np.inf, present=nothing)

    best, expected = least_by_trying(patterns, excess, items=items)
    assert is_whole
    assert total == pytest.approx(best)
    assert chosen == expected


def test_what_is_there_already_is_no_news() -> None:
    """The best choice is passed over where it is the present one, and nothing is found beyond the budget."""
    patterns, excess = [[{0}, {0, 1}], [{1}, set()]], [[0.0, 0.3], [0.0, 0.2]]

    total, _, chosen = combined(patterns, excess, items=2, budget=1.0, present=[{0}, {1}])
    assert chosen == [1, 1]
    assert total == pytest.approx(0.5)

    total, is_whole, _ = combined(patterns, excess, items=2, budget=0.4, present=[{0}, {1}])
    assert (total, is_whole) == (np.inf, True)


def test_a_column_without_patterns_ends_it() -> None:
    """Where a column has no pattern, no choice exists."""
    total, is_whole, _ = combined([[{0, 1}], []], [[0.0], []], items=2, budget=1.0, present=[set(), set()])
    assert (total, is_whole) == (np.inf, True)
