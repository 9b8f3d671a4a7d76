"""A direct change equals a full rescore, for every item, every rep, and every criterion mixed."""

from collections.abc import Iterator

import numpy as np
import pytest

from optimizer import Alignment, Criteria, Problem, references, score, violations
from optimizer.criteria import Contiguity
from optimizer.items import items_of
from optimizer.permissions import permissions_of
from optimizer.standing import Standing, chosen_pairs
from optimizer.tolerances import slack
from optimizer.units import Units
from optimizer.validation import contiguity
from optimizer.what_if import WhatIf, item_row
from optimizer.what_if_breaches import FIXED, breaches, may_serve
from tests.optimizer.random_problems import Mix, random_problem

SEEDS = range(120)
MIX = Mix(hard_balance=0.4, budget=0.6, lock=0.5, frozen=0.3, unassigned=0.4)


def standing_of(problem: Problem, criteria: Criteria, rep: np.ndarray) -> Standing:
    alignment = Alignment(rep)
    return Standing(
        problem=problem,
        criteria=criteria,
        references=references(problem, criteria),
        alignment=alignment,
        chosen=chosen_pairs(problem, alignment),
    )


def cases(seed: int) -> Iterator[tuple[Problem, Criteria, Standing, WhatIf]]:
    """Yield every item of a random problem under a random alignment that may break anything."""
    problem, criteria = random_problem(seed, mix=MIX)
    rng = np.random.default_rng(seed)
    standing = standing_of(problem, criteria, rng.integers(-1, problem.num_reps, problem.num_accounts))
    items = items_of(problem, criteria)
    for item in range(items.num_items):
        yield problem, criteria, standing, WhatIf(standing=standing, row=item_row(problem, items.accounts_of(item)))


def moved_to(change: WhatIf, goal: int) -> Alignment:
    rep = change.standing.rep.copy()
    rep[change.row.members] = goal
    return Alignment(rep)


@pytest.mark.parametrize("seed", SEEDS)
def test_standing_scores_as_score_does(seed: int) -> None:
    """The terms without a matrix of pairs are the terms of a full score."""
    problem, criteria = random_problem(seed, mix=MIX)
    rep = np.random.default_rng(seed).integers(-1, problem.num_reps, problem.num_accounts, dtype=np.int32)
    assert standing_of(problem, criteria, rep).terms == score(problem, criteria, Alignment(rep)).terms


@pytest.mark.parametrize("seed", SEEDS)
def test_terms_and_loads_change_as_a_full_rescore_says(seed: int) -> None:
    """For every item and rep each term, the objective and the loads equal those of the changed alignment."""
    for problem, criteria, standing, change in cases(seed):
        for goal in range(problem.num_reps):
            after = score(problem, criteria, moved_to(change, goal))
            for term, before, change_of_term in zip(after.terms, standing.terms, change.terms, strict=True):
                assert change_of_term.name == term.name
                assert change_of_term.raw[goal] == pytest.approx(term.raw - before.raw, abs=1e-9)
                assert change_of_term.weighted[goal] == pytest.approx(term.weighted - before.weighted, abs=1e-9)
            assert change.price[goal] == pytest.approx(after.objective - standing.objective, abs=1e-9)
            load = change.load_without.copy()
            load[goal] = change.load_with[goal]
            np.testing.assert_array_equal(load, after.loads)


@pytest.mark.parametrize("seed", SEEDS)
def test_breaches_are_the_violations_that_a_full_check_finds_new_or_worse(seed: int) -> None:
    """For every item and rep, what the change breaks is the difference of the violations after and before."""
    for problem, criteria, standing, change in cases(seed):
        before = {key(v): v.by for v in violations(problem, criteria, standing.alignment)}
        found = breaches(change)
        for goal in range(problem.num_reps):
            expected = {}
            for violation in violations(problem, criteria, moved_to(change, goal)):
                forgiven = slack(violation.limit or 0.0)
                if violation.by > before.get(key(violation), 0.0) + forgiven:
                    counted = before.get(key(violation), 0.0) if violation.criterion in FIXED else 0.0
                    expected[key(violation)] = violation.by - counted
            told = {key(v): v.by for v in (breach.violation(goal) for breach in found if breach.is_worse[goal])}
            assert told.keys() == expected.keys()
            for name, by in told.items():
                if name[0] not in FIXED:
                    assert by == pytest.approx(expected[name], abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_pieces_of_territories_change_as_a_full_check_says(seed: int) -> None:
    """On random maps with empty units, for every item and rep: who falls apart newly or more is told, nobody else."""
    problem, criteria = random_problem(seed, mix=MIX)
    rng = np.random.default_rng(seed)
    num_units = int(rng.integers(2, 9))
    units = Units(
        num_units=num_units,
        unit=rng.integers(-1, num_units, problem.num_accounts, dtype=np.int32),
        first=rng.integers(0, num_units, 2 * num_units, dtype=np.int32),
        second=rng.integers(0, num_units, 2 * num_units, dtype=np.int32),
    )
    problem, criteria = problem.replace(units=units), criteria.replace(contiguity=Contiguity.ROOK)
    standing = standing_of(problem, criteria, rng.integers(-1, problem.num_reps, problem.num_accounts))
    items = items_of(problem, criteria)
    before = {v.rep: v.by for v in contiguity(problem, criteria, standing.alignment)}
    for item in range(items.num_items):
        change = WhatIf(standing=standing, row=item_row(problem, items.accounts_of(item)))
        found = [breach for breach in breaches(change) if breach.criterion == "contiguity"]
        for goal in range(problem.num_reps):
            after = {v.rep: v.by for v in contiguity(problem, criteria, moved_to(change, goal))}
            told = {v.rep: v.by for v in (breach.violation(goal) for breach in found if breach.is_worse[goal])}
            assert told == {rep: by for rep, by in after.items() if by > before.get(rep, 0.0)}
            assert change.pieces is not None
            assert change.pieces.change[goal] == sum(after.values()) - sum(before.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_who_may_serve_is_what_the_search_allows(seed: int) -> None:
    """A rep may have an item exactly where the model of the search has a column for it."""
    problem, criteria = random_problem(seed, mix=MIX)
    items = items_of(problem, criteria)
    permissions = permissions_of(problem, criteria, items)
    for item, (_, _, _, change) in enumerate(cases(seed)):
        allowed = may_serve(change)
        assert allowed[permissions.reps].tolist() == permissions.allowed[item, : len(permissions.reps)].tolist()
        assert not allowed[~problem.active].any()


def key(violation: object) -> tuple[object, ...]:
    """Return what makes two violations the same one."""
    return (violation.criterion, violation.measure, violation.rep)  # type: ignore[attr-defined] # any violation
