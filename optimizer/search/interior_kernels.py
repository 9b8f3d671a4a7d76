"""Compiled passes of the interior-point method over the pairs of its restricted linear program.

Pairs lie item by item: pair e of item i has ``start[i] ≤ e < start[i + 1]``. Pair e puts ``quantity[e, s]`` into row
``row[s, column[e]]`` of every slot s (−1: no row). Each function handles items ``first`` to ``last`` and sums into
buffers of its own, so that parts can run in threads and be added in order.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimizer.compiled import uncounted

Array = np.ndarray[Any, Any]


@njit(cache=True, nogil=True)
def center_items(
    first: int, last: int, start: Array, column: Array, cost: Array, quantity: Array, row: Array, pi: Array,
    barrier: float, x: Array, z: Array,
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Set x and z of each item to its central point: ``x · z = barrier``, x sums to 1, z is dual feasible.

    With reduced costs r, z = r − s, where s solves ``sum_e barrier / (r[e] − s) = 1``. The sum grows and is convex
    in s; Newton from the side of the pole converges without leaving it.
    """
    for item in range(first, last):
        begin, end = start[item], start[item + 1]
        bottom = np.inf
        for e in range(begin, end):
            reduced = cost[e]
            for s in range(quantity.shape[1]):
                r = row[s, column[e]]
                if r >= 0:
                    reduced -= quantity[e, s] * pi[r]
            z[e] = reduced
            bottom = min(bottom, reduced)
        gap = barrier
        for _ in range(60):
            total = 0.0
            slope = 0.0
            for e in range(begin, end):
                share = barrier / (z[e] - bottom + gap)
                total += share
                slope += share / (z[e] - bottom + gap)
            if abs(total - 1.0) < 1e-13:
                break
            gap += total * (total - 1.0) / slope
        total = 0.0
        for e in range(begin, end):
            z[e] = z[e] - bottom + gap
            x[e] = barrier / z[e]
            total += x[e]
        for e in range(begin, end):
            x[e] /= total


@njit(cache=True, nogil=True)
def add_activity(
    first: int, last: int, start: Array, column: Array, quantity: Array, row: Array, x: Array, activity: Array
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Add what the items put into each row."""
    for e in range(start[first], start[last]):
        for s in range(quantity.shape[1]):
            r = row[s, column[e]]
            if r >= 0:
                activity[r] += quantity[e, s] * x[e]


class Kept(NamedTuple):
    """The pairs of one item that weigh anything."""

    theta: Array  # (pairs): x / z
    row: Array  # (pairs, slots); −1 where the pair puts nothing
    value: Array  # (pairs, slots)


@njit(cache=True, nogil=True)
def add_normal_matrix(
    first: int, last: int, start: Array, column: Array, quantity: Array, row: Array, x: Array, z: Array,
    normal: Array,
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Add the items' part of the normal matrix, lower triangle.

    Per item ``sum_e θ a aᵀ − (sum_e θ a)(sum_e θ a)ᵀ / sum_e θ`` with θ = x / z. On the diagonal the difference is
    taken as ``θ · (the other θ) / sum``: nothing cancels when one pair dominates.
    """
    slots = quantity.shape[1]
    widest = 0
    for item in range(first, last):
        widest = max(widest, start[item + 1] - start[item])
    kept = Kept(np.empty(widest), np.empty((widest, slots), dtype=np.int64), np.empty((widest, slots)))
    _add_items(first, last, start, column, quantity, row, x, z, normal, kept)


@uncounted
def _add_items(
    first: int, last: int, start: Array, column: Array, quantity: Array, row: Array, x: Array, z: Array,
    normal: Array, kept: Kept,
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Add the items' part of the normal matrix, one item after the other."""
    theta = kept.theta
    for item in range(first, last):
        begin, end = start[item], start[item + 1]
        largest, second = _two_largest(begin, end, x, z)
        count, main, rest = _keep(begin, end, column, quantity, row, x, z, largest, 1e-13 * second, kept)
        total = rest + largest
        for e in range(count):
            others = rest if e == main else total - theta[e]
            add_square(kept, e, theta[e] * (others / total), normal)
            for f in range(e):
                subtract_product(kept, e, f, theta[f] * (theta[e] / total), normal)


@uncounted
def _two_largest(
    begin: int, end: int, x: Array, z: Array
) -> tuple[float, float]:  # fmt: skip  # pragma: no cover  # compiled
    """Return the largest θ of some pairs and the second largest, 0 where there is none."""
    largest = 0.0
    for e in range(begin, end):
        largest = max(largest, x[e] / z[e])
    second = 0.0
    seen = False
    for e in range(begin, end):
        weight = x[e] / z[e]
        if weight == largest and not seen:
            seen = True
        else:
            second = max(second, weight)
    return largest, second


@uncounted
def _keep(
    begin: int, end: int, column: Array, quantity: Array, row: Array, x: Array, z: Array,
    largest: float, least: float, kept: Kept,
) -> tuple[int, int, float]:  # fmt: skip  # pragma: no cover  # compiled
    """Keep the pairs whose θ is not below ``least``; return how many, which has the largest θ, and all other θ."""
    count = 0
    main = -1
    rest = 0.0
    for e in range(begin, end):
        weight = x[e] / z[e]
        if weight < least:
            continue
        kept.theta[count] = weight
        if weight == largest and main < 0:
            main = count
        else:
            rest += weight
        for s in range(quantity.shape[1]):
            kept.row[count, s] = row[s, column[e]] if quantity[e, s] != 0.0 else -1
            kept.value[count, s] = quantity[e, s]
        count += 1
    return count, main, rest


@njit(cache=True, nogil=True, inline="always")
def add_square(
    kept: Kept, e: int, weight: float, normal: Array
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Add ``weight · a aᵀ`` of one pair."""
    for s in range(kept.row.shape[1]):
        p = kept.row[e, s]
        if p < 0:
            continue
        for t in range(s + 1):
            q = kept.row[e, t]
            if q < 0:
                continue
            value = weight * kept.value[e, s] * kept.value[e, t]
            if p >= q:
                normal[p, q] += value
            else:
                normal[q, p] += value


@njit(cache=True, nogil=True, inline="always")
def subtract_product(
    kept: Kept, e: int, f: int, weight: float, normal: Array
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Subtract ``weight · (a bᵀ + b aᵀ)`` of two pairs."""
    for s in range(kept.row.shape[1]):
        p = kept.row[e, s]
        if p < 0:
            continue
        for t in range(kept.row.shape[1]):
            q = kept.row[f, t]
            if q < 0:
                continue
            value = weight * kept.value[e, s] * kept.value[f, t]
            if p > q:
                normal[p, q] -= value
            elif p < q:
                normal[q, p] -= value
            else:
                normal[p, p] -= 2.0 * value


@njit(cache=True, nogil=True)
def aim_at_center(
    first: int, last: int, x: Array, z: Array, dx: Array, dz: Array, center: float, aim: Array
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Write what Mehrotra's corrector adds to each product: the center, less the second-order term."""
    for e in range(first, last):
        aim[e] = center - dx[e] * dz[e]


@njit(cache=True, nogil=True)
def aim_at_band(
    first: int, last: int, x: Array, z: Array, dx: Array, dz: Array, primal: float, dual: float,
    center: float, spread: float, aim: Array,
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Write how far the products after a trial step lie outside ``center / spread`` to ``center · spread``."""
    for e in range(first, last):
        product = (x[e] + primal * dx[e]) * (z[e] + dual * dz[e])
        if product < center / spread:
            aim[e] = center / spread - product
        elif product > center * spread:
            aim[e] = max(center * spread - product, -center * spread)
        else:
            aim[e] = 0.0


@njit(cache=True, nogil=True)
def add_right_side(
    first: int, last: int, start: Array, column: Array, quantity: Array, row: Array, x: Array, z: Array,
    aim: Array, right: Array,
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Subtract from ``right`` the rows' activity of ``h − θ · sum h / sum θ``.

    ``h = aim / z`` is what the pairs would do if the prices stood still.
    """
    for item in range(first, last):
        begin, end = start[item], start[item + 1]
        weight = 0.0
        push = 0.0
        for e in range(begin, end):
            inverse = 1.0 / z[e]
            weight += x[e] * inverse
            push += aim[e] * inverse
        ratio = push / weight
        for e in range(begin, end):
            change = (aim[e] - x[e] * ratio) / z[e]
            for s in range(quantity.shape[1]):
                r = row[s, column[e]]
                if r >= 0:
                    right[r] -= quantity[e, s] * change


@njit(cache=True, nogil=True)
def find_direction(
    first: int, last: int, start: Array, column: Array, quantity: Array, row: Array, x: Array, z: Array,
    aim: Array, dpi: Array, dx: Array, dz: Array,
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Write the direction of x and z that belongs to ``dpi``: ``z dx + x dz = aim``, items' sums kept."""
    for item in range(first, last):
        begin, end = start[item], start[item + 1]
        weight = 0.0
        push = 0.0
        for e in range(begin, end):
            along = 0.0
            for s in range(quantity.shape[1]):
                r = row[s, column[e]]
                if r >= 0:
                    along += quantity[e, s] * dpi[r]
            dz[e] = -along
            inverse = 1.0 / z[e]
            dx[e] = inverse
            weight += x[e] * inverse
            push += (aim[e] + x[e] * along) * inverse
        shift = push / weight
        for e in range(begin, end):
            dz[e] += shift
            dx[e] = (aim[e] - x[e] * dz[e]) * dx[e]


@njit(cache=True, nogil=True)
def longest_steps(
    first: int, last: int, value: Array, change: Array, more: Array, shares: Array, out: Array
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Write, for each share, the longest step along ``change + share · more`` that keeps the values positive.

    The steps are sought as largest ``−change / value``: no division unless a value shrinks.
    """
    count = len(shares)
    for k in range(count):
        out[k] = 0.0
    for e in range(first, last):
        for k in range(count):
            falling = -(change[e] + shares[k] * more[e])
            if falling > out[k] * value[e]:
                out[k] = falling / value[e]
    for k in range(count):
        out[k] = 1.0 / out[k] if out[k] > 1e-300 else 1e300


@njit(cache=True, nogil=True)
def add_scaled(
    first: int, last: int, target: Array, change: Array, share: float
) -> None:  # fmt: skip  # pragma: no cover  # compiled
    """Add ``share · change`` to ``target``."""
    for e in range(first, last):
        target[e] += share * change[e]


@njit(cache=True, nogil=True)
def product_after(
    first: int, last: int, x: Array, z: Array, dx: Array, dz: Array, primal: float, dual: float
) -> float:  # fmt: skip  # pragma: no cover  # compiled
    """Return ``sum (x + primal · dx) (z + dual · dz)``."""
    total = 0.0
    for e in range(first, last):
        total += (x[e] + primal * dx[e]) * (z[e] + dual * dz[e])
    return total
