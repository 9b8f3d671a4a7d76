"""Single columns are settled where the smoothed dual is largest in their own prices."""

from dataclasses import replace

import numpy as np

from benchmarks.instances import realignment
from optimizer.search.linking_rows import linking_rows
from optimizer.search.rows import build_model
from optimizer.search.smoothed_dual import SmoothedDual

TEMPERATURE = 0.02


def test_a_settled_column_is_at_its_maximum() -> None:
    """The value rises, the last settled column's own gradient vanishes, and soft minima are those of a full pass."""
    question = realignment(num_accounts=800, num_reps=12, seed=31, variant="isolated")
    model = build_model(question.problem, question.criteria)
    rows = linking_rows(model, cost_unit=0.002)
    dual = SmoothedDual(model, rows, elastic=1e4, most=12, pool=None)
    pi = np.zeros(rows.num_rows)
    before, gradient = dual.evaluate(pi, TEMPERATURE)
    size = np.abs(gradient)[rows.limit_row].max(axis=0)
    worst = np.array([int(np.argmax(size))], dtype=np.int32)
    pricing = dual.pricing
    assert pricing is not None
    settled = dual.settling.settle(worst, pi=pi, pricing=pricing, value=dual.value, temperature=TEMPERATURE)
    own = rows.limit_row[:, worst[0]]
    assert (np.delete(settled, own) == 0.0).all()
    minima = dual.value.copy()
    after, gradient = dual.evaluate(settled, TEMPERATURE)
    assert after > before
    assert np.abs(gradient[own]).max() < 0.02 * size[worst[0]]
    assert np.allclose(minima, dual.value, rtol=0.0, atol=1e-4 * TEMPERATURE * rows.cost_unit)


def test_only_columns_that_stand_out_are_settled() -> None:
    """Where all gradients are alike nothing is settled; one that is far larger than the mean is."""
    question = realignment(num_accounts=800, num_reps=12, seed=31)
    model = build_model(question.problem, question.criteria)
    rows = linking_rows(model, cost_unit=1.0)
    dual = SmoothedDual(model, rows, elastic=100.0, most=12, pool=None)
    gradient = np.ones(rows.num_rows)
    assert len(dual.settling.columns_to_settle(gradient)) == 0
    gradient[rows.limit_row[0, 3]] = 1_000.0
    assert dual.settling.columns_to_settle(gradient).tolist() == [3]


def test_without_limits_there_is_nothing_to_settle() -> None:
    """A model whose columns have no limits of their own has no column to settle."""
    question = realignment(num_accounts=800, num_reps=12, seed=31)
    model = build_model(question.problem, replace(question.criteria, balance=()))
    rows = linking_rows(model, cost_unit=1.0)
    dual = SmoothedDual(model, rows, elastic=100.0, most=12, pool=None)
    assert len(dual.settling.columns_to_settle(np.zeros(rows.num_rows))) == 0
