"""When a webhook that did not arrive is sent again: ten attempts over three days, later and later, with jitter."""

import datetime
import random

PAUSES_S = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 16 * 3600, 24 * 3600)
"""Seconds before the second attempt, the third, …: 71.6 h in all."""
JITTER = 0.1
MOST_ATTEMPTS = len(PAUSES_S) + 1


def next_attempt_at(
    attempts: int, now: datetime.datetime, *, chance: random.Random, at_least_s: float = 0.0
) -> datetime.datetime | None:
    """Return when it is sent again after so many attempts, None when it is given up.

    Parameters
    ----------
    attempts
        So far, ≥ 1.
    now
        When the last one ended.
    chance
        Spreads receivers' load: pauses differ by up to a tenth.
    at_least_s
        Seconds that the receiver asked for, such as by Retry-After; at most the longest pause counts.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    pause_s = PAUSES_S[attempts - 1] * chance.uniform(1 - JITTER, 1 + JITTER)
    return now + datetime.timedelta(seconds=max(pause_s, min(at_least_s, PAUSES_S[-1])))
