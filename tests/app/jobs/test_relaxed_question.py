"""Relaxations in raw data: the checker, on columns and JSON, understands every kind of change as it was meant."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from app.datasets.tables import DatasetTables
from app.jobs.judgement import Judge
from app.jobs.relaxed_question import added_reps, relaxed_question
from app.scenarios.planning import Plan, plan
from app.scenarios.schemas import Criteria
from optimizer.alignment import Alignment
from optimizer.changes import ADD_REP, relaxation_for, relaxation_of
from optimizer.result import Change, Relaxation
from tests.app.alignments.judged import judged_problem, tables_of


def question(seed: int) -> tuple[DatasetTables, Criteria, Plan]:
    """Return a random small question with every criterion mixed."""
    raw, _, _ = judged_problem(seed)
    tables, criteria = tables_of(raw), Criteria.model_validate(raw.criteria, strict=False)
    return tables, criteria, plan(tables, criteria)


def anyhow(planned: Plan, seed: int) -> Alignment:
    """Return an alignment that goes anywhere the data do not rule out, whatever it breaks."""
    rng = np.random.default_rng(seed)
    problem = planned.problem
    open_to = np.tile(problem.active, (problem.num_accounts, 1))
    if problem.possible is not None:
        open_to &= problem.possible
    rep = [int(rng.choice(np.flatnonzero(row))) if row.any() else -1 for row in open_to]
    return Alignment(np.where(rng.random(len(rep)) < 0.05, -1, rep).astype(np.int32))


def confirms(tables: DatasetTables, criteria: Criteria, planned: Plan, relaxation: Relaxation) -> bool:
    """Return whether the checker finds nothing on the relaxed question, and the given one stayed as it was."""
    normalized = criteria.model_dump(mode="json")
    judge = Judge(tables, normalized, planned)
    added = added_reps(relaxation.changes, planned.rep_ids, [None] * len(planned.rep_ids))
    wider = replace(planned, rep_ids=(*planned.rep_ids, *(rep.rep_id for rep in added)))
    changed = relaxed_question(judge.columns, normalized, relaxation.changes, problem=planned.problem, added=added)
    assert normalized == criteria.model_dump(mode="json")
    assert judge.columns == Judge(tables, normalized, planned).columns
    return not judge.on(changed.tables, changed.criteria, wider).report(relaxation.alignment).violations


def test_the_checker_confirms_what_was_read_off_any_alignment() -> None:
    """Whatever an alignment breaks, its changes in raw data leave the checker nothing to say; most kinds occur."""
    seen: Counter[str] = Counter()
    for seed in range(250):
        tables, criteria, planned = question(seed)
        relaxation = relaxation_for(planned.problem, planned.criteria, anyhow(planned, seed))
        if relaxation is not None and relaxation.changes:
            assert confirms(tables, criteria, planned, relaxation), (seed, relaxation.changes)
            seen.update(change.kind for change in relaxation.changes)
    expected = {"capacity_max", "tolerance", "lock", "eligibility", "budget", "family", "unassigned"}
    assert expected <= seen.keys(), seen


@pytest.mark.parametrize("seed", range(10))
def test_the_checker_knows_an_added_rep(seed: int) -> None:
    """Giving everything to a copy of a rep breaks the same wishes of the data as giving it to that rep."""
    tables, criteria, planned = question(seed)
    alone = criteria.model_copy(update={"balance": [], "locks": [], "forbid": [], "frozen_reps": []})
    rep = int(np.flatnonzero(planned.problem.active)[0])
    relaxation = relaxation_of(
        planned.problem,
        [Change(kind=ADD_REP, rep=rep)],
        Alignment(np.full(planned.problem.num_accounts, planned.problem.num_reps, dtype=np.int32)),
    )
    normalized = alone.model_dump(mode="json")
    judge = Judge(tables, normalized, planned)
    added = added_reps(relaxation.changes, planned.rep_ids, [None] * len(planned.rep_ids))
    wider = replace(planned, rep_ids=(*planned.rep_ids, added[0].rep_id))
    changed = relaxed_question(judge.columns, normalized, relaxation.changes, problem=planned.problem, added=added)
    on_copy = judge.on(changed.tables, changed.criteria, wider).report(relaxation.alignment)
    same = Alignment(np.full(planned.problem.num_accounts, rep, dtype=np.int32))
    on_model = judge.report(same)
    broken = {"eligibility", "distance", "possible", "forbid"}
    assert {(found.criterion, found.account_ids) for found in on_copy.violations if found.criterion in broken} == {
        (found.criterion, found.account_ids) for found in on_model.violations if found.criterion in broken
    }
