"""What a measurement was made on."""

import os
import platform
import resource
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Return processor, cores, load and versions, for the JSON beside a table."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "platform": platform.platform(),
        "python": sys.version.split()[0],
        **{package: version(package) for package in ("ortools", "numpy", "numba", "scipy")},
    }


def peak_memory_gb() -> float:
    """Return the largest memory this process has held so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()
