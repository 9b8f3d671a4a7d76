"""A JSON list of accounts, reps or pairs becomes a table: strict types, batch by batch, columns at once.

A batch's rows live only until their columns are built, so that a large body costs neither memory nor a
long pause: other threads run between batches.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from app.datasets.faults import FaultLog, Origin
from app.datasets.fields import Kind, TableFields, column_type
from app.datasets.tables import ATTRIBUTE_PREFIX, MAXIMUM_PREFIX, MINIMUM_PREFIX
from app.errors import Fault, ProblemError
from app.strict_json import count_keys, decode_syntax, duplicate_key_error, measure_structure, split_rows
from app.validation import nearest, pointer_of

_ALLOWED: Mapping[Kind, frozenset[type]] = {
    Kind.TEXT: frozenset({str, type(None)}),
    Kind.NUMBER: frozenset({int, float, type(None)}),
    Kind.FLAG: frozenset({bool, type(None)}),
    Kind.TEXTS: frozenset({list, type(None)}),
}
_JSON_NAMES = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def read_rows(raw: msgspec.Raw, fields: TableFields, origin: Origin, log: FaultLog) -> pa.Table:
    """Read a JSON list into a table of ``fields``; what does not fit is null in the table and in ``log``.

    Raises
    ------
    ProblemError
        When the content is not strict JSON, or a key stands twice in one object.
    """
    if not bytes(raw).lstrip().startswith(b"["):
        log.add(Fault(code="WRONG_TYPE", detail=f"'{fields.name}' must be a list.", **origin.place(None)))
        return _empty(fields)
    batches = []
    begin = 0
    for content in split_rows(raw):
        batch = _Batch(decode_syntax(content), begin, fields, origin, log)
        batch.check_keys(content)
        batches.append(batch.table())
        begin += len(batch.rows)
    if not batches:
        return _empty(fields)
    return pa.concat_tables(batches, promote_options="default").combine_chunks()


def _empty(fields: TableFields) -> pa.Table:
    return fields.schema.empty_table()


class _Batch:
    """Some consecutive rows, and how they become columns."""

    def __init__(self, rows: list[Any], begin: int, fields: TableFields, origin: Origin, log: FaultLog) -> None:
        self.begin = begin
        self.fields = fields
        self.origin = origin
        self.log = log
        self.raw_rows = rows
        self.rows: list[dict[str, Any]] = rows
        if set(map(type, rows)) != {dict}:
            self._each(rows, lambda value: type(value) is not dict, "", "an object")
            self.rows = [row if type(row) is dict else {} for row in rows]

    def check_keys(self, content: bytes) -> None:
        """Refuse keys that stand twice, and name those that nobody knows.

        Raises
        ------
        ProblemError
            When a key stands twice in one object.
        """
        counted = measure_structure(content).num_keys
        if counted != self._num_known_keys() and counted != count_keys(self.raw_rows):
            error = duplicate_key_error(content)
            raise self._moved(error)
        unknown = set().union(*self.rows).difference(self.fields.known())
        for name in sorted(unknown):
            near = nearest(name, self.fields.known())
            where = [self.begin + index for index, row in enumerate(self.rows) if name in row]
            hint = f"did you mean '{near}'?" if near else self._place_for(name, self.raw_rows[where[0] - self.begin])
            self.log.rows(where, self._unknown_field(name, hint, near))

    def _place_for(self, name: str, row: Mapping[str, Any]) -> str:
        """Say where an amount of the caller's own belongs, or what is known."""
        if "measures" in self.fields.known() and type(row[name]) in (int, float):
            return f'amounts stand in measures, as in "measures": {{"{name[:64]}": {str(row[name])[:40]}}}.'
        return f"known are {', '.join(self.fields.known())}."

    def _num_known_keys(self) -> int:
        """Count the keys of well-formed rows, much faster than a walk over everything."""
        total = sum(map(len, self.rows))
        for field in self.fields.maps:
            maps = [each for row in self.rows if type(each := row.get(field)) is dict]
            total += sum(map(len, maps))
            if field == "capacity":
                total += sum(len(limit) for each in maps for limit in each.values() if type(limit) is dict)
        return total

    def table(self) -> pa.Table:
        """Return the columns of this batch."""
        columns: dict[str, pa.Array] = {}
        for name in self.fields.plain():
            columns[name] = self._column([row.get(name) for row in self.rows], name, self.fields.kind(name))
        for name in self.fields.required:
            missing = [i + self.begin for i, row in enumerate(self.rows) if row.get(name) is None]
            kind_ok = [i for i in missing if type(self.raw_rows[i - self.begin]) is dict]
            self.log.rows(kind_ok, self._missing_field(name))
        for field, prefix in self.fields.maps.items():
            columns.update(self._map(field, prefix))
        return pa.table(columns)

    def _map(self, field: str, prefix: str) -> dict[str, pa.Array]:
        """Return one column a name of a JSON object such as ``measures``."""
        maps = self._objects([row.get(field) for row in self.rows], (field,))
        if field == "capacity":
            return self._capacity(maps)
        kind = Kind.TEXT if prefix == ATTRIBUTE_PREFIX else Kind.NUMBER
        return {
            prefix + name: self._column([each.get(name) for each in maps], prefix + name, kind) for name in _names(maps)
        }

    def _capacity(self, maps: list[dict[str, Any]]) -> dict[str, pa.Array]:
        columns = {}
        for name in _names(maps):
            limits = self._objects([each.get(name) for each in maps], ("capacity", name))
            for key in sorted(set().union(*limits).difference(("min", "max"))):
                hint = "a capacity has min and max."
                where = [self.begin + i for i, limit in enumerate(limits) if key in limit]
                self.log.rows(where, self._unknown_field(key, hint, nearest(key, ("min", "max")), ("capacity", name)))
            for key, prefix in (("min", MINIMUM_PREFIX), ("max", MAXIMUM_PREFIX)):
                values = [limit.get(key) for limit in limits]
                columns[prefix + name] = self._column(values, prefix + name, Kind.NUMBER)
        return columns

    def _objects(self, values: list[Any], path: Sequence[str]) -> list[dict[str, Any]]:
        if not set(map(type, values)) <= {dict, type(None)}:
            self._each(values, lambda value: type(value) not in (dict, type(None)), path, "an object")
        return [value if type(value) is dict else {} for value in values]

    def _column(self, values: list[Any], name: str, kind: Kind) -> pa.Array:
        """Return a typed column; values of another type are named and become null."""
        target = column_type(self.fields, name)
        allowed = _ALLOWED[kind]
        if not set(map(type, values)) <= allowed:
            self._each(values, lambda value: type(value) not in allowed, name, str(kind.value))
            values = [value if type(value) in allowed else None for value in values]
        if kind is Kind.TEXTS:
            values = self._text_lists(values, name)
        try:
            return pa.array(values, type=target)
        except (pa.ArrowInvalid, OverflowError):  # an integer that a double cannot hold exactly, or at all
            return pa.array([None if value is None else _as_float(value) for value in values], type=target)

    def _text_lists(self, values: list[Any], name: str) -> list[Any]:
        wrong = [i for i, each in enumerate(values) if each and not set(map(type, each)) <= {str}]
        for index in wrong:
            for position, item in enumerate(values[index]):
                if type(item) is not str:
                    place = self.origin.place(self.begin + index, name)
                    if "pointer" in place:
                        place["pointer"] += f"/{position}"
                    self.log.add(Fault(code="WRONG_TYPE", detail=f"'{name}' must be a list of texts.", **place))
            values[index] = None
        return values

    def _each(self, values: list[Any], is_wrong: Callable[[Any], bool], name: str | Sequence[str], wanted: str) -> None:
        wrong = [index for index, value in enumerate(values) if is_wrong(value)]

        def make(index: int) -> Fault:
            value = values[index]
            label = name if isinstance(name, str) else "/".join(name)
            article = {"text": "text", "number": "a number"}.get(wanted, wanted)
            return Fault(
                code="WRONG_TYPE",
                detail=f"'{self.origin.label(label) if label else self.fields.name}' must be {article}, "
                f"not {_JSON_NAMES.get(type(value), 'null')}.",
                value=None if isinstance(value, (dict, list)) else value,
                **self._place(self.begin + index, name),
            )

        self.log.rows(wrong, make)

    def _place(self, row: int, name: str | Sequence[str]) -> dict[str, Any]:
        if isinstance(name, str):
            return self.origin.place(row, name or None)
        place = self.origin.place(row)
        if "pointer" in place:
            place["pointer"] += pointer_of(name)
        return place

    def _unknown_field(
        self, name: str, hint: str, near: str | None, path: Sequence[str] = ()
    ) -> Callable[[int], Fault]:
        return lambda row: Fault(
            code="UNKNOWN_FIELD",
            detail=f"'{name[:64]}' is not a field of {self.fields.name}: {hint}",
            params={"nearest": near} if near else {},
            **self._place(row, (*path, name)),
        )

    def _missing_field(self, name: str) -> Callable[[int], Fault]:
        return lambda row: Fault(code="MISSING_FIELD", detail=f"'{name}' is missing.", **self.origin.place(row, name))

    def _moved(self, error: ProblemError) -> ProblemError:
        """Return the same error with a pointer into the whole body, not into this batch."""
        fault = error.faults[0]
        _, first, *rest = (fault.pointer or "").split("/") if fault.pointer else ("", "0")
        place = self.origin.place(self.begin + int(first))
        if "pointer" in place:
            place["pointer"] += "".join("/" + part for part in rest)
        key = str(fault.params.get("key", ""))
        detail = f"'{key[:64]}' occurs twice in {place.get('pointer', self.fields.name)}."
        moved = Fault(code=fault.code, detail=detail, params=fault.params, **place)
        return ProblemError(error.code, detail, faults=[moved])


def _names(maps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return every name of the objects, in order of first occurrence."""
    return list({name: None for each in maps for name in each})


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
