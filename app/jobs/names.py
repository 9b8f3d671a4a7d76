"""How sentences call accounts, reps and amounts: a name with its id, a number with its unit.

Imports neither the web nor the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_UNITS: Final = {"workload": " h", "accounts": " accounts"}
_SINGULAR: Final = {" accounts": " account"}


@dataclass(frozen=True)
class Names:
    """Ids and names of accounts and reps, by position.

    Parameters
    ----------
    account_ids, rep_ids
        Ids. Shapes ``(accounts,)`` and ``(reps,)``.
    account_names, rep_names
        Names, None where there is none.
    """

    account_ids: Sequence[str]
    rep_ids: Sequence[str]
    account_names: Sequence[str | None]
    rep_names: Sequence[str | None]

    def account(self, position: int) -> str:
        """Return how a sentence calls an account."""
        return _called(self.account_ids[position], self.account_names[position])

    def rep(self, position: int) -> str:
        """Return how a sentence calls a rep."""
        return _called(self.rep_ids[position], self.rep_names[position])

    def accounts(self, positions: Sequence[int]) -> str:
        """Return the first three accounts, and how many more there are."""
        return listed([self.account(position) for position in positions[:3]], len(positions))

    def reps(self, positions: Sequence[int]) -> str:
        """Return the first three reps, and how many more there are."""
        return listed([self.rep(position) for position in positions[:3]], len(positions))


def quantity(amount: float | None, measure: str | None) -> str:
    """Write an amount with its unit, as far as the measure tells one."""
    if amount is None:
        return "nothing"
    written = f"{amount:,.{1 if abs(amount) >= 10 else 3}f}".rstrip("0").rstrip(".")
    unit = _UNITS.get(measure or "", "")
    return f"{written}{_SINGULAR.get(unit, unit) if amount == 1 else unit}"


def percent(fraction: float | None) -> str:
    """Write a fraction as percent; none is off."""
    return "off" if fraction is None else f"{fraction * 100:.4g} %"


def listed(called: Sequence[str], total: int) -> str:
    """Write some names of a list, and how many more there are."""
    if not called:
        return "nobody"
    rest = total - len(called)
    return ", ".join(called) + (f" and {rest:,} more" if rest > 0 else "")


def counted(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _called(identifier: str, name: str | None) -> str:
    return identifier if not name or name == identifier else f"{name} ({identifier})"
