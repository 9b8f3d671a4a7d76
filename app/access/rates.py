"""Rates: how many requests a key may send, by a bucket of tokens that fills steadily.

The buckets live in this process: behind several API processes a key has as many times the rate.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

MOST_BUCKETS = 10_000


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class Rates:
    """Count requests by key.

    Parameters
    ----------
    per_s
        Requests per second in the long run; 0 counts nothing.
    burst
        Requests at once after a rest, ≥ 1.
    clock
        Seconds, steady.
    """

    def __init__(self, *, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait_s(self, key_id: str) -> float:
        """Take one token of a key; return 0, or the seconds until there is one and take none."""
        if self._per_s == 0:
            return 0.0
        now = self._clock()
        bucket = self._buckets.get(key_id)
        if bucket is None:
            self._make_room(now)
            bucket = self._buckets[key_id] = _Bucket(self._burst, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._per_s)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._per_s
        bucket.tokens -= 1
        return 0.0

    def _make_room(self, now: float) -> None:
        """Forget the keys that have rested long enough to be full again."""
        if len(self._buckets) < MOST_BUCKETS:
            return
        rest_s = self._burst / self._per_s
        self._buckets = {key: kept for key, kept in self._buckets.items() if now - kept.filled_at < rest_s}
