"""How an alignment stands: one line per rep and measure, and the team's numbers, before and after.

Owns the scorecard's content and its JSON form. Refuses to read tables or the database; it is given
columns and criteria. All of it is a pure function of the two.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from app.alignments.columns import AlignmentColumns, Flags, Floats, Integers
from app.alignments.fairness import Fairness, fairness
from app.alignments.targets import BalanceRule, balance_rules, index_of, is_in_band, rules_of, target_loads
from app.alignments.travel import TravelRule, distances_km, inertia, travel_rule, yearly_travel_km
from app.scenarios.center import Centers

DEFAULT_BAND = 0.15
"""The band that is judged where the criteria name no tolerance."""


@dataclass(frozen=True, eq=False)
class MeasureBalance:
    """Hold one measure of one alignment, by rep.

    Parameters
    ----------
    load, target, index
        Shape ``(reps,)``; target and index are NaN for reps without a target.
    team
        The team's fairness.
    """

    load: Floats
    target: Floats
    index: Floats
    team: Fairness


@dataclass(frozen=True, eq=False)
class Standing:
    """Hold what one alignment means for the reps.

    Parameters
    ----------
    measures
        Balance of every measure.
    accounts
        Number of accounts, shape ``(reps,)``.
    travel_km
        Road kilometers per year, shape ``(reps,)``; None where nothing is known.
    radius_km
        Root mean square distance to the center, shape ``(reps,)``, NaN where unknown.
    moment_of_inertia
        Workload-weighted squared distance to the center, shape ``(reps,)``.
    is_in_band
        Whether every balanced measure of the rep is in its band, shape ``(reps,)``.
    """

    measures: Mapping[str, MeasureBalance]
    accounts: Integers
    travel_km: Floats | None
    radius_km: Floats
    moment_of_inertia: Floats
    is_in_band: Flags

    @property
    def total_travel_km(self) -> float | None:
        """Return the whole team's road kilometers per year."""
        return None if self.travel_km is None else float(self.travel_km.sum())


@dataclass(frozen=True)
class Disruption:
    """Sum up the moves; leaving a rep who has left is a move, but no disruption.

    Parameters
    ----------
    moved
        All accounts that had a rep and have another one now.
    accounts
        Those of them whose rep has not left.
    share
        Measure to the fraction of its total that changes rep though its rep has not left, 0 to 1.
    """

    moved: int
    accounts: int
    share: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Hold an alignment's standing, the standing before it, and what changed.

    Parameters
    ----------
    columns
        The alignment and its dataset.
    rules
        The balance rule of every measure; ``equal`` without a tolerance where the criteria have none.
    balanced
        The measures that the criteria balance.
    after
        The alignment's standing.
    before
        The current alignment's standing; None without one.
    disruption
        What moved; nothing without a current alignment.
    moved_in, moved_out
        Moves toward and away from each rep, shape ``(reps,)``.
    capacity_min, capacity_max
        Measure to shape ``(reps,)``; NaN where a rep has no limit.
    travel
        How travel was counted.
    """

    columns: AlignmentColumns
    rules: Mapping[str, BalanceRule]
    balanced: tuple[str, ...]
    after: Standing
    before: Standing | None
    disruption: Disruption
    moved_in: Integers
    moved_out: Integers
    capacity_min: Mapping[str, Floats]
    capacity_max: Mapping[str, Floats]
    travel: TravelRule


def scorecard(
    columns: AlignmentColumns,
    criteria: Mapping[str, Any] | None,
    *,
    centers: Centers | None = None,
) -> Scorecard:
    """Judge an alignment by the criteria, and the current one beside it.

    Parameters
    ----------
    columns
        The alignment and its dataset.
    criteria
        Normalized criteria; None judges by fair shares, see `targets.rules_of`.
    centers
        Rep id to center, for reps whose center was placed.
    """
    asked = [name for name in balance_rules(criteria) if name in columns.amount]
    rules = rules_of(columns, criteria)
    judged = tuple(asked) or tuple(name for name in ("workload",) if name in rules) or ("accounts",)
    travel = travel_rule(criteria, centers or {})
    is_moved, current = columns.is_moved, columns.current
    goes_somewhere = is_moved & (columns.owner >= 0)
    return Scorecard(
        columns=columns,
        rules=rules,
        balanced=judged,
        after=standing(columns, rules, judged, travel, columns.owner),
        before=standing(columns, rules, judged, travel, current) if columns.has_current else None,
        disruption=_disruption(columns),
        moved_in=np.bincount(columns.owner[goes_somewhere], minlength=columns.num_reps),
        moved_out=np.bincount(current[is_moved], minlength=columns.num_reps),
        capacity_min={name: columns.rep_column(f"min:{name}") for name in rules},
        capacity_max={name: columns.rep_column(f"max:{name}") for name in rules},
        travel=travel,
    )


def standing(
    columns: AlignmentColumns,
    rules: Mapping[str, BalanceRule],
    balanced: tuple[str, ...],
    travel: TravelRule,
    owner: Integers,
) -> Standing:
    """Judge the dataset under ``owner``, shape ``(accounts,)``."""
    measures = {name: _measure_balance(columns, rule, owner) for name, rule in rules.items()}
    in_band = np.ones(columns.num_reps, dtype=np.bool_)
    for name in balanced:
        in_band &= is_in_band(measures[name].index, rules[name], default_tolerance=DEFAULT_BAND)
    distance = distances_km(columns, travel, owner)
    moment, radius = inertia(columns, owner, distance)
    return Standing(
        measures=measures,
        accounts=columns.counts(owner),
        travel_km=yearly_travel_km(columns, travel, owner, distance),
        radius_km=radius,
        moment_of_inertia=moment,
        is_in_band=in_band,
    )


def scorecard_json(card: Scorecard) -> dict[str, Any]:
    """Return the form that the API shows."""
    return {"reps": [_rep_json(card, rep) for rep in range(card.columns.num_reps)], "team": _team_json(card)}


def measures_json(card: Scorecard, rep: int) -> dict[str, Any]:
    """Return one rep's measures, as the scorecard and the territories show them."""
    return {name: _rep_measure_json(card, name, rep) for name in card.columns.measures}


def center_json(card: Scorecard, rep: int) -> dict[str, Any] | None:
    """Return the center that was placed for a rep without a home, None for all others."""
    placed = (card.travel.centers or {}).get(card.columns.rep_ids[rep])
    return None if placed is None else placed.to_json()


def known(value: float | np.floating[Any]) -> float | None:
    """Return a finite number as it is and anything else as None."""
    return float(value) if np.isfinite(value) else None


def _measure_balance(columns: AlignmentColumns, rule: BalanceRule, owner: Integers) -> MeasureBalance:
    load = columns.loads(rule.measure, owner)
    target = target_loads(columns, rule, total=float(load.sum()))
    index = index_of(load, target)
    return MeasureBalance(load=load, target=target, index=index, team=fairness(load, index))


def _disruption(columns: AlignmentColumns) -> Disruption:
    is_moved = columns.is_moved
    counted = is_moved & columns.is_active[np.maximum(columns.current, 0)]
    share = {}
    for measure, amount in columns.amount.items():
        total = float(amount.sum())
        share[measure] = float(amount[counted].sum()) / total if total > 0 else 0.0
    return Disruption(moved=int(is_moved.sum()), accounts=int(counted.sum()), share=share)


def _rep_json(card: Scorecard, rep: int) -> dict[str, Any]:
    after, before = card.after, card.before
    return {
        "rep_id": card.columns.rep_ids[rep],
        "rep_name": card.columns.rep_names[rep],
        "center": center_json(card, rep),
        "active": bool(card.columns.is_active[rep]),
        "accounts": int(after.accounts[rep]),
        "measures": measures_json(card, rep),
        "in_band": bool(after.is_in_band[rep]) if card.columns.is_active[rep] else None,
        "travel_km": None if after.travel_km is None else float(after.travel_km[rep]),
        "radius_km": known(after.radius_km[rep]),
        "moved_in": int(card.moved_in[rep]),
        "moved_out": int(card.moved_out[rep]),
        "before": None if before is None else _rep_before_json(before, rep),
    }


def _rep_before_json(before: Standing, rep: int) -> dict[str, Any]:
    return {
        "accounts": int(before.accounts[rep]),
        "travel_km": None if before.travel_km is None else float(before.travel_km[rep]),
        "radius_km": known(before.radius_km[rep]),
    }


def _rep_measure_json(card: Scorecard, measure: str, rep: int) -> dict[str, Any]:
    balance = card.after.measures[measure]
    before = None if card.before is None else card.before.measures[measure]
    return {
        "load": float(balance.load[rep]),
        "target": known(balance.target[rep]),
        "index": known(balance.index[rep]),
        "min": known(card.capacity_min[measure][rep]),
        "max": known(card.capacity_max[measure][rep]),
        "before": None if before is None else {"load": float(before.load[rep]), "index": known(before.index[rep])},
    }


def _team_json(card: Scorecard) -> dict[str, Any]:
    return {
        "measures": {name: _team_measure_json(card, name) for name in card.columns.measures},
        "reps": int(card.columns.is_active.sum()),
        "in_band": _in_band_count(card, card.after),
        "balanced": list(card.balanced),
        "travel_km": card.after.total_travel_km,
        "compactness": _compactness_json(card.after),
        "disruption": asdict(card.disruption),
        "before": None
        if card.before is None
        else {
            "in_band": _in_band_count(card, card.before),
            "travel_km": card.before.total_travel_km,
            "compactness": _compactness_json(card.before),
        },
    }


def _team_measure_json(card: Scorecard, measure: str) -> dict[str, Any]:
    rule = card.rules[measure]
    before = None if card.before is None else asdict(card.before.measures[measure].team)
    return {
        **asdict(card.after.measures[measure].team),
        "total": float(card.after.measures[measure].load.sum()),
        "target": rule.target,
        "tolerance": rule.tolerance,
        "before": before,
    }


def _in_band_count(card: Scorecard, of: Standing) -> int:
    return int((of.is_in_band & card.columns.is_active).sum())


def _compactness_json(of: Standing) -> dict[str, float | None]:
    known_radius = of.radius_km[np.isfinite(of.radius_km)]
    return {
        "moment_of_inertia": float(of.moment_of_inertia.sum()) if known_radius.size else None,
        "radius_km": float(known_radius.mean()) if known_radius.size else None,
    }
