"""What a search depends on besides its question: versions, the processor and the number of threads.

Owns what an alignment's ``software`` says. The same question, seed and deterministic search give the same bytes where
all of it is the same. Imports neither the web nor the database.
"""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

LIBRARIES: Final = ("ortools", "numpy", "numba", "scipy")
COMPARED: Final = ("version", "python", *LIBRARIES, "processor")
"""What must be the same for the same bytes; the seed and the threads are given to the search."""


def software(*, seed: int, threads: int) -> dict[str, Any]:
    """Return what an alignment says of the software, machine and search that made it."""
    return {**environment(), "threads": threads, "seed": seed}


def environment() -> dict[str, str]:
    """Return the versions of this software and its libraries, and the processor family."""
    libraries = {name: _version(name) for name in LIBRARIES}
    return {
        "version": _version("territory-optimizer"),
        **libraries,
        "python": platform.python_version(),
        "processor": processor(),
    }


def differences(recorded: dict[str, Any]) -> list[str]:
    """Return in words what of a recorded environment is another here; unknown where it was not recorded."""
    here = environment()
    return [
        f"{name} {recorded.get(name, 'unknown')}, here {here[name]}"
        for name in COMPARED
        if recorded.get(name) != here[name]
    ]


@cache
def processor() -> str:
    """Return the processor family, by which compiled kernels and linear algebra choose their instructions."""
    from llvmlite.binding import get_host_cpu_name  # type: ignore[import-untyped]  # llvmlite has no types

    return f"{platform.machine()} {get_host_cpu_name()}"


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "0"
