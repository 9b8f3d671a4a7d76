"""What the sentences of one conflict name: accounts, reps and amounts as texts.

Imports neither the web nor the database.
"""

from dataclasses import dataclass
from typing import Self

from app.jobs.names import Names, counted, quantity
from optimizer.result import Conflict


@dataclass(frozen=True)
class ConflictWords:
    """The names and numbers of a conflict.

    Parameters
    ----------
    accounts, reps
        The first ones by name.
    num_accounts, num_reps
        How many they are, with the word for one or many.
    demand, capacity, short
        Amounts with their measure.
    """

    accounts: str
    reps: str
    num_accounts: str
    num_reps: str
    demand: str
    capacity: str
    short: str

    @classmethod
    def of(cls, conflict: Conflict, names: Names) -> Self:
        """Read a conflict with the names of its accounts and reps."""
        return cls(
            accounts=names.accounts(conflict.accounts),
            reps=names.reps(conflict.reps),
            num_accounts=counted(len(conflict.accounts), "account"),
            num_reps=counted(len(conflict.reps), "rep"),
            demand=quantity(conflict.demand, conflict.measure),
            capacity=quantity(conflict.capacity, conflict.measure),
            short=quantity(conflict.short, conflict.measure),
        )
