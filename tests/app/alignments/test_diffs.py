"""The diff of two alignments, as text and in the comparison's body."""

from typing import Any

import pyarrow as pa
import pytest

from app.alignments.canonical import canonical_bytes, canonical_sha256
from app.alignments.diff_texts import one_line
from tests.app.alignments.conftest import Bench
from tests.app.conftest import tiny_dataset


def text_of(bench: Bench, one: str, two: str, **params: Any) -> str:
    """Return the diff as text."""
    answer = bench.client.get(f"/v1/alignments/{one}/comparison", params={"with": two, "format": "text", **params})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return str(answer.text)


def test_a_diff_reads_like_a_diff_of_code(bench: Bench, alignment_id: str) -> None:
    """One hunk a rep, lost accounts before gained ones, with names, the other rep and what goes along."""
    two = bench.store(["R2", None, "R2", "R2"], summary={"objective": 0.5})
    assert bench.get(f"/v1/alignments/{two}")["counts"]["unassigned"] == 1
    header, rest = text_of(bench, alignment_id, two).split("# 2", 1)
    one_sha, two_sha = (
        canonical_sha256(pa.table({"account_id": ["a1", "a2", "a3", "a4"], "rep_id": rep_ids}))
        for rep_ids in (["R1", "R1", "R2", "R2"], ["R2", None, "R2", "R2"])
    )
    assert header.splitlines() == [
        f"--- {alignment_id} Fair (sha256:{one_sha}, objective 0.41)",
        f"+++ {two} Fair (sha256:{two_sha}, objective 0.5)",
    ]
    travel = [line for line in rest.splitlines() if line.startswith("# travel")]
    assert len(travel) == 1
    assert [line for line in rest.splitlines() if not line.startswith("# travel")] == [
        " accounts of 4, 3 reps",
        "# objective 0.41 → 0.5 (+0.09)",
        "@@ R1 Çelik: 2 → 0 accounts (-2 +0) @@",
        "- a1 Łódź Works → R2 (10 h, 1,000)",
        "- a2 株式会社テスト → (nobody) (11 h, 2,000)",
        "@@ R2 Nguyễn: 2 → 3 accounts (-0 +1) @@",
        "+ a1 Łódź Works ← R1 (10 h, 1,000)",
        "@@ (nobody): 0 → 1 accounts (-0 +1) @@",
        "+ a2 株式会社テスト ← R1 (11 h, 2,000)",
    ]


def test_loads_stand_under_each_rep(bench: Bench, alignment_id: str) -> None:
    """With ``loads=true`` each rep shows every measure before and after; lines of context begin with a blank."""
    two = bench.store(["R1", "R2", "R2", "R2"])
    lines = text_of(bench, alignment_id, two, loads=True).splitlines()
    at = lines.index("@@ R1 Çelik: 2 → 1 accounts (-1 +0) @@")
    assert lines[at + 1 : at + 5] == [
        "  workload 21 h → 10 h",
        "  potential 3,000 → 1,000",
        "  accounts 2 → 1",
        "- a2 株式会社テスト → R2 (11 h, 2,000)",
    ]


def test_no_difference_is_said(bench: Bench, alignment_id: str) -> None:
    """Two alignments with the same reps have the same hash, and the text says that nothing differs."""
    two = bench.store(["R1", "R1", "R2", "R2"])
    lines = text_of(bench, alignment_id, two).splitlines()
    assert lines[2:] == ["# the same rep for each of 4 accounts"]
    assert lines[0].split("sha256:")[1][:64] == lines[1].split("sha256:")[1][:64]


def test_the_reverse_diff_has_the_same_lines_with_the_signs_turned(bench: Bench, alignment_id: str) -> None:
    """What one side loses, the other gains."""
    two = bench.store(["R2", "R1", "R1", "R2"])
    there, back = (
        {line[:5] for line in text_of(bench, *pair).splitlines()[2:] if line[:2] in ("- ", "+ ")}
        for pair in ((alignment_id, two), (two, alignment_id))
    )
    assert there == back == {"- a1 ", "+ a1 ", "- a3 ", "+ a3 "}


@pytest.mark.parametrize(
    ("accept", "form", "is_text"),
    [
        ("text/plain", None, True),
        ("text/plain;q=0.5, application/json", None, False),
        ("application/json;q=0.5, text/*", None, True),
        ("*/*", None, False),
        ("text/html", None, False),
        ("text/plain", "json", False),
        ("application/json", "text", True),
    ],
)
def test_the_caller_chooses_the_form(
    bench: Bench, alignment_id: str, accept: str, form: str | None, is_text: bool
) -> None:
    """``format`` wins over Accept; without either it is JSON, as it was before there was text."""
    params = {"with": bench.current()} | ({} if form is None else {"format": form})
    answer = bench.client.get(f"/v1/alignments/{alignment_id}/comparison", params=params, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("text/plain") is is_text


def test_the_comparison_carries_the_diff(bench: Bench, alignment_id: str) -> None:
    """The JSON body keeps what it had, and adds the reps that differ and what each account weighs."""
    body = bench.get(f"/v1/alignments/{alignment_id}/comparison", **{"with": bench.current()})
    assert {"scorecard", "with_scorecard", "difference"} <= body.keys()
    assert body["accounts"]["items"] == [
        {
            "account_id": "a4",
            "account_name": "=SUM(A1)",
            "rep_id": "R2",
            "with_rep_id": "R1",
            "rep_name": "Nguyễn",
            "with_rep_name": "Çelik",
            "measures": {"workload": 13.0, "potential": 4000.0},
            "with_measures": {"workload": 13.0, "potential": 4000.0},
        }
    ]
    diff = body["diff"]
    assert (diff["first"]["objective"], diff["second"]["objective"]) == (0.41, None)
    assert (diff["num_accounts"], diff["num_differing"]) == (4, 1)
    first = diff["reps"][0]
    assert (first["rep_id"], first["lost"], first["gained"]) == ("R1", 0, 1)
    assert first["loads"]["workload"] == {"before": 21.0, "after": 34.0}


def test_other_accounts_cannot_be_shown_as_text(bench: Bench, alignment_id: str) -> None:
    """A dataset with one account less is refused as a problem, whatever form was asked."""
    body = tiny_dataset()
    del body["accounts"][3]
    other = bench.created("/v1/datasets", body)["id"]
    params = {"with": bench.current(other), "format": "text"}
    answer = bench.client.get(f"/v1/alignments/{alignment_id}/comparison", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_VALUE")


def test_text_stays_on_its_line_and_in_its_direction() -> None:
    """Line ends and marks that turn the direction are shown by code point; letters and joiners stay."""
    assert one_line("a\nb\u2028c\u202ed") == "a\\u{a}b\\u{2028}c\\u{202e}d"
    assert one_line("שלום العربية می‌خواهم 👩‍👧") == "שלום العربية می‌خواهم 👩‍👧"


def test_canonical_bytes_do_not_depend_on_the_order_of_rows() -> None:
    """Accounts stand by the bytes of their ids, each a line of JSON, null for nobody."""
    one = pa.table({"account_id": ["b", "ä", 'a"'], "rep_id": ["R", "Ж", None]})
    assert canonical_bytes(one) == '["a\\"",null]\n["b","R"]\n["ä","Ж"]\n'.encode()
    assert canonical_bytes(one.take([2, 0, 1])) == canonical_bytes(one)
