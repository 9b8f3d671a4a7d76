"""Prices by cooling: derivatives that are right, steps that arrive, and bounds near the linear program's value."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.instances import realignment
from optimizer.problem import FloatArray
from optimizer.search import curvatures, smoothed_dual
from optimizer.search.bound import lower_bound
from optimizer.search.cooling import Cooling, CoolingParams, Stage
from optimizer.search.damped_newton import DampedNewton
from optimizer.search.linking_rows import LinkingRows, linking_rows
from optimizer.search.model import Model, Multipliers
from optimizer.search.rows import build_model
from optimizer.search.smoothed_dual import SmoothedDual
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import Mix, random_problem
from tests.optimizer.search.full_program import linear_program_value
from tests.optimizer.search.hand_made import plane_model
from tests.optimizer.search.test_dual import clustered

WARM = 0.4
"""A temperature at which many items are split."""


def _dual(model: Model, *, elastic: float = 100.0) -> tuple[LinkingRows, SmoothedDual]:
    rows = linking_rows(model, cost_unit=1.0)
    return rows, SmoothedDual(model, rows, elastic=elastic, most=model.num_columns, pool=None)


@pytest.mark.parametrize("elastic", [100.0, 0.3])
def test_the_gradient_is_that_of_the_value(elastic: float) -> None:
    """Differences of the value along random directions are the gradient's, also where rows are broken."""
    rng = np.random.default_rng(1)
    rows, dual = _dual(plane_model(total_upper=20.0), elastic=elastic)
    pi = rng.normal(0, 0.5, rows.num_rows)
    _, gradient = dual.evaluate(pi, WARM)
    for _ in range(5):
        step = rng.normal(0, 1e-5, rows.num_rows)
        ahead, _ = dual.evaluate(pi + step, WARM)
        behind, _ = dual.evaluate(pi - step, WARM)
        assert ahead - behind == pytest.approx(2.0 * float(gradient @ step), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("elastic", [100.0, 0.3])
@pytest.mark.parametrize("most_dense", [smoothed_dual.MOST_DENSE, 0])
def test_the_curvature_is_that_of_the_gradient(
    elastic: float, most_dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step solved with the curvature, as a matrix or as products, changes the gradient by what it was solved for."""
    monkeypatch.setattr(smoothed_dual, "MOST_DENSE", most_dense)
    monkeypatch.setattr(curvatures, "PRECISION", 1e-10)
    rng = np.random.default_rng(2)
    rows, dual = _dual(plane_model(total_upper=20.0), elastic=elastic)
    pi = rng.normal(0, 0.5, rows.num_rows)
    dual.evaluate(pi, WARM)
    curvature = dual.curvature(WARM)
    for _ in range(5):
        right = rng.normal(0, 1e-5, rows.num_rows)
        step = curvature.solved(np.zeros(rows.num_rows), right)
        assert step is not None
        _, ahead = dual.evaluate(pi + step, WARM)
        _, behind = dual.evaluate(pi - step, WARM)
        assert ahead - behind == pytest.approx(-2.0 * right, rel=2e-3, abs=1e-8)


def test_many_rows_cool_as_few_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conjugate gradients lead to the same bound as factorizations."""
    model = clustered(400, 8, seed=2)
    few = Cooling(model=model).run()
    monkeypatch.setattr(smoothed_dual, "MOST_DENSE", 0)
    assert Cooling(model=model).run().bound == pytest.approx(few.bound, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_derivatives_hold_with_every_criterion(seed: int) -> None:
    """On random problems with shares, budgets, soft balance and corrections the gradient is that of the value."""
    model = build_model(*random_problem(seed, mix=Mix(most_accounts=9, most_reps=4)))
    if not np.isfinite(model.cost).any(axis=1).all():
        return
    rows, dual = _dual(model)
    rng = np.random.default_rng(seed)
    pi, step = rng.normal(0, 0.05, rows.num_rows), rng.normal(0, 1e-6, rows.num_rows)
    _, gradient = dual.evaluate(pi, WARM)
    difference = dual.evaluate(pi + step, WARM)[0] - dual.evaluate(pi - step, WARM)[0]
    assert difference == pytest.approx(2.0 * float(gradient @ step), rel=1e-3, abs=1e-8)


class Diagonal:
    """A curvature without any between rows."""

    def __init__(self, diagonal: FloatArray) -> None:
        self.diagonal = diagonal

    def solved(self, more: FloatArray, right: FloatArray) -> FloatArray:
        """Divide by the diagonal."""
        return right / (self.diagonal + more)


def test_steps_arrive_where_curvature_hides() -> None:
    """A row whose curvature is nothing at first and large beyond does not keep the others from their maximum."""

    class Wall:
        def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
            self.pi = pi
            beyond = max(0.0, pi[0] - 1.0)
            value = pi[0] - 50.0 * beyond**2 - (pi[1] - 3.0) ** 2
            return value, np.array([1.0 - 100.0 * beyond, -2.0 * (pi[1] - 3.0)])

        def curvature(self, temperature: float) -> Diagonal:
            return Diagonal(np.array([1e-9 if self.pi[0] <= 1.0 else 100.0, 2.0]))

    newton = DampedNewton(Wall(), np.zeros(2), lambda: False)
    newton.climb(0.1, tolerance=1e-9, max_steps=60)
    assert newton.pi == pytest.approx([1.01, 3.0], abs=1e-3)


def test_without_rows_there_is_nothing_to_climb() -> None:
    """A question without limits is at its maximum at once, and no mean of nothing is taken."""

    class Flat:
        def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
            return 1.0, np.zeros(0)

        def curvature(self, temperature: float) -> Diagonal:
            return Diagonal(np.zeros(0))

    newton = DampedNewton(Flat(), np.zeros(0), lambda: False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert newton.climb(0.1, tolerance=1e-9, max_steps=60)
    assert newton.off == 0.0


def test_limits_on_what_stays_are_priced_right() -> None:
    """What stays with a rep may exceed its least amount by any factor, and the bound loses nothing."""
    question = realignment(num_accounts=600, num_reps=8, seed=21, variant="budget")
    model = build_model(question.problem, question.criteria)
    stays = next(number for number, load in enumerate(model.loads) if load.kind == "stay")
    lower = np.array(model.lower)
    lower[stays] /= 20.0
    model = replace(model, lower=lower)
    value = linear_program_value(model)
    assert value is not None
    assert value * 0.998 <= Cooling(model=model).run().bound <= value * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_cooling_ends_near_the_linear_program(seed: int) -> None:
    """The bound is below the program's value, by less than a thousandth, with and without a sample first."""
    model = clustered(600, 6, seed=seed)
    value = linear_program_value(model)
    assert value is not None
    for params in (CoolingParams(), CoolingParams(stages=CoolingParams().stages[-1:])):
        spread = Cooling(model=model, params=params).run()
        assert spread.bound <= value + 1e-6 * value
        assert spread.bound == pytest.approx(value, rel=1e-3)
        assert np.bincount(spread.item, weights=spread.value, minlength=600) == pytest.approx(np.ones(600), abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_bound_is_above_the_truth(seed: int) -> None:
    """On random problems with every criterion each reported bound is at most the brute-force optimum."""
    problem, criteria = random_problem(seed)
    every = brute_force(problem, criteria)
    model = build_model(problem, criteria)
    if not np.isfinite(model.cost).any(axis=1).all():
        return
    told: list[tuple[float, Multipliers]] = []
    Cooling(model=model, on_bound=lambda bound, multipliers: told.append((bound, multipliers))).run()
    assert told
    for bound, multipliers in told:
        assert bound == lower_bound(model, multipliers)
        if every.optimum is not None:
            assert bound <= every.optimum + 1e-9 * max(1.0, abs(every.optimum))


def test_cooling_obeys_at_once() -> None:
    """Told to end before it begins, it spreads nothing and still gives valid prices."""
    model = clustered(300, 5, seed=1)
    spread = Cooling(model=model, is_over=lambda: True).run()
    assert spread.temperature == np.inf
    assert len(spread.item) == 0
    assert spread.bound <= lower_bound(model, spread.multipliers)


def test_work_is_charged_and_the_same_every_time() -> None:
    """Two runs charge the same seconds and end at the same prices."""
    model = clustered(400, 5, seed=3)
    charged: list[float] = []
    ends = []
    for _ in range(2):
        seconds: list[float] = []
        ends.append(Cooling(model=model, spend=seconds.append).run())
        charged.append(sum(seconds))
    assert charged[0] == charged[1] > 0
    assert np.array_equal(ends[0].multipliers.upper, ends[1].multipliers.upper)


def test_stages_may_be_one() -> None:
    """A single stage on all items is enough for a bound."""
    model = clustered(200, 4, seed=5)
    one = CoolingParams(stages=(Stage(temperatures=(0.5, 0.05)),))
    assert Cooling(model=model, params=one).run().bound > 0
