"""Relax: the cheapest change found that makes an infeasible problem feasible, verified by an alignment.

Small problems are solved in an elastic model in integers, larger ones by the search's own pipeline with prices on
broken wishes. Either way the changes are read off the alignment and verified. A limit that is one number for many
reps (a tolerance, a budget for each rep) is then narrowed: a search under half of the change tells whether less
would do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from optimizer.alignment import Alignment
from optimizer.change_prices import Prices
from optimizer.changes import ADD_REP, KINDS, apply_changes, relaxation_for
from optimizer.conflicts import conflicts
from optimizer.consistency import check_fit
from optimizer.criteria import Criteria
from optimizer.exceptions import InvalidParameter
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Change, Relaxation
from optimizer.search.clock import Clock
from optimizer.search.construction import construct
from optimizer.search.elastic import ElasticModel
from optimizer.search.elastic_search import cheapest_breach
from optimizer.search.hiring import hired
from optimizer.search.patience import Until
from optimizer.search.shedding import shed
from optimizer.search.without import named_families, with_parted
from optimizer.stop import MaxRuntime, StopCriterion

UNASSIGNED_KIND: Final = "unassigned"
FIRST_SHARE: Final = 0.5
"""Share of the time that the first alignment may take where its changes can be narrowed afterwards."""
TRIALS: Final = 4
"""How often a change is halved at most."""
NARROW: Final = 0.02
"""A change is narrow enough when it is known to this part of itself."""


@dataclass(frozen=True, kw_only=True)
class RelaxParams:
    """How to look for a relaxation.

    Attributes
    ----------
    time_limit_s
        Seconds to look for it where no stop criterion is given, > 0.
    most_exact_pairs
        Accounts times active reps up to which the model in integers is solved, ≥ 0.
    prices
        What each change costs.
    """

    time_limit_s: float = 40.0
    most_exact_pairs: int = 6_000
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        if not self.time_limit_s > 0:
            raise InvalidParameter("the time for a relaxation must be above 0 s")


def relax(
    problem: Problem,
    criteria: Criteria,
    *,
    kinds: Iterable[str] = KINDS,
    seed: int = 0,
    params: RelaxParams | None = None,
    initial: Alignment | None = None,
    stop: StopCriterion | None = None,
    clock: Clock | None = None,
    search: SolveParams | None = None,
    overfull: Alignment | None = None,
) -> Relaxation | None:
    """Return the cheapest change found that makes a problem feasible, or None where none was found.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    kinds
        The kinds of change that may be proposed (:data:`optimizer.changes.KINDS`), or ``add_rep`` alone; ask once for
        each to offer a choice.
    seed
        Of everything random, ≥ 0.
    params
        Limits and prices.
    initial
        An alignment that breaks little, such as the search's least bad one; it decides where nothing else is found.
    stop, clock
        When to end, by whose time; the params' limit by the wall when not given.
    search
        Of the pipeline's components; says whether limits are in work.
    overfull
        An alignment that keeps everything but maximums, such as that of a relaxation that raises them. What is over
        them is left out, or is where the search for added reps begins; for problems too large for a search each.

    Returns
    -------
    Relaxation or None
        Its alignment keeps all criteria once its changes are applied; without changes where nothing was wrong.

    Raises
    ------
    InvalidCriteria
        When the criteria do not fit the problem.
    """
    check_fit(problem, criteria)
    search = search or SolveParams()
    ask = _Ask(
        problem=problem,
        criteria=criteria,
        params=params or RelaxParams(),
        stop=stop or MaxRuntime((params or RelaxParams()).time_limit_s),
        clock=clock or Clock(by_work=search.deterministic),
        search=search,
        seed=seed,
    )
    allowed = frozenset(kinds)
    if allowed == {ADD_REP}:
        return hired(problem, criteria, construct=ask.construct, prices=ask.params.prices, overfull=overfull)
    found = None
    if overfull is not None and allowed == {UNASSIGNED_KIND}:
        left_out = shed(problem, criteria, overfull)
        found = relaxation_for(problem, criteria, left_out, kinds=allowed, prices=ask.params.prices)
    found = found or ask.relax(allowed)
    if found is not None or initial is None:
        return found
    return relaxation_for(problem, criteria, initial, kinds=allowed, prices=ask.params.prices)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ask:
    """One question for a relaxation, with its time."""

    problem: Problem
    criteria: Criteria
    params: RelaxParams
    stop: StopCriterion
    clock: Clock
    search: SolveParams
    seed: int

    def relax(self, kinds: frozenset[str]) -> Relaxation | None:
        """Return a verified relaxation of some kinds."""
        problem = self._parted(kinds)
        if not problem.active.any():
            return None
        prices = self.params.prices
        if self._is_small(problem):
            exact = self._solve_exactly(problem, self.criteria, kinds, stop=self.stop)
            return None if exact is None else self._read(exact, kinds)
        can_narrow = "tolerance" in kinds or any(
            budget.scope != "total" for budget in self.criteria.disruption.budgets if "budget" in kinds
        )
        alignment = cheapest_breach(
            problem,
            self.criteria,
            kinds=kinds,
            prices=prices,
            stop=self._until(FIRST_SHARE if can_narrow else 1.0),
            clock=self.clock,
            params=self.search,
            seed=self.seed,
        )
        found = None if alignment is None else self._read(alignment, kinds)
        return found if found is None else self._narrowed(found, kinds)

    def construct(self, changes: Iterable[Change], *, share: float, initial: Alignment | None) -> Alignment | None:
        """Return an alignment under changes, or None where none was found in a share of the time left."""
        changed, wishes = apply_changes(self.problem, self.criteria, changes)
        if self._is_small(changed):
            return self._solve_exactly(changed, wishes, frozenset(), stop=self._until(share))
        return construct(
            changed,
            wishes,
            stop=self._until(share),
            clock=self.clock,
            params=self.search,
            seed=self.seed,
            initial=initial,
        )

    def _is_small(self, problem: Problem) -> bool:
        return problem.num_accounts * int(problem.active.sum()) <= self.params.most_exact_pairs

    def _solve_exactly(
        self, problem: Problem, criteria: Criteria, kinds: frozenset[str], *, stop: StopCriterion
    ) -> Alignment | None:
        model = ElasticModel(problem, criteria, kinds=kinds, prices=self.params.prices)
        return model.solve(stop=stop, clock=self.clock, threads=self.search.threads, seed=self.seed)

    def _parted(self, kinds: frozenset[str]) -> Problem:
        """Return the problem to search: with families parted that a conflict names, where they may part."""
        if "family" not in kinds or kinds == KINDS:
            return self.problem
        found = conflicts(self.problem, self.criteria)
        return with_parted(self.problem, named_families(self.problem, found))

    def _until(self, share: float) -> StopCriterion:
        elapsed = self.clock.elapsed_s
        return Until(self.stop, elapsed + share * self.stop.time_left_s(elapsed))

    def _read(self, alignment: Alignment, kinds: frozenset[str]) -> Relaxation | None:
        return relaxation_for(self.problem, self.criteria, alignment, kinds=kinds, prices=self.params.prices)

    def _narrowed(self, found: Relaxation, kinds: frozenset[str]) -> Relaxation:
        """Halve how far shared limits give way, as long as an alignment is found under less."""
        low, high = 0.0, 1.0
        widest = found
        for _ in range(TRIALS):
            if not any(_is_shared(change) for change in found.changes) or high - low < NARROW:
                break
            if self.clock.elapsed_s and not self.stop.time_left_s(self.clock.elapsed_s) > 0:
                break
            share = (low + high) / 2
            changes = [_scaled(change, share) for change in widest.changes]
            alignment = self.construct(changes, share=1 / 3, initial=None)
            narrower = None if alignment is None else self._read(alignment, kinds)
            if narrower is None:
                low = share
                continue
            high = share
            if narrower.price < found.price:
                found = narrower
        return found


def _is_shared(change: Change) -> bool:
    """Tell whether one number holds for many reps, so that a sum over reps does not make it small."""
    if change.after is None:
        return False
    return change.kind == "tolerance" or (change.kind == "budget" and change.scope != "total")


def _scaled(change: Change, share: float) -> Change:
    """Return a shared limit that gives way by a part only."""
    if not _is_shared(change) or change.after is None:
        return change
    before = change.before or 0.0
    return replace(change, after=before + share * (change.after - before))
