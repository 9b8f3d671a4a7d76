"""The pipeline on one screen: prove, bound, construct, improve, repair, and audit what leaves.

Steps live in :mod:`optimizer.search`, one a file; they meet in the incumbent, which alone knows what is best, what is
proven and when to stop.
"""

import math
from dataclasses import replace
from typing import Any, Final

from optimizer.alignment import Alignment
from optimizer.canonical import CanonicalOrder, canonical_order
from optimizer.certificate import PricedRow, certify
from optimizer.conflicts import conflicts
from optimizer.contiguity_conflicts import CODE as CONTIGUITY_IMPOSSIBLE
from optimizer.criteria import Contiguity, Criteria
from optimizer.design.incumbent import ConnectedIncumbent
from optimizer.design.search import improve_connected
from optimizer.params import SolveParams
from optimizer.problem import IntArray, Problem
from optimizer.result import Change, Conflict, Outcome, Progress, Relaxation, Result, StopReason
from optimizer.score import score
from optimizer.search.annealing_runs import anneal_from, reheated
from optimizer.search.bounding import Relaxed, bound_and_round
from optimizer.search.clock import Clock
from optimizer.search.column_search import column_search
from optimizer.search.evaluation import alignment_of
from optimizer.search.exact import BackgroundProof, solve_exactly
from optimizer.search.hot_columns import improve_hot_columns
from optimizer.search.incumbent import ProgressCallback
from optimizer.search.losses import Losses
from optimizer.search.neighborhoods import Neighborhoods
from optimizer.search.patience import Until
from optimizer.search.pattern_neighborhoods import PatternSearch, pattern_search
from optimizer.search.reduced_cost_fixing import remaining_pairs
from optimizer.search.remedies import remedies
from optimizer.search.repair import repair
from optimizer.search.rows import build_model
from optimizer.search.subproblem import Positions
from optimizer.search.transport import solve_transport
from optimizer.stop import StopCriterion
from optimizer.validation import violations

FIRST_EXACT: Final = 0.5
"""Share of the time that is left which the first exact solve may take."""
PAIRS_BESIDE_PATTERNS: Final = 2_000
"""Pairs left up to which a proof in the background is worth a core that searches by patterns."""
FEW_BREACHES: Final = 0.1
"""Breached limits per column up to which a given alignment is a place to go on from."""
WARM: Final = 0.1
"""First temperature of the cycle on such an alignment, relative to the usual one."""
WARM_EFFORT: Final = 0.3
"""Share of a cycle that such an alignment needs: exchanges do the rest better."""
EASED_S: Final = 5.0
"""Seconds for an alignment whose territories need not be connected, where they cannot be."""
EASED_PRICE: Final = 1.0
"""What giving up connected territories counts among other changes, in average territories."""
LAST_WAIT_S: Final = 0.25
"""Seconds that a proof in the background gets to end after its time."""


def solve(
    problem: Problem,
    criteria: Criteria,
    stop: StopCriterion,
    *,
    seed: int = 0,
    params: SolveParams | None = None,
    initial: Alignment | None = None,
    on_progress: ProgressCallback | None = None,
) -> Result:
    """Find the best alignment and prove how good it is, until a criterion says stop.

    Parameters
    ----------
    problem, criteria
        What is given, and what is wanted.
    stop
        When to end; asked all the time. The search ends by itself only when the answer is proven.
    seed
        Of everything random, ≥ 0.
    params
        Of the components; the defaults when None.
    initial
        An alignment to begin with; the answer is never worse, if it keeps the criteria.
    on_progress
        Called with what is new, from the calling thread.

    Returns
    -------
    Result
        ``optimal`` and ``feasible`` alignments breach nothing; an ``unknown`` result carries the least bad one.

    Raises
    ------
    InvalidCriteria
        When the criteria name what the problem does not hold.
    """
    params = params or SolveParams()
    if not params.deterministic:
        return _Search(problem, criteria, stop, seed=seed, params=params, on_progress=on_progress).run(initial)
    order = canonical_order(problem, criteria)
    search = _Search(
        *order.apply(problem, criteria), stop, seed=seed, params=params, on_progress=_in_order(order, on_progress)
    )
    return _restored(search.run(order.to_canonical(initial)), order, problem, criteria)


class _Search:
    """One question on its way through the pipeline."""

    def __init__(
        self,
        problem: Problem,
        criteria: Criteria,
        stop: StopCriterion,
        *,
        seed: int,
        params: SolveParams,
        on_progress: ProgressCallback | None,
    ) -> None:
        clock = Clock(by_work=params.deterministic)
        self._problem, self._criteria, self._seed, self._params = problem, criteria, seed, params
        self._incumbent = ConnectedIncumbent(
            problem, criteria, build_model(problem, criteria), stop=stop, clock=clock, on_progress=on_progress
        )
        self._proof_size = params.exact.tiny_pairs
        self._tried_pairs = -1
        self._patterns: PatternSearch | None = None
        self._is_warm = False

    def run(self, initial: Alignment | None) -> Result:
        """Go through all steps, until told to stop or until nothing is left to prove."""
        incumbent = self._incumbent
        incumbent.enter("checking")
        found = conflicts(self._problem, self._criteria)
        if found:
            return self._infeasible(found)
        if initial is not None:
            incumbent.offer_alignment(initial)
            self._is_warm = incumbent.num_violations() <= FEW_BREACHES * incumbent.model.num_columns
        is_hasty = self._criteria.contiguity is Contiguity.OFF
        relaxed = bound_and_round(incumbent, params=self._params, seed=self._seed, is_hasty=is_hasty)
        if relaxed.is_infeasible:
            return self._infeasible(())
        if self._criteria.contiguity is not Contiguity.OFF:
            question = (self._problem, self._criteria)
            improve_connected(self._incumbent, question, relaxed, params=self._params, seed=self._seed)
            return self._result()
        solve_transport(incumbent, relaxed.multipliers)
        if incumbent.proceed() and self._improve(relaxed):
            return self._infeasible(())
        return self._result()

    def _improve(self, relaxed: Relaxed) -> bool:
        """Make the best alignment better until told to stop; return True when there is none at all."""
        incumbent, params = self._incumbent, self._params
        losses = Losses(incumbent.model, relaxed.multipliers)
        self._patterns = pattern_search(incumbent, losses, params.patterns, seed=self._seed, threads=params.threads)
        is_general = self._patterns is None or not self._patterns.is_strong
        columns = None
        if self._patterns is None:
            columns = column_search(
                incumbent, losses, relaxed.multipliers, params.exchanges, seed=self._seed, threads=params.threads
            )
        background: BackgroundProof | None = None
        round_number = 0
        while incumbent.proceed():
            if is_general or round_number == 0 or incumbent.columns is None:
                self._anneal(relaxed, round_number)
            if incumbent.columns is None and incumbent.proceed():
                incumbent.enter("repair")
                repair(incumbent, losses, params.repair, seed=self._seed + round_number)
            if self._patterns is not None and incumbent.proceed():
                incumbent.enter("neighborhoods")
                self._patterns.run()
            if incumbent.proceed() and self._prove(relaxed):
                return True
            if background is None:
                background = self._prove_beside(relaxed)
            elif background.collect():
                self._proof_size = params.exact.most_pairs
            if columns is not None and incumbent.columns is not None and incumbent.proceed():
                incumbent.enter("neighborhoods")
                columns.run()
            if is_general and incumbent.columns is not None and incumbent.proceed():
                threads = max(1, params.threads - (background is not None))
                self._search_neighborhoods(losses, round_number, threads=threads, with_hot_columns=columns is None)
            round_number += 1
        if background is not None:
            background.collect(wait_s=LAST_WAIT_S)
        return False

    def _anneal(self, relaxed: Relaxed, round_number: int) -> None:
        """Cool the rounded relaxation, later the best alignment; one that was given is only warmed a little."""
        incumbent, params = self._incumbent, self._params
        incumbent.enter("local_search")
        start = incumbent.best_effort if round_number or self._is_warm else None
        cycle = params.local_search
        if self._is_warm and round_number == 0:
            cycle = reheated(cycle, share=WARM)
        elif round_number and incumbent.columns is not None:
            cycle = reheated(cycle)
        anneal_from(
            incumbent,
            relaxed.rounded if start is None else start,
            multipliers=relaxed.multipliers,
            params=cycle,
            effort=WARM_EFFORT if self._is_warm and round_number == 0 else 1.0,
            threads=params.threads,
            seed=self._seed + round_number,
        )

    def _search_neighborhoods(self, losses: Losses, round_number: int, *, threads: int, with_hot_columns: bool) -> None:
        """Solve groups of columns again with CP-SAT, those that alone lose much before all others."""
        incumbent, seed = self._incumbent, self._seed + round_number
        incumbent.enter("neighborhoods")
        if with_hot_columns:
            improve_hot_columns(incumbent, losses, threads=threads, seed=seed)
        Neighborhoods(incumbent.model, losses, self._params.neighborhoods, seed, threads).improve(incumbent)

    def _prove(self, relaxed: Relaxed) -> bool:
        """Solve what is left whole where that is small; return True when there is no alignment at all."""
        incumbent, params = self._incumbent, self._params.exact
        remaining = self._remaining(relaxed)
        if remaining is None or len(remaining[0]) > self._proof_size or len(remaining[0]) == self._tried_pairs:
            return False
        items, columns = remaining
        share = FIRST_EXACT if self._tried_pairs < 0 or self._patterns is not None else 1.0
        self._tried_pairs = len(items)
        incumbent.enter("exact")
        return solve_exactly(incumbent, items=items, columns=columns, params=params, share=share, seed=self._seed)

    def _prove_beside(self, relaxed: Relaxed) -> BackgroundProof | None:
        """Begin a proof in the background where the rest is not too large and the time for it is known."""
        incumbent = self._incumbent
        seconds = incumbent.seconds_left() - LAST_WAIT_S
        if not LAST_WAIT_S < seconds < math.inf or incumbent.columns is None or self._params.threads < 2:
            return None
        remaining = self._remaining(relaxed)
        most = self._params.exact.most_pairs if self._patterns is None else PAIRS_BESIDE_PATTERNS
        if remaining is None or len(remaining[0]) > most:
            return None
        items, columns = remaining
        return BackgroundProof(incumbent, items=items, columns=columns, seconds=seconds, seed=self._seed)

    def _remaining(self, relaxed: Relaxed) -> tuple[Positions, IntArray] | None:
        """Return the pairs that an alignment better than the best may use, or None where no solver takes so many."""
        remaining = remaining_pairs(
            self._incumbent.model,
            relaxed.multipliers,
            certified_bound=relaxed.bound,
            objective=self._incumbent.objective,
            keep=self._incumbent.columns,
        )
        if remaining is None or self._patterns is None:
            return remaining
        items, columns = remaining
        left = self._patterns.may_improve(items, columns)
        return items[left], columns[left]

    def _infeasible(self, found: tuple[Conflict, ...]) -> Result:
        """Answer that there is no alignment, why, and what would help."""
        incumbent = self._incumbent
        incumbent.enter("relaxing")
        start = incumbent.least_violating
        offered: tuple[Relaxation, ...] = ()
        if self._params.wants_remedies:
            offered = remedies(
                self._problem,
                self._criteria,
                found,
                stop=incumbent.stop,
                clock=incumbent.clock,
                params=self._params,
                seed=self._seed,
                initial=None if start is None else alignment_of(incumbent.model, start),
            )
            offered += self._without_contiguity(found)
        return Result(
            outcome=Outcome.INFEASIBLE,
            stop_reason=StopReason.PROVED,
            conflicts=found,
            relaxations=offered,
            statistics=self._statistics(),
        )

    def _without_contiguity(self, found: tuple[Conflict, ...]) -> tuple[Relaxation, ...]:
        """Return what ends every conflict of connected territories: an alignment in which they need not be."""
        if all(conflict.code != CONTIGUITY_IMPOSSIBLE for conflict in found):
            return ()
        eased = self._criteria.replace(contiguity=Contiguity.OFF)
        stop = Until(self._incumbent.stop, EASED_S)
        params = replace(self._params, wants_remedies=False)
        result = _Search(self._problem, eased, stop, seed=self._seed, params=params, on_progress=None).run(None)
        if result.alignment is None or result.violations:
            return ()
        change = Change(kind="contiguity")
        return (
            Relaxation(kind=change.kind, changes=(change,), total=1.0, alignment=result.alignment, price=EASED_PRICE),
        )

    def _result(self) -> Result:
        """Audit the best alignment on the raw numbers and say what is known of it."""
        incumbent = self._incumbent
        nothing = Result(
            outcome=Outcome.UNKNOWN,
            stop_reason=incumbent.stop_reason() or StopReason.NO_IMPROVEMENT,
            lower_bound=incumbent.lower_bound,
            bound_source=incumbent.bound_source,
            certified_bound=incumbent.certified_bound,
            multipliers=self._certificate(),
            statistics=self._statistics(),
        )
        if incumbent.best_effort is None:
            return nothing
        alignment = alignment_of(incumbent.model, incumbent.best_effort)
        breached = violations(self._problem, self._criteria, alignment)
        card = score(self._problem, self._criteria, alignment)
        found = replace(nothing, alignment=alignment, terms=card.terms, objective=card.objective, violations=breached)
        if breached:
            return found
        return replace(
            found,
            outcome=Outcome.OPTIMAL if incumbent.is_proven else Outcome.FEASIBLE,
            lower_bound=None if found.lower_bound is None else min(found.lower_bound, card.objective),
        )

    def _certificate(self) -> list[PricedRow] | None:
        """Return the priced rows that prove the certified bound, as plain data."""
        incumbent = self._incumbent
        if incumbent.multipliers is None:
            return None
        return certify(self._problem, self._criteria, incumbent.model, incumbent.multipliers)

    def _statistics(self) -> dict[str, Any]:
        incumbent = self._incumbent
        return {
            "seconds": incumbent.clock.wall_s,
            "first_feasible_s": incumbent.first_feasible_s,
            "items": incumbent.model.num_items,
            "columns": incumbent.model.num_columns,
        }


def _in_order(order: CanonicalOrder, on_progress: ProgressCallback | None) -> ProgressCallback | None:
    """Return a callback that hands over alignments in the caller's order."""
    if on_progress is None:
        return None

    def report(progress: Progress) -> None:
        alignment = None if progress.alignment is None else order.to_caller(progress.alignment)
        on_progress(replace(progress, alignment=alignment))

    return report


def _restored(result: Result, order: CanonicalOrder, problem: Problem, criteria: Criteria) -> Result:
    """Return a result on the canonical problem as one on the caller's."""
    changes: dict[str, Any] = {}
    if result.alignment is not None:
        changes["alignment"] = order.to_caller(result.alignment)
        changes["violations"] = violations(problem, criteria, changes["alignment"])
    if result.multipliers is not None:
        changes["multipliers"] = [order.row_to_caller(row) for row in result.multipliers]
    changes["conflicts"] = tuple(order.conflict_to_caller(conflict) for conflict in result.conflicts)
    changes["relaxations"] = tuple(order.relaxation_to_caller(relaxation) for relaxation in result.relaxations)
    return replace(result, **changes)
