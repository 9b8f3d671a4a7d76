"""Balance under doubt: exact figures by hand, and samples against them."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.uncertainty import (
    Balanced,
    Doubt,
    Errors,
    certain_range,
    largest_of_each,
    load_sd,
    sampled_loads,
    steadiness,
    without,
)


def two_reps(**changes: Any) -> Balanced:
    """Return accounts of 10, 20 and 30 with the first rep and 40 with the second; 50 each would be fair."""
    values: dict[str, Any] = {
        "owner": [0, 0, 0, 1, -1],
        "amount": [10, 20, 30, 40, 99],
        "share": [0.5, 0.5],
        "fixed": [np.nan, np.nan],
        "tolerance": 0.25,
    }
    return Balanced(**(values | changes))


def test_loads_and_deviations_by_hand() -> None:
    """60 and 40 of 100 deviate by a fifth; what is unassigned counts nowhere; no target, no deviation."""
    balanced = two_reps()
    assert balanced.load.tolist() == [60, 40]
    assert balanced.deviation(balanced.load) == pytest.approx([0.2, -0.2])
    assert balanced.is_in_band(balanced.deviation(balanced.load)).all()
    given_targets = two_reps(share=[np.nan, np.nan], fixed=[48.0, np.nan])
    deviation = given_targets.deviation(given_targets.load)
    assert deviation[0] == pytest.approx(0.25)
    assert np.isnan(deviation[1])
    assert given_targets.is_judged.tolist() == [True, False]


def test_the_certain_range_by_hand() -> None:
    """60 · 1.2 against 40 · 0.8 is 72 of 104, 52 each; 60 · 0.8 against 40 · 1.2 is 48 of 96."""
    low, high = certain_range(two_reps(), 0.2)
    assert high == pytest.approx([72 / 52 - 1, 0.0])
    assert low == pytest.approx([0.0, 32 / 52 - 1])
    low, high = certain_range(two_reps(share=[np.nan] * 2, fixed=[50.0, 50.0]), 0.2)
    assert (low[0], high[0]) == (pytest.approx(0.8 * 60 / 50 - 1), pytest.approx(1.2 * 60 / 50 - 1))


def test_the_exact_standard_deviation_by_hand() -> None:
    """A uniform factor of ±30 % has a variance of 0.03; 10² + 20² + 30² = 1,400; shared by all it is 60²."""
    assert load_sd(two_reps(), Doubt(spread=0.3))[0] == pytest.approx(np.sqrt(0.03 * 1400))
    together = Doubt(spread=0.3, group=np.zeros(5, dtype=np.int64))
    assert load_sd(two_reps(), together)[0] == pytest.approx(np.sqrt(0.03 * 3600))


@pytest.mark.parametrize("errors", list(Errors))
@pytest.mark.parametrize("grouped", [False, True])
def test_samples_agree_with_the_exact_figures(errors: Errors, grouped: bool) -> None:
    """Mean and standard deviation of 4,000 samples lie within four standard errors of the closed forms."""
    draw = np.random.default_rng(5)
    owner = draw.integers(-1, 4, 300)
    balanced = Balanced(
        owner=owner, amount=draw.lognormal(3, 1, 300), share=np.full(4, 0.25), fixed=np.full(4, np.nan), tolerance=0.1
    )
    group = draw.integers(0, 12, 300) if grouped else None
    doubt = Doubt(spread=0.2, errors=errors, group=group, num_samples=4000, seed=3)
    found, exact = steadiness(balanced, doubt), load_sd(balanced, doubt)
    sigma = np.log1p(0.2)
    factor = 1.0 if errors is Errors.UNIFORM else np.exp(sigma**2 / 2)
    assert np.abs(found.load_mean - factor * balanced.load).max() < 4 * exact.max() / np.sqrt(4000)
    assert found.load_sd == pytest.approx(exact, rel=0.08)


def test_one_error_for_all_changes_no_balance() -> None:
    """Where every account is off by the same factor, shares of the total stay as they are."""
    found = steadiness(two_reps(), Doubt(spread=0.2, group=np.zeros(5, dtype=np.int64), num_samples=50))
    assert found.worst == pytest.approx(np.full(50, 0.2), rel=1e-5)
    assert found.in_band.tolist() == [1.0, 1.0]


def test_without_doubt_every_sample_is_today() -> None:
    """A spread of 0 leaves the loads as they are, to the last digit."""
    for load in sampled_loads(two_reps(), Doubt(spread=0.0, num_samples=40)):
        assert (load == [60, 40]).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.0, 0.9))
def test_no_sample_leaves_the_certain_range(seed: int, spread: float) -> None:
    """Whatever is drawn, with or without groups, stays between the exact ends."""
    draw = np.random.default_rng(seed)
    owner, num_reps = draw.integers(-1, 4, 30), 4
    balanced = Balanced(
        owner=owner,
        amount=draw.integers(0, 50, 30).astype(np.float64),
        share=np.array([0.2, 0.5, 0.3, np.nan]),
        fixed=np.full(num_reps, np.nan),
        tolerance=0.1,
    )
    group = draw.integers(0, 6, 30) if seed % 2 else None
    low, high = certain_range(balanced, spread)
    judged = balanced.is_judged
    for load in sampled_loads(balanced, Doubt(spread=spread, group=group, num_samples=33, seed=seed)):
        deviation = balanced.deviation(load)[:, judged]
        assert (deviation >= low[judged] - 1e-5).all() or not balanced.load.any()
        assert (deviation <= high[judged] + 1e-5).all() or not balanced.load.any()


def test_a_seed_means_the_same_for_more_samples_and_other_alignments() -> None:
    """The first samples stay when more are drawn, and the factors belong to accounts, not to their reps or rows."""
    few = np.concatenate(list(sampled_loads(two_reps(), Doubt(spread=0.2, num_samples=10, seed=7))))
    many = np.concatenate(list(sampled_loads(two_reps(), Doubt(spread=0.2, num_samples=100, seed=7))))
    assert (few == many[:10]).all()
    one = two_reps(owner=[0, 0, 0, 0, 1])
    turned = two_reps(owner=[1, 0, 0, 0, 0], amount=[99, 40, 30, 20, 10])
    doubt = Doubt(spread=0.2, num_samples=10, seed=7)
    places = Doubt(spread=0.2, num_samples=10, seed=7, group=np.array([4, 3, 2, 1, 0]))
    first, second = (np.concatenate(list(sampled_loads(*pair))) for pair in ((one, doubt), (turned, places)))
    assert first == pytest.approx(second, rel=1e-6)
    assert not np.array_equal(few, np.concatenate(list(sampled_loads(two_reps(), Doubt(spread=0.2, num_samples=10)))))


def test_scaling_a_measure_changes_no_figure() -> None:
    """In thousands or in millions, and beyond what single precision holds: the same samples are in the band."""
    one, other = (two_reps(amount=np.array([10, 20, 30, 40, 99]) * unit, tolerance=0.2) for unit in (1.0, 1e60))
    doubt = Doubt(spread=0.2, num_samples=64)
    assert (steadiness(one, doubt).num_outside == steadiness(other, doubt).num_outside).all()


def test_nobody_to_judge_is_unknown() -> None:
    """Without targets, or without any amount, no worst deviation is claimed, and nobody is outside."""
    for balanced in (two_reps(share=[np.nan] * 2), two_reps(amount=np.zeros(5))):
        found = steadiness(balanced, Doubt(spread=0.2, num_samples=5))
        assert np.isnan(found.worst).all()
        assert found.num_outside.tolist() == [0] * 5


def test_accounts_leave_by_hand() -> None:
    """Without the 30 and the unassigned one 30 and 40 are left; the largest two of the first rep are 50."""
    assert without(two_reps(), np.array([2, 4])).tolist() == [30, 40]
    assert largest_of_each(two_reps(), 2).tolist() == [50, 40]
    assert largest_of_each(two_reps(), 1).tolist() == [30, 40]


def test_memory_is_bounded_by_blocks() -> None:
    """20,000 accounts and 200 reps are tried 100 times in four blocks of 32 samples, none larger."""
    draw = np.random.default_rng(1)
    balanced = Balanced(
        owner=draw.integers(0, 200, 20_000),
        amount=draw.lognormal(3, 1, 20_000),
        share=np.full(200, 1 / 200),
        fixed=np.full(200, np.nan),
        tolerance=0.15,
    )
    sizes = [load.shape for load in sampled_loads(balanced, Doubt(spread=0.2, num_samples=100))]
    assert sizes == [(32, 200)] * 3 + [(4, 200)]
    tracemalloc.start()
    steadiness(balanced, Doubt(spread=0.2, num_samples=300))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * 20_000 * 4 / 2  # half of what all factors together would take
