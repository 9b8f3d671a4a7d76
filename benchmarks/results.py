"""The JSON file of a command: one row a run, written after every run, taken up again where it ended."""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import commit, load, machine

FOLDER: Final = Path("out/benchmarks")
"""Where results go unless a file is named."""

Row = dict[str, Any]


class Results:
    """Rows of one command, kept in a file.

    Each row holds what was asked for under ``asked``, when it began, the load at that time and the commit; the file
    holds the machine at each commit. Runs that failed are made again when a file is resumed.

    Parameters
    ----------
    path
        The file.
    command
        Name of the command that makes the rows.
    resume
        True to go on with a file that is there; else the file must not exist.

    Raises
    ------
    SystemExit
        When the file exists and is not to be resumed, or belongs to another command.
    """

    def __init__(self, path: Path, *, command: str, resume: bool) -> None:
        self.path = path
        self._content: dict[str, Any] = {"command": command, "machines": [], "rows": []}
        if path.exists():
            if not resume:
                raise SystemExit(f"{path} exists: --resume goes on with it, --json writes elsewhere.")
            self._content = json.loads(path.read_text())
            if self._content["command"] != command:
                raise SystemExit(f"{path} holds rows of '{self._content['command']}', not of '{command}'.")
            self._content["rows"] = [row for row in self._content["rows"] if row.get("outcome") != "failed"]

    @property
    def rows(self) -> list[Row]:
        """All rows so far, those of earlier times first."""
        return list(self._content["rows"])

    def row(self, asked: Mapping[str, Any], measure: Callable[[], Mapping[str, Any]]) -> Row:
        """Return the row of what is asked for; measure it where it is not there, and write it at once."""
        for row in self._content["rows"]:
            if row["asked"] == asked:
                return dict(row)
        begun = {"begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "load": load(), "commit": commit()}
        if not self._content["machines"] or self._content["machines"][-1]["commit"] != begun["commit"]:
            self._content["machines"].append(machine())
        row = {"asked": dict(asked), **begun, **measure()}
        self._content["rows"].append(row)
        self._write()
        return dict(row)

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(self._content, indent=1) + "\n")
        partial.replace(self.path)


def add_result_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add where the rows go, whether to go on with them, and how to print them."""
    path = FOLDER / f"{command}.json"
    parser.add_argument("--json", type=Path, default=path, help=f"file of the measurements (default: {path})")
    parser.add_argument("--resume", action="store_true", help="go on with that file: what it holds is not run again")
    parser.add_argument("--markdown", action="store_true", help="print the tables as they stand in docs/benchmarks.md")


def read_rows(paths: Iterable[Path]) -> dict[str, list[Row]]:
    """Return the rows of result files by command."""
    rows: dict[str, list[Row]] = {}
    for path in paths:
        content = json.loads(path.read_text())
        if "command" in content:
            rows.setdefault(content["command"], []).extend(content["rows"])
    return rows
