"""What a reader returns: the tables as the caller wrote them, where each came from, and the faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from app.datasets.faults import FaultLog, Origin


@dataclass(frozen=True)
class ReadLimits:
    """Limits that a reader keeps; each is a setting of the service.

    Parameters
    ----------
    max_rows
        Most rows of each table, by its name.
    max_unpacked_bytes
        Largest unpacked size of a file.
    max_columns
        Most columns of a file.
    max_json_depth
        Deepest nesting of JSON.
    max_text_characters
        Longest text cell.
    max_vertices
        Most vertices of all polygons.
    """

    max_rows: Mapping[str, int]
    max_unpacked_bytes: int
    max_columns: int
    max_json_depth: int
    max_text_characters: int
    max_vertices: int


@dataclass
class Reading:
    """Tables as read, null where a value did not fit, before completion and checks.

    Parameters
    ----------
    log
        Faults so far.
    tables
        Tables by name; a table that was not sent is not there.
    origins
        Where each table came from.
    """

    log: FaultLog
    tables: dict[str, pa.Table] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def add(self, table: pa.Table, origin: Origin) -> None:
        """Keep one table with its origin."""
        self.tables[origin.table] = table
        self.origins[origin.table] = origin

    def origin(self, table: str) -> Origin:
        """Return where a table came from; a JSON body when it was not sent."""
        return self.origins.get(table, Origin(table, base=f"/{table}"))


Options = Mapping[str, Any]
