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
from app.curves.point_progress import PointProgress
from app.curves.points import Ground, disruption_json, pareto_json
from app.curves.remedies import curve_remedies
from app.curves.sizing import SizeCurve
from app.curves.time_shares import TimeShares
from app.curves.wishes import with_travel
from app.jobs.centers import placed
from app.jobs.judgement import Judge
from app.jobs.names import Names
from app.jobs.sentences import conflict_json
from app.jobs.solver_files import CRITERIA, CURVE, SEARCH, SolverFiles
from app.jobs.solver_reports import Tell
from app.scenarios.columns import texts
from app.scenarios.planning import Plan
from app.scenarios.schemas import Criteria, Search
from optimizer.curves.disruption import DisruptionCurve, Spending
from optimizer.curves.pareto import ParetoSet
from optimizer.curves.questions import Answer, Question, answer, known_answer
from optimizer.params import SolveParams
from optimizer.references import references
from optimizer.result import Outcome, StopReason
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime, NoImprovement, StopCriterion

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
    asked = files.read_json(CURVE)
    tables = files.read_tables()
    criteria = Criteria.model_validate_json(files.path(CRITERIA).read_bytes())
    search = Search.model_validate_json(files.path(SEARCH).read_bytes())
    if asked["kind"] == CurveKind.SIZE:
        sizes = SizeCurve(
            tables,
            criteria,
            search,
            asked=asked,
            files=files,
            tell=tell,
            stop=stop,
            software=make_software(search.seed),
            threads=threads,
            started=started,
        )
        sizes.run()
        return sizes.result()
    planned = placed(
        tables,
        with_travel(criteria) if asked["kind"] == CurveKind.PARETO else criteria,
        search,
        files=files,
        known=files.read_centers(),
        stop=stop,
        threads=threads,
        tell=lambda: tell("progress", phase="placing"),
    )
    solver = CurveSolver(
        planned,
        asked,
        search,
        judge=Judge(tables, criteria.model_dump(mode="json"), planned),
        criteria=criteria.model_dump(mode="json"),
        files=files,
        tell=tell,
        stop=stop,
        software=make_software(search.seed),
        threads=threads,
        started=started,
    )
    solver.run()
    names = Names(planned.account_ids, planned.rep_ids, texts(tables.accounts, "name"), texts(tables.reps, "name"))
    relaxations = solver.relaxations(names)
    return solver.result(names) | {"alignment": None, "relaxations": relaxations, "problem": None}


class CurveSolver:
    """One curve on its way.

    Parameters
    ----------
    planned
        The scenario's question.
    asked
        The curve's: kind, what is wanted, and what earlier attempts have found.
    search
        Limits for all questions together.
    judge, criteria
        The checker under the scenario's criteria, and these.
    files, tell
        Where points are written and told.
    stop
        Ends the curve with the points so far.
    software, threads
        For the summaries and the search.
    started
        When the curve's time began, on the monotonic clock.
    """

    def __init__(
        self,
        planned: Plan,
        asked: Mapping[str, Any],
        search: Search,
        *,
        judge: Judge,
        criteria: Mapping[str, Any],
        files: SolverFiles,
        tell: Tell,
        stop: threading.Event,
        software: Mapping[str, Any],
        threads: int,
        started: float,
    ) -> None:
        self._problem, self._planned, self._search, self._tell, self._stop = (
            planned.problem,
            planned,
            search,
            tell,
            stop,
        )
        self._params = SolveParams(threads=threads, deterministic=search.deterministic, wants_remedies=False)
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
        self._book = Book(
            planned,
            judge,
            criteria=criteria,
            files=files,
            relative_to=self._references,
            attempt=asked["attempt"],
            software=software,
        )
        self._judge, self._files, self._software = judge, files, software
        self._started = started
        self._shares = TimeShares(
            search.time_limit_s, by_work=search.deterministic, clock=lambda: time.monotonic() - started
        )
        self._stored = self._stored_answers(asked["points"], files)
        self._asked = 0
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
            known = list(self._curve.points)
            try:
                question = dialogue.send(found)
            except StopIteration:
                question = None
            if self._curve.points != known:
                self._write()
        if isinstance(self._curve, ParetoSet) and not self._stop.is_set():
            for question, found in self._curve.fill():
                self._book.check(question, found)
        self._write()

    def relaxations(self, names: Names) -> list[dict[str, Any]]:
        """Look for what would help where no point is possible, in the time that is left; return it as JSON."""
        if self._outcome() is not Outcome.INFEASIBLE:
            return []
        self._tell("progress", phase="relaxing", **self._counts())
        total_s = self._search.time_limit_s
        left_s = total_s if self._search.deterministic else max(0.0, total_s - (time.monotonic() - self._started))
        return curve_remedies(
            self._planned,
            stop=self._stop_criterion(left_s),
            params=self._params,
            seed=self._search.seed,
            judge=self._judge,
            names=names,
            files=self._files,
            software=self._software,
        )

    def _outcome(self) -> Outcome:
        if any(point.answer.alignment is not None for point in self._curve.points):
            return Outcome.FEASIBLE
        return Outcome.INFEASIBLE if self._curve.is_impossible else Outcome.UNKNOWN

    def result(self, names: Names) -> dict[str, Any]:
        """Return what the job ends with."""
        return {
            "outcome": self._outcome().value,
            "stop_reason": self._stop_reason().value,
            "points": self._name,
            "conflicts": [conflict_json(conflict, names) for conflict in self._curve.conflicts],
            "progress": {
                "phase": "done",
                **dict.fromkeys(("objective", "lower_bound", "gap", "violations", "moved_accounts")),
                "elapsed_s": time.monotonic() - self._started,
                **self._counts(),
            },
        }

    def _answer(self, question: Question) -> Answer | None:
        """Return the answer of an earlier attempt, of a search, or of what is known; None to end the curve."""
        stored = self._stored.get(question.key)
        if stored is not None:
            return stored
        seconds = None if self._stop.is_set() else self._shares.next_s(self._questions_left(question))
        self._asked += 1
        if seconds is None:
            self._reasons.append(StopReason.STOPPED if self._stop.is_set() else StopReason.TIME_LIMIT)
            is_over = self._stop.is_set() or isinstance(self._curve, ParetoSet)
            if is_over and self._curve.points:
                return None
            found = known_answer(self._problem, question, relative_to=self._references)
        else:
            found = answer(
                self._problem,
                question,
                self._stop_criterion(seconds),
                relative_to=self._references,
                seed=self._search.seed,
                params=self._params,
                on_progress=PointProgress(self._planned, question, tell=self._tell, counts=self._counts()),
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
        self._tell("points", name=self._name)

    def _stop_criterion(self, seconds: float) -> StopCriterion:
        criteria: list[StopCriterion] = [Cancelled(self._stop), MaxRuntime(seconds), GapBelow(self._search.gap)]
        if self._search.no_improvement_s is not None:
            criteria.append(NoImprovement(self._search.no_improvement_s))
        return AnyOf(tuple(criteria))

    def _questions_left(self, question: Question) -> int:
        """Return among how many questions the time is shared; what all points begin with gets a third of it."""
        planned = self._curve.num_planned
        if not question.is_point and not self._search.deterministic:
            return FIRST_SHARE
        if isinstance(self._curve, ParetoSet):
            return max(2, int(planned * (1 + SPARE_TRIES)) - self._asked)
        return planned - len(self._curve.points) + (2 if not self._curve.points else 0)

    def _counts(self) -> dict[str, int]:
        done, planned = len(self._curve.points), self._curve.num_planned
        return {"points_done": done, "points_planned": max(done, planned)}

    def _stop_reason(self) -> StopReason:
        """Return the reason that weighs most: a stop, the time, and only then what the searches ended with."""
        for reason in (StopReason.STOPPED, StopReason.TIME_LIMIT, StopReason.NO_IMPROVEMENT, StopReason.GAP):
            if reason in self._reasons:
                return reason
        return StopReason.PROVED

    def _make_curve(self, asked: Mapping[str, Any]) -> DisruptionCurve | ParetoSet:
        wanted, planned = asked["wanted"], self._planned
        if asked["kind"] == CurveKind.PARETO:
            return ParetoSet(
                planned.problem,
                planned.criteria,
                measure=wanted["measure"],
                num_wanted=wanted["alignments"],
                relative_to=self._references,
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

    def _stored_answers(self, points: list[dict[str, Any]], files: SolverFiles) -> dict[str, Answer]:
        alignments = {}
        for file in {point["file"] for point in points if point["file"] is not None}:
            alignments[file] = self._planned.alignment(texts(files.read_assignments(file), "rep_id"))
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
