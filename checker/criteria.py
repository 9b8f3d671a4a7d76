"""Read the normalized criteria JSON, strictly: a section left out is off, an unknown one is refused.

Left out are families together, eligibility hard, nobody unassigned. A field that decides something (a weight, a
tolerance, a target) must be there: the checker fills in no default that a reader of the criteria could not see.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checker.exceptions import CheckInputError

SECTIONS = frozenset(
    {
        "balance", "travel", "compactness", "disruption", "families", "eligibility", "contiguity", "locks", "forbid",
        "frozen_reps", "unassigned", "centers",
    }
)  # fmt: skip
TARGETS = frozenset({"equal", "fte", "capacity", "given"})

TRAVEL_SOURCES = frozenset({"great_circle", "pairs", "minutes"})
"""Where travel comes from; minutes are costs of pairs, too."""


@dataclass(frozen=True)
class Balance:
    """Keep loads of one measure near their targets; weight is 0 where the balance is hard."""

    measure: str
    target: str
    tolerance: float
    is_hard: bool
    weight: float


@dataclass(frozen=True)
class MoveLimit:
    """Cap what may change rep: by measure an amount, and by measure a share of the total."""

    amounts: Mapping[str, float]
    shares: Mapping[str, float]


@dataclass(frozen=True)
class CheckedCriteria:
    """The criteria, read.

    Attributes
    ----------
    balance
        At most one for each measure.
    travel_weight, compactness_weight, disruption_weight, eligibility_weight, unassigned_weight
        At least 0; 0 is off.
    has_pair_costs
        Whether travel comes from the caller's pairs, so that a missing pair is forbidden.
    travel_unit
        ``km``, ``min`` or ``cost``.
    has_barriers
        Whether ways lead around barriers, so that detours must be known.
    road_factor
        Road km per great-circle km.
    disruption_measure
        What is counted when an account moves.
    max_moved, max_in_per_rep, max_out_per_rep
        Budgets.
    are_families_together, is_eligibility_hard, is_unassigned_allowed, is_contiguous
        Switches.
    locks, forbid
        Pairs of account id and rep id.
    frozen_reps
        Rep ids.
    """

    balance: tuple[Balance, ...]
    travel_weight: float
    has_pair_costs: bool
    travel_unit: str
    has_barriers: bool
    road_factor: float
    compactness_weight: float
    disruption_weight: float
    disruption_measure: str
    max_moved: MoveLimit
    max_in_per_rep: MoveLimit
    max_out_per_rep: MoveLimit
    are_families_together: bool
    is_eligibility_hard: bool
    eligibility_weight: float
    is_unassigned_allowed: bool
    unassigned_weight: float
    is_contiguous: bool
    locks: tuple[tuple[str, str], ...]
    forbid: tuple[tuple[str, str], ...]
    frozen_reps: tuple[str, ...]

    @property
    def measures_distance(self) -> bool:
        """Whether the objective measures distances, so that every place must be known."""
        return self.compactness_weight > 0 or (self.travel_weight > 0 and not self.has_pair_costs)


def read_criteria(criteria: Mapping[str, Any]) -> CheckedCriteria:
    """Read the normalized criteria JSON.

    Raises
    ------
    CheckInputError
        When a section or field is unknown, missing or out of range.
    """
    _known(criteria, SECTIONS, "criteria")
    travel, disruption = _section(criteria, "travel"), _section(criteria, "disruption")
    _known(travel, {"weight", "source", "road_factor", "barriers"}, "travel")
    _known(disruption, {"weight", "measure", "max_moved", "max_in_per_rep", "max_out_per_rep"}, "disruption")
    centers = _section(criteria, "centers")
    _known(centers, {"candidates"}, "centers")
    _word(centers.get("candidates"), {"accounts", "units", "cities"}, "accounts", "centers.candidates")
    compactness, unassigned = _section(criteria, "compactness"), _section(criteria, "unassigned")
    _known(compactness, {"weight"}, "compactness")
    _known(unassigned, {"allowed", "weight"}, "unassigned")
    is_unassigned_allowed = bool(unassigned.get("allowed", False))
    is_hard, eligibility_weight = _eligibility(criteria.get("eligibility"))
    return CheckedCriteria(
        balance=_balances(criteria.get("balance") or ()),
        travel_weight=_number(travel, "weight", "travel") if travel else 0.0,
        has_pair_costs=_word(travel.get("source"), {*TRAVEL_SOURCES}, "great_circle", "travel.source")
        != "great_circle",
        travel_unit={"minutes": "min", "pairs": "cost"}.get(str(travel.get("source")), "km"),
        has_barriers=bool(travel.get("barriers")) and travel.get("source") in (None, "great_circle"),
        road_factor=_number(travel, "road_factor", "travel", default=1.0),
        compactness_weight=_number(compactness, "weight", "compactness") if compactness else 0.0,
        disruption_weight=_number(disruption, "weight", "disruption", default=0.0),
        disruption_measure=disruption.get("measure") or "accounts",
        max_moved=_move_limit(disruption.get("max_moved"), "max_moved"),
        max_in_per_rep=_move_limit(disruption.get("max_in_per_rep"), "max_in_per_rep"),
        max_out_per_rep=_move_limit(disruption.get("max_out_per_rep"), "max_out_per_rep"),
        are_families_together=_word(criteria.get("families"), {"together", "off"}, "together", "families")
        == "together",
        is_eligibility_hard=is_hard,
        eligibility_weight=eligibility_weight,
        is_unassigned_allowed=is_unassigned_allowed,
        unassigned_weight=_number(unassigned, "weight", "unassigned") if is_unassigned_allowed else 0.0,
        is_contiguous=_word(criteria.get("contiguity"), {"off", "rook", "queen"}, "off", "contiguity") != "off",
        locks=_account_reps(criteria.get("locks") or (), "locks"),
        forbid=_account_reps(criteria.get("forbid") or (), "forbid"),
        frozen_reps=tuple(str(rep_id) for rep_id in criteria.get("frozen_reps") or ()),
    )


def _section(criteria: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = criteria.get(name)
    if section is None or section == "off":
        return {}
    if not isinstance(section, Mapping):
        raise CheckInputError(f"The criteria's '{name}' is no object.")
    return section


def _known(section: Mapping[str, Any], names: frozenset[str] | set[str], where: str) -> None:
    unknown = sorted(set(section) - names)
    if unknown:
        raise CheckInputError(f"The checker does not know '{unknown[0]}' in {where}, so it cannot confirm it.")


def _number(section: Mapping[str, Any], name: str, where: str, *, default: float | None = None) -> float:
    value = section.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise CheckInputError(f"{where}.{name} must be a number of at least 0.")
    return float(value)


def _word(value: object, known: set[str], default: str, where: str) -> str:
    word = default if value is None else value
    if not isinstance(word, str) or word not in known:
        raise CheckInputError(f"{where} is {value!r}; the checker knows {', '.join(sorted(known))}.")
    return word


def _balances(entries: Sequence[Mapping[str, Any]]) -> tuple[Balance, ...]:
    balances = []
    for entry in entries:
        _known(entry, {"measure", "target", "tolerance", "hard", "weight"}, "balance")
        is_hard = bool(entry.get("hard", False))
        tolerance = _number(entry, "tolerance", "balance")
        if not isinstance(entry.get("measure"), str) or entry.get("target") not in TARGETS or tolerance >= 1:
            raise CheckInputError("A balance needs a measure, a known target and a tolerance below 1.")
        weight = 0.0 if is_hard else _number(entry, "weight", "balance")
        balances.append(Balance(entry["measure"], entry["target"], tolerance, is_hard, weight))
    if len({balance.measure for balance in balances}) < len(balances):
        raise CheckInputError("A measure is balanced twice.")
    return tuple(balances)


def _move_limit(section: Mapping[str, Any] | None, name: str) -> MoveLimit:
    if section is None:
        return MoveLimit({}, {})
    where = f"disruption.{name}"
    shares = section.get("share") or {}
    return MoveLimit(
        amounts={
            measure: _number(section, measure, where)
            for measure in section
            if measure != "share" and section[measure] is not None
        },
        shares={measure: _number(shares, measure, where) for measure in shares if shares[measure] is not None},
    )


def _eligibility(value: object) -> tuple[bool, float]:
    if isinstance(value, Mapping):
        _known(value, {"soft"}, "eligibility")
        return False, _number(value, "soft", "eligibility")
    return _word(value, {"hard", "off"}, "hard", "eligibility") == "hard", 0.0


def _account_reps(entries: Sequence[Mapping[str, Any]], name: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for entry in entries:
        _known(entry, {"account_id", "rep_id"}, name)
        if not isinstance(entry.get("account_id"), str) or not isinstance(entry.get("rep_id"), str):
            raise CheckInputError(f"An entry of {name} needs account_id and rep_id.")
        pairs.append((entry["account_id"], entry["rep_id"]))
    return tuple(pairs)
