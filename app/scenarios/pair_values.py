"""Everything that belongs to a pair of account and rep: distances, travel, what is possible, who lacks a skill.

Owns the dense arrays and their memory: float64 up to 20 million pairs, float32 above. Refuses coordinates
that are not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.datasets.tables import MEASURE_PREFIX, prefixed
from app.scenarios.columns import (
    Bool,
    Float64,
    Int32,
    flags,
    numbers,
    positions,
    texts,
)
from geo_data.distances import distance_matrix_km
from optimizer.problem import PairAmounts
from optimizer.tolerances import slack

MAX_DOUBLE_PAIRS = 20_000_000
"""Up to this many pairs the arrays are float64; above, float32 halves the memory."""

Matrix = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class PairRows:
    """The caller's table of pairs, by position; pairs that name nobody are left out.

    Attributes
    ----------
    account, rep
        Positions. Shape ``(pairs,)``.
    cost
        The caller's cost, NaN where none is given. Shape ``(pairs,)``.
    forbidden
        True where the pair may not be. Shape ``(pairs,)``.
    amount
        Overridden amounts, NaN where the account's own holds. Shape ``(pairs, measures)``.
    """

    account: Int32
    rep: Int32
    cost: Float64
    forbidden: Bool
    amount: Float64

    def overrides(self) -> PairAmounts | None:
        """Return the pairs that override an amount, None when none does."""
        chosen = ~np.isnan(self.amount).all(axis=1) if self.amount.size else np.zeros(len(self.account), np.bool_)
        if not chosen.any():
            return None
        return PairAmounts(account=self.account[chosen], rep=self.rep[chosen], amount=self.amount[chosen])


def pair_dtype(num_accounts: int, num_reps: int) -> type[np.float64] | type[np.float32]:
    """Return the precision for so many pairs."""
    return np.float64 if num_accounts * num_reps <= MAX_DOUBLE_PAIRS else np.float32


def read_pairs(
    table: pa.Table | None, *, account_index: dict[str, int], rep_index: dict[str, int], measures: Sequence[str]
) -> PairRows | None:
    """Return the caller's pairs by position, None without a table."""
    if table is None or table.num_rows == 0:
        return None
    account = positions(texts(table, "account_id"), account_index)
    rep = positions(texts(table, "rep_id"), rep_index)
    overridden = set(prefixed(table, MEASURE_PREFIX))
    amount = np.full((table.num_rows, len(measures)), np.nan)
    for column, measure in enumerate(measures):
        if measure in overridden:
            amount[:, column] = numbers(table, MEASURE_PREFIX + measure)
    known = (account >= 0) & (rep >= 0)
    return PairRows(
        account=account[known],
        rep=rep[known],
        cost=numbers(table, "cost")[known],
        forbidden=flags(table, "forbidden", missing=False)[known],
        amount=amount[known],
    )


def distances_km(accounts: tuple[Float64, Float64], reps: tuple[Float64, Float64]) -> Matrix:
    """Return great-circle kilometers between all accounts and reps; 0 for a rep without a center.

    Parameters
    ----------
    accounts, reps
        Latitudes and longitudes in degrees. Reps without coordinates are NaN.

    Returns
    -------
    Shape ``(accounts, reps)``.
    """
    placed = ~(np.isnan(reps[0]) | np.isnan(reps[1]))
    latitude, longitude = np.where(placed, reps[0], 0.0), np.where(placed, reps[1], 0.0)
    dtype = pair_dtype(len(accounts[0]), len(latitude))
    distance = distance_matrix_km(accounts[0], accounts[1], latitude, longitude, dtype=dtype)
    if not placed.all():
        distance = np.array(distance)
        distance[:, ~placed] = 0.0
    return distance


def cost_matrix(pairs: PairRows | None, *, num_accounts: int, num_reps: int) -> tuple[Matrix, Bool]:
    """Return the caller's costs, and where there are any; a missing pair is not possible.

    Returns
    -------
    Costs, 0 where none is given, and the mask of given ones. Both of shape ``(accounts, reps)``.
    """
    cost = np.zeros((num_accounts, num_reps), dtype=pair_dtype(num_accounts, num_reps))
    given = np.zeros((num_accounts, num_reps), dtype=np.bool_)
    if pairs is not None:
        known = ~np.isnan(pairs.cost)
        cost[pairs.account[known], pairs.rep[known]] = pairs.cost[known]
        given[pairs.account[known], pairs.rep[known]] = True
    return cost, given


def possible_pairs(
    distance: Matrix | None,
    max_distance_km: Float64,
    pairs: PairRows | None,
    given: Bool | None,
    *,
    shape: tuple[int, int],
) -> Bool | None:
    """Return which pairs the data allow, None when they allow all. Shape ``(accounts, reps)``."""
    possible = given
    limited = np.flatnonzero(~np.isnan(max_distance_km))
    if distance is not None and limited.size:
        possible = np.ones(shape, dtype=np.bool_) if possible is None else possible
        possible[:, limited] &= distance[:, limited] <= _forgiving(max_distance_km[limited], distance.dtype)
    if pairs is not None and pairs.forbidden.any():
        if possible is None:
            possible = np.ones(shape, dtype=np.bool_)
        possible[pairs.account[pairs.forbidden], pairs.rep[pairs.forbidden]] = False
    return possible


def _forgiving(limit_km: Float64, dtype: np.dtype[np.floating]) -> Float64:
    """Return limits that forgive what the checker forgives; float32 distances keep clear of them by their rounding."""
    if dtype == np.float32:
        return np.asarray(limit_km * (1 - np.finfo(np.float32).eps), dtype=np.float64)
    return limit_km + slack(limit_km)


def missing_skills(requires: Sequence[tuple[str, ...]], skills: Sequence[tuple[str, ...]]) -> Bool | None:
    """Return where a rep lacks a skill that the account requires, None when nobody lacks any.

    Accounts with the same requirements share one row of work.

    Returns
    -------
    Shape ``(accounts, reps)``.
    """
    owned = [frozenset(words) for words in skills]
    rows: dict[tuple[str, ...], Bool] = {}
    for words in requires:
        if words and words not in rows:
            rows[words] = np.array([not owned_by.issuperset(words) for owned_by in owned], dtype=np.bool_)
    if not any(row.any() for row in rows.values()):
        return None
    mismatch = np.zeros((len(requires), len(skills)), dtype=np.bool_)
    for index, words in enumerate(requires):
        if words:
            mismatch[index] = rows[words]
    return mismatch
