"""Kernels compiled once for all trials of a service: a service that has been up for a while has them, too."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from app.jobs.kernel_cache import CACHE_VARIABLE, sources_digest
from app.jobs.warm_up import warm_up
from benchmarks.results import FOLDER

KERNELS: Final = FOLDER / "compiled"


def compiled_kernels() -> Path:
    """Return the folder with the kernels of these sources; compile them in a process of its own where they lack.

    A folder that NUMBA_CACHE_DIR names is used as it stands.
    """
    named = os.environ.get(CACHE_VARIABLE)
    folder = Path(named) if named else (KERNELS / sources_digest()).absolute()
    if not (folder / f"compiled-{sources_digest()}").exists():
        sys.stderr.write("compiling kernels, once for all trials; this takes some minutes\n")
        command = [sys.executable, "-m", "benchmarks.compiled"]
        subprocess.run(command, env={**os.environ, CACHE_VARIABLE: str(folder)}, check=True)
    return folder


if __name__ == "__main__":
    warm_up(hurry=threading.Event())
