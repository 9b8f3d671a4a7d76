"""The book of a curve while it is computed: checked alignments as files, and the curve as it stands after each point.

Runs in the solver's process; imports neither the web nor the database.
"""

from collections.abc import Mapping
from typing import Any

from app.curves.points import judged_json
from app.curves.wishes import question_criteria
from app.errors import Fault, ProblemError
from app.jobs.judgement import Judge, Judged
from app.jobs.solver_files import SolverFiles
from app.scenarios.planning import Plan
from checker import CheckReport, Discrepancy, check_claims
from optimizer.alignment import Alignment
from optimizer.curves.questions import Answer, Question
from optimizer.references import References
from optimizer.score import score


class Book:
    """Check every alignment of a curve before it is told of, and write what is told.

    Parameters
    ----------
    planned
        The scenario's question.
    judge
        Judges under the scenario's own criteria.
    criteria
        These, normalized.
    files
        Where alignments and curves are written.
    relative_to
        The references of the problem.
    attempt
        Stands in the names of files, which are unique within the job.
    software
        Versions and seed, for the summaries.
    """

    def __init__(
        self,
        planned: Plan,
        judge: Judge,
        *,
        criteria: Mapping[str, Any],
        files: SolverFiles,
        relative_to: References,
        attempt: int | str,
        software: Mapping[str, Any],
    ) -> None:
        self._planned, self._judge, self._criteria, self._files = planned, judge, criteria, files
        self._relative_to, self._attempt, self._software = relative_to, attempt, dict(software)
        measures, totals = planned.problem.measures, planned.problem.amount.sum(axis=0).tolist()
        self._totals = dict(zip(measures, totals, strict=True))
        self._reports: dict[bytes, tuple[str, CheckReport]] = {}
        self._remembered: set[bytes] = set()
        self._num_curves = self._num_files = 0

    def remember(self, file: str, alignment: Alignment) -> None:
        """Take an alignment that an earlier attempt has checked and stored."""
        content = alignment.rep.tobytes()
        self._reports[content] = file, self._judge.report(alignment)
        self._remembered.add(content)

    def check(self, question: Question, answer: Answer) -> None:
        """Hold an answer against the checker's own reading of the question.

        Raises
        ------
        ProblemError
            When the checker does not confirm it.
        """
        if answer.alignment is None:
            return
        card = score(self._planned.problem, question.criteria, answer.alignment, relative_to=self._relative_to)
        asked = self._judge.under(question_criteria(self._criteria, question.criteria, totals=self._totals))
        wrong = check_claims(
            asked.report(answer.alignment),
            card.objective,
            {term.name: term.weighted for term in card.terms},
            answer.lower_bound,
            answer.outcome.value,
        )
        if wrong:
            raise _rejected(question, wrong)

    def told(self, point: dict[str, Any], alignment: Alignment | None) -> dict[str, Any]:
        """Return a point with the name of its alignment's file, written once, and what the checker says of it."""
        if alignment is None:
            return point | {"file": None, **judged_json(None)}
        content = alignment.rep.tobytes()
        if content not in self._reports:
            self._num_files += 1
            file = f"point-{self._attempt}-{self._num_files}"
            report = self._judge.report(alignment)
            judged = Judged(report=report, outcome="infeasible" if report.violations else "feasible")
            self._files.write_alignment(
                file, self._planned.assignments(alignment), judged.summary(software=self._software)
            )
            self._reports[content] = file, report
        file, report = self._reports[content]
        return point | {"file": file, **judged_json(report)}

    def write(self, points: list[dict[str, Any]], summary: Mapping[str, Any]) -> str:
        """Write the curve as it stands now and return the file's name.

        What an earlier attempt has stored and is not told of is deleted with that; found again, it is written again.
        """
        told = {point["file"] for point in points}
        for content in [content for content in self._remembered if self._reports[content][0] not in told]:
            self._remembered.discard(content)
            del self._reports[content]
        self._num_curves += 1
        name = f"curve-{self._num_curves}.json"
        self._files.write_json(name, {"points": points, "summary": dict(summary)})
        return name


def _rejected(question: Question, wrong: tuple[Discrepancy, ...]) -> ProblemError:
    return ProblemError(
        "CHECKER_REJECTED",
        f"The point '{question.label}' failed the independent check and was not published; report the job's id.",
        faults=[Fault(code="CHECKER_REJECTED", detail=item.detail) for item in wrong],
    )
