"""The printed report: complete, self-contained, and harmless whatever the names are."""

import copy
import re
from html.parser import HTMLParser
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.alignments.conftest import Bench
from tests.app.conftest import tiny_dataset

HOSTILE = '<script>alert("x")</script>'


class Tags(HTMLParser):
    """Collect the tags, attributes and visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


def report(bench: Bench, alignment_id: str) -> str:
    """Return the report's page."""
    answer = bench.client.get(f"/v1/alignments/{alignment_id}/report")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return str(answer.text)


def test_the_headline_says_how_good_how_fair_and_what_it_costs(bench: Bench, alignment_id: str) -> None:
    """Gap 2.4 %, both reps in band where none was, one account with 40 % of potential moves."""
    assert (
        "Within 2.4 % of the best possible alignment; 2 of 2 reps in band (today 0); "
        "1 account moves, 40 % of potential." in report(bench, alignment_id)
    )


def test_it_has_two_maps_a_chart_and_every_part(bench: Bench, alignment_id: str) -> None:
    """Today beside proposed, bars of the balanced measure, criteria in words, hashes."""
    page = Tags(report(bench, alignment_id))
    assert page.tags.count("figure") == 2
    assert page.tags.count("svg") == 3
    text = " ".join(page.texts)
    assert "workload must be within 20 % of an equal share." in text.replace("Each rep's ", "")
    assert "Their rep had more than its share" in text
    assert bench.get(f"/v1/alignments/{alignment_id}")["hashes"]["dataset"] in text
    assert "Łódź" not in text  # accounts are in the files, the page names reps
    assert "Nguyễn" in text


def test_nothing_is_fetched_and_nothing_runs(bench: Bench, alignment_id: str) -> None:
    """No script, no link, no address, no event handler, and a policy that forbids them."""
    page = report(bench, alignment_id)
    parsed = Tags(page)
    assert not {"script", "link", "img", "iframe", "a", "image", "use"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name in ("src", "href", "xlink:href")]
    assert not re.search(r"https?://|url\(|@import", page)
    assert "default-src 'none'" in page


def test_every_name_is_escaped_and_isolated(app: FastAPI, client: TestClient) -> None:
    """A rep called like a script is text, and right-to-left names stand in bdi."""
    body: dict[str, Any] = copy.deepcopy(tiny_dataset())
    body["name"] = HOSTILE
    body["reps"][0]["name"] = HOSTILE
    body["reps"][1]["name"] = "يوسف الحسن"
    for account in body["accounts"]:
        account["measures"]['"><script>'] = 1.0
    bench = Bench(app, client, body)
    page = report(bench, bench.store(["R1", "R1", "R2", "R2"], name=HOSTILE))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<bdi>يوسف الحسن</bdi>" in page


def test_an_import_has_a_report_too(bench: Bench) -> None:
    """Without criteria there is no gap, and the page says so."""
    page = report(bench, bench.current())
    assert "0 of 2 reps in band" in page
    assert "this is the alignment in force" in page
    assert "No criteria were asked" in page


def test_a_first_alignment_has_one_map(app: FastAPI, client: TestClient) -> None:
    """Where nobody had an account before, there is no today."""
    body = tiny_dataset()
    for account in body["accounts"]:
        account["current_rep_id"] = None
    bench = Bench(app, client, body)
    page = Tags(report(bench, bench.store(["R1", "R1", "R2", "R2"])))
    assert page.tags.count("figure") == 1
    assert "today" not in " ".join(page.texts).split("Words")[0].split("How fair")[0]


def test_violations_stand_on_the_page(bench: Bench) -> None:
    """What is broken is said in its own sentence."""
    broken = bench.store(
        ["R1", "R1", "R1", "R2"],
        summary={"violations": [{"criterion": "balance", "detail": "R1 carries 33 hours, over 27.6."}]},
    )
    assert "R1 carries 33 hours, over 27.6." in report(bench, broken)


def test_data_without_places_has_a_report_without_maps(app: FastAPI, client: TestClient) -> None:
    """With the caller's own travel costs nothing has coordinates; the rest of the page stands."""
    body = tiny_dataset()
    for row in (*body["accounts"], *body["reps"]):
        row |= {"lat": None, "lon": None}
    body["pairs"] = [
        {"account_id": account["id"], "rep_id": rep["id"], "cost": 1.0}
        for account in body["accounts"]
        for rep in body["reps"]
    ]
    bench = Bench(app, client, body, criteria={"travel": {"weight": 1, "source": "pairs"}})
    alignment_id = bench.store(["R1", "R1", "R2", "R2"])
    assert "figure" not in Tags(report(bench, alignment_id)).tags
    territories = bench.get(f"/v1/alignments/{alignment_id}/territories")
    assert [item["geometry"]["coordinates"] for item in territories["features"]] == [[], []]
    assert bench.get(f"/v1/alignments/{alignment_id}/map")["counts"]["accounts_without_place"] == 4
    assert bench.get(f"/v1/alignments/{alignment_id}/assignments")["items"][0]["travel_km"] is None


def test_one_account_is_enough(app: FastAPI, client: TestClient) -> None:
    """A single account makes a map, a chart and a headline."""
    body = tiny_dataset()
    body["accounts"] = body["accounts"][:1]
    bench = Bench(app, client, body)
    page = report(bench, bench.store(["R1"]))
    assert "0 of 2 reps in band (today 0)" in page
    assert Tags(page).tags.count("figure") == 2
