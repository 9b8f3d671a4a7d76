"""Uncertainty: how balance holds when the amounts of a measure are not quite what was assumed.

Owns the samples, the deviations they lead to, and what is certain without any sample. Factors are drawn per
account, or one for all accounts of a group; the same seed gives the same factors, whatever the alignment, so that
two alignments can be compared sample by sample.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from optimizer.frozen import ReadOnly, frozen_array
from optimizer.measures import Float64Array, Positions
from optimizer.problem import BoolArray, FloatArray

_BLOCK_SAMPLES: Final = 32
"""Samples drawn at once: it bounds the memory at 32 numbers an account, and is part of what a seed means."""

_ROUNDING: Final = 1e-9


class Errors(StrEnum):
    """How far an amount may be from what was assumed."""

    UNIFORM = "uniform"
    """Anywhere within plus or minus the spread, all equally likely."""
    LOGNORMAL = "lognormal"
    """Within a factor of (1 + spread) in about two of three cases, and now and then far beyond."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Balanced(ReadOnly):
    """One measure of one alignment, and the band that each rep's load should lie in.

    Attributes
    ----------
    owner
        Position of each account's rep, −1 for none. Shape ``(accounts,)``.
    amount
        What each account brings to its rep, ≥ 0. Shape ``(accounts,)``.
    share
        Each rep's share of the assigned total as its target; NaN where it has no such target. Shape ``(reps,)``.
    fixed
        Each rep's target where it does not move with the total; NaN where there is none. Shape ``(reps,)``.
    tolerance
        Largest deviation within the band, a fraction.
    """

    owner: Positions
    amount: FloatArray
    share: FloatArray
    fixed: FloatArray
    tolerance: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", frozen_array(self.owner, np.int64))
        for name in ("amount", "share", "fixed"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))

    @property
    def num_reps(self) -> int:
        """Number of reps."""
        return len(self.share)

    @cached_property
    def load(self) -> Float64Array:
        """The load of every rep. Shape ``(reps,)``."""
        held = self.owner >= 0
        return np.bincount(self.owner[held], weights=self.amount[held], minlength=self.num_reps).astype(np.float64)

    @cached_property
    def is_judged(self) -> BoolArray:
        """Which reps have a target above zero. Shape ``(reps,)``."""
        judged: BoolArray = np.where(np.isnan(self.fixed), self.share * self.load.sum(), self.fixed) > 0
        return judged

    def deviation(self, load: Float64Array) -> Float64Array:
        """Return the signed deviations of loads from their targets, NaN where there is none.

        ``load`` has shape ``(..., reps)``; a target that is a share moves with the sum over the last axis.
        """
        total = load.sum(axis=-1, keepdims=True)
        target = np.where(np.isnan(self.fixed), self.share * total, self.fixed)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(target > 0, load / target - 1.0, np.nan)

    def is_in_band(self, deviation: Float64Array) -> BoolArray:
        """Return which deviations are within the tolerance; True without a target."""
        inside: BoolArray = np.isnan(deviation) | (np.abs(deviation) <= self.tolerance + _ROUNDING)
        return inside


@dataclass(frozen=True, eq=False, kw_only=True)
class Doubt:
    """What is uncertain, and how often it is tried.

    Attributes
    ----------
    spread
        Size of the errors, a fraction in [0, 1).
    errors
        Their kind.
    group
        Number of each account's group, 0 to groups − 1: one factor a group. Shape ``(accounts,)``; None is one each.
    num_samples
        How many times all factors are drawn.
    seed
        The same seed draws the same factors.
    """

    spread: float
    errors: Errors = Errors.UNIFORM
    group: Positions | None = None
    num_samples: int = 500
    seed: int = 0

    @property
    def factor_variance(self) -> float:
        """The variance of one factor."""
        if self.errors is Errors.UNIFORM:
            return self.spread**2 / 3.0
        variance = float(np.log1p(self.spread)) ** 2
        return float(np.expm1(variance) * np.exp(variance))


def sampled_loads(balanced: Balanced, doubt: Doubt) -> Iterator[Float64Array]:
    """Yield loads under drawn factors, in blocks of shape ``(samples, reps)``.

    Notes
    -----
    A load is a sum of factors times the amounts of a rep in each group: a sparse product. Factors are drawn in single
    precision, which is far finer than what is known of them. O(samples · accounts) time, O(accounts) memory.
    """
    weight, scale = _amount_by_group(balanced, doubt)
    draw = np.random.Generator(np.random.PCG64(doubt.seed))
    sigma = float(np.log1p(doubt.spread))
    for first in range(0, doubt.num_samples, _BLOCK_SAMPLES):
        wanted = min(_BLOCK_SAMPLES, doubt.num_samples - first)
        shape = (weight.shape[1], _BLOCK_SAMPLES)
        if doubt.errors is Errors.UNIFORM:
            drawn = (weight @ draw.random(shape, dtype=np.float32)).T[:wanted].astype(np.float64) * scale
            yield (1.0 - doubt.spread) * balanced.load + 2.0 * doubt.spread * drawn
        else:
            factor = draw.standard_normal(shape, dtype=np.float32)
            factor *= np.float32(sigma)
            np.exp(factor, out=factor)
            yield (weight @ factor).T[:wanted].astype(np.float64) * scale


@dataclass(frozen=True, eq=False)
class Steadiness:
    """What the samples led to.

    Attributes
    ----------
    worst
        Largest absolute deviation of any rep in each sample; NaN without a target. Shape ``(samples,)``.
    num_outside
        Reps outside the band in each sample. Shape ``(samples,)``.
    in_band
        Part of the samples in which each rep is in its band. Shape ``(reps,)``.
    load_mean, load_sd
        Mean and standard deviation of each rep's load over the samples. Shape ``(reps,)``.
    """

    worst: Float64Array
    num_outside: Positions
    in_band: Float64Array
    load_mean: Float64Array
    load_sd: Float64Array


def steadiness(balanced: Balanced, doubt: Doubt) -> Steadiness:
    """Try an alignment's balance under drawn factors; see :func:`sampled_loads`."""
    worst, num_outside = [], []
    inside = np.zeros(balanced.num_reps)
    first, second = np.zeros(balanced.num_reps), np.zeros(balanced.num_reps)
    for load in sampled_loads(balanced, doubt):
        deviation = balanced.deviation(load)
        in_band = balanced.is_in_band(deviation)
        size = np.where(np.isnan(deviation), -1.0, np.abs(deviation)).max(axis=1)
        worst.append(np.where(size < 0, np.nan, size))
        num_outside.append((~in_band).sum(axis=1))
        inside += in_band.sum(axis=0)
        shift = load - balanced.load  # small numbers keep the variance from canceling
        first += shift.sum(axis=0)
        second += (shift**2).sum(axis=0)
    mean = first / doubt.num_samples
    return Steadiness(
        worst=np.concatenate(worst),
        num_outside=np.concatenate(num_outside),
        in_band=inside / doubt.num_samples,
        load_mean=balanced.load + mean,
        load_sd=np.sqrt(np.maximum(0.0, second / doubt.num_samples - mean**2)),
    )


def load_sd(balanced: Balanced, doubt: Doubt) -> Float64Array:
    """Return the exact standard deviation of every rep's load, without any sample. Shape ``(reps,)``.

    Notes
    -----
    ``sd² = variance of a factor · sum over groups of (the rep's amount in the group)²``, because factors of
    different groups are independent.
    """
    weight, scale = _amount_by_group(balanced, doubt, dtype=np.float64)
    squares = np.asarray(weight.multiply(weight).sum(axis=1)).ravel()
    deviation: Float64Array = scale * np.sqrt(doubt.factor_variance * squares)
    return deviation


def certain_range(balanced: Balanced, spread: float) -> tuple[Float64Array, Float64Array]:
    """Return the lowest and highest deviation that errors up to ``spread`` can lead to, exactly. Shapes ``(reps,)``.

    Notes
    -----
    A rep's deviation is highest where all that is its own is underrated and all else overrated by the spread. With L
    its load, T the total and t its share: ``L (1 + s) / (t (L (1 + s) + (T − L) (1 − s))) − 1``; the lowest has the
    signs turned. A fixed target: ``L (1 ± s) / target − 1``. Every value in between is possible, too.
    """
    load, rest = balanced.load, balanced.load.sum() - balanced.load
    bounds = []
    for own in (1.0 - spread, 1.0 + spread):
        total = own * load + (2.0 - own) * rest
        target = np.where(np.isnan(balanced.fixed), balanced.share * total, balanced.fixed)
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds.append(np.where(target > 0, own * load / target - 1.0, np.nan))
    return bounds[0], bounds[1]


def without(balanced: Balanced, accounts: Positions) -> Float64Array:
    """Return the loads when some accounts leave, exactly. Shape ``(reps,)``."""
    gone = accounts[balanced.owner[accounts] >= 0]
    lost = np.bincount(balanced.owner[gone], weights=balanced.amount[gone], minlength=balanced.num_reps)
    return np.maximum(0.0, balanced.load - lost)


def largest_of_each(balanced: Balanced, count: int) -> Float64Array:
    """Return what each rep's largest ``count`` accounts amount to together. Shape ``(reps,)``."""
    order = np.lexsort((-balanced.amount, balanced.owner))
    order = order[balanced.owner[order] >= 0]
    owner = balanced.owner[order]
    rank = np.arange(len(order)) - np.searchsorted(owner, owner)
    chosen = rank < count
    return np.bincount(owner[chosen], weights=balanced.amount[order[chosen]], minlength=balanced.num_reps).astype(
        np.float64
    )


def _amount_by_group(balanced: Balanced, doubt: Doubt, *, dtype: type = np.float32) -> tuple[csr_matrix, float]:
    """Return each rep's amount in each group as parts of a scale, and the scale; shape ``(reps, groups)``."""
    held = np.flatnonzero(balanced.owner >= 0)
    group = np.arange(len(balanced.owner)) if doubt.group is None else doubt.group
    num_groups = int(group.max()) + 1 if len(group) else 0
    scale = float(balanced.load.max(initial=0.0)) or 1.0
    part: FloatArray = (balanced.amount[held] / scale).astype(dtype)
    shape = (balanced.num_reps, num_groups)
    return csr_matrix((part, (balanced.owner[held], group[held])), shape=shape), scale
