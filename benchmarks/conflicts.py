"""`python -m benchmarks conflicts`: planted conflicts are named and add up, feasible problems raise no alarm.

Eight kinds of conflict in seeded problems (:mod:`benchmarks.planted`). A planted one counts as named when a conflict
carries its code and concerns whom it was planted on; every conflict is added up again (:mod:`benchmarks.readding`).
With ``--solve`` each planted problem is also solved for its relaxations, which are checked on the raw numbers.
"""

import argparse
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.planted import KINDS, Planted, feasible, planted
from benchmarks.readding import adds_up
from benchmarks.results import Results, Row, add_result_arguments
from benchmarks.tables import write_line, write_table
from optimizer.changes import apply_relaxation
from optimizer.conflicts import conflicts
from optimizer.result import Conflict, Outcome
from optimizer.solve import solve
from optimizer.stop import MaxRuntime
from optimizer.validation import violations

FEASIBLE: Final = "feasible"
HEADER: Final = ("planted", "problems", "named", "all add up", "solved", "one remedy", "two kinds", "wrong remedies")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how many problems, and whether to solve them."""
    parser.add_argument("--planted", type=int, default=304, help="problems with a conflict, all kinds together")
    parser.add_argument("--feasible", type=int, default=1000, help="problems without one")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--solve", type=float, default=0.0, metavar="SECONDS", help="solve for relaxations, too")
    add_result_arguments(parser, "conflicts")


def run(options: argparse.Namespace) -> None:
    """Judge all problems and print the counts."""
    results = Results(options.json, command="conflicts", resume=options.resume)
    write_line(("kind", "seed", "named", "adds up", "remedies"))
    for number in range(options.feasible):
        seed = options.first_seed + number
        _judge(results, FEASIBLE, seed, solve_s=0.0)
    for number in range(options.planted):
        kind = list(KINDS)[number % len(KINDS)]
        _judge(results, kind, options.first_seed + number // len(KINDS), solve_s=options.solve)
    write_table(HEADER, table_rows(results.rows), markdown=options.markdown)


def table_rows(rows: list[Row]) -> list[list[object]]:
    """Return one line a kind: how many, named, added up, and relaxed."""
    lines: list[list[object]] = []
    for kind in (FEASIBLE, *KINDS):
        mine = [row for row in rows if row["asked"]["kind"] == kind]
        solved = [row for row in mine if row["remedies"] is not None]
        lines.append(
            [
                kind,
                len(mine),
                sum(row["named"] for row in mine),
                sum(row["adds_up"] for row in mine),
                len(solved),
                sum(len(row["remedies"]) >= 1 for row in solved),
                sum(len(set(row["remedies"])) >= 2 for row in solved),
                sum(row["wrong_remedies"] for row in solved),
            ]
        )
    return lines


def judge(question: Planted, *, solve_s: float) -> dict[str, Any]:
    """Return whether what was planted is named, all arithmetic re-adds, and which remedies were verified."""
    found = conflicts(question.problem, question.criteria)
    named = any(_names(conflict, question) for conflict in found) if question.codes else bool(found)
    remedies, wrong = None, 0
    if solve_s > 0:
        result = solve(question.problem, question.criteria, MaxRuntime(solve_s))
        remedies = [relaxation.kind for relaxation in result.relaxations]
        wrong += result.outcome is not Outcome.INFEASIBLE
        for relaxation in result.relaxations:
            relaxed = apply_relaxation(question.problem, question.criteria, relaxation)
            wrong += bool(violations(*relaxed, relaxation.alignment))
    return {
        "named": named,
        "adds_up": all(adds_up(question.problem, question.criteria, conflict) for conflict in found),
        "codes": sorted({conflict.code for conflict in found}),
        "remedies": remedies,
        "wrong_remedies": wrong,
    }


def _judge(results: Results, kind: str, seed: int, *, solve_s: float) -> None:
    asked: Mapping[str, Any] = {"kind": kind, "seed": seed, "solve_s": solve_s}

    def measure() -> Mapping[str, Any]:
        question = feasible(seed) if kind == FEASIBLE else planted(kind, seed)
        return judge(question, solve_s=solve_s)

    row = results.row(asked, measure)
    is_right = row["adds_up"] and row["named"] == (kind != FEASIBLE)
    if solve_s > 0 or not is_right:
        write_line((kind, seed, row["named"], row["adds_up"], row["remedies"]))


def _names(conflict: Conflict, question: Planted) -> bool:
    concerns = set(question.accounts) <= set(conflict.accounts) and set(question.reps) <= set(conflict.reps)
    return conflict.code in question.codes and concerns
