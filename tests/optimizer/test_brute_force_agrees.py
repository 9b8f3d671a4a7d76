"""The package and brute force, written twice from one text, say the same of every alignment of small problems."""

import numpy as np
import pytest

from optimizer.alignment import Alignment
from optimizer.references import references
from optimizer.score import score
from optimizer.search.evaluation import alignment_of, columns_of, keeps_rows, model_objective
from optimizer.search.rows import build_model
from optimizer.validation import violations
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import random_problem

PICKED = 25


@pytest.mark.parametrize("seed", range(60))
def test_violations_score_and_model_agree_with_brute_force(seed: int) -> None:
    """Verdict and objective are the same four ways: brute force, violations, score and the model."""
    problem, criteria = random_problem(seed)
    every = brute_force(problem, criteria)
    model = build_model(problem, criteria)
    relative_to = references(problem, criteria)
    for index in _picks(every.is_right, seed):
        alignment = Alignment(every.rep[index])
        found = violations(problem, criteria, alignment)
        assert (found == ()) == every.is_right[index], found
        assert all(violation.by > 0 for violation in found)
        value = score(problem, criteria, alignment, relative_to=relative_to).objective
        assert value == pytest.approx(every.objective[index], rel=1e-9, abs=1e-12)
        column = columns_of(model, alignment)
        if (column < 0).any():
            assert not every.is_right[index]
            continue
        assert keeps_rows(model, column) == every.is_right[index]
        assert np.array_equal(alignment_of(model, column).rep, alignment.rep)
        if every.is_right[index]:
            assert model_objective(model, column) == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_random_problems_are_of_both_kinds() -> None:
    """A good part of the random problems is feasible, and some are not."""
    feasible = sum(brute_force(*random_problem(seed)).is_feasible for seed in range(60))
    assert 15 <= feasible <= 50


def _picks(is_right: np.ndarray, seed: int) -> np.ndarray:
    """Return a few right alignments and a few others."""
    rng = np.random.default_rng(seed)
    right, wrong = np.flatnonzero(is_right), np.flatnonzero(~is_right)
    return np.concatenate(
        [rng.permutation(right)[:PICKED], rng.permutation(wrong)[:PICKED]],
    )
