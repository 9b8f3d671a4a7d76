"""The quoted numbers, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alignments.fairness import (
    coefficient_of_variation,
    fairness,
    gini,
    max_min_ratio,
    share_within,
)


def test_share_within_counts_the_border() -> None:
    """An index of exactly 105 or 95 is within 5 %."""
    assert share_within(np.array([95.0, 105.0, 106.0, 94.9]), tolerance=0.05) == 0.5


def test_gini_of_equal_loads_is_zero_and_of_one_owner_is_nearly_one() -> None:
    """Equal shares give 0; one of four who has all gives (n - 1) / n."""
    assert gini(np.array([3.0, 3.0, 3.0])) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 0.0, 8.0])) == pytest.approx(0.75)


def test_gini_by_hand() -> None:
    """For 1, 2, 3, 4: (-3·1 - 1·2 + 1·3 + 3·4) / (4·10) = 0.25."""
    assert gini(np.array([4.0, 1.0, 3.0, 2.0])) == pytest.approx(0.25)


def test_ratio_and_variation_by_hand() -> None:
    """For 50 and 150: ratio 3, standard deviation 50 over a mean of 100."""
    assert max_min_ratio(np.array([50.0, 150.0])) == 3.0
    assert coefficient_of_variation(np.array([50.0, 150.0])) == 0.5


def test_nothing_to_share_is_unknown() -> None:
    """A rep with nothing has no ratio, and a team without any load no Gini."""
    assert max_min_ratio(np.array([0.0, 150.0])) is None
    assert gini(np.zeros(3)) is None
    assert coefficient_of_variation(np.zeros(3)) is None


def test_reps_without_a_target_are_left_out() -> None:
    """A NaN index does not enter, and an empty team has no numbers."""
    team = fairness(np.array([10.0, 99.0, 20.0]), np.array([80.0, np.nan, 120.0]))
    assert (team.within_15, team.sd, team.max_min_ratio) == (0.0, 5.0, 1.5)
    assert fairness(np.array([1.0]), np.array([np.nan])).gini is None


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=20), st.floats(0.1, 10))
def test_gini_does_not_know_the_unit(values: list[float], unit: float) -> None:
    """Scaling all loads changes nothing, and the answer lies in [0, 1)."""
    value = np.array(values)
    one, other = gini(value), gini(value * unit)
    assert one is not None
    assert one == pytest.approx(other, abs=1e-9)
    assert -1e-9 <= one < 1
