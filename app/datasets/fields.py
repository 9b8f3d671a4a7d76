"""The fields of accounts, reps and pairs as callers write them, and what kind of value each takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import pyarrow as pa

from app.datasets.tables import (
    ACCOUNT_FIELDS,
    ATTRIBUTE_PREFIX,
    MAXIMUM_PREFIX,
    MEASURE_PREFIX,
    MINIMUM_PREFIX,
    PAIR_FIELDS,
    PLACE_FIELD,
    REP_FIELDS,
    TARGET_PREFIX,
)


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "true or false"
    TEXTS = "a list of texts"


@dataclass(frozen=True)
class TableFields:
    """The fields of one table.

    Parameters
    ----------
    name
        `accounts`, `reps` or `pairs`.
    schema
        The stored columns that callers may give.
    required
        Fields that no row may leave out.
    maps
        JSON fields that hold a number (or text) by name, and the prefix of their columns.
    ids
        Fields that are ids: not cut, not guessed, at most the limit long.
    one_of
        Fields of which each row has exactly one, the usual one first.
    """

    name: str
    schema: pa.Schema
    required: tuple[str, ...]
    maps: Mapping[str, str]
    ids: tuple[str, ...]
    one_of: tuple[str, ...] = ()

    def kind(self, name: str) -> Kind:
        """Return the kind of a plain field."""
        kind = self.schema.field(name).type
        if pa.types.is_list(kind):
            return Kind.TEXTS
        if pa.types.is_boolean(kind):
            return Kind.FLAG
        return Kind.NUMBER if pa.types.is_floating(kind) else Kind.TEXT

    def plain(self) -> tuple[str, ...]:
        """Return the names of the plain fields, in stored order."""
        return tuple(self.schema.names)

    def known(self) -> tuple[str, ...]:
        """Return every JSON field."""
        return (*self.schema.names, *self.maps)


def _without(schema: pa.Schema, name: str) -> pa.Schema:
    return schema.remove(schema.get_field_index(name))


ACCOUNTS = TableFields(
    name="accounts",
    schema=_without(ACCOUNT_FIELDS, "located_by"),
    required=("id",),
    maps=MappingProxyType({"measures": MEASURE_PREFIX, "attributes": ATTRIBUTE_PREFIX}),
    ids=("id", "parent_id", "unit_id", "current_rep_id"),
)
REPS = TableFields(
    name="reps",
    schema=REP_FIELDS,
    required=("id",),
    maps=MappingProxyType({"capacity": MAXIMUM_PREFIX, "targets": TARGET_PREFIX, "attributes": ATTRIBUTE_PREFIX}),
    ids=("id", "manager_id"),
)
PAIRS = TableFields(
    name="pairs",
    schema=PAIR_FIELDS.append(PLACE_FIELD),
    required=("account_id",),
    maps=MappingProxyType({"measures": MEASURE_PREFIX}),
    ids=("account_id", "rep_id", "place_id"),
    one_of=("rep_id", "place_id"),
)
TABLES = MappingProxyType({"accounts": ACCOUNTS, "reps": REPS, "pairs": PAIRS})
NUMBER_PREFIXES = (MEASURE_PREFIX, MINIMUM_PREFIX, MAXIMUM_PREFIX, TARGET_PREFIX)


def column_type(fields: TableFields, column: str) -> pa.DataType:
    """Return the stored type of a column, plain or with a prefix."""
    if column in fields.schema.names:
        return fields.schema.field(column).type
    return pa.float64() if column.startswith(NUMBER_PREFIXES) else pa.string()
