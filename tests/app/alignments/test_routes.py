"""Alignments over HTTP, on a real app and a real SQLite file."""

import csv
import io
from typing import Any

import fastexcel
import pyarrow.parquet as pq
import pytest

from app.alignments.service import get_alignment
from app.database import transaction
from app.jobs.models import Job
from tests.app.alignments.conftest import Bench


def test_the_summary_is_the_contracts(bench: Bench, alignment_id: str) -> None:
    """Origin, objective, bound, terms, counts and hashes stand as api.md has them."""
    summary = bench.get(f"/v1/alignments/{alignment_id}")
    assert summary["origin"] == {"kind": "job", "job_id": "job_1", "parent_id": None}
    assert (summary["dataset_id"], summary["scenario_id"]) == (bench.dataset_id, bench.scenario_id)
    assert (summary["outcome"], summary["objective"], summary["gap"]) == ("feasible", 0.41, 0.0243)
    assert summary["counts"] == {"accounts": 4, "reps": 2, "moved": 1, "unassigned": 0}
    assert summary["terms"][0]["name"] == "travel"
    assert len(summary["hashes"]["dataset"]) == 64
    assert summary["software"]["version"]


def test_an_unknown_alignment_is_not_found(bench: Bench) -> None:
    """Every path of a missing alignment answers 404 as a problem."""
    for part in ("", "/scorecard", "/assignments", "/moves", "/territories", "/map", "/report", "/certificate"):
        answer = bench.client.get(f"/v1/alignments/al_none{part}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), part


def test_the_current_alignment_came_with_the_data(bench: Bench) -> None:
    """An import is an alignment of its own, without an objective."""
    current = bench.current()
    assert bench.current() == current
    listed = bench.get("/v1/alignments", dataset_id=bench.dataset_id)
    assert [item["origin"]["kind"] for item in listed["items"]] == ["import"]
    assert listed["items"][0]["objective"] is None
    assert listed["items"][0]["counts"]["moved"] == 0


def test_the_list_is_newest_first_in_pages(bench: Bench) -> None:
    """Following the tokens gives each alignment once; filters narrow the list."""
    stored = [bench.store(["R1", "R1", "R2", "R2"]) for _ in range(4)]
    seen: list[str] = []
    token: str | None = None
    while True:
        page = bench.get("/v1/alignments", page_size=2, **({"page_token": token} if token else {}))
        seen += [item["id"] for item in page["items"]]
        token = page["next_page_token"]
        if token is None:
            break
    assert seen == stored[::-1]
    assert page["total_size"] == len(seen) == 4
    assert bench.get("/v1/alignments", scenario_id=bench.scenario_id)["total_size"] == 4
    assert bench.client.get("/v1/alignments", params={"page_token": "WyJ4IiwgInkiXQ"}).status_code == 422


def test_scorecard_by_hand(bench: Bench, alignment_id: str) -> None:
    """46 hours over two reps are 23 each: R1 has 21, R2 25; before, R1 had 34."""
    card = bench.get(f"/v1/alignments/{alignment_id}/scorecard")
    first = card["reps"][0]
    assert (first["rep_id"], first["rep_name"], first["accounts"]) == ("R1", "Çelik", 2)
    workload = first["measures"]["workload"]
    assert (workload["load"], workload["target"]) == (21.0, 23.0)
    assert workload["index"] == pytest.approx(100 * 21 / 23)
    assert workload["before"] == {"load": 34.0, "index": pytest.approx(100 * 34 / 23)}
    assert card["team"]["measures"]["workload"]["within_10"] == 1.0
    assert card["team"]["in_band"] == 2
    assert card["team"]["before"]["in_band"] == 0
    assert card["team"]["disruption"]["share"]["potential"] == pytest.approx(0.4)


def test_assignments_in_pages_and_filters(bench: Bench, alignment_id: str) -> None:
    """Items are as api.md has them; rep_id, moved and account_id narrow them."""
    path = f"/v1/alignments/{alignment_id}/assignments"
    page = bench.get(path, page_size=3)
    assert [item["account_id"] for item in page["items"]] == ["a1", "a2", "a3"]
    assert page["total_size"] == 4
    rest = bench.get(path, page_size=3, page_token=page["next_page_token"])
    item = rest["items"][0]
    assert item["travel_km"] == pytest.approx(1.3 * 35.74, abs=0.02)
    assert {key: item[key] for key in ("account_id", "rep_id", "current_rep_id", "moved", "locked")} == {
        "account_id": "a4",
        "rep_id": "R2",
        "current_rep_id": "R1",
        "moved": True,
        "locked": False,
    }
    assert item["measures"] == {"workload": 13.0, "potential": 4000.0}
    assert bench.get(path, moved=True)["total_size"] == 1
    assert bench.get(path, rep_id="R1")["total_size"] == 2
    assert bench.get(path, account_id="a3")["items"][0]["rep_name"] == "Nguyễn"


def test_assignments_as_files(bench: Bench, alignment_id: str) -> None:
    """CSV, XLSX and Parquet hold all rows, by Accept or by format, names guarded where needed."""
    path = f"/v1/alignments/{alignment_id}/assignments"
    as_csv = bench.client.get(path, headers={"Accept": "text/csv"})
    assert as_csv.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(as_csv.content.decode("utf-8-sig"))))
    assert list(rows[0])[:8] == [
        "account_id",
        "rep_id",
        "current_rep_id",
        "moved",
        "locked",
        "travel_km",
        "workload",
        "potential",
    ]
    assert rows[3]["account_name"] == "'=SUM(A1)"
    xlsx = fastexcel.read_excel(bench.client.get(path, params={"format": "xlsx"}).content).load_sheet(0)
    assert xlsx.to_arrow().column(0).to_pylist() == ["a1", "a2", "a3", "a4"]
    parquet = pq.read_table(io.BytesIO(bench.client.get(path, params={"format": "parquet"}).content))
    assert parquet.column("account_name").to_pylist()[3] == "=SUM(A1)"
    assert parquet.column("rep_id").to_pylist() == ["R1", "R1", "R2", "R2"]


def test_a_form_that_is_not_offered_is_refused(bench: Bench, alignment_id: str) -> None:
    """An Accept that nothing fits is 406, an unknown format 422."""
    path = f"/v1/alignments/{alignment_id}/assignments"
    assert bench.client.get(path, headers={"Accept": "image/png"}).status_code == 406
    assert bench.client.get(path, params={"format": "pdf"}).status_code == 422
    moves = f"/v1/alignments/{alignment_id}/moves"
    assert bench.client.get(moves, params={"format": "xlsx"}).status_code == 406


def test_moves_have_reasons(bench: Bench, alignment_id: str) -> None:
    """a4 goes from R1, which was 48 % over, to R2, which is nearer."""
    moves = bench.get(f"/v1/alignments/{alignment_id}/moves")
    assert moves["total_size"] == 1
    move = moves["items"][0]
    assert (move["account_id"], move["from"], move["to"]) == ("a4", "R1", "R2")
    assert move["reason"].startswith("R1 was 48 % over its workload share; R2 was 48 % under")
    assert move["measures"] == {"workload": 13.0, "potential": 4000.0}
    assert bench.get(f"/v1/alignments/{alignment_id}/moves", to="R1")["total_size"] == 0
    as_csv = bench.client.get(f"/v1/alignments/{alignment_id}/moves", params={"format": "csv", "bom": False})
    assert as_csv.text.splitlines()[0] == (
        '"account_id","from","to","workload","potential","reason","reason_code","account_name",'
        '"from_name","to_name","travel_km_before","travel_km_after"'
    )


def test_comparison_shows_both_and_the_difference(bench: Bench, alignment_id: str) -> None:
    """With the current alignment only a4 differs; a missing one is 404."""
    current = bench.current()
    answer = bench.get(f"/v1/alignments/{current}/comparison", **{"with": alignment_id})
    weighs = {"workload": 13.0, "potential": 4000.0}
    assert answer["accounts"]["items"] == [
        {
            "account_id": "a4",
            "account_name": "=SUM(A1)",
            "rep_id": "R1",
            "rep_name": "Çelik",
            "with_rep_id": "R2",
            "with_rep_name": "Nguyễn",
            "measures": weighs,
            "with_measures": weighs,
        }
    ]
    assert answer["difference"]["accounts"] == 1
    assert answer["difference"]["reps"][0]["measures"]["workload"]["load"] == -13.0
    path = f"/v1/alignments/{current}/comparison"
    assert bench.client.get(path, params={"with": "al_none"}).status_code == 404
    assert bench.client.get(path).status_code == 422


def test_other_accounts_are_not_compared(bench: Bench, alignment_id: str) -> None:
    """A dataset with one account less is refused with a sentence."""
    smaller = {**bench.body, "accounts": bench.body["accounts"][:3]}
    other = bench.created("/v1/datasets", smaller)["id"]
    current = bench.current(other)
    answer = bench.client.get(f"/v1/alignments/{alignment_id}/comparison", params={"with": current})
    assert answer.status_code == 422
    assert "1 of 4 are missing there" in answer.json()["detail"]


def test_territories_hold_their_accounts_and_are_kept(bench: Bench, alignment_id: str) -> None:
    """The map is drawn once: the second answer has the same bytes, and an ETag saves it."""
    path = f"/v1/alignments/{alignment_id}/territories"
    first = bench.client.get(path)
    assert first.headers["content-type"].startswith("application/geo+json")
    assert [item["id"] for item in first.json()["features"]] == ["R1", "R2"]
    assert first.json()["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert first.json()["outside"] == []
    assert bench.client.get(path).content == first.content
    again = bench.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert bench.client.get(path, params={"simplify_m": "nan"}).status_code == 422
    assert bench.client.get(path, params={"simplify_m": 5000}).status_code == 200


@pytest.mark.parametrize("map_name", ["territories", "map"])
def test_maps_are_packed_for_callers_who_take_it(bench: Bench, alignment_id: str, map_name: str) -> None:
    """The packed form has the same content and a tag of its own, which saves it; without gzip it comes plain."""
    path = f"/v1/alignments/{alignment_id}/{map_name}"
    packed = bench.client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    for wanted in ("identity", "gzip;q=0", ""):
        plain = bench.client.get(path, headers={"Accept-Encoding": wanted})
        assert "content-encoding" not in plain.headers
        assert plain.content == packed.content
        assert plain.headers["etag"] != packed.headers["etag"]
    for first, wanted in ((packed, "gzip"), (plain, "identity")):
        again = {"Accept-Encoding": wanted, "If-None-Match": first.headers["etag"]}
        assert bench.client.get(path, headers=again).status_code == 304


def test_map_points_in_a_box(bench: Bench, alignment_id: str) -> None:
    """Four accounts and two homes; a box holds fewer; a bad box is named."""
    path = f"/v1/alignments/{alignment_id}/map"
    everything = bench.get(path)
    assert everything["counts"]["accounts"] == 4
    assert everything["counts"]["reps"] == 2
    west = bench.get(path, bbox="9,49,11.5,51")
    assert [item["id"] for item in west["features"]] == ["a1", "a2", "R1"]
    for bad in ("1,2,3", "a,b,c,d", "0,10,10,0", "nan,0,1,1", "-200,0,0,0"):
        assert bench.client.get(path, params={"bbox": bad}).status_code == 422, bad


def test_rename_and_archive_under_if_match(bench: Bench, alignment_id: str) -> None:
    """Name and archive mark change; a stale ETag is 412; nothing else can change."""
    path = f"/v1/alignments/{alignment_id}"
    etag = bench.client.get(path).headers["etag"]
    changed = bench.client.patch(path, json={"name": "Ω plan"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["name"]) == (200, "Ω plan")
    assert changed.headers["etag"] == bench.client.get(path).headers["etag"]
    stale = bench.client.patch(path, json={"archived": True}, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert bench.client.patch(path, json={"archived": True}).json()["archived"] is True
    assert bench.get("/v1/alignments", archived=True)["total_size"] == 1
    assert bench.client.patch(path, json={"objective": 0}).status_code == 422


def test_an_alignment_that_nothing_uses_is_deleted(bench: Bench, alignment_id: str) -> None:
    """It is gone with its kept files, while another one with the same assignments stays whole."""
    twin = bench.store(["R1", "R1", "R2", "R2"])
    bench.client.get(f"/v1/alignments/{alignment_id}/territories")
    assert bench.client.delete(f"/v1/alignments/{alignment_id}").status_code == 204
    assert bench.client.get(f"/v1/alignments/{alignment_id}").status_code == 404
    assert bench.get(f"/v1/alignments/{twin}/assignments")["total_size"] == 4


def test_an_alignment_in_use_is_not_deleted(bench: Bench, alignment_id: str) -> None:
    """The current one of a dataset, a job's result, and a parent answer 409."""
    current = bench.current()
    job_result = bench.store(["R1", "R1", "R2", "R2"])
    with transaction(bench.app.state.sessions) as session:
        session.add(
            Job(
                id="job_x",
                name="x",
                state="succeeded",
                dataset_id=bench.dataset_id,
                scenario_id=bench.scenario_id,
                alignment_id=job_result,
                time_limit_s=1.0,
            )
        )
        get_alignment(session, job_result).parent_id = alignment_id
    for used in (current, job_result, alignment_id):
        answer = bench.client.delete(f"/v1/alignments/{used}")
        assert (answer.status_code, answer.json()["code"]) == (409, "IN_USE")


def test_publishing_makes_a_dataset_with_this_current(bench: Bench, alignment_id: str) -> None:
    """The new dataset has the alignment as current, the old one as parent, and the origin is noted."""
    answer = bench.client.post(f"/v1/alignments/{alignment_id}/publish", headers={"Idempotency-Key": "p"})
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert answer.headers["location"] == f"/v1/datasets/{dataset['id']}"
    assert dataset["parent_id"] == bench.dataset_id
    current = bench.get(f"/v1/datasets/{dataset['id']}/current")
    assert current["origin"] == {"kind": "import", "job_id": None, "parent_id": alignment_id}
    owners = bench.get(f"/v1/alignments/{current['id']}/assignments")["items"]
    assert [item["rep_id"] for item in owners] == ["R1", "R1", "R2", "R2"]
    replay = bench.client.post(f"/v1/alignments/{alignment_id}/publish", headers={"Idempotency-Key": "p"})
    assert (replay.json(), replay.headers["idempotent-replayed"]) == (dataset, "true")
    assert bench.client.delete(f"/v1/alignments/{alignment_id}").json()["code"] == "IN_USE"


def test_an_alignment_with_violations_is_not_published(bench: Bench) -> None:
    """409, and no dataset is made."""
    violation: dict[str, Any] = {"criterion": "balance", "measure": "workload", "rep_id": "R1", "by": 21.0}
    broken = bench.store(["R1", "R1", "R1", "R1"], summary={"violations": [violation]})
    before = bench.get("/v1/datasets")["total_size"]
    answer = bench.client.post(f"/v1/alignments/{broken}/publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "HAS_VIOLATIONS")
    assert bench.get("/v1/datasets")["total_size"] == before


def test_the_certificate_is_served_as_stored(bench: Bench, alignment_id: str) -> None:
    """404 without one; else the stored bytes."""
    missing = bench.client.get(f"/v1/alignments/{alignment_id}/certificate")
    assert missing.status_code == 404
    proof = {"objective": 0.41, "lower_bound": 0.4, "gap": 0.0243, "kind": "lagrangian"}
    proven = bench.store(["R1", "R1", "R2", "R2"], certificate=proof)
    assert bench.get(f"/v1/alignments/{proven}/certificate") == proof
