"""What makes a scenario impossible, told without a solve: proofs by arithmetic, and relaxations where they are cheap.

Owns the problem that proofs need: loads, limits and who may serve whom, but no travel. Everything it says is proved;
that it says nothing proves nothing. A relaxation is offered only with an alignment that verifies it; for a large
problem that takes a solve, so there each conflict's ``fix`` tells the amount that arithmetic gives, and a job the rest.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from app.alignments.columns import Flags
from app.alignments.ground import Ground, ground_of
from app.alignments.pair_facts import PairFacts
from app.datasets.tables import DatasetTables
from app.jobs.names import Names, counted
from app.jobs.sentences import conflict_json, relaxation_json
from app.scenarios.columns import texts
from app.scenarios.place_costs import has_place_costs
from app.scenarios.places import free_reps
from app.scenarios.schemas import Criteria, Travel
from app.scenarios.wishes import optimizer_criteria
from optimizer.conflicts import conflicts
from optimizer.criteria import Criteria as Wanted
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Conflict, Relaxation
from optimizer.search.clock import Clock
from optimizer.search.remedies import remedies
from optimizer.stop import MaxRuntime

BLOCK_PAIRS: Final = 4_000_000
CHEAP_PAIRS: Final = 6_000
"""Accounts times reps up to which relaxations are looked for at once; larger problems leave them to a job."""

RELAX_S: Final = 3.0
"""Seconds that relaxations of a small problem may take."""


def diagnosis_json(tables: DatasetTables, criteria: Criteria) -> dict[str, Any]:
    """Return what is proved of a scenario, as the API shows it."""
    started = time.monotonic()
    ground = ground_of(tables)
    if _waits_for_costs(tables, criteria):  # a job will ask, or choose places; until then nothing is known
        criteria = criteria.model_copy(update={"travel": Travel(weight=0.0)})
    problem, wanted = question_without_travel(ground, criteria)
    found = conflicts(problem, wanted)
    columns = ground.columns
    names = Names(columns.account_ids, columns.rep_ids, texts(tables.accounts, "name"), texts(tables.reps, "name"))
    offered = _relaxations(problem, wanted, found) if found else ()
    return {
        "outcome": "infeasible" if found else "unknown",
        "sentence": diagnosis_sentence(len(found), len(offered)),
        "conflicts": [conflict_json(conflict, names) for conflict in found],
        "relaxations": [relaxation_json(relaxation, names) for relaxation in offered],
        "elapsed_s": round(time.monotonic() - started, 3),
    }


def _waits_for_costs(tables: DatasetTables, criteria: Criteria) -> bool:
    if not criteria.travel.has_pair_costs:
        return False
    is_asked = criteria.travel.source == "minutes" and tables.pairs is None
    return is_asked or (has_place_costs(tables) and len(free_reps(tables, criteria, {})) > 0)


def diagnosis_sentence(num_conflicts: int, num_relaxations: int) -> str:
    """Say in one sentence what a diagnosis found, or that it found nothing, which proves nothing."""
    if not num_conflicts:
        return "Adding up proves no conflict. That is no promise: a job tells whether an alignment keeps all criteria."
    proved = f"{counted(num_conflicts, 'conflict')} {'is' if num_conflicts == 1 else 'are'} proved"
    if num_relaxations:
        helps = f"{counted(num_relaxations, 'relaxation')} would help, each with an alignment that shows it"
    else:
        helps = "each says what would end it, and a job looks for relaxations with an alignment"
    return f"No alignment keeps all criteria: {proved}; {helps}."


def question_without_travel(ground: Ground, criteria: Criteria) -> tuple[Problem, Wanted]:
    """Return a dataset's problem with all limits and permissions, and the criteria without travel and compactness."""
    facts = PairFacts(ground, criteria)
    problem = ground.problem.replace(
        possible=_possible(facts),
        mismatch=ground.is_missing[ground.requirement] if ground.is_missing.any() else None,
    )
    wanted = optimizer_criteria(
        criteria,
        totals=dict(zip(problem.measures, problem.amount.sum(axis=0).tolist(), strict=True)),
        account_index=ground.account_index,
        rep_index=ground.rep_index,
    )
    return problem, wanted.replace(travel_weight=0.0, compactness_weight=0.0)


def _possible(facts: PairFacts) -> Flags | None:
    """Return which pairs the data allow, block by block; None when they allow all. Shape ``(accounts, reps)``."""
    ground = facts.ground
    pairs = ground.columns.pairs
    limits = np.isfinite(ground.max_distance_km).any() or facts.has_costs
    if not limits and (pairs is None or not pairs.forbidden.any()):
        return None
    shape = ground.columns.num_accounts, ground.columns.num_reps
    possible = np.ones(shape, dtype=np.bool_)
    if not limits and pairs is not None:
        account, rep = np.divmod(pairs.key[pairs.forbidden], shape[1])
        possible[account, rep] = False
        return possible
    step = max(1, BLOCK_PAIRS // shape[1])
    for first in range(0, shape[0], step):
        block = np.arange(first, min(first + step, shape[0]))
        possible[block] = ~facts.table(block)[2]
    return possible


def _relaxations(problem: Problem, wanted: Wanted, found: Sequence[Conflict]) -> Sequence[Relaxation]:
    """Return verified relaxations of different kinds, the cheapest first; none for a large problem."""
    if problem.num_accounts * problem.num_reps > CHEAP_PAIRS:
        return ()
    stop = MaxRuntime(RELAX_S)
    return remedies(problem, wanted, found, stop=stop, clock=Clock(), params=SolveParams(), least_s=RELAX_S)
