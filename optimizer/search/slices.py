"""Work on slices of the items in threads, with a division that depends on the work alone.

The kernels behind it release the interpreter lock. Slices are cut by size, never by the number of threads, and
results come back in order: a sum over them is the same on every machine.
"""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final, TypeVar

Part = TypeVar("Part")

SLICE_PAIRS: Final = 250_000
"""Pairs of item and column in one slice: about a tenth of a millisecond of work."""
MOST_SLICES: Final = 64
"""About so many slices at most: handing one over costs some ten microseconds."""


def slices_of(count: int, size: int) -> list[slice]:
    """Return the slices that cover ``range(count)``, ``size`` positions each; one empty slice for nothing."""
    size = max(1, size)
    return [slice(begin, min(begin + size, count)) for begin in range(0, max(1, count), size)]


def pair_slices(num_items: int, num_columns: int) -> list[slice]:
    """Return the slices of the items for a pass over all pairs: no more than needed to share it out."""
    pairs = max(SLICE_PAIRS, num_items * num_columns // MOST_SLICES)
    return slices_of(num_items, pairs // max(1, num_columns))


def map_slices(work: Callable[[slice], Part], parts: list[slice], *, num_threads: int = 2) -> list[Part]:
    """Return ``work`` of each slice, in their order."""
    if len(parts) == 1 or num_threads == 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(max_workers=min(num_threads, len(parts))) as pool:
        return list(pool.map(work, parts))


def map_in_pool(work: Callable[[slice], Part], parts: list[slice], pool: Executor | None) -> list[Part]:
    """Return ``work`` of each slice, in their order; without a pool one after the other."""
    return [work(part) for part in parts] if pool is None else list(pool.map(work, parts))
