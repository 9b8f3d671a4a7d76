"""Jobs in the page: the best so far on the map, curves and trade-offs; in a real browser on a real service."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from geo_data.synthetic import generate
from tests.stories.conftest import Service
from tests.ui.test_stories import JOB_LIMIT_MS, MAP_LIMIT_MS, open_plan

WATCH_FOR_FLICKER = """
window.flickers = 0;
new MutationObserver(() => { if (document.body.innerText.includes('Drawing territories')) window.flickers += 1; })
  .observe(document.body, { subtree: true, childList: true });
"""


@pytest.fixture(scope="module")
def larger(service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Import an organization that keeps a search busy for a while; return the dataset."""
    from app.exchange.dataset_files import write_columns

    folder = tmp_path_factory.mktemp("larger")
    data = generate(num_accounts=1200, num_reps=60, seed=7, countries=("US",))  # 20 a rep: the gap stays above 0.1 %
    files = {}
    for name, columns in (("accounts", data.accounts), ("reps", data.reps)):
        write_columns(folder / f"{name}.csv", columns)
        files[name] = (f"{name}.csv", Path(folder / f"{name}.csv").read_bytes())
    with service.client() as http:
        return dict(http.post("/v1/datasets", files=files, data={"name": "Larger"}).raise_for_status().json())


def test_the_best_so_far_is_on_the_map_while_it_runs(page: Page, larger: dict[str, Any]) -> None:
    """The map shows the running job's best plan, without a flicker; taking it ends the search and keeps it."""
    page.goto(f"/?dataset={larger['id']}")
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_text("Drawing territories")).to_have_count(0, timeout=MAP_LIMIT_MS)
    today = re.search(r"alignment=(\w+)", page.url)
    page.get_by_label("Longest search").select_option("300")
    page.get_by_role("button", name="Find the best plan").click()
    page.evaluate(WATCH_FOR_FLICKER)
    expect(page.get_by_text("The map shows the best plan so far.")).to_be_visible(timeout=JOB_LIMIT_MS)
    assert today
    expect(page).not_to_have_url(re.compile(today[0]), timeout=JOB_LIMIT_MS)
    expect(page.get_by_label("Plan on the map")).to_contain_text("Best so far")
    expect(page.locator(".sentence").first).to_contain_text("(today")
    page.get_by_role("button", name="Take this plan").click()
    expect(page.get_by_text(re.compile(r"Found in|there is no better plan")).first).to_be_visible(timeout=JOB_LIMIT_MS)
    expect(page.get_by_label("Plan on the map")).to_contain_text("Plan", timeout=MAP_LIMIT_MS)
    assert page.evaluate("window.flickers") == 0


def test_another_plan_stays_while_a_job_runs(page: Page, larger: dict[str, Any]) -> None:
    """Who opens another plan meanwhile keeps it; the best so far is a click away, and cancel throws it away."""
    page.goto(f"/?dataset={larger['id']}")
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_label("Longest search").select_option("300")
    page.get_by_role("button", name="Find the best plan").click()
    expect(page.get_by_label("Plan on the map")).to_contain_text("Best so far", timeout=JOB_LIMIT_MS)
    page.get_by_role("button", name=re.compile("^Today")).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_role("button", name="Show the best so far").click()
    expect(page.get_by_text("The map shows the best plan so far.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_role("button", name="Throw it away …").click()
    page.get_by_role("button", name="Yes, throw it away").click()
    expect(page.get_by_text("The job was canceled; there is no result.")).to_be_visible(timeout=JOB_LIMIT_MS)


def test_trade_offs_are_a_chart_whose_dots_open_plans(page: Page, solved: dict[str, Any]) -> None:
    """A Pareto set comes as dots and lines of a table; a click on a dot opens its plan, another measure redraws it."""
    open_plan(page, solved)
    page.get_by_text("Choices and their price").click()
    page.get_by_label("Longest search").select_option("60")
    page.get_by_role("button", name="Trade-offs", exact=True).click()
    curve = page.get_by_test_id("curve")
    expect(curve.locator("tbody tr").nth(2)).to_be_visible(timeout=JOB_LIMIT_MS)
    keep = page.get_by_role("button", name="Keep these points")
    keep.evaluate_all("buttons => buttons.forEach(button => button.click())")  # unless all points are there already
    expect(keep).to_have_count(0, timeout=JOB_LIMIT_MS)
    before = page.url
    curve.locator("svg circle.dot").first.click(force=True)  # a neighbor's reach may lie over it
    expect(curve.locator("svg g[aria-pressed=true]")).not_to_have_count(0)
    assert page.url != before
    expect(page.get_by_label("Plan on the map")).to_contain_text("Trade-offs", timeout=MAP_LIMIT_MS)
    curve.get_by_label("Shown").select_option(label="Travel a year")
    expect(curve.locator("svg")).to_contain_text("↑ Travel a year")
    curve.locator("tbody button.link").last.click()
    expect(curve.locator("tbody tr.open")).not_to_have_count(0)


def test_team_sizes_are_compared_and_one_opens_with_its_reps(page: Page, solved: dict[str, Any]) -> None:
    """A point a team as chart and table, by travel or load; one with a rep more opens on data with that rep."""
    open_plan(page, solved)
    page.get_by_text("Choices and their price").click()
    page.get_by_label("Smallest team").fill("6")
    page.get_by_label("Largest team").fill("8")
    page.get_by_label("Covered within, km").fill("800")
    page.get_by_label("Longest search").select_option("60")
    page.get_by_role("button", name="Compare team sizes").click()
    curve = page.get_by_test_id("curve")
    expect(curve.locator("tbody tr")).to_have_count(3, timeout=JOB_LIMIT_MS)
    expect(page.get_by_role("button", name="Keep these points")).to_have_count(0, timeout=JOB_LIMIT_MS)
    expect(curve.get_by_role("columnheader", name="Accounts covered")).to_be_visible()
    expect(curve.locator("svg")).to_contain_text("Reps →")
    curve.get_by_label("Shown").select_option(label="Workload per rep")
    expect(curve.locator("svg")).to_contain_text("↑ Workload per rep")
    point = curve.get_by_role("button", name=re.compile("^8 reps: Workload per rep"))
    point.press("Enter")
    expect(point).to_have_attribute("aria-pressed", "true")
    expect(page).not_to_have_url(re.compile(f"dataset={solved['dataset_id']}"), timeout=MAP_LIMIT_MS)
    expect(page.get_by_role("slider", name="Index of Workload for 8 reps")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(curve.locator("tbody tr")).to_have_count(3)
