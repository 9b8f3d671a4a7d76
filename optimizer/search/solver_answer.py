"""What a solver may do and what it says, whichever solver it is."""

import math
from dataclasses import dataclass

from optimizer.search.subproblem import Positions


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much a solver may do.

    Attributes
    ----------
    seconds
        Wall-clock limit; infinite for none.
    work
        Limit that does not depend on the clock: CP-SAT's deterministic time, or thousands of branching nodes of a
        mixed-integer solver; infinite for none.
    gap
        Relative gap at which an answer is good enough, ≥ 0.
    threads
        Workers, ≥ 1; only 1 gives the same answer each time.
    seed
        Of the solver.
    """

    seconds: float = math.inf
    work: float = math.inf
    gap: float = 0.0
    threads: int = 1
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a solver said of a subproblem.

    Attributes
    ----------
    chosen
        The chosen pair of every item, or None.
    is_optimal, is_infeasible
        The solver's own words; both False when it ran out of time.
    lower_bound
        On the objective of the subproblem; None for none.
    work
        Deterministic time that was spent, in seconds; 0 where the solver does not tell.
    """

    chosen: Positions | None = None
    is_optimal: bool = False
    is_infeasible: bool = False
    lower_bound: float | None = None
    work: float = 0.0
