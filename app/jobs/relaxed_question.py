"""The question as a relaxation changes it, in the raw form that the checker reads: columns by name, criteria as JSON.

Owns what each kind of change means in stored data. The checker then says, on raw numbers and with code of its own,
whether the relaxation's alignment keeps the relaxed question. Imports neither the web nor the database.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from optimizer.changes import ADD_REP
from optimizer.problem import ACCOUNTS, Problem
from optimizer.result import Change

Columns = dict[str, list[Any]]

BUDGETS: Final = {"total": "max_moved", "in": "max_in_per_rep", "out": "max_out_per_rep"}
ROUNDING: Final = 1e-12
"""Share by which a budget is written larger, so that dividing by a total and multiplying again loses nothing."""
NEW_NAME: Final = "New rep like {name}"


@dataclass(frozen=True, kw_only=True)
class RelaxedQuestion:
    """Raw columns by table, and normalized criteria."""

    tables: Mapping[str, Columns]
    criteria: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AddedRep:
    """A rep that a relaxation adds, and the one it is like; both by id."""

    rep_id: str
    like: str
    name: str


def added_reps(changes: Sequence[Change], rep_ids: Sequence[str], rep_names: Sequence[str | None]) -> list[AddedRep]:
    """Return the reps that changes add, each with an id that nobody has."""
    taken, added = set(rep_ids), []
    for change in changes:
        if change.kind != ADD_REP or change.rep is None:
            continue
        number = 1
        while (new_id := f"NEW-{number}") in taken:
            number += 1
        taken.add(new_id)
        like = rep_ids[change.rep]
        added.append(AddedRep(rep_id=new_id, like=like, name=NEW_NAME.format(name=rep_names[change.rep] or like)))
    return added


def relaxed_question(
    tables: Mapping[str, Columns],
    criteria: Mapping[str, Any],
    changes: Sequence[Change],
    *,
    problem: Problem,
    added: Sequence[AddedRep],
) -> RelaxedQuestion:
    """Return raw columns and criteria after changes; what is given stays as it is.

    Parameters
    ----------
    tables, criteria
        The question as stored.
    changes
        By the positions of ``problem``, whose order is that of the tables.
    problem
        What was solved.
    added
        The reps that the changes add, in their order.
    """
    change = _Changer(
        accounts=dict(tables["accounts"]),
        reps=dict(tables["reps"]),
        pairs=dict(tables.get("pairs", {})),
        criteria=copy.deepcopy(dict(criteria)),
        problem=problem,
    )
    for one in changes:
        change.apply(one)
    for rep in added:
        change.add_rep(rep)
    changed = dict(tables) | {"accounts": change.accounts, "reps": change.reps}
    if change.pairs:
        changed["pairs"] = change.pairs
    return RelaxedQuestion(tables=changed, criteria=change.criteria)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Changer:
    """Columns and criteria while changes are applied; a column is copied before it changes."""

    accounts: Columns
    reps: Columns
    pairs: Columns
    criteria: dict[str, Any]
    problem: Problem

    def apply(self, change: Change) -> None:
        """Apply one change but an added rep."""
        if change.kind in ("capacity_max", "capacity_min"):
            prefix = "max:" if change.kind == "capacity_max" else "min:"
            _set(self.reps, f"{prefix}{change.measure}", change.rep, change.after)
        elif change.kind == "tolerance":
            self._widen(change)
        elif change.kind == "budget":
            self._raise_budget(change)
        elif change.kind == "lock":
            _set(self.accounts, "locked", change.account, False)
            self._drop_pair("locks", change)
        elif change.kind == "forbid":
            self._drop_pair("forbid", change)
        elif change.kind == "eligibility":
            # the pair is set free; in raw data that reads as an account that asks nothing of its rep
            _set(self.accounts, "requires", change.account, [])
        elif change.kind == "frozen":
            frozen = self.reps["id"][_known(change.rep)]
            self.criteria["frozen_reps"] = [rep for rep in self.criteria["frozen_reps"] if rep != frozen]
        elif change.kind == "family":
            family = self.problem.family
            for account in (family == family[_known(change.account)]).nonzero()[0].tolist():
                _set(self.accounts, "parent_id", account, None)
        elif change.kind == "unassigned":
            self.criteria["unassigned"] = {**self.criteria["unassigned"], "allowed": True}
        elif change.kind == "contiguity":
            self.criteria["contiguity"] = "off"

    def add_rep(self, rep: AddedRep) -> None:
        """Append a copy of a rep and its pairs under a new id, without a smallest load."""
        model = self.reps["id"].index(rep.like)
        for name, column in self.reps.items():
            value = None if name.startswith("min:") else column[model]
            self.reps[name] = [*column, {"id": rep.rep_id, "name": rep.name}.get(name, value)]
        rows = [row for row, rep_id in enumerate(self.pairs.get("rep_id", ())) if rep_id == rep.like]
        for name, column in self.pairs.items():
            self.pairs[name] = [*column, *(rep.rep_id if name == "rep_id" else column[row] for row in rows)]

    def _widen(self, change: Change) -> None:
        kept = [wish for wish in self.criteria["balance"] if wish["measure"] != change.measure]
        mine = [wish for wish in self.criteria["balance"] if wish["measure"] == change.measure]
        if change.after is not None:
            kept += [{**wish, "tolerance": change.after} for wish in mine]
        self.criteria["balance"] = kept

    def _raise_budget(self, change: Change) -> None:
        limits = self.criteria["disruption"].get(BUDGETS[str(change.scope)])
        if not limits or change.after is None:
            return
        after = change.after * (1 + ROUNDING)
        share = dict(limits.get("share") or {})
        if change.measure in share:
            total = float(self.problem.amount[:, self.problem.measure_index(str(change.measure))].sum())
            share[str(change.measure)] = max(share[str(change.measure)], after / total) if total > 0 else 1.0
            limits["share"] = share
        if change.measure == ACCOUNTS and limits.get("accounts") is not None:
            limits["accounts"] = max(limits["accounts"], round(change.after))

    def _drop_pair(self, name: str, change: Change) -> None:
        pair = self.accounts["id"][_known(change.account)], self.reps["id"][_known(change.rep)]
        kept = [entry for entry in self.criteria[name] if (entry["account_id"], entry["rep_id"]) != pair]
        self.criteria[name] = kept


def _set(columns: Columns, name: str, position: int | None, value: Any) -> None:
    column = list(columns[name]) if name in columns else [None] * len(columns["id"])
    column[_known(position)] = value
    columns[name] = column


def _known(position: int | None) -> int:
    assert position is not None, "this change names an account or rep"
    return position
