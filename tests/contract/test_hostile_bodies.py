"""Hostile raw bodies on every POST and PATCH: refused as a problem, small, and nothing stored."""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.conftest import tiny_dataset
from tests.contract.seeding import SeededIds, count_rows

JSON = "application/json"
PROBLEM = "application/problem+json"
MAX_PROBLEM_BYTES = 256 * 1024
NUMBER, TEXT = "@number", "@text"

BAD_NUMBERS = {
    "NaN": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "too big for a double": "1e400",
    "too small for a double": "-1e400",
    "an endless exponent": "1e99999999",
    "400 digits": "9" * 400,
    "beyond 64 bits": "123456789012345678901234567890",
    "below 64 bits": "-9223372036854775809",
    "number as text": '"1"',
    "NaN as text": '"NaN"',
    "empty text": '""',
    "list": "[]",
    "list of a number": "[1]",
    "object": "{}",
    "object with a number": '{"value": 1}',
    "hexadecimal": "0x1F",
    "leading zero": "01",
    "plus sign": "+1",
    "no digit before the point": ".5",
    "no digit after the point": "1.",
    "no exponent": "1e",
    "two signs": "--1",
    "a sign alone": "-",
    "thousands": "1,000",
    "underscore": "1_000",
    "Arabic digit": "١",
    "undefined": "undefined",
    "nothing": "",
    "Python's True": "True",
    "an expression": "1/2",
}

BAD_TEXTS = {
    "lone high surrogate": r'"\ud800"',
    "lone low surrogate": r'"\udc00"',
    "surrogates the wrong way round": r'"\udc00\ud800"',
    "NUL": r'"a\u0000b"',
    "raw NUL": '"a\x00b"',
    "escape character": r'"\u001b[31m"',
    "delete character": r'"\u007f"',
    "next-line character": '"\x85"',
    "raw line break": '"a\nb"',
    "raw tab": '"a\tb"',
    "unknown escape": r'"\q"',
    "short escape": r'"\u12"',
    "broken escape": r'"\u12G4"',
    "unterminated": '"a',
    "single quotes": "'a'",
    "no quotes": "a",
    "empty": '""',
    "number": "1",
    "boolean": "true",
    "list": "[]",
    "list of texts": '["a"]',
    "object": "{}",
    "10 MB": '"' + "x" * 10_000_000 + '"',
    "1,001 characters": '"' + "é" * 1001 + '"',
}

BAD_BODIES: dict[str, bytes] = {
    "blanks": b" \n\t ",
    "null": b"null",
    "boolean": b"true",
    "number": b"0",
    "text": b'"text"',
    "list": b"[]",
    "list of an object": b"[{}]",
    "open brace": b"{",
    "closed brace": b"}",
    "cut in a key": b'{"na',
    "no value": b'{"name":}',
    "trailing comma": b'{"name": "a",}',
    "comma alone": b"{,}",
    "single quotes": b"{'name': 'a'}",
    "unquoted key": b'{name: "a"}',
    "number as key": b'{1: "a"}',
    "comment": b'/* a */ {"name": "a"}',
    "two documents": b'{"name": "a"} {"name": "b"}',
    "something behind": b'{"name": "a"}x',
    "NUL behind": b'{"name": "a"}\x00',
    "NUL": b"\x00",
    "byte order mark": b'\xef\xbb\xbf{"name": "a"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "UTF-16 without mark": '{"name": "a"}'.encode("utf-16-le"),
    "UTF-32": '{"name": "a"}'.encode("utf-32"),
    "Latin-1": '{"name": "é"}'.encode("latin-1"),
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "beyond Unicode": b'{"name": "\xf4\x90\x80\x80"}',
    "surrogate in a key": rb'{"\ud800": 1}',
    "NUL in a key": rb'{"name\u0000": "a"}',
    "key twice": b'{"name": "a", "name": "b"}',
    "key twice, once escaped": rb'{"name": "a", "n\u0061me": "b"}',
    "deeper than the limit": b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}",
    "100,000 lists deep": b"[" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000,
    "10 MB key": b'{"' + b"k" * 10_000_000 + b'": 1}',
    "20,000 unknown keys": json.dumps({f"key{number}": number for number in range(20_000)}).encode(),
    "misspelt field": b'{"nmae": "a"}',
    "field in capitals": b'{"NAME": "a"}',
    "empty field name": b'{"": "a"}',
    "prototype": b'{"__proto__": {"name": "a"}}',
    "form": b"name=a&archived=true",
    "XML": b'<?xml version="1.0"?><name>a</name>',
    "HTML": b"<script>alert(1)</script>",
    "YAML": b"name: a",
    "gzip": gzip.compress(b'{"name": "a"}'),
    "zip": b"PK\x03\x04" + bytes(100),
    "random bytes": bytes(range(256)),
}

BAD_TYPES = {
    "none": None,
    "empty": "",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "XML": "application/xml",
    "bytes": "application/octet-stream",
    "UTF-16": "application/json; charset=utf-16",
    "Latin-1": "application/json; charset=iso-8859-1",
    "looks like JSON": "application/jsonp",
    "text JSON": "text/json",
    "garbage": "/;=;,",
    "very long": "application/" + "x" * 5000,
    "multipart without boundary": "multipart/form-data",
}

BAD_ENCODINGS = ("gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "identity, gzip", "x" * 3000)

TARGETS = (
    "POST /v1/datasets",
    "POST /v1/datasets?check_only=true",
    "POST /v1/datasets/{dataset}/changes",
    "POST /v1/scenarios",
    "POST /v1/scenarios/batch",
    "POST /v1/scenarios/{scenario}/diagnosis",
    "POST /v1/scenarios/{scenario}/curves",
    "POST /v1/jobs",
    "POST /v1/jobs with data",
    "POST /v1/jobs/{waiting_job}/stop",
    "POST /v1/alignments/{alignment}/edits",
    "POST /v1/alignments/{alignment}/explanations?account_id=a2",
    "POST /v1/alignments/{alignment}/explanations/{account}",
    "POST /v1/alignments/{alignment}/publish",
    "POST /v1/alignments/{alignment}/transition",
    "POST /v1/webhooks/deliveries/{delivery}/redeliver",
    "PATCH /v1/datasets/{dataset}",
    "PATCH /v1/scenarios/{scenario}",
    "PATCH /v1/alignments/{alignment}",
)

NO_BODY = ("stop", "publish", "diagnosis", "redeliver")
"""Last parts of paths that take no body."""


def template(target: str, ids: SeededIds) -> str:
    """Return a body that would be taken, with a place for a number and one for a text."""
    data = tiny_dataset()
    if target.startswith("POST /v1/datasets") and "changes" not in target:
        data["accounts"][0]["lat"], data["name"] = NUMBER, TEXT
        body: dict[str, Any] = data
    elif target.endswith("with data"):
        body = {**data, "name": TEXT, "search": {"seed": NUMBER}}
    else:
        bodies: dict[str, dict[str, Any]] = {
            "POST /v1/datasets/{dataset}/changes": {
                "update": [{"rep_id": "R1", "lat": NUMBER}],
                "name": TEXT,
            },
            "POST /v1/scenarios": {"dataset_id": ids.dataset, "name": TEXT, "search": {"seed": NUMBER}},
            "POST /v1/scenarios/batch": {
                "base_id": ids.scenario,
                "variants": [{"name": TEXT, "criteria": {}, "search": {"seed": NUMBER}}],
            },
            "POST /v1/scenarios/{scenario}/curves": {"kind": "disruption", "shares": [NUMBER], "name": TEXT},
            "POST /v1/jobs": {"scenario_id": ids.scenario, "name": TEXT, "priority": NUMBER},
            "POST /v1/alignments/{alignment}/edits": {
                "moves": [{"account_id": "a1", "rep_id": "R2"}],
                "name": TEXT,
                "search": {"seed": NUMBER},
            },
            "POST /v1/alignments/{alignment}/transition": {"max_per_rep_per_week": NUMBER, "name": TEXT},
            "PATCH /v1/scenarios/{scenario}": {"name": TEXT, "search": {"seed": NUMBER}},
        }
        plain: dict[str, Any] = {"name": TEXT, "archived": NUMBER}
        if "explanations" in target:
            plain = {"rep_id": "R2", "name": TEXT, "search": {"seed": NUMBER}}
        body = bodies.get(target, plain)
    return json.dumps(body, ensure_ascii=False)


def filled(target: str, ids: SeededIds, *, number: str | None = None, text: str = '"A name"') -> bytes:
    """Return the body of a target with these raw JSON values in its two places."""
    plain = "false" if "archived" in template(target, ids) else "1"
    raw = template(target, ids).replace(f'"{NUMBER}"', plain if number is None else number)
    return raw.replace(f'"{TEXT}"', text).encode("utf-8", "surrogatepass")


def hostile_requests(target: str, ids: SeededIds) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Yield name, body and headers of every hostile request for one target."""
    plain = {"Content-Type": JSON}
    for name, raw in BAD_NUMBERS.items():
        yield f"number: {name}", filled(target, ids, number=raw), plain
    for name, raw in BAD_TEXTS.items():
        yield f"text: {name}", filled(target, ids, text=raw), plain
    for name, body in BAD_BODIES.items():
        yield f"body: {name}", body, plain
    good = filled(target, ids)
    for name, kind in BAD_TYPES.items():
        yield f"type: {name}", good, {} if kind is None else {"Content-Type": kind}
    for encoding in BAD_ENCODINGS:
        yield f"encoding: {encoding[:20]}", gzip.compress(good), {**plain, "Content-Encoding": encoding}
    yield "cut in half", good[: len(good) // 2], plain
    yield "twice", good + good, plain
    yield "in a list", b"[" + good + b"]", plain
    yield "as a text", json.dumps(good.decode()).encode(), plain


def wrong_with(answer: Any) -> str | None:
    """Return what is wrong with the answer to a hostile request, None when it is a proper refusal."""
    if not 400 <= answer.status_code < 500:
        return f"status {answer.status_code}"
    if answer.headers["content-type"] != PROBLEM:
        return f"type {answer.headers['content-type']}"
    if len(answer.content) >= MAX_PROBLEM_BYTES:
        return f"{len(answer.content):,} bytes"
    problem = json.loads(answer.content.decode("utf-8"), parse_constant=lambda token: f"({token})")
    if "(NaN)" in str(problem) or "(Infinity)" in str(problem):
        return "echoes a number that is not finite"
    if problem["status"] != answer.status_code or not problem["detail"] or not problem["code"]:
        return f"body {problem}"
    return None


def test_no_path_is_left_out(contract_app: FastAPI) -> None:
    """Every POST and PATCH of the document is among the targets."""
    paths = contract_app.openapi()["paths"]
    documented = {f"{m.upper()} {path}" for path, item in paths.items() for m in item if m in ("post", "patch")}
    tried = {target.removesuffix(" with data").partition("?")[0] for target in TARGETS}
    shapes = [{re.sub(r"\{\w+\}", "{}", name) for name in names} for names in (documented, tried)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("target", TARGETS)
def test_refused_and_nothing_stored(
    contract_app: FastAPI, contract_client: TestClient, ids: SeededIds, target: str
) -> None:
    """Each of about 130 hostile bodies gets a small problem document, and no table has a row more."""
    method, path = target.removesuffix(" with data").split(" ", 1)
    path = path.format(**vars(ids))
    before = count_rows(contract_app)
    faults = []
    for name, body, headers in hostile_requests(target, ids):
        answer = contract_client.request(method, path, content=body, headers=headers)
        wrong = wrong_with(answer)
        if wrong is not None:
            faults.append(f"{name}: {wrong}: {answer.text[:200]}")
    assert faults == []
    assert count_rows(contract_app) == before


@pytest.mark.parametrize("target", [name for name in TARGETS if name.rpartition("/")[2] not in NO_BODY])
def test_only_the_hostile_part_is_refused(contract_client: TestClient, ids: SeededIds, target: str) -> None:
    """The same body with a plain number and text in its places is taken."""
    if target == "PATCH /v1/scenarios/{scenario}":
        ids_of_fresh = contract_client.post("/v1/scenarios", json={"dataset_id": ids.dataset}).json()["id"]
        path = f"/v1/scenarios/{ids_of_fresh}"
    else:
        path = target.removesuffix(" with data").split(" ", 1)[1].format(**vars(ids))
    answer = contract_client.request(
        target.split(" ")[0], path, content=filled(target, ids), headers={"Content-Type": JSON}
    )
    assert answer.status_code in (200, 201, 202), answer.text


MULTIPART = {
    "no parts": b"--b--\r\n",
    "no end": b'--b\r\nContent-Disposition: form-data; name="accounts"; filename="a.csv"\r\n\r\nid\n1',
    "no header": b"--b\r\n\r\nid\n1\r\n--b--\r\n",
    "no name": b"--b\r\nContent-Disposition: form-data\r\n\r\nid\r\n--b--\r\n",
    "another boundary": b'--c\r\nContent-Disposition: form-data; name="accounts"\r\n\r\nid\r\n--c--\r\n',
    "a broken header": b"--b\r\nContent-Disposition form-data\r\n\r\nid\r\n--b--\r\n",
    "bytes": bytes(range(256)),
    "empty": b"",
    "an endless header": b"--b\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n\r\n--b--\r\n",
    "a thousand parts": b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n' * 1000 + b"--b--\r\n",
    "a field of 2 MB": b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + b"x" * 2_000_000 + b"\r\n--b--",
    "an unknown part": b'--b\r\nContent-Disposition: form-data; name="reep"\r\n\r\na\r\n--b--\r\n',
    "a part twice": b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n' * 2 + b"--b--\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", MULTIPART)
def test_broken_forms_are_refused(
    contract_app: FastAPI, contract_client: TestClient, ids: SeededIds, name: str
) -> None:
    """A multipart body that is broken is answered as a problem, whatever is broken."""
    before = count_rows(contract_app)
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = contract_client.post("/v1/datasets", content=MULTIPART[name], headers=headers)
    assert wrong_with(answer) is None, answer.text[:300]
    assert count_rows(contract_app) == before


def test_chunks_do_not_matter(contract_app: FastAPI, contract_client: TestClient, ids: SeededIds) -> None:
    """A body that comes byte by byte is judged as a whole."""
    before = count_rows(contract_app)
    raw = filled("POST /v1/scenarios", ids, number="NaN")
    chunks = (raw[index : index + 1] for index in range(len(raw)))
    answer = contract_client.post("/v1/scenarios", content=chunks, headers={"Content-Type": JSON})
    assert (answer.status_code, answer.json()["code"]) == (400, "NOT_JSON")
    assert count_rows(contract_app) == before
