"""Which of several alignments is the steadier one: the same drawn errors for each, compared sample by sample.

Owns the comparison and its sentence. All are judged by the first one's targets and band, and the factors belong to
accounts, so that a difference comes from the alignments and not from the draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from app.alignments.columns import Floats, rep_positions
from app.alignments.doubts import Assumed, balanced_of, band_of
from app.alignments.numerals import counted, percent, quantity
from app.alignments.robustness import sampled_json
from app.alignments.views import AlignmentView
from app.alignments.worth import chosen_measure
from optimizer.uncertainty import Balanced, Doubt, Steadiness, steadiness

_STANDARD_ERRORS: Final = 2.0
"""A difference of fewer standard errors may be chance."""


@dataclass(frozen=True, eq=False)
class SteadinessComparison:
    """Several alignments of the same accounts under the same errors.

    Parameters
    ----------
    views
        The alignments, at least two.
    measure
        What is doubted; None takes potential, or the first measure.
    assumed
        The errors.
    """

    views: Sequence[AlignmentView]
    measure: str | None
    assumed: Assumed

    def items_json(self) -> list[dict[str, Any]]:
        """Return the figures of each alignment, in their order."""
        return [
            {
                "measure": self._measure,
                "reps": int(balanced.is_judged.sum()),
                "now_outside": int((~balanced.is_in_band(balanced.deviation(balanced.load))).sum()),
                **sampled_json(balanced, tried),
            }
            for balanced, tried in zip(self._balanced, self._tried, strict=True)
        ]

    def steadier_json(self) -> dict[str, Any]:
        """Return which one is the steadiest, and by how much it beats the next."""
        order = sorted(range(len(self.views)), key=self._rank)
        best, second = order[0], order[1]
        by, difference, error = self._decided(best, second)
        return {
            "alignment_id": None if by is None else self.views[best].row.id,
            "than_id": self.views[second].row.id,
            "by": by,
            "difference": difference,
            "standard_error": error,
            "sentence": self._sentence(best, second, by, difference),
        }

    @cached_property
    def _measure(self) -> str:
        for view in self.views[1:]:
            chosen_measure(view.columns, self.measure)
        return chosen_measure(self.views[0].columns, self.measure)

    @cached_property
    def _balanced(self) -> list[Balanced]:
        rule = self.views[0].card.rules[self._measure]
        return [balanced_of(view.columns, rule, tolerance=band_of(rule, None)) for view in self.views]

    @cached_property
    def _tried(self) -> list[Steadiness]:
        first = self.views[0].tables.accounts.column("id")
        tried = []
        for view, balanced in zip(self.views, self._balanced, strict=True):
            doubt = Doubt(
                spread=self.assumed.spread,
                errors=self.assumed.errors,
                group=rep_positions(view.tables.accounts.column("id"), first),
                num_samples=self.assumed.samples,
                seed=self.assumed.seed,
            )
            tried.append(steadiness(balanced, doubt))
        return tried

    def _rank(self, position: int) -> tuple[float, float]:
        tried = self._tried[position]
        return float(tried.num_outside.mean()), float(np.nan_to_num(tried.worst).mean())

    def _decided(
        self, best: int, second: int
    ) -> tuple[Literal["outside", "worst_deviation"] | None, float | None, float | None]:
        """Return the first figure whose difference is more than chance, the difference, and its standard error."""
        one, two = self._tried[best], self._tried[second]
        outside = two.num_outside.astype(np.float64) - one.num_outside
        difference, error = _mean_and_error(outside)
        if difference > _STANDARD_ERRORS * error:
            return "outside", difference, error
        difference, error = _mean_and_error(two.worst - one.worst)
        if difference > _STANDARD_ERRORS * error:
            return "worst_deviation", difference, error
        return None, None, None

    def _sentence(self, best: int, second: int, by: str | None, difference: float | None) -> str:
        one, two = (f"{self.views[place].row.name} ({self.views[place].row.id})" for place in (best, second))
        balanced = self._balanced[best]
        off = f"if {self._measure} were off by up to {percent(self.assumed.spread)}"
        if by is None or difference is None:
            return f"{one} and {two} are equally steady {off}: {self.assumed.samples:,} samples show no difference."
        if by == "outside":
            reps = counted(int(balanced.is_judged.sum()), "rep")
            what = f"{quantity(round(difference, 2))} fewer of {reps} would be outside the "
            return f"{one} is steadier than {two}: on average {what}±{percent(balanced.tolerance)} band {off}."
        return (
            f"{one} is steadier than {two}: as many reps would be outside the band {off}, but on average the worst one "
            f"is nearer to its target by {percent(difference)}."
        )


def _mean_and_error(difference: Floats) -> tuple[float, float]:
    """Return the mean of paired differences and its standard error; nothing differs where nothing is known."""
    known = np.nan_to_num(difference)
    return float(known.mean()), float(known.std(ddof=1) / np.sqrt(known.size))
