"""The report's page: everything that the template shows, gathered from one alignment.

Owns what is on the page and in which order. The template escapes every text; nothing is fetched by the
finished page, and it has no script.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.alignments.fairness import Fairness
from app.alignments.kept_files import kept_territories
from app.alignments.moves import moves_between
from app.alignments.numerals import percent, quantity
from app.alignments.scorecards import Scorecard
from app.alignments.territories import TerritoryShapes
from app.alignments.views import AlignmentView
from app.database import Sessions
from app.exchange.report import wording
from app.exchange.report.balance_chart import BalanceChart, balance_chart
from app.exchange.report.size_chart import size_chart, size_points
from app.exchange.report.territory_drawing import TerritoryDrawing, draw, num_outside, shared_frame

_MOST_FLOWS = 15
_MOST_VIOLATIONS = 40
_REASON_WORDS = {
    "REP_LEFT": "Their rep has left",
    "FORBIDDEN": "Their rep may not serve them",
    "SKILL": "Their rep lacks a required skill",
    "TOO_FAR": "Too far from their rep",
    "LOCKED": "Locked to another rep",
    "FAMILY": "They follow their family",
    "OVER": "Their rep had more than its share",
    "UNDER": "The new rep had room",
    "NEARER": "The new rep is nearer",
    "CHEAPER": "The new rep travels for less",
    "EXCHANGE": "Part of an exchange",
    "UNASSIGNED": "Left without a rep",
}


@dataclass(frozen=True)
class Quoted:
    """One quoted number, before and after, as text."""

    name: str
    before: str | None
    after: str
    is_better: bool | None


@dataclass(frozen=True)
class MeasureSection:
    """One measure: its quoted numbers, and its chart where it is balanced."""

    name: str
    rule: str
    quoted: list[Quoted]
    chart: BalanceChart | None


@dataclass(frozen=True)
class RepRow:
    """One rep's line in the table of moves."""

    name: str
    is_active: bool
    center: str | None
    accounts_before: str
    accounts: int
    moved_in: int
    moved_out: int
    loads: list[tuple[str, str, str]]
    travel_before: str
    travel: str


def report_html(view: AlignmentView, sessions: Sessions) -> str:
    """Return the page as HTML."""
    card = view.card
    shapes = kept_territories(sessions, view)
    before = kept_territories(sessions, view, before=True) if card.before is not None else None
    maps, outside = _maps(card, shapes, before)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=view.row.name,
            dataset_name=view.dataset.name,
            created=f"{view.row.created_at:%Y-%m-%d %H:%M} UTC",
            headline=wording.headline(card, view.summary, view.criteria),
            counts=view.summary.counts,
            maps=maps,
            num_outside=outside,
            sections=[_section(card, measure) for measure in _ordered_measures(card)],
            balanced=card.balanced,
            facts=_facts(card),
            reps=_rep_rows(card),
            sizes=size_chart(size_points(view)),
            reasons=_reasons(view),
            flows=_flows(card),
            num_flows=len(moves_between(card)),
            violations=[_violation(item) for item in view.summary.violations[:_MOST_VIOLATIONS]],
            num_violations=len(view.summary.violations),
            terms=[dict(term) for term in view.summary.terms],
            criteria=wording.criteria_sentences(view.criteria),
            provenance=wording.provenance(view.summary),
            alignment_id=view.row.id,
            glossary=wording.glossary(),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app.exchange.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"quantity": quantity, "percent": percent}
    return environment


def _maps(
    card: Scorecard, shapes: TerritoryShapes, before: TerritoryShapes | None
) -> tuple[list[tuple[str, TerritoryDrawing]], int]:
    """Return the maps with their captions, before first, and how many accounts are outside the frame."""
    frame = shared_frame(card, [shapes] if before is None else [before, shapes])
    if frame is None:
        return [], 0
    maps = [("Proposed", draw(card, card.after, shapes, frame, color=shapes.color))]
    if before is not None and card.before is not None:
        maps.insert(0, ("Today", draw(card, card.before, before, frame, color=shapes.color)))
    return maps, num_outside(card, frame)


def _ordered_measures(card: Scorecard) -> list[str]:
    return [*card.balanced, *(name for name in card.columns.measures if name not in card.balanced)]


def _section(card: Scorecard, measure: str) -> MeasureSection:
    rule = card.rules[measure]
    target = wording.target_words(rule.target)
    asked = f"against {target}; no band was asked for"
    if rule.tolerance is not None:
        asked = f"±{percent(rule.tolerance)} around {target}"
    after = card.after.measures[measure].team
    before = None if card.before is None else card.before.measures[measure].team
    return MeasureSection(
        name=measure,
        rule=asked,
        quoted=_quoted(after, before),
        chart=balance_chart(card, measure) if measure in card.balanced else None,
    )


def _quoted(after: Fairness, before: Fairness | None) -> list[Quoted]:
    """Return the four numbers that are quoted of a measure."""
    shown: list[tuple[str, str, str, int]] = [
        ("Reps within ±5 %", "within_5", "share", 1),
        ("Reps within ±10 %", "within_10", "share", 1),
        ("Reps within ±15 %", "within_15", "share", 1),
        ("Max ÷ min", "max_min_ratio", "ratio", -1),
        ("Gini", "gini", "gini", -1),
        ("Worst rep", "worst_index", "index", 0),
    ]
    quoted = []
    for name, field, form, sign in shown:
        now, then = getattr(after, field), None if before is None else getattr(before, field)
        better = _is_better(now, then, sign)
        quoted.append(Quoted(name, None if before is None else _written(then, form), _written(now, form), better))
    return quoted


def _is_better(now: float | None, then: float | None, sign: int) -> bool | None:
    if now is None or then is None:
        return None
    if sign == 0:
        now, then, sign = abs(now - 100), abs(then - 100), -1
    return None if np.isclose(now, then) else sign * (now - then) > 0


def _written(value: float | None, form: str) -> str:
    if value is None:
        return "–"
    if form == "share":
        return percent(round(value, 3))
    return {"ratio": f"{value:.2f}", "gini": f"{value:.3f}", "index": f"{value:.0f}"}[form]


def _facts(card: Scorecard) -> list[Quoted]:
    """Return travel, compactness and disruption."""
    after, before = card.after, card.before
    facts = []
    if after.total_travel_km is not None:
        then = None if before is None else before.total_travel_km
        facts.append(
            Quoted(
                "Travel, km a year",
                None if then is None else quantity(then),
                quantity(after.total_travel_km),
                _is_better(after.total_travel_km, then, -1),
            )
        )
        facts.append(
            Quoted(
                "Mean radius, km",
                None if before is None else _mean_radius(before.radius_km),
                _mean_radius(after.radius_km),
                None,
            )
        )
    if card.columns.has_current:
        facts.append(Quoted("Accounts that move", None, f"{card.disruption.moved:,}", None))
        left = card.disruption.moved - card.disruption.accounts
        if left:
            facts.append(Quoted("… because their rep left", None, f"{left:,}", None))
        facts += [
            Quoted(f"Share of {measure} that moves", None, percent(round(wording.moved_share(card, measure), 4)), None)
            for measure in card.columns.measures
        ]
    return facts


def _mean_radius(radius: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    known = radius[np.isfinite(radius)]
    return quantity(round(float(known.mean()), 1)) if known.size else "–"


def _rep_rows(card: Scorecard) -> list[RepRow]:
    order = sorted(range(card.columns.num_reps), key=lambda rep: (not card.columns.is_active[rep], rep))
    return [_rep_row(card, rep) for rep in order]


def _rep_row(card: Scorecard, rep: int) -> RepRow:
    columns, after, before = card.columns, card.after, card.before
    loads = []
    for measure in card.balanced:
        now = after.measures[measure]
        then = None if before is None else float(before.measures[measure].index[rep])
        loads.append((quantity(round(float(now.load[rep]), 1)), _index_text(then), _index_text(now.index[rep])))
    return RepRow(
        name=columns.rep_names[rep],
        is_active=bool(columns.is_active[rep]),
        center=_center_text(card, rep),
        accounts_before="–" if before is None else f"{int(before.accounts[rep]):,}",
        accounts=int(after.accounts[rep]),
        moved_in=int(card.moved_in[rep]),
        moved_out=int(card.moved_out[rep]),
        loads=loads,
        travel_before="–" if before is None or before.travel_km is None else f"{before.travel_km[rep]:,.0f}",
        travel="–" if after.travel_km is None else f"{after.travel_km[rep]:,.0f}",
    )


def _center_text(card: Scorecard, rep: int) -> str | None:
    """Return where a rep without a home was placed, None for all others."""
    placed = (card.travel.centers or {}).get(card.columns.rep_ids[rep])
    if placed is None:
        return None
    return placed.name or placed.place_id or f"{placed.lat:.3f}, {placed.lon:.3f}"


def _index_text(index: float | None) -> str:
    return "–" if index is None or not np.isfinite(index) else f"{index:.0f}"


def _reasons(view: AlignmentView) -> list[tuple[str, int]]:
    counted = Counter(view.moves.column("reason_code").to_pylist())
    return [(_REASON_WORDS[str(code)], number) for code, number in counted.most_common()]


def _flows(card: Scorecard) -> list[tuple[str, str | None, int]]:
    names = card.columns.rep_names
    return [
        (names[source], None if goal < 0 else names[goal], number)
        for source, goal, number in moves_between(card)[:_MOST_FLOWS]
    ]


def _violation(item: Any) -> str:
    if item.get("detail"):
        return str(item["detail"])
    words = [str(item.get("criterion", "criterion"))]
    words += [str(item[name]) for name in ("measure", "rep_id") if item.get(name) is not None]
    by = item.get("by")
    return " · ".join(words) + (f": over by {quantity(by)}" if by is not None else "")
