"""From an alignment and what a caller doubts to the arrays that uncertainty is reckoned from.

Owns which band is judged, and which accounts share an error. The mathematics stands in :mod:`optimizer.uncertainty`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.alignments.columns import AlignmentColumns, Integers
from app.alignments.scorecards import DEFAULT_BAND
from app.alignments.targets import BalanceRule, target_loads
from app.datasets.tables import ATTRIBUTE_PREFIX
from app.errors import Fault, InvalidInput
from optimizer.uncertainty import Balanced, Doubt, Errors

_PLACES: Final = ("country", "postal_code", "unit_id")


@dataclass(frozen=True)
class Assumed:
    """What a caller doubts.

    Parameters
    ----------
    spread
        Size of the errors, a fraction in [0, 1).
    errors
        Their kind.
    shared_by
        The column whose equal values share one error; None: each account has its own.
    samples
        How often they are drawn.
    seed
        The same seed draws the same.
    """

    spread: float = 0.2
    errors: Errors = Errors.UNIFORM
    shared_by: str | None = None
    samples: int = 500
    seed: int = 0


def band_of(rule: BalanceRule, asked: float | None) -> float:
    """Return the tolerance that is judged: the one asked for, else the criteria's, else ±15 %."""
    if asked is not None:
        return asked
    return DEFAULT_BAND if rule.tolerance is None else rule.tolerance


def balanced_of(columns: AlignmentColumns, rule: BalanceRule, *, tolerance: float) -> Balanced:
    """Return one measure of an alignment with the targets of a rule."""
    is_given = rule.target == "given"
    unknown = np.full(columns.num_reps, np.nan)
    target = target_loads(columns, rule, total=1.0)
    return Balanced(
        owner=columns.owner,
        amount=columns.amount_at(rule.measure, columns.owner),
        share=unknown if is_given else target,
        fixed=target if is_given else unknown,
        tolerance=tolerance,
    )


def doubt_of(columns: AlignmentColumns, assumed: Assumed) -> Doubt:
    """Return what is uncertain of an alignment's accounts.

    Raises
    ------
    InvalidInput
        When the accounts have no such column to share errors by.
    """
    return Doubt(
        spread=assumed.spread,
        errors=assumed.errors,
        group=None if assumed.shared_by is None else shared_groups(columns, assumed.shared_by),
        num_samples=assumed.samples,
        seed=assumed.seed,
    )


def shared_groups(columns: AlignmentColumns, shared_by: str) -> Integers:
    """Return the number of each account's group; accounts without a value are groups of their own.

    Raises
    ------
    InvalidInput
        When there is no such column.
    """
    accounts = columns.tables.accounts
    attributes = [name for name in accounts.column_names if name.startswith(ATTRIBUTE_PREFIX)]
    name = shared_by if shared_by in _PLACES else ATTRIBUTE_PREFIX + shared_by
    if name not in (*_PLACES, *attributes):
        there = ", ".join((*_PLACES, *(attribute.removeprefix(ATTRIBUTE_PREFIX) for attribute in attributes[:20])))
        detail = f"The accounts have no text column '{shared_by[:64]}' to share errors by; there are {there}."
        raise InvalidInput(
            [Fault(code="UNKNOWN_REFERENCE", detail=detail, params={"parameter": "shared_by", "in": "query"})]
        )
    encoded = pc.dictionary_encode(accounts.column(name).cast(pa.string()).combine_chunks())
    number = np.array(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    alone = np.flatnonzero(number < 0)
    number[alone] = len(encoded.dictionary) + np.arange(len(alone))
    return number
