"""Balance bars: how far each rep is from its fair share of one measure, before beside after.

Owns the chart's geometry, in SVG pixels. The template draws it; nothing here writes markup.
"""

from dataclasses import dataclass

import numpy as np

from app.alignments.columns import Floats
from app.alignments.scorecards import DEFAULT_BAND, Scorecard

ROW_PX = 17.0
_LEFT_PX, _RIGHT_PX, _WIDTH_PX = 190.0, 120.0, 940.0
_TOP_PX = 24.0
_NARROWEST_SPAN, _WIDEST_SPAN = 0.2, 0.6  # deviation at the chart's edge
_MOST_ROWS = 80
_MOST_PLACES = 3


@dataclass(frozen=True)
class BalanceBar:
    """Place one rep's bar.

    Parameters
    ----------
    name
        The rep's name.
    y
        Top of the row.
    x, width
        The bar, from the target to the index.
    before_x
        The tick of the index before; None without one.
    index, before
        The indices, as text.
    is_in_band
        Whether the index is within the tolerance.
    is_cut, is_before_cut
        Whether the index, or the tick, lies beyond the chart's edge.
    """

    name: str
    y: float
    x: float
    width: float
    before_x: float | None
    index: str
    before: str
    is_in_band: bool
    is_cut: bool
    is_before_cut: bool


@dataclass(frozen=True)
class BalanceChart:
    """Place all bars of one measure.

    Parameters
    ----------
    measure
        The measure.
    tolerance
        The band's half width, a fraction.
    bars
        Largest index first; where there are very many reps, only the two ends.
    num_hidden
        Reps between the two ends that are not drawn.
    hidden_y
        Where the gap is.
    width, height
        The whole chart.
    target_x, band_x, band_width
        The target's line and the band.
    axis
        Place and text of the marks on the axis.
    """

    measure: str
    tolerance: float
    bars: list[BalanceBar]
    num_hidden: int
    hidden_y: float
    width: float
    height: float
    target_x: float
    band_x: float
    band_width: float
    axis: list[tuple[float, str]]


def balance_chart(card: Scorecard, measure: str) -> BalanceChart:
    """Place the bars of one measure, reps without a target left out."""
    after = card.after.measures[measure].index
    before = None if card.before is None else card.before.measures[measure].index
    tolerance = card.rules[measure].tolerance
    tolerance = DEFAULT_BAND if tolerance is None else tolerance
    shown = np.flatnonzero(np.isfinite(after))
    shown = shown[np.argsort(-after[shown], kind="stable")]
    hidden = max(0, len(shown) - _MOST_ROWS)
    if hidden:
        shown = np.concatenate((shown[: _MOST_ROWS // 2], shown[-_MOST_ROWS // 2 :]))
    span = _span(after[shown], before if before is None else before[shown], tolerance)
    scale = (_WIDTH_PX - _LEFT_PX - _RIGHT_PX) / 2 / span
    target_x = _LEFT_PX + span * scale
    gap_row = _MOST_ROWS // 2 if hidden else len(shown) + 1
    bars = [
        _bar(card, int(rep), row + (1 if row >= gap_row else 0), measure, span, scale, tolerance)
        for row, rep in enumerate(shown)
    ]
    step = 0.05 if span <= 0.2 else (0.1 if span <= 0.4 else 0.2)
    marks = np.arange(-np.floor(span / step + 1e-9), np.floor(span / step + 1e-9) + 1) * step
    return BalanceChart(
        measure=measure,
        tolerance=tolerance,
        bars=bars,
        num_hidden=hidden,
        hidden_y=_TOP_PX + gap_row * ROW_PX,
        width=_WIDTH_PX,
        height=_TOP_PX + ROW_PX * (len(bars) + (1 if hidden else 0)) + 4,
        target_x=target_x,
        band_x=target_x - tolerance * scale,
        band_width=2 * tolerance * scale,
        axis=[(target_x + mark * scale, f"{100 + 100 * mark:.0f}") for mark in marks],
    )


def _span(after: Floats, before: Floats | None, tolerance: float) -> float:
    """Return the deviation at the chart's edge: room for the bars, without letting one outlier flatten all."""
    seen = after if before is None else np.concatenate((after, before[np.isfinite(before)]))
    reach = float(np.quantile(np.abs(seen / 100 - 1), 0.9)) if seen.size else 0.0
    wanted = max(reach * 1.1, tolerance * 1.6, _NARROWEST_SPAN)
    return float(min(np.ceil(wanted * 20) / 20, _WIDEST_SPAN))


def _bar(card: Scorecard, rep: int, row: int, measure: str, span: float, scale: float, tolerance: float) -> BalanceBar:
    index = float(card.after.measures[measure].index[rep])
    before = np.nan if card.before is None else float(card.before.measures[measure].index[rep])
    deviation = index / 100 - 1
    target_x = _LEFT_PX + span * scale
    end = target_x + float(np.clip(deviation, -span, span)) * scale
    before_x = target_x + float(np.clip(before / 100 - 1, -span, span)) * scale
    return BalanceBar(
        name=card.columns.rep_names[rep],
        y=_TOP_PX + row * ROW_PX,
        x=min(target_x, end),
        width=max(abs(end - target_x), 1.0),
        before_x=before_x if np.isfinite(before) else None,
        index=index_text(index, tolerance),
        before=f"{before:.0f}" if np.isfinite(before) else "–",
        is_in_band=_is_in_band(index, tolerance),
        is_cut=abs(deviation) > span,
        is_before_cut=bool(abs(before / 100 - 1) > span),
    )


def index_text(index: float, tolerance: float) -> str:
    """Return the index with the fewest decimals that lie on its side of the band's edge: 110.04 is no 110 of ±10 %."""
    is_in_band = _is_in_band(index, tolerance)
    enough = (places for places in range(_MOST_PLACES) if _is_in_band(round(index, places), tolerance) == is_in_band)
    return f"{index:.{next(enough, _MOST_PLACES)}f}"


def _is_in_band(index: float, tolerance: float) -> bool:
    return abs(index / 100 - 1) <= tolerance + 1e-9
