"""What would help, ready to be stored: each relaxation checked on the relaxed question, with its alignment's files.

A relaxation whose alignment the checker does not confirm is left out. With each alignment goes the question that it
answers, the job's with the relaxation's changes, under which it breaks nothing. Imports neither the web nor the
database.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.jobs.judgement import Judge, Judged
from app.jobs.names import Names
from app.jobs.relaxed_question import AddedRep, added_reps, relaxed_question
from app.jobs.relaxed_tables import changed_tables
from app.jobs.sentences import relaxation_json
from app.jobs.solver_files import SolverFiles
from app.scenarios.planning import Plan
from optimizer.alignment import Alignment
from optimizer.changes import ADD_REP
from optimizer.result import Outcome, Relaxation


def least_bad(relaxations: Sequence[Relaxation]) -> Alignment | None:
    """Return the alignment of the cheapest relaxation that needs no rep who is not there; None without one."""
    kept = (relaxation.alignment for relaxation in relaxations if all(c.kind != ADD_REP for c in relaxation.changes))
    return next(kept, None)


def _with_reps(planned: Plan, added: Sequence[AddedRep]) -> Plan:
    """Return a plan with reps behind all others, each with the ways of the rep that it is like."""
    rep_ids = (*planned.rep_ids, *(rep.rep_id for rep in added))
    if planned.detour is None:
        return replace(planned, rep_ids=rep_ids)
    models = [planned.rep_ids.index(rep.like) for rep in added]
    return replace(planned, rep_ids=rep_ids, detour=np.hstack([planned.detour, planned.detour[:, models]]))


def write_remedies(
    relaxations: Iterable[Relaxation],
    planned: Plan,
    *,
    judge: Judge,
    names: Names,
    files: SolverFiles,
    software: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """Write each relaxation that the checker confirms, alignment and question; yield its JSON with the files' name."""
    for number, relaxation in enumerate(relaxations, start=1):
        added = added_reps(relaxation.changes, planned.rep_ids, names.rep_names)
        wider = _with_reps(planned, added)
        question = relaxed_question(
            judge.columns, judge.criteria, relaxation.changes, problem=planned.problem, added=added
        )
        report = judge.on(question.tables, question.criteria, wider).report(relaxation.alignment)
        if report.violations:
            sys.stderr.write(f"a relaxation was left out: {[str(found) for found in report.violations[:5]]}\n")
            continue
        judged = Judged(report=report, outcome=Outcome.FEASIBLE.value)
        name = f"relaxation-{number}"
        changed = changed_tables(files.read_tables(), before=judge.columns, after=question.tables)
        files.write_relaxed(name, changed, criteria=question.criteria)
        files.write_alignment(name, wider.assignments(relaxation.alignment), judged.summary(software=software))
        yield relaxation_json(relaxation, names) | {"alignment": name}
