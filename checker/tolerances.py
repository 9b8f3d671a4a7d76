"""How much rounding the checker forgives, in one place.

A limit ``l`` is kept by a value ``v`` when ``v <= l + RELATIVE * |l| + ABSOLUTE``. It covers the rounding of sums of
up to a million floating-point numbers, and nothing that a reader of a scorecard could see.
"""

RELATIVE = 1e-9
"""Share of the limit by which a sum may exceed it."""

ABSOLUTE = 1e-9
"""Amount, in the limit's own unit, by which a sum may exceed it; it matters where the limit is 0."""

CLAIM_RELATIVE = 1e-6
"""Share by which a claimed objective, term or bound may differ from the recomputed one."""

CLAIM_ABSOLUTE = 1e-9
"""Objective units by which a claimed objective, term or bound may differ from the recomputed one."""


def is_above(value: float, limit: float) -> bool:
    """Return whether a value exceeds a limit by more than rounding."""
    return value > limit + RELATIVE * abs(limit) + ABSOLUTE


def is_below(value: float, limit: float) -> bool:
    """Return whether a value falls short of a limit by more than rounding."""
    return value < limit - RELATIVE * abs(limit) - ABSOLUTE


def is_same_claim(claimed: float, found: float) -> bool:
    """Return whether a claimed number is the recomputed one, rounding apart."""
    return abs(claimed - found) <= CLAIM_RELATIVE * max(abs(claimed), abs(found)) + CLAIM_ABSOLUTE
