"""Edits by hand: a child alignment, rescored at once, judged by its own criteria and limits.

Owns what an edit stores. Moves alone keep the parent's question. Locks and forbidden pairs make a scenario that is
based on the parent's; changed capacities and released locks of the data make a dataset that is derived from it. So
whatever reads the child later (a solve, the checker, publishing, an export) honors the edit without knowing of it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from app import blobs
from app.alignments.assignments import pick
from app.alignments.breaches import violations_json
from app.alignments.columns import Integers
from app.alignments.edit_records import keep_request
from app.alignments.edit_requests import EditRequest
from app.alignments.edit_wishes import Edited, edited
from app.alignments.models import Alignment
from app.alignments.scorecards import Standing, known
from app.alignments.service import get_alignment, store_alignment, summary_json
from app.alignments.situations import Situation, Situations
from app.alignments.summaries import AlignmentSummary, Origin, OriginKind
from app.alignments.territory_standing import territory_standing
from app.datasets.models import Dataset
from app.datasets.service import get_dataset
from app.datasets.tables import content_sha256, write_parquet
from app.errors import Fault, InvalidInput
from app.etags import etag_of, require_match
from app.identifiers import new_id
from app.scenarios.models import Scenario
from app.scenarios.placement import placement_of
from app.scenarios.schemas import Search
from app.scenarios.service import ScenarioService, search_faults
from app.settings import Settings
from checker.certificate import gap_of
from optimizer.consistency import check_fit
from optimizer.exceptions import InvalidCriteria
from optimizer.result import Term

MEASURE_UNITS = {"workload": "h", "accounts": "accounts"}
TEAM_NUMBERS = ("within_5", "within_10", "within_15", "max_min_ratio", "cv", "gini", "sd")


@dataclass(frozen=True, eq=False)
class StoredEdit:
    """A child alignment that was stored.

    Parameters
    ----------
    row, parent
        The child and what was edited.
    edit
        What the edit did.
    before
        The parent as it was.
    root
        For a solve around the edit: the alignment that the first of a chain of edits began with; else the parent.
    """

    row: Alignment
    parent: Alignment
    edit: Edited
    before: Situation
    root: Situation

    def json(self) -> dict[str, Any]:
        """Return the child as the API shows it, with what changed."""
        return summary_json(self.row) | {"scorecard_change": self._change()}

    def _change(self) -> dict[str, Any]:
        after, before = self.edit.situation, self.before
        is_judged = None not in (self.row.summary["objective"], self.parent.summary.get("objective"))
        return {
            "objective": _on_scale_of(before, after) - self.parent.summary["objective"] if is_judged else None,
            "violations": len(self.row.summary["violations"]) - len(violations_json(before)),
            **_difference(before, after),
        }


class EditService:
    """Edit alignments within the caller's transaction."""

    def __init__(self, session: Session, settings: Settings, situations: Situations) -> None:
        self._session = session
        self._settings = settings
        self._situations = situations

    def edit(self, alignment_id: str, request: EditRequest, *, if_match: str | None) -> StoredEdit:
        """Store the alignment that an edit makes, with the scenario and dataset that it needs.

        Raises
        ------
        NotFound
            When there is no such alignment.
        PreconditionFailed
            When the alignment was edited or changed since the caller read it.
        InvalidInput
            When the edit names what is not there, or contradicts itself.
        """
        parent = get_alignment(self._session, alignment_id)
        self._session.refresh(parent, with_for_update=True)
        require_match(if_match, etag_of(summary_json(parent)))
        if request.reoptimize is not None and parent.scenario_id is None:
            raise nothing_to_optimize("/reoptimize")
        before = self._situations.open(self._session, parent)
        root = before if request.reoptimize is None else self._situations.open(self._session, self._root(parent))
        by_hand = np.flatnonzero(before.owner != root.owner)
        made = edited(before, request, held=None if request.reoptimize is None else by_hand)
        self._refuse_misfit(before, made.situation, request)
        dataset = self._dataset(parent, before, made.situation)
        scenario_id = self._scenario(parent, dataset, made, request, before=before)
        is_same_question = dataset.id == parent.dataset_id and scenario_id == parent.scenario_id
        made = replace(made, situation=with_references(before, made))
        is_judged = scenario_id is not None
        row = store_alignment(
            self._session,
            dataset_id=dataset.id,
            scenario_id=scenario_id,
            origin=Origin(OriginKind.EDIT, parent_id=parent.id),
            assignments=_assignments(made.situation),
            summary=_summary(parent, made.situation, is_same_question=is_same_question, is_judged=is_judged),
            name=request.name or parent.name,
        )
        if is_same_question:
            row.certificate_sha256 = self._certificate(parent, row)
        keep_request(self._session, row.id, request)
        parent.num_edits += 1
        self._situations.keep(row.id, dataset.id, made.situation)
        return StoredEdit(row=row, parent=parent, edit=made, before=before, root=root)

    def _root(self, row: Alignment) -> Alignment:
        """Return the alignment that a chain of edits began with."""
        while row.origin_kind == OriginKind.EDIT and row.parent_id is not None:
            row = get_alignment(self._session, row.parent_id)
        return row

    def _refuse_misfit(self, before: Situation, after: Situation, request: EditRequest) -> None:
        """Refuse a search over the service's limits, and limits of loads under which the criteria mean nothing."""
        faults = [] if request.search is None else search_faults(request.search, self._settings)
        if faults:
            raise InvalidInput(faults)
        if after.ground is before.ground:
            return
        wanted = before.standing.criteria.replace(travel_weight=0.0, compactness_weight=0.0)
        try:
            check_fit(after.ground.problem.replace(units=before.standing.problem.units), wanted)
        except InvalidCriteria as error:
            detail = f"The criteria do not fit the changed limits: {error}."
            fix = (
                "Keep the limits that targets of the criteria are made of, or change the criteria in another scenario."
            )
            fault = Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, pointer="/capacity")
            raise InvalidInput([fault]) from error

    def _dataset(self, parent: Alignment, before: Situation, after: Situation) -> Dataset:
        """Return the parent's dataset, or one derived from it where the edit changes its tables."""
        dataset = get_dataset(self._session, parent.dataset_id)
        old, new = before.ground.tables, after.ground.tables
        if new is old:
            return dataset
        kept = {column.name: getattr(dataset, column.name) for column in Dataset.__table__.columns}
        for name in ("id", "created_at"):
            del kept[name]
        changed = [name for name in ("accounts", "reps") if getattr(new, name) is not getattr(old, name)]
        digests = blobs.put_all(self._session, {name: write_parquet(getattr(new, name)) for name in changed})
        child = Dataset(
            **kept
            | {"id": new_id("ds"), "parent_id": dataset.id, "sha256": content_sha256(new), "archived": False}
            | {f"{name}_sha256": sha256 for name, sha256 in digests.items()}
        )
        self._session.add(child)
        self._session.flush()
        return child

    def _scenario(
        self, parent: Alignment, dataset: Dataset, made: Edited, request: EditRequest, *, before: Situation
    ) -> str | None:
        """Return the parent's scenario, or one based on it where the edit changes the question."""
        is_new = dataset.id != parent.dataset_id or made.situation.criteria != before.criteria
        if not is_new and request.search is None:
            return parent.scenario_id
        base = None if parent.scenario_id is None else self._session.get_one(Scenario, parent.scenario_id)
        search = Search() if base is None else Search.model_validate(base.search, strict=False)
        scenario = ScenarioService(self._session, self._settings).store(
            dataset_id=dataset.id,
            name=parent.name if base is None else base.name,
            criteria=made.situation.criteria,
            search=request.search or search,
            based_on=parent.scenario_id,
        )
        return scenario.id

    def _certificate(self, parent: Alignment, row: Alignment) -> str | None:
        """Return the parent's proof told for the child: the bound is the same, the objective and gap are not."""
        summary = row.summary
        if parent.certificate_sha256 is None or summary["violations"] or summary["objective"] is None:
            return None
        certificate = json.loads(blobs.read(self._session, parent.certificate_sha256))
        gap = gap_of(summary["objective"], certificate["lower_bound"])
        told = certificate | {"objective": summary["objective"], "gap": gap, "verified": True}
        return blobs.put(self._session, json.dumps(told, ensure_ascii=False, allow_nan=False).encode())


def term_json(term: Term) -> dict[str, Any]:
    """Return a term as an alignment's summary stores it."""
    unit = MEASURE_UNITS.get(term.unit, term.unit)
    return {
        "name": term.name,
        "raw": term.raw,
        "unit": unit,
        "weight": term.weight,
        "reference": term.reference,
        "weighted": term.weighted,
    }


def with_references(before: Situation, made: Edited) -> Situation:
    """Return the edited alignment with its own references: the parent's, but for items whose permissions changed."""
    after, references = made.situation, before.standing.references
    if not len(made.changed_pairs):
        return replace(after, known_references=asdict(references))
    if 1.0 in (references.travel, references.compactness) and not _is_off(before, references.travel == 1.0):
        return replace(after, known_references={})
    unscaled = replace(after, known_references={"travel": 1.0, "compactness": 1.0})
    travel, compactness = references.travel, references.compactness
    done: set[int] = set()
    for account in made.changed_pairs.tolist():
        members = before.item_of(account)
        if int(members[0]) in done:
            continue
        done.add(int(members[0]))
        old, new = before.cheapest(members), unscaled.cheapest(members)
        travel, compactness = travel + new[0] - old[0], compactness + new[1] - old[1]
    return replace(after, known_references={"travel": travel, "compactness": compactness})


def _on_scale_of(before: Situation, after: Situation) -> float:
    """Return the edited alignment's objective by the parent's references.

    A lock or forbidden pair changes what travel and compactness are divided by, and with it the whole objective; what
    an edit costs must not feel that.
    """
    one, two = asdict(before.standing.references), asdict(after.standing.references)
    return sum(
        term.weighted * (two[term.name] / one[term.name] if term.name in ("travel", "compactness") else 1.0)
        for term in after.standing.terms
        if term.weight > 0
    )


def _is_off(situation: Situation, is_travel: bool) -> bool:
    """Tell whether a reference of 1 stands for a term that is off, and not for an empty sum."""
    return not (situation.facts.has_travel if is_travel else situation.facts.has_inertia)


def _summary(parent: Alignment, situation: Situation, *, is_same_question: bool, is_judged: bool) -> AlignmentSummary:
    standing = situation.standing
    found = violations_json(situation)
    counts = {
        "accounts": situation.columns.num_accounts,
        "reps": situation.columns.num_reps,
        "moved": int(situation.columns.is_moved.sum()),
        "unassigned": int((situation.owner < 0).sum()),
    }
    if not is_judged:
        return AlignmentSummary(violations=found, counts=counts)
    objective = standing.objective
    stored = AlignmentSummary.from_json(parent.summary)
    lower_bound = stored.lower_bound if is_same_question else None
    proven = not found and lower_bound is not None
    certified = None
    if proven and stored.certified_gap is not None and stored.objective is not None:
        certified = gap_of(objective, stored.objective - stored.certified_gap * abs(stored.objective))
    terms = [term_json(term) for term in standing.terms if term.weight > 0]
    return AlignmentSummary(
        outcome="infeasible" if found else "feasible",
        objective=objective,
        lower_bound=lower_bound,
        gap=gap_of(objective, lower_bound) if proven and lower_bound is not None else None,
        bound_source=stored.bound_source if lower_bound is not None else None,
        certified_gap=certified,
        terms=terms,
        violations=found,
        counts=counts,
        centers=stored.centers,
        placement=_placement(stored, terms) if is_same_question and not found else None,
    )


def _placement(stored: AlignmentSummary, terms: list[dict[str, Any]]) -> Mapping[str, Any] | None:
    """Return what is proven of the parent's centers, told of other terms: a bound on every answer is one on this."""
    if stored.placement is None or not stored.placement.get("weights"):
        return None
    return placement_of(stored.placement).told(terms)


def _assignments(situation: Situation) -> pa.Table:
    columns = situation.ground.columns
    return pa.table(
        {"account_id": columns.tables.accounts.column("id"), "rep_id": pick(columns.rep_ids, situation.owner)}
    )


def _difference(before: Situation, after: Situation) -> dict[str, Any]:
    """Return what changed of the scorecard: the team, and the reps whose accounts, loads or limits differ."""
    one, two = territory_standing(before), territory_standing(after)
    active = after.columns.is_active
    differs = before.owner != after.owner
    touched = np.unique(np.concatenate([before.owner[differs], after.owner[differs], _relimited(before, after)]))
    return {
        "accounts": int(differs.sum()),
        "team": {
            "measures": {name: _fairness_difference(one, two, name) for name in two.measures},
            "in_band": int((two.is_in_band & active).sum()) - int((one.is_in_band & active).sum()),
            "travel_km": _minus(two.total_travel_km, one.total_travel_km),
            "disruption": {"accounts": int(after.columns.is_moved.sum()) - int(before.columns.is_moved.sum())},
        },
        "reps": [_rep_difference(after, one, two, rep) for rep in touched.tolist() if rep >= 0],
    }


def _relimited(before: Situation, after: Situation) -> Integers:
    old, new = before.ground.problem, after.ground.problem
    differs = (old.capacity_min != new.capacity_min) | (old.capacity_max != new.capacity_max)
    return np.flatnonzero(differs.any(axis=1))


def _fairness_difference(one: Standing, two: Standing, measure: str) -> dict[str, float | None]:
    before, after = asdict(one.measures[measure].team), asdict(two.measures[measure].team)
    return {name: _minus(after[name], before[name]) for name in TEAM_NUMBERS}


def _rep_difference(after: Situation, one: Standing, two: Standing, rep: int) -> dict[str, Any]:
    measures: Mapping[str, Any] = {
        name: {
            "load": float(balance.load[rep] - one.measures[name].load[rep]),
            "index": _minus(known(balance.index[rep]), known(one.measures[name].index[rep])),
        }
        for name, balance in two.measures.items()
    }
    travel = None
    if one.travel_km is not None and two.travel_km is not None:
        travel = float(two.travel_km[rep] - one.travel_km[rep])
    return {
        "rep_id": after.columns.rep_ids[rep],
        "accounts": int(two.accounts[rep] - one.accounts[rep]),
        "measures": measures,
        "travel_km": travel,
    }


def _minus(two: float | None, one: float | None) -> float | None:
    return None if two is None or one is None else two - one


def nothing_to_optimize(pointer: str) -> InvalidInput:
    """Return the refusal to solve an alignment that has no criteria."""
    detail = "This alignment came with the data and has no criteria to be solved by."
    fix = "Solve a scenario of its dataset, and edit that result."
    return InvalidInput([Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, pointer=pointer)])
