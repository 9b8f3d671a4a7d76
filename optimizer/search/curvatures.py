"""The second derivatives of the smoothed dual, ready to be solved: as a dense matrix, or as products alone.

The items' part is ``1/t · sum_i (sum_c s a aᵀ − (sum_c s a)(sum_c s a)ᵀ)`` over the shares s of item i and what they
bring to the rows, a; the slacks' part comes as a sparse matrix. With few rows the sum is factorized. With many it would
be too large, and conjugate gradients need only its products.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse.linalg import LinearOperator, cg

from optimizer.problem import FloatArray, IntArray
from optimizer.search.curvature_kernels import Shares, add_curvature, room_for
from optimizer.search.slices import map_in_pool

RIDGE: Final = 1e-10
"""Share of the largest diagonal entry that is added to the diagonal."""
PRECISION: Final = 0.01
"""Relative residual at which conjugate gradients are near enough for a step."""
FINE: Final = 0.001
"""The same where a product takes no time."""
MOST_PRODUCTS: Final = 80
MOST_FACTORIZED: Final = 600
"""Rows up to which a matrix is factorized."""


class FewRows:
    """The curvature as a matrix: summed up densely, in float32, since a step needs no more digits.

    Up to ``MOST_FACTORIZED`` rows it is factorized. With more of them nearly all entries are 0, as a column shares
    items with its neighbors only, and conjugate gradients on the others are several times faster.

    Parameters
    ----------
    own
        The part of the slacks. Shape ``(rows, rows)``.
    """

    def __init__(self, shares: Shares, own: sparse.csr_array, *, temperature: float, pool: Executor | None) -> None:
        middle = len(shares.order) // 2

        def part(items: slice) -> FloatArray:
            normal = np.zeros(own.shape, dtype=np.float32)
            room = room_for(most=shares.chosen.shape[1], slots=shares.amount.shape[1])
            add_curvature(items.start, items.stop, shares, room, 1.0 / temperature, normal)
            return normal

        first, second = map_in_pool(part, [slice(0, middle), slice(middle, len(shares.order))], pool)
        first += second
        triangle = sparse.tril(own).tocoo()
        np.add.at(first, (triangle.row, triangle.col), triangle.data.astype(np.float32))
        diagonal = first.diagonal().astype(np.float64)
        self.diagonal: FloatArray = diagonal + _ridge(diagonal)
        self._normal = first
        self._beside: sparse.csr_array | None = None
        if own.shape[0] > MOST_FACTORIZED:
            np.fill_diagonal(first, 0.0)
            lower = sparse.csr_array(first)
            self._beside = sparse.csr_array(lower + lower.T)

    def solved(self, more: FloatArray, right: FloatArray) -> FloatArray | None:
        """Return the solution with ``more`` added to the diagonal, or None where it is not positive definite."""
        if self._beside is not None:
            diagonal, beside = self.diagonal + more, self._beside
            return _conjugate(lambda vector: beside @ vector + diagonal * vector, diagonal, right, precision=FINE)
        np.fill_diagonal(self._normal, self.diagonal + more)
        try:
            factor = cho_factor(self._normal.T, lower=False, check_finite=False)
        except LinAlgError:
            return None
        return np.asarray(cho_solve(factor, right.astype(np.float32), check_finite=False), dtype=np.float64)


class ManyRows:
    """The curvature as products with vectors."""

    def __init__(self, shares: Shares, own: sparse.csr_array, *, temperature: float) -> None:
        item, column, share, quantity = _entries(shares)
        entries = np.arange(len(share), dtype=np.int32)
        row = shares.slot_row[:, column]
        used = row >= 0
        self._brings = sparse.csr_array(
            (quantity.T[used], (np.broadcast_to(entries, row.shape)[used], row[used])),
            shape=(len(entries), own.shape[0]),
        )
        start = np.searchsorted(item, np.arange(len(shares.count) + 1))
        items = sparse.csr_array((share, entries, start), shape=(len(shares.count), len(entries)))
        self._mean = sparse.csr_array(items @ self._brings)
        self._own, self._share, self._temperature = own, share, temperature
        squares = self._brings.power(2).T @ share - self._mean.power(2).sum(axis=0)
        diagonal = np.maximum(squares, 0.0) / temperature + own.diagonal()
        self._ridge = _ridge(diagonal)
        self.diagonal: FloatArray = diagonal + self._ridge

    def solved(self, more: FloatArray, right: FloatArray) -> FloatArray | None:
        """Return the solution, near enough, with ``more`` added to the diagonal."""

        def product(vector: FloatArray) -> FloatArray:
            spread = self._brings.T @ (self._share * (self._brings @ vector))
            items = (spread - self._mean.T @ (self._mean @ vector)) / self._temperature
            return np.asarray(items + self._own @ vector + (self._ridge + more) * vector, dtype=np.float64)

        return _conjugate(product, self.diagonal + more, right, precision=PRECISION)


def _conjugate(
    product: Callable[[FloatArray], FloatArray], diagonal: FloatArray, right: FloatArray, *, precision: float
) -> FloatArray:
    """Return the solution, near enough, by conjugate gradients that know the diagonal."""
    shape = (len(right), len(right))
    solution, _ = cg(
        LinearOperator(shape, matvec=product, dtype=np.float64),
        right,
        rtol=precision,
        maxiter=MOST_PRODUCTS,
        M=LinearOperator(shape, matvec=lambda vector: vector / diagonal, dtype=np.float64),
    )
    return np.asarray(solution, dtype=np.float64)


def _entries(shares: Shares) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return item, column, share and what it puts into each slot's row, item by item."""
    taken = np.arange(shares.chosen.shape[1])[None, :] < shares.count[:, None]
    item = np.repeat(np.arange(len(shares.count), dtype=np.int32), shares.count)
    column, share = shares.chosen[taken], shares.share[taken]
    quantity = np.array(shares.amount[item])
    columns = shares.slot_row.shape[1]
    if len(shares.entry_column):
        owner = np.repeat(np.arange(len(shares.count)), np.diff(shares.entry_start))
        key = owner * columns + shares.entry_column
        wanted = item.astype(np.int64) * columns + column
        place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        hit = key[place] == wanted
        quantity[hit] += shares.entry_amount[place[hit]]
    return item, column, share, quantity


def _ridge(diagonal: FloatArray) -> float:
    return RIDGE * max(float(diagonal.max(initial=0.0)), 1e-30)
