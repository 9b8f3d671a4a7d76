"""Tiny problems that are solved by hand, for tests of the specification.

line_of_four: four accounts on a line, a rep at each end; travel is the distance.

    R0   A0   A1   A2   A3   R1
    0    1    2    3    4    5       km

    amounts: one account each; workload 1, 2, 3, 4 h; A0, A1 are with R0 today, A2, A3 with R1.

grid_3x3: nine accounts on a grid, three reps at the ends of the rows; travel is the distance in columns plus rows.

    A0 A1 A2 R0
    A3 A4 A5 R1
    A6 A7 A8 R2

two_islands: two accounts and one rep on each island; nobody crosses the water.

    (A0 A1 R0)  ~~~  (A2 A3 R1)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from optimizer.alignment import Alignment
from optimizer.problem import PairAmounts, Problem


def alignment_to(reps: Sequence[int]) -> Alignment:
    """Return the alignment that gives each account to the rep at its place."""
    return Alignment(np.array(reps, dtype=np.int32))


def pair_amounts(*pairs: tuple[int, int, list[float]]) -> PairAmounts:
    """Return amounts of single pairs: an account, a rep, and what it needs of each measure there."""
    account, rep, amount = zip(*pairs, strict=True)
    return PairAmounts(
        account=np.array(account, dtype=np.int32), rep=np.array(rep, dtype=np.int32), amount=np.array(amount)
    )


def problem_of(amount: np.ndarray, *, num_reps: int, **fields: Any) -> Problem:
    """Return a problem with one workload measure and nothing else asked for."""
    num_accounts = len(amount)
    values: dict[str, Any] = {
        "measures": ("accounts", "workload"),
        "amount": np.column_stack([np.ones(num_accounts), amount]),
        "current": np.full(num_accounts, -1),
        "family": np.arange(num_accounts),
        "locked": np.zeros(num_accounts, dtype=np.bool_),
        "fte": np.ones(num_reps),
        "active": np.ones(num_reps, dtype=np.bool_),
        "capacity_min": np.zeros((num_reps, 2)),
        "capacity_max": np.full((num_reps, 2), np.inf),
        "target": np.full((num_reps, 2), np.nan),
    }
    return Problem(**(values | fields))


def line_of_four(**fields: Any) -> Problem:
    """Return four accounts between two reps; see the module's drawing."""
    values: dict[str, Any] = {
        "current": np.array([0, 0, 1, 1]),
        "travel": np.array([[1.0, 4.0], [2.0, 3.0], [3.0, 2.0], [4.0, 1.0]]),
    }
    return problem_of(np.array([1.0, 2.0, 3.0, 4.0]), num_reps=2, **(values | fields))


def grid_3x3(**fields: Any) -> Problem:
    """Return nine accounts of 1 h on a grid with a rep for each row; see the module's drawing."""
    row, column = np.divmod(np.arange(9), 3)
    travel = (3 - column)[:, None] + np.abs(row[:, None] - np.arange(3)[None, :])
    return problem_of(np.ones(9), num_reps=3, **({"travel": travel.astype(float), "current": row} | fields))


def two_islands(**fields: Any) -> Problem:
    """Return two islands with two accounts of 1 h and one rep each; see the module's drawing."""
    possible = np.array([[True, False], [True, False], [False, True], [False, True]])
    values: dict[str, Any] = {"possible": possible, "travel": np.ones((4, 2)), "current": np.array([0, 0, 1, 1])}
    return problem_of(np.ones(4), num_reps=2, **(values | fields))


def capacities(num_reps: int, measure: int, limits: list[float], *, default: float) -> np.ndarray:
    """Return limits of one measure for every rep, the default for the other. Shape ``(reps, 2)``."""
    table = np.full((num_reps, 2), default)
    table[:, measure] = limits
    return table
