"""Shared by all tests: one cache of compiled kernels, so that each service of a test finds them ready."""

import os
from pathlib import Path

os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parent.parent / ".numba_cache"))
