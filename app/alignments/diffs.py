"""What changes between two alignments, rep by rep: which accounts each rep loses and gains, and its loads.

Owns what a diff says; how it reads as text stands in ``diff_texts``. Reps and accounts are found by id, so the two
datasets may differ in their reps and in the order of their rows. Refuses to judge which side is better.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.alignments.assignments import pick
from app.alignments.canonical import canonical_sha256
from app.alignments.columns import ACCOUNTS, AlignmentColumns, Integers, rep_positions
from app.alignments.comparisons import have_same_accounts
from app.alignments.service import assignments_of
from app.alignments.views import AlignmentView


@dataclass(frozen=True, kw_only=True)
class DiffSide:
    """What the header says of one of the two alignments; unknown is None.

    Parameters
    ----------
    id, name
        The alignment's.
    assignments_sha256
        Hash of its canonical bytes.
    objective
        Sum of its weighted terms.
    num_violations
        Criteria that it breaks.
    travel_km
        Road kilometers a year of the team.
    """

    id: str
    name: str
    assignments_sha256: str
    objective: float | None
    num_violations: int
    travel_km: float | None


@dataclass(frozen=True, kw_only=True)
class DiffLine:
    """One account that a rep loses or gains.

    Parameters
    ----------
    is_gained
        False: lost.
    account_id, account_name
        The account; the name is empty where it has none.
    other_rep_id
        Who gets it, or who had it; None is nobody.
    amounts
        What goes with it by measure, as this rep has it.
    """

    is_gained: bool
    account_id: str
    account_name: str
    other_rep_id: str | None
    amounts: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class RepDiff:
    """What changes for one rep; ``rep_id`` None is the accounts that nobody has.

    Parameters
    ----------
    rep_id, rep_name
        The rep.
    loads
        Measure to the load (before, after), the count of accounts included; None where the rep is not in the data.
    lines
        Lost accounts by id, then gained ones by id.
    """

    rep_id: str | None
    rep_name: str
    loads: Mapping[str, tuple[float | None, float | None]]
    lines: tuple[DiffLine, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class AlignmentDiff:
    """Two alignments of the same accounts, and the reps whose accounts differ, by id, nobody last."""

    first: DiffSide
    second: DiffSide
    num_accounts: int
    num_differing: int
    reps: tuple[RepDiff, ...]

    def json(self) -> dict[str, Any]:
        """Return the diff as plain data, without its lines: there may be very many, and they come in pages."""
        return {
            "first": vars(self.first),
            "second": vars(self.second),
            "num_accounts": self.num_accounts,
            "num_differing": self.num_differing,
            "reps": [_rep_json(rep) for rep in self.reps],
        }


def alignment_diff(one: AlignmentView, two: AlignmentView) -> AlignmentDiff:
    """Return what changes from the first alignment to the second. O(accounts log accounts).

    Raises
    ------
    ValueError
        When they are not of the same accounts.
    """
    if not have_same_accounts(one.columns, two.columns):
        raise ValueError("the two alignments are not of the same accounts")
    sides = _Sides(one.columns, two.columns)
    differing = sides.differing()
    lines: dict[str | None, list[DiffLine]] = {}
    for account in differing:
        before, after = sides.before[account], sides.after[account]
        lines.setdefault(before, []).append(sides.line(account, is_gained=False))
        lines.setdefault(after, []).append(sides.line(account, is_gained=True))
    return AlignmentDiff(
        first=_side(one),
        second=_side(two),
        num_accounts=one.columns.num_accounts,
        num_differing=len(differing),
        reps=tuple(sides.rep(rep_id, lines[rep_id]) for rep_id in sorted(lines, key=_rank)),
    )


class _Sides:
    """The two alignments as columns, the second in the order of the first one's accounts."""

    def __init__(self, one: AlignmentColumns, two: AlignmentColumns) -> None:
        self._one, self._two = one, two
        accounts = one.tables.accounts
        self._row: Integers = rep_positions(accounts.column("id"), two.tables.accounts.column("id"))
        self._names = accounts.column("name").to_pylist()
        self.before: list[str | None] = pick(one.rep_ids, one.owner).to_pylist()
        self.after: list[str | None] = pick(two.rep_ids, two.owner[self._row]).to_pylist()
        self._amounts = [
            {measure: columns.amount_at(measure, columns.owner)[row] for measure in columns.measures}
            for columns, row in ((one, np.arange(one.num_accounts)), (two, self._row))
        ]
        self._loads = [_loads(one), _loads(two)]
        self._rep_names = dict(zip(one.rep_ids, one.rep_names, strict=True)) | dict(
            zip(two.rep_ids, two.rep_names, strict=True)
        )

    def differing(self) -> list[int]:
        """Return the accounts whose rep differs, by the UTF-8 bytes of their id."""
        ids = self._one.account_ids
        found = (a for a, (before, after) in enumerate(zip(self.before, self.after, strict=True)) if before != after)
        return sorted(found, key=lambda account: ids[account].encode())

    def line(self, account: int, *, is_gained: bool) -> DiffLine:
        """Return one account's line with the rep who loses it, or with the one who gains it."""
        amounts = self._amounts[is_gained]
        return DiffLine(
            is_gained=is_gained,
            account_id=self._one.account_ids[account],
            account_name=self._names[account] or "",
            other_rep_id=self.before[account] if is_gained else self.after[account],
            amounts={name: float(amount[account]) for name, amount in amounts.items() if name != ACCOUNTS},
        )

    def rep(self, rep_id: str | None, lines: list[DiffLine]) -> RepDiff:
        """Return one rep's part of the diff."""
        loads = [found.get(rep_id, {}) for found in self._loads]
        measures = dict.fromkeys([*loads[0], *loads[1]])
        return RepDiff(
            rep_id=rep_id,
            rep_name="" if rep_id is None else self._rep_names[rep_id],
            loads={measure: (loads[0].get(measure), loads[1].get(measure)) for measure in measures},
            lines=tuple(sorted(lines, key=lambda line: line.is_gained)),
        )


def _loads(columns: AlignmentColumns) -> dict[str | None, dict[str, float]]:
    """Return the loads of every rep by id and measure; what nobody has counts accounts only."""
    loads = {measure: columns.loads(measure, columns.owner) for measure in columns.measures}
    found: dict[str | None, dict[str, float]] = {
        rep_id: {measure: float(load[rep]) for measure, load in loads.items()}
        for rep, rep_id in enumerate(columns.rep_ids)
    }
    return found | {None: {ACCOUNTS: float(np.count_nonzero(columns.owner < 0))}}


def _rank(rep_id: str | None) -> tuple[bool, bytes]:
    return rep_id is None, (rep_id or "").encode()


def _side(view: AlignmentView) -> DiffSide:
    return DiffSide(
        id=view.row.id,
        name=view.row.name,
        assignments_sha256=canonical_sha256(assignments_of(view.session, view.row)),
        objective=view.summary.objective,
        num_violations=len(view.summary.violations),
        travel_km=view.card.after.total_travel_km,
    )


def _rep_json(rep: RepDiff) -> dict[str, Any]:
    gained = sum(line.is_gained for line in rep.lines)
    return {
        "rep_id": rep.rep_id,
        "rep_name": rep.rep_name or None,
        "lost": len(rep.lines) - gained,
        "gained": gained,
        "loads": {name: {"before": before, "after": after} for name, (before, after) in rep.loads.items()},
    }
