"""Who leaves a smaller team, against all teams of that size."""

import itertools

import numpy as np
import pytest

from optimizer.location.closing import kept_open


def cheapest_team(cost: np.ndarray, must_stay: np.ndarray, count: int) -> float:
    """Return the least sum of nearest columns over all teams of a size."""
    teams = itertools.combinations(range(cost.shape[1]), count)
    fitting = (list(team) for team in teams if set(np.flatnonzero(must_stay)) <= set(team))
    return min(float(cost[:, team].min(axis=1).sum()) for team in fitting)


@pytest.mark.parametrize("seed", range(8))
def test_a_smaller_team_is_nearly_the_best_of_its_size(seed: int) -> None:
    """So many stay, those who must among them, and no team of that size is more than a tenth cheaper."""
    random = np.random.default_rng(seed)
    cost = np.linalg.norm(random.random((40, 1, 2)) - random.random((1, 8, 2)), axis=2)
    must_stay = np.zeros(8, dtype=np.bool_)
    must_stay[seed % 8] = True
    for count in (1, 3, 6):
        kept = kept_open(cost, np.ones(cost.shape, dtype=np.bool_), must_stay, count=count)
        assert (int(kept.sum()), bool(kept[must_stay].all())) == (count, True)
        assert cost[:, kept].min(axis=1).sum() <= 1.1 * cheapest_team(cost, must_stay, count)


def test_the_only_one_with_a_skill_stays() -> None:
    """A column that alone may serve an item is not closed while another one can be."""
    cost = np.array([[9.0, 1, 1], [9, 1, 1], [9, 1, 1]])
    allowed = np.array([[True, True, True], [True, True, True], [True, False, False]])
    assert kept_open(cost, allowed, np.zeros(3, dtype=np.bool_), count=2).tolist() == [True, True, False]
