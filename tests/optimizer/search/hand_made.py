"""Models made by hand, for steps that need no problem behind them."""

import numpy as np

from optimizer.search.model import Corrections, LoadName, Model, SoftBalance


def plane_model(
    *,
    num_items: int = 60,
    num_columns: int = 4,
    seed: int = 0,
    band: float | None = 0.15,
    soft: tuple[SoftBalance, ...] = (),
    total_upper: float = np.inf,
) -> Model:
    """Return items and columns scattered on a plane: cost is distance, two loads, the first in a band.

    Whole numbers of work, so that sums are exact; the second load is what moves away from each item's nearest column,
    with a limit on its total.
    """
    rng = np.random.default_rng(seed)
    points, centers = rng.uniform(0, 10, (num_items, 2)), rng.uniform(0, 10, (num_columns, 2))
    cost = np.sqrt(((points[:, None] - centers[None]) ** 2).sum(axis=2))
    work = rng.integers(1, 9, num_items).astype(float)
    nearest = cost.argmin(axis=1)
    mean = work.sum() / num_columns
    lower, upper = np.full((2, num_columns), -np.inf), np.full((2, num_columns), np.inf)
    if band is not None:
        lower[0], upper[0] = mean * (1 - band), mean * (1 + band)
    return Model(
        item_of_account=np.arange(num_items, dtype=np.int32),
        column_rep=np.arange(num_columns, dtype=np.int32),
        cost=cost,
        current=nearest,
        loads=(LoadName(kind="measure", measure="workload"), LoadName(kind="moved_in", measure="accounts")),
        amount=np.column_stack([work, np.ones(num_items)]),
        corrections=Corrections(
            start=np.arange(num_items + 1, dtype=np.int32),
            column=nearest,
            delta=np.column_stack([np.zeros(num_items), -np.ones(num_items)]),
        ),
        lower=lower,
        upper=upper,
        share_lower=np.full((2, num_columns), -np.inf),
        share_upper=np.full((2, num_columns), np.inf),
        total_upper=np.array([np.inf, total_upper]),
        counts_unassigned=np.zeros(2, dtype=np.bool_),
        soft=soft,
    )


def soft_band(model_columns: int, *, target: float, tolerance: float = 0.05, price: float = 20.0) -> SoftBalance:
    """Return a soft balance of the first load with one target for all columns."""
    return SoftBalance(load=0, tolerance=tolerance, price=price, target=np.full(model_columns, target))


def all_pairs(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Return every allowed pair of a model, sorted by item."""
    items, columns = np.nonzero(np.isfinite(model.cost))
    return items, columns.astype(np.int32)
