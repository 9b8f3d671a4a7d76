"""A curve over team sizes in the solver's process: one question a size, each on data with so many reps.

Owns the way from a size to a checked alignment with the question that it answers. Sizes that an earlier attempt has
stored are not solved again. Imports neither the web nor the database.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.curves.points import judged_json
from app.curves.size_points import size_json, with_knee
from app.curves.time_shares import TimeShares
from app.datasets.tables import DatasetTables
from app.errors import Fault, ProblemError
from app.jobs.centers import placed, unproven_for
from app.jobs.judgement import Judge, Judged, discrepancies
from app.jobs.names import Names
from app.jobs.sentences import conflict_json
from app.jobs.solver_files import SolverFiles
from app.jobs.solver_reports import Tell
from app.scenarios.columns import texts
from app.scenarios.planning import Plan
from app.scenarios.schemas import Criteria, Search
from app.scenarios.team_sizes import team_of
from checker import CheckReport
from optimizer.params import SolveParams
from optimizer.result import Outcome, Progress, Result, StopReason
from optimizer.solve import solve
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime


class SizeCurve:
    """One curve over sizes on its way.

    Parameters
    ----------
    tables, criteria, search
        The scenario's question; limits are for all sizes together.
    asked
        What is wanted, and what earlier attempts have found.
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
        tables: DatasetTables,
        criteria: Criteria,
        search: Search,
        *,
        asked: Mapping[str, Any],
        files: SolverFiles,
        tell: Tell,
        stop: threading.Event,
        software: Mapping[str, Any],
        threads: int,
        started: float,
    ) -> None:
        self._tables, self._criteria, self._search = tables, criteria, search
        self._wanted, self._attempt = asked["wanted"], asked["attempt"]
        self._files, self._tell, self._stop = files, tell, stop
        self._software, self._threads, self._started = dict(software), threads, started
        self._points: list[dict[str, Any]] = list(asked["points"])
        self._conflicts: list[dict[str, Any]] = []
        self._reasons: list[StopReason] = []
        self._name = ""
        self._num_curves = 0
        self._shares = TimeShares(
            search.time_limit_s, by_work=search.deterministic, clock=lambda: time.monotonic() - started
        )

    def run(self) -> None:
        """Answer size after size until all are known or the time is over."""
        known = {point["key"] for point in self._points}
        left = [reps for reps in self._wanted["sizes"] if str(reps) not in known]
        for number, reps in enumerate(left):
            seconds = None if self._stop.is_set() else self._shares.next_s(len(left) - number)
            if seconds is None:
                self._reasons.append(StopReason.STOPPED if self._stop.is_set() else StopReason.TIME_LIMIT)
                break
            self._points.append(self._answered(reps, seconds))
            self._points.sort(key=lambda point: point["reps"])
            self._write()
        self._write()

    def result(self) -> dict[str, Any]:
        """Return what the job ends with."""
        found = any(point["file"] is not None for point in self._points)
        is_impossible = bool(self._points) and all(point["outcome"] == "infeasible" for point in self._points)
        outcome = Outcome.FEASIBLE if found else Outcome.INFEASIBLE if is_impossible else Outcome.UNKNOWN
        order = (StopReason.STOPPED, StopReason.TIME_LIMIT, StopReason.NO_IMPROVEMENT, StopReason.GAP)
        reason = next((reason for reason in order if reason in self._reasons), StopReason.PROVED)
        return {
            "outcome": outcome.value,
            "stop_reason": reason.value,
            "points": self._name,
            "conflicts": [] if found else self._conflicts,
            "relaxations": [],
            "alignment": None,
            "problem": None,
            "progress": {
                "phase": "done",
                **dict.fromkeys(("objective", "lower_bound", "gap", "violations", "moved_accounts")),
                "elapsed_s": time.monotonic() - self._started,
                **self._counts(),
            },
        }

    def _answered(self, reps: int, seconds: float) -> dict[str, Any]:
        tables = team_of(self._tables, self._criteria, reps)
        search = self._search.model_copy(update={"time_limit_s": seconds})
        planned = placed(
            tables,
            self._criteria,
            search,
            files=self._files,
            known={},
            stop=self._stop,
            threads=self._threads,
            tell=lambda: self._progress(reps, None),
        )
        result = solve(
            planned.problem,
            planned.criteria,
            AnyOf((Cancelled(self._stop), MaxRuntime(seconds), GapBelow(search.gap))),
            seed=search.seed,
            params=SolveParams(threads=self._threads, deterministic=search.deterministic, wants_remedies=False),
            on_progress=lambda progress: self._progress(reps, progress),
        )
        self._reasons.append(result.stop_reason)
        result = unproven_for(result, tables, planned.centers)
        if result.violations:  # the least bad of a search that found none that keeps the limits
            result = replace(result, alignment=None)
        self._conflicts = self._conflicts or _conflicts(result, planned, tables)
        point = size_json(planned, result, key=str(reps), reps=reps, within_km=self._wanted["within_km"])
        file, report = self._written(tables, planned, result, reps=reps)
        return point | {"file": file, **judged_json(report)}

    def _written(
        self, tables: DatasetTables, planned: Plan, result: Result, *, reps: int
    ) -> tuple[str | None, CheckReport | None]:
        """Write a size's alignment with the question that it answers, once the checker has confirmed it."""
        if result.alignment is None:
            return None, None
        normalized = self._criteria.model_dump(mode="json")
        report = Judge(tables, normalized, planned).report(result.alignment)
        wrong = discrepancies(report, result)
        if wrong:
            raise ProblemError(
                "CHECKER_REJECTED",
                f"The alignment with {reps} reps failed the independent check and was not published; report the job.",
                faults=[Fault(code="CHECKER_REJECTED", detail=item.detail) for item in wrong],
            )
        judged = Judged(report=report, outcome=Outcome.FEASIBLE.value)
        name = f"size-{self._attempt}-{reps}"
        changed = {} if tables is self._tables else {"reps": tables.reps}
        self._files.write_relaxed(name, changed, criteria=normalized)
        self._files.write_alignment(
            name, planned.assignments(result.alignment), judged.summary(software=self._software)
        )
        return name, report

    def _write(self) -> None:
        points, bend = with_knee(self._points)
        summary = {
            "balance_is": "measured",
            "points_planned": len(self._wanted["sizes"]),
            "knee": bend,
        }
        self._num_curves += 1
        self._name = f"curve-{self._num_curves}.json"
        self._files.write_json(self._name, {"points": points, "summary": summary})
        self._tell("points", name=self._name)

    def _progress(self, reps: int, progress: Progress | None) -> None:
        told = dict.fromkeys(("objective", "lower_bound", "gap", "violations", "moved_accounts"))
        if progress is not None:
            told |= {"objective": progress.objective, "violations": progress.violations}
        self._tell("progress", phase=f"{reps} reps", **told, **self._counts())

    def _counts(self) -> dict[str, int]:
        return {"points_done": len(self._points), "points_planned": len(self._wanted["sizes"])}


def _conflicts(result: Result, planned: Plan, tables: DatasetTables) -> list[dict[str, Any]]:
    names = Names(planned.account_ids, planned.rep_ids, texts(tables.accounts, "name"), texts(tables.reps, "name"))
    return [conflict_json(conflict, names) for conflict in result.conflicts]
