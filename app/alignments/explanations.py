"""Why an account has its rep, what every other rep would change, and what that would cost at least.

Owns the content and order of an explanation. Level ``direct``: only this item moves, exact. The levels ``repaired`` and
``proven`` stand in :mod:`app.alignments.explanation_levels`. A family that stays together moves as a whole.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.alignments.breaches import violation_json
from app.alignments.certificate_prices import Proof
from app.alignments.columns import Flags, Floats
from app.alignments.edits import MEASURE_UNITS
from app.alignments.explanation_levels import load_line, proven, repaired
from app.alignments.explanation_proofs import Forced, proof_json
from app.alignments.explanation_texts import Considered, Wording
from app.alignments.repairs import Repair, Repairs
from app.alignments.situations import Situation
from optimizer.measures import Positions
from optimizer.price_bounds import price_lower_bounds
from optimizer.what_if_breaches import Breach, breaches, may_serve


@dataclass(frozen=True, eq=False)
class Asked:
    """What an explanation is asked for.

    Parameters
    ----------
    account
        The account, by position.
    top
        So many alternatives at most; None for every rep.
    rep
        Only this rep, by position; None for all.
    repairs
        How to look for follow-up moves; None where only direct changes are asked for.
    forced
        What forced solves found, by rep.
    question_bound
        What is proven of the alignment's question; None where nothing is.
    seen
        Which reps the asking one may hear of, shape ``(reps,)``; None for all.
    """

    account: int
    top: int | None = None
    rep: int | None = None
    repairs: Repairs | None = None
    forced: tuple[Forced, ...] = ()
    question_bound: float | None = None
    seen: Flags | None = None


def explanation_json(situation: Situation, proof: Proof | None, asked: Asked) -> dict[str, Any]:
    """Return an explanation as the API shows it."""
    return _Explanation(situation, proof, asked).json()


class _Explanation:
    """One explanation while it is made."""

    def __init__(self, situation: Situation, proof: Proof | None, asked: Asked) -> None:
        self._situation, self._asked = situation, asked
        self._members = situation.item_of(asked.account)
        self._change = situation.what_if(self._members)
        self._allowed = may_serve(self._change)
        self._found = breaches(self._change)
        self._bounds = self._price_bounds(proof)
        self._wording = Wording(situation, self._change, asked.account)

    def json(self) -> dict[str, Any]:
        """Return the explanation."""
        situation, ids = self._situation, self._situation.columns
        own = self._change.sources
        ranked = self._ranked()
        considered = [self._considered(rep) for rep in ranked]
        owner = int(situation.owner[self._asked.account])
        wanted = [rep for rep in ranked if self._asked.rep in (None, rep)][: self._asked.top]
        told = [self._alternative(rep) for rep in wanted]
        return {
            "account_id": ids.account_ids[self._asked.account],
            "rep_id": None if owner < 0 else ids.rep_ids[owner],
            "family": [ids.account_ids[member] for member in self._members.tolist()],
            "together_by": situation.binding(self._members),
            "sentence": self._sentence(considered, own),
            "terms": self._own_terms(),
            "alternatives": self._with_levels(told, wanted),
            "num_alternatives": len(ranked),
            "proofs": [proof_json(situation, one) for one in self._asked.forced],
        }

    def _sentence(self, considered: list[Considered], own: Positions) -> str:
        """Say why; where others may not be heard of, that these were not compared."""
        if self._asked.seen is None:
            return self._wording.sentence(considered, own)
        if considered:
            return f"{self._wording.sentence(considered, own)} Only reps whom you may see were compared."
        names = [self._situation.columns.rep_ids[rep] for rep in own.tolist()]
        return f"{' and '.join(names)} has it; what other reps would change is for planners to see."

    def _ranked(self) -> list[int]:
        """Return every rep who does not have the whole item and may be heard of, best first."""
        own = self._situation.owner[self._members]
        others = np.flatnonzero(~np.isin(np.arange(len(self._allowed)), own if len(set(own.tolist())) == 1 else []))
        others = others if self._asked.seen is None else others[self._asked.seen[others]]
        breaks = np.zeros(len(self._allowed), dtype=np.bool_)
        for breach in self._found:
            breaks |= breach.is_worse
        order = np.lexsort((others, self._change.price[others], breaks[others], ~self._allowed[others]))
        ranked: list[int] = others[order].tolist()
        return ranked

    def _price_bounds(self, proof: Proof | None) -> Floats:
        if proof is None:
            return np.zeros(len(self._allowed))
        return price_lower_bounds(self._change, proof.prices, allowed=self._allowed, lower_bound=proof.lower_bound)

    def _considered(self, rep: int) -> Considered:
        return Considered(
            rep=rep,
            eligible=bool(self._allowed[rep]),
            violations=tuple(breach.violation(rep) for breach in self._breaches_at(rep)),
            price=float(self._change.price[rep]),
        )

    def _breaches_at(self, rep: int) -> list[Breach]:
        return [breach for breach in self._found if breach.is_worse[rep]]

    def _alternative(self, rep: int) -> dict[str, Any]:
        situation = self._situation
        eligible = bool(self._allowed[rep])
        hindrance = None if eligible else self._wording.hindrance(rep)
        return {
            "rep_id": situation.columns.rep_ids[rep],
            "level": "direct",
            "eligible": eligible,
            "why_not": None if eligible else _capitalized(self._wording.why_not(rep)) + ".",
            "why_not_code": None if hindrance is None else hindrance.code,
            "why_not_params": {} if hindrance is None else dict(hindrance.params),
            "terms": [
                {
                    "name": change.name,
                    "raw": float(change.raw[rep]),
                    "unit": MEASURE_UNITS.get(term.unit, term.unit),
                    "weighted": float(change.weighted[rep]),
                }
                for change, term in zip(self._change.terms, situation.standing.terms, strict=True)
                if term.weight > 0
            ],
            "loads": self._loads(rep),
            "violations": [violation_json(breach.violation(rep), situation) for breach in self._breaches_at(rep)],
            "price": float(self._change.price[rep]),
            "price_lower_bound": float(self._bounds[rep]),
            "price_upper_bound": None,
            "follow_up": [],
            "num_follow_up": 0,
            "job_id": None,
            "alignment_id": None,
        }

    def _loads(self, rep: int) -> list[dict[str, Any]]:
        """Return the loads of everybody whom the change concerns, before and after."""
        change, standing = self._change, self._situation.standing
        concerned = [source for source in change.sources.tolist() if source != rep]
        return [
            load_line(self._situation, place, standing.load, after)
            for place, after in [*((source, change.load_without) for source in concerned), (rep, change.load_with)]
        ]

    def _own_terms(self) -> list[dict[str, Any]]:
        """Return what the item adds to the linear terms where it is."""
        standing, members = self._situation.standing, self._members
        chosen, problem = standing.chosen, standing.problem
        measure = problem.measure_index(standing.criteria.disruption.measure)
        raw = {
            "travel": None if chosen.travel is None else float(chosen.travel[members].sum()),
            "compactness": None if chosen.inertia is None else float(chosen.inertia[members].sum()),
            "disruption": float(problem.amount[members, measure][standing.is_moved[members]].sum()),
            "eligibility": float(chosen.is_mismatched[members].sum()),
            "unassigned": float((standing.rep[members] < 0).sum()),
        }
        return [
            {
                "name": term.name,
                "raw": raw[term.name],
                "unit": MEASURE_UNITS.get(term.unit, term.unit),
                "weighted": term.weight * (raw[term.name] or 0.0) / term.reference,
            }
            for term in standing.terms
            if term.weight > 0 and raw.get(term.name) is not None
        ]

    def _with_levels(self, told: list[dict[str, Any]], reps: list[int]) -> list[dict[str, Any]]:
        """Return the alternatives, after each the repaired and the proven one of the same rep, where there are any."""
        situation, members, asked = self._situation, self._members, self._asked
        found: dict[int, Repair] = {}
        if asked.repairs is not None:
            found = asked.repairs.find(situation, members, [rep for rep in reps if self._allowed[rep]])
        forced = {one.rep: one for one in asked.forced}
        shown = []
        for rep, alternative in zip(reps, told, strict=True):
            shown.append(alternative)
            if rep in found:
                shown.append(repaired(alternative, situation, found[rep], members=members))
            if rep in forced:
                solved = proven(alternative, situation, forced[rep], members=members, lower_bound=asked.question_bound)
                shown += [] if solved is None else [solved]
        return shown


def _capitalized(clause: str) -> str:
    return clause[:1].upper() + clause[1:]
