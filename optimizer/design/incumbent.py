"""The incumbent of a search whose territories must be connected: what falls apart is never the best."""

from typing import Any

from optimizer.contiguity import num_pieces
from optimizer.criteria import Contiguity, Criteria
from optimizer.problem import IntArray, Problem
from optimizer.search.evaluation import alignment_of
from optimizer.search.incumbent import Incumbent


class ConnectedIncumbent(Incumbent):
    """What the search has found and proven; choices that are not connected count as violating.

    Parameters
    ----------
    problem, criteria
        The question, with units.
    others
        As for :class:`optimizer.search.incumbent.Incumbent`.
    """

    def __init__(self, problem: Problem, criteria: Criteria, *others: Any, **named: Any) -> None:
        super().__init__(problem, criteria, *others, **named)
        self._units = problem.units if criteria.contiguity is not Contiguity.OFF else None
        self._num_reps = problem.num_reps

    def offer(self, columns: IntArray) -> bool:
        """Take a choice of columns if it is connected and the best; return whether it was."""
        if not self.is_connected(columns):
            self._offer_violating(columns)
            return False
        return super().offer(columns)

    def is_connected(self, columns: IntArray) -> bool:
        """Return whether the units of every territory are connected."""
        if self._units is None:
            return True
        pieces = num_pieces(self._units, alignment_of(self.model, columns), num_reps=self._num_reps)
        return not (pieces > 1).any()
