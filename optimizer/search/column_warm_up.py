"""Compile what looks at single columns before a clock starts: exchanges, the bound, and the settling of prices."""

import numpy as np
import numpy.typing as npt

from optimizer.search import exchange_kernels
from optimizer.search.bound import zero_multipliers
from optimizer.search.column_kernels import least_loss, list_held
from optimizer.search.exchange_sets import Space, room_for
from optimizer.search.exchange_space import price_space
from optimizer.search.linking_rows import linking_rows
from optimizer.search.model import Corrections, LoadName, Model
from optimizer.search.smoothed_dual import SmoothedDual


def compile_columns() -> None:
    """Run every compiled step once, on two columns and three items."""
    space = _space()
    room = room_for(items=3, columns=2, sets=16, dimensions=3)
    counts, stamp = np.zeros(4, dtype=np.int64), np.full(8, -1, dtype=np.int64)
    dice = np.random.default_rng(0).integers(1, 2**63, size=1, dtype=np.uint64)
    near, pull = np.array([[1], [0]]), np.ones((2, 1))
    slot, load = np.array([1, 3, 5]), np.array([[0.0], [3.0]])
    exchange_kernels.exchange_columns(
        space,
        room,
        slot,
        load,
        np.array([3.0]),
        np.arange(3),
        np.arange(2),
        np.ones(2),
        near,
        pull,
        np.ones(2, dtype=np.bool_),
        np.zeros(2, dtype=np.int64),
        stamp,
        counts,
        dice,
        100,
        100,
        2,
        2,
    )
    _, _, _, sets, _ = least_loss(space, room, 10.0, 100)
    list_held(space, room, sets, np.zeros(3, dtype=np.bool_))
    for dtype in (np.float32, np.float64):
        _settle(_model(dtype))


def _settle(model: Model) -> None:
    """Settle the first column, which a small question may never need."""
    rows = linking_rows(model, cost_unit=1.0)
    dual = SmoothedDual(model, rows, elastic=1.0, most=2, pool=None)
    pi = np.zeros(rows.num_rows)
    dual.evaluate(pi, 1.0)
    if dual.pricing is not None:
        first = np.zeros(1, dtype=np.int32)
        dual.settling.settle(first, pi=pi, pricing=dual.pricing, value=dual.value, temperature=1.0)


def _model(dtype: npt.DTypeLike) -> Model:
    return Model(
        item_of_account=np.arange(3, dtype=np.int32),
        column_rep=np.arange(2, dtype=np.int32),
        cost=np.array([[1.0, 2.0]] * 3, dtype=dtype),
        current=np.full(3, -1, dtype=np.int32),
        loads=(LoadName(kind="measure", measure="accounts"),),
        amount=np.ones((3, 1)),
        corrections=Corrections(
            start=np.zeros(4, dtype=np.int32), column=np.zeros(0, dtype=np.int32), delta=np.zeros((0, 1))
        ),
        lower=np.array([[1.0, 1.0]]),
        upper=np.array([[2.0, 2.0]]),
        share_lower=np.full((1, 2), -np.inf),
        share_upper=np.full((1, 2), np.inf),
        total_upper=np.array([np.inf]),
        counts_unassigned=np.zeros(1, dtype=np.bool_),
    )


def _space() -> Space:
    model = _model(np.float64)
    return price_space(
        model,
        zero_multipliers(model),
        start=np.arange(0, 8, 2),
        column=np.tile(np.arange(2), 3),
        cost=np.array(model.cost).ravel(),
        amount=np.ones((6, 1)),
    )
