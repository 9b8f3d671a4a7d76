"""Read-only arrays for frozen dataclasses that survive pickling and compare by identity.

A frozen dataclass protects its fields, not the arrays behind them; and NumPy drops the read-only flag when it
unpickles. `frozen_array` sets the flag, `rebuild` restores it.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt


def frozen_array(value: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return ``value`` as a C-ordered read-only array of ``dtype``, without a copy where none is needed."""
    source = np.asarray(value)
    array = np.ascontiguousarray(source, dtype=dtype)
    if array is source and array.flags.writeable:
        array = array.view()
    array.flags.writeable = False
    return array


def rebuild(cls: Callable[..., Any], values: dict[str, Any]) -> Any:
    """Make an instance of ``cls`` from its fields again, through its own checks."""
    return cls(**values)


class ReadOnly:
    """Mix into a frozen dataclass with arrays: pickling goes through the constructor, which freezes again."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), {field.name: getattr(self, field.name) for field in fields(self)})  # type: ignore[arg-type]  # every user of this mix-in is a dataclass
