"""Strict JSON: what a caller sends is taken as it stands or refused, never bent.

Refused are NaN and Infinity, numbers beyond a double, a byte order mark, lone surrogates, bytes that are
not UTF-8, a key twice in one object, nesting beyond a limit, and control characters in text. No HTTP here;
``app/bodies.py`` brings it to the routes.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from app.errors import Fault, InvalidInput, ProblemError
from app.validation import pointer_of

DEFAULT_MAX_DEPTH = 32
BLOCK_BYTES = 256 * 1024
BATCH_ROWS = 1024
MAX_FAULTS = 1000
_CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CONTROL_IN_ID = re.compile("[\x00-\x1f\x7f-\x9f]")
_OFFSET = re.compile(r"\(byte (\d+)\)")
_BIG_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?\d+(?:\.\d+)?[eE]\+?\d{3,})', re.DOTALL)
"""A text, or (the group) a number that may be beyond a double."""
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""An escaped backslash, a pair of surrogates, or (the group) one without the other."""
_QUOTE, _COLON, _BACKSLASH, _OPEN, _CLOSE = 34, 58, 92, 123, 125


@dataclass(frozen=True)
class Structure:
    """Depth of a JSON text, and how many keys its objects have together."""

    depth: int
    num_keys: int


def decode(content: bytes, *, max_depth: int = DEFAULT_MAX_DEPTH) -> Any:
    """Parse strict JSON into plain objects, and refuse control characters in its texts.

    Raises
    ------
    ProblemError
        When the content is not strict JSON (NOT_JSON, DUPLICATE_KEY).
    InvalidInput
        When a text has control characters.
    """
    structure = measure_structure(content, max_depth=max_depth)
    parsed = decode_syntax(content)
    if count_keys(parsed) != structure.num_keys:
        raise duplicate_key_error(content)
    faults = text_faults(parsed)
    if faults:
        raise InvalidInput(faults)
    return parsed


def decode_syntax(content: bytes | msgspec.Raw, kind: Any = Any) -> Any:
    """Parse JSON with a strict parser, keys and depth unchecked; ``kind`` is a msgspec type.

    Raises
    ------
    ProblemError
        When the content is not strict JSON.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except UnicodeDecodeError as error:
        raise not_json(f"The body is not UTF-8 (offset {error.start}).") from None
    except RecursionError:
        raise not_json("The body is nested too deep.") from None
    except msgspec.MsgspecError as error:
        raise _syntax_error(bytes(content), str(error)) from None


def measure_structure(content: bytes, *, max_depth: int = DEFAULT_MAX_DEPTH) -> Structure:
    """Measure depth and count keys without parsing, block by block and mostly without the GIL.

    Raises
    ------
    ProblemError
        When the content begins with a byte order mark, or is nested deeper than ``max_depth``.
    """
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise not_json("The body begins with a byte order mark; send plain UTF-8 without it.")
    inside, depth, deepest, keys = 0, 0, 0, 0
    begin = 0
    while begin < len(content):
        end = min(begin + BLOCK_BYTES, len(content))
        while end < len(content) and content[end - 1] == _BACKSLASH:
            end += 1
        block = content[begin:end]
        if b"\\" in block:
            block = block.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        letters = np.frombuffer(block, dtype=np.uint8)
        parity = np.cumsum(letters == _QUOTE, dtype=np.uint8)
        outside = ((parity + np.uint8(inside)) & 1) == 0
        folded = letters | 32
        brackets = np.flatnonzero(((folded == _OPEN) | (folded == _CLOSE)) & outside)
        if brackets.size:
            levels = depth + np.cumsum(np.where(folded[brackets] == _OPEN, 1, -1))
            deepest, depth = max(deepest, int(levels.max())), int(levels[-1])
        keys += int(np.count_nonzero((letters == _COLON) & outside))
        inside = (inside + int(parity[-1])) & 1
        begin = end
        if deepest > max_depth:
            raise not_json(f"The body is nested deeper than {max_depth} levels.")
    return Structure(deepest, keys)


def count_keys(parsed: object) -> int:
    """Count the keys of all objects in a parsed value."""
    total = 0
    pending: list[Any] = [parsed]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            total += len(here)
            pending.extend(value for value in here.values() if isinstance(value, (dict, list)))
        elif isinstance(here, list):
            pending.extend(value for value in here if isinstance(value, (dict, list)))
    return total


def text_faults(parsed: object) -> list[Fault]:
    """Return a fault for each text or key with a control character; line breaks and tabs are text."""
    faults: list[Fault] = []
    pending: list[tuple[tuple[object, ...], Any]] = [((), parsed)]
    while pending and len(faults) < MAX_FAULTS:
        path, here = pending.pop()
        if isinstance(here, str):
            found = _CONTROL_CHARACTER.search(here)
            if found:
                faults.append(control_character_fault(here, found.start(), pointer=pointer_of(path)))
        elif isinstance(here, dict):
            for key, value in here.items():
                found = _CONTROL_CHARACTER.search(key)
                if found:
                    faults.append(control_character_fault(key, found.start(), pointer=pointer_of(path)))
                if isinstance(value, (str, dict, list)):
                    pending.append(((*path, key), value))
        elif isinstance(here, list):
            pending.extend(
                ((*path, index), value) for index, value in enumerate(here) if isinstance(value, (str, dict, list))
            )
    return faults


def find_control_character(text: str, *, is_id: bool = False) -> int | None:
    """Return the position of the first control character; tabs and line breaks count only in ids."""
    found = (_CONTROL_IN_ID if is_id else _CONTROL_CHARACTER).search(text)
    return None if found is None else found.start()


def control_character_fault(text: str, position: int, **place: Any) -> Fault:
    """Return the fault of one control character; ``place`` is pointer, or file and row."""
    code_point = f"U+{ord(text[position]):04X}"
    return Fault(
        code="BAD_TEXT",
        detail=f"The text has the control character {code_point} at position {position + 1}.",
        fix="Remove the character.",
        value=text,
        params={"code_point": code_point, "position": position + 1},
        **place,
    )


def split_rows(raw: msgspec.Raw, *, size: int = BATCH_ROWS) -> Iterator[bytes]:
    """Yield a JSON array's rows as smaller JSON arrays of ``size`` rows.

    Parsing many small arrays lets other threads run in between; one parse of 20 MB does not.

    Raises
    ------
    ProblemError
        When the content is not strict JSON.
    """
    rows: Sequence[msgspec.Raw] = decode_syntax(raw, list[msgspec.Raw])
    for begin in range(0, len(rows), size):
        yield b"[" + b",".join(bytes(row) for row in rows[begin : begin + size]) + b"]"


def not_json(detail: str) -> ProblemError:
    """Return the error of a body that is not strict JSON."""
    return ProblemError("NOT_JSON", detail, faults=[Fault(code="NOT_JSON", detail=detail, pointer="")])


def duplicate_key_error(content: bytes) -> ProblemError:
    """Return the error that names the first key that stands twice in one object."""

    class Pairs(list[tuple[str, Any]]):
        """An object as its pairs, so that nothing is lost."""

    root = json.loads(content, object_pairs_hook=Pairs)
    pending: list[tuple[tuple[object, ...], Any]] = [((), root)]
    while pending:
        path, here = pending.pop()
        if isinstance(here, Pairs):
            seen: set[str] = set()
            for key, value in here:
                if key in seen:
                    pointer = pointer_of(path)
                    detail = f"'{key[:64]}' occurs twice in {pointer or 'the body'}."
                    fault = Fault(code="DUPLICATE_KEY", detail=detail, pointer=pointer, params={"key": key})
                    return ProblemError("DUPLICATE_KEY", detail, faults=[fault])
                seen.add(key)
                pending.append(((*path, key), value))
        elif isinstance(here, list):
            pending.extend(((*path, index), value) for index, value in enumerate(here))
    return not_json("One object has a key twice.")


def _near(content: bytes, offset: int) -> str:
    return content[max(0, offset - 20) : offset + 20].decode("utf-8", "replace")


def _too_big(content: bytes) -> ProblemError:
    for found in _BIG_NUMBER.finditer(content):
        if found[1] and math.isinf(float(found[1])):
            near, offset = _near(content, found.start()), found.start()
            number = found[0][:40].decode()
            return not_json(f"{number} is too big for a number (near {near!r}, offset {offset}).")
    return not_json("A number is too big for a double.")


def _lone_surrogate(content: bytes) -> ProblemError | None:
    found = next((found for found in _SURROGATES.finditer(content) if found[1]), None)
    if found is None:
        return None
    near, offset = _near(content, found.start()), found.start()
    return not_json(f"{found[1].decode()} is half of a letter, a lone surrogate (near {near!r}, offset {offset}).")


def _syntax_error(content: bytes, message: str) -> ProblemError:
    if not content.strip():
        return not_json("The body is empty; send a JSON object.")
    if "out of range" in message:
        return _too_big(content)
    found = _OFFSET.search(message)
    if found is None:
        detail = "The body ends too early." if "truncated" in message else "The body is not JSON."
        return _lone_surrogate(content) or not_json(detail)
    offset = int(found[1])
    near = _near(content, offset)
    if "escape" in message or "surrogate" in message:
        lone = _lone_surrogate(content)
        if lone is not None:
            return lone
    for token in (b"NaN", b"Infinity", b"-Infinity"):
        begin = offset - 1 if content[offset - 1 : offset] == b"-" else offset
        if content.startswith(token, begin):
            return not_json(f"{token.decode()} is not a JSON number (near {near!r}, offset {offset}).")
    reason = message.removeprefix("JSON is malformed: ").partition(" (byte")[0]
    return not_json(f"The body is not JSON: {reason} (near {near!r}, offset {offset}).")
