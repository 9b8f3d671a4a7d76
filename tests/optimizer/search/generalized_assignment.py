"""Small generalized assignment problems, random but reproducible, and all their answers."""

import itertools

import numpy as np

from optimizer.search.model import Corrections, LoadName, Model


def random_assignment(
    *,
    num_items: int = 8,
    num_columns: int = 3,
    seed: int = 0,
    fill: float = 0.8,
    whole: bool = True,
    band: bool = False,
) -> Model:
    """Return jobs and agents: dear where little is used, every amount its own for every pair (type D).

    Parameters
    ----------
    fill
        Part of the capacity that an average alignment needs.
    whole
        True for whole amounts and costs.
    band
        True when columns must also be filled halfway at least.
    """
    rng = np.random.default_rng(seed)
    use = rng.uniform(1, 30, (num_items, num_columns))
    cost = 40 - use + rng.uniform(-5, 5, use.shape)
    if whole:
        use, cost = np.rint(use), np.rint(cost)
    smallest = use.min(axis=1)
    upper = np.full((1, num_columns), np.rint(use.mean() * num_items / num_columns / fill))
    grid = np.indices(use.shape)
    return Model(
        item_of_account=np.arange(num_items, dtype=np.int32),
        column_rep=np.arange(num_columns, dtype=np.int32),
        cost=0.37 * cost,
        current=np.full(num_items, -1),
        loads=(LoadName(kind="measure", measure="workload"),),
        amount=smallest[:, None],
        corrections=Corrections(
            start=np.arange(num_items + 1, dtype=np.int32) * num_columns,
            column=grid[1].ravel(),
            delta=(use - smallest[:, None]).reshape(-1, 1),
        ),
        lower=upper / 2 if band else np.full((1, num_columns), -np.inf),
        upper=upper,
        share_lower=np.full((1, num_columns), -np.inf),
        share_upper=np.full((1, num_columns), np.inf),
        total_upper=np.array([np.inf]),
        counts_unassigned=np.zeros(1, dtype=np.bool_),
    )


def amounts(model: Model) -> np.ndarray:
    """Return what every item brings to every column. Shape ``(items, columns)``."""
    return model.amount + model.corrections.delta.reshape(model.num_items, model.num_columns)


def every_answer(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Return all choices that keep the limits, and their costs. Shapes ``(choices, items)`` and ``(choices,)``."""
    choice = np.array(list(itertools.product(range(model.num_columns), repeat=model.num_items)))
    items, use = np.arange(model.num_items), amounts(model)
    load = np.stack([np.where(choice == c, use[:, c], 0.0).sum(axis=1) for c in range(model.num_columns)], axis=1)
    right = ((load <= model.upper[0] + 1e-9) & (load >= model.lower[0] - 1e-9)).all(axis=1)
    return choice[right], model.cost[items, choice[right]].sum(axis=1)
