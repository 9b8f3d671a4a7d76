"""Cells of a file become typed values: numbers by the file's own decimal sign, flags, lists, texts."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
DOT_THOUSANDS = r"^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$"
COMMA_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"
COMMA_DECIMAL = r"^[+-]?\d*,\d+$"
SURELY_COMMA = r"^[+-]?\d*,(\d{1,2}|\d{4,})$|^[+-]?\d{1,3}(\.\d{3})+,\d+$"
SURELY_DOT = r"^[+-]?\d*\.(\d{1,2}|\d{4,})$|^[+-]?\d{1,3}(,\d{3})+\.\d+$"
BLANKS = r"[\s\x{00A0}\x{202F}'’]"
LEADING_ZERO = r"^[+-]?0\d"
NOT_A_NUMBER = r"(?i)^[+-]?(nan|inf|infinity|#n/a|#num!|#div/0!|#value!|#ref!|1\.#inf|null)$"
TRUE_WORDS = (
    "true", "1", "yes", "y", "x", "ja", "wahr", "oui", "vrai", "si", "sí", "sì", "verdadero", "vero", "tak",
    "prawda", "evet", "doğru", "да", "истина", "はい", "有", "○",
)  # fmt: skip
FALSE_WORDS = (
    "false", "0", "no", "n", "nein", "falsch", "non", "faux", "falso", "nie", "fałsz", "hayır", "hayir", "yanlış",
    "yanliş", "нет", "ложь", "いいえ", "無", "×",
)  # fmt: skip
"""With what Excel writes for TRUE and FALSE in the page's languages."""
LIST_SEPARATOR = ";"


class Decimal(StrEnum):
    """The decimal sign of a file."""

    DOT = "."
    COMMA = ","


@dataclass(frozen=True, eq=False)
class Cells:
    """Typed values, and which cells did not fit.

    Parameters
    ----------
    values
        The typed column, null where empty or wrong.
    wrong
        Positions of cells that say something else. Shape ``(wrong cells,)``.
    """

    values: pa.Array
    wrong: NDArray[np.int64]


def decimal_sign(columns: list[pa.Array], delimiter: str) -> tuple[Decimal, bool]:
    """Return the decimal sign that the columns of numbers show, and whether it had to be assumed."""
    texts = [as_text(column) for column in columns if not pa.types.is_floating(column.type)]
    comma = any(_any(column, SURELY_COMMA) for column in texts)
    dot = any(_any(column, SURELY_DOT) for column in texts)
    if comma != dot:
        return (Decimal.COMMA if comma else Decimal.DOT), False
    if dot:
        return Decimal.DOT, False
    unsure = any(_any(column, COMMA_DECIMAL) for column in texts)
    return (Decimal.COMMA if unsure and delimiter == ";" else Decimal.DOT), unsure


def as_text(column: pa.Array) -> pa.Array:
    """Return a column as text, whole numbers without `.0`, blanks around and empty texts kept."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_large_string(column.type) or pa.types.is_null(column.type):
        return column.cast(pa.string())
    if pa.types.is_floating(column.type):
        whole = pc.and_(pc.is_finite(column), pc.equal(pc.floor(column), column))
        small = pc.less(pc.abs(column), 2.0**53)
        integers = pc.if_else(pc.and_(whole, small), column, pa.scalar(None, column.type)).cast(pa.int64())
        return pc.coalesce(integers.cast(pa.string()), column.cast(pa.string()))
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "true", "false")
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())


def to_text(column: pa.Array) -> Cells:
    """Return texts byte for byte; cells of blanks only are empty."""
    texts = as_text(column)
    blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0)
    return Cells(pc.if_else(blank, pa.scalar(None, pa.string()), texts), np.empty(0, dtype=np.int64))


def to_number(column: pa.Array, sign: Decimal) -> Cells:
    """Return numbers; what is text, NaN or infinite is wrong, what is empty is null."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        numbers = column.cast(pa.float64(), safe=False)
        wrong = pc.and_(numbers.is_valid(), pc.invert(pc.is_finite(numbers)))
        return Cells(_nulled(numbers, wrong), _positions(wrong))
    texts = pc.replace_substring_regex(as_text(column), BLANKS, "")
    empty = pc.equal(texts, "")
    is_number, plain = _plain(texts, sign)
    numbers = pc.if_else(is_number, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    finite = pc.fill_null(pc.is_finite(numbers), False)
    wrong = pc.and_(pc.and_(texts.is_valid(), pc.invert(pc.fill_null(empty, True))), pc.invert(finite))
    return Cells(_nulled(numbers, wrong), _positions(wrong))


def to_flag(column: pa.Array) -> Cells:
    """Return flags from `true`, `1`, `yes`, `x` and their opposites, in any case."""
    if pa.types.is_boolean(column.type):
        return Cells(column, np.empty(0, dtype=np.int64))
    words = pc.utf8_lower(pc.utf8_trim_whitespace(as_text(column)))
    yes = pc.is_in(words, pa.array(TRUE_WORDS))
    no = pc.is_in(words, pa.array(FALSE_WORDS))
    said = pc.and_(words.is_valid(), pc.not_equal(words, ""))
    wrong = pc.and_(pc.fill_null(said, False), pc.invert(pc.or_(yes, no)))
    known = pc.if_else(pc.or_(yes, no), yes, pa.scalar(None, pa.bool_()))
    return Cells(known, _positions(wrong))


def to_texts(column: pa.Array) -> Cells:
    """Return lists of texts, separated by `;`, blanks around each removed."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return Cells(column.cast(pa.list_(pa.string())), np.empty(0, dtype=np.int64))
    unique = pc.dictionary_encode(as_text(column))
    lists = [_split(text) for text in unique.dictionary.to_pylist()]
    return Cells(pa.array(lists, pa.list_(pa.string())).take(unique.indices), np.empty(0, dtype=np.int64))


def looks_numeric(column: pa.Array, sign: Decimal) -> bool:
    """Tell whether a column of unknown meaning holds numbers: nine of ten cells, none with a leading zero."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return True
    if not pa.types.is_string(column.type):
        return False
    texts = pc.replace_substring_regex(column, BLANKS, "").drop_null()
    texts = texts.filter(pc.not_equal(texts, ""))
    if len(texts) == 0 or _any(texts, LEADING_ZERO):
        return False
    is_number, _ = _plain(texts, sign)
    numeric = pc.or_(is_number, pc.match_substring_regex(texts, NOT_A_NUMBER))
    return bool(pc.sum(numeric).as_py() >= 0.9 * len(texts) and pc.any(is_number).as_py())


def cells_that_are_no_numbers(column: pa.Array, sign: Decimal) -> NDArray[np.int64]:
    """Return the cells of a column of texts that are no numbers, where most are numbers; none where they are not."""
    none = np.empty(0, dtype=np.int64)
    if not pa.types.is_string(column.type):
        return none
    texts = pc.replace_substring_regex(column, BLANKS, "")
    said = pc.fill_null(pc.not_equal(texts, ""), False)
    is_number, _ = _plain(texts, sign)
    if _any(texts, LEADING_ZERO) or 2 * pc.sum(is_number).as_py() <= (pc.sum(said).as_py() or 0):
        return none
    return _positions(pc.and_(said, pc.invert(is_number)))


def _plain(texts: pa.Array, sign: Decimal) -> tuple[pa.Array, pa.Array]:
    """Return which texts are numbers in the file's form, and those in the plain form."""
    if sign is Decimal.COMMA:
        grouped = pc.match_substring_regex(texts, DOT_THOUSANDS)
        without = pc.if_else(grouped, pc.replace_substring(texts, ".", ""), texts)
        plain = pc.replace_substring(without, ",", ".")
    else:
        grouped = pc.match_substring_regex(texts, COMMA_THOUSANDS)
        plain = pc.if_else(grouped, pc.replace_substring(texts, ",", ""), texts)
    plain = pc.replace_substring_regex(plain, r"^\+", "")
    return pc.fill_null(pc.match_substring_regex(plain, PLAIN), False), plain


def _split(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [part for raw in text.split(LIST_SEPARATOR) if (part := raw.strip())]


def _nulled(values: pa.Array, wrong: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(wrong, False), pa.scalar(None, values.type), values)


def _positions(mask: pa.Array) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))
    return found


def _any(texts: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())
