"""An alignment opened without a matrix of pairs says what the independent checker says."""

import numpy as np
import pytest

from app.alignments.breaches import violations_json
from app.alignments.ground import family_labels, ground_of
from app.alignments.situations import Situation
from app.scenarios.families import family_numbers
from tests.app.alignments.judged import judged_problem, plain, situation_of, tables_of

SEEDS = range(150)


@pytest.mark.parametrize("seed", SEEDS)
def test_terms_are_the_checkers(seed: int) -> None:
    """Every term of an alignment that breaks anything equals the checker's, and so does the objective."""
    raw, assignment, examined = judged_problem(seed)
    standing = situation_of(raw, assignment, examined).standing
    found = {term.name: term for term in standing.terms if term.weight > 0}
    assert list(found) == [term.name for term in examined.report.terms]
    for term in examined.report.terms:
        assert found[term.name].raw == pytest.approx(term.raw, rel=1e-9, abs=1e-9)
        assert found[term.name].weighted == pytest.approx(term.weighted, rel=1e-9, abs=1e-9)
    assert standing.objective == pytest.approx(examined.report.objective, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_references_add_up_to_the_checkers(seed: int) -> None:
    """References that no stored term tells are reckoned anew and equal the checker's."""
    raw, assignment, examined = judged_problem(seed)
    known = situation_of(raw, assignment, examined)
    found = Situation(known.ground, known.criteria, known.owner).standing.references
    if known.facts.has_travel:
        assert found.travel == pytest.approx(examined.reference.travel, rel=1e-9)
    if known.facts.has_inertia:
        assert found.compactness == pytest.approx(examined.reference.compactness, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_violations_are_the_checkers_word_for_word(seed: int) -> None:
    """Criterion, place, amounts, accounts and sentence of every violation equal the checker's."""
    raw, assignment, examined = judged_problem(seed)
    found = violations_json(situation_of(raw, assignment, examined))
    expected = [plain(violation) for violation in examined.report.violations]
    assert len(found) == len(expected)
    for one, two in zip(sorted(found, key=place), sorted(expected, key=place), strict=True):
        numbers = ("value", "limit", "by")
        assert {k: v for k, v in one.items() if k not in numbers} == {k: v for k, v in two.items() if k not in numbers}
        assert [one[name] for name in numbers] == pytest.approx([two[name] for name in numbers], abs=1e-9)


def test_families_are_those_of_planning() -> None:
    """Trees, and children of a parent outside the data, get one number each, as planning numbers them."""
    raw, _, _ = judged_problem(0)
    raw.accounts["parent_id"] = ["A1", None, "A1", "elsewhere", "elsewhere", "A2", None]
    tables = tables_of(raw)
    label = family_labels(tables.accounts)
    _, found = np.unique(label, return_inverse=True)
    expected = family_numbers(raw.accounts["id"], raw.accounts["parent_id"])
    assert [found[0] == other for other in found] == [expected[0] == other for other in expected]
    assert len(np.unique(found)) == len(np.unique(expected)) == 3
    assert ground_of(tables).family_of(0).tolist() == [0, 1, 2, 5]


def place(violation: dict[str, object]) -> tuple[str, ...]:
    """Return where a violation is, to sort by."""
    return tuple(str(violation[name]) for name in ("criterion", "measure", "rep_id", "account_ids"))
