"""How the innermost kernels are compiled: kept on disk, without the interpreter's lock, and without counting holders.

numba counts who holds an array, with an atomic addition each time that a kernel reads one out of a tuple. Where a
kernel does nothing else for more than a few nanoseconds, that is most of its time: annealing without it tries five
times as many moves, the same ones. A kernel that is compiled so may not allocate, return arrays or assign to slices;
its caller holds everything that it reads. (numba's option has an underscore: it is not part of what numba promises.
`tests/optimizer/test_compiled.py` tells when it is gone.)
"""

from collections.abc import Callable
from typing import Any, Final

from numba import njit

OPTIONS: Final[dict[str, Any]] = {"nogil": True, "_nrt": False}


def uncounted(function: Callable[..., Any]) -> Any:
    """Compile a kernel that allocates nothing."""
    return njit(cache=True, **OPTIONS)(function)
