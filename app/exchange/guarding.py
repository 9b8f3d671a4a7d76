"""Keep text from running as a formula when a file is opened in a spreadsheet.

Owns the one rule for CSV cells: text whose first character (after apostrophes) is one of ``= + - @``, tab
or carriage return gets an apostrophe in front. The rule can be undone, so ids survive a round trip.
Workbooks need no change of the text: there the cell itself is marked as quoted.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_DANGEROUS_PATTERN = r"^'*[=+\-@\t\r]"


def is_dangerous(text: str) -> bool:
    """Tell whether a spreadsheet could take the text for a formula (or for a guarded text)."""
    return _DANGEROUS.match(text) is not None


def guard(text: str) -> str:
    """Return the text as it stands in a CSV cell."""
    return f"'{text}" if is_dangerous(text) else text


def unguard(cell: str) -> str:
    """Return the text that was guarded; ``unguard(guard(text)) == text`` for every text."""
    return cell[1:] if _GUARDED.match(cell) else cell


def guarded_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a text column with every dangerous cell guarded; nulls stay null."""
    dangerous = pc.match_substring_regex(column, _DANGEROUS_PATTERN)
    if not pc.any(dangerous).as_py():
        return column
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", column, ""), column)
