"""Sort a certificate's multipliers into prices of load and of moves, and add up what the limits themselves give.

All arithmetic here is in Python integers and exact fractions, rounded so that the bound only falls.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, fsum, inf, isfinite

import numpy as np

from checker.alignment import share_of_target
from checker.check import Examined
from checker.criteria import Balance
from checker.load_rules import limit_by_measure
from checker.terms import balance_reference
from checker.tolerances import ABSOLUTE, RELATIVE

SLACK = Fraction(2 * RELATIVE)
"""Share by which limits are widened: twice what the checker forgives, which covers its own rounding."""

MARGIN = Fraction(2 * ABSOLUTE)
"""Amount by which limits are widened."""


class CertificateRefusedError(ValueError):
    """When a certificate is not one, or does not prove what it says."""


@dataclass(frozen=True)
class Multiplier:
    """One integer multiplier: the row's kind, rep index (None for a total), measure, side and value."""

    kind: str
    rep: int | None
    measure: str
    side: str
    value: int


@dataclass
class Prices:
    """What a unit of load and of movement costs, in integer units.

    Attributes
    ----------
    load
        Measure to one integer for each rep: what an amount unit of load costs, of either sign.
    moved, moved_in, moved_out
        Measure to what an amount unit of movement costs: anywhere, into a rep, out of a rep; at least 0.
    constant
        What the limits and the soft balance add to the bound.
    """

    load: dict[str, list[int]] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    moved_in: dict[str, list[int]] = field(default_factory=dict)
    moved_out: dict[str, list[int]] = field(default_factory=dict)
    constant: int = 0


class PriceList:
    """Collect multipliers of one problem into prices."""

    def __init__(self, examined: Examined, *, scale: int, amount_bits: Mapping[str, int]) -> None:
        self._examined = examined
        self._scale = scale
        self._bits = amount_bits
        self._balance = {balance.measure: balance for balance in examined.allowed.criteria.balance}
        self._share = {
            balance.measure: share_of_target(examined.data, balance) for balance in examined.allowed.criteria.balance
        }
        self._total = {balance: self._most(balance) for balance in self._balance}
        self._of_total: dict[str, Fraction] = {}
        self._soft: dict[tuple[int, str], int] = {}
        self.prices = Prices()

    def add(self, multipliers: Iterable[Multiplier]) -> Prices:
        """Add multipliers and return the prices.

        Raises
        ------
        CertificateRefusedError
            When a row does not exist, has no limit on that side, occurs twice, or has a wrong sign.
        """
        seen: set[tuple[str, int | None, str, str]] = set()
        for multiplier in multipliers:
            key = (multiplier.kind, multiplier.rep, multiplier.measure, multiplier.side)
            if key in seen:
                raise CertificateRefusedError(f"The row {key} occurs twice.")
            seen.add(key)
            if multiplier.kind != "soft_balance" and multiplier.value < 0:
                raise CertificateRefusedError(f"The multiplier of {key} is below 0.")
            self._add_one(multiplier)
        for (rep, measure), value in self._soft.items():
            self.prices.constant += self._soft_minimum(rep, measure, value)
        for measure, coefficient in self._of_total.items():
            shift = floor(coefficient)
            self.prices.load[measure] = [price + shift for price in self._load(measure)]
        return self.prices

    def _add_one(self, multiplier: Multiplier) -> None:
        match multiplier.kind:
            case "load":
                self._add_capacity(multiplier)
            case "balance":
                self._add_balance(multiplier)
            case "soft_balance":
                rep, balance = self._balanced(multiplier, is_hard=False)
                if multiplier.side != "equal":
                    raise CertificateRefusedError("A soft balance has the side 'equal'.")
                if self._share[balance.measure] is not None and not self.is_total_fixed(balance.measure):
                    raise CertificateRefusedError(
                        f"The targets of '{balance.measure}' move, so its rows have no price."
                    )
                self._load(balance.measure)[rep] += multiplier.value
                self._soft[rep, balance.measure] = multiplier.value
            case "max_moved" | "max_in" | "max_out":
                self._add_budget(multiplier)
            case _:
                raise CertificateRefusedError(f"'{multiplier.kind}' is no kind of row.")

    def _add_capacity(self, multiplier: Multiplier) -> None:
        data = self._examined.data
        rep = self._active_rep(multiplier)
        limits = data.maximum if multiplier.side == "max" else data.minimum
        limit = float(limits[multiplier.measure][rep]) if multiplier.measure in limits else inf
        self._add_limit(multiplier, rep=rep, limit=limit)

    def _add_balance(self, multiplier: Multiplier) -> None:
        rep, balance = self._balanced(multiplier, is_hard=True)
        data = self._examined.data
        sign = 1 if multiplier.side == "max" else -1
        width = 1 + sign * Fraction(balance.tolerance)
        share = self._share[balance.measure]
        if share is None:
            given = data.given_target.get(balance.measure)
            target = Fraction(float(given[rep])) if given is not None and isfinite(given[rep]) else None
            self._add_limit(multiplier, rep=rep, limit=inf if target is None else width * target)
        elif self.is_total_fixed(balance.measure):
            target = Fraction(float(share[rep])) * self._total[balance.measure]
            self._add_limit(multiplier, rep=rep, limit=width * target)
        else:
            self._side(multiplier)
            self._load(balance.measure)[rep] += sign * multiplier.value
            of_total = -sign * multiplier.value * width * (1 + sign * SLACK) * Fraction(float(share[rep]))
            self._of_total[balance.measure] = self._of_total.get(balance.measure, Fraction(0)) + of_total
            self.prices.constant -= multiplier.value * ceil(MARGIN * self.amount_unit(balance.measure))

    def _add_limit(self, multiplier: Multiplier, *, rep: int, limit: float | Fraction) -> None:
        """Price a unit of load at a rep, and give the limit, widened, to the constant."""
        if isinstance(limit, float) and not isfinite(limit):
            raise CertificateRefusedError(f"There is no limit '{multiplier.side}' on {multiplier.measure} there.")
        unit, exact = self.amount_unit(multiplier.measure), Fraction(limit)
        slack = SLACK * abs(exact) + MARGIN
        if self._side(multiplier) == "max":
            self._load(multiplier.measure)[rep] += multiplier.value
            self.prices.constant -= multiplier.value * ceil((exact + slack) * unit)
        else:
            self._load(multiplier.measure)[rep] -= multiplier.value
            self.prices.constant += multiplier.value * floor((exact - slack) * unit)

    def _add_budget(self, multiplier: Multiplier) -> None:
        data, criteria, measure = self._examined.data, self._examined.allowed.criteria, multiplier.measure
        budgets = {
            "max_moved": criteria.max_moved,
            "max_in": criteria.max_in_per_rep,
            "max_out": criteria.max_out_per_rep,
        }
        limits = limit_by_measure(data, budgets[multiplier.kind])
        if measure not in limits or multiplier.side != "max":
            raise CertificateRefusedError(f"There is no budget '{multiplier.kind}' on {measure}.")
        if multiplier.kind == "max_moved":
            if multiplier.rep is not None:
                raise CertificateRefusedError("'max_moved' is no limit of one rep.")
            self.prices.moved[measure] = multiplier.value
        else:
            table = self.prices.moved_in if multiplier.kind == "max_in" else self.prices.moved_out
            table.setdefault(measure, [0] * data.num_reps)[self._active_rep(multiplier)] = multiplier.value
        exact = Fraction(limits[measure])
        widened = exact * (1 + SLACK) + MARGIN
        self.prices.constant -= multiplier.value * ceil(widened * self.amount_unit(measure))

    def _soft_minimum(self, rep: int, measure: str, value: int) -> int:
        """Return the least of penalty minus price over all loads a rep can have, in units, rounded down."""
        balance = self._balance[measure]
        target = self._soft_target(rep, balance)
        highest = self._total[measure] * (1 + SLACK) + MARGIN
        tolerance = Fraction(balance.tolerance)
        steepness = Fraction(balance.weight) / Fraction(balance_reference(self._examined.data)) * self._scale
        loads = [Fraction(0), highest]
        if target:
            loads += [target * (1 + step * tolerance) for step in (-2, -1, 0, 1, 2)]
        least: Fraction | None = None
        for load in loads:
            if not 0 <= load <= highest:
                continue
            deviation = abs(load - target) / target if target else Fraction(0)
            excess = max(Fraction(0), deviation - tolerance) + 2 * max(Fraction(0), deviation - 2 * tolerance)
            cost = steepness * excess - value * load * self.amount_unit(measure)
            least = cost if least is None else min(least, cost)
        return floor((least or Fraction(0)) - steepness * SLACK)

    def _soft_target(self, rep: int, balance: Balance) -> Fraction | None:
        """Return a rep's target, None where it has none and pays nothing."""
        data = self._examined.data
        share = self._share[balance.measure]
        if share is not None:
            return Fraction(float(share[rep])) * self._total[balance.measure] or None
        given = data.given_target.get(balance.measure)
        if given is None or not isfinite(given[rep]):
            return None
        return Fraction(float(given[rep])) or None

    def _most(self, measure: str) -> Fraction:
        """Return the largest total of a measure: that of every alignment, where the total is fixed."""
        data = self._examined.data
        highest = data.measure(measure).copy()
        if data.is_overridden(measure):
            override = data.pairs.amounts[measure]
            np.maximum.at(highest, data.pairs.account, np.nan_to_num(override))
        return Fraction(fsum(highest.tolist()))

    def is_total_fixed(self, measure: str) -> bool:
        """Return whether every complete alignment has the same total load of a measure."""
        is_complete = not self._examined.allowed.criteria.is_unassigned_allowed
        return is_complete and not self._examined.data.is_overridden(measure)

    def amount_unit(self, measure: str) -> Fraction:
        """Return how many integer units an amount of 1 is."""
        if measure not in self._bits:
            raise CertificateRefusedError(f"amount_bits does not name '{measure}'.")
        return Fraction(2) ** self._bits[measure]

    def _balanced(self, multiplier: Multiplier, *, is_hard: bool) -> tuple[int, Balance]:
        balance = self._balance.get(multiplier.measure)
        if balance is None or balance.is_hard != is_hard:
            kind = "hard" if is_hard else "soft"
            raise CertificateRefusedError(f"There is no {kind} balance of '{multiplier.measure}'.")
        return self._active_rep(multiplier), balance

    def _active_rep(self, multiplier: Multiplier) -> int:
        if multiplier.rep is None or not self._examined.data.is_active[multiplier.rep]:
            raise CertificateRefusedError(f"The row '{multiplier.kind}' names no active rep.")
        return multiplier.rep

    def _side(self, multiplier: Multiplier) -> str:
        if multiplier.side not in ("min", "max"):
            raise CertificateRefusedError(f"'{multiplier.side}' is no side of a limit.")
        return multiplier.side

    def _load(self, measure: str) -> list[int]:
        if measure not in self._examined.data.amounts:
            raise CertificateRefusedError(f"The accounts have no measure '{measure}'.")
        return self.prices.load.setdefault(measure, [0] * self._examined.data.num_reps)
