"""What is wished for: locks by a filter, and the effect of every field in plain words; in a real browser."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.stories.conftest import Service
from tests.ui.test_stories import MAP_LIMIT_MS, open_plan, take_the_plan


@pytest.fixture(scope="module")
def key_accounts(files: dict[str, Path]) -> dict[str, str]:
    """Return the current rep of each account of segment A whose rep is active."""
    with files["reps"].open(encoding="utf-8", newline="") as file:
        active = {row["id"] for row in csv.DictReader(file) if row["active"].lower() == "true"}
    with files["accounts"].open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["segment"] == "A"]
    held = {row["id"]: row["current_rep_id"] for row in rows if row["current_rep_id"] in active}
    assert 0 < len(held) < len(rows), "the example has accounts of a rep who left, too"
    return held


def plain_words(page: Page) -> Locator:
    """Return the sentences that say what the form asks for."""
    return page.locator("section.note").filter(has=page.get_by_role("heading", name="In plain words"))


def lock_segment(page: Page, segment: str) -> None:
    """Lock the accounts of a segment with their current reps."""
    field = page.get_by_label("Field", exact=True)
    field.focus()
    expect(field.locator("option", has_text="segment")).to_have_count(1)
    field.select_option("segment")
    page.get_by_label("contains", exact=True).fill(segment)
    page.get_by_role("button", name="Lock", exact=True).click()


def test_accounts_are_locked_by_a_filter_and_stay(
    page: Page, service: Service, solved: dict[str, Any], key_accounts: dict[str, str]
) -> None:
    """A filter locks its accounts, but for those of a rep who left; criteria hold them, and the plan keeps them."""
    open_plan(page, solved)
    page.get_by_label("Band", exact=True).first.select_option(label="as near as possible")
    page.get_by_text("Limits and locks").click()
    lock_segment(page, "a")
    expect(page.get_by_text(f"{len(key_accounts)} accounts added.")).to_be_visible()
    expect(plain_words(page)).to_contain_text(f"{len(key_accounts)} accounts are locked.")
    page.get_by_label("Longest search").select_option("60")
    page.get_by_label("Name", exact=True).fill("Key accounts stay")
    page.get_by_role("button", name="Find the best plan").click()
    take_the_plan(page)
    found = re.search(r"job=(\w+)", page.url)
    assert found
    with service.client() as http:
        job = http.get(f"/v1/jobs/{found[1]}").raise_for_status().json()
        criteria = http.get(f"/v1/scenarios/{job['scenario_id']}").raise_for_status().json()["criteria"]
        address = f"/v1/alignments/{job['alignment_id']}/assignments?page_size=1000"
        rows = http.get(address).raise_for_status().json()["items"]
    assert {lock["account_id"]: lock["rep_id"] for lock in criteria["locks"]} == key_accounts
    assert {row["account_id"]: row["rep_id"] for row in rows if row["account_id"] in key_accounts} == key_accounts


def test_locks_of_a_filter_are_released_and_not_counted_twice(
    page: Page, solved: dict[str, Any], key_accounts: dict[str, str]
) -> None:
    """The same filter adds nothing the second time, and all locks go at a click."""
    open_plan(page, solved)
    page.get_by_text("Limits and locks").click()
    lock_segment(page, "A")
    expect(page.get_by_text(f"{len(key_accounts)} accounts added.")).to_be_visible()
    lock_segment(page, "A")
    expect(page.get_by_text("0 accounts added.")).to_be_visible()
    expect(plain_words(page)).to_contain_text(f"{len(key_accounts)} accounts are locked.")
    page.get_by_role("button", name="Release all").click()
    expect(plain_words(page)).not_to_contain_text("locked")


def test_plain_words_follow_the_form(page: Page, solved: dict[str, Any]) -> None:
    """The band in hours, what counts more and the budget are said as soon as the form says them."""
    open_plan(page, solved)
    words = plain_words(page)
    page.get_by_label("Tolerance").first.fill("0.1")
    page.get_by_label("Band", exact=True).first.select_option(label="for every rep, no exception")
    band = words.get_by_text(re.compile(r"^Every full-time rep has [\d.,]+.* to [\d.,]+.* of workload\.$"))
    expect(band).to_be_visible()
    narrow = band.inner_text()
    page.get_by_label("Tolerance").first.fill("0.3")
    expect(band).not_to_have_text(narrow)
    page.get_by_label("Band", exact=True).first.select_option(label="as near as possible")
    expect(words).to_contain_text("as the rest allows.")
    weigh(page, "Travel", 60)
    weigh(page, "Stability", 10)
    expect(words).to_contain_text("Short ways count more than keeping accounts where they are.")
    weigh(page, "Travel", 10)
    weigh(page, "Stability", 60)
    expect(words).to_contain_text("Accounts move only where it saves much travel.")
    page.get_by_text("Limits and locks").click()
    page.get_by_label("Accounts that may move").fill("25")
    expect(words).to_contain_text("At most 25 accounts move.", timeout=MAP_LIMIT_MS)


def weigh(page: Page, name: str, weight: int) -> None:
    """Move the slider of a weight."""
    page.locator(".weight").filter(has_text=name).get_by_role("slider").fill(str(weight))


def test_what_is_written_outlives_a_reload_and_a_look_at_another_plan(page: Page, solved: dict[str, Any]) -> None:
    """A tolerance that was moved and not yet asked for is there again after both; a plan's own question is not lost."""
    open_plan(page, solved)
    tolerance = page.get_by_label("Tolerance").first
    expect(tolerance).to_have_value("0.15")
    tolerance.fill("0.22")
    expect(page.get_by_text("±22%")).to_be_visible()
    page.reload()
    expect(page.get_by_text("±22%")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_label("Plan on the map").select_option(label="Today")
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.reload()
    expect(page.get_by_text("±22%")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.go_back()
    expect(page.get_by_label("Plan on the map").locator("option:checked")).to_have_text("Realigned")
    expect(page.get_by_text("±22%")).to_be_visible(timeout=MAP_LIMIT_MS)
    tolerance.fill("0.15")
    page.reload()
    expect(page.get_by_text("±15%").first).to_be_visible(timeout=MAP_LIMIT_MS)
