"""Answers that come late, or in another order than they were asked for, change nothing that was done meanwhile."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.stories.conftest import Service
from tests.ui.test_import_stories import drop
from tests.ui.test_stories import ENDED, JOB_LIMIT_MS, MAP_LIMIT_MS, open_plan


class Held:
    """The first request that fits is held back until it is let go; all others pass."""

    def __init__(self, page: Page, address: str, fits: Callable[[Request], bool] = lambda _: True) -> None:
        self._page = page
        self._fits = fits
        self._routes: list[Route] = []
        page.route(re.compile(address), self._take)

    def _take(self, route: Route) -> None:
        if self._routes or not self._fits(route.request):
            route.continue_()
        else:
            self._routes.append(route)

    def expect(self) -> None:
        """Wait until there is such a request."""
        for _ in range(MAP_LIMIT_MS // 20):
            if self._routes:
                return
            self._page.wait_for_timeout(20)
        raise AssertionError("nobody asked")

    def let_go(self) -> None:
        """Let it pass, and wait until the page has had time to read the answer."""
        request = self._routes[0].request
        with self._page.expect_response(lambda response: response.request == request) as answer:
            self._routes[0].continue_()
        answer.value.finished()
        self._page.evaluate("fetch('v1/limits').then(answer => answer.json())")


def test_the_form_waits_for_the_question_of_the_plan(page: Page, solved: dict[str, Any]) -> None:
    """As long as the open plan's question is not here nothing can be written into the form; then it stays."""
    scenario = Held(page, r"/v1/scenarios/\w+$")
    open_plan(page, solved)
    tolerance = page.get_by_label("Tolerance").first
    expect(tolerance).to_be_disabled()
    expect(page.get_by_role("button", name="Find the best plan")).to_be_disabled()
    scenario.let_go()
    expect(tolerance).to_be_enabled()
    expect(page.get_by_text("±15%", exact=True)).to_be_visible()
    tolerance.fill("0.31")
    expect(page.get_by_text("±31%", exact=True)).to_be_visible()


def test_an_account_opened_later_stays(page: Page, solved: dict[str, Any]) -> None:
    """The numbers of an account that was left before they came do not stand under the name of another."""
    open_plan(page, solved, tab="accounts")
    first = Held(page, r"/assignments\?.*account_id=")
    rows = page.locator("#drawer-table tbody button.row")
    rows.first.click()
    first.expect()
    rows.nth(1).click()
    card = page.locator("article.card")
    name = rows.nth(1).inner_text()
    expect(card.get_by_role("heading")).to_have_text(name)
    expect(card.get_by_role("button", name="Select", exact=True)).to_be_visible()
    first.let_go()
    expect(card.get_by_role("heading")).to_have_text(name)


def test_the_last_check_of_an_import_tells(page: Page, files: dict[str, Path]) -> None:
    """A meaning changed while the files are checked is checked, too, and the answer before does not replace its own."""
    first = Held(page, r"check_only=true")
    drop(page, files["accounts"], files["reps"])
    first.expect()
    page.get_by_text("Columns of accounts.csv").click()
    page.get_by_label("Meaning of potential").select_option(label="left out")
    ready = page.get_by_text("400 accounts and 8 reps are ready.")
    expect(ready).to_be_visible()
    found = page.locator(".findings")
    expect(found).not_to_contain_text("Potential")
    first.let_go()
    expect(page.get_by_role("button", name="Check again")).to_be_enabled()
    expect(ready).to_be_visible()
    expect(found).not_to_contain_text("Potential")


def test_a_cleared_import_stays_cleared(page: Page, files: dict[str, Path]) -> None:
    """What a check finds after its files were taken away is not shown."""
    check = Held(page, r"check_only=true")
    drop(page, files["accounts"], files["reps"])
    check.expect()
    page.get_by_role("button", name="Start over").click()
    check.let_go()
    expect(page.get_by_role("button", name="Take the example")).to_be_enabled()
    expect(page.locator(".findings")).to_have_count(0)


def test_a_plan_opened_before_the_first_best_stays(page: Page, solved: dict[str, Any]) -> None:
    """Who opens another plan before a job has found anything keeps it when the job finds one, and at its end."""
    open_plan(page, solved)
    best = Held(page, r"/v1/jobs/\w+(/alignment)?$", lambda request: request.method == "GET")
    page.get_by_label("Longest search").select_option("60")
    page.get_by_role("button", name="Find the best plan").click()
    best.expect()
    page.get_by_role("button", name=re.compile("^Today")).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    best.let_go()
    expect(page.get_by_text(ENDED).first).to_be_visible(timeout=JOB_LIMIT_MS)
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)


@pytest.fixture
def at_the_edge(service: Service) -> dict[str, Any]:
    """Import a rep whose index is 115.04, a hair outside of the band that is looked at; return today's plan."""
    body = {
        "name": "At the edge",
        "accounts": [
            {"id": f"A-{rep}", "lat": 50 + rep, "lon": 10, "current_rep_id": f"R-{rep}", "measures": {"workload": load}}
            for rep, load in enumerate((115.04, 84.96))
        ],
        "reps": [{"id": f"R-{rep}", "lat": 50 + rep, "lon": 10} for rep in range(2)],
    }
    with service.client() as http:
        dataset = http.post("/v1/datasets", json=body).raise_for_status().json()
        return dict(http.get(f"/v1/datasets/{dataset['id']}/current").raise_for_status().json())


def test_an_index_is_said_on_its_side_of_the_band(page: Page, at_the_edge: dict[str, Any]) -> None:
    """115.04 of at most 115 is out of the band, and is not said to be 115."""
    page.goto(f"/?dataset={at_the_edge['dataset_id']}&alignment={at_the_edge['id']}")
    bars = page.get_by_role("slider", name=re.compile("Index of Workload"))
    bars.press("Home")
    expect(bars).to_have_attribute("aria-valuetext", re.compile(r"115\.04 · "))
    expect(page.get_by_role("article", name="R-0").locator("strong")).to_have_text(["115.04", "100"])
