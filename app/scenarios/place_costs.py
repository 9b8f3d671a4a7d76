"""The caller's costs from places: what an account would cost a rep who lived there, before anybody does.

Owns the rows of the pairs table that name a place instead of a rep, and how they become a rep's own pairs once its
center is chosen. Imports neither the web nor the database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.datasets.tables import PLACE_FIELD, DatasetTables
from app.scenarios.center import Centers
from app.scenarios.columns import Float64, flags, ids, numbers, positions, texts

PLACE: Final = PLACE_FIELD.name
DEAR: Final = 20.0
"""What a place that may not serve an account counts while centers are sought, in largest costs of the table."""


def has_place_costs(tables: DatasetTables) -> bool:
    """Tell whether the caller gives costs from places."""
    return tables.pairs is not None and PLACE in tables.pairs.column_names


def reps_with_costs(tables: DatasetTables) -> set[str | None]:
    """Return the reps whom some pair gives a cost of their own."""
    if tables.pairs is None:
        return set()
    return set(texts(tables.pairs.filter(pc.is_valid(tables.pairs["cost"])), "rep_id"))


def with_center_costs(tables: DatasetTables, centers: Centers) -> DatasetTables:
    """Return a dataset whose pairs name reps only: of every placed rep, the costs from where its center stands.

    What the caller says of a pair of account and rep stands above what its place says.
    """
    if tables.pairs is None or not has_place_costs(tables):
        return tables
    return replace(tables, pairs=_settled(tables.pairs, centers))


def with_homes_priced(tables: DatasetTables, centers: Centers) -> DatasetTables:
    """Return a dataset in which placed reps have the costs from their centers, and places keep theirs."""
    if tables.pairs is None or not has_place_costs(tables):
        return tables
    of_places = tables.pairs.filter(pc.is_valid(tables.pairs[PLACE]))
    settled = _settled(tables.pairs, centers)
    settled = settled.append_column(PLACE, pa.nulls(settled.num_rows, pa.string())).select(tables.pairs.column_names)
    return replace(tables, pairs=pa.concat_tables([settled, of_places]).combine_chunks())


def _settled(pairs: pa.Table, centers: Centers) -> pa.Table:
    is_place = pc.is_valid(pairs[PLACE]).to_numpy(zero_copy_only=False)
    own = pairs.filter(pa.array(~is_place)).drop_columns([PLACE])
    place_of = {rep_id: center.place_id for rep_id, center in centers.items() if center.place_id is not None}
    row = np.flatnonzero(is_place)
    at = positions([pairs[PLACE][int(one)].as_py() for one in row], _index(place_of.values()))
    parts = [own]
    known = set(zip(texts(own, "account_id"), texts(own, "rep_id"), strict=True)) if place_of else set()
    number = _index(place_of.values())
    for rep_id, place_id in place_of.items():
        mine = pairs.take(pa.array(row[at == number[place_id]])).drop_columns([PLACE])
        mine = mine.set_column(
            mine.column_names.index("rep_id"), "rep_id", pa.array([rep_id] * mine.num_rows, pa.string())
        )
        fresh = [(account_id, rep_id) not in known for account_id in texts(mine, "account_id")]
        parts.append(mine.filter(pa.array(fresh, pa.bool_())))
    return pa.concat_tables(parts).combine_chunks()


def _index(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


@dataclass(frozen=True, eq=False)
class PlaceCosts:
    """Costs between accounts and those who could serve them: places by their id, reps with a home by theirs.

    Parameters
    ----------
    num_accounts
        Number of accounts.
    index
        The number of each place and rep.
    server, account, cost
        The rows that are allowed, sorted by server. Shape ``(rows,)``.
    """

    num_accounts: int
    index: dict[tuple[str, str], int]
    server: npt.NDArray[np.int64]
    account: npt.NDArray[np.int64]
    cost: Float64

    @cached_property
    def dear(self) -> float:
        """Return what a pair that is not allowed counts."""
        return DEAR * max(float(self.cost.max(initial=0.0)), 1e-9)

    def table(self, servers: Sequence[tuple[str, str]]) -> Float64:
        """Return what each account costs from some places (``("place", id)``) or reps (``("rep", id)``).

        Returns
        -------
        Shape ``(servers, accounts)``.
        """
        found = np.full((len(servers), self.num_accounts), self.dear)
        for line, key in enumerate(servers):
            number = self.index.get(key, -1)
            first, last = np.searchsorted(self.server, [number, number + 1]) if number >= 0 else (0, 0)
            found[line, self.account[first:last]] = self.cost[first:last]
        return found

    def places(self) -> frozenset[str]:
        """Return the ids of the places that have costs."""
        return frozenset(name for kind, name in self.index if kind == "place")


def place_costs(tables: DatasetTables) -> PlaceCosts | None:
    """Return the caller's costs from places and reps; None where none are from places."""
    pairs = tables.pairs
    if pairs is None or not has_place_costs(tables):
        return None
    keys = [
        ("rep", str(rep_id)) if place_id is None else ("place", place_id)
        for rep_id, place_id in zip(texts(pairs, "rep_id"), texts(pairs, PLACE), strict=True)
    ]
    index = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    account = positions(texts(pairs, "account_id"), {name: row for row, name in enumerate(ids(tables.accounts))})
    cost = numbers(pairs, "cost")
    allowed = (account >= 0) & ~np.isnan(cost) & ~flags(pairs, "forbidden", missing=False)
    server = np.array([index[key] for key in keys], dtype=np.int64)
    row = np.flatnonzero(allowed)[np.argsort(server[allowed], kind="stable")]
    return PlaceCosts(
        num_accounts=tables.accounts.num_rows,
        index=index,
        server=server[row],
        account=account[row].astype(np.int64),
        cost=cost[row],
    )


@dataclass(frozen=True, eq=False)
class PlaceWeighing:
    """What the caller's costs count in the search for centers.

    Parameters
    ----------
    costs
        The costs.
    weight
        What one of them counts.
    """

    costs: PlaceCosts
    weight: float

    def table(self, servers: Sequence[tuple[str, str]]) -> Float64:
        """Return what each account counts from some places or reps; see :meth:`PlaceCosts.table`."""
        return self.weight * self.costs.table(servers)


def place_weighing(costs: PlaceCosts, servers: Sequence[tuple[str, str]], *, weight: float) -> PlaceWeighing:
    """Return costs on the scale of other terms: 1 is what all accounts cost from the nearest of some spread places.

    Parameters
    ----------
    costs
        The costs.
    servers
        Places spread like all of them, as many as there are reps.
    weight
        Of travel; 0 lets costs say only who may serve whom.
    """
    cheapest = costs.table(servers).min(axis=0)
    typical = float(cheapest[cheapest < costs.dear].sum()) or float(costs.cost.sum()) or 1.0
    return PlaceWeighing(costs, (weight or 1.0) / typical)
