"""A flat file becomes a table of the dataset: columns mapped, cells typed, every misfit named."""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from app.datasets.faults import FaultLog, Origin
from app.datasets.fields import Kind, TableFields
from app.datasets.readers.cells import (
    Cells,
    Decimal,
    as_text,
    cells_that_are_no_numbers,
    decimal_sign,
    looks_numeric,
    to_flag,
    to_number,
    to_text,
    to_texts,
)
from app.datasets.readers.flat_table import FlatTable
from app.datasets.readers.mapping import IGNORE, map_columns
from app.datasets.tables import ATTRIBUTE_PREFIX, MEASURE_PREFIX
from app.errors import Fault

LABEL_NAMES = re.compile(r"(?i)(^|[ _.-])(id|ids|phone|fax|zip|code|number|nr|no|key|year|plz|duns|naics|sic)$|Id$")
RESERVED_MEASURES = frozenset({"accounts"})


def read_flat(
    flat: FlatTable, fields: TableFields, file: str, log: FaultLog, *, mapping: Mapping[str, object]
) -> tuple[pa.Table, Origin]:
    """Turn a file's columns into the table of ``fields``; what does not fit is null and in ``log``.

    Parameters
    ----------
    flat
        The file's columns.
    fields
        The table that it is.
    file
        The file's name for faults.
    log
        Receives every fault.
    mapping
        The caller's own mapping of columns.
    """
    mapped = map_columns(flat.names, fields, mapping)
    for note in flat.notes:
        log.add(Fault(code="ASSUMED_FORMAT", detail=note, file=file, severity="warning"))
    for fault in mapped.faults:
        log.add(Fault(code=fault.code, detail=fault.detail, params=fault.params, file=file))
    sign = _decimal_sign(flat, mapped.fields, fields, file, log)
    chosen = _with_open_columns(flat, mapped.fields, fields, sign)
    origin = Origin(
        fields.name,
        file=file,
        rows=flat.rows,
        columns={field: flat.names[position] for position, field in enumerate(chosen) if field},
    )
    columns: dict[str, pa.Array] = {}
    for position, field in enumerate(chosen):
        if field == IGNORE:
            log.add(_unused(flat, position, file))
            continue
        if mapped.fields[position] is None and field.startswith(ATTRIBUTE_PREFIX) and fields.name == "accounts":
            _warn_of_mixed(flat, position, sign, origin, log)
        columns[field] = _typed(flat.columns[position], field, fields, sign, origin, log)
    num_rows = len(flat.rows)
    for name in fields.plain():
        if name not in columns:
            columns[name] = pa.nulls(num_rows, fields.schema.field(name).type)
    for name in fields.required:
        empty = np.flatnonzero(columns[name].is_null().to_numpy(zero_copy_only=False))
        if name in origin.columns:
            log.rows(empty, _missing(name, origin))
    ordered = [*fields.plain(), *(name for name in columns if name not in fields.schema.names)]
    return pa.table({name: columns[name] for name in ordered}), origin


def _decimal_sign(
    flat: FlatTable, mapped: tuple[str | None, ...], fields: TableFields, file: str, log: FaultLog
) -> Decimal:
    known = [
        column
        for column, field in zip(flat.columns, mapped, strict=True)
        if field and (":" in field or fields.kind(field) is Kind.NUMBER) and not field.startswith(ATTRIBUTE_PREFIX)
    ]
    others = [column for column, field in zip(flat.columns, mapped, strict=True) if field is None]
    sign, assumed = decimal_sign(known, flat.delimiter)
    if assumed or not known:
        sign, assumed = decimal_sign([*known, *others], flat.delimiter)
    if assumed:
        detail = f"The numbers do not show their decimal sign; '{sign}' was taken. Is 1,234 more than a thousand?"
        log.add(Fault(code="ASSUMED_FORMAT", detail=detail, file=file, severity="warning"))
    return sign


def _with_open_columns(
    flat: FlatTable, mapped: tuple[str | None, ...], fields: TableFields, sign: Decimal
) -> list[str]:
    """Return a field for every column: those of unknown name become measures or attributes by their cells."""
    chosen = []
    for name, column, field in zip(flat.names, flat.columns, mapped, strict=True):
        if field is not None or pa.types.is_nested(column.type):
            chosen.append(IGNORE if field is None else field)
            continue
        is_number = not LABEL_NAMES.search(name) and looks_numeric(column, sign)
        if is_number and fields.name != "reps":
            chosen.append(IGNORE if name in RESERVED_MEASURES else MEASURE_PREFIX + name)
        else:
            chosen.append(IGNORE if fields.name == "pairs" else ATTRIBUTE_PREFIX + name)
    return chosen


def _typed(column: pa.Array, field: str, fields: TableFields, sign: Decimal, origin: Origin, log: FaultLog) -> pa.Array:
    kind = _kind(field, fields)
    cells = _cells(column, kind, sign)
    if cells.wrong.size:
        said = as_text(column)

        def make(row: int) -> Fault:
            text = str(said[row].as_py())
            code, wanted = ("NOT_A_FINITE_NUMBER", "a number") if kind is Kind.NUMBER else ("WRONG_TYPE", str(kind))
            detail = f"{origin.label(field)} '{text[:40]}' is not {wanted}."
            return Fault(
                code=code, detail=detail, value=text, params={"column": origin.label(field)}, **origin.place(row, field)
            )

        log.rows(cells.wrong, make)
    return cells.values


def _kind(field: str, fields: TableFields) -> Kind:
    if ":" not in field:
        return fields.kind(field)
    return Kind.TEXT if field.startswith(ATTRIBUTE_PREFIX) else Kind.NUMBER


def _cells(column: pa.Array, kind: Kind, sign: Decimal) -> Cells:
    if kind is Kind.NUMBER:
        return to_number(column, sign)
    if kind is Kind.FLAG:
        return to_flag(column)
    return to_texts(column) if kind is Kind.TEXTS else to_text(column)


def _missing(name: str, origin: Origin) -> Callable[[int], Fault]:
    return lambda row: Fault(code="MISSING_FIELD", detail=f"{origin.label(name)} is empty.", **origin.place(row, name))


def _unused(flat: FlatTable, position: int, file: str) -> Fault:
    name, fix = flat.names[position], ""
    said = f"The column '{name[:64]}' was not used." if name else "A column without a name was not used."
    if name and name in flat.names[:position]:
        said, fix = f"The column '{name[:64]}' stands twice; the first was used.", "Rename one of the two, or drop it."
    elif pa.types.is_nested(flat.columns[position].type):
        said = f"The column '{name[:64]}' holds lists or records, and was not used."
        fix = "Give each number a column of its own."
    return Fault(code="UNMAPPED_COLUMN", detail=said, fix=fix, file=file, params={"column": name}, severity="warning")


def _warn_of_mixed(flat: FlatTable, position: int, sign: Decimal, origin: Origin, log: FaultLog) -> None:
    """Warn of a column that was taken as text although most of its cells are numbers."""
    name, odd = flat.names[position], cells_that_are_no_numbers(flat.columns[position], sign)
    if LABEL_NAMES.search(name) or not odd.size:
        return
    row = int(odd[0])
    text = str(as_text(flat.columns[position])[row].as_py())
    cells = "1 cell is no number" if odd.size == 1 else f"{odd.size:,} cells are no numbers"
    log.add(
        Fault(
            code="ASSUMED_FORMAT",
            detail=f"The column '{name[:64]}' was taken as text: {cells}, the first is '{text[:40]}'.",
            fix=f"Empty or correct these cells if it is a measure, or map the column to measure:{name[:64]}.",
            value=text,
            params={"column": name, "cells": int(odd.size)},
            severity="warning",
            **origin.place(row, ATTRIBUTE_PREFIX + name),
        )
    )
