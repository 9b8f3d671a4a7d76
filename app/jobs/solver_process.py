"""The solver's own process: gets ready, reads what is asked, solves, checks, writes what it found, and ends.

Run by a worker as ``python -m app.jobs.solver_process``, ahead of time: it imports and compiles what it needs, says
``ready``, and waits. Standard input is a pipe from the worker: ``solve FOLDER`` begins, ``stop`` ends the search and
keeps the best, the end of the pipe means that the worker is dead, and this process ends at once. Standard output
carries JSON lines: ``ready``, ``progress``, ``alignment`` (a checked file is there), ``result``. Whatever else is
printed goes to the log. One process solves once. Imports neither the web nor the database.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from app.curves.solving import answer_curve
from app.errors import Fault, ProblemError
from app.jobs.centers import placed, unproven_for
from app.jobs.judgement import Judge, Judged, discrepancies, gap
from app.jobs.losses import EXIT_NO_ROOM, OUT_OF_MEMORY
from app.jobs.names import Names
from app.jobs.proofs import Bound, Proof
from app.jobs.provenance import software
from app.jobs.remedies import least_bad, write_remedies
from app.jobs.reoptimization import held_outside, unproven, without_bounds
from app.jobs.sentences import conflict_json
from app.jobs.solver_files import CORES_VARIABLE, CRITERIA, CURVE, RESULT, SEARCH, SolverFiles
from app.jobs.solver_memory import limit_memory
from app.jobs.solver_reports import Reporter, Tell, line_writer
from app.jobs.travel_asking import ask_for_travel_times
from app.jobs.warm_up import SPECIAL, Step, special_steps, warm_up
from app.scenarios.columns import texts
from app.scenarios.planning import Plan
from app.scenarios.schemas import Criteria, Search
from app.storage_room import lacks_room
from checker import Discrepancy
from optimizer.params import SolveParams
from optimizer.result import Outcome, Result
from optimizer.solve import solve
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime, NoImprovement, StopCriterion

NICENESS: Final = 10
EXIT_ORPHANED: Final = 3
EXIT_BROKEN: Final = 4
DETERMINISTIC_THREADS: Final = 2
LEAST_SEARCH_SHARE: Final = 0.2
"""At least this share of the time limit goes to the search, however long reading and planning took."""


def main() -> int:
    """Wait for a question, answer it, and return the process' exit code."""
    os.nice(NICENESS)
    limit_memory()
    tell = line_writer(_private_output())
    orders = Orders()
    threading.Thread(target=orders.obey, name="orders", daemon=True).start()
    try:
        warm_up(hurry=orders.asked, needed=lambda: steps_for(SolverFiles(orders.wait_for_question())))
        tell("ready")
        files = SolverFiles(orders.wait_for_question())
        files.write_json(RESULT, answer(files, tell=tell, stop=orders.stop))
    except Exception as error:  # noqa: BLE001 - the last resort: the trace goes to the worker's log, the job fails
        with suppress(OSError):  # the log may have no room either
            traceback.print_exc()
        return EXIT_NO_ROOM if lacks_room(error) else EXIT_BROKEN
    tell("result")
    return 0


class Orders:
    """What the worker says on the pipe.

    Attributes
    ----------
    stop
        Set when the search must end and keep its best.
    asked
        Set once there is a question.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.asked = threading.Event()
        self._folder = Path()

    def obey(self) -> None:
        """Follow the orders until the pipe closes, which ends this process."""
        text = b""
        while part := os.read(0, 4096):  # not sys.stdin, whose lock would be held when this process ends
            *lines, text = (text + part).split(b"\n")
            for line in lines:
                self._follow(line.decode("utf-8", "surrogateescape"))
        os._exit(EXIT_ORPHANED)

    def wait_for_question(self) -> Path:
        """Return the folder with the question, once the worker has named it."""
        self.asked.wait()
        return self._folder

    def _follow(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        if verb == "stop":
            self.stop.set()
        elif verb == "solve":
            self._folder = Path(rest)
            self.asked.set()


def steps_for(files: SolverFiles) -> Sequence[Step]:
    """Return what must be compiled for a question beyond what all need; a curve asks many kinds."""
    if files.path(CURVE).exists():
        return SPECIAL
    return special_steps(files.read_tables(), Criteria.model_validate_json(files.path(CRITERIA).read_bytes()))


def answer(files: SolverFiles, *, tell: Tell, stop: threading.Event) -> dict[str, Any]:
    """Ask for travel times where they lack, then answer the question or the curve; return the result as JSON."""
    try:
        ask_for_travel_times(files, tell=tell)
        if files.path(CURVE).exists():
            threads = threads_of(Search.model_validate_json(files.path(SEARCH).read_bytes()))
            make = partial(_software, threads=threads)
            return answer_curve(files, tell=tell, stop=stop, make_software=make, threads=threads)
        return answer_question(files, tell=tell, stop=stop)
    except ProblemError as error:
        return _failed(error.code, error.detail, faults=error.faults)
    except MemoryError:
        return _failed(OUT_OF_MEMORY.code, OUT_OF_MEMORY.detail)


def answer_question(files: SolverFiles, *, tell: Tell, stop: threading.Event) -> dict[str, Any]:
    """Plan, solve and check; return the result as JSON.

    Raises
    ------
    ProblemError
        When the data do not allow to plan.
    """
    started = time.monotonic()
    tell("progress", phase="planning")
    tables = files.read_tables()
    criteria = Criteria.model_validate_json(files.path(CRITERIA).read_bytes())
    search = Search.model_validate_json(files.path(SEARCH).read_bytes())
    threads = threads_of(search)
    planned = placed(
        tables,
        criteria,
        search,
        files=files,
        known=files.read_centers(),
        stop=stop,
        threads=threads,
        tell=lambda: tell("progress", phase="placing"),
    )
    judge = Judge(tables, criteria.model_dump(mode="json"), planned)
    reporter = Reporter(planned, judge, files=files, tell=tell, software=_software(search.seed, threads=threads))
    try:
        until = _stop_criterion(search, stop, used_s=time.monotonic() - started)
        result = _solved(planned, search, files, until=until, reporter=reporter)
    finally:
        reporter.close()
    answer = _result_json(
        unproven_for(result, tables, planned.centers),
        planned,
        judge=judge,
        reporter=reporter,
        names=Names(planned.account_ids, planned.rep_ids, texts(tables.accounts, "name"), texts(tables.reps, "name")),
        wants_least_bad=search.on_infeasible == "least_bad",
    )
    answer["progress"]["elapsed_s"] = time.monotonic() - started
    return answer


def _solved(planned: Plan, search: Search, files: SolverFiles, *, until: StopCriterion, reporter: Reporter) -> Result:
    """Search from the initial alignment, if there is one; what is held outside of a part of the question stays."""
    initial, held = files.read_initial(), files.read_held()
    asked = planned if held is None else held_outside(planned, texts(held[0], "rep_id"), held[1])
    result = solve(
        asked.problem,
        asked.criteria,
        until,
        seed=search.seed,
        params=SolveParams(threads=threads_of(search), deterministic=search.deterministic),
        initial=None if initial is None else planned.alignment(texts(initial, "rep_id")),
        on_progress=without_bounds(reporter) if held is not None or planned.centers else reporter,
    )
    return result if held is None else unproven(result)


def _result_json(
    result: Result, planned: Plan, *, judge: Judge, reporter: Reporter, names: Names, wants_least_bad: bool
) -> dict[str, Any]:
    """Return what was found as JSON, its alignment checked and written; a failure where the check disagrees."""
    outcome = result.outcome.value
    answer: dict[str, Any] = {
        "outcome": outcome,
        "stop_reason": result.stop_reason.value,
        "alignment": None,
        "progress": None,
        "conflicts": [conflict_json(conflict, names) for conflict in result.conflicts],
        "relaxations": [],
        "problem": None,
    }
    is_kept = result.outcome in (Outcome.OPTIMAL, Outcome.FEASIBLE)
    alignment = result.alignment if is_kept or wants_least_bad else None
    if alignment is None and wants_least_bad:
        alignment = least_bad(result.relaxations)
    proof = Proof(bound=Bound(lower_bound=result.lower_bound))
    if alignment is not None:
        examined = judge.examine(alignment)
        wrong = discrepancies(examined.report, result) if is_kept else ()
        if wrong:
            return answer | _rejected(wrong)
        if is_kept:
            proof = judge.prove(examined, result)
        judged = Judged(report=examined.report, outcome=outcome, bound=proof.bound)
        answer["alignment"] = reporter.write(alignment, judged, certificate=proof.certificate)
    answer["progress"] = _last_progress(result, planned, proof=proof)
    written = write_remedies(
        result.relaxations, planned, judge=judge, names=names, files=reporter.files, software=reporter.software
    )
    answer["relaxations"] = list(written)
    return answer


def _rejected(wrong: Sequence[Discrepancy]) -> dict[str, Any]:
    return _failed(
        "CHECKER_REJECTED",
        "The result failed the independent check and was not published; report the job's id.",
        faults=[Fault(code="CHECKER_REJECTED", detail=item.detail) for item in wrong],
    )


def _last_progress(result: Result, planned: Plan, *, proof: Proof) -> dict[str, Any]:
    alignment = result.alignment
    is_kept = result.outcome in (Outcome.OPTIMAL, Outcome.FEASIBLE)
    return {
        "phase": "done",
        "objective": result.objective,
        "lower_bound": proof.bound.lower_bound,
        "gap": gap(result.objective, proof.bound.lower_bound) if is_kept else None,
        "violations": None if alignment is None else len(result.violations),
        "moved_accounts": None if alignment is None else int(alignment.moved(planned.problem.current).sum()),
    }


def _stop_criterion(search: Search, stop: threading.Event, *, used_s: float) -> StopCriterion:
    left_s = search.time_limit_s
    if not search.deterministic:
        left_s = max(left_s - used_s, LEAST_SEARCH_SHARE * left_s)
    criteria: list[StopCriterion] = [Cancelled(stop), MaxRuntime(left_s), GapBelow(search.gap)]
    if search.no_improvement_s is not None:
        criteria.append(NoImprovement(search.no_improvement_s))
    return AnyOf(tuple(criteria))


def _failed(code: str, detail: str, *, faults: Any = ()) -> dict[str, Any]:
    errors = [{"code": fault.code, "detail": fault.detail, "pointer": fault.pointer} for fault in faults[:100]]
    return {"problem": {"code": code, "detail": detail, "errors": errors}}


def threads_of(search: Search) -> int:
    """Return how many threads a search has: what the worker said, else as many as this process has cores.

    A deterministic search has the same number on every machine, since its answer depends on it.
    """
    said = int(os.environ.get(CORES_VARIABLE, "0"))
    return said or (DETERMINISTIC_THREADS if search.deterministic else len(os.sched_getaffinity(0)))


def _software(seed: int, *, threads: int) -> dict[str, Any]:
    return software(seed=seed, threads=threads)


def _private_output() -> int:
    """Keep the pipe to the worker for our lines; whatever a library prints goes to the log instead."""
    descriptor = os.dup(1)
    os.dup2(2, 1)
    return descriptor


if __name__ == "__main__":
    exit_code = main()
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(exit_code)  # a solver that cannot be interrupted may still be at work in a thread: nobody waits for it
