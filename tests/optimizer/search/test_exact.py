import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from optimizer.search.cp_sat import CpSatModel
from optimizer.search.enumeration import best_choice, num_choices
from optimizer.search.evaluation import keeps_rows, model_objective
from optimizer.search.mixed_integer import solve_mixed_integer
from optimizer.search.model import Model
from optimizer.search.solver_answer import Answer, Effort
from optimizer.search.subproblem import whole_problem
from tests.optimizer.search.hand_made import all_pairs, plane_model, soft_band


def _optimum(model: Model) -> float:
    """Return the smallest objective of all choices, infinity when none keeps the rows."""
    choices = itertools.product(range(model.num_columns), repeat=model.num_items)
    return min(
        (model_objective(model, choice) for choice in map(np.array, choices) if keeps_rows(model, choice)),
        default=math.inf,
    )


def _answers(model: Model) -> list[tuple[Answer, float]]:
    part = whole_problem(model, *all_pairs(model))
    answers = [CpSatModel(part, outer=True).solve(Effort()), solve_mixed_integer(part, Effort())]
    nothing = np.zeros(model.num_items, dtype=np.int32)
    return [
        (answer, math.inf if answer.chosen is None else model_objective(model, part.applied(nothing, answer.chosen)))
        for answer in answers
    ]


@pytest.mark.parametrize("seed", range(4))
def test_both_solvers_find_the_optimum(seed: int) -> None:
    """CP-SAT and HiGHS agree with the enumeration of all choices, bands, budgets and soft balance included."""
    model = plane_model(num_items=7, num_columns=3, seed=seed, band=0.45, soft=(soft_band(3, target=10.0),))
    optimum = _optimum(model)
    for answer, objective in _answers(model):
        assert answer.is_infeasible == math.isinf(optimum)
        if not answer.is_infeasible:
            assert objective == pytest.approx(optimum, rel=1e-9)
            assert answer.lower_bound is not None
            assert answer.lower_bound == pytest.approx(optimum, rel=1e-6)
            assert answer.lower_bound <= optimum * (1 + 1e-9)


def test_a_soft_balance_of_what_nobody_has_costs_nothing() -> None:
    """Where targets follow a total of 0, both solvers still find the cheapest pairs."""
    share = replace(soft_band(3, target=10.0), target_share=np.full(3, 1 / 3))
    model = plane_model(num_items=5, num_columns=3, seed=1, band=None, soft=(share,))
    model = replace(model, amount=np.zeros_like(model.amount))
    for answer, _ in _answers(model):
        assert answer.lower_bound == pytest.approx(float(model.cost.min(axis=1).sum()), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_looking_at_every_choice_finds_the_optimum(seed: int) -> None:
    """What looking at all choices calls best is the best by the model's own rows and objective, or there is none."""
    model = plane_model(num_items=6, num_columns=3, seed=seed, band=0.3 * seed, soft=(soft_band(3, target=10.0),))
    items, columns = all_pairs(model)
    assert num_choices(items) == 3**6
    best = best_choice(model, items, columns)
    assert (best is None) == math.isinf(_optimum(model))
    if best is not None:
        assert keeps_rows(model, best)
        assert model_objective(model, best) == pytest.approx(_optimum(model), rel=1e-12)


def test_a_budget_of_nothing_breaks_no_solver() -> None:
    """A limit of a hair beside large amounts: HiGHS answers, and finds the choice that keeps it."""
    model = plane_model(num_items=5, num_columns=2)
    upper = np.full(model.upper.shape, np.inf)
    upper[0, 0] = 5e-10
    tight = Model(
        **{
            **{name: getattr(model, name) for name in model.__dataclass_fields__},
            "amount": model.amount * 40_000,
            "lower": np.full(model.lower.shape, -np.inf),
            "upper": upper,
        }
    )
    for answer, objective in _answers(tight):
        assert answer.chosen is not None
        assert objective == pytest.approx(_optimum(tight), rel=1e-9)


def test_both_solvers_prove_that_nothing_fits() -> None:
    """A band that no sum of whole numbers meets is infeasible to both."""
    model = plane_model(num_items=5, num_columns=3, band=0.001)
    assert math.isinf(_optimum(model))
    assert all(answer.is_infeasible for answer, _ in _answers(model))


def test_elastic_rows_come_close_where_nothing_fits() -> None:
    """With priced breaches there is an answer even then."""
    model = plane_model(num_items=5, num_columns=3, band=0.001)
    part = whole_problem(model, *all_pairs(model))
    assert CpSatModel(part, elastic=True).solve(Effort()).chosen is not None


def test_amounts_that_are_no_decimals_are_rounded_to_the_safe_side() -> None:
    """With thirds as amounts, an inner answer keeps the float rows and an outer bound is below the optimum."""
    model = plane_model(num_items=7, num_columns=3, band=0.4)
    thirds = Model(
        **{
            **{name: getattr(model, name) for name in model.__dataclass_fields__},
            "amount": model.amount / 3.0,
            "lower": model.lower / 3.0,
            "upper": model.upper / 3.0,
        }
    )
    part = whole_problem(thirds, *all_pairs(thirds))
    inner = CpSatModel(part).solve(Effort())
    outer = CpSatModel(part, outer=True).solve(Effort())
    assert inner.chosen is not None
    assert keeps_rows(thirds, part.applied(np.zeros(7, dtype=np.int32), inner.chosen))
    assert outer.lower_bound is not None
    assert outer.lower_bound <= _optimum(thirds) * (1 + 1e-9)
