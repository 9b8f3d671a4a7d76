"""What a rep should carry: the target of every measure, as the scenario's criteria ask for it.

Owns the share each rep has in a measure's assigned load, and the band around it. Reps who have left
carry no target (NaN) and are left out of every fairness number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.alignments.columns import AlignmentColumns, Flags, Floats


@dataclass(frozen=True)
class BalanceRule:
    """Say how one measure is to be shared.

    Parameters
    ----------
    measure
        The measure.
    target
        ``equal``, ``fte``, ``capacity`` or ``given``.
    tolerance
        Largest allowed deviation from the target, a fraction in [0, 1); None where nothing was asked.
    is_hard
        True when the tolerance is a limit, False when it is an aim.
    """

    measure: str
    target: str = "equal"
    tolerance: float | None = None
    is_hard: bool = False


def balance_rules(criteria: Mapping[str, Any] | None) -> dict[str, BalanceRule]:
    """Return the rule of every measure that normalized criteria balance, in their order."""
    if criteria is None:
        return {}
    return {
        rule["measure"]: BalanceRule(
            measure=rule["measure"],
            target=rule.get("target", "equal"),
            tolerance=rule.get("tolerance"),
            is_hard=bool(rule.get("hard", False)),
        )
        for rule in criteria.get("balance") or ()
    }


def rules_of(columns: AlignmentColumns, criteria: Mapping[str, Any] | None) -> dict[str, BalanceRule]:
    """Return the rule of every measure: as the criteria ask, else by a fair share.

    A fair share is an equal one in a team that works full time, and one by FTE where somebody works less: half a
    rep with half the load is no outlier.
    """
    asked = balance_rules(criteria)
    working = columns.fte[columns.is_active]
    usual = "fte" if working.size and (working != working[0]).any() else "equal"
    return {measure: asked.get(measure, BalanceRule(measure, target=usual)) for measure in columns.measures}


def target_loads(columns: AlignmentColumns, rule: BalanceRule, *, total: float) -> Floats:
    """Return the load that each rep should have, shape ``(reps,)``; NaN where there is no target.

    Parameters
    ----------
    columns
        The reps, whether they are active, their FTE and capacities.
    rule
        How the measure is to be shared.
    total
        The assigned load that is shared, in the measure's unit.
    """
    if rule.target == "given":
        given = columns.rep_column(f"target:{rule.measure}")
        return np.where(columns.is_active, given, np.nan)
    key = _sharing_key(columns, rule)
    key_total = float(key.sum())
    if not np.isfinite(key_total) or key_total <= 0:
        return np.full(columns.num_reps, np.nan)
    return np.where(columns.is_active, total * key / key_total, np.nan)


def index_of(load: Floats, target: Floats) -> Floats:
    """Return 100 · load / target, shape ``(reps,)``; NaN where there is no target above zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(target > 0, 100.0 * load / target, np.nan)


def is_in_band(index: Floats, rule: BalanceRule, *, default_tolerance: float) -> Flags:
    """Tell which reps lie within the rule's tolerance, shape ``(reps,)``; True without a target."""
    tolerance = default_tolerance if rule.tolerance is None else rule.tolerance
    return np.isnan(index) | (np.abs(index / 100.0 - 1.0) <= tolerance + 1e-9)


def _sharing_key(columns: AlignmentColumns, rule: BalanceRule) -> Floats:
    active = columns.is_active.astype(np.float64)
    if rule.target == "fte":
        return columns.fte * active
    if rule.target == "capacity":
        largest = columns.rep_column(f"max:{rule.measure}")
        return np.where(columns.is_active, np.where(np.isnan(largest), np.inf, largest), 0.0)
    return active
