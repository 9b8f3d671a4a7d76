"""Travel times as a dataset's pairs: the cost of a pair is its minutes of travel in a year, one way each visit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.datasets.checks.numbers import numbers
from app.datasets.faults import FaultLog
from app.datasets.tables import PAIR_FIELDS, DatasetTables
from app.errors import Fault
from app.settings import Settings
from app.travel_times.asking import ProviderError, Question
from app.travel_times.providers import Osrm, Provider, Valhalla, travel_seconds
from geo_data.distances import distance_matrix_km

Floats = NDArray[np.float64]
_PROVIDERS: dict[str, type[Osrm] | type[Valhalla]] = {"osrm": Osrm, "valhalla": Valhalla}
_PROFILES = {"osrm": "driving", "valhalla": "auto"}


@dataclass(frozen=True)
class TravelSource:
    """Say whom to ask, and what to do where there is no way.

    Parameters
    ----------
    kind
        ``osrm`` or ``valhalla``.
    url
        The service's address; it comes from the settings, never from a request.
    profile
        The service's own word for how reps travel: ``driving``, ``auto``.
    batch
        Most places of one question.
    timeout_s
        Seconds that one answer may take.
    unreachable
        ``forbid`` the pair, or reckon its time along the ``great_circle``.
    speed_kmh
        Great-circle kilometers an hour, for pairs without a way.
    max_pairs
        Most pairs that are asked for.
    private_too
        The address may be private or loopback.
    limit_s
        Seconds that all answers together may take.
    """

    kind: Literal["osrm", "valhalla"]
    url: str
    profile: str
    batch: int
    timeout_s: float
    unreachable: Literal["forbid", "great_circle"]
    speed_kmh: float
    max_pairs: int
    private_too: bool
    limit_s: float = 900.0


def travel_source(settings: Settings) -> TravelSource | None:
    """Return the provider that the settings name, None without one."""
    if settings.travel_provider_url is None:
        return None
    kind = settings.travel_provider
    return TravelSource(
        kind=kind,
        url=settings.travel_provider_url,
        profile=settings.travel_profile or _PROFILES[kind],
        batch=settings.travel_batch_places,
        timeout_s=settings.travel_timeout_s,
        limit_s=settings.travel_limit_s,
        unreachable=settings.travel_unreachable,
        speed_kmh=settings.travel_unreachable_kmh,
        max_pairs=settings.max_travel_pairs,
        private_too=settings.allow_private_providers,
    )


def with_travel_times(tables: DatasetTables, source: TravelSource, log: FaultLog) -> DatasetTables:
    """Ask a routing service for the way from every active rep to every account, and keep it as pairs.

    Parameters
    ----------
    tables
        Checked tables. A cost or a ban that the caller gave for a pair stays.
    source
        Whom to ask.
    log
        Receives an error where the service fails or places are missing, a warning of pairs without a way.
    """
    accounts = np.column_stack((numbers(tables.accounts, "lat"), numbers(tables.accounts, "lon")))
    reps = np.column_stack((numbers(tables.reps, "lat"), numbers(tables.reps, "lon")))
    homes = np.flatnonzero(np.isfinite(reps).all(axis=1) & tables.reps["active"].to_numpy())
    placed = np.flatnonzero(np.isfinite(accounts).all(axis=1))
    if len(homes) * len(placed) > source.max_pairs:
        detail = (
            f"Travel times of {len(placed):,} accounts and {len(homes):,} reps are more than {source.max_pairs:,} "
            "pairs; send the pairs that matter with their own cost."
        )
        log.add(Fault(code="TOO_MANY", detail=detail, params={"limit": source.max_pairs}))
        return tables
    question = Question(source.url, timeout_s=source.timeout_s, limit_s=source.limit_s)
    try:
        question.refuse_private(private_too=source.private_too)
        provider: Provider = _PROVIDERS[source.kind](question, profile=source.profile)
        seconds = travel_seconds(provider, reps[homes], accounts[placed], batch=source.batch)
    except ProviderError as error:
        fix = "Try again later, or send travel times as pairs with a cost."
        log.add(Fault(code="TRAVEL_TIMES_UNAVAILABLE", detail=str(error), fix=fix))
        return tables
    finally:
        question.close()
    return _with_pairs(tables, seconds.T / 60, (placed, homes), source, log)


def _with_pairs(
    tables: DatasetTables,
    minutes: Floats,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    source: TravelSource,
    log: FaultLog,
) -> DatasetTables:
    """Write minutes, shape ``(placed, homes)``, as pairs."""
    placed, homes = rows
    no_way = np.isnan(minutes)
    if no_way.any():
        _warn(no_way, tables, rows, source, log)
        if source.unreachable == "great_circle":
            lat, lon = numbers(tables.accounts, "lat")[placed], numbers(tables.accounts, "lon")[placed]
            home_lat, home_lon = numbers(tables.reps, "lat")[homes], numbers(tables.reps, "lon")[homes]
            straight = distance_matrix_km(lat, lon, home_lat, home_lon) / source.speed_kmh * 60
            minutes = np.where(no_way, straight, minutes)
            no_way = np.zeros_like(no_way)
    visits = np.nan_to_num(numbers(tables.accounts, "visits_per_year"), nan=1.0)[placed]
    cost = (minutes * visits[:, np.newaxis]).ravel()
    account_ids = tables.accounts["id"].combine_chunks().take(pa.array(np.repeat(placed, len(homes))))
    rep_ids = tables.reps["id"].combine_chunks().take(pa.array(np.tile(homes, len(placed))))
    asked = pa.Table.from_arrays(
        [account_ids, rep_ids, pa.array(cost, pa.float64(), mask=np.isnan(cost)), pa.array(no_way.ravel())],
        schema=PAIR_FIELDS,
    )
    pairs = asked if tables.pairs is None else _joined(asked, tables.pairs)
    return DatasetTables(accounts=tables.accounts, reps=tables.reps, pairs=pairs, units=tables.units)


def _joined(asked: pa.Table, given: pa.Table) -> pa.Table:
    """Let what the caller gave for a pair stand above what the routing service says."""
    keys = ["account_id", "rep_id"]
    both = asked.join(given, keys, join_type="full outer", right_suffix=":given")
    columns = {
        "account_id": both["account_id"],
        "rep_id": both["rep_id"],
        "cost": _coalesced(both, "cost:given", "cost"),
        "forbidden": _either(both, "forbidden:given", "forbidden"),
    }
    others = [name for name in given.column_names if name not in PAIR_FIELDS.names]
    columns |= {name: both[name] for name in others}
    schema = pa.schema([*PAIR_FIELDS, *(given.schema.field(name) for name in others)])
    table = pa.table(columns).cast(schema)
    return table.sort_by([(key, "ascending") for key in keys]).combine_chunks()


def _coalesced(table: pa.Table, first: str, second: str) -> pa.Array:
    values = np.where(np.isnan(column := numbers(table, first)), numbers(table, second), column)
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _either(table: pa.Table, first: str, second: str) -> pa.Array:
    """Forbid what the caller forbade, and what has no way unless the caller gave it a cost."""
    given = np.array([bool(value) for value in table[first].to_pylist()])
    no_way = np.array([bool(value) for value in table[second].to_pylist()])
    return pa.array(given | (no_way & np.isnan(numbers(table, "cost:given"))))


def _warn(
    no_way: NDArray[np.bool_],
    tables: DatasetTables,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    source: TravelSource,
    log: FaultLog,
) -> None:
    """Warn of pairs without a way: one sentence for all, with the accounts that no rep can reach."""
    placed, _ = rows
    lost = placed[no_way.all(axis=1)]
    names = [str(tables.accounts["id"][int(row)].as_py()) for row in lost[:10]]
    then = "they are forbidden" if source.unreachable == "forbid" else "their time is reckoned along the great circle"
    detail = f"{int(no_way.sum()):,} of {no_way.size:,} pairs of account and rep have no way by road; {then}."
    if names:
        shown = ", ".join(f"'{name[:64]}'" for name in names)
        detail += f" {len(lost):,} accounts cannot be reached by anybody: {shown}{', …' if len(lost) > 10 else ''}."
    params = {"pairs": int(no_way.sum()), "of": no_way.size, "accounts": names, "num_accounts": len(lost)}
    log.add(Fault(code="NO_WAY", detail=detail, params=params, severity="warning"))
