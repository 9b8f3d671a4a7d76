"""Dominance of values of which smaller is better, by hand and on random ones."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from optimizer.curves.dominance import admitted, covers


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((1, 1, 1), (1, 1, 2), True),
        ((1, 1, 2), (1, 1, 1), False),
        ((1, 2, 3), (3, 2, 1), False),
        ((1, 1, 1), (1, 1, 1), True),
        ((1 + 1e-9, 1, 1), (1, 1, 1), True),
        ((1 + 1e-3, 1, 1), (1, 1, 9), False),
    ],
)
def test_covering_is_nowhere_worse(one: tuple[float, ...], other: tuple[float, ...], expected: bool) -> None:
    """One covers another when no value is larger by more than the rounding of sums."""
    assert covers(one, other) is expected


def test_a_better_candidate_replaces_what_it_covers() -> None:
    """A covers nothing, B is covered by A, C covers A and D, the second C is a duplicate."""
    front: list[tuple[Sequence[float], str]] = []
    for values, name in (((2, 2), "A"), ((3, 2), "B"), ((1, 4), "D"), ((1, 2), "C"), ((1, 2), "C again")):
        front = admitted(front, values, name)
    assert front == [((1, 2), "C")]
    assert [name for _, name in admitted(front, (0, 9), "E")] == ["C", "E"]


@pytest.mark.parametrize("seed", range(5))
def test_no_entry_of_a_front_covers_another(seed: int) -> None:
    """Whatever comes in whatever order, nothing in the front is covered, and all that is left out is."""
    values = [tuple(row) for row in np.random.default_rng(seed).integers(0, 5, (60, 3)).tolist()]
    front: list[tuple[Sequence[float], int]] = []
    for number, candidate in enumerate(values):
        front = admitted(front, candidate, number)
    kept = [entry for entry, _ in front]
    assert not any(covers(one, other) for one, other in itertools.permutations(kept, 2))
    assert all(any(covers(entry, candidate) for entry in kept) for candidate in values)
