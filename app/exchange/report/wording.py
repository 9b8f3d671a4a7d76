"""The report's sentences: what was found, what was asked, and how it was computed, in plain words.

Owns the words; the numbers come from the scorecard and the stored summary.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.alignments.numerals import counted, percent, quantity
from app.alignments.scorecards import Scorecard
from app.alignments.summaries import AlignmentSummary

_TARGETS = {
    "equal": "an equal share",
    "fte": "a share by working time (FTE)",
    "capacity": "a share by capacity",
    "given": "the target given for the rep",
}
_WORDS: Mapping[str, str] = {
    "Index": "100 · load ÷ target; 100 is a fair share.",
    "In band": "every balanced measure of the rep is within its tolerance.",
    "Max ÷ min": "the largest index over the smallest; 1 is perfectly even.",
    "Gini": "0 when all reps have the same index, nearing 1 when one rep has everything.",
    "Travel": "road kilometers in a year, one way for each visit.",
    "Move": "an account that had a rep and gets another one.",
    "Lower bound": "a proven limit: no alignment that keeps the criteria has a smaller objective.",
    "Gap": "how far, at most, the objective is above the best possible one.",
}


def target_words(target: str) -> str:
    """Return what reps are compared with, in words."""
    return _TARGETS.get(target, target)


def glossary() -> Mapping[str, str]:
    """Return the report's words with one sentence each."""
    return _WORDS


def headline(card: Scorecard, summary: AlignmentSummary, criteria: Mapping[str, Any] | None) -> str:
    """Say in one sentence how good the alignment is, how many reps are in band, and what it costs."""
    reps = int(card.columns.is_active.sum())
    in_band = int((card.after.is_in_band & card.columns.is_active).sum())
    today = ""
    if card.before is not None:
        today = f" (today {int((card.before.is_in_band & card.columns.is_active).sum()):,})"
    parts = [f"{in_band:,} of {counted(reps, 'rep')} in band{today}"]
    quality = _quality(summary)
    if quality:
        parts.insert(0, quality)
    if card.columns.has_current and card.disruption.moved:
        measure = _priced_measure(card, criteria)
        moving = counted(card.disruption.moved, "account") + (" moves" if card.disruption.moved == 1 else " move")
        share = f", {percent(moved_share(card, measure))} of {measure}" if measure != "accounts" else ""
        parts.append(moving + share)
    elif summary.objective is not None and card.columns.has_current:
        parts.append("no account moves")
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def moved_share(card: Scorecard, measure: str) -> float:
    """Return the fraction of a measure's total that changes rep, leavers' accounts included."""
    amount = card.columns.amount[measure]
    total = float(amount.sum())
    return float(amount[card.columns.is_moved].sum()) / total if total > 0 else 0.0


def criteria_sentences(criteria: Mapping[str, Any] | None) -> list[str]:
    """Say what was asked, one sentence for each criterion that is on."""
    if criteria is None:
        return [
            "None: this is the alignment in force. Reps are compared with an equal share, by working time where "
            "somebody works part-time."
        ]
    sentences = [_balance_sentence(rule) for rule in criteria.get("balance") or ()]
    sentences += _aim_sentences(criteria)
    sentences += _budget_sentences(criteria.get("disruption") or {})
    sentences += _rule_sentences(criteria)
    return sentences


def provenance(summary: AlignmentSummary) -> list[tuple[str, str]]:
    """Say how the alignment was computed, as pairs of a term and its value."""
    software, hashes = summary.software, summary.hashes
    rows: list[tuple[str, Any]] = [
        ("Outcome", summary.outcome),
        ("Objective", None if summary.objective is None else f"{summary.objective:.6g}"),
        ("Lower bound", None if summary.lower_bound is None else f"{summary.lower_bound:.6g}"),
        ("Proven gap", None if summary.gap is None else percent(summary.gap)),
        ("Bound by", summary.bound_source),
        ("Software version", software.get("version")),
        ("OR-Tools", software.get("ortools")),
        ("Seed", software.get("seed")),
        ("Dataset sha256", hashes.get("dataset")),
        ("Criteria sha256", hashes.get("criteria")),
    ]
    return [(term, str(value)) for term, value in rows if value is not None]


def _quality(summary: AlignmentSummary) -> str:
    if summary.objective is None:
        return ""
    if summary.outcome == "optimal":
        return "the best possible alignment, proven"
    if summary.gap is None:
        return "how far from the best possible is not known"
    return f"within {percent(max(summary.gap, 0.0))} of the best possible alignment"


def _priced_measure(card: Scorecard, criteria: Mapping[str, Any] | None) -> str:
    asked = ((criteria or {}).get("disruption") or {}).get("measure")
    wanted = [asked] if asked and asked != "accounts" else []
    for measure in (*wanted, "potential", "workload"):
        if measure in card.columns.amount and np.any(card.columns.amount[measure]):
            return str(measure)
    return "accounts"


def _balance_sentence(rule: Mapping[str, Any]) -> str:
    target = target_words(str(rule.get("target", "equal")))
    tolerance = percent(float(rule.get("tolerance") or 0.0))
    if rule.get("hard"):
        return f"Each rep's {rule['measure']} must be within {tolerance} of {target}."
    weight = quantity(float(rule.get("weight") or 0.0))
    return f"Each rep's {rule['measure']} should be within {tolerance} of {target} (weight {weight})."


def _aim_sentences(criteria: Mapping[str, Any]) -> list[str]:
    sentences = []
    travel = criteria.get("travel") or {}
    if travel.get("weight"):
        source = {"pairs": "the given costs", "minutes": "minutes"}.get(travel.get("source", ""), "kilometers")
        factor = travel.get("road_factor") or 1.0
        roads = f", roads counted {factor:g} times the straight line" if source == "kilometers" and factor != 1 else ""
        sentences.append(f"Travel should be short, by {source} (weight {travel['weight']:g}{roads}).")
    compactness = criteria.get("compactness") or {}
    if compactness.get("weight"):
        sentences.append(f"Territories should be compact (weight {compactness['weight']:g}).")
    disruption = criteria.get("disruption") or {}
    if disruption.get("weight"):
        measure = disruption.get("measure", "accounts")
        sentences.append(f"Little {measure} should change rep (weight {disruption['weight']:g}).")
    return sentences


def _budget_sentences(disruption: Mapping[str, Any]) -> list[str]:
    scopes = {
        "max_moved": "may move in all",
        "max_in_per_rep": "may come to one rep",
        "max_out_per_rep": "may leave one rep",
    }
    sentences = []
    for name, words in scopes.items():
        budget = disruption.get(name) or {}
        if budget.get("accounts") is not None:
            sentences.append(f"At most {counted(int(budget['accounts']), 'account')} {words}.")
        for measure, share in (budget.get("share") or {}).items():
            sentences.append(f"At most {percent(float(share))} of {measure} {words}.")
    return sentences


def _rule_sentences(criteria: Mapping[str, Any]) -> list[str]:
    eligibility = criteria.get("eligibility")
    unassigned = criteria.get("unassigned") or {}
    contiguity = criteria.get("contiguity") or "off"
    frozen: Sequence[str] = criteria.get("frozen_reps") or ()
    soft = (
        f"should have the skills that its accounts require (weight {eligibility['soft']:g})"
        if isinstance(eligibility, Mapping)
        else "must have the skills that its accounts require"
    )
    rules = [
        ("Families of accounts stay together.", criteria.get("families") == "together"),
        (f"A rep {soft}.", eligibility not in (None, "off")),
        (f"Territories are connected ({contiguity}).", contiguity != "off"),
        (f"{counted(len(criteria.get('locks') or ()), 'account')} locked to a given rep.", bool(criteria.get("locks"))),
        (f"{counted(len(criteria.get('forbid') or ()), 'pair')} forbidden.", bool(criteria.get("forbid"))),
        (f"{counted(len(frozen), 'rep')} frozen: gains and loses nothing.", bool(frozen)),
        ("Every account has a rep.", not unassigned.get("allowed")),
        ("Accounts may stay without a rep, at a price.", bool(unassigned.get("allowed"))),
    ]
    return [sentence for sentence, is_on in rules if is_on]
