"""Solve what is left whole: by looking at everything, or with two solvers that do not know of each other.

What both say is proven; what only one says is a bound of its own (``search``), no proof. The part that is solved
contains every alignment better than the best known, so its infeasibility proves the best known optimal.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.exceptions import InvalidParameter
from optimizer.problem import IntArray
from optimizer.search.background_run import BackgroundRun
from optimizer.search.cp_sat import CpSatModel
from optimizer.search.enumeration import best_choice, num_choices
from optimizer.search.incumbent import PROVEN, Incumbent
from optimizer.search.mixed_integer import solve_mixed_integer
from optimizer.search.solver_answer import Answer, Effort
from optimizer.search.subproblem import Positions, Subproblem, whole_problem

POLL_S: Final = 0.02
"""Seconds between looks at the stop criterion while solvers run."""
LEAST_WORK: Final = 0.1
"""Units of work that a solver gets in any case."""
SOLVER_NOISE: Final = 1e-8
"""Part of a solver's bound that is taken off for its tolerances."""
AGREES: Final = 1e-7
"""Relative difference up to which the second solver confirms the first."""


@dataclass(frozen=True, kw_only=True)
class ExactParams:
    """When and how long exact solvers are used.

    Attributes
    ----------
    most_pairs
        Pairs left after fixing up to which a solver works on the whole problem in the background, ≥ 0.
    tiny_pairs
        The same for two solvers that have all cores, ≥ 0.
    most_choices
        Choices left up to which all are looked at instead, without a solver, ≥ 0.
    work
        Work of each solver in deterministic mode.
    """

    most_pairs: int = 30_000
    tiny_pairs: int = 800
    most_choices: int = 20_000
    work: float = 20.0

    def __post_init__(self) -> None:
        if min(self.most_pairs, self.tiny_pairs, self.most_choices) < 0 or not self.work > 0:
            raise InvalidParameter("numbers of pairs and choices must not be negative, and work must be above 0")


class Verdict:
    """What exact solving said of the whole problem."""

    def __init__(self, *, is_infeasible: bool = False) -> None:
        self.is_infeasible = is_infeasible


def solve_exactly(
    incumbent: Incumbent, *, items: Positions, columns: IntArray, params: ExactParams, share: float, seed: int
) -> bool:
    """Solve the pairs that are left; return True when the whole problem was proven infeasible.

    Better alignments and bounds go to the incumbent, and the proof that its best is optimal.

    Parameters
    ----------
    items, columns
        All pairs that a better alignment may use, sorted by item. Shape ``(pairs,)``.
    share
        Of the time that is left, in (0, 1]: by the wall, or in work, which then is at most ``params.work``.
    """
    model = incumbent.model
    if len(np.unique(items)) < model.num_items:
        return _nothing_better(incumbent)
    if num_choices(items) <= params.most_choices:
        best = best_choice(model, items, columns)
        if best is not None:
            incumbent.offer(best)
        return _nothing_better(incumbent)
    part = whole_problem(model, items, columns)
    effort = _effort(incumbent, params, share=share, seed=seed)
    integer = CpSatModel(part, outer=True)
    if incumbent.columns is not None:
        integer.hint(_pairs_of(part, incumbent.columns))
    # HiGHS counts no work, only nodes: with both limits in work the answers do not depend on the clock
    runs = [BackgroundRun(lambda: integer.solve(effort)), BackgroundRun(lambda: solve_mixed_integer(part, effort))]
    try:
        answers = _answers(incumbent, part, runs)
    finally:
        integer.stop()
    incumbent.clock.charge(max((answer.work for answer in answers if answer is not None), default=0.0))
    if len(answers) == len(runs) and all(answer is not None and answer.is_infeasible for answer in answers):
        return _nothing_better(incumbent)
    if _is_settled(incumbent, answers, of=len(runs)):
        incumbent.prove()
    return False


def _effort(incumbent: Incumbent, params: ExactParams, *, share: float, seed: int) -> Effort:
    """Return what each solver may spend, for a share of the time that is left."""
    work = np.inf
    if incumbent.clock.by_work:
        work = max(LEAST_WORK, min(params.work, share * incumbent.stop.time_left_s(incumbent.clock.elapsed_s)))
    return Effort(seconds=share * incumbent.seconds_left(), work=work, seed=seed)


def _answers(incumbent: Incumbent, part: Subproblem, runs: list[BackgroundRun]) -> list[Answer | None]:
    """Give the incumbent what the solvers say until that settles it or time is over; return what came by then."""
    waiting = list(runs)
    while waiting:
        ready = [run for run in waiting if run.is_over]
        if incumbent.clock.by_work:  # whoever is faster today must not decide between equals
            ready = [run for run in waiting[:1] if run.is_over]
        for run in ready:
            waiting.remove(run)
            if run.error is not None:
                raise run.error
            _take(incumbent, part, run.answer)
        if _is_settled(incumbent, [run.answer for run in runs if run not in waiting], of=len(runs)):
            break
        if not incumbent.proceed():
            break
        if waiting:
            waiting[0].wait(POLL_S)
    return [run.answer for run in runs if run not in waiting]


class BackgroundProof:
    """HiGHS on all that is left, beside the search, for its bound; what it says alone is no proof.

    Parameters
    ----------
    incumbent
        Gets the bound, and an alignment where the solver finds a better one.
    items, columns
        All pairs that a better alignment may use, sorted by item. Shape ``(pairs,)``.
    seconds
        Wall-clock limit, finite: the solver cannot be interrupted.
    """

    def __init__(self, incumbent: Incumbent, *, items: Positions, columns: IntArray, seconds: float, seed: int) -> None:
        self._incumbent = incumbent
        self._part = whole_problem(incumbent.model, items, columns)
        effort = Effort(seconds=seconds, seed=seed)
        self._run = BackgroundRun(lambda: solve_mixed_integer(self._part, effort))

    def collect(self, *, wait_s: float = 0.0) -> bool:
        """Take the answer if it is there, or comes within a moment; return whether the solver is through."""
        self._run.wait(wait_s)
        if not self._run.is_over:
            return False
        if self._run.error is not None:
            raise self._run.error
        answer = self._run.answer
        if answer is not None and answer.is_infeasible and self._incumbent.objective is not None:
            answer = Answer(lower_bound=self._incumbent.objective)
        _take(self._incumbent, self._part, answer)
        return answer is not None and (answer.is_optimal or answer.is_infeasible)


def _nothing_better(incumbent: Incumbent) -> bool:
    """Take note that no alignment is better than the best known; return True when there is none at all."""
    if incumbent.columns is None:
        return True
    incumbent.prove()
    return False


def _take(incumbent: Incumbent, part: Subproblem, answer: Answer | None) -> None:
    """Give the incumbent what a solver found."""
    if answer is None:
        return
    if answer.chosen is not None:
        incumbent.offer(part.applied(np.zeros(incumbent.model.num_items, dtype=np.int32), answer.chosen))
    if answer.lower_bound is not None:
        bound = answer.lower_bound - SOLVER_NOISE * abs(answer.lower_bound)
        if incumbent.objective is not None:
            bound = min(bound, incumbent.objective)
        incumbent.raise_bound(bound, source="search")


def _is_settled(incumbent: Incumbent, answers: list[Answer | None], *, of: int) -> bool:
    """Return whether all solvers say that nothing is better than the best known, one of them without slack."""
    objective = incumbent.objective
    if objective is None or len(answers) < of:
        return False
    short = [_shortfall(answer, objective) for answer in answers]
    return max(short) <= AGREES and min(short) <= 10 * PROVEN


def _shortfall(answer: Answer | None, objective: float) -> float:
    """Return how far, relatively, a solver's bound stays below the best objective; infinite without a word."""
    if answer is None:
        return np.inf
    if answer.is_infeasible:
        return 0.0
    if answer.lower_bound is None:
        return np.inf
    return max(0.0, (objective - answer.lower_bound) / max(abs(objective), 1e-12))


def _pairs_of(part: Subproblem, columns: IntArray) -> Positions:
    """Return the pair of each item that stands for its column."""
    return np.flatnonzero(part.pair_column == columns[part.items][part.pair_item])
