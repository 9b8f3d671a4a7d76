"""The folder in which a worker and its solver process meet: names of files, written atomically.

Imports neither the web nor the database: both sides use it. The worker writes what is asked, the solver what it
found; a file is there complete or not at all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.datasets.tables import DatasetTables, read_parquet, write_parquet
from app.scenarios.center import Center, Centers, read_centers, stored_centers
from app.scenarios.placement import Placement, placement_of

CRITERIA = "criteria.json"
SEARCH = "search.json"
INITIAL = "initial.parquet"
HELD = "held.parquet"
OPEN_REPS = "open_reps.json"
RESULT = "result.json"
CERTIFICATE = "certificate.json"
CURVE = "curve.json"
CENTERS = "centers.json"
PLACEMENT = "placement.json"
PAIRS = "pairs.parquet"
CORES_VARIABLE = "TERRITORY_SOLVER_CORES"
"""Tells the solver how many cores it may use; 0 or nothing is all."""
_TABLES = ("accounts", "reps", "pairs", "units")


@dataclass(frozen=True)
class SolverFiles:
    """The files of one solve.

    Parameters
    ----------
    folder
        Exists, and belongs to this solve alone.
    """

    folder: Path

    def path(self, name: str) -> Path:
        """Return a file's path."""
        return self.folder / name

    def write_question(
        self, tables: Mapping[str, bytes], *, criteria: Mapping[str, Any], search: Mapping[str, Any]
    ) -> None:
        """Write what is asked; ``tables`` are the stored Parquet bytes by name."""
        for name, content in tables.items():
            self._write(f"{name}.parquet", content)
        self.write_json(CRITERIA, criteria)
        self.write_json(SEARCH, search)

    def read_tables(self) -> DatasetTables:
        """Read the dataset back; pairs and units may be missing."""
        found = {
            name: read_parquet(self.path(f"{name}.parquet"))
            for name in _TABLES
            if self.path(f"{name}.parquet").exists()
        }
        return DatasetTables(**found)

    def write_pairs(self, pairs: pa.Table) -> None:
        """Write pairs that the dataset did not have."""
        self._write(PAIRS, write_parquet(pairs))

    def write_initial(self, content: bytes) -> None:
        """Write the alignment to start from, as stored."""
        self._write(INITIAL, content)

    def read_initial(self) -> pa.Table | None:
        """Read the alignment to start from, None without one."""
        path = self.path(INITIAL)
        return read_parquet(path) if path.exists() else None

    def write_held(self, content: bytes, *, open_reps: Sequence[str]) -> None:
        """Write the alignment that everybody but some reps keeps, as stored."""
        self._write(HELD, content)
        self.write_json(OPEN_REPS, {"rep_ids": list(open_reps)})

    def read_held(self) -> tuple[pa.Table, list[str]] | None:
        """Read the alignment that everybody but some reps keeps, and these reps; None without one."""
        path = self.path(HELD)
        if not path.exists():
            return None
        return read_parquet(path), self.read_json(OPEN_REPS)["rep_ids"]

    def write_alignment(
        self, name: str, assignments: pa.Table, summary: Mapping[str, Any], *, is_of_question: bool = False
    ) -> None:
        """Write an alignment and what is known of it, the centers that stand in this folder included.

        Of one that answers the scenario's own question, also how near its centers are to the best places.
        """
        self._write(f"{name}.parquet", write_parquet(assignments))
        more: dict[str, Any] = {}
        centers = stored_centers(self.read_centers())
        if centers:
            more["centers"] = centers
        if is_of_question and not summary["violations"] and self.path(PLACEMENT).exists():
            more["placement"] = placement_of(self.read_json(PLACEMENT)).told(summary["terms"])
        self.write_json(f"{name}.json", {**summary, **more})

    def read_alignment(self, name: str) -> tuple[pa.Table, dict[str, Any]]:
        """Read an alignment and what is known of it."""
        return read_parquet(self.path(f"{name}.parquet")), self.read_json(f"{name}.json")

    def write_centers(self, centers: Centers) -> None:
        """Write the centers of reps without a home, by which everything is measured from now on."""
        self.write_json(CENTERS, stored_centers(centers))

    def write_placement(self, placement: Placement) -> None:
        """Write what is proven of all places for the placed centers."""
        self.write_json(PLACEMENT, placement.to_json())

    def read_centers(self) -> dict[str, Center]:
        """Read the placed centers by rep id; none where none are placed."""
        return read_centers(self.read_json(CENTERS)) if self.path(CENTERS).exists() else {}

    def write_assignments(self, name: str, content: bytes) -> None:
        """Write an alignment that was stored before, as stored."""
        self._write(f"{name}.parquet", content)

    def read_assignments(self, name: str) -> pa.Table:
        """Read an alignment without what is known of it."""
        return read_parquet(self.path(f"{name}.parquet"))

    def write_relaxed(self, name: str, tables: Mapping[str, pa.Table], *, criteria: Mapping[str, Any]) -> None:
        """Write the question that a relaxation's alignment answers: the tables that differ, and the criteria."""
        for table_name, table in tables.items():
            self._write(f"{name}-{table_name}.parquet", write_parquet(table))
        self.write_json(f"{name}-question.json", {"tables": list(tables), "criteria": dict(criteria)})

    def read_relaxed(self, name: str) -> tuple[dict[str, pa.Table], dict[str, Any]]:
        """Read the question that a relaxation's alignment answers: the tables that differ, and the criteria."""
        question = self.read_json(f"{name}-question.json")
        tables = {
            table_name: read_parquet(self.path(f"{name}-{table_name}.parquet")) for table_name in question["tables"]
        }
        return tables, question["criteria"]

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON object; numbers that are not finite are refused."""
        self._write(name, json.dumps(content, ensure_ascii=False, allow_nan=False).encode())

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON object."""
        content: dict[str, Any] = json.loads(self.path(name).read_bytes())
        return content

    def _write(self, name: str, content: bytes) -> None:
        temporary = self.path(f"{name}.part")
        temporary.write_bytes(content)
        temporary.replace(self.path(name))
