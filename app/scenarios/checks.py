"""Criteria against the data that they are asked of: every fault at once, before anything is stored.

Pure functions from tables and criteria to faults. What contradicts itself without any data is refused by the
schemas; what merely cannot be met together is an answer of the optimizer, not a fault.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from app.datasets.tables import MAXIMUM_PREFIX, TARGET_PREFIX, DatasetTables
from app.errors import Fault
from app.scenarios.barrier_checks import barrier_faults
from app.scenarios.center_candidates import center_places
from app.scenarios.columns import Float64, flags, ids, numbers, texts
from app.scenarios.locks import lock_faults
from app.scenarios.place_costs import has_place_costs
from app.scenarios.places import free_reps, missing_places, needs_distance
from app.scenarios.schemas import AccountRep, Balance, Criteria
from app.validation import nearest
from optimizer.problem import ACCOUNTS

MAX_CANDIDATES = 20_000
"""Nearest names are looked for among so many ids at most."""


def criteria_faults(tables: DatasetTables, criteria: Criteria, *, most_travel_pairs: int | None = None) -> list[Fault]:
    """Return every fault of criteria asked of these tables, with pointers into a body that has ``criteria``.

    Parameters
    ----------
    tables, criteria
        The question.
    most_travel_pairs
        Most pairs that a job may ask the travel-time provider for; None where there is no provider.
    """
    account_ids, rep_ids = ids(tables.accounts), ids(tables.reps)
    faults = [
        *_measure_faults(criteria, (ACCOUNTS, *tables.measures())),
        *_pair_faults(criteria.locks, "locks", account_ids, rep_ids),
        *_pair_faults(criteria.forbid, "forbid", account_ids, rep_ids),
        *_frozen_faults(criteria.frozen_reps, rep_ids),
        *_target_faults(tables, criteria),
        *_travel_faults(tables, criteria, most_travel_pairs),
        *barrier_faults(criteria),
        *_contiguity_faults(tables, criteria),
    ]
    if not faults:
        faults = [*_place_faults(tables, criteria), *lock_faults(tables, criteria)]
    return faults


def _measure_faults(criteria: Criteria, measures: Sequence[str]) -> Iterator[Fault]:
    named = [(entry.measure, f"/criteria/balance/{index}/measure") for index, entry in enumerate(criteria.balance)]
    disruption = criteria.disruption
    named.append((disruption.measure, "/criteria/disruption/measure"))
    for field in ("max_moved", "max_in_per_rep", "max_out_per_rep"):
        named += [
            (measure, f"/criteria/disruption/{field}/share/{measure}") for measure in getattr(disruption, field).share
        ]
    for measure, pointer in named:
        if measure not in measures:
            yield _unknown("measure", measure, measures, pointer=pointer)


def _pair_faults(
    pairs: Sequence[AccountRep], field: str, account_ids: Sequence[str], rep_ids: Sequence[str]
) -> Iterator[Fault]:
    known_accounts, known_reps = set(account_ids), set(rep_ids)
    for index, pair in enumerate(pairs):
        if pair.account_id not in known_accounts:
            pointer = f"/criteria/{field}/{index}/account_id"
            yield _unknown("account", pair.account_id, account_ids, pointer=pointer)
        if pair.rep_id not in known_reps:
            yield _unknown("rep", pair.rep_id, rep_ids, pointer=f"/criteria/{field}/{index}/rep_id")


def _frozen_faults(frozen: Sequence[str], rep_ids: Sequence[str]) -> Iterator[Fault]:
    known = set(rep_ids)
    for index, rep_id in enumerate(frozen):
        if rep_id not in known:
            yield _unknown("rep", rep_id, rep_ids, pointer=f"/criteria/frozen_reps/{index}")


def _target_faults(tables: DatasetTables, criteria: Criteria) -> Iterator[Fault]:
    active = flags(tables.reps, "active", missing=True)
    if not active.any():
        return
    for index, entry in enumerate(criteria.balance):
        if entry.target == "equal":
            continue
        size = _target_basis(tables, entry)[active]
        lacking = int(np.count_nonzero(np.isnan(size)))
        if lacking == 0 and (entry.target == "given" or size.sum() > 0):
            continue
        field = {"given": "targets", "capacity": "capacity", "fte": "fte"}[entry.target]
        of_what = "fte" if entry.target == "fte" else f"{field} of {entry.measure}"
        short = f"but {lacking:,} of {size.size:,} active reps have none" if lacking else "but all of it adds up to 0"
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail=f"The balance of {entry.measure} takes its targets from each rep's {field}, {short}.",
            fix=f"Give every active rep {of_what}, or use another target.",
            pointer=f"/criteria/balance/{index}/target",
            value=entry.target,
            params={"measure": entry.measure, "lacking": lacking, "reps": int(size.size)},
        )


def _target_basis(tables: DatasetTables, entry: Balance) -> Float64:
    """Return what targets are in proportion to, or are; NaN where a rep has none. Shape ``(reps,)``."""
    if entry.target == "fte":
        return numbers(tables.reps, "fte", missing=1.0)
    return numbers(tables.reps, (TARGET_PREFIX if entry.target == "given" else MAXIMUM_PREFIX) + entry.measure)


def _travel_faults(tables: DatasetTables, criteria: Criteria, most_travel_pairs: int | None) -> Iterator[Fault]:
    source = criteria.travel.source
    if not criteria.travel.has_pair_costs:
        return
    if source == "minutes" and tables.pairs is None and most_travel_pairs is not None:
        yield from _asking_faults(tables, most_travel_pairs)
        return
    if tables.pairs is None or tables.pairs.num_rows == 0:
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail=f"travel.source is '{source}', but the dataset has no pairs.",
            fix="Send pairs with a cost, import the dataset with travel_times, or use 'great_circle'.",
            pointer="/criteria/travel/source",
            value=source,
        )
        return
    lacking = np.isnan(numbers(tables.pairs, "cost")) & ~flags(tables.pairs, "forbidden", missing=False)
    for row in np.flatnonzero(lacking).tolist():
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail=f"travel.source is '{source}', but this pair has no cost.",
            fix="Give the pair a cost, or mark it as forbidden.",
            pointer=f"/pairs/{row}/cost",
        )


def _asking_faults(tables: DatasetTables, most_travel_pairs: int) -> Iterator[Fault]:
    """Yield what keeps a job from asking for travel times: places that are not known, or too many pairs."""
    active = flags(tables.reps, "active", missing=True)
    everybody = np.ones(tables.accounts.num_rows, np.bool_)
    fix = "Send lat and lon, or send pairs with a cost and use 'pairs'."
    for noun, table, needed in (("accounts", tables.accounts, everybody), ("reps", tables.reps, active)):
        lost = missing_places(noun, (numbers(table, "lat"), numbers(table, "lon")), needed)
        yield from (replace(fault, fix=fix) for fault in lost)
    pairs = tables.accounts.num_rows * int(active.sum())
    if pairs > most_travel_pairs:
        yield Fault(
            code="TOO_MANY",
            detail=f"Travel times of {pairs:,} pairs of account and rep would be asked for; {most_travel_pairs:,} may.",
            fix="Import the dataset with the pairs that matter and their cost, or use 'great_circle'.",
            pointer="/criteria/travel/source",
            params={"pairs": pairs, "limit": most_travel_pairs},
        )


def _contiguity_faults(tables: DatasetTables, criteria: Criteria) -> Iterator[Fault]:
    if criteria.contiguity == "off":
        return
    if tables.units is None or tables.units.num_rows == 0:
        yield Fault(
            code="CONTRADICTORY_SETTING",
            detail=f"contiguity is '{criteria.contiguity}', but the dataset has no units.",
            fix="Send units with polygons, or use 'off'.",
            pointer="/criteria/contiguity",
            value=criteria.contiguity,
        )
        return
    known = set(ids(tables.units))
    for row, unit_id in enumerate(texts(tables.accounts, "unit_id")):
        if unit_id not in known:
            yield Fault(
                code="OUTSIDE_ALL_UNITS",
                detail=f"contiguity is '{criteria.contiguity}', but the account in row {row + 1} lies in no unit.",
                fix="Give its unit_id or check its coordinates, or use 'off'.",
                pointer=f"/accounts/{row}/unit_id",
                row=row + 1,
                value=unit_id,
            )


def _place_faults(tables: DatasetTables, criteria: Criteria) -> Iterator[Fault]:
    is_measured, has_free = needs_distance(tables, criteria), len(free_reps(tables, criteria, {})) > 0
    if not is_measured and not has_free:
        return
    places = numbers(tables.accounts, "lat"), numbers(tables.accounts, "lon")
    faults = missing_places("accounts", places, np.ones(tables.accounts.num_rows, np.bool_))
    if not is_measured:
        fix = "Send lat and lon, a unit or a postal code: reps without a home are placed by where accounts are."
        faults = [replace(fault, fix=fix) for fault in faults]
    yield from faults
    if not faults and has_free:
        yield from _center_faults(tables, criteria)


def _center_faults(tables: DatasetTables, criteria: Criteria) -> Iterator[Fault]:
    """Yield a fault where reps without a home cannot get one."""
    candidates = criteria.centers.candidates
    if len(center_places(tables, criteria)):
        return
    why = "the dataset has no units" if candidates == "units" else "no known city is within 50 km of an account"
    fix = "Use 'accounts', or give every active rep lat and lon."
    if criteria.travel.has_pair_costs and has_place_costs(tables):
        why = "no pair gives a cost from one of them that has a place on the map"
        fix = "Choose the candidates that the pairs' place_id names, or send pairs with such a place_id."
    yield Fault(
        code="CONTRADICTORY_SETTING",
        detail=f"Reps without lat and lon are to be placed at {candidates}, but {why}.",
        fix=fix,
        pointer="/criteria/centers/candidates",
        value=candidates,
    )


def _unknown(noun: str, name: str, known: Sequence[str], *, pointer: str) -> Fault:
    near = nearest(name, known[:MAX_CANDIDATES])
    hint = f" Did you mean '{near}'?" if near else ""
    params: Mapping[str, object] = {"nearest": near} if near else {}
    return Fault(
        code="UNKNOWN_REFERENCE",
        detail=f"There is no {noun} '{name[:64]}' in the dataset.{hint}",
        pointer=pointer,
        value=name,
        params=params,
    )
