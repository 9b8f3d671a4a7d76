import numpy as np
import pytest

from optimizer.exceptions import InvalidParameter
from optimizer.search.candidates import candidate_columns
from optimizer.search.evaluation import keeps_rows, model_objective
from optimizer.search.local_search import LocalSearch, LocalSearchParams
from optimizer.search.model import Model
from tests.optimizer.search.hand_made import plane_model, soft_band


def _search(model: Model, *, seed: int = 1) -> LocalSearch:
    prices = np.zeros((model.num_loads, model.num_columns))
    search = LocalSearch(model, candidate_columns(model, prices, per_item=model.num_columns), seed=seed)
    search.start_from(model.cost.argmin(axis=1).astype(np.int32))
    return search


def _cooled(model: Model, *, seed: int = 1, trials: int = 60_000) -> LocalSearch:
    search = _search(model, seed=seed)
    for _ in search.cool(LocalSearchParams(hot=0.3, cold=0.001, steps=20), trials=trials):
        pass
    return search


def test_it_finds_an_alignment_within_the_band() -> None:
    """From the nearest columns, which breach the band, cooling ends in a choice that keeps all rows."""
    model = plane_model()
    search = _search(model)
    assert search.num_breached > 0
    best = _cooled(model).best
    assert best is not None
    assert keeps_rows(model, best)


def test_the_best_objective_is_the_models() -> None:
    """The objective that the kernel keeps step by step equals the one that is summed afresh."""
    model = plane_model(soft=(soft_band(4, target=70.0),), total_upper=30.0)
    search = _cooled(model)
    assert search.best is not None
    assert search.best_objective == pytest.approx(model_objective(model, search.best), rel=1e-9)


def test_a_limit_on_all_moves_is_kept() -> None:
    """A budget on the total holds in the best choice: no more items leave their column than it allows."""
    model = plane_model(total_upper=9.0)
    best = _cooled(model).best
    assert best is not None
    assert (best != model.current).sum() <= 9


def test_the_same_seed_gives_the_same_answer() -> None:
    """Two searches with one seed and one number of trials agree in every item; a third with another seed may not."""
    model = plane_model(num_items=90)
    first, second = _cooled(model, seed=5), _cooled(model, seed=5)
    assert (first.columns == second.columns).all()
    assert first.best_objective == second.best_objective


def test_it_is_never_worse_than_its_start() -> None:
    """A feasible start is the first best; cooling from it can only improve it."""
    model = plane_model()
    start = _cooled(model, trials=4_000).best
    assert start is not None
    search = _search(model, seed=9)
    search.start_from(start)
    before = search.best_objective
    for _ in search.cool(LocalSearchParams(steps=5), trials=5_000):
        pass
    assert before == pytest.approx(model_objective(model, start))
    assert search.best_objective <= before


def test_items_stay_on_their_candidates() -> None:
    """A pair of infinite cost is never chosen."""
    model = plane_model()
    cost = np.array(model.cost)
    cost[:10, 1:] = np.inf
    fixed = Model(**{**{name: getattr(model, name) for name in model.__dataclass_fields__}, "cost": cost})
    assert (_cooled(fixed).columns[:10] == 0).all()


def test_wrong_temperatures_are_refused() -> None:
    """A cycle that would grow hotter is a plain error."""
    with pytest.raises(InvalidParameter, match="cold"):
        LocalSearchParams(hot=0.001, cold=0.1)


def test_a_breached_column_takes_items_that_are_too_dear_for_the_temperature() -> None:
    """Far below the temperature at which dear pairs are proposed, a column that lacks items still gets them."""
    model = plane_model()
    search = _search(model)
    before = search.num_breached
    for _ in range(20):
        search.raise_weights()
        search.run(3_000, hot=1e-9, cold=1e-9)
    assert before > 0
    assert search.num_breached == 0
