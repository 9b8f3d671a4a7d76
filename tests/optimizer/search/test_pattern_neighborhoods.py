import numpy as np
import pytest

from optimizer.criteria import Criteria
from optimizer.problem import PairAmounts, Problem
from optimizer.search.bound import zero_multipliers
from optimizer.search.clock import Clock
from optimizer.search.evaluation import keeps_rows
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.model import Model
from optimizer.search.pattern_neighborhoods import PatternParams, PatternSearch, pattern_search
from optimizer.stop import MaxRuntime
from tests.optimizer.search.generalized_assignment import amounts, every_answer, random_assignment
from tests.optimizer.search.hand_made import plane_model


def _search(model: Model, start: np.ndarray, *, seconds: float, threads: int = 2, seed: int = 0) -> PatternSearch:
    problem = Problem(
        measures=("accounts", "workload"),
        amount=np.ones((model.num_items, 2)),
        current=np.full(model.num_items, -1),
        family=np.arange(model.num_items, dtype=np.int32),
        locked=np.zeros(model.num_items, dtype=np.bool_),
        fte=np.ones(model.num_columns),
        active=np.ones(model.num_columns, dtype=np.bool_),
        capacity_min=np.zeros((model.num_columns, 2)),
        capacity_max=np.full((model.num_columns, 2), np.inf),
        target=np.full((model.num_columns, 2), np.nan),
        travel=np.array(model.cost),
        pair_amounts=PairAmounts(
            account=np.zeros(0, dtype=np.int32), rep=np.zeros(0, dtype=np.int32), amount=np.zeros((0, 2))
        ),
    )
    incumbent = Incumbent(
        problem, Criteria(), model, stop=MaxRuntime(seconds), clock=Clock(by_work=True), on_progress=None
    )
    incumbent.offer(start.astype(np.int32))
    found = pattern_search(
        incumbent, Losses(model, zero_multipliers(model)), PatternParams(), seed=seed, threads=threads
    )
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("whole", "band"), [(True, False), (True, True), (False, True)])
def test_small_problems_are_solved_and_never_proven_wrongly(seed: int, *, whole: bool, band: bool) -> None:
    """From the dearest answer it reaches the cheapest; bound, proof and the pairs left agree with all answers."""
    model = random_assignment(num_items=8, seed=seed, whole=whole, band=band)
    choice, cost = every_answer(model)
    if len(cost) < 2:
        return
    search = _search(model, choice[cost.argmax()], seconds=1.0)
    incumbent = search.incumbent
    search.prove()
    items, columns = np.nonzero(np.isfinite(model.cost))
    left = search.may_improve(items, columns.astype(np.int32))
    best = choice[cost.argmin()]
    assert all(left[(items == item) & (columns == best[item])][0] for item in range(8))
    search.improve(share=1.0)
    assert incumbent.objective == pytest.approx(cost.min(), rel=1e-9)
    assert incumbent.lower_bound is not None
    assert incumbent.lower_bound <= cost.min() * (1 + 1e-9)
    assert incumbent.columns is not None
    assert keeps_rows(model, incumbent.columns)
    assert incumbent.certified_bound is None


def test_the_same_seed_gives_the_same_alignment() -> None:
    """By work, two runs agree item by item, and more work is never worse."""
    model = random_assignment(num_items=60, num_columns=8, seed=5)
    start = _first_fit(model)
    runs = [_search(model, start, seconds=seconds) for seconds in (0.5, 0.5, 1.5)]
    for run in runs:
        run.improve(share=1.0)
    first, again, longer = (run.incumbent for run in runs)
    assert first.columns is not None
    assert again.columns is not None
    assert np.array_equal(first.columns, again.columns)
    assert first.objective is not None
    assert longer.objective is not None
    assert longer.objective <= first.objective


def test_a_band_on_a_plane_is_searched_too() -> None:
    """One load in a band, distances without a unit: alignments get better and keep the band."""
    model = plane_model(num_items=24, num_columns=4, band=0.2)
    work = amounts_of_band(model)
    start = np.zeros(24, dtype=np.int64)
    load = np.zeros(4)
    for item in np.argsort(-work):
        start[item] = load.argmin()
        load[start[item]] += work[item]
    search = _search(model, start, seconds=0.5)
    before = search.incumbent.objective
    assert before is not None
    search.prove()
    search.improve(share=1.0)
    after = search.incumbent
    assert after.objective is not None
    assert after.columns is not None
    assert after.objective < before
    assert keeps_rows(model, after.columns)
    assert after.lower_bound is not None
    assert after.lower_bound <= after.objective


def amounts_of_band(model: Model) -> np.ndarray:
    """Return the load that the band limits. Shape ``(items,)``."""
    return np.asarray(model.amount[:, 0])


def _first_fit(model: Model) -> np.ndarray:
    """Return an answer that puts the items of largest use first where most room is left."""
    use = amounts(model)
    room = np.array(model.upper[0])
    place = np.zeros(model.num_items, dtype=np.int64)
    for item in np.argsort(-use.min(axis=1)):
        place[item] = np.argmax(room - use[item])
        room[place[item]] -= use[item, place[item]]
    assert (room >= 0).all()
    return place
