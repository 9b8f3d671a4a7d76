"""Read an alignment's raw files with the standard library, so that anybody can audit it without the service.

A directory holds ``accounts.csv``, ``reps.csv``, ``criteria.json`` and ``assignments.csv``; and where there are any
``pairs.csv``, ``centers.csv`` (rep_id, lat, lon of centers that the optimizer placed), ``adjacency.csv`` (unit_id,
neighbor_id), ``detours.csv`` (account_id, rep_id, detour_km by which the way around barriers is longer, empty where
there is none; pairs that are left out have no detour) and ``certificate.json``. A measure is a column named after
it, or ``measure:<name>``; a rep's limits
are ``<measure>_min``, ``<measure>_max`` and ``<measure>_target``, or ``min:<measure>`` and so on. Lists are separated
by ``;``. A text column that is none of ours is ignored.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.certificate import Verdict, verify_certificate
from checker.check import examine
from checker.columns import Columns
from checker.exceptions import CheckInputError
from checker.hashes import dataset_sha256, scenario_sha256
from checker.report import CheckReport

TEXTS = frozenset(
    {
        "id", "name", "parent_id", "unit_id", "postal_code", "country", "current_rep_id", "located_by", "manager_id",
        "account_id", "rep_id", "neighbor_id",
    }
)  # fmt: skip
LISTS = frozenset({"requires", "skills"})
FLAGS = frozenset({"locked", "active", "forbidden"})
NUMBERS = frozenset({"lat", "lon", "visits_per_year", "hours_per_visit", "fte", "max_distance_km", "cost", "detour_km"})
TRUE, FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})
LIMITS = {"_min": "min:", "_max": "max:", "_target": "target:"}
PREFIXES = ("measure:", "min:", "max:", "target:")


@dataclass(frozen=True)
class Audit:
    """What the files say.

    Attributes
    ----------
    report
        Violations, terms and loads, recomputed.
    verdict
        On the certificate; None where there is none.
    """

    report: CheckReport
    verdict: Verdict | None

    @property
    def is_confirmed(self) -> bool:
        """Whether every criterion is kept and the certificate, if any, holds."""
        return self.report.is_kept and (self.verdict is None or self.verdict.is_valid)


def verify(files: Path | Iterable[Path]) -> Audit:
    """Audit an alignment from its raw files.

    Parameters
    ----------
    files
        A directory, or files with the names above.

    Raises
    ------
    CheckInputError
        When a file is missing or unreadable, or the data cannot be judged.
    """
    paths = sorted(files.iterdir()) if isinstance(files, Path) else list(files)
    by_name = {path.name: path for path in paths}
    for name in ("accounts.csv", "reps.csv", "criteria.json", "assignments.csv"):
        if name not in by_name:
            raise CheckInputError(f"There is no {name}.")
    accounts, reps = read_accounts(by_name["accounts.csv"]), read_reps(by_name["reps.csv"])
    pairs = read_pairs(by_name["pairs.csv"]) if "pairs.csv" in by_name else None
    criteria = read_object(by_name["criteria.json"])
    units = _read_edges(by_name["adjacency.csv"]) if "adjacency.csv" in by_name else None
    centers = _read_centers(by_name["centers.csv"]) if "centers.csv" in by_name else None
    detour = _read_detours(by_name["detours.csv"], accounts, reps) if "detours.csv" in by_name else None
    assignment = read_assignments(by_name["assignments.csv"], accounts["id"])
    examined = examine(accounts, reps, pairs, criteria, assignment, units=units, centers=centers, detour=detour)
    if "certificate.json" not in by_name:
        return Audit(examined.report, None)
    verdict = verify_certificate(
        examined,
        read_object(by_name["certificate.json"]),
        dataset_sha256=dataset_sha256(accounts, reps, pairs, units, detour=examined.data.detour),
        scenario_sha256=scenario_sha256(criteria),
    )
    return Audit(examined.report, verdict)


def read_accounts(path: Path) -> dict[str, list[Any]]:
    """Read accounts into the stored table schema; workload is visits times hours where it is empty."""
    table = _typed(_read_csv(path), path, measures=True)
    visits, hours = table.get("visits_per_year"), table.get("hours_per_visit")
    if visits is not None and hours is not None:
        given = table.get("measure:workload", [None] * len(visits))
        table["measure:workload"] = [
            work if work is not None or visit is None or hour is None else visit * hour
            for work, visit, hour in zip(given, visits, hours, strict=True)
        ]
    return table


def read_reps(path: Path) -> dict[str, list[Any]]:
    """Read reps into the stored table schema."""
    return _typed(_read_csv(path), path, measures=False)


def read_pairs(path: Path) -> dict[str, list[Any]]:
    """Read pairs into the stored table schema."""
    return _typed(_read_csv(path), path, measures=True)


def read_assignments(path: Path, account_ids: Sequence[str]) -> list[str | None]:
    """Read assignments in the accounts' order.

    Raises
    ------
    CheckInputError
        When an account is missing, unknown or assigned twice.
    """
    table = _read_csv(path)
    if not {"account_id", "rep_id"} <= table.keys():
        raise CheckInputError(f"{path.name} needs the columns account_id and rep_id.")
    rep_of = dict(zip(table["account_id"], table["rep_id"], strict=True))
    if len(rep_of) != len(table["account_id"]):
        raise CheckInputError(f"{path.name} assigns an account twice.")
    if rep_of.keys() != set(account_ids):
        raise CheckInputError(f"{path.name} does not list exactly the accounts of the data.")
    return [rep_of[account_id] or None for account_id in account_ids]


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    CheckInputError
        When the file is no JSON, holds NaN or Infinity, a key twice, or is no object.
    """
    try:
        value = json.loads(path.read_text("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_unique_keys)
    except ValueError as error:
        raise CheckInputError(f"{path.name} is not readable JSON: {error}") from error
    if not isinstance(value, dict):
        raise CheckInputError(f"{path.name} holds no object.")
    return value


def _refuse(constant: str) -> float:
    raise CheckInputError(f"{constant} is no number.")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise CheckInputError("An object names the same field twice.")
    return dict(pairs)


def _read_csv(path: Path) -> dict[str, list[str]]:
    """Read a CSV file with a header into columns of text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CheckInputError(f"{path.name} cannot be read: {error}") from error
    if not rows or len(set(rows[0])) != len(rows[0]):
        raise CheckInputError(f"{path.name} needs a header without repeated names.")
    width = len(rows[0])
    lines = [row for row in rows[1:] if row]
    if any(len(row) != width for row in lines):
        raise CheckInputError(f"{path.name} has a line that is longer or shorter than the header.")
    return {name: [row[at] for row in lines] for at, name in enumerate(rows[0])}


def _typed(table: Mapping[str, list[str]], path: Path, *, measures: bool) -> dict[str, list[Any]]:
    """Convert columns of text to the stored table schema."""
    typed: dict[str, list[Any]] = {}
    for name, cells in table.items():
        if name in TEXTS:
            typed[name] = [cell or None for cell in cells]
        elif name in LISTS:
            typed[name] = [[word.strip() for word in cell.split(";") if word.strip()] for cell in cells]
        elif name in FLAGS:
            typed[name] = [_flag(cell, name, path) for cell in cells]
        elif name in NUMBERS or name.startswith(PREFIXES):
            typed[name] = [_number(cell, name, path) for cell in cells]
        elif not name.startswith("attribute:"):
            column = _schema_name(name, measures=measures)
            if column is not None and _are_numbers(cells):
                typed[column] = [_number(cell, name, path) for cell in cells]
    return typed


def _schema_name(name: str, *, measures: bool) -> str | None:
    if measures:
        return f"measure:{name}"
    for suffix, prefix in LIMITS.items():
        if name.endswith(suffix):
            return prefix + name.removesuffix(suffix)
    return None


def _are_numbers(cells: Iterable[str]) -> bool:
    """Return whether a column holds nothing but finite numbers and gaps, and at least one number."""
    filled = [cell for cell in cells if cell.strip()]
    try:
        return bool(filled) and all(map(math.isfinite, map(float, filled)))
    except ValueError:
        return False


def _number(cell: str, name: str, path: Path) -> float | None:
    try:
        return float(cell)
    except ValueError as error:
        if not cell.strip():
            return None
        raise CheckInputError(f"{path.name}: {name} holds {cell[:64]!r}, which is no number.") from error


def _flag(cell: str, name: str, path: Path) -> bool | None:
    word = cell.strip().lower()
    if not word:
        return None
    if word not in TRUE | FALSE:
        raise CheckInputError(f"{path.name}: {name} holds {cell[:64]!r}, which is neither true nor false.")
    return word in TRUE


def _read_centers(path: Path) -> dict[str, tuple[float, float]]:
    table = _read_csv(path)
    if not {"rep_id", "lat", "lon"} <= table.keys():
        raise CheckInputError(f"{path.name} needs the columns rep_id, lat and lon.")
    typed: Columns = _typed(table, path, measures=False)
    return {rep_id: (lat, lon) for rep_id, lat, lon in zip(typed["rep_id"], typed["lat"], typed["lon"], strict=True)}


def _read_detours(path: Path, accounts: Columns, reps: Columns) -> NDArray[np.float64]:
    table = _read_csv(path)
    if not {"account_id", "rep_id", "detour_km"} <= table.keys():
        raise CheckInputError(f"{path.name} needs the columns account_id, rep_id and detour_km.")
    typed: Columns = _typed(table, path, measures=False)
    row = {account_id: index for index, account_id in enumerate(accounts["id"])}
    column = {rep_id: index for index, rep_id in enumerate(reps["id"])}
    detour = np.zeros((len(row), len(column)))
    try:
        for account_id, rep_id, value in zip(typed["account_id"], typed["rep_id"], typed["detour_km"], strict=True):
            detour[row[account_id], column[rep_id]] = math.inf if value is None else value
    except KeyError as error:
        raise CheckInputError(f"{path.name} names {error.args[0]!r}, which is not in the data.") from error
    return detour


def _read_edges(path: Path) -> list[tuple[str, str]]:
    table = _read_csv(path)
    if not {"unit_id", "neighbor_id"} <= table.keys():
        raise CheckInputError(f"{path.name} needs the columns unit_id and neighbor_id.")
    return list(zip(table["unit_id"], table["neighbor_id"], strict=True))
