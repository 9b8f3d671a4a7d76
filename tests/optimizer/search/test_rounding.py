import numpy as np

from optimizer.search.model import Corrections, Model
from optimizer.search.rounding import round_prices, round_primal
from tests.optimizer.search.hand_made import plane_model


def test_prices_alone_send_every_item_to_its_cheapest_column() -> None:
    """Without prices that is the nearest column; a high price on a column empties it."""
    model = plane_model()
    prices = np.zeros((2, 4))
    assert (round_prices(model, prices) == model.cost.argmin(axis=1)).all()
    prices[0, 2] = 100.0
    assert not (round_prices(model, prices) == 2).any()


def test_whole_items_stay_where_the_relaxation_put_them() -> None:
    """Items with value 1 keep their column whatever the prices say."""
    model = plane_model()
    column = (np.arange(60) % 4).astype(np.int32)
    rounded = round_primal(
        model, item=np.arange(60, dtype=np.int32), column=column, value=np.ones(60), prices=np.zeros((2, 4))
    )
    assert (rounded == column).all()


def test_split_items_go_where_room_is() -> None:
    """Of two half columns the one that its limit still has room in is taken, the fuller one not."""
    model = plane_model(num_items=8, num_columns=2, band=0.3)
    item = np.array([0, 0, *range(1, 8)], dtype=np.int32)
    column = np.array([0, 1, 0, 0, 0, 0, 0, 0, 0], dtype=np.int32)
    value = np.array([0.6, 0.4, 1, 1, 1, 1, 1, 1, 1], dtype=float)
    rounded = round_primal(model, item=item, column=column, value=value, prices=np.zeros((2, 2)))
    assert rounded[0] == 1
    assert (rounded[1:] == 0).all()


def test_split_items_are_placed_where_nothing_is_limited() -> None:
    """Without any load the larger half decides."""
    model = plane_model(num_items=2, num_columns=2)
    no_corrections = Corrections(start=np.zeros(3, np.int32), column=np.zeros(0, np.int32), delta=np.zeros((0, 0)))
    free = Model(
        **{
            **{name: getattr(model, name) for name in model.__dataclass_fields__},
            "loads": (),
            "amount": np.zeros((2, 0)),
            "corrections": no_corrections,
            "total_upper": np.zeros(0),
            "counts_unassigned": np.zeros(0),
            **{name: np.zeros((0, 2)) for name in ("lower", "upper", "share_lower", "share_upper")},
        }
    )
    item, column = np.array([0, 0, 1], dtype=np.int32), np.array([0, 1, 0], dtype=np.int32)
    rounded = round_primal(free, item=item, column=column, value=np.array([0.4, 0.6, 1.0]), prices=np.zeros((0, 2)))
    assert rounded.tolist() == [1, 0]
