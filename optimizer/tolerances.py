"""The float noise that every comparison with a limit forgives, in one place.

A load is a sum of many floats, and the order of the sum moves its last digits. `violations` forgives `slack`; the
model that the search works on forgives half of it, so that what the search takes for feasible is never refused.
"""

from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

RELATIVE: Final = 1e-9
"""Forgiven part of the limit's scale."""
ABSOLUTE: Final = 1e-9
"""Forgiven amount whatever the scale, in the measure's unit."""
MODEL_PART: Final = 0.5
"""The part of the slack that the model's own limits already contain."""

SUM_NOISE: Final = 1e-13
"""Part of a sum by which its own rounding may move it, where a limit is a difference of large sums."""

Number = TypeVar("Number", float, npt.NDArray[np.floating[Any]])


def slack(scale: Number) -> Number:
    """Return by how much a limit of this scale may be exceeded, in the measure's unit."""
    return abs(scale) * RELATIVE + ABSOLUTE
