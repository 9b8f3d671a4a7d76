"""Several alignments side by side, over HTTP."""

import pytest

from tests.app.alignments.conftest import Bench


def test_scorecards_stand_side_by_side_in_the_order_asked_for(bench: Bench) -> None:
    """Each alignment has its own scorecard, and every two of them the number of accounts that differ."""
    ids = [bench.store(["R1", "R1", "R2", "R2"]), bench.store(["R1", "R2", "R2", "R1"]), bench.current()]
    told = bench.get("/v1/comparisons", alignments=",".join(ids))
    assert [item["id"] for item in told["items"]] == ids
    assert told["differences"] == [[0, 2, 1], [2, 0, 1], [1, 1, 0]]
    for item in told["items"]:
        assert item["scorecard"] == bench.get(f"/v1/alignments/{item['id']}/scorecard")
    brief = bench.get("/v1/comparisons", alignments=",".join(ids), reps="false")
    assert "reps" not in brief["items"][0]["scorecard"]


@pytest.mark.parametrize(("ids", "code"), [("", "BAD_TEXT"), ("al_1", "BAD_TEXT"), ("al_1,al_2", "UNKNOWN_REFERENCE")])
def test_what_cannot_be_compared_is_refused(bench: Bench, ids: str, code: str) -> None:
    """Fewer than two, and unknown alignments are 422."""
    answer = bench.client.get("/v1/comparisons", params={"alignments": ids})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
