"""Remedies: relaxations of different kinds, each verified, the cheapest first, within the time that is left.

Owns which kinds are worth a try and how the time is shared among them. Every conflict names the kinds that could
help; of these, the ones whose wishes exist and without which arithmetic finds no conflict any more are tried one by
one. Where less than two suffice alone, kinds are joined until they do. Where nothing was found at all, any mix of
changes is taken, at last what the search's least bad alignment breaks.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from optimizer.alignment import Alignment
from optimizer.changes import ADD_REP, KINDS
from optimizer.conflicts import conflicts
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Conflict, Relaxation
from optimizer.search.clock import Clock
from optimizer.search.patience import Until
from optimizer.search.relaxation import relax
from optimizer.search.without import has_wish, without
from optimizer.stop import StopCriterion

LEAST_S: Final = 5.0
"""Seconds that remedies get even where the search's time is over: an answer without any helps nobody."""
MOST_S: Final = 120.0
"""Seconds after which nobody waits for more remedies, however much time the search has left."""
MOST_OFFERED: Final = 5
"""Relaxations that are offered at most."""
LARGE_PAIRS: Final = 5_000_000
"""Accounts times reps beyond which two or three remedies must do."""
MOST_OF_LARGE: Final = 3
MOST_OF_LARGE_S: Final = 240.0
"""Seconds for a large problem, whose first alignment alone takes more than a minute."""
FIRST_OF_LARGE: Final = 0.7
"""Share of the time that the first remedy of a large problem may take; the others can begin with its alignment."""
FEW: Final = 2
"""With fewer kinds that suffice alone, kinds that suffice together are offered, too."""

HELPS: Final[dict[str, tuple[str, ...]]] = {
    "NO_ELIGIBLE_REP": ("eligibility", "forbid", "lock", "frozen", "family", "unassigned"),
    "ACCOUNT_EXCEEDS_ANY_CAPACITY": ("capacity_max", "unassigned", "eligibility", "forbid"),
    "FAMILY_EXCEEDS_ANY_CAPACITY": ("family", "capacity_max", "unassigned", "eligibility", "forbid"),
    "LOCKS_EXCEED_CAPACITY": ("lock", "frozen", "capacity_max"),
    "CAPACITY_BELOW_TOTAL": ("capacity_max", ADD_REP, "unassigned"),
    "MINIMUM_ABOVE_TOTAL": ("capacity_min", "eligibility", "forbid", "lock", "frozen"),
    "GROUP_SHORT_OF_CAPACITY": ("capacity_max", "eligibility", ADD_REP, "unassigned", "forbid", "lock", "frozen"),
    "BUDGET_TOO_SMALL": ("budget", "tolerance", "capacity_max", "capacity_min", "eligibility", "forbid"),
    "CONTIGUITY_IMPOSSIBLE": (
        "lock",
        "frozen",
        "forbid",
        "eligibility",
        "family",
        "tolerance",
        "capacity_min",
        "unassigned",
    ),
    "BALANCE_IMPOSSIBLE": (
        "tolerance",
        "capacity_max",
        "capacity_min",
        "eligibility",
        "lock",
        "frozen",
        "forbid",
        "family",
        "unassigned",
        "budget",
        ADD_REP,
    ),
}
"""For each code the kinds of change that can end the conflict, the most natural first."""
UNNAMED: Final = ("tolerance", "capacity_max", "budget", "lock", "eligibility", "capacity_min", "frozen", "unassigned")
"""Kinds that are tried where a search proved what arithmetic does not see."""


def remedies(
    problem: Problem,
    criteria: Criteria,
    found: Sequence[Conflict],
    *,
    stop: StopCriterion,
    clock: Clock,
    params: SolveParams,
    seed: int = 0,
    initial: Alignment | None = None,
    least_s: float = LEAST_S,
) -> tuple[Relaxation, ...]:
    """Return verified relaxations of different kinds, the cheapest first; none where none was found in time.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    found
        The conflicts that arithmetic proves; empty where a search proved that there is no alignment.
    stop, clock
        The search's. Remedies take what time it has left, at least ``least_s`` and at most ``MOST_S`` (of a large
        problem ``MOST_OF_LARGE_S``), and end at once when somebody stops it.
    params
        Of the pipeline's components; says whether limits are in work.
    seed
        Of everything random, ≥ 0.
    initial
        The search's least bad alignment, read where nothing else is found.
    least_s
        Seconds that remedies get even where the search's time is over, ≥ 0.
    """
    is_large = problem.num_accounts * problem.num_reps > LARGE_PAIRS
    own = Until(stop, _end_s(stop, clock, least_s=least_s, most_s=MOST_OF_LARGE_S if is_large else MOST_S))
    most = MOST_OF_LARGE if is_large else MOST_OFFERED
    tried = [*_candidates(problem, criteria, found, stop=own, clock=clock), KINDS]
    offered: list[Relaxation] = []
    for number, kinds in enumerate(tried):
        elapsed = clock.elapsed_s
        left = own.time_left_s(elapsed)
        if len(offered) >= most or (offered and kinds is KINDS) or not (left > 0 or kinds is KINDS):
            continue
        waiting = float(min(len(tried) - number - bool(offered), most - len(offered)))
        if is_large and not offered:
            waiting = min(waiting, 1 / FIRST_OF_LARGE)
        relaxation = relax(
            problem,
            criteria,
            kinds=kinds,
            seed=seed,
            initial=initial if kinds is KINDS else None,
            stop=Until(stop, elapsed + left / waiting),
            clock=clock,
            search=params,
            overfull=_overfull(offered) if is_large else None,
        )
        if relaxation is not None and relaxation.changes:
            offered.append(relaxation)
    return tuple(sorted(_distinct(offered), key=lambda relaxation: relaxation.price))


def _end_s(stop: StopCriterion, clock: Clock, *, least_s: float, most_s: float) -> float:
    """Return when remedies end: with the search's time, but not before and not after so many seconds."""
    elapsed = clock.elapsed_s
    return elapsed + min(most_s, max(least_s, stop.time_left_s(elapsed)))


def _overfull(offered: Sequence[Relaxation]) -> Alignment | None:
    """Return the alignment of a remedy that raises nothing but maximums; None without one."""
    return next((one.alignment for one in offered if {change.kind for change in one.changes} == {"capacity_max"}), None)


def _candidates(
    problem: Problem, criteria: Criteria, found: Sequence[Conflict], *, stop: StopCriterion, clock: Clock
) -> Iterator[frozenset[str]]:
    """Yield sets of kinds that could suffice: single ones, else one kind for each conflict."""
    if not found:
        yield from (frozenset({kind}) for kind in UNNAMED if has_wish(problem, criteria, kind))
        return
    rest: dict[str, tuple[Conflict, ...]] = {}
    for kind in _natural(found):
        if kind != ADD_REP and not has_wish(problem, criteria, kind):
            continue
        if not stop.time_left_s(clock.elapsed_s) > 0:
            break
        if kind == ADD_REP:
            if all(ADD_REP in HELPS[conflict.code] for conflict in found):
                yield frozenset({kind})
            continue
        rest[kind] = conflicts(*without(problem, criteria, kind, found))
        if not rest[kind]:
            yield frozenset({kind})
    if sum(not left for left in rest.values()) < FEW:
        yield from _joined(problem, criteria, found, {kind: left for kind, left in rest.items() if left})


def _joined(
    problem: Problem, criteria: Criteria, found: Sequence[Conflict], rest: dict[str, tuple[Conflict, ...]]
) -> Iterator[frozenset[str]]:
    """Yield kinds that end all conflicts together, each kind that ends something joined by the ones it needs."""
    for first, left in rest.items():
        if len(left) >= len(found):
            continue
        joined, changed = [first], without(problem, criteria, first, found)
        while left:
            kind = next((kind for kind in _natural(left) if kind in rest and kind not in joined), None)
            if kind is None:
                break
            joined.append(kind)
            changed = without(*changed, kind, found)
            left = conflicts(*changed)
        if not left:
            yield frozenset(joined)


def _natural(found: Sequence[Conflict]) -> list[str]:
    """Return the kinds that conflicts name: every conflict's first kind, then every second, without repeats."""
    named = [HELPS[conflict.code] for conflict in found]
    longest = max(len(kinds) for kinds in named)
    return list(dict.fromkeys(kinds[place] for place in range(longest) for kinds in named if place < len(kinds)))


def _distinct(offered: Sequence[Relaxation]) -> list[Relaxation]:
    """Return one relaxation for each set of changes."""
    return list({relaxation.changes: relaxation for relaxation in reversed(offered)}.values())
