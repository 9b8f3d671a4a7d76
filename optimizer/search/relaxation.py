"""Relax: the cheapest change found that makes an infeasible problem feasible, verified by an alignment.

Small problems are solved in an elastic model in integers. For larger ones an elastic linear program says by how much
limits give way, and a search looks for an alignment under limits that give way so far. Either way the changes are read
off the alignment and verified.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from optimizer.alignment import Alignment
from optimizer.changes import KINDS, apply_changes, pair_changes, relaxation_for
from optimizer.consistency import check_fit
from optimizer.criteria import Criteria
from optimizer.exceptions import InvalidParameter
from optimizer.problem import Problem
from optimizer.result import Relaxation
from optimizer.search.clock import Clock
from optimizer.search.construction import construct
from optimizer.search.elastic import ElasticModel
from optimizer.search.elastic_pairs import Prices
from optimizer.search.elastic_program import ElasticProgram, widened

Constructor = Callable[[Problem, Criteria], Alignment | None]


@dataclass(frozen=True, kw_only=True)
class RelaxParams:
    """How long to look for a relaxation.

    Attributes
    ----------
    time_limit_s
        Seconds after which no further trial begins, > 0.
    elastic_s
        Seconds for each elastic model or program, > 0.
    construct_s
        Seconds for each search for an alignment under limits that gave way, > 0.
    most_exact_pairs
        Accounts times reps up to which the model in integers is solved, ≥ 0.
    most_pairs
        Pairs of the linear program, ≥ 1; of a larger problem the nearest ones.
    largest_problem
        Accounts times reps up to which anything but the initial alignment is looked at, ≥ 0.
    margins
        How far limits give way beyond the linear program's amounts, one trial each, in average territories, ≥ 0.
    prices
        What breaking a wish costs.
    """

    time_limit_s: float = 40.0
    elastic_s: float = 10.0
    construct_s: float = 8.0
    most_exact_pairs: int = 6_000
    most_pairs: int = 40_000
    largest_problem: int = 5_000_000
    margins: tuple[float, ...] = (0.01, 0.1, 0.5)
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        if not min(self.time_limit_s, self.elastic_s, self.construct_s) > 0:
            raise InvalidParameter("the time for a relaxation must be above 0 s")


def relax(
    problem: Problem,
    criteria: Criteria,
    *,
    kinds: Iterable[str] = KINDS,
    seed: int = 0,
    params: RelaxParams | None = None,
    initial: Alignment | None = None,
    constructor: Constructor | None = None,
) -> Relaxation | None:
    """Return the cheapest change found that makes a problem feasible, or None where none was found.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    kinds
        The kinds of change that may be proposed (:data:`optimizer.changes.KINDS`); ask once for each to offer a choice.
    seed
        Seed of the solver.
    params
        Limits and prices.
    initial
        An alignment that breaks little, such as the search's least bad one; it decides where nothing else is found.
    constructor
        Finds an alignment of a problem that gives way by the amounts of the linear program, or None;
        :func:`optimizer.search.construction.construct` when not given.

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
    params = params or RelaxParams()
    allowed = frozenset(kinds)
    for alignment in _proposals(problem, criteria, allowed, seed=seed, params=params, constructor=constructor):
        relaxation = relaxation_for(problem, criteria, alignment, kinds=allowed)
        if relaxation is not None:
            return relaxation
    return None if initial is None else relaxation_for(problem, criteria, initial, kinds=allowed)


def _proposals(
    problem: Problem,
    criteria: Criteria,
    kinds: frozenset[str],
    *,
    seed: int,
    params: RelaxParams,
    constructor: Constructor | None,
) -> Iterator[Alignment]:
    """Yield alignments whose violations should be cheap to forgive, the cheapest first."""
    num_pairs = problem.num_accounts * int(problem.active.sum())
    if num_pairs == 0 or num_pairs > params.largest_problem:
        return
    if num_pairs <= params.most_exact_pairs:
        model = ElasticModel(problem, criteria, kinds=kinds, prices=params.prices, most_pairs=num_pairs)
        alignment = model.solve(time_limit_s=params.elastic_s, seed=seed)
        if alignment is not None:
            yield alignment
        return
    search = constructor or partial(construct, seconds=params.construct_s, seed=seed)
    clock = Clock()
    waiting = [kinds]
    for tried in waiting:
        if clock.elapsed_s > params.time_limit_s:
            return
        program = ElasticProgram(problem, criteria, kinds=tried, prices=params.prices, most_pairs=params.most_pairs)
        proposal = program.proposal(time_limit_s=params.elastic_s)
        if proposal is None:
            continue
        limits, choice = proposal
        dropped = pair_changes(problem, criteria, choice)
        for number, margin in enumerate(params.margins):
            if clock.elapsed_s > params.time_limit_s:
                return
            wider = widened(limits, problem, margin=margin, for_all=number > 0)
            found = search(*apply_changes(problem, criteria, [*wider, *dropped]))
            if found is not None:
                yield found
        # several limits that give way a little are harder to search under than one that gives way alone
        used = sorted({change.kind for change in limits})
        if tried is kinds and len(used) > 1:
            waiting += [frozenset({kind}) for kind in used]
