"""Fairness as people read it: one rep's own sheet, which tells nothing of anybody else, and the planner's list.

Owns both answers and their sentences. What a sheet withholds, and why, stands in :mod:`app.alignments.anonymity`; the
list names everybody and is for those who plan.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from app.alignments.anonymity import (
    SMALLEST_GROUP,
    SMALLEST_TEAM_WITH_TARGETS,
    grouped,
    place_of,
    places,
    rounded_up,
)
from app.alignments.columns import Floats
from app.alignments.fairness import gini
from app.alignments.numerals import counted, percent
from app.alignments.scorecards import Scorecard, known
from app.alignments.worth import Per, ScorecardWorth, Valuation
from optimizer.envy import NOBODY, Envy, envy

_COMPARED = {"equal": "load", "fte": "load_per_fte"}
_PER = {Per.SHARE: "full share", Per.HOUR: "hour"}


@dataclass(frozen=True, eq=False)
class FairnessSheets:
    """What is fair to whom in one alignment.

    Parameters
    ----------
    card
        The alignment's scorecard.
    valuation
        How territories are valued.
    """

    card: Scorecard
    valuation: Valuation

    @cached_property
    def worth(self) -> ScorecardWorth:
        """What accounts are worth to the reps."""
        return ScorecardWorth(self.card, self.valuation)

    @cached_property
    def values(self) -> dict[str, Floats]:
        """What is compared of each measure, NaN for reps who are not compared. Each of shape ``(reps,)``.

        The load; the load per FTE where targets are by FTE; the index where targets are by capacity or given.
        """
        columns, values = self.card.columns, {}
        for measure, balance in self.card.after.measures.items():
            compared = self._compared(measure)
            value = balance.load if compared == "load" else balance.index
            if compared == "load_per_fte":
                value = np.divide(
                    balance.load, columns.fte, out=np.full(len(columns.fte), np.nan), where=columns.fte > 0
                )
            values[measure] = np.where(columns.is_active, value, np.nan)
        return values

    @cached_property
    def travel(self) -> Floats:
        """Road kilometers of each active rep in a year, NaN where unknown. Shape ``(reps,)``."""
        kilometers = self.card.after.travel_km
        unknown = np.full(self.card.columns.num_reps, np.nan)
        return unknown if kilometers is None else np.where(self.card.columns.is_active, kilometers, np.nan)

    def team_json(self) -> dict[str, Any]:
        """Return the planner's list: what every rep would rather have."""
        found = envy(self.worth.territories, self.worth)
        columns = self.card.columns
        ranked = {measure: places(value) for measure, value in self.values.items()}
        return {
            "valuation": self._valuation_json(),
            "team": self._team_numbers(found),
            "reps": [self._line(found, ranked, rep) for rep in range(columns.num_reps)],
            "sentence": self._team_sentence(found),
        }

    def sheet_json(self, rep: int) -> dict[str, Any]:
        """Return one rep's own sheet."""
        columns = self.card.columns
        swap = self._swap_json(rep)
        return {
            "rep_id": columns.rep_ids[rep],
            "rep_name": columns.rep_names[rep],
            "active": bool(columns.is_active[rep]),
            "fte": float(columns.fte[rep]),
            "accounts": int(self.card.after.accounts[rep]),
            "measures": {measure: self._measure_json(measure, rep) for measure in columns.measures},
            "travel_km": self._beside(self.travel, rep),
            "would_swap": swap,
            "team": {"reps": self._num_active, "smallest_group": SMALLEST_GROUP},
            "withheld": self._withheld(),
            "sentence": self._sheet_sentence(rep, swap),
        }

    @property
    def _num_active(self) -> int:
        return int(self.card.columns.is_active.sum())

    def _compared(self, measure: str) -> str:
        return _COMPARED.get(self.card.rules[measure].target, "index")

    def _valuation_json(self) -> dict[str, Any]:
        return {
            "measure": self.valuation.measure,
            "per": self.valuation.per.value,
            "speed_kmh": self.valuation.speed_kmh if self.valuation.per is Per.HOUR else None,
            "counts_driving": self.worth.counts_driving,
        }

    def _measure_json(self, measure: str, rep: int) -> dict[str, Any]:
        balance = self.card.after.measures[measure]
        tells = self._num_active >= SMALLEST_TEAM_WITH_TARGETS or self.card.rules[measure].target == "given"
        value = self.values[measure]
        return {
            "load": float(balance.load[rep]),
            "target": known(balance.target[rep]) if tells else None,
            "index": known(balance.index[rep]) if tells else None,
            "compared": self._compared(measure),
            **self._beside(value if tells or self._compared(measure) != "index" else np.full(value.shape, np.nan), rep),
        }

    def _beside(self, value: Floats, rep: int) -> dict[str, Any]:
        """Return a value, its place in the team, and the team without names."""
        place = place_of(value, rep)
        groups = grouped(value) if np.isfinite(value[rep]) else None
        return {
            "value": known(value[rep]),
            "rank": None if place is None else place.rank,
            "percentile": None if place is None else place.percentile,
            "team": None if groups is None else [{"reps": reps, "mean": mean} for reps, mean in groups],
        }

    def _swap_json(self, rep: int) -> dict[str, Any] | None:
        territories = self.worth.territories
        if not territories.is_compared[rep]:
            return None
        found = envy(territories, self.worth, reps=[rep])
        num_compared = int(territories.is_compared.sum())
        tells = num_compared >= SMALLEST_GROUP
        largest = _relative(found, rep)
        return {
            **self._valuation_json(),
            "worth": known(found.own[rep]),
            "others": num_compared - 1,
            "num_envied": int(found.num_envied[rep]),
            "largest_envy_up_to": rounded_up(largest) if tells else None,
            "is_envy_free": not found.num_envied[rep],
            "is_ef1": bool(found.is_ef1[rep]),
        }

    def _withheld(self) -> list[dict[str, str]]:
        withheld = []
        if self._num_active < SMALLEST_TEAM_WITH_TARGETS:
            why = "Of two reps, a share of the total would tell the other one's load."
            withheld.append({"what": "target, index", "why": why})
        if self._num_active < SMALLEST_GROUP:
            why = (
                f"The team has {counted(self._num_active, 'rep')}; others are only told as the mean of "
                f"{SMALLEST_GROUP} or more."
            )
            withheld.append({"what": "team, largest_envy_up_to", "why": why})
        return withheld

    def _team_numbers(self, found: Envy) -> dict[str, Any]:
        compared = self.worth.territories.is_compared
        count = int(compared.sum())
        free = int((compared & (found.num_envied == 0)).sum())
        ef1 = int((compared & found.is_ef1).sum())
        most = int(np.argmax(np.where(compared, found.largest, -1.0)))
        return {
            "reps": count,
            "envy_free": free,
            "envy_free_share": free / count if count else None,
            "ef1": ef1,
            "ef1_share": ef1 / count if count else None,
            "largest_envy": known(found.largest[most]) if count else None,
            "gini": gini(found.own[compared]) if count and np.isfinite(found.own[compared]).all() else None,
        }

    def _line(self, found: Envy, ranked: dict[str, tuple[Floats, Floats]], rep: int) -> dict[str, Any]:
        columns = self.card.columns
        is_compared = bool(self.worth.territories.is_compared[rep])
        wanted = int(found.most_wanted[rep])
        return {
            "rep_id": columns.rep_ids[rep],
            "rep_name": columns.rep_names[rep],
            "worth": known(found.own[rep]),
            "num_envied": int(found.num_envied[rep]) if is_compared else None,
            "largest_envy": known(found.largest[rep]) if is_compared else None,
            "largest_envy_share": known(_relative(found, rep)) if is_compared else None,
            "most_wanted_rep_id": None if wanted == NOBODY else columns.rep_ids[wanted],
            "is_envy_free": not found.num_envied[rep] if is_compared else None,
            "is_ef1": bool(found.is_ef1[rep]) if is_compared else None,
            "measures": {
                measure: {
                    "value": known(self.values[measure][rep]),
                    "rank": None if np.isnan(rank[rep]) else int(rank[rep]),
                    "percentile": known(percentile[rep]),
                }
                for measure, (rank, percentile) in ranked.items()
            },
        }

    def _team_sentence(self, found: Envy) -> str:
        compared = self.worth.territories.is_compared
        count, free = int(compared.sum()), int((compared & (found.num_envied == 0)).sum())
        what = f"{self.valuation.measure} per {_PER[self.valuation.per]}"
        if not count:
            return f"No rep can be compared by {what}."
        if free == count:
            return f"None of {counted(count, 'rep')} would rather have another's territory, by {what}."
        mended = int((compared & found.is_ef1).sum()) - free
        keep = "would keep its own territory" if free == 1 else "would keep their own territory"
        return (
            f"{free:,} of {counted(count, 'rep')} {keep}, by {what}; {count - free:,} would rather have another's, "
            f"{swap_ending(count - free, mended)}"
        )

    def _sheet_sentence(self, rep: int, swap: dict[str, Any] | None) -> str:
        name = self.card.columns.rep_ids[rep]
        if swap is None:
            return f"{name} is not compared: it has left, or has no target in {self.valuation.measure}."
        what = f"{self.valuation.measure} per {_PER[self.valuation.per]}"
        if not swap["num_envied"]:
            return f"No other territory is worth more to {name} than its own, by {what}."
        largest = swap["largest_envy_up_to"]
        limit = "" if largest is None else f", by at most {percent(largest)}"
        num_envied, others = swap["num_envied"], swap["others"]
        who = "The other territory" if others == 1 else f"{num_envied:,} of {others:,} other territories"
        because = "only because of one account."
        if num_envied == 1:
            end = because if swap["is_ef1"] else f"and not {because}"
        else:
            end = f"each of them {because}" if swap["is_ef1"] else f"at least one of them not {because}"
        return f"{who} would be worth more to {name}{limit}, by {what}; {end}"


def swap_ending(envious: int, mended: int) -> str:
    """Say of how many reps who would swap it is one account in each of the others' territories that makes them."""
    because = "only because of one account in each."
    if envious == 1:
        return because if mended else f"and not {because}"
    if mended == envious:
        return f"all of them {because}"
    return f"{mended:,} of them {because}" if mended else f"none of them {because}"


def _relative(found: Envy, rep: int) -> float:
    """Return the largest envy in parts of the rep's own worth; NaN where that is 0 or no number."""
    own = float(found.own[rep])
    return float(found.largest[rep]) / own if 0 < own < np.inf else np.nan
