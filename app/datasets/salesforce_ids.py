"""Salesforce's record ids: 15 characters that differ by case, or the same and 3 more that tell the case.

Owns their comparison. In the 18-character form each of the last three characters holds, for five of the first
fifteen, which of them are capitals; so it survives programs that ignore case, and shows where one changed it.
"""

import re
from typing import Final

SHORT: Final = 15
_SUFFIX: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID: Final = re.compile(r"[0-9A-Za-z]{15}(?:[0-5A-Za-z]{3})?")


def is_record_id(text: str) -> bool:
    """Tell whether a text is a record id whose case is unharmed."""
    if _ID.fullmatch(text) is None:
        return False
    return len(text) == SHORT or case_suffix(text[:SHORT]) == text[SHORT:].upper()


def same_record(text: str) -> str:
    """Return what the 15- and the 18-character form of one record have in common; any other text as it is."""
    return text[:SHORT] if is_record_id(text) else text


def case_suffix(short: str) -> str:
    """Return the three characters that tell which of fifteen are capitals."""
    groups = (short[first : first + 5] for first in range(0, SHORT, 5))
    return "".join(_SUFFIX[sum(1 << bit for bit, letter in enumerate(group) if letter.isupper())] for group in groups)
