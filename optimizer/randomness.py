"""The random numbers of all compiled searches: a seed gives the same ones everywhere.

The state is one uint64 in an array that the search owns. Compiled into the place of each call.
"""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, inline="always")
def next_bits(random):  # type: ignore[no-untyped-def]  # compiled
    """Return the next 64 random bits (xorshift64*, Vigna 2016, doi 10.1145/2845077)."""
    bits = random[0]
    bits ^= bits >> np.uint64(12)
    bits ^= bits << np.uint64(25)
    bits ^= bits >> np.uint64(27)
    random[0] = bits
    return bits * np.uint64(2685821657736338717)


@numba.njit(cache=True, nogil=True, inline="always")
def below(random, limit):  # type: ignore[no-untyped-def]  # compiled
    """Return a random integer in [0, limit), limit < 2^31."""
    return np.int64(((next_bits(random) >> np.uint64(33)) * np.uint64(limit)) >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def uniform(random):  # type: ignore[no-untyped-def]  # compiled
    """Return a random float in (0, 1]."""
    return (np.float64(next_bits(random) >> np.uint64(11)) + 1.0) * (1.0 / 9007199254740992.0)
