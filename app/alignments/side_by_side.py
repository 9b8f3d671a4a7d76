"""Several alignments of the same accounts side by side: what is known of each, and each one's scorecard.

Owns what may stand side by side: the same accounts, by id. Refuses to rank, but for steadiness where it is asked for:
which number matters, the reader knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.alignments.columns import rep_positions
from app.alignments.comparisons import have_same_accounts
from app.alignments.doubts import Assumed
from app.alignments.scorecards import scorecard_json
from app.alignments.service import summary_json
from app.alignments.steadier import SteadinessComparison
from app.alignments.views import AlignmentView
from app.errors import Fault, InvalidInput, NotFound

MOST_ALIGNMENTS = 20
_SHOWN = ("id", "name", "origin", "dataset_id", "scenario_id", "outcome", "objective", "lower_bound", "gap", "counts")


@dataclass(frozen=True)
class Doubted:
    """What is tried of every alignment when robustness is asked for.

    Parameters
    ----------
    measure
        The measure; None takes potential, or the first one's first.
    assumed
        The errors.
    """

    measure: str | None
    assumed: Assumed


def side_by_side(session: Session, named: str, *, with_reps: bool, doubted: Doubted | None = None) -> dict[str, Any]:
    """Return the alignments that a comma-separated list names, in its order; with robustness where it is doubted.

    Raises
    ------
    InvalidInput
        When the list names fewer than two or too many, an id that is not there, or alignments of other accounts;
        when the doubted measure is not there.
    """
    ids = [part.strip() for part in named.split(",") if part.strip()]
    if not 2 <= len(ids) <= MOST_ALIGNMENTS:
        raise _fault(
            "INVALID_VALUE", f"Name 2 to {MOST_ALIGNMENTS} alignments, with commas between; here are {len(ids)}."
        )
    views = [_view(session, alignment_id) for alignment_id in ids]
    for view in views[1:]:
        if not have_same_accounts(views[0].columns, view.columns):
            detail = f"{view.row.id} has other accounts than {views[0].row.id}; only the same accounts compare."
            raise _fault("CONTRADICTORY_SETTING", detail, fix=f"Leave {view.row.id} out.")
    items = [_shown(view, with_reps=with_reps) for view in views]
    content = {"items": items, "differences": _differences(views)}
    if doubted is None:
        return content
    compared = SteadinessComparison(views, doubted.measure, doubted.assumed)
    for item, robustness in zip(items, compared.items_json(), strict=True):
        item["robustness"] = robustness
    return content | {"steadier": compared.steadier_json()}


def _view(session: Session, alignment_id: str) -> AlignmentView:
    try:
        return AlignmentView(session, alignment_id)
    except NotFound as error:
        raise _fault("UNKNOWN_REFERENCE", f"There is no alignment '{alignment_id[:64]}'.") from error


def _shown(view: AlignmentView, *, with_reps: bool) -> dict[str, Any]:
    summary = summary_json(view.row)
    card = scorecard_json(view.card)
    if not with_reps:
        del card["reps"]
    terms = {term["name"]: term["weighted"] for term in summary["terms"]}
    shown = {name: summary[name] for name in _SHOWN}
    return shown | {"num_violations": len(summary["violations"]), "terms": terms, "scorecard": card}


def _differences(views: Sequence[AlignmentView]) -> list[list[int]]:
    """Return for every two alignments how many accounts have different reps, in the order of the list."""
    accounts = views[0].tables.accounts.column("id")
    number: dict[str, int] = {}
    owned = []
    for view in views:
        code = np.array([*(number.setdefault(rep_id, len(number)) for rep_id in view.columns.rep_ids), -1])
        owned.append(code[view.columns.owner][rep_positions(accounts, view.tables.accounts.column("id"))])
    return [[int(np.count_nonzero(one != two)) for two in owned] for one in owned]


def _fault(code: str, detail: str, *, fix: str = "") -> InvalidInput:
    return InvalidInput([Fault(code=code, detail=detail, fix=fix, params={"parameter": "alignments", "in": "query"})])
