"""Random raw problems of the checker's tests as stored tables, and whole alignments of them judged by the checker."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from app.alignments.ground import ground_of
from app.alignments.situations import Situation, criteria_model
from app.datasets.tables import ACCOUNT_FIELDS, PAIR_FIELDS, REP_FIELDS, DatasetTables
from app.scenarios.schemas import Criteria
from checker import Examined
from tests.checker.random_problems import Raw, random_problem

DEFAULTS = {"locked": False, "active": True, "fte": 1.0, "forbidden": False}


def table(columns: dict[str, Any], fields: pa.Schema) -> pa.Table:
    """Return plain columns as a stored table; further columns are numbers."""
    names = [*fields.names, *(name for name in columns if name not in fields.names)]
    size = len(next(iter(columns.values())))
    arrays = []
    for name in names:
        kind = fields.field(name).type if name in fields.names else pa.float64()
        absent: Any = [] if pa.types.is_list(kind) else DEFAULTS.get(name)
        cells = columns.get(name, [absent] * size)
        arrays.append(pa.array([None if cell is None else cell for cell in list(cells)], kind))
    return pa.table(arrays, names=names)


def tables_of(raw: Raw) -> DatasetTables:
    """Return a raw problem as stored tables."""
    pairs = None if raw.pairs is None else table(raw.pairs, PAIR_FIELDS)
    return DatasetTables(table(raw.accounts, ACCOUNT_FIELDS), table(raw.reps, REP_FIELDS), pairs)


def normalized(raw: Raw) -> Raw:
    """Return a raw problem whose criteria are the normalized ones."""
    criteria = Criteria.model_validate(raw.criteria, strict=False).model_dump(mode="json")
    return Raw(raw.accounts, raw.reps, raw.pairs, criteria)


def judged_problem(seed: int) -> tuple[Raw, list[str | None], Examined]:
    """Return a random problem, a random assignment that may break anything, and what the checker says of it."""
    raw = normalized(random_problem(seed, num_accounts=7, num_reps=4))
    draw = np.random.default_rng(seed)
    choice = [None if draw.random() < 0.08 else str(draw.choice(raw.reps["id"])) for _ in raw.accounts["id"]]
    return raw, choice, raw.examine(choice)


def situation_of(raw: Raw, assignment: list[str | None], examined: Examined) -> Situation:
    """Return an assignment opened for questions, its references known from the checker's report."""
    ground = ground_of(tables_of(raw))
    owner = np.array([-1 if rep_id is None else ground.rep_index[rep_id] for rep_id in assignment])
    terms = {term.name: term.reference for term in examined.report.terms}
    return Situation(ground, criteria_model(raw.criteria), owner, terms)


def plain(violation: Any) -> dict[str, Any]:
    """Return a violation of the checker as the service stores it."""
    return {**asdict(violation), "account_ids": list(violation.account_ids)}
