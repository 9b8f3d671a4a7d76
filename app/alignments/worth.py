"""What accounts are worth to a rep: one measure, as it is or per hour of work and driving from the rep's own center.

Owns the choice of the measure, what a full share is, and driving hours. Refuses to compare: that is
:mod:`optimizer.envy`. Every account counts, whether the rep may serve it or not.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np

from app.alignments.columns import AlignmentColumns, Flags, Floats
from app.alignments.scorecards import Scorecard
from app.alignments.travel import center_points, visits_per_year
from app.errors import Fault, InvalidInput
from app.validation import nearest
from geo_data.distances import EARTH_RADIUS_KM, unit_vectors
from optimizer.envy import Territories
from optimizer.measures import Positions

DEFAULT_SPEED_KMH: Final = 60.0


class Per(StrEnum):
    """What a territory's amount is divided by."""

    SHARE = "share"
    """The rep's part of the work by its target; a full share is 1, so this is per FTE where targets are by FTE."""
    HOUR = "hour"
    """Hours of work and of driving from the rep's center, there and back."""


@dataclass(frozen=True)
class Valuation:
    """How territories are valued.

    Parameters
    ----------
    measure
        What a rep wants much of.
    per
        What it is divided by.
    speed_kmh
        Mean speed of driving, for ``hour``.
    """

    measure: str
    per: Per = Per.SHARE
    speed_kmh: float = DEFAULT_SPEED_KMH


def chosen_measure(columns: AlignmentColumns, asked: str | None) -> str:
    """Return the measure that was asked for; else potential, else the first one of the dataset.

    Raises
    ------
    InvalidInput
        When the dataset has no such measure.
    """
    if asked is None:
        return "potential" if "potential" in columns.amount else columns.measures[0]
    if asked not in columns.amount:
        near = nearest(asked, list(columns.measures))
        hint = f"; did you mean '{near}'?" if near else f"; there are {', '.join(columns.measures[:20])}."
        detail = f"The dataset has no measure '{asked[:64]}'{hint}"
        raise InvalidInput(
            [Fault(code="UNKNOWN_REFERENCE", detail=detail, params={"parameter": "measure", "in": "query"})]
        )
    return asked


class ScorecardWorth:
    """What an alignment's accounts are worth to its reps; a :class:`optimizer.envy.Worth`.

    Parameters
    ----------
    card
        The alignment's scorecard.
    valuation
        How territories are valued.

    Raises
    ------
    InvalidInput
        When worth per hour is asked for and the dataset has no workload.
    """

    def __init__(self, card: Scorecard, valuation: Valuation) -> None:
        if valuation.per is Per.HOUR and "workload" not in card.columns.amount:
            detail = "Worth per hour needs the measure 'workload', hours a year, which the dataset does not have."
            fix = "Ask for per=share, or import the dataset with workload."
            params = {"parameter": "per", "in": "query"}
            raise InvalidInput([Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, params=params)])
        self._card = card
        self._columns = card.columns
        self._valuation = valuation

    @cached_property
    def territories(self) -> Territories:
        """Who owns what; reps who have left, or have no target to divide by, are not compared."""
        compared = self._columns.is_active & (np.isfinite(self._target) if self._is_per_share else True)
        return Territories(owner=self._columns.owner, is_compared=compared)

    @cached_property
    def size(self) -> Floats:
        """Each rep's fte where targets are by fte, else its target in parts of the mean target; 0 per hour."""
        if not self._is_per_share:
            return np.zeros(self._columns.num_reps)
        if self._card.rules[self._valuation.measure].target == "fte":
            return np.where(np.isfinite(self._target), self._columns.fte, 0.0)
        known = np.isfinite(self._target)
        mean = float(self._target[known].mean()) if known.any() else 1.0
        return np.where(known, self._target / mean, 0.0)

    @cached_property
    def is_plain(self) -> Flags:
        """Reps without amounts of their own, where no driving counts."""
        plain = np.full(self._columns.num_reps, self._is_per_share)
        plain[np.flatnonzero(self._has_own_amounts)] = False
        return plain

    def amounts(self, rep: int, accounts: Positions) -> Floats:
        """Return the measure of the accounts, as the rep would have it."""
        return self._seen_by(rep, self._valuation.measure, accounts)

    def hours(self, rep: int, accounts: Positions) -> Floats:
        """Return the hours of work and driving that the accounts would take from the rep."""
        if self._is_per_share:
            return np.zeros(len(accounts))
        hours = self._seen_by(rep, "workload", accounts)
        if not self._is_placed[rep]:
            return hours
        chord = self._account_vector[accounts] - self._rep_vector[rep]
        half = np.minimum(1.0, 0.5 * np.sqrt(np.einsum("ij,ij->i", chord, chord)))
        driving: Floats = self._pace[accounts] * np.arcsin(half)
        return hours + driving

    def most(self, rep: int) -> Floats:
        """Return a bound by the triangle inequality: no account is nearer than its territory's center less its reach.

        With v the hours of driving an account takes per radian, c the center of a territory and d the distance:
        ``sum v · d(rep, account) ≥ d(rep, c) · sum v − sum v · d(c, account)``.
        """
        if self._has_own_amounts[rep] or self._is_per_share or not self._is_placed[rep]:
            return np.full(self._columns.num_reps, np.inf)
        amount, work, pace, reach, center = self._territory_sums
        half = np.minimum(1.0, 0.5 * np.linalg.norm(center - self._rep_vector[rep], axis=1))
        hours = work + np.maximum(0.0, np.arcsin(half) * pace - reach) * (1.0 - 1e-9)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(hours > 0, amount / hours * (1.0 + 1e-9), np.inf)

    @property
    def counts_driving(self) -> bool:
        """Tell whether any driving is known and counted."""
        return not self._is_per_share and bool(self._is_placed.any() and self._pace.any())

    @property
    def _is_per_share(self) -> bool:
        return self._valuation.per is Per.SHARE

    @cached_property
    def _target(self) -> Floats:
        target = self._card.after.measures[self._valuation.measure].target
        return np.where(target > 0, target, np.nan)

    @cached_property
    def _has_own_amounts(self) -> Flags:
        """Which reps have an amount of a pair that matters here."""
        has = np.zeros(self._columns.num_reps, dtype=np.bool_)
        pairs = self._columns.pairs
        for measure in {self._valuation.measure} | (set() if self._is_per_share else {"workload"}):
            if pairs is not None and measure in pairs.amount:
                has[pairs.key[np.isfinite(pairs.amount[measure])] % self._columns.num_reps] = True
        return has

    def _seen_by(self, rep: int, measure: str, accounts: Positions) -> Floats:
        amount = self._columns.amount[measure][accounts]
        pairs = self._columns.pairs
        if pairs is None or measure not in pairs.amount or not self._has_own_amounts[rep]:
            return amount
        position = pairs.positions(accounts.astype(np.int64) * self._columns.num_reps + rep)
        own = np.where(position >= 0, pairs.amount[measure][position], np.nan)
        return np.where(np.isnan(own), amount, own)

    @cached_property
    def _center(self) -> tuple[Floats, Floats]:
        return center_points(self._columns, self._card.travel)

    @cached_property
    def _is_placed(self) -> Flags:
        lat, lon = self._center
        placed: Flags = np.isfinite(lat) & np.isfinite(lon) & self._card.travel.has_distances
        return placed

    @cached_property
    def _rep_vector(self) -> Floats:
        return _vectors(*self._center)

    @cached_property
    def _account_vector(self) -> Floats:
        return _vectors(self._columns.account_column("lat"), self._columns.account_column("lon"))

    @cached_property
    def _pace(self) -> Floats:
        """Hours of driving in a year per radian of half the angle, there and back; 0 without a place."""
        placed = np.isfinite(self._columns.account_column("lat") + self._columns.account_column("lon"))
        kilometers = 2.0 * EARTH_RADIUS_KM * self._card.travel.road_factor
        pace = 2.0 * kilometers * visits_per_year(self._columns) / self._valuation.speed_kmh
        return np.where(placed, pace, 0.0)

    @cached_property
    def _territory_sums(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return amount, work, pace and reach of every territory, and its center as unit vectors."""
        columns, held = self._columns, np.flatnonzero(self._columns.owner >= 0)
        owner, pace = columns.owner[held], self._pace[held]

        def by_rep(weight: Floats) -> Floats:
            return np.bincount(owner, weights=weight, minlength=columns.num_reps).astype(np.float64)

        vector = self._account_vector[held]
        center = np.column_stack([by_rep(pace * vector[:, axis]) for axis in range(3)])
        length = np.linalg.norm(center, axis=1, keepdims=True)
        center = np.divide(center, length, out=np.tile([0.0, 0.0, 1.0], (columns.num_reps, 1)), where=length > 0)
        half = np.minimum(1.0, 0.5 * np.linalg.norm(vector - center[owner], axis=1))
        amount, work = columns.amount[self._valuation.measure][held], columns.amount["workload"][held]
        return by_rep(amount), by_rep(work), by_rep(pace), by_rep(pace * np.arcsin(half)), center


def _vectors(lat: Floats, lon: Floats) -> Floats:
    """Return points as unit vectors, shape ``(points, 3)``; the null vector where a place is unknown."""
    vector = np.zeros((len(lat), 3))
    known = np.isfinite(lat) & np.isfinite(lon)
    vector[known] = unit_vectors(lat[known], lon[known])
    return vector
