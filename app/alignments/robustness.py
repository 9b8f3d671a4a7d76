"""How an alignment's balance holds when amounts are off, the largest accounts leave, or any one rep leaves.

Owns the answer. What is exact, what is sampled and what is estimated stands with every figure.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from app.alignments.columns import Floats, Integers
from app.alignments.doubts import Assumed, balanced_of, band_of, doubt_of
from app.alignments.robustness_texts import sentences
from app.alignments.scorecards import Scorecard, known
from app.alignments.situations import Situation
from app.alignments.takers import neighborhood
from optimizer.departures import Departures, Neighborhood, departures
from optimizer.uncertainty import (
    Balanced,
    Doubt,
    Errors,
    Steadiness,
    certain_range,
    largest_of_each,
    load_sd,
    steadiness,
    without,
)

_QUANTILES: Final = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True, eq=False)
class Robustness:
    """One alignment under doubt.

    Parameters
    ----------
    card
        Its scorecard.
    situation
        The alignment opened for questions.
    measure
        What is doubted and judged.
    assumed
        The errors.
    top
        How many of the largest accounts may leave.
    tolerance
        The band; None takes the criteria's.
    """

    card: Scorecard
    situation: Situation
    measure: str
    assumed: Assumed
    top: int = 3
    tolerance: float | None = None

    def json(self) -> dict[str, Any]:
        """Return the form that the API shows."""
        rule = self.card.rules[self.measure]
        told = {
            "measure": self.measure,
            "target": rule.target,
            "tolerance": self.balanced.tolerance,
            "assumed": {
                "spread": self.assumed.spread,
                "errors": self.assumed.errors.value,
                "shared_by": self.assumed.shared_by,
                "samples": self.assumed.samples,
                "seed": self.assumed.seed,
            },
            "now": self._outcome(self.balanced.load),
            "sampled": sampled_json(self.balanced, self.tried),
            "certain": self._certain_json(),
            "top_accounts": self._top_json(),
            "departures": self._departures_json(),
            "reps": self._lines(),
        }
        return told | {"sentences": sentences(told)}

    @cached_property
    def balanced(self) -> Balanced:
        """The measure and its band."""
        rule = self.card.rules[self.measure]
        return balanced_of(self.card.columns, rule, tolerance=band_of(rule, self.tolerance))

    @cached_property
    def doubt(self) -> Doubt:
        """What is uncertain."""
        return doubt_of(self.card.columns, self.assumed)

    @cached_property
    def tried(self) -> Steadiness:
        """What the samples led to."""
        return steadiness(self.balanced, self.doubt)

    @cached_property
    def near(self) -> Neighborhood:
        """Who could take accounts over."""
        return neighborhood(self.card, self.situation, self.measure)

    @cached_property
    def gone(self) -> Departures:
        """What any one rep's departure would mean."""
        return departures(self.balanced, self.near)

    @cached_property
    def _certain(self) -> tuple[Floats, Floats] | None:
        if self.assumed.errors is not Errors.UNIFORM:
            return None
        return certain_range(self.balanced, self.assumed.spread)

    @cached_property
    def _top_accounts(self) -> Integers:
        assigned = np.where(self.balanced.owner >= 0, self.balanced.amount, -1.0)
        largest = np.argsort(-assigned, kind="stable")[: self.top]
        return largest[assigned[largest] >= 0]

    @cached_property
    def _leavers(self) -> Integers:
        return np.flatnonzero(self.card.columns.is_active)

    def _outcome(self, load: Floats) -> dict[str, Any]:
        """Return how loads stand: who is outside the band, and who is farthest off."""
        deviation = self.balanced.deviation(load)
        size = np.where(np.isnan(deviation), -1.0, np.abs(deviation))
        worst = int(np.argmax(size))
        is_known = bool(size[worst] >= 0)
        return {
            "reps": int(self.balanced.is_judged.sum()),
            "outside": int((~self.balanced.is_in_band(deviation)).sum()),
            "worst_deviation": float(deviation[worst]) if is_known else None,
            "worst_rep_id": self.card.columns.rep_ids[worst] if is_known else None,
        }

    def _certain_json(self) -> dict[str, Any] | None:
        if self._certain is None:
            return None
        inside = self.balanced.is_in_band(self._certain[0]) & self.balanced.is_in_band(self._certain[1])
        return {
            "in_band": int((inside & self.balanced.is_judged).sum()),
            "worst_deviation": known(_largest(np.maximum(np.abs(self._certain[0]), np.abs(self._certain[1])))),
        }

    def _top_json(self) -> dict[str, Any]:
        columns, balanced = self.card.columns, self.balanced
        total = float(balanced.load.sum())
        accounts = [
            {
                "account_id": columns.account_ids[account],
                "rep_id": columns.rep_ids[balanced.owner[account]],
                "amount": float(balanced.amount[account]),
                "share": float(balanced.amount[account]) / total if total > 0 else None,
            }
            for account in self._top_accounts.tolist()
        ]
        return {"accounts": accounts, **self._outcome(without(balanced, self._top_accounts))}

    def _departures_json(self) -> dict[str, Any]:
        leavers, gone = self._leavers, self.gone
        short = np.maximum(0.0, gone.load - gone.room)[leavers]
        hardest = int(leavers[np.argmax(short)]) if len(leavers) and short.max() > 0 else None
        return {
            "reps": len(leavers),
            "with_room": int((short <= 0).sum()),
            "hardest_rep_id": None if hardest is None else self.card.columns.rep_ids[hardest],
            "largest_short": float(short.max()) if len(leavers) else None,
            "estimate": self._hardest_takeover_json(),
        }

    def _hardest_takeover_json(self) -> dict[str, Any] | None:
        leavers, gone = self._leavers, self.gone
        if not self.near.knows_anybody:
            return None
        homeless = (gone.beyond_room + gone.not_placed)[leavers]
        hardest = int(leavers[np.argmax(homeless)]) if len(leavers) and homeless.max() > 0 else None
        estimate = None if hardest is None else self._takeover_json(hardest)
        return {
            "within_room": int((homeless <= 0).sum()),
            "hardest_rep_id": None if hardest is None else self.card.columns.rep_ids[hardest],
            "without_room": float(homeless.max()) if len(leavers) else None,
            "most_pushed_rep_id": None if estimate is None else estimate["most_pushed_rep_id"],
            "highest_index": None if estimate is None else estimate["highest_index"],
        }

    def _lines(self) -> list[dict[str, Any]]:
        balanced, columns = self.balanced, self.card.columns
        index = 100.0 * (1.0 + balanced.deviation(balanced.load))
        exact_sd = load_sd(balanced, self.doubt)
        top = largest_of_each(balanced, self.top)
        low, high = (None, None) if self._certain is None else (100.0 * (1.0 + end) for end in self._certain)
        return [
            {
                "rep_id": columns.rep_ids[rep],
                "rep_name": columns.rep_names[rep],
                "load": float(balanced.load[rep]),
                "index": known(index[rep]),
                "in_band": float(self.tried.in_band[rep]) if balanced.is_judged[rep] else None,
                "load_sd": float(exact_sd[rep]),
                "lowest_index": None if low is None else known(low[rep]),
                "highest_index": None if high is None else known(high[rep]),
                "top_share": float(top[rep] / balanced.load[rep]) if balanced.load[rep] > 0 else None,
                "departure": self._departure_json(rep) if columns.is_active[rep] else None,
            }
            for rep in range(columns.num_reps)
        ]

    def _departure_json(self, rep: int) -> dict[str, Any]:
        gone = self.gone
        return {
            "load": float(gone.load[rep]),
            "room": known(gone.room[rep]),
            "short": max(0.0, float(gone.load[rep] - gone.room[rep])),
            "estimate": self._takeover_json(rep),
        }

    def _takeover_json(self, rep: int) -> dict[str, Any] | None:
        gone, pushed = self.gone, int(self.gone.most_pushed[rep])
        if not self.near.knows_anybody:
            return None
        return {
            "takers": int(gone.num_takers[rep]),
            "beyond_room": float(gone.beyond_room[rep]),
            "not_placed": float(gone.not_placed[rep]),
            "outside": int(gone.num_outside[rep]),
            "most_pushed_rep_id": None if pushed < 0 else self.card.columns.rep_ids[pushed],
            "highest_index": known(100.0 * (1.0 + gone.largest_deviation[rep])),
        }


def sampled_json(balanced: Balanced, tried: Steadiness) -> dict[str, Any]:
    """Return what the samples led to; figures are null where no rep has a target."""
    judged = int(balanced.is_judged.sum())
    outside = tried.num_outside
    has_any = judged > 0
    return {
        "outside": {
            "mean": float(outside.mean()),
            **{name: float(np.quantile(outside, part, method="higher")) for name, part in _QUANTILES.items()},
            "most": float(outside.max()),
        },
        "in_band_share": 1.0 - float(outside.mean()) / judged if has_any else None,
        "all_in_band": float(np.mean(outside == 0)) if has_any else None,
        "worst_deviation": {
            "mean": known(tried.worst.mean()),
            **{name: known(np.quantile(tried.worst, part)) for name, part in _QUANTILES.items()},
            "most": known(tried.worst.max()),
        },
    }


def _largest(value: Floats) -> float:
    return float(np.nanmax(value)) if np.isfinite(value).any() else np.nan
