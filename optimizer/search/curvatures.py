"""The second derivatives of the smoothed dual, ready to be solved: as a dense matrix, or as products alone.

The items' part is ``1/t · sum_i (sum_c s a aᵀ − (sum_c s a)(sum_c s a)ᵀ)`` over the shares s of item i and what they
bring to the rows, a; the slacks' part comes as a sparse matrix. With few rows the sum is factorized. With many it would
be too large, and conjugate gradients need only its products.
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse.linalg import LinearOperator, cg

from optimizer.problem import FloatArray, IntArray
from optimizer.search import interior_kernels
from optimizer.search.slices import map_in_pool

RIDGE: Final = 1e-10
"""Share of the largest diagonal entry that is added to the diagonal."""
PRECISION: Final = 0.01
"""Relative residual at which conjugate gradients are near enough for a step."""
MOST_PRODUCTS: Final = 80


@dataclass(frozen=True, eq=False, kw_only=True)
class Shares:
    """Shares of items in columns, item by item.

    Attributes
    ----------
    start
        Where each item's entries begin. Shape ``(items + 1,)``.
    column, share
        Shape ``(entries,)``.
    quantity
        What an entry puts into the row of each slot. Shape ``(entries, slots)``.
    """

    start: npt.NDArray[np.int64]
    column: IntArray
    share: FloatArray
    quantity: FloatArray


class FewRows:
    """The curvature as a dense matrix.

    Parameters
    ----------
    own
        The part of the slacks. Shape ``(rows, rows)``.
    slot_row
        The row of each slot and column, −1 where there is none. Shape ``(slots, columns)``.
    """

    def __init__(
        self, shares: Shares, own: sparse.csr_array, *, slot_row: IntArray, temperature: float, pool: Executor | None
    ) -> None:
        even = np.full(len(shares.share), temperature)
        middle = int(np.searchsorted(shares.start, shares.start[-1] // 2))

        def part(items: slice) -> FloatArray:
            normal = np.zeros(own.shape)
            interior_kernels.add_normal_matrix(
                items.start, items.stop, shares.start, shares.column, shares.quantity, slot_row, shares.share, even,
                normal,
            )  # fmt: skip
            return normal

        first, second = map_in_pool(part, [slice(0, middle), slice(middle, len(shares.start) - 1)], pool)
        first += second
        triangle = sparse.tril(own).tocoo()
        np.add.at(first, (triangle.row, triangle.col), triangle.data)
        self._normal = first
        self.diagonal: FloatArray = first.diagonal() + _ridge(first.diagonal())

    def solved(self, more: FloatArray, right: FloatArray) -> FloatArray | None:
        """Return the solution with ``more`` added to the diagonal, or None where it is not positive definite."""
        np.fill_diagonal(self._normal, self.diagonal + more)
        try:
            factor = cho_factor(self._normal.T, lower=False, check_finite=False)
        except LinAlgError:
            return None
        solution: FloatArray = cho_solve(factor, right, check_finite=False)
        return solution


class ManyRows:
    """The curvature as products with vectors."""

    def __init__(self, shares: Shares, own: sparse.csr_array, *, slot_row: IntArray, temperature: float) -> None:
        entries = np.arange(len(shares.share), dtype=np.int32)
        row = slot_row[:, shares.column]
        used = row >= 0
        self._brings = sparse.csr_array(
            (shares.quantity.T[used], (np.broadcast_to(entries, row.shape)[used], row[used])),
            shape=(len(entries), own.shape[0]),
        )
        items = sparse.csr_array((shares.share, entries, shares.start), shape=(len(shares.start) - 1, len(entries)))
        self._mean = sparse.csr_array(items @ self._brings)
        self._own, self._share, self._temperature = own, shares.share, temperature
        squares = self._brings.power(2).T @ shares.share - self._mean.power(2).sum(axis=0)
        diagonal = np.maximum(squares, 0.0) / temperature + own.diagonal()
        self._ridge = _ridge(diagonal)
        self.diagonal: FloatArray = diagonal + self._ridge

    def solved(self, more: FloatArray, right: FloatArray) -> FloatArray | None:
        """Return the solution, near enough, with ``more`` added to the diagonal."""

        def product(vector: FloatArray) -> FloatArray:
            spread = self._brings.T @ (self._share * (self._brings @ vector))
            items = (spread - self._mean.T @ (self._mean @ vector)) / self._temperature
            return np.asarray(items + self._own @ vector + (self._ridge + more) * vector, dtype=np.float64)

        scale = 1.0 / (self.diagonal + more)
        shape = (len(right), len(right))
        solution, _ = cg(
            LinearOperator(shape, matvec=product, dtype=np.float64),
            right,
            rtol=PRECISION,
            maxiter=MOST_PRODUCTS,
            M=LinearOperator(shape, matvec=lambda vector: scale * vector, dtype=np.float64),
        )
        return np.asarray(solution, dtype=np.float64)


def _ridge(diagonal: FloatArray) -> float:
    return RIDGE * max(float(diagonal.max(initial=0.0)), 1e-30)
