"""A curve in the solver's process: asks question after question within one time limit and tells of every point.

Points that an earlier attempt has stored answer their questions again without a search. Imports neither the web nor
the database.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from app.curves.book import Book
from app.curves.kinds import CurveKind
from app.curves.outcomes import weightiest
from app.curves.point_progress import PointProgress
from app.curves.points import Ground, disruption_json, pareto_json
from app.curves.remedies import curve_remedies
from app.curves.rounds import is_before, is_between
from app.curves.sizing import SizeCurve
from app.curves.wishes import with_travel
from app.curves.work import CurveWork
from app.jobs.judgement import Judge
from app.jobs.names import Names
from app.jobs.sentences import conflict_json
from app.jobs.solver_files import CRITERIA, CURVE, SEARCH, SolverFiles
from app.jobs.solver_reports import Tell
from app.scenarios.columns import texts
from app.scenarios.planning import Plan
from app.scenarios.schemas import Criteria, Search
from optimizer.curves.disruption import DisruptionCurve, Spending
from optimizer.curves.fewest import Fewest
from optimizer.curves.pareto import ENDS, ParetoSet
from optimizer.curves.questions import Answer, Question, answer, known_answer
from optimizer.references import references
from optimizer.result import Outcome, StopReason

SPARE_TRIES: Final = 0.5
"""Time is kept for so many tries more than a Pareto set has alignments: some are covered by others."""
FIRST_SHARE: Final = 3
"""The search for the fewest moves gets this part of the time that is left: every point begins with its answer."""


def answer_curve(
    files: SolverFiles,
    *,
    tell: Tell,
    stop: threading.Event,
    make_software: Callable[[int], dict[str, Any]],
    threads: int,
) -> dict[str, Any]:
    """Plan, ask, check and tell of every point; return the result as JSON.

    Raises
    ------
    ProblemError
        When the data do not allow to plan, or the checker rejects a point.
    """
    started = time.monotonic()
    tell("progress", phase="planning")
    search = Search.model_validate_json(files.path(SEARCH).read_bytes())
    work = CurveWork(
        asked=files.read_json(CURVE),
        tables=files.read_tables(),
        criteria=Criteria.model_validate_json(files.path(CRITERIA).read_bytes()),
        search=search,
        files=files,
        tell=tell,
        stop=stop,
        software=make_software(search.seed),
        threads=threads,
        started=started,
    )
    if work.asked["kind"] == CurveKind.SIZE:
        sizes = SizeCurve(work)
        sizes.run()
        return sizes.result()
    return _answered(work)


def _answered(work: CurveWork) -> dict[str, Any]:
    """Answer a curve whose points are all of one question's data."""
    is_pareto = work.asked["kind"] == CurveKind.PARETO
    planned = work.planned(
        with_travel(work.criteria) if is_pareto else work.criteria,
        known=work.files.read_centers(),
        tell=lambda: work.tell("progress", phase="placing"),
    )
    solver = CurveSolver(planned, work)
    solver.run()
    names = work.names(planned)
    relaxations = solver.relaxations(names)
    return solver.result(names) | {"alignment": None, "relaxations": relaxations, "problem": None}


class CurveSolver:
    """One curve on its way.

    Parameters
    ----------
    planned
        The scenario's question.
    work
        What is asked of it, and what it is answered with.
    """

    def __init__(self, planned: Plan, work: CurveWork) -> None:
        self._problem, self._planned, self._work, asked = planned.problem, planned, work, work.asked
        self._references = references(planned.problem, planned.criteria)
        measure = asked["wanted"]["measure"]
        total = float(planned.problem.amount[:, planned.problem.measure_index(measure)].sum())
        self._ground = Ground(
            problem=planned.problem,
            criteria=planned.criteria,
            measure=measure,
            total=total,
            relative_to=self._references,
        )
        self._curve = self._make_curve(asked)
        self._judge = Judge(work.tables, work.normalized, planned)
        self._book = Book(
            planned,
            self._judge,
            criteria=work.normalized,
            files=work.files,
            relative_to=self._references,
            attempt=asked["attempt"],
            software=work.software,
        )
        self._shares = work.shares()
        self._stored = self._stored_answers(asked["points"])
        self._untold = {point["key"] for point in asked["points"] if point.get("number", 0) is not None}
        self._asked = self._num_known = 0
        self._go_on(asked)
        self._reasons: list[StopReason] = []
        self._name: str | None = None

    def run(self) -> None:
        """Ask and answer until the curve is complete, the time is over, or a stop is wanted."""
        dialogue = self._curve.questions()
        question = next(dialogue, None)
        while question is not None:
            found = self._answer(question)
            if found is None:
                break
            self._untold.discard(question.key)
            known = list(self._curve.points)
            try:
                question = dialogue.send(found)
            except StopIteration:
                question = None
            self._untold -= {point.question.key for point in self._curve.points}
            if self._curve.points != known and not self._untold:  # who tells of less than is stored deletes the rest
                self._write()
        is_last = not self._work.asked.get("part")
        if isinstance(self._curve, ParetoSet) and is_last and not self._work.stop.is_set():
            for question, found in self._curve.fill():
                self._book.check(question, found)
        self._write()

    def relaxations(self, names: Names) -> list[dict[str, Any]]:
        """Look for what would help where no point is possible, in the time that is left; return it as JSON."""
        if self._outcome() is not Outcome.INFEASIBLE:
            return []
        work = self._work
        work.tell("progress", phase="relaxing", **self._counts())
        total_s = work.search.time_limit_s
        left_s = total_s if work.search.deterministic else max(0.0, total_s - work.elapsed_s())
        return curve_remedies(
            self._planned,
            stop=work.until(left_s),
            params=work.params,
            seed=work.search.seed,
            judge=self._judge,
            names=names,
            files=work.files,
            software=work.software,
        )

    def _outcome(self) -> Outcome:
        if any(point.answer.alignment is not None for point in self._curve.points):
            return Outcome.FEASIBLE
        return Outcome.INFEASIBLE if self._curve.is_impossible else Outcome.UNKNOWN

    def result(self, names: Names) -> dict[str, Any]:
        """Return what the job ends with."""
        return {
            "outcome": self._outcome().value,
            "stop_reason": weightiest(self._reasons).value,
            "points": self._name,
            "conflicts": [conflict_json(conflict, names) for conflict in self._curve.conflicts],
            "progress": self._work.last_progress(self._counts()),
        }

    def _answer(self, question: Question) -> Answer | None:
        """Return the answer of an earlier attempt, of a search, or of what is known; None to end the curve."""
        stored = self._stored.get(question.key)
        if stored is not None:
            return stored
        work = self._work
        seconds = None if work.stop.is_set() else self._shares.next_s(self._questions_left(question))
        self._asked += 1
        if seconds is None:
            self._reasons.append(StopReason.STOPPED if work.stop.is_set() else StopReason.TIME_LIMIT)
            is_over = work.stop.is_set() or isinstance(self._curve, ParetoSet)
            if is_over and self._curve.points:
                return None
            found = known_answer(self._problem, question, relative_to=self._references)
        else:
            found = answer(
                self._problem,
                question,
                work.until(seconds),
                relative_to=self._references,
                seed=work.search.seed,
                params=work.params,
                on_progress=PointProgress(self._planned, question, tell=work.tell, counts=self._counts()),
            )
            self._reasons.append(found.stop_reason)
        if question.is_point:
            self._book.check(question, found)
        if question.is_point and self._planned.centers:  # a bound for chosen centers is none for free ones
            outcome = Outcome.FEASIBLE if found.outcome is Outcome.OPTIMAL else found.outcome
            return replace(found, lower_bound=None, outcome=outcome)
        return found

    def _write(self) -> None:
        curve = self._curve
        if isinstance(curve, ParetoSet):
            points, summary = pareto_json(self._ground, curve)
        else:
            points, summary = disruption_json(self._ground, curve)
        found = {point.question.key: point.answer.alignment for point in curve.points}
        told = [self._book.told(point, found[point["key"]]) for point in points]
        self._name = self._book.write(told, summary)
        self._work.tell("points", name=self._name)

    def _questions_left(self, question: Question) -> float:
        """Return among how many questions the time is shared; what all points begin with gets a third of it."""
        planned = self._curve.num_planned
        if not question.is_point and not self._work.search.deterministic:
            return FIRST_SHARE
        if isinstance(self._curve, ParetoSet):
            return self._tries_left()
        return planned - len(self._curve.points) + (2 if not self._curve.points else 0)

    def _tries_left(self) -> float:
        """Return among how many tries the time of a Pareto set is shared, or that of some of its questions.

        Of work, each has its part of the whole set's wherever it is asked.
        """
        part: list[int] = self._work.asked.get("part") or []
        tries = int(self._curve.num_planned * (1 + SPARE_TRIES))
        if self._work.search.deterministic:
            return tries
        if is_between(part):
            return len(part) * (1 + SPARE_TRIES) - self._asked
        return max(2, tries - self._asked)

    def _counts(self) -> dict[str, int]:
        done, planned = len(self._curve.points) - self._num_known, self._curve.num_planned
        return {"points_done": max(0, done), "points_planned": max(done, planned)}

    def _make_curve(self, asked: Mapping[str, Any]) -> DisruptionCurve | ParetoSet:
        wanted, planned = asked["wanted"], self._planned
        if asked["kind"] == CurveKind.PARETO:
            return ParetoSet(
                planned.problem,
                planned.criteria,
                measure=wanted["measure"],
                num_wanted=wanted["alignments"],
                relative_to=self._references,
                part=asked.get("part"),
            )
        moves = wanted["moves"]
        spending = Spending(
            measure=wanted["measure"],
            shares=tuple(wanted["shares"] or ()),
            moves=tuple(moves) if isinstance(moves, list) else (),
            around_needed=moves == "auto",
        )
        known = tuple((asked["summary"].get(name) or {}).get("amount") for name in ("least", "needed"))
        return DisruptionCurve(
            planned.problem,
            planned.criteria,
            spending,
            relative_to=self._references,
            known=(known[0], known[1]) if asked["points"] else (None, None),
        )

    def _go_on(self, asked: Mapping[str, Any]) -> None:
        """Let a later part of a Pareto set know what the parts before it have found."""
        summary, part = asked["summary"], asked.get("part")
        if not isinstance(self._curve, ParetoSet) or part is None or list(ENDS) == part:
            return
        before = [point for point in asked["points"] if is_before(part, point, num_wanted=self._curve.num_planned)]
        found = sorted((point["number"], point["key"]) for point in before)
        least = Fewest(**(summary.get("least") or {}))
        self._curve.know(least, summary.get("ends") or (), [(number, self._stored[key]) for number, key in found])
        self._num_known = len(self._curve.points)
        self._untold -= {point["key"] for point in before}

    def _stored_answers(self, points: list[dict[str, Any]]) -> dict[str, Answer]:
        alignments = {}
        for file in {point["file"] for point in points if point["file"] is not None}:
            alignments[file] = self._planned.alignment(texts(self._work.files.read_assignments(file), "rep_id"))
            self._book.remember(file, alignments[file])
        return {
            point["key"]: Answer(
                outcome=Outcome(point["outcome"]),
                stop_reason=StopReason(point["stop_reason"]),
                alignment=alignments.get(point["file"]),
                lower_bound=point["lower_bound"],
            )
            for point in points
        }
