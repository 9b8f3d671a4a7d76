"""Ids and texts: nothing empty, invisible, too long or twice."""

import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.datasets.checks.limits import CheckLimits
from app.datasets.faults import FaultLog, Origin
from app.datasets.fields import TABLES
from app.errors import Fault
from app.strict_json import control_character_fault, find_control_character

CONTROL_IN_TEXT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{0080}-\x{009f}]"
CONTROL_IN_ID = r"[\x00-\x1f\x7f\x{0080}-\x{009f}]"
UNIT_IDS = ("id",)
FREE_IDS = frozenset({"parent_id", "unit_id", "manager_id"})
"""Ids that need not be of a row: a blank one would be taken as it is, and join all rows that have it."""


def check_texts(table: pa.Table, origin: Origin, log: FaultLog, limits: CheckLimits) -> None:
    """Refuse control characters and texts over their limit, in cells and in names of measures."""
    ids = TABLES[origin.table].ids if origin.table in TABLES else UNIT_IDS
    for name in table.column_names:
        _check_label(name, origin, log, limits)
        column = table[name]
        if pa.types.is_list(column.type):
            _check_lists(column, name, origin, log, limits)
        if not pa.types.is_string(column.type) or name == "properties":
            continue
        longest = limits.max_id_characters if name in ids else limits.max_text_characters
        longest = limits.max_name_characters if name == "name" else longest
        _check_column(column, name, origin, log, longest=longest, is_id=name in ids)
        if name in FREE_IDS:
            log.rows(_blank_rows(column.combine_chunks()), _blank(origin, name))


def check_ids(table: pa.Table, origin: Origin, log: FaultLog) -> None:
    """Refuse empty ids, ids that stand twice, and ids that differ only in blanks or Unicode form."""
    if "id" not in table.column_names:
        return
    column = table["id"].combine_chunks()
    log.rows(_blank_rows(column), _blank(origin, "id"))
    firsts = _first_rows(column)
    again = np.flatnonzero(firsts != np.arange(len(firsts)))
    log.rows(again, _twice(column, firsts, origin))
    plain = _normalized(column)
    if plain is column:
        return
    same = _first_rows(plain)
    differs = np.flatnonzero((same != np.arange(len(same))) & (firsts == np.arange(len(firsts))))
    log.rows(differs, _invisible(column, same, origin))


def place_words(origin: Origin, row: int) -> str:
    """Return how a sentence names a record: `row 7` of a file, `/accounts/5` of a body."""
    place = origin.place(row)
    return f"row {place['row']}" if "row" in place else str(place["pointer"])


def _first_rows(column: pa.Array) -> NDArray[np.int64]:
    """Return, for each row, the first row with the same text; itself where null. Shape ``(rows,)``."""
    codes = pc.fill_null(column.dictionary_encode().indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.arange(len(codes))
    first = np.full(int(codes.max(initial=-1)) + 1, len(codes), dtype=np.int64)
    np.minimum.at(first, codes[codes >= 0], rows[codes >= 0])
    return np.where(codes >= 0, first[codes] if len(first) else rows, rows)


def _normalized(column: pa.Array) -> pa.Array:
    """Return ids trimmed and in NFC; the same array where that changes nothing."""
    trimmed = pc.utf8_trim_whitespace(column)
    is_plain = bool(pc.all(pc.fill_null(pc.string_is_ascii(trimmed), True)).as_py())
    if not is_plain:
        texts = [None if text is None else unicodedata.normalize("NFC", text).strip() for text in trimmed.to_pylist()]
        trimmed = pa.array(texts, pa.string())
    return column if trimmed.equals(column) else trimmed


def _blank_rows(column: pa.Array) -> NDArray[np.int64]:
    blank = pc.fill_null(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0), False)
    rows: NDArray[np.int64] = np.flatnonzero(blank.to_numpy(zero_copy_only=False))
    return rows


def _blank(origin: Origin, name: str) -> Callable[[int], Fault]:
    detail = f"The {name} is empty." if name == "id" else f"The {name} is empty; leave it out, or send null."
    fix = "Give the row an id." if name == "id" else "Leave it out, or send null."
    return lambda row: Fault(code="BAD_TEXT", detail=detail, fix=fix, value="", **origin.place(row, name))


def _twice(column: pa.Array, firsts: NDArray[np.int64], origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        text, first = str(column[row].as_py()), int(firsts[row])
        detail = f"The id '{text[:64]}' stands twice: here and at {place_words(origin, first)}."
        params = {"id": text, "first": place_words(origin, first)}
        return Fault(code="DUPLICATE_ID", detail=detail, value=text, params=params, **origin.place(row, "id"))

    return make


def _invisible(column: pa.Array, same: NDArray[np.int64], origin: Origin) -> Callable[[int], Fault]:
    def make(row: int) -> Fault:
        text, other = str(column[row].as_py()), str(column[int(same[row])].as_py())
        where = place_words(origin, int(same[row]))
        detail = f"The id '{text[:64]}' is the id at {where} but for blanks or its Unicode form."
        params = {"id": text, "other": other, "first": where}
        return Fault(code="DUPLICATE_AFTER_TRIM", detail=detail, value=text, params=params, **origin.place(row, "id"))

    return make


def _check_column(
    column: pa.ChunkedArray, name: str, origin: Origin, log: FaultLog, *, longest: int, is_id: bool
) -> None:
    if column.null_count == len(column):
        return
    bad = pc.match_substring_regex(column, CONTROL_IN_ID if is_id else CONTROL_IN_TEXT)

    def control(row: int) -> Fault:
        text = str(column[row].as_py())
        found = find_control_character(text, is_id=is_id)
        return control_character_fault(text, found or 0, **origin.place(row, name))

    log.rows(_true_rows(bad), control)
    too_long = pc.greater(pc.utf8_length(column), longest)

    def length(row: int) -> Fault:
        text = str(column[row].as_py())
        detail = f"{origin.label(name)} has {len(text):,} characters; the limit is {longest:,}."
        params = {"length": len(text), "limit": longest}
        fix = "Shorten it."
        return Fault(code="BAD_TEXT", detail=detail, fix=fix, value=text, params=params, **origin.place(row, name))

    log.rows(_true_rows(too_long), length)


def _check_lists(column: pa.ChunkedArray, name: str, origin: Origin, log: FaultLog, limits: CheckLimits) -> None:
    column = column.combine_chunks()
    items, parents = pc.list_flatten(column), pc.list_parent_indices(column)
    long = pc.greater(pc.utf8_length(items), limits.max_id_characters)
    bad = pc.or_(pc.match_substring_regex(items, CONTROL_IN_ID), long)
    rows = np.unique(parents.filter(pc.fill_null(bad, False)).to_numpy(zero_copy_only=False))
    limit = limits.max_id_characters
    detail = f"{origin.label(name)} has a control character, or a word of more than {limit} characters."
    fix = "Remove the character, or shorten the word."
    log.rows(rows, lambda row: Fault(code="BAD_TEXT", detail=detail, fix=fix, **origin.place(row, name)))


def _check_label(name: str, origin: Origin, log: FaultLog, limits: CheckLimits) -> None:
    label = name.partition(":")[2]
    if not label:
        if name.endswith(":"):
            detail, fix = "A measure or attribute has an empty name.", "Give it a name."
            log.add(Fault(code="BAD_TEXT", detail=detail, fix=fix, **origin.place(None)))
        return
    found = find_control_character(label, is_id=True)
    if found is not None:
        log.add(control_character_fault(label, found, **origin.place(None)))
    if len(label) > limits.max_id_characters:
        detail = f"The name '{label[:40]}…' has more than {limits.max_id_characters} characters."
        log.add(Fault(code="BAD_TEXT", detail=detail, fix="Shorten it.", value=label, **origin.place(None)))


def _true_rows(mask: pa.ChunkedArray) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = np.flatnonzero(pc.fill_null(mask, False).to_numpy())
    return rows
