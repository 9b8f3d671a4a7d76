"""The hard rules on single assignments: active rep, locks, forbidden pairs, frozen reps, skills, radius, families."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from checker.agreement import agreeing
from checker.alignment import Assigned
from checker.allowed import Allowed
from checker.geography import distance_km
from checker.items import family_items
from checker.report import Violation
from checker.tolerances import is_above

MAX_LISTED = 20
"""The most accounts that one violation lists."""

Ints = NDArray[np.int64]


def assignment_violations(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    """Yield every breach of a rule on single assignments."""
    yield from _existence(allowed, assigned)
    yield from _locks(allowed, assigned)
    yield from _forbidden(allowed, assigned)
    yield from _frozen(allowed, assigned)
    if allowed.criteria.is_eligibility_hard:
        yield from _skills(allowed, assigned)
    yield from _radius(allowed, assigned)
    if allowed.criteria.are_families_together:
        yield from _families(allowed, assigned)


def is_missing_skill(allowed: Allowed, assigned: Assigned) -> NDArray[np.bool_]:
    """Return which accounts go to a rep without a skill they require, shape ``(accounts,)``."""
    return (assigned.rep >= 0) & ~allowed.is_eligible[allowed.requirement, assigned.rep]


def _counted(
    allowed: Allowed, criterion: str, accounts: Ints, *, rep: int | None, sentence: str
) -> Iterator[Violation]:
    """Yield one violation for accounts of which there may be none."""
    if len(accounts) == 0:
        return
    data = allowed.data
    yield Violation(
        criterion=criterion,
        measure=None,
        rep_id=None if rep is None else data.rep_ids[rep],
        account_ids=tuple(data.account_ids[account] for account in accounts[:MAX_LISTED]),
        value=float(len(accounts)),
        limit=0.0,
        by=float(len(accounts)),
        detail=f"{len(accounts):,} account{'s' if len(accounts) > 1 else ''} {agreeing(len(accounts), sentence)}.",
    )


def _by_rep(allowed: Allowed, criterion: str, accounts: Ints, reps: Ints, *, sentence: str) -> Iterator[Violation]:
    for rep in np.unique(reps):
        named = sentence.format(rep=allowed.data.rep_ids[rep])
        yield from _counted(allowed, criterion, accounts[reps == rep], rep=int(rep), sentence=named)


def _existence(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    data = allowed.data
    unknown = np.array(sorted(assigned.unknown), dtype=np.int64)
    yield from _counted(allowed, "rep", unknown, rep=None, sentence="go to an id that is no rep")
    left = np.flatnonzero((assigned.rep >= 0) & ~data.is_active[assigned.rep])
    yield from _by_rep(allowed, "active", left, assigned.rep[left], sentence="go to '{rep}', who is not active")
    if not allowed.criteria.is_unassigned_allowed:
        nobody = np.setdiff1d(np.flatnonzero(assigned.rep < 0), unknown)
        yield from _counted(allowed, "unassigned", nobody, rep=None, sentence="stay without a rep")


def _locks(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    broken = [(account, rep) for account, rep in allowed.locked_to if rep < 0 or assigned.rep[account] != rep]
    lost = np.array(sorted({account for account, rep in broken if rep < 0}), dtype=np.int64)
    yield from _counted(allowed, "locks", lost, rep=None, sentence="are locked without a current rep")
    pairs = np.array(sorted({pair for pair in broken if pair[1] >= 0}), dtype=np.int64).reshape(-1, 2)
    yield from _by_rep(allowed, "locks", pairs[:, 0], pairs[:, 1], sentence="are locked to '{rep}' and go elsewhere")


def _forbidden(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    data, pairs = allowed.data, allowed.data.pairs
    is_forbidden = np.zeros(data.num_accounts, dtype=np.bool_)
    account, rep = allowed.forbidden.T
    is_forbidden[account[assigned.rep[account] == rep]] = True
    row, pair = data.pair_of(assigned.rep)
    is_forbidden[row] |= pairs.is_forbidden[pair]
    if allowed.criteria.has_pair_costs:
        is_priced = np.zeros(data.num_accounts, dtype=np.bool_)
        is_priced[row] = ~np.isnan(pairs.cost[pair])
        is_forbidden |= (assigned.rep >= 0) & ~is_priced
    if data.detour is not None:
        way = data.detour[np.arange(data.num_accounts), assigned.rep]
        is_forbidden |= (assigned.rep >= 0) & np.isinf(way)
    accounts = np.flatnonzero(is_forbidden)
    yield from _by_rep(allowed, "forbid", accounts, assigned.rep[accounts], sentence="may not go to '{rep}'")


def _frozen(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    current = allowed.data.current
    for rep in np.flatnonzero(allowed.is_frozen):
        changed = np.flatnonzero((current == rep) != (assigned.rep == rep))
        sentence = f"enter or leave '{allowed.data.rep_ids[rep]}', who is frozen"
        yield from _counted(allowed, "frozen_reps", changed, rep=int(rep), sentence=sentence)


def _skills(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    missing = np.flatnonzero(is_missing_skill(allowed, assigned))
    sentence = "require a skill that '{rep}' lacks"
    yield from _by_rep(allowed, "eligibility", missing, assigned.rep[missing], sentence=sentence)


def _radius(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    data = allowed.data
    held = np.flatnonzero((assigned.rep >= 0) & np.isfinite(data.max_distance_km[assigned.rep]))
    distance = distance_km(data.account_point[held], data.rep_point[assigned.rep[held]])
    for rep in np.unique(assigned.rep[held]):
        limit = float(data.max_distance_km[rep])
        mine = assigned.rep[held] == rep
        far = [(d, a) for d, a in zip(distance[mine], held[mine], strict=True) if is_above(d, limit)]
        if not far:
            continue
        far.sort(reverse=True)
        worst = float(far[0][0])
        yield Violation(
            criterion="max_distance_km",
            measure=None,
            rep_id=data.rep_ids[rep],
            account_ids=tuple(data.account_ids[account] for _, account in far[:MAX_LISTED]),
            value=worst,
            limit=limit,
            by=worst - limit,
            detail=f"{len(far)} of '{data.rep_ids[rep]}'s accounts lie beyond {limit:g} km, up to {worst:.3f} km.",
        )


def _families(allowed: Allowed, assigned: Assigned) -> Iterator[Violation]:
    data = allowed.data
    items = family_items(data.account_ids, data.parent_ids)
    rep = assigned.rep[items.order]
    highest = np.maximum.reduceat(rep, items.start[:-1])
    lowest = np.minimum.reduceat(rep, items.start[:-1])
    for item in np.flatnonzero(highest != lowest):
        members = items.order[items.start[item] : items.start[item + 1]]
        places = len(np.unique(assigned.rep[members]))
        yield Violation(
            criterion="families",
            measure=None,
            rep_id=None,
            account_ids=tuple(data.account_ids[account] for account in members[:MAX_LISTED]),
            value=float(places),
            limit=1.0,
            by=float(places - 1),
            detail=f"The family of '{data.account_ids[members[0]]}' is split {places} ways.",
        )
