"""Validate an alignment: every hard criterion it breaches, with the exact amount.

Owns what is right. One criterion, one function; none of them knows a solver. Rules on single accounts are gathered
into one violation per rep that lists the accounts; limits on sums give one per rep and measure.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.alignment import Alignment
from optimizer.consistency import check_fit
from optimizer.contiguity import num_pieces, shared_units
from optimizer.criteria import Balance, Budget, BudgetScope, Contiguity, Criteria
from optimizer.items import items_of
from optimizer.measures import (
    Float64Array,
    is_moved,
    loads,
    mismatched,
    moved_amount,
    moved_in,
    moved_out,
)
from optimizer.problem import BoolArray, FloatArray, IntArray, Problem
from optimizer.result import Violation
from optimizer.score import alignment_targets
from optimizer.tolerances import slack


def violations(problem: Problem, criteria: Criteria, alignment: Alignment) -> tuple[Violation, ...]:
    """Return every breached hard criterion; empty when the alignment is right.

    Limits forgive the rounding of float sums (:mod:`optimizer.tolerances`). Reps who have left have neither capacity
    nor targets, but nothing may go to them.

    Raises
    ------
    InvalidCriteria, InvalidProblem
        When criteria or alignment do not fit the problem.
    """
    check_fit(problem, criteria)
    load = loads(problem, alignment)
    return (
        *unassigned(problem, criteria, alignment),
        *inactive(problem, alignment),
        *locks(problem, criteria, alignment),
        *forbidden(criteria, alignment),
        *impossible(problem, alignment),
        *frozen(problem, criteria, alignment),
        *eligibility(problem, criteria, alignment),
        *families(problem, criteria, alignment),
        *units(problem, criteria, alignment),
        *contiguity(problem, criteria, alignment),
        *capacity(problem, load),
        *(found for wish in criteria.balance for found in balance(problem, criteria, wish, load=load)),
        *(found for limit in criteria.disruption.budgets for found in budget(problem, limit, alignment)),
    )


def unassigned(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the accounts without a rep, where the criteria want one for each."""
    nobody = np.flatnonzero(alignment.rep < 0)
    if not criteria.unassigned.allowed and len(nobody):
        yield _counted("unassigned", nobody, rep=None)


def inactive(problem: Problem, alignment: Alignment) -> Iterator[Violation]:
    """Yield the accounts of reps who have left."""
    yield from _by_rep("inactive", _assigned(alignment) & ~problem.active[alignment.rep], rep=alignment.rep)


def locks(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the accounts that are not with the rep they are locked to, by that rep."""
    wished = np.array(criteria.locks, dtype=np.int64).reshape(-1, 2)
    own = np.flatnonzero(problem.locked)
    account = np.concatenate([own, wished[:, 0]])
    rep = np.concatenate([problem.current[own], wished[:, 1]])
    broken = alignment.rep[account] != rep
    for locked_to in np.unique(rep[broken]):
        yield _counted("lock", np.unique(account[broken & (rep == locked_to)]), rep=int(locked_to))


def forbidden(criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the accounts that went to a rep the criteria forbid."""
    pairs = np.array(criteria.forbid, dtype=np.int64).reshape(-1, 2)
    chosen = np.zeros(len(alignment.rep), dtype=np.bool_)
    chosen[pairs[alignment.rep[pairs[:, 0]] == pairs[:, 1], 0]] = True
    yield from _by_rep("forbid", chosen, rep=alignment.rep)


def impossible(problem: Problem, alignment: Alignment) -> Iterator[Violation]:
    """Yield the accounts that went to a rep the data rule out."""
    if problem.possible is None:
        return
    account = np.flatnonzero(_assigned(alignment))
    chosen = np.zeros(problem.num_accounts, dtype=np.bool_)
    chosen[account] = ~problem.possible[account, alignment.rep[account]]
    yield from _by_rep("possible", chosen, rep=alignment.rep)


def frozen(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the accounts that entered or left a frozen rep."""
    for rep in sorted(set(criteria.frozen_reps)):
        changed = np.flatnonzero((problem.current == rep) != (alignment.rep == rep))
        if len(changed):
            yield _counted("frozen", changed, rep=rep)


def eligibility(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the accounts whose rep lacks a required skill, where eligibility is hard."""
    if criteria.eligibility.hard:
        yield from _by_rep("eligibility", mismatched(problem, alignment), rep=alignment.rep)


def families(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the families that are split; ``by`` is the number of reps too many."""
    if not criteria.families_together:
        return
    items = items_of(problem, criteria.replace(contiguity=Contiguity.OFF))  # families alone, not with their units
    rep = alignment.rep[items.account]
    lowest = np.minimum.reduceat(rep, items.start[:-1])
    highest = np.maximum.reduceat(rep, items.start[:-1])
    for item in np.flatnonzero(lowest != highest):
        members = items.accounts_of(int(item))
        places = len(np.unique(alignment.rep[members]))
        yield Violation(
            criterion="family", accounts=tuple(members.tolist()), value=float(places), limit=1.0, by=places - 1.0
        )


def units(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the units that several reps share, where territories must be connected; ``by`` is the reps too many."""
    if criteria.contiguity is Contiguity.OFF or problem.units is None:
        return
    for unit in shared_units(problem.units, alignment):
        members = np.flatnonzero(problem.units.unit == unit)
        places = len(np.unique(alignment.rep[members][alignment.rep[members] >= 0]))
        yield Violation(
            criterion="unit", accounts=tuple(members.tolist()), value=float(places), limit=1.0, by=places - 1.0
        )


def contiguity(problem: Problem, criteria: Criteria, alignment: Alignment) -> Iterator[Violation]:
    """Yield the territories whose units fall apart; ``by`` is the number of pieces too many."""
    if criteria.contiguity is Contiguity.OFF or problem.units is None:
        return
    pieces = num_pieces(problem.units, alignment, num_reps=problem.num_reps)
    for rep in np.flatnonzero(pieces > 1):
        count = float(pieces[rep])
        yield Violation(criterion="contiguity", rep=int(rep), value=count, limit=1.0, by=count - 1.0)


def capacity(problem: Problem, load: Float64Array) -> Iterator[Violation]:
    """Yield the loads of active reps outside their capacity; ``load`` has shape ``(reps, measures)``."""
    for index, measure in enumerate(problem.measures):
        yield from _outside(
            problem,
            "capacity",
            measure,
            load=load[:, index],
            band=(problem.capacity_min[:, index], problem.capacity_max[:, index]),
        )


def balance(problem: Problem, criteria: Criteria, wish: Balance, *, load: Float64Array) -> Iterator[Violation]:
    """Yield the loads of active reps outside the band of a hard balance; a target of 0 allows only a load of 0."""
    if not wish.hard:
        return
    index = problem.measure_index(wish.measure)
    target = alignment_targets(problem, criteria, load)[:, index]
    yield from _outside(
        problem,
        "balance",
        wish.measure,
        load=load[:, index],
        band=((1 - wish.tolerance) * target, (1 + wish.tolerance) * target),
    )


def budget(problem: Problem, limit: Budget, alignment: Alignment) -> Iterator[Violation]:
    """Yield the overspending of one budget: in all, or of each rep."""
    if limit.scope is BudgetScope.TOTAL:
        spent = moved_amount(problem, alignment, limit.measure)
        if spent > limit.limit + slack(limit.limit):
            yield _overspent("max_moved", limit, is_moved(problem, alignment), rep=None, spent=spent)
        return
    is_in = limit.scope is BudgetScope.IN
    spending = (moved_in if is_in else moved_out)(problem, alignment, limit.measure)
    place = alignment.rep if is_in else problem.current
    for rep in np.flatnonzero(spending > limit.limit + slack(limit.limit)):
        yield _overspent(
            "max_in_per_rep" if is_in else "max_out_per_rep",
            limit,
            is_moved(problem, alignment) & (place == rep),
            rep=int(rep),
            spent=float(spending[rep]),
        )


def _overspent(criterion: str, limit: Budget, moved: BoolArray, *, rep: int | None, spent: float) -> Violation:
    return Violation(
        criterion=criterion,
        measure=limit.measure,
        rep=rep,
        accounts=tuple(np.flatnonzero(moved).tolist()),
        value=spent,
        limit=limit.limit,
        by=spent - limit.limit,
    )


def _outside(
    problem: Problem, criterion: str, measure: str, *, load: Float64Array, band: tuple[FloatArray, FloatArray]
) -> Iterator[Violation]:
    lowest, highest = band
    above = load - highest > slack(highest)
    below = lowest - load > slack(lowest)
    for rep in np.flatnonzero(problem.active & (above | below)):
        value = float(load[rep])
        limit = float(highest[rep] if above[rep] else lowest[rep])
        yield Violation(
            criterion=criterion, measure=measure, rep=int(rep), value=value, limit=limit, by=abs(value - limit)
        )


def _assigned(alignment: Alignment) -> BoolArray:
    assigned: BoolArray = alignment.rep >= 0
    return assigned


def _by_rep(criterion: str, concerned: BoolArray, *, rep: IntArray) -> Iterator[Violation]:
    for number in np.unique(rep[concerned]):
        yield _counted(criterion, np.flatnonzero(concerned & (rep == number)), rep=int(number))


def _counted(criterion: str, accounts: npt.NDArray[np.integer[Any]], *, rep: int | None) -> Violation:
    """Return the violation of a rule that should concern no account at all."""
    count = float(len(accounts))
    return Violation(criterion=criterion, rep=rep, accounts=tuple(accounts.tolist()), value=count, limit=0.0, by=count)
