"""The restricted master: a linear program over the columns known so far, whose duals are prices of the items.

Owns the program inside of GLOP, which goes on from its last basis when columns are added. It is handed over as arrays:
one call for each coefficient, and a basis that nobody reads, would take longer than to solve it.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
    sparse_containers_pb2,
)
from ortools.math_opt.core.python import solver

from optimizer.location.columns import Columns
from optimizer.location.question import Positions
from optimizer.location.rows import Rows
from optimizer.problem import FloatArray

SCALE: Final = 1e4
"""Size of the known cost after scaling."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MasterDuals:
    """What the linear program says.

    Attributes
    ----------
    value
        What it costs.
    price
        Of the items. Shape ``(items,)``.
    worth
        Of a row, with the place that it takes of those allowed: a column that loses more does not help.
        Shape ``(rows,)``.
    triple_price
        Of the triples. Shape ``(triples,)``.
    """

    value: float
    price: FloatArray
    worth: FloatArray
    triple_price: FloatArray


class Master:
    """Columns in a linear program: items served at least once, each row at most one column, so many places.

    Parameters
    ----------
    rows
        What columns belong to.
    most
        What an item costs that no column serves, a bound of its price. Shape ``(items,)``.
    known
        What a known answer costs.
    """

    def __init__(self, rows: Rows, *, most: FloatArray, known: float) -> None:
        self._scale = SCALE / max(known, 1e-12)
        self._num_items, self._num_rows = len(rows.weight), len(rows.room)
        self._is_free = rows.column < 0
        self._num_columns = self._num_triples = 0
        self._solver = solver.new(
            parameters_pb2.SOLVER_TYPE_GLOP, self._first(most, rows.num_free), parameters_pb2.SolverInitializerProto()
        )

    def add(self, columns: Columns, counted: tuple[Positions, Positions] | None = None) -> None:
        """Add columns, and where they count in which triples."""
        count = len(columns.row)
        number = self._num_items + self._num_columns + np.arange(count)
        free = self._is_free[columns.row]
        constraint = [
            columns.item,
            self._num_items + columns.row,
            np.full(int(free.sum()), self._num_items + self._num_rows),
        ]
        variable = [number[columns.of_entry], number, number[free]]
        if counted is not None:
            constraint.append(self._first_triple + counted[1])
            variable.append(number[counted[0]])
        update = model_update_pb2.ModelUpdateProto()
        _add_variables(update.new_variables, number)
        update.objective_updates.linear_coefficients.ids.extend(number.tolist())
        update.objective_updates.linear_coefficients.values.extend((columns.cost * self._scale).tolist())
        _fill(update.linear_constraint_matrix_updates, np.concatenate(constraint), np.concatenate(variable))
        self._solver.update(update)
        self._num_columns += count

    def add_triples(self, count: int, counted: tuple[Positions, Positions]) -> None:
        """Add triples that one column may count in at most, and which of the columns do."""
        number = self._first_triple + self._num_triples + np.arange(count)
        update = model_update_pb2.ModelUpdateProto()
        _add_constraints(update.new_linear_constraints, number, lower=[-math.inf] * count, upper=[1.0] * count)
        _fill(update.linear_constraint_matrix_updates, number[counted[1]], self._num_items + counted[0])
        self._solver.update(update)
        self._num_triples += count

    def solve(self) -> MasterDuals | None:
        """Return the program's value and duals; None where the solver has none."""
        wanted = model_parameters_pb2.ModelSolveParametersProto()
        wanted.variable_values_filter.filter_by_ids = True
        wanted.reduced_costs_filter.filter_by_ids = True
        wanted.dual_values_filter.skip_zero_values = True
        result = self._solved(wanted)
        if result is None:
            return None
        values = result.solutions[0].dual_solution.dual_values
        dual = np.zeros(self._first_triple + self._num_triples)
        dual[np.array(values.ids, dtype=np.int64)] = values.values
        dual /= self._scale
        items, free = self._num_items, self._num_items + self._num_rows
        return MasterDuals(
            value=result.solutions[0].primal_solution.objective_value / self._scale,
            price=np.maximum(dual[:items], 0.0),
            worth=-dual[items:free] - np.where(self._is_free, dual[free], 0.0),
            triple_price=np.maximum(-dual[free + 1 :], 0.0),
        )

    def shares(self) -> FloatArray:
        """Return how much of each column the program takes, in the order they were added. Shape ``(columns,)``."""
        wanted = model_parameters_pb2.ModelSolveParametersProto()
        wanted.variable_values_filter.skip_zero_values = True
        wanted.reduced_costs_filter.filter_by_ids = True
        wanted.dual_values_filter.filter_by_ids = True
        result = self._solved(wanted)
        taken = np.zeros(self._num_items + self._num_columns)
        if result is not None:
            values = result.solutions[0].primal_solution.variable_values
            taken[np.array(values.ids, dtype=np.int64)] = values.values
        return taken[self._num_items :]

    @property
    def _first_triple(self) -> int:
        """The constraint of the first triple, behind those of items, of rows, and of how many places there are."""
        return self._num_items + self._num_rows + 1

    def _first(self, most: FloatArray, num_free: int) -> model_pb2.ModelProto:
        """Return the program without columns: one variable for each item that none serves."""
        model = model_pb2.ModelProto()
        items = np.arange(self._num_items)
        _add_variables(model.variables, items)
        model.objective.linear_coefficients.ids.extend(items.tolist())
        model.objective.linear_coefficients.values.extend((most * self._scale).tolist())
        beside = self._num_rows + 1
        _add_constraints(
            model.linear_constraints,
            np.arange(self._num_items + beside),
            lower=[1.0] * self._num_items + [-math.inf] * beside,
            upper=[math.inf] * self._num_items + [1.0] * self._num_rows + [float(num_free)],
        )
        _fill(model.linear_constraint_matrix, items, items)
        return model

    def _solved(self, wanted: model_parameters_pb2.ModelSolveParametersProto) -> result_pb2.SolveResultProto | None:
        """Return what GLOP says where that is an optimum with its duals."""
        registration = callback_pb2.CallbackRegistrationProto()
        result = self._solver.solve(parameters_pb2.SolveParametersProto(), wanted, None, registration, None, None)
        is_optimal = result.termination.reason == result_pb2.TERMINATION_REASON_OPTIMAL
        has_duals = bool(result.solutions) and result.solutions[0].HasField("dual_solution")
        return result if is_optimal and has_duals else None


def _add_variables(variables: model_pb2.VariablesProto, number: Positions) -> None:
    """Add variables that are 0 at least."""
    variables.ids.extend(number.tolist())
    variables.lower_bounds.extend([0.0] * len(number))
    variables.upper_bounds.extend([math.inf] * len(number))
    variables.integers.extend([False] * len(number))


def _add_constraints(
    constraints: model_pb2.LinearConstraintsProto, number: Positions, *, lower: list[float], upper: list[float]
) -> None:
    constraints.ids.extend(number.tolist())
    constraints.lower_bounds.extend(lower)
    constraints.upper_bounds.extend(upper)


def _fill(matrix: sparse_containers_pb2.SparseDoubleMatrixProto, constraint: Positions, variable: Positions) -> None:
    """Enter ones into a matrix, in the order that is asked for."""
    order = np.lexsort((variable, constraint))
    matrix.row_ids.extend(constraint[order].tolist())
    matrix.column_ids.extend(variable[order].tolist())
    matrix.coefficients.extend([1.0] * len(order))
