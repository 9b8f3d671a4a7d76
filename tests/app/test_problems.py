import json
import math
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.error_codes import ERROR_CODES
from app.errors import Fault, InvalidInput, PreconditionFailed, ProblemError
from app.problems import MAX_BODY_BYTES, problem_json

APP = Path(__file__).parents[2] / "app"
WORDS_THAT_ARE_NO_CODES = re.compile(
    r'code="([A-Z][A-Z0-9_]+)"|(?:ProblemError|Conflict|Unavailable|TooLarge)\(\s*"([A-Z0-9_]+)"'
)


def test_every_raised_code_stands_in_the_table() -> None:
    """No code is raised that the one table does not explain."""
    used = set()
    for file in APP.rglob("*.py"):
        for found in WORDS_THAT_ARE_NO_CODES.finditer(file.read_text()):
            used.add(found[1] or found[2])
    assert used - set(ERROR_CODES) == set()


def test_every_code_has_a_title_a_meaning_and_a_remedy() -> None:
    """Each row of the table says what it is, when it occurs and what to do."""
    assert all(entry.title and entry.description and entry.fix for entry in ERROR_CODES.values())


def test_lists_a_thousand_and_counts_all() -> None:
    """A thousand faults are listed, all are counted, and the body stays small."""
    faults = [
        Fault(code="DUPLICATE_ID", detail=f"The id {i} stands twice.", pointer=f"/accounts/{i}/id") for i in range(1000)
    ]
    body = problem_json(InvalidInput(faults, total=54_321))
    assert body["errors_total"] == 54_321
    assert len(body["errors"]) == 1000
    assert len(json.dumps(body)) < MAX_BODY_BYTES


def test_stays_small_whatever_is_echoed() -> None:
    """Huge values, sentences and pointers are cut."""
    huge = "x" * 100_000
    faults = [Fault(code="BAD_TEXT", detail=huge, pointer=huge, value=huge, params={"a": huge}) for _ in range(1000)]
    assert len(json.dumps(problem_json(InvalidInput(faults)))) < MAX_BODY_BYTES


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800", "\x00", 10**400, [1] * 1000, {"a": 1}, object()])
def test_echoes_only_what_json_can_hold(value: object) -> None:
    """Non-finite numbers, lone surrogates and structures never reach an answer."""
    body = problem_json(
        InvalidInput([Fault(code="WRONG_TYPE", detail=str(value)[:90], value=value, params={"v": value})])
    )
    json.dumps(body, allow_nan=False, ensure_ascii=False).encode("utf-8")


def test_one_code_names_the_problem_many_are_invalid_input() -> None:
    """Faults of one code give the problem that code, different ones INVALID_INPUT."""
    one, other = Fault(code="EMPTY_LIST", detail="a"), Fault(code="BAD_TEXT", detail="b")
    assert problem_json(InvalidInput([one, one]))["type"] == "/problems/EMPTY_LIST"
    assert problem_json(InvalidInput([one, other]))["code"] == "INVALID_INPUT"


def test_a_stale_etag_names_the_current_one() -> None:
    """CHANGED carries the current ETag."""
    error = PreconditionFailed('"abc"')
    assert (problem_json(error)["status"], error.headers["ETag"]) == (412, '"abc"')


def test_unknown_code_of_a_problem_is_still_rendered() -> None:
    """A code without a row is answered as 422, never as a crash."""
    assert problem_json(ProblemError("NEVER_SEEN", "x"))["status"] == 422


def test_serves_the_table_as_data_and_as_pages(client: TestClient) -> None:
    """Each code is explained as JSON to programs and as HTML to people."""
    listed = client.get("/problems").json()
    assert listed["total_size"] == len(ERROR_CODES)
    assert client.get("/problems/FAMILY_CYCLE").json()["status"] == 422
    page = client.get("/problems/FAMILY_CYCLE", headers={"Accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert client.get("/problems/NO_SUCH").status_code == 404
