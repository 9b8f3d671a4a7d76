"""The restricted master: a linear program over the columns known so far, whose duals are prices of the items.

Owns the program inside of GLOP, which goes on from its last basis when columns are added.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.math_opt.python import mathopt

from optimizer.location.columns import Columns
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
    """

    value: float
    price: FloatArray
    worth: FloatArray


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
        self._model = mathopt.Model()
        model = self._model
        self._items = [model.add_linear_constraint(lb=1.0, ub=math.inf) for _ in range(len(rows.weight))]
        self._rows = [model.add_linear_constraint(lb=-math.inf, ub=1.0) for _ in range(len(rows.room))]
        self._count = model.add_linear_constraint(lb=-math.inf, ub=float(rows.num_free))
        self._is_free = (rows.column < 0).tolist()
        for constraint, cost in zip(self._items, (most * self._scale).tolist(), strict=True):
            missing = model.add_variable(lb=0.0)
            constraint.set_coefficient(missing, 1.0)
            model.objective.set_linear_coefficient(missing, cost)
        # values of thousands of columns are not read, and to hand them over takes longer than to find them
        self._only_duals = mathopt.ModelSolveParameters(
            variable_values_filter=mathopt.SparseVectorFilter(filtered_items=()),
            reduced_costs_filter=mathopt.SparseVectorFilter(filtered_items=()),
            dual_values_filter=mathopt.SparseVectorFilter(skip_zero_values=True),
        )
        self._solver = mathopt.IncrementalSolver(model, mathopt.SolverType.GLOP)

    def add(self, columns: Columns) -> None:
        """Add columns."""
        model = self._model
        starts = columns.start.tolist()
        items, costs = columns.item.tolist(), (columns.cost * self._scale).tolist()
        for number, row in enumerate(columns.row.tolist()):
            variable = model.add_variable(lb=0.0)
            for item in items[starts[number] : starts[number + 1]]:
                self._items[item].set_coefficient(variable, 1.0)
            self._rows[row].set_coefficient(variable, 1.0)
            if self._is_free[row]:
                self._count.set_coefficient(variable, 1.0)
            model.objective.set_linear_coefficient(variable, costs[number])

    def solve(self) -> MasterDuals | None:
        """Return the program's value and duals; None where the solver has none."""
        result = self._solver.solve(model_params=self._only_duals)
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL or not result.has_dual_feasible_solution():
            return None
        duals = result.dual_values()
        rows = [*self._items, *self._rows, self._count]
        dual = np.array([duals.get(row, 0.0) for row in rows]) / self._scale
        items = len(self._items)
        worth = -dual[items:-1] - np.where(self._is_free, dual[-1], 0.0)
        return MasterDuals(
            value=result.objective_value() / self._scale, price=np.maximum(dual[:items], 0.0), worth=worth
        )
