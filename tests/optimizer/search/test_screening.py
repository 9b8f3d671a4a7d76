"""The look in float32 at all columns leaves nothing out: results are those of float64 on all pairs."""

import math

import numpy as np
import pytest

from optimizer.problem import FloatArray
from optimizer.search.model import Corrections, LoadName, Model
from optimizer.search.reduced_costs import cheapest_columns, near_columns, pricing_of, reduced_costs
from optimizer.search.screening_kernels import room_for
from optimizer.search.smoothed_kernels import FARTHEST, spread_items


def _model(
    *, items: int, columns: int, loads: int, dtype: type, entries: int, barred: float, scale: float
) -> tuple[Model, FloatArray]:
    """Return a model with costs of some size, and prices of its loads."""
    rng = np.random.default_rng(3)
    cost = rng.random((items, columns)) * scale
    cost[rng.random(cost.shape) < barred] = np.inf
    key = np.unique(rng.integers(0, items * columns, entries))
    free = np.full((loads, columns), np.inf)
    model = Model(
        item_of_account=np.arange(items, dtype=np.int32),
        column_rep=np.arange(columns, dtype=np.int32),
        cost=cost.astype(dtype),
        current=np.full(items, -1, dtype=np.int32),
        loads=tuple(LoadName(kind="measure", measure=str(load)) for load in range(loads)),
        amount=rng.random((items, loads)),
        corrections=Corrections(
            start=np.searchsorted(key // columns, np.arange(items + 1)).astype(np.int32),
            column=(key % columns).astype(np.int32),
            delta=rng.normal(size=(len(key), loads)),
        ),
        lower=-free,
        upper=free,
        share_lower=-free,
        share_upper=free,
        total_upper=np.full(loads, np.inf),
        counts_unassigned=np.zeros(loads, dtype=np.bool_),
    )
    return model, rng.normal(size=(loads, columns)) * scale


MODELS = pytest.mark.parametrize(
    ("items", "columns", "loads", "dtype", "entries", "barred", "scale"),
    [
        (300, 7, 2, np.float64, 100, 0.3, 1.0),
        (300, 150, 1, np.float32, 900, 0.1, 1e-9),
        (200, 1000, 3, np.float32, 0, 0.9, 1e5),
        (100, 65, 2, np.float64, 6000, 0.99, 1e35),
        (200, 100, 2, np.float64, 0, 0.3, 1e-33),
    ],
)


@MODELS
def test_the_cheapest_and_the_near_columns_are_those_of_all_pairs(
    items: int, columns: int, loads: int, dtype: type, entries: int, barred: float, scale: float
) -> None:
    """Few columns and many, barred ones, corrections, and sizes that float32 cannot hold: nothing differs by a bit."""
    model, prices = _model(
        items=items, columns=columns, loads=loads, dtype=dtype, entries=entries, barred=barred, scale=scale
    )
    reduced = reduced_costs(model, prices)
    best, smallest = cheapest_columns(model, prices)
    assert np.array_equal(smallest, reduced.min(axis=1))
    assert np.array_equal(best, np.where(np.isfinite(smallest), reduced.argmin(axis=1), -1))
    for width, most in ((math.inf, 3), (0.2 * scale, 5), (math.inf, 80), (0.01 * scale, 2)):
        near = near_columns(model, prices, width=width, most=most)
        for item, row in enumerate(reduced):
            order = np.argsort(row, kind="stable")
            inside = order[np.isfinite(row[order]) & (row[order] <= row.min() + width)][:most]
            assert near.column[item, : near.count[item]].tolist() == inside.tolist()
            assert np.isinf(near.reduced[item, near.count[item] :]).all()


@MODELS
def test_items_spread_as_over_all_pairs(
    items: int, columns: int, loads: int, dtype: type, entries: int, barred: float, scale: float
) -> None:
    """Soft minima and loads are those of all pairs within reach of the temperature."""
    model, prices = _model(
        items=items, columns=columns, loads=loads, dtype=dtype, entries=entries, barred=barred, scale=scale
    )
    heat = 0.05 * scale
    load, minima = np.zeros((columns, loads)), np.zeros(items)
    chosen, share, count = np.zeros((items, 4), np.int32), np.zeros((items, 4)), np.zeros(items, np.int32)
    room = room_for(columns=columns)
    spread_items(0, items, pricing_of(model, prices), room, heat, load, minima, chosen, share, count)
    reduced = reduced_costs(model, prices)
    reduced = reduced[np.isfinite(reduced).any(axis=1)]
    bottom = reduced.min(axis=1, keepdims=True)
    weight = np.where(reduced - bottom <= FARTHEST * heat, np.exp((bottom - reduced) / heat), 0.0)
    assert minima[np.isfinite(minima)] == pytest.approx(bottom[:, 0] - heat * np.log(weight.sum(axis=1)), rel=1e-9)
    if not entries:
        kept = np.isfinite(minima)
        expected = (weight / weight.sum(axis=1, keepdims=True)).T @ model.amount[kept]
        assert load == pytest.approx(expected, rel=1e-9, abs=1e-12)
