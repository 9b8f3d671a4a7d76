"""What a measurement was made on."""

import os
import platform
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The project's folder."""
CODE: Final = ("benchmarks", "checker", "geo_data", "optimizer")
"""What is measured; changes elsewhere do not matter."""
PACKAGES: Final = ("ortools", "numpy", "numba", "scipy")


def machine() -> dict[str, Any]:
    """Return processor, cores, memory, load and versions, for the JSON beside a table."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load": load(),
        "platform": platform.platform(),
        "python": sys.version.split()[0],
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS"),
        "commit": commit(),
        **{package: version(package) for package in PACKAGES},
    }


def load() -> float:
    """Return how many processes wanted a core over the last minute."""
    return round(os.getloadavg()[0], 2)


def commit() -> str | None:
    """Return the commit that is measured, with a plus where the code differs from it; None outside a repository."""
    known = _git("rev-parse", "--short=12", "HEAD")
    if known.returncode:
        return None
    differs = _git("diff", "--quiet", "HEAD", "--", *CODE).returncode
    return known.stdout.strip() + ("+" if differs else "")


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


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
