"""A curve over team sizes in the solver's process: one question a size, each on data with so many reps.

Owns the way from a size to a checked alignment with the question that it answers. Sizes that an earlier attempt has
stored are not solved again. Imports neither the web nor the database.
"""

from dataclasses import replace
from typing import Any

from app.curves.outcomes import any_found, outcome_of, weightiest
from app.curves.points import judged_json
from app.curves.size_points import joined, size_json
from app.curves.work import NOTHING_TOLD, CurveWork
from app.datasets.tables import DatasetTables
from app.errors import Fault, ProblemError
from app.jobs.centers import unproven_for
from app.jobs.judgement import Judge, Judged, discrepancies
from app.jobs.sentences import conflict_json
from app.scenarios.planning import Plan
from app.scenarios.team_sizes import team_of
from checker import CheckReport
from optimizer.result import Outcome, Progress, Result, StopReason
from optimizer.solve import solve


class SizeCurve:
    """One curve over sizes on its way, or a part of one: all sizes are independent of each other.

    Parameters
    ----------
    work
        What is asked, and what it is answered with.
    """

    def __init__(self, work: CurveWork) -> None:
        self._work, self._wanted = work, work.asked["wanted"]
        self._sizes: list[int] = work.asked.get("part") or self._wanted["sizes"]
        self._points: list[dict[str, Any]] = list(work.asked["points"])
        self._conflicts: list[dict[str, Any]] = []
        self._reasons: list[StopReason] = []
        self._name = ""
        self._num_curves = 0
        self._shares = work.shares()

    def run(self) -> None:
        """Answer size after size until all are known or the time is over."""
        known = {point["key"] for point in self._points}
        left = [reps for reps in self._sizes if str(reps) not in known]
        is_stopped = self._work.stop.is_set
        for number, reps in enumerate(left):
            seconds = None if is_stopped() else self._shares.next_s(self._sharing(len(left) - number))
            if seconds is None:
                self._reasons.append(StopReason.STOPPED if is_stopped() else StopReason.TIME_LIMIT)
                break
            self._points.append(self._answered(reps, seconds))
            self._write()
        self._write()

    def result(self) -> dict[str, Any]:
        """Return what the job ends with."""
        return {
            "outcome": outcome_of(self._points).value,
            "stop_reason": weightiest(self._reasons).value,
            "points": self._name,
            "conflicts": [] if any_found(self._points) else self._conflicts,
            "relaxations": [],
            "alignment": None,
            "problem": None,
            "progress": self._work.last_progress(self._counts()),
        }

    def _sharing(self, left: int) -> int:
        """Return among how many sizes the time is shared: of work, each has its part of the whole curve's."""
        return len(self._wanted["sizes"]) if self._work.search.deterministic else left

    def _answered(self, reps: int, seconds: float) -> dict[str, Any]:
        work = self._work
        tables = team_of(work.tables, work.criteria, reps)
        search = work.search.model_copy(update={"time_limit_s": seconds})
        planned = work.planned(
            work.criteria, tables=tables, search=search, known={}, tell=lambda: self._progress(reps, None)
        )
        result = solve(
            planned.problem,
            planned.criteria,
            work.until(seconds),
            seed=search.seed,
            params=work.params,
            on_progress=lambda progress: self._progress(reps, progress),
        )
        self._reasons.append(result.stop_reason)
        result = unproven_for(result, tables, planned.centers)
        if result.violations:  # the least bad of a search that found none that keeps the limits
            result = replace(result, alignment=None)
        names = work.names(planned, tables=tables)
        self._conflicts = self._conflicts or [conflict_json(conflict, names) for conflict in result.conflicts]
        point = size_json(planned, result, key=str(reps), reps=reps, within_km=self._wanted["within_km"])
        file, report = self._written(tables, planned, result, reps=reps)
        return point | {"file": file, **judged_json(report)}

    def _written(
        self, tables: DatasetTables, planned: Plan, result: Result, *, reps: int
    ) -> tuple[str | None, CheckReport | None]:
        """Write a size's alignment with the question that it answers, once the checker has confirmed it."""
        if result.alignment is None:
            return None, None
        work = self._work
        report = Judge(tables, work.normalized, planned).report(result.alignment)
        wrong = discrepancies(report, result)
        if wrong:
            raise ProblemError(
                "CHECKER_REJECTED",
                f"The alignment with {reps} reps failed the independent check and was not published; report the job.",
                faults=[Fault(code="CHECKER_REJECTED", detail=item.detail) for item in wrong],
            )
        judged = Judged(report=report, outcome=Outcome.FEASIBLE.value)
        name = f"size-{work.asked['attempt']}-{reps}"
        changed = {} if tables is work.tables else {"reps": tables.reps}
        work.files.write_relaxed(name, changed, criteria=work.normalized)
        work.files.write_alignment(
            name, planned.assignments(result.alignment), judged.summary(software=dict(work.software))
        )
        return name, report

    def _write(self) -> None:
        summary, self._points = joined(self._wanted, self._points)
        self._num_curves += 1
        self._name = f"curve-{self._num_curves}.json"
        self._work.files.write_json(self._name, {"points": self._points, "summary": summary})
        self._work.tell("points", name=self._name)

    def _progress(self, reps: int, progress: Progress | None) -> None:
        told = dict.fromkeys(NOTHING_TOLD)
        if progress is not None:
            told |= {"objective": progress.objective, "violations": progress.violations}
        self._work.tell("progress", phase=f"{reps} reps", **told, **self._counts())

    def _counts(self) -> dict[str, int]:
        return {"points_done": len(self._points), "points_planned": len(self._sizes)}
