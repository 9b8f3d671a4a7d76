"""How much memory a solver's process may take: a limit that the operating system keeps.

What is counted is private writable memory (``RLIMIT_DATA``, on Linux): arrays, the solvers' own, the stacks of
threads; not code, nor what is only reserved. Imports neither the web nor the database.
"""

import os
import resource
from typing import Final

MEMORY_VARIABLE: Final = "TERRITORY_SOLVER_MEMORY_BYTES"
"""Tells the solver its limit in bytes; 0 or nothing is none."""


def memory_environment(limit_bytes: int) -> dict[str, str]:
    """Return the variable that tells a solver process its limit; 0 means none."""
    return {MEMORY_VARIABLE: str(limit_bytes)}


def limit_memory() -> None:
    """Keep this process, from now on, to what the worker said; a lower limit that stands already is kept."""
    wanted = int(os.environ.get(MEMORY_VARIABLE, "0"))
    if wanted <= 0:
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))
