"""A plan seen by managers: the map, the bars and the table at each level of the hierarchy; in a real browser."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.stories.conftest import Service
from tests.ui.test_stories import MAP_LIMIT_MS


@pytest.fixture(scope="module")
def led(service: Service, files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Import the small organization with two managers below a director who has no row; return its plan of today."""
    reps = tmp_path_factory.mktemp("led") / "reps.csv"
    with files["reps"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for at, row in enumerate(rows):
        row["manager_id"] = "Zürich" if at % 4 == 0 else rows[at - at % 4]["id"]
    with reps.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    parts = {"accounts": files["accounts"], "reps": reps}
    with service.client() as http:
        sent = {name: (path.name, path.read_bytes()) for name, path in parts.items()}
        dataset = http.post("/v1/datasets", files=sent, data={"name": "Led"}).raise_for_status().json()
        current = http.get(f"/v1/datasets/{dataset['id']}/current").raise_for_status().json()
    return {"dataset_id": dataset["id"], "alignment_id": current["id"], "managers": [rows[0]["id"], rows[4]["id"]]}


def open_led(page: Page, led: dict[str, Any], **more: str) -> None:
    """Open the plan and wait for its map."""
    query = "&".join(f"{name}={value}" for name, value in more.items())
    page.goto(f"/?dataset={led['dataset_id']}&alignment={led['alignment_id']}&{query}")
    expect(page.locator(".sentence").first).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_text("Drawing territories")).to_have_count(0, timeout=MAP_LIMIT_MS)


def test_managers_take_the_place_of_their_reps(page: Page, led: dict[str, Any]) -> None:
    """Each level has its own lines in bars and table; the address holds it, and back leads to the reps."""
    open_led(page, led, tab="reps")
    expect(page.get_by_role("tab", name="Reps 8")).to_be_visible()
    levels = page.get_by_label("Seen by")
    expect(levels.locator("option")).to_have_text(["Reps", "Managers, level 2", "Managers, level 1"])
    levels.select_option(label="Managers, level 2")
    expect(page.get_by_role("tab", name="Managers 2")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_text(re.compile(r"of 2 managers in band"))).to_be_visible()
    for manager in led["managers"]:
        expect(page.locator("#drawer-table tbody")).to_contain_text(manager)
    page.reload()
    expect(page.get_by_role("tab", name="Managers 2")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_label("Seen by").select_option(label="Managers, level 1")
    expect(page.locator("#drawer-table tbody")).to_contain_text("Zürich", timeout=MAP_LIMIT_MS)
    page.go_back()
    expect(page.get_by_role("tab", name="Managers 2")).to_be_visible(timeout=MAP_LIMIT_MS)


def test_managers_are_looked_at_and_not_given_accounts(page: Page, led: dict[str, Any]) -> None:
    """At a level nothing is changed by hand, and a sentence says where it can be."""
    open_led(page, led, tab="accounts", level="2")
    expect(page.get_by_text("To change accounts, see by reps.")).to_be_visible()
    page.locator("#drawer-table tbody button.row").first.click()
    card = page.locator("article.card")
    expect(card).to_contain_text("Stays with")
    expect(card.get_by_role("button", name="Lock", exact=True)).to_have_count(0)
    page.get_by_label("Seen by").select_option(label="Reps")
    expect(card.get_by_role("button", name="Lock", exact=True)).to_be_visible(timeout=MAP_LIMIT_MS)


def test_a_level_that_is_not_there_leads_to_the_reps(page: Page, led: dict[str, Any]) -> None:
    """An address with too deep a level shows the reps."""
    open_led(page, led, tab="reps", level="9")
    expect(page.get_by_role("tab", name="Reps 8")).to_be_visible(timeout=MAP_LIMIT_MS)
    assert "level=" not in page.url
