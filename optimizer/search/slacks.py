"""What belongs to no item in the smoothed dual: slacks, pieces of penalties, and the price of broken rows.

Every ``w`` of ``A x + B w = b`` pays its soft minimum over [0, width]. Beyond ``elastic`` a dual value costs
quadratically, so that the maximum exists even where the limits cannot be kept.
"""

from typing import Final

import numpy as np
from scipy import sparse

from optimizer.problem import BoolArray, FloatArray, IntArray

HEAT: Final = 4.0
"""Temperature of slacks in multiples of the items': they are few, and carry more."""


class Slacks:
    """Value, gradient and curvature of the part without items; the last point evaluated is kept.

    Parameters
    ----------
    matrix
        ``B``. Shape ``(rows, w)``.
    cost, width
        Of ``w``, finite. Shape ``(w,)``.
    right
        ``b``. Shape ``(rows,)``.
    carried
        What each row carries on average. Shape ``(rows,)``.
    elastic
        Dual value from which breaking a row pays.
    """

    def __init__(
        self,
        matrix: sparse.csc_array,
        *,
        cost: FloatArray,
        width: FloatArray,
        right: FloatArray,
        carried: FloatArray,
        elastic: float,
    ) -> None:
        self._matrix, self._cost, self._width, self._right = matrix, cost, width, right
        self._carried, self._elastic = carried, elastic
        self._softness = carried / elastic
        self._w = np.zeros(len(cost))
        self._is_over: BoolArray = np.zeros(len(right), dtype=np.bool_)

    def of_rows(self, rows: IntArray) -> "Slacks":
        """Return the part of some rows whose ``w`` enter no other row."""
        own = sparse.csr_array(self._matrix)[rows]
        used = np.unique(own.indices)
        return Slacks(
            sparse.csc_array(own[:, used]),
            cost=self._cost[used],
            width=self._width[used],
            right=self._right[rows],
            carried=self._carried[rows],
            elastic=self._elastic,
        )

    def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Return value and gradient at dual values, in units of cost."""
        heat = HEAT * temperature
        gain = -(self._cost - self._matrix.T @ pi) * self._width / heat
        self._w = self._width / (1.0 + np.exp(np.clip(-gain, -500.0, 500.0)))
        beyond = np.maximum(np.abs(pi) - self._elastic, 0.0)
        self._is_over = beyond > 0
        value = float(self._right @ pi) - heat * float(np.logaddexp(0.0, gain).sum())
        value -= 0.5 * float(self._softness @ beyond**2)
        broken = self._softness * beyond * np.sign(pi)
        return value, self._right - self._matrix @ self._w - broken

    def curvature(self, temperature: float) -> sparse.csr_array:
        """Return minus the second derivatives at the last point."""
        filled = self._w / self._width
        theta = self._width**2 * filled * (1.0 - filled) / (HEAT * temperature)
        own = sparse.csr_array((self._matrix * theta[None, :]) @ self._matrix.T)
        own += sparse.dia_array((np.where(self._is_over, self._softness, 0.0)[None, :], [0]), shape=own.shape)
        return own
