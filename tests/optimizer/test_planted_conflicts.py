"""Planted conflicts of eight kinds are named and add up; a sample of `python -m benchmarks conflicts`."""

import pytest

from benchmarks.conflicts import judge
from benchmarks.planted import KINDS, feasible, planted
from optimizer.validation import violations


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(900, 903))
def test_what_was_planted_is_named(kind: str, seed: int) -> None:
    """A conflict carries the planted code, concerns whom it was planted on, and adds up on the raw numbers."""
    answer = judge(planted(kind, seed), solve_s=0.0)
    assert answer["named"], answer["codes"]
    assert answer["adds_up"]


@pytest.mark.parametrize("block", range(3))
def test_no_alarm_where_an_alignment_is_known(block: int) -> None:
    """Limits that lie close around an alignment raise no conflict."""
    for seed in range(900 + 10 * block, 910 + 10 * block):
        question = feasible(seed)
        assert violations(question.problem, question.criteria, question.truth) == ()
        assert not judge(question, solve_s=0.0)["codes"], seed
