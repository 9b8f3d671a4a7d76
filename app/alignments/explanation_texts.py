"""The one plain sentence that says why an account has its rep, and why another rep may not have it.

Owns the wording. Every number comes from the direct change: distances, room, the change of the objective.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.alignments.numerals import counted, kilometers, percent, quantity
from app.alignments.situations import Situation
from optimizer.measures import Positions
from optimizer.result import Violation
from optimizer.what_if import WhatIf

_NOTABLE_KM = 0.05
_WORDS = {"workload": "hours", "accounts": "accounts"}
_CAUSES = {"eligibility": "by a missing skill", "unassigned": "by accounts without a rep"}


@dataclass(frozen=True, eq=False)
class Considered:
    """One other rep for an item.

    Parameters
    ----------
    rep
        Its position.
    eligible
        Whether it may have the item by every criterion on pairs.
    violations
        What giving it the item would break.
    price
        The change of the objective.
    """

    rep: int
    eligible: bool
    violations: tuple[Violation, ...]
    price: float


@dataclass(frozen=True)
class Hindrance:
    """Why one rep may not have an item.

    Parameters
    ----------
    code
        Stable word: REP_LEFT, LOCKED, FROZEN, HELD, SKILL, TOO_FAR, NO_WAY or FORBIDDEN.
    text
        The same as a clause, without a full stop.
    params
        Every number and id of the clause.
    """

    code: str
    text: str
    params: Mapping[str, Any]


class Wording:
    """Sentences on one item of one alignment.

    Parameters
    ----------
    situation
        The alignment.
    change
        The item moved to each rep.
    account
        The account that was asked for.
    """

    def __init__(self, situation: Situation, change: WhatIf, account: int) -> None:
        self._situation = situation
        self._change = change
        self._account = account
        self._distance, self._cost, _ = (values[0] for values in situation.facts.table(np.array([account])))
        detour = situation.facts.detour_table(np.array([account]))
        self._way = self._distance if detour is None else self._distance + detour[0]
        self._ids = situation.columns.rep_ids

    def hindrance(self, rep: int) -> Hindrance | None:
        """Return why a rep may not have the item; None where it may."""
        situation, members = self._situation, self._change.row.members
        problem, criteria = situation.standing.problem, situation.standing.criteria
        name = self._ids[rep]
        if not problem.active[rep]:
            return Hindrance("REP_LEFT", f"{name} has left", {"rep_id": name})
        locked_to = self._locked_to()
        if locked_to is not None and locked_to != rep:
            holder = self._ids[locked_to]
            return Hindrance("LOCKED", f"it is locked to {holder}", {"rep_id": holder})
        frozen = set(criteria.frozen_reps)
        if rep in frozen:
            return Hindrance("FROZEN", f"{name} is frozen and gains nothing", {"rep_id": name})
        held = [int(problem.current[member]) for member in members if int(problem.current[member]) in frozen]
        if held:
            holder = self._ids[held[0]]
            return Hindrance("HELD", f"{holder} is frozen and keeps what it has", {"rep_id": holder})
        missing = self._missing(rep) if criteria.eligibility.hard else []
        if missing:
            skills = ", ".join(missing[:3])
            text = f"{name} lacks the required skill {skills}"
            return Hindrance("SKILL", text, {"rep_id": name, "skills": missing})
        return self._pair_hindrance(rep)

    def why_not(self, rep: int) -> str:
        """Say, without a full stop, why a rep may not have the item; empty where it may."""
        found = self.hindrance(rep)
        return "" if found is None else found.text

    def _pair_hindrance(self, rep: int) -> Hindrance | None:
        """Return what the pair itself says against it: the distance, or a forbidden pair."""
        situation, row = self._situation, self._change.row
        name = self._ids[rep]
        limit, distance = float(situation.ground.max_distance_km[rep]), float(self._distance[rep])
        if row.impossible[rep] and distance > limit:
            text = f"{name} goes {kilometers(limit)} at most, and it is {kilometers(distance)} away"
            return Hindrance("TOO_FAR", text, {"rep_id": name, "limit_km": limit, "distance_km": distance})
        if np.isinf(self._way[rep]):
            return Hindrance("NO_WAY", f"{name} has no way there around the barriers", {"rep_id": name})
        forbidden = {(int(member), rep) for member in row.members} & set(situation.standing.criteria.forbid)
        if forbidden or row.impossible[rep]:
            return Hindrance("FORBIDDEN", f"{name} may not serve it (forbidden pair)", {"rep_id": name})
        return None

    def sentence(self, considered: list[Considered], own: Positions) -> str:
        """Say in one sentence why the item is where it is; ``own`` are the reps that have it now."""
        together = self._together()
        if not len(own):
            return self._of_nobody(considered) + together
        if len(own) > 1:
            whole = "family" if self._situation.binding(self._change.row.members) == "family" else "unit"
            return f"Its {whole} is split between {len(own)} reps." + together
        return self._of_one(considered, int(own[0])) + together

    def _together(self) -> str:
        """Say, after a space, which accounts go with it; empty where it goes alone."""
        members = self._change.row.members
        accounts = counted(len(members), "account")
        binding = self._situation.binding(members)
        if binding == "family":
            return f" Its family of {accounts} goes together."
        if binding == "unit":
            return f" Its unit of {accounts} goes together."
        return f" Its units and families, {accounts}, go together." if binding else ""

    def _of_nobody(self, considered: list[Considered]) -> str:
        allowed = [other for other in considered if other.eligible]
        if not allowed:
            return "It stays without a rep: nobody may serve it."
        best = min(allowed, key=lambda other: (bool(other.violations), other.price))
        named = f"{self._ids[best.rep]}{self._place(best.rep)}"
        return f"It stays without a rep; the best for it is {named}, {self._against(best, -1)}."

    def _place(self, rep: int) -> str:
        """Say in brackets how far away a rep is, where that counts and is known."""
        known = np.isfinite(self._way[rep]) and not self._situation.facts.has_costs
        return f" ({kilometers(self._road(rep))})" if known else ""

    def _of_one(self, considered: list[Considered], own: int) -> str:
        locked_to = self._locked_to()
        if locked_to == own:
            return f"It is locked to {self._ids[own]}."
        if not considered:
            return f"{self._ids[own]} is the only rep."
        against = self._against_own(own)
        if against:
            return f"{self._ids[own]} has it, but {against}; {self._best_instead(considered, own)}"
        if self._is_kept_by_frozen(own):
            return f"{self._ids[own]} is frozen and keeps what it has."
        active = self._situation.standing.problem.active
        nearest = min(considered, key=lambda other: (not active[other.rep], self._effort(other.rep)))
        if active[nearest.rep] and self._is_nearer(nearest.rep, own):
            return f"{self._ids[nearest.rep]} {self._nearer_by(nearest.rep, own)}{self._but(nearest, own)}."
        return self._is_best(considered, own)

    def _against_own(self, own: int) -> str:
        """Say, without a full stop, why the rep who has the item may not have it; empty where it may."""
        if own == self._locked_to() or self._is_kept_by_frozen(own):
            return ""
        found = self.hindrance(own)
        return "" if found is None else found.text.removeprefix(f"{self._ids[own]} ")

    def _is_kept_by_frozen(self, own: int) -> bool:
        """Tell whether a frozen rep has what it had."""
        standing = self._situation.standing
        current = standing.problem.current[self._change.row.members]
        return own in standing.criteria.frozen_reps and bool((current == own).all())

    def _best_instead(self, considered: list[Considered], own: int) -> str:
        allowed = [other for other in considered if other.eligible]
        if not allowed:
            return "nobody else may serve it either."
        best = min(allowed, key=lambda other: (bool(other.violations), other.price))
        named = f"{self._ids[best.rep]}{self._place(best.rep)}"
        return f"the best for it is {named}{f', {self._against(best, own)}' if best.violations else ''}."

    def _is_best(self, considered: list[Considered], own: int) -> str:
        name = self._ids[own]
        first = f"{name} is the nearest" if np.isfinite(self._effort(own)) else f"{name} has it"
        if np.isfinite(self._way[own]) and not self._situation.facts.has_costs:
            first += f" ({kilometers(self._road(own))})"
        allowed = [other for other in considered if other.eligible]
        if not allowed:
            return f"{first}, and nobody else may serve it."
        best = min(allowed, key=lambda other: (bool(other.violations), other.price))
        return f"{first}; the next best is {self._ids[best.rep]}, {self._against(best, own)}."

    def _against(self, other: Considered, own: int) -> str:
        """Say of a rep who was just named what stands against giving it there."""
        if not other.violations:
            return f"but {self._price_clause(other, own)}" if other.price > 0 else self._price_clause(other, own)
        obstacle = self._obstacle(other.violations[0], other.rep, own)
        return f"which {obstacle}" if obstacle.startswith("has room") else f"but {obstacle}"

    def _but(self, other: Considered, own: int) -> str:
        if not other.eligible:
            return f" but {self.why_not(other.rep).removeprefix(self._ids[other.rep] + ' ')}"
        if other.violations:
            return f" but {self._obstacle(other.violations[0], other.rep, own)}"
        joined = ", but" if other.price > 0 else ","
        return f"{joined} {self._price_clause(other, own)}"

    def _obstacle(self, violation: Violation, rep: int, own: int) -> str:
        if violation.criterion == "contiguity":
            return self._parted(violation, rep)
        measure = violation.measure or "accounts"
        value, limit = violation.value or 0.0, violation.limit or 0.0
        if violation.rep == rep and value > limit and violation.criterion in ("capacity", "balance"):
            k = self._situation.standing.problem.measure_index(measure)
            needed = float(self._change.row.amount[rep, k])
            room = max(0.0, needed - (value - limit))
            return f"has room for {quantity(room)} of the {quantity(needed)} {_word(measure)} needed"
        if violation.rep == own and value < limit:
            return (
                f"{self._ids[own]} would be {_amount(limit - value, measure)} short of its minimum of {quantity(limit)}"
            )
        if violation.criterion.startswith("max_"):
            verb = {"max_in": "gain", "max_out": "lose"}.get(violation.criterion.removesuffix("_per_rep"), "move")
            who = "" if violation.rep is None else f"{self._ids[violation.rep]} would {verb} "
            whole = f"{who}{_amount(value, measure)}" if who else f"{_amount(value, measure)} would move in all"
            return f"{whole}, and at most {quantity(limit)} may"
        who = "the alignment" if violation.rep is None else self._ids[violation.rep]
        return f"{who} would be {_amount(violation.by, measure)} outside its limits"

    def _parted(self, violation: Violation, rep: int) -> str:
        """Say whose territory would not hang together: the one that the item comes to, or the one that it leaves."""
        pieces = counted(int(violation.value or 0.0), "piece")
        if violation.rep == rep:
            return f"its territory would not be connected ({pieces})"
        source = "" if violation.rep is None else f"{self._ids[violation.rep]}'s "
        return f"without it {source}territory would fall into {pieces}"

    def _price_clause(self, other: Considered, own: int) -> str:
        """Say what giving the item to a rep does to the objective."""
        objective = self._situation.standing.objective
        change = percent(abs(other.price) / objective) if objective > 0 else _small(abs(other.price))
        if other.price > 0:
            terms = {change.name: float(change.weighted[other.rep]) for change in self._change.terms}
            return (
                f"the objective would be {change} worse, mostly {self._because(max(terms, key=terms.__getitem__), own)}"
            )
        if other.price < 0:
            return f"and the objective would be {change} better: a better alignment exists"
        return "and the objective would stay as it is"

    def _because(self, term: str, own: int) -> str:
        """Say a term of the objective as a cause."""
        if term == "disruption":
            current = self._situation.ground.problem.current[self._change.row.members]
            return f"because {self._ids[own]} has it today" if own >= 0 and (current == own).all() else "by disruption"
        if term.startswith("balance:"):
            return f"by the balance of {term.removeprefix('balance:')}"
        return _CAUSES.get(term, f"by {term}")

    def _effort(self, rep: int) -> float:
        value = self._cost[rep] if self._situation.facts.has_costs else self._way[rep]
        return float(value) if np.isfinite(value) else np.inf

    def _is_nearer(self, rep: int, own: int) -> bool:
        threshold = 0.0 if self._situation.facts.has_costs else _NOTABLE_KM
        return self._effort(rep) + threshold < self._effort(own) < np.inf

    def _nearer_by(self, rep: int, own: int) -> str:
        if self._situation.facts.has_costs:
            return f"costs {quantity(self._effort(rep))} instead of {quantity(self._effort(own))}"
        return f"is {kilometers(self._road(own) - self._road(rep))} nearer"

    def _road(self, rep: int) -> float:
        return self._situation.criteria.travel.road_factor * float(self._way[rep])

    def _locked_to(self) -> int | None:
        account, rep = self._situation.standing.pins
        mine = rep[np.isin(account, self._change.row.members)]
        return int(mine[0]) if len(mine) else None

    def _missing(self, rep: int) -> list[str]:
        tables = self._situation.ground.tables
        skills = set(tables.reps.column("skills")[rep].as_py() or ())
        wanted: set[str] = set()
        for member in self._change.row.members.tolist():
            wanted |= set(tables.accounts.column("requires")[member].as_py() or ())
        return sorted(wanted - skills)


def _word(measure: str) -> str:
    return _WORDS.get(measure, measure)


def _amount(value: float, measure: str) -> str:
    return counted(1, "account") if measure == "accounts" and value == 1 else f"{quantity(value)} {_word(measure)}"


def _small(value: float) -> str:
    return f"{value:.3g}"
