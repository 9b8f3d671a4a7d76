"""Compare what an optimizer claims about an alignment with what the checker found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checker.report import CheckReport
from checker.tolerances import CLAIM_ABSOLUTE, CLAIM_RELATIVE, is_same_claim

OUTCOMES_WITH_ALIGNMENT = frozenset({"optimal", "feasible"})


@dataclass(frozen=True)
class Discrepancy:
    """One claim that is not what the checker found.

    Attributes
    ----------
    name
        ``objective``, a term's name, ``lower_bound``, ``outcome`` or ``violations``.
    claimed, found
        Both numbers; None where there is none.
    detail
        One plain sentence.
    """

    name: str
    claimed: float | None
    found: float | None
    detail: str


def check_claims(
    report: CheckReport,
    objective: float | None,
    terms: Mapping[str, float] | Sequence[Mapping[str, object]],
    lower_bound: float | None,
    outcome: str,
) -> tuple[Discrepancy, ...]:
    """Return every claim that does not hold; none for an honest optimizer.

    Parameters
    ----------
    objective
        The claimed objective, or None where none is claimed.
    terms
        The claimed terms: name to weighted value, or entries with ``name`` and ``weighted``.
    lower_bound
        The claimed bound, or None for unknown.
    outcome
        ``optimal`` and ``feasible`` claim that nothing is violated; ``optimal`` that the bound meets the objective.
    """
    wrong: list[Discrepancy] = []
    if objective is not None and not is_same_claim(objective, report.objective):
        wrong.append(_differs("objective", objective, report.objective))
    wrong.extend(_wrong_terms(report, _weighted_by_name(terms)))
    slack = CLAIM_RELATIVE * abs(report.objective) + CLAIM_ABSOLUTE
    if lower_bound is not None and not lower_bound <= report.objective + slack and report.is_kept:
        detail = "The lower bound is above the objective of an alignment that keeps every criterion."
        wrong.append(Discrepancy("lower_bound", lower_bound, report.objective, detail))
    if outcome in OUTCOMES_WITH_ALIGNMENT and report.violations:
        count = float(len(report.violations))
        detail = f"The outcome is {outcome}, but: {report.violations[0].detail}"
        wrong.append(Discrepancy("violations", 0.0, count, detail))
    if outcome == "optimal" and (lower_bound is None or lower_bound < report.objective - slack):
        detail = "The outcome is optimal, but the lower bound does not reach the objective."
        wrong.append(Discrepancy("outcome", lower_bound, report.objective, detail))
    return tuple(wrong)


def _weighted_by_name(terms: Mapping[str, float] | Sequence[Mapping[str, object]]) -> dict[str, float]:
    if isinstance(terms, Mapping):
        return dict(terms)
    return {str(term["name"]): float(str(term["weighted"])) for term in terms}


def _wrong_terms(report: CheckReport, claimed: Mapping[str, float]) -> list[Discrepancy]:
    found = {term.name: term.weighted for term in report.terms}
    return [
        _differs(name, claimed.get(name), found.get(name, 0.0))
        for name in sorted(claimed.keys() | found.keys())
        if not is_same_claim(claimed.get(name, 0.0), found.get(name, 0.0))
    ]


def _differs(name: str, claimed: float | None, found: float) -> Discrepancy:
    said = "nothing" if claimed is None else f"{claimed:.9g}"
    return Discrepancy(name, claimed, found, f"Claimed for {name} is {said}; from the raw data it is {found:.9g}.")
