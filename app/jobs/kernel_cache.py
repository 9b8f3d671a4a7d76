"""Where compiled kernels are kept: one folder for each state of the optimizer's sources.

numba notices that a function's own file changed, but not that a function it calls in another file did, and would run
old machine code after an upgrade. So the folder's name depends on all sources. A folder that NUMBA_CACHE_DIR names is
used as it stands. Imports neither the web nor the database.
"""

import hashlib
import os
import shutil
import sys
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

CACHE_VARIABLE: Final = "NUMBA_CACHE_DIR"
FOLDER: Final = "compiled"
"""Name of the folder below the data."""
KEPT_S: Final = 86_400.0
"""Seconds that another version's kernels are kept after their last use: its workers may still be there."""


def kernel_environment(base: Path) -> dict[str, str]:
    """Return what a solver process must be told of the folder of its kernels.

    Parameters
    ----------
    base
        The folder below which each state of the sources has its own.
    """
    return {CACHE_VARIABLE: os.environ.get(CACHE_VARIABLE) or str((base / sources_digest()).absolute())}


def remove_outdated(base: Path) -> None:
    """Remove what other states of the sources have compiled below a folder, once nobody used it for a day.

    Several processes may do so at once: what another one has removed is gone.
    """
    if not base.is_dir():
        return
    for entry in base.iterdir():
        with suppress(FileNotFoundError):
            if entry.name != sources_digest() and time.time() - entry.stat().st_mtime > KEPT_S:
                if entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink()


def marker() -> Path | None:
    """Return the file that tells that these sources' kernels are compiled, None without a cache folder.

    Marks the folder as used.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    return folder / f"compiled-{sources_digest()}"


@cache
def sources_digest() -> str:
    """Return a name for the state of the optimizer's sources, and of what compiles them."""
    spec = find_spec("optimizer")
    if spec is None or spec.origin is None:
        return "unknown"
    root = Path(spec.origin).parent
    digest = hashlib.sha256(f"{sys.version} {version('numba')}".encode())
    for path in sorted(root.rglob("*.py")):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:16]
