import threading
import time

import numpy as np
import pytest

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Criteria, Disruption, Target
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Outcome, Progress, StopReason
from optimizer.score import score
from optimizer.solve import solve
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime
from optimizer.validation import violations
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import random_problem

LIMIT = MaxRuntime(600.0)
"""Far beyond what any search here takes that ends by a gap or a proof: kernels may have to be compiled first."""


def team(
    *, num_accounts: int = 300, num_reps: int = 6, seed: int = 0, tolerance: float = 0.05
) -> tuple[Problem, Criteria]:
    """Return a team on a plane whose hard bands are tight enough to keep the search busy."""
    rng = np.random.default_rng(seed)
    points, homes = rng.uniform(0, 100, (num_accounts, 2)), rng.uniform(0, 100, (num_reps, 2))
    travel = np.sqrt(((points[:, None] - homes[None]) ** 2).sum(axis=2))
    workload = rng.lognormal(1.0, 0.8, num_accounts)
    potential = workload**0.6 * rng.lognormal(0.0, 0.7, num_accounts)
    problem = Problem(
        measures=("accounts", "workload", "potential"),
        amount=np.column_stack([np.ones(num_accounts), workload, potential]),
        current=(travel * rng.lognormal(0.0, 0.3, travel.shape)).argmin(axis=1),
        family=np.arange(num_accounts, dtype=np.int32),
        locked=rng.random(num_accounts) < 0.02,
        fte=np.ones(num_reps),
        active=np.ones(num_reps, dtype=np.bool_),
        capacity_min=np.zeros((num_reps, 3)),
        capacity_max=np.full((num_reps, 3), np.inf),
        target=np.full((num_reps, 3), np.nan),
        travel=travel,
    )
    criteria = Criteria(
        balance=(
            Balance(measure="workload", target=Target.FTE, tolerance=tolerance, hard=True),
            Balance(measure="potential", target=Target.EQUAL, tolerance=2 * tolerance, hard=True),
        ),
        travel_weight=50.0,
        disruption=Disruption(weight=30.0, measure="workload"),
    )
    return problem, criteria


@pytest.mark.parametrize("seed", range(40))
def test_small_problems_agree_with_brute_force(seed: int) -> None:
    """With every criterion mixed: no wrong optimum, no wrong infeasible, no bound above the truth."""
    problem, criteria = random_problem(seed)
    truth = brute_force(problem, criteria).optimum
    result = solve(problem, criteria, AnyOf((LIMIT, GapBelow(1e-9))), seed=seed)
    if truth is None:
        assert result.outcome in (Outcome.INFEASIBLE, Outcome.UNKNOWN)
        return
    assert result.outcome in (Outcome.OPTIMAL, Outcome.FEASIBLE)
    assert result.alignment is not None
    assert result.objective is not None
    assert violations(problem, criteria, result.alignment) == ()
    assert result.objective == score(problem, criteria, result.alignment).objective
    assert result.objective >= truth - 1e-9 * abs(truth)
    if result.lower_bound is not None:
        assert result.lower_bound <= truth + 1e-9 * abs(truth) + 1e-12
    if result.outcome is Outcome.OPTIMAL:
        assert result.objective == pytest.approx(truth, rel=1e-7, abs=1e-9)


def test_a_middling_problem_gets_a_small_proven_gap() -> None:
    """300 accounts and 6 reps in hard bands end feasible, audited, and within a percent of the bound."""
    problem, criteria = team()
    result = solve(problem, criteria, AnyOf((LIMIT, GapBelow(0.01))))
    assert result.outcome in (Outcome.OPTIMAL, Outcome.FEASIBLE)
    assert result.alignment is not None
    assert violations(problem, criteria, result.alignment) == ()
    assert result.objective is not None
    assert result.lower_bound is not None
    assert 0 <= result.objective - result.lower_bound <= 0.01 * result.objective
    assert result.stop_reason in (StopReason.GAP, StopReason.PROVED)


def test_progress_only_gets_better() -> None:
    """Reported objectives fall, bounds rise, and every alignment handed over keeps the criteria."""
    problem, criteria = team(seed=1)
    told: list[Progress] = []
    solve(problem, criteria, AnyOf((LIMIT, GapBelow(0.003))), on_progress=told.append)
    objectives = [report.objective for report in told if report.objective is not None]
    bounds = [report.lower_bound for report in told if report.lower_bound is not None]
    assert objectives == sorted(objectives, reverse=True)
    assert bounds == sorted(bounds)
    handed = [report.alignment for report in told if report.alignment is not None]
    assert handed
    assert all(violations(problem, criteria, alignment) == () for alignment in handed)


def test_a_stop_is_obeyed_long_before_the_limit() -> None:
    """An event set in mid-search ends it with the best so far; benchmarks measure how soon."""
    problem, criteria = team(seed=2, num_accounts=600, num_reps=12)
    event = threading.Event()

    def stop_once_found(report: Progress) -> None:
        if report.alignment is not None:
            event.set()

    result = solve(problem, criteria, AnyOf((Cancelled(event), LIMIT)), on_progress=stop_once_found)
    assert result.stop_reason in (StopReason.STOPPED, StopReason.PROVED)
    assert result.alignment is not None


def test_a_warm_start_is_never_made_worse() -> None:
    """With next to no time, the answer is at least as good as the feasible alignment it began with."""
    problem, criteria = team(seed=3)
    first = solve(problem, criteria, AnyOf((LIMIT, GapBelow(0.02))))
    assert first.alignment is not None
    assert first.objective is not None
    again = solve(problem, criteria, MaxRuntime(0.05), initial=first.alignment, seed=7)
    assert again.objective is not None
    assert again.outcome is not Outcome.UNKNOWN
    assert again.objective <= first.objective


def test_deterministic_answers_do_not_depend_on_order_or_time() -> None:
    """Shuffled rows, renumbered reps and a busy machine give the same alignment up to the numbering."""
    problem, criteria = team(seed=4, num_accounts=120, num_reps=4)
    params = SolveParams(deterministic=True)
    first = solve(problem, criteria, MaxRuntime(1.0), params=params)
    rng = np.random.default_rng(0)
    accounts, reps = rng.permutation(120), rng.permutation(4)
    place = np.argsort(reps)
    shuffled = problem.replace(
        amount=problem.amount[accounts],
        current=place[problem.current[accounts]],
        locked=problem.locked[accounts],
        fte=problem.fte[reps],
        active=problem.active[reps],
        travel=problem.travel[np.ix_(accounts, reps)] if problem.travel is not None else None,
    )
    busy = threading.Event()
    load = threading.Thread(target=_spin, args=(busy,), daemon=True)
    load.start()
    second = solve(shuffled, criteria, MaxRuntime(1.0), params=params)
    busy.set()
    load.join()
    assert first.alignment is not None
    assert second.alignment is not None
    assert (place[first.alignment.rep[accounts]] == second.alignment.rep).all()


def _spin(until: threading.Event) -> None:
    while not until.is_set():
        sum(range(1000))
        time.sleep(0)


def test_an_infeasible_wish_is_answered_with_a_relaxation() -> None:
    """Capacities below the total are an answer: infeasible, shown by arithmetic, with a change that helps."""
    problem, criteria = team(seed=5, num_accounts=40, num_reps=3)
    capacity = np.array(problem.capacity_max)
    capacity[:, 1] = 0.25 * problem.amount[:, 1].sum()
    result = solve(problem.replace(capacity_max=capacity), criteria, LIMIT)
    assert result.outcome is Outcome.INFEASIBLE
    assert result.alignment is None
    assert result.conflicts
    assert result.relaxations


def test_a_start_that_breaches_everything_is_only_a_start() -> None:
    """All accounts with one rep is no answer, but the search goes on from there."""
    problem, criteria = team(seed=6, num_accounts=80, num_reps=4)
    result = solve(problem, criteria, AnyOf((LIMIT, GapBelow(0.05))), initial=Alignment(np.zeros(80, dtype=np.int32)))
    assert result.outcome in (Outcome.OPTIMAL, Outcome.FEASIBLE)
