"""One alignment opened for what-if questions: its dataset, its criteria, where it stands; kept for the next question.

Owns the way from stored rows to :class:`optimizer.standing.Standing`, the references included, and a small store of
opened alignments and datasets. Both are immutable, so what is kept is never stale. Refuses to write.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from app.alignments.columns import AlignmentColumns, Flags, Integers, rep_positions
from app.alignments.ground import Ground, ground_of
from app.alignments.models import Alignment
from app.alignments.pair_facts import PairFacts
from app.alignments.service import assignments_of, criteria_of
from app.alignments.summaries import AlignmentSummary
from app.datasets.service import load_tables
from app.scenarios.schemas import Criteria
from app.scenarios.wishes import optimizer_criteria
from optimizer.alignment import Alignment as Choice
from optimizer.items import Items, items_of
from optimizer.references import References
from optimizer.standing import Standing
from optimizer.what_if import WhatIf
from optimizer.what_if_breaches import may_serve

KEPT_DATASETS: Final = 2
KEPT_ALIGNMENTS: Final = 8

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Situation:
    """An alignment with all that a change of it is reckoned from.

    Parameters
    ----------
    ground
        The dataset.
    criteria
        What the alignment is judged by; without a scenario, that families stay together, that skills are there and
        that nobody stays unassigned.
    owner
        The rep of every account by position, -1 for none. Shape ``(accounts,)``.
    known_references
        What the stored terms of travel and compactness were divided by, by term; None where there is no such term.
    """

    ground: Ground
    criteria: Criteria
    owner: Integers
    known_references: Mapping[str, float | None] = field(default_factory=dict)

    @cached_property
    def derived(self) -> dict[str, object]:
        """Return a place for what others reckon of this alignment, by name."""
        return {}

    @cached_property
    def facts(self) -> PairFacts:
        """Return what belongs to pairs under these criteria."""
        return PairFacts(self.ground, self.criteria)

    @cached_property
    def columns(self) -> AlignmentColumns:
        """Return the alignment beside its dataset."""
        return self.ground.columns.with_owner(self.owner)

    @cached_property
    def standing(self) -> Standing:
        """Return where the alignment stands."""
        problem = self.ground.problem.replace(travel_unit=self.criteria.travel.unit)
        if self.criteria.contiguity != "off" and self.ground.tables.units is not None:
            problem = problem.replace(units=self.ground.units(self.criteria.contiguity))
        totals = dict(zip(problem.measures, problem.amount.sum(axis=0).tolist(), strict=True))
        has_pairs = bool(self.criteria.locks or self.criteria.forbid)
        return Standing(
            problem=problem,
            criteria=optimizer_criteria(
                self.criteria,
                totals=totals,
                account_index=self.ground.account_index if has_pairs else {},
                rep_index=self.ground.rep_index,
            ),
            references=self._references(),
            alignment=Choice(self.owner.astype(np.int32)),
            chosen=self.facts.chosen(self.owner),
        )

    @property
    def moves_families(self) -> bool:
        """Tell whether a family goes to one rep as a whole."""
        return self.criteria.families == "together"

    @cached_property
    def items(self) -> Items:
        """Return what goes to one rep as a whole: families, units, or single accounts."""
        return items_of(self.standing.problem, self.standing.criteria)

    def item_of(self, account: int) -> Integers:
        """Return the accounts that go together with this one."""
        if self.criteria.contiguity != "off":
            return self.items.accounts_of(int(self.items.item_of_account[account])).astype(np.int64)
        return self.ground.family_of(account) if self.moves_families else np.array([account])

    def binding(self, members: npt.NDArray[np.integer[Any]]) -> Literal["family", "unit", "units_and_families"] | None:
        """Return what makes these accounts go together; None for one alone."""
        if len(members) == 1:
            return None
        units = self.standing.problem.units
        if self.criteria.contiguity == "off" or units is None:
            return "family"
        return "unit" if len(np.unique(units.unit[members])) == 1 else "units_and_families"

    def what_if(self, members: Integers) -> WhatIf:
        """Return what would be if these accounts went to each rep."""
        return WhatIf(standing=self.standing, row=self.facts.row(members))

    def allowed(self, members: Integers) -> Flags:
        """Return which reps may have these accounts by every criterion on pairs."""
        return may_serve(self.what_if(members))

    def cheapest(self, members: Integers) -> tuple[float, float]:
        """Return the travel and inertia of these accounts with the cheapest rep who may have them; 0 without one."""
        change = self.what_if(members)
        rep_lat, rep_lon = self.ground.rep_place
        open_to = may_serve(change)
        if not self.facts.has_costs:
            open_to = open_to & ~np.isnan(rep_lat + rep_lon)
        values = (change.row.travel, change.row.inertia)
        travel, inertia = (
            0.0 if value is None or not open_to.any() else float(value[open_to].min()) for value in values
        )
        return travel, inertia

    def _references(self) -> References:
        needed = {"travel": self.facts.has_travel, "compactness": self.facts.has_inertia}
        found = {name: self.known_references.get(name) for name in needed}
        if any(wanted and found[name] is None for name, wanted in needed.items()):
            return self._reckoned_references()
        return References(travel=found["travel"] or 1.0, compactness=found["compactness"] or 1.0)

    def _reckoned_references(self) -> References:
        """Add the references up over all items: the slow way, where no judged alignment tells them."""
        unscaled = Situation(self.ground, self.criteria, self.owner, {"travel": 1.0, "compactness": 1.0})
        travel = compactness = 0.0
        group = self.ground.problem.family if self.moves_families else np.arange(self.ground.columns.num_accounts)
        if self.criteria.contiguity != "off":
            group = unscaled.items.item_of_account
        order = np.argsort(group, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
            cheapest = unscaled.cheapest(members)
            travel, compactness = travel + cheapest[0], compactness + cheapest[1]
        return References(travel=travel or 1.0, compactness=compactness or 1.0)


class Kept(Generic[Value]):
    """The values that were asked for last, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made now unless it is kept; two who ask at once may both make it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        self.keep(key, value)
        return value

    def keep(self, key: Hashable, value: Value) -> None:
        """Keep a value, and forget what was not asked for longest."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)


class Situations:
    """Opened alignments and datasets of one running service."""

    def __init__(self) -> None:
        self._grounds: Kept[Ground] = Kept(KEPT_DATASETS)
        self._situations: Kept[Situation] = Kept(KEPT_ALIGNMENTS)

    def open(self, session: Session, row: Alignment) -> Situation:
        """Return a stored alignment opened for questions."""
        return self._situations.get(row.id, lambda: self._situation(session, row))

    def keep(self, alignment_id: str, dataset_id: str, situation: Situation) -> None:
        """Keep an alignment that was just made, which is likely to be asked for next."""
        self._grounds.keep(dataset_id, situation.ground.with_centers({}))
        self._situations.keep(alignment_id, situation)

    def _situation(self, session: Session, row: Alignment) -> Situation:
        ground = self._grounds.get(row.dataset_id, lambda: ground_of(load_tables(session, row.dataset_id)))
        assignments = assignments_of(session, row)
        centers = AlignmentSummary.from_json(row.summary).centers
        return Situation(
            ground=ground.with_centers(centers) if centers else ground,
            criteria=criteria_model(criteria_of(session, row)),
            owner=rep_positions(assignments.column("rep_id"), ground.tables.reps.column("id")),
            known_references=stored_references(row.summary),
        )


def criteria_model(criteria: Mapping[str, Any] | None) -> Criteria:
    """Return stored criteria as a model; without any, those that hold when a criteria object is empty."""
    return Criteria() if criteria is None else Criteria.model_validate(criteria, strict=False)


def stored_references(summary: Mapping[str, Any]) -> dict[str, float | None]:
    """Return what the terms of travel and compactness in a stored summary were divided by, None without the term."""
    terms = {term["name"]: term.get("reference") for term in summary.get("terms") or ()}
    return {name: terms.get(name) for name in ("travel", "compactness")}
