"""What a curve of any kind is computed with in the solver's process. Imports neither the web nor the database."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.curves.time_shares import TimeShares
from app.datasets.tables import DatasetTables
from app.jobs.centers import placed
from app.jobs.names import Names
from app.jobs.solver_files import SolverFiles
from app.jobs.solver_reports import Tell
from app.scenarios.center import Centers
from app.scenarios.columns import texts
from app.scenarios.planning import Plan
from app.scenarios.schemas import Criteria, Search
from optimizer.params import SolveParams
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime, NoImprovement, StopCriterion

NOTHING_TOLD = ("objective", "lower_bound", "gap", "violations", "moved_accounts")


@dataclass(frozen=True, eq=False, kw_only=True)
class CurveWork:
    """A curve's question, and what it is answered with.

    Attributes
    ----------
    asked
        The curve's own: kind, what is wanted, which part of it, and what earlier attempts have found.
    tables, criteria, search
        The scenario's question; limits are for all points together.
    files, tell
        Where points are written and told.
    stop
        Ends the curve with the points so far.
    software, threads
        For the summaries and the search.
    started
        When the curve's time began, on the monotonic clock.
    """

    asked: Mapping[str, Any]
    tables: DatasetTables
    criteria: Criteria
    search: Search
    files: SolverFiles
    tell: Tell
    stop: threading.Event
    software: Mapping[str, Any]
    threads: int
    started: float

    @property
    def normalized(self) -> dict[str, Any]:
        """The scenario's criteria as the checker reads them."""
        return self.criteria.model_dump(mode="json")

    @property
    def params(self) -> SolveParams:
        """How each question is searched."""
        return SolveParams(threads=self.threads, deterministic=self.search.deterministic, wants_remedies=False)

    def elapsed_s(self) -> float:
        """Return the seconds since the curve's time began."""
        return time.monotonic() - self.started

    def shares(self) -> TimeShares:
        """Return the division of the time limit among the questions."""
        return TimeShares(self.search.time_limit_s, by_work=self.search.deterministic, clock=self.elapsed_s)

    def until(self, seconds: float) -> StopCriterion:
        """Return what ends the search for one point."""
        criteria: list[StopCriterion] = [Cancelled(self.stop), MaxRuntime(seconds), GapBelow(self.search.gap)]
        if self.search.no_improvement_s is not None:
            criteria.append(NoImprovement(self.search.no_improvement_s))
        return AnyOf(tuple(criteria))

    def planned(
        self,
        criteria: Criteria,
        *,
        tables: DatasetTables | None = None,
        search: Search | None = None,
        known: Centers,
        tell: Callable[[], None],
    ) -> Plan:
        """Return the plan of a question of this curve, with a center for every rep.

        Parameters
        ----------
        criteria
            What is wanted.
        tables, search
            Other than the scenario's own.
        known
            Centers that an earlier attempt has placed.
        tell
            Called when centers are looked for.
        """
        return placed(
            tables or self.tables,
            criteria,
            search or self.search,
            files=self.files,
            known=known,
            stop=self.stop,
            threads=self.threads,
            tell=tell,
        )

    def names(self, planned: Plan, *, tables: DatasetTables | None = None) -> Names:
        """Return the names that sentences say."""
        told = tables or self.tables
        return Names(planned.account_ids, planned.rep_ids, texts(told.accounts, "name"), texts(told.reps, "name"))

    def last_progress(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """Return the progress that the job ends with."""
        return {"phase": "done", **dict.fromkeys(NOTHING_TOLD), "elapsed_s": self.elapsed_s(), **counts}
