"""A curve asked in a folder, as the solver's process finds it, and small questions to ask."""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.curves.solving import answer_curve
from app.datasets.importing import read_json_dataset
from app.datasets.tables import DatasetTables, write_parquet
from app.jobs.solver_files import CURVE, SolverFiles
from app.scenarios.schemas import Criteria, Search
from app.settings import Settings
from tests.app.jobs.conftest import random_question

SHARES = [0.0, 0.1, 0.2, 0.4]
CRITERIA: dict[str, Any] = {
    "balance": [{"measure": "workload", "tolerance": 0.05, "hard": True}],
    "travel": {"weight": 50},
    "disruption": {"weight": 20},
}


def small_question(*, accounts: int = 20, reps: int = 3) -> dict[str, Any]:
    """Return a dataset body with a current rep for each account."""
    question = random_question(accounts=accounts, reps=reps)
    return {"name": "Small", "accounts": question["accounts"], "reps": question["reps"]}


def tables_of(body: dict[str, Any]) -> DatasetTables:
    """Return a dataset body as stored tables."""
    tables, log, _ = read_json_dataset(json.dumps(body).encode(), Settings(), other_fields=("name",))
    assert log.num_errors == 0
    return tables


@dataclass
class Told:
    """What a solver's process told its worker."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, kind: str, **content: Any) -> None:
        """Take one message."""
        self.messages.append({"type": kind, **content})

    def names(self) -> list[str]:
        """Return the files of the curve as it stood after each point."""
        return [message["name"] for message in self.messages if message["type"] == "points"]


@dataclass(frozen=True)
class Asked:
    """A curve that was answered in a folder.

    Parameters
    ----------
    folder
        Where the files lie; only read from there.
    result, curve
        What the job ends with, and the last curve.
    told
        All messages.
    """

    folder: Path
    result: dict[str, Any]
    curve: dict[str, Any]
    told: Told


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """Return the small question's curve at ``SHARES``, computed once."""
    folder = tmp_path_factory.mktemp("asked")
    return Asked(folder, *ask(folder, tables_of(small_question()), {"shares": SHARES}))


def ask(
    folder: Path,
    tables: DatasetTables,
    wanted: dict[str, Any],
    *,
    kind: str = "disruption",
    criteria: dict[str, Any] | None = None,
    stop: threading.Event | None = None,
    stored: list[dict[str, Any]] | None = None,
    attempt: int = 1,
    **search: Any,
) -> tuple[dict[str, Any], dict[str, Any], Told]:
    """Answer a curve in a folder; return the result, the last curve, and what was told.

    The search counts work, so that the machine's load changes nothing.
    """
    folder.mkdir(exist_ok=True)
    files = SolverFiles(folder)
    normalized = Criteria.model_validate(criteria or CRITERIA, strict=False).model_dump(mode="json")
    limits = Search.model_validate({"time_limit_s": 20, "gap": 0.01, "deterministic": True, **search}, strict=False)
    named = {name: write_parquet(table) for name, table in tables.named()}
    files.write_question(named, criteria=normalized, search=limits.model_dump(mode="json"))
    measured = {"measure": "accounts", "shares": None, "moves": None, **wanted}
    asked = {"kind": kind, "attempt": attempt, "wanted": measured, "summary": {}, "points": stored or []}
    files.write_json(CURVE, asked)
    told = Told()
    result = answer_curve(
        files, tell=told, stop=stop or threading.Event(), make_software=lambda seed: {"seed": seed}, threads=1
    )
    return result, files.read_json(result["points"]), told
