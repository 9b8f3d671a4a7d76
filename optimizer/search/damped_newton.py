"""Climb a concave function by Newton steps that are damped row by row.

A row's curvature may be nearly nothing where the point is and large a step further, when no item is split there yet:
the full step would overshoot in that row alone. A line search would shorten the whole step for its sake. So each row
has a damping of its own, raised where the gradient turned round or grew, and lowered where it did not.

References
----------
Levenberg (1944), doi 10.1090/qam/10666, of whose damping this is a version with one parameter a row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from optimizer.problem import FloatArray

FIRST_DAMPING: Final = 1e-3
LEAST_DAMPING: Final = 1e-6
MOST_DAMPING: Final = 1e4
RAISE: Final = 8.0
LOWER: Final = 4.0
SHORT: Final = 16.0
"""Factors by which a row's damping changes: after a step too far, a good one, and one that was too short."""
TURNED: Final = 0.5
"""A gradient matters that is this share of its old size, or of the mean size where that is larger."""
REACH: Final = 8.0
"""Temperatures that a row may go in one step at first: further on other items are split than the curvature tells."""
FARTHER: Final = 4.0
"""Factor by which a row's reach changes: it grows where the gradient stayed, and shrinks where it turned."""
MOST_SHORTENED: Final = 3
"""Times that a step is shortened in the rows that it would take too far."""
LEAST_GAIN: Final = 0.05
"""Steps that gain less than this share of what was predicted are not taken."""


class Curvature(Protocol):
    """A positive definite matrix that can be solved with more on its diagonal."""

    diagonal: FloatArray

    def solved(self, more: FloatArray, right: FloatArray) -> FloatArray | None:
        """Return the solution with ``more`` added to the diagonal, or None where there is none."""
        ...


class Concave(Protocol):
    """A smooth concave function at one temperature after the other."""

    def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Return value and gradient."""
        ...

    def curvature(self, temperature: float) -> "Curvature":
        """Return minus the second derivatives at the point last evaluated."""
        ...


@dataclass(eq=False)
class DampedNewton:
    """Where the climb is, and how damped each row is.

    Attributes
    ----------
    pi
        The present point. Shape ``(rows,)``.
    damping
        Relative to the row's curvature. Shape ``(rows,)``.
    reach
        Temperatures that each row may go in one step. Shape ``(rows,)``.
    off
        Sum of the absolute gradient at the present point.
    """

    function: Concave
    pi: FloatArray
    is_over: Callable[[], bool]
    settle: Callable[[FloatArray, FloatArray, float], FloatArray | None] | None = None

    def __post_init__(self) -> None:
        """Begin lightly damped."""
        self.damping: FloatArray = np.full(len(self.pi), FIRST_DAMPING)
        self.reach: FloatArray = np.full(len(self.pi), REACH)
        self.off = np.inf

    def climb(self, temperature: float, *, tolerance: float, max_steps: int, calm: float = np.inf) -> bool:
        """Step until the predicted gain is below ``tolerance`` and no gradient above ``calm``; return whether it is so.

        Rows that have far to go gain little within their reach: the predicted gain alone does not tell them.
        """
        value, gradient = self._settled(*self.function.evaluate(self.pi, temperature), temperature)
        if not len(self.pi):
            self.off = 0.0
            return True
        curvature, steps = None, 0
        for _ in range(2 * max_steps):
            self.off = float(np.abs(gradient).sum())
            if steps == max_steps or self.is_over():
                break
            curvature = curvature or self.function.curvature(temperature)
            step = self._step(curvature, gradient, temperature)
            if step is None:
                self.damping = np.minimum(10.0 * self.damping, MOST_DAMPING)
                continue
            damped = self.damping * (curvature.diagonal + 1.0 / temperature)
            predicted = float(gradient @ step) - 0.5 * float(step @ (gradient - damped * step))
            ahead, ahead_gradient = self.function.evaluate(self.pi + step, temperature)
            taken = ahead - value >= LEAST_GAIN * predicted - 1e-12 * abs(value)
            self._adapt(step, gradient, ahead_gradient, taken=taken)
            if not taken:
                continue
            self.pi = self.pi + step
            value, gradient, curvature = ahead, ahead_gradient, None
            steps += 1
            if predicted >= tolerance or np.abs(gradient).max() > calm:
                value, gradient = self._settled(value, gradient, temperature)
            else:
                self.off = float(np.abs(gradient).sum())
                return True
        return False

    def _settled(self, value: float, gradient: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Let single rows that stand out be settled; return value and gradient where the climb is then."""
        pi = None if self.settle is None else self.settle(self.pi, gradient, temperature)
        if pi is None:
            return value, gradient
        self.pi = pi
        return self.function.evaluate(pi, temperature)

    def _step(self, curvature: Curvature, gradient: FloatArray, temperature: float) -> FloatArray | None:
        """Return the damped step, its rows damped more where they would go beyond reach."""
        weight = curvature.diagonal + 1.0 / temperature
        own = curvature.diagonal / weight
        step = curvature.solved(self.damping * weight, gradient)
        for _ in range(MOST_SHORTENED):
            if step is None:
                break
            beyond = np.abs(step) / (self.reach * temperature)
            if beyond.max() <= 1.5:
                break
            needed = np.minimum(beyond * (self.damping + own) - own, MOST_DAMPING)
            self.damping = np.where(beyond > 1.0, needed, self.damping)
            step = curvature.solved(self.damping * weight, gradient)
        return step

    def _adapt(self, step: FloatArray, before: FloatArray, after: FloatArray, *, taken: bool) -> None:
        """Change each row's damping by what the step did to its gradient."""
        size = np.abs(before)
        much = np.abs(after) > TURNED * np.maximum(size, size.mean())
        too_far = much & (after * step < 0)
        grown = np.where(much & taken, FARTHER, 1.0)
        self.reach = np.maximum(self.reach * np.where(too_far, 1.0 / FARTHER, grown), REACH)
        raised = np.minimum(RAISE * np.maximum(self.damping, FIRST_DAMPING), MOST_DAMPING)
        others = self.damping / np.where(much, SHORT, LOWER) if taken else 2.0 * self.damping
        self.damping = np.where(too_far, raised, np.clip(others, LEAST_DAMPING, MOST_DAMPING))
