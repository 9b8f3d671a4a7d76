"""Random small problems with every criterion mixed, each answer held against brute force and the checker.

`tables` asks whole datasets and criteria as the service gets them; `arrays` the optimizer alone. Prints every wrong
answer with its seed, then the counts; ends with an error when one was wrong. Reads the generators of the tests, so it
runs from the repository's root.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.machine import machine
from optimizer.alignment import Alignment
from optimizer.changes import KINDS, apply_relaxation, relaxation_for
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Outcome
from optimizer.search.exact import ExactParams
from optimizer.search.relaxation import relax
from optimizer.solve import solve
from optimizer.stop import AnyOf, GapBelow, MaxRuntime
from tests.app.scenarios.audited import audited
from tests.app.scenarios.random_tables import random_question
from tests.optimizer.agreement import wrong_claims, wrong_relaxations
from tests.optimizer.brute_force import EveryAlignment, brute_force
from tests.optimizer.random_problems import random_problem

MOST_FOR_CHEAPEST: Final = 300
"""Alignments up to which the cheapest relaxation of each kind is looked for among all."""
SAME: Final = 1 + 1e-6
"""Up to this multiple of the cheapest total a relaxation is as cheap."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--of", choices=("tables", "arrays", "relaxations"), default="tables")
    parser.add_argument("--seconds", type=float, default=20.0, help="time limit of one problem")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--solvers", action="store_true", help="never look at all choices: CP-SAT and HiGHS prove")


def run(options: argparse.Namespace) -> None:
    """Ask all seeds, and fail when an answer was wrong."""
    exact = ExactParams(most_choices=0) if options.solvers else ExactParams()
    params = SolveParams(deterministic=options.deterministic, exact=exact)
    ask = {"tables": _of_tables, "arrays": _of_arrays, "relaxations": _of_relaxations}[options.of]
    counts: Counter[str] = Counter()
    for seed in range(options.first, options.first + options.count):
        try:
            for line in ask(seed, params, options.seconds):
                counts[line.partition(":")[0]] += 1
                if line.startswith(("wrong", "unproven")):
                    _tell(f"seed {seed}: {line}")
        except Exception as error:  # noqa: BLE001  # one broken seed must not hide the others
            counts["wrong"] += 1
            _tell(f"seed {seed}: wrong: {error!r}")
    for name, count in sorted(counts.items()):
        _tell(f"{name:>40} {count:>8,}")
    _tell(str(machine()))
    if counts["wrong"]:
        sys.exit(1)


def _of_tables(seed: int, params: SolveParams, seconds: float) -> Iterator[str]:
    audit = audited(random_question(seed), seed=seed, params=params, time_limit_s=seconds)
    yield from _outcome(audit.every, audit.result.outcome)
    yield from (f"wrong: {fault}" for fault in audit.faults)
    if audit.has_certificate:
        yield "with a certificate"
    yield from ["price bounds above 0"] * audit.prices


def _of_arrays(seed: int, params: SolveParams, seconds: float) -> Iterator[str]:
    problem, criteria = random_problem(seed)
    stop = AnyOf((MaxRuntime(seconds), GapBelow(0.0)))
    result = solve(problem, criteria, stop, seed=seed, params=params)
    every = brute_force(problem, criteria)
    yield from _outcome(every, result.outcome)
    yield from (f"wrong: {fault}" for fault in wrong_claims(problem, criteria, every, result))
    yield from (f"wrong: {fault}" for fault in wrong_relaxations(problem, criteria, result))


def _outcome(every: EveryAlignment, outcome: Outcome) -> Iterator[str]:
    yield "problems"
    yield "feasible in truth" if every.is_feasible else "infeasible in truth"
    yield f"answered {outcome}"
    if outcome is Outcome.UNKNOWN or (every.is_feasible and outcome is not Outcome.OPTIMAL):
        yield f"unproven: {outcome}"


def _of_relaxations(seed: int, params: SolveParams, seconds: float) -> Iterator[str]:
    """Relax infeasible arrays by each kind alone; compare the total with the cheapest of all alignments."""
    problem, criteria = random_problem(seed)
    every = brute_force(problem, criteria)
    yield "problems"
    if every.is_feasible:
        return
    yield "infeasible in truth"
    if relax(problem, criteria) is None:
        yield "wrong: no relaxation of any kind"
    for kind in sorted(KINDS):
        found = relax(problem, criteria, kinds={kind})
        cheapest = _cheapest(problem, criteria, every, kind) if len(every.rep) <= MOST_FOR_CHEAPEST else None
        if found is None:
            if cheapest is not None:
                yield f"missed relaxations by {kind}"
            continue
        yield "relaxations"
        relaxed = apply_relaxation(problem, criteria, found)
        again = solve(*relaxed, AnyOf((MaxRuntime(seconds), GapBelow(0.5))), seed=seed, params=params)
        if again.outcome not in (Outcome.OPTIMAL, Outcome.FEASIBLE):
            yield f"wrong: relaxed by {kind} the problem is {again.outcome}"
        if cheapest is not None:
            is_cheapest = found.total <= cheapest * SAME + 1e-6
            yield f"relaxations by {kind} " + ("that are the cheapest" if is_cheapest else "that are not the cheapest")


def _cheapest(problem: Problem, criteria: Criteria, every: EveryAlignment, kind: str) -> float | None:
    """Return the smallest total of all relaxations of one kind, None where none helps."""
    found: list[Any] = [relaxation_for(problem, criteria, Alignment(rep), kinds={kind}) for rep in every.rep]
    return min((relaxation.total for relaxation in found if relaxation is not None), default=None)


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
