import json

import pytest

from app.errors import InvalidInput, ProblemError
from app.strict_json import decode, measure_structure

REFUSED = {
    "nan": (b'{"a": NaN}', "NOT_JSON"),
    "infinity": (b'{"a": Infinity}', "NOT_JSON"),
    "minus infinity": (b'{"a": -Infinity}', "NOT_JSON"),
    "beyond a double": (b'{"a": 1e400}', "NOT_JSON"),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', "NOT_JSON"),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "NOT_JSON"),
    "lone surrogate": (b'{"a": "\\ud800"}', "NOT_JSON"),
    "bytes that are not UTF-8": (b'{"a": "\xff"}', "NOT_JSON"),
    "raw control character": (b'{"a": "\x01"}', "NOT_JSON"),
    "truncated": (b'{"a": [1, 2', "NOT_JSON"),
    "empty": (b"", "NOT_JSON"),
    "trailing comma": (b'{"a": [1,]}', "NOT_JSON"),
    "two values": (b"{} {}", "NOT_JSON"),
    "single quotes": (b"{'a': 1}", "NOT_JSON"),
    "too deep": (b"[" * 40 + b"]" * 40, "NOT_JSON"),
    "a hundred thousand deep": (b'{"a":' * 100_000, "NOT_JSON"),
    "duplicate key": (b'{"a": 1, "a": 2}', "DUPLICATE_KEY"),
    "duplicate key by escape": (b'{"a": 1, "\\u0061": 2}', "DUPLICATE_KEY"),
    "duplicate key inside": (b'{"a": [{"b": {"c": 1, "c": 1}}]}', "DUPLICATE_KEY"),
    "NUL": (b'{"a": "x\\u0000"}', "BAD_TEXT"),
    "control character in a key": (b'{"a\\u0007": 1}', "BAD_TEXT"),
    "C1 control character": (b'{"a": "\xc2\x85"}', "BAD_TEXT"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str) -> None:
    """What strict JSON does not allow is refused with its own code."""
    content, code = REFUSED[name]
    with pytest.raises(ProblemError) as caught:
        decode(content)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": [1, 2.5, None, True, "x"]},
        {"text": 'quotes " and \\ backslashes \\" : {}[]'},
        {'key "with": {': {"\\": ["\\\\", "\\\\\\"]}},
        {"Łódź": "株式会社 🎉\ttab\nline"},
        [[[[]]]],
        "just text",
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_takes_what_is_json_as_it_stands(value: object, ascii_only: bool) -> None:
    """Every JSON value comes back as it was sent, escapes, quotes and braces in texts included."""
    assert decode(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


def test_structure_is_the_same_in_blocks() -> None:
    """Keys and depth are counted across block borders, inside texts they do not count."""
    rows = [{"id": f'"{i}\\', "m": {"x:y": [i]}} for i in range(60_000)]
    structure = measure_structure(json.dumps(rows).encode())
    assert (structure.depth, structure.num_keys) == (4, 180_000)


def test_names_the_token_and_its_offset() -> None:
    """NaN is named with its offset."""
    with pytest.raises(ProblemError, match="NaN is not a JSON number") as caught:
        decode(b'{"lat": NaN}')
    assert "offset 8" in caught.value.detail


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"a": "1e999", "lat": -1e400}', "-1e400 is too big for a number"),
        (b'{"a": "\\ud83d\\ude00", "b": "\\ud83d x"}', "ud83d is half of a letter, a lone surrogate"),
        (b'{"a": "\\ude00"}', "ude00 is half of a letter"),
    ],
)
def test_names_numbers_and_letters_that_are_none(content: bytes, sentence: str) -> None:
    """A number beyond a double, and half of a pair of surrogates, are named as they were written."""
    with pytest.raises(ProblemError, match=sentence) as caught:
        decode(content)
    assert caught.value.code == "NOT_JSON"


def test_names_the_object_with_the_duplicate_key() -> None:
    """The pointer leads to the object that has a key twice."""
    with pytest.raises(ProblemError) as caught:
        decode(b'{"a": [{}, {"b~/": {"c": 1, "c": 2}}]}')
    assert caught.value.faults[0].pointer == "/a/1/b~0~1"


def test_names_every_bad_text() -> None:
    """Each text with a control character has its own fault and pointer."""
    with pytest.raises(InvalidInput) as caught:
        decode(b'{"a": "\\u0000", "b": ["\\u001b"]}')
    assert {fault.pointer for fault in caught.value.faults} == {"/a", "/b/0"}
