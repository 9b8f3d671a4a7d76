"""How much memory a solver's process may take: a limit that the operating system keeps.

What is counted is private writable memory (``RLIMIT_DATA``, on Linux): arrays, the solvers' own, the stacks of
threads; not code, nor what is only reserved. Imports neither the web nor the database.
"""

import os
import re
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEMORY_VARIABLE: Final = "TERRITORY_SOLVER_MEMORY_BYTES"
"""Tells the solver its limit in bytes; 0 or nothing is none."""


@dataclass(frozen=True, kw_only=True)
class MemoryUse:
    """What a solver may take, and what it was last seen to have, in bytes.

    Parameters
    ----------
    limit
        0 means none.
    seen
        None where the system does not tell.
    """

    limit: int = 0
    seen: int | None = None

    @property
    def is_tight(self) -> bool:
        """Tell whether half of the limit, or more, was taken."""
        return self.limit > 0 and self.seen is not None and 2 * self.seen >= self.limit


UNLIMITED: Final = MemoryUse()


def memory_limit(environment: Mapping[str, str]) -> int:
    """Return the limit in bytes of a process with these variables; 0 is none."""
    return int(environment.get(MEMORY_VARIABLE) or 0)


def data_bytes(process_id: int) -> int | None:
    """Return what counts against ``RLIMIT_DATA``; None for a process that is gone, and on systems that do not say."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^VmData:\s+(\d+) kB$", status, flags=re.MULTILINE)
    return None if found is None else int(found[1]) * 1024


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
