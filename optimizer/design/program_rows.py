"""Rows of an integer program while they are gathered: as a model for solvers, and as the bound that prices prove."""

import math

import numpy as np
import numpy.typing as npt
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from scipy.sparse import csr_array

from optimizer.graph import Positions
from optimizer.problem import FloatArray


class Rows:
    """Rows of an integer program while they are gathered."""

    def __init__(self) -> None:
        self._columns: list[npt.NDArray[np.int64]] = []
        self._values: list[FloatArray] = []
        self._lower: list[float] = []
        self._upper: list[float] = []

    def add(self, columns: Positions, values: FloatArray, lower: float, upper: float) -> None:
        """Add lower ≤ values · x ≤ upper."""
        self._columns.append(columns)
        self._values.append(values)
        self._lower.append(float(lower))
        self._upper.append(float(upper))

    def model(self, cost: FloatArray, *, are_whole: bool) -> mathopt.Model:
        """Return the program with these costs: a binary variable for each, or one between 0 and 1."""
        proto = model_pb2.ModelProto()
        proto.variables.ids.extend(range(len(cost)))
        proto.variables.lower_bounds.extend([0.0] * len(cost))
        proto.variables.upper_bounds.extend([1.0] * len(cost))
        proto.variables.integers.extend([are_whole] * len(cost))
        used = np.flatnonzero(cost)
        proto.objective.linear_coefficients.ids.extend(used.tolist())
        proto.objective.linear_coefficients.values.extend(cost[used].tolist())
        proto.linear_constraints.ids.extend(range(len(self._lower)))
        proto.linear_constraints.lower_bounds.extend(self._lower)
        proto.linear_constraints.upper_bounds.extend(self._upper)
        row, column, value = self._entries()
        order = np.lexsort((column, row))
        order = order[value[order] != 0]
        matrix = proto.linear_constraint_matrix
        matrix.row_ids.extend(row[order].tolist())
        matrix.column_ids.extend(column[order].tolist())
        matrix.coefficients.extend(value[order].tolist())
        return mathopt.Model.from_model_proto(proto)

    def bound(self, cost: FloatArray, price: FloatArray) -> tuple[float, FloatArray]:
        """Return what prices of the rows prove for variables between 0 and 1, and the variables' reduced costs.

        Prices that point to a limit that is not there count as 0. Shapes ``(rows,)`` and ``(variables,)``.
        """
        lower, upper = np.array(self._lower), np.array(self._upper)
        limit = np.where(price > 0, lower, upper)
        price = np.where(np.isfinite(limit), price, 0.0)
        row, column, value = self._entries()
        rows = csr_array((value, (row, column)), shape=(len(lower), len(cost)))
        reduced = cost - rows.T @ price
        paid = price * np.where(np.isfinite(limit), limit, 0.0)
        return math.fsum(paid) + math.fsum(np.minimum(reduced, 0.0)), reduced

    def _entries(self) -> tuple[Positions, Positions, FloatArray]:
        row = np.repeat(np.arange(len(self._lower)), [len(columns) for columns in self._columns])
        return row, np.concatenate(self._columns), np.concatenate(self._values)
