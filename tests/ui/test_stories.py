"""The planner's path through the page, in a real browser on a real service."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.stories.conftest import Service
from tests.ui.conftest import changed_csv

MAP_LIMIT_MS = 60_000
JOB_LIMIT_MS = 600_000  # the first search of a run compiles its kernels
ENDED = re.compile(r"Found in|there is no better plan")


def open_plan(page: Page, solved: dict[str, Any], **more: str) -> None:
    """Open the solved plan and wait until its map is drawn."""
    query = "&".join(f"{name}={value}" for name, value in more.items())
    page.goto(f"/?dataset={solved['dataset_id']}&alignment={solved['alignment_id']}&{query}")
    expect(page.locator(".sentence").first).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_text("Drawing territories")).to_have_count(0, timeout=MAP_LIMIT_MS)


def expect_drawn(page: Page) -> None:
    """Wait until the map has drawn the plan's territories and accounts, and rests."""
    drawn = page.get_by_role("region", name=re.compile("^Map of"))
    expect(drawn).to_have_attribute("data-drawn", re.compile("."), timeout=MAP_LIMIT_MS)


def take_the_plan(page: Page) -> None:
    """Wait for the job's first plan and take it, unless the search has ended by itself meanwhile; wait for its end."""
    take, ended = page.get_by_role("button", name="Take this plan", disabled=False), page.get_by_text(ENDED)
    expect(take.or_(ended).first).to_be_visible(timeout=JOB_LIMIT_MS)
    take.evaluate_all("buttons => buttons.forEach(button => button.click())")
    expect(ended.first).to_be_visible(timeout=JOB_LIMIT_MS)


def test_the_example_is_one_click_away(page: Page) -> None:
    """A click imports 5,000 accounts; the map, the bars and today's numbers stand there."""
    page.goto("/")
    page.get_by_role("button", name="Take the example").click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.locator("canvas.maplibregl-canvas")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_role("slider", name=re.compile("Index of Workload for 48 reps"))).to_be_visible()
    expect(page.get_by_role("tab", name="Accounts 5,000")).to_be_visible()


def test_a_fault_names_its_row_and_the_mended_file_goes_on(page: Page, files: dict[str, Path], tmp_path: Path) -> None:
    """An impossible latitude is shown with its row; the mended file is checked, imported and opened."""
    bad = changed_csv(files["accounts"], tmp_path / "accounts.csv", {"lat": "123.5"}, row=15)
    page.goto("/")
    page.get_by_test_id("file-accounts").set_input_files(bad)
    page.get_by_test_id("file-reps").set_input_files(files["reps"])
    expect(page.get_by_role("rowheader", name="accounts, row 17")).to_be_visible()
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    page.get_by_test_id("file-accounts").set_input_files(files["accounts"])
    expect(page.get_by_text("400 accounts and 8 reps are ready.")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)


def test_a_crm_export_is_recognized_and_a_meaning_can_be_changed(page: Page, tmp_path: Path) -> None:
    """Salesforce's headers are known by name; another meaning is chosen from a list and sent."""
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(
        "Id,Name,OwnerId,BillingLatitude,BillingLongitude,AnnualRevenue,Hours\n"
        "0011,Łódź Works,0051,51.77,19.46,52000,18\n0012,Çelik,0052,52.23,21.01,41000,12\n",
        encoding="utf-8",
    )
    reps = tmp_path / "users.csv"
    reps.write_text("Id,Name,IsActive,Latitude,Longitude\n0051,Ada,true,51.7,19.4\n0052,Bo,true,52.2,21.0\n")
    page.goto("/")
    page.get_by_test_id("file-accounts").set_input_files(accounts)
    page.get_by_test_id("file-reps").set_input_files(reps)
    expect(page.get_by_text("Salesforce export")).to_have_count(2)
    page.get_by_text("Columns of accounts.csv").click()
    expect(page.get_by_label("Meaning of BillingLatitude")).to_have_value("lat")
    page.get_by_label("Meaning of Hours").select_option("measure:workload")
    expect(page.get_by_text("Workload 30")).to_be_visible()


def test_a_job_is_followed_survives_a_reload_and_shows_its_plan(page: Page, solved: dict[str, Any]) -> None:
    """Criteria become a job; its progress is live, a reload loses nothing, and the proven gap is said in words."""
    open_plan(page, solved)
    page.get_by_label("Tolerance").first.fill("0.2")
    expect(page.get_by_text("±20%")).to_be_visible()
    page.get_by_label("Longest search").select_option("60")
    page.get_by_label("Name", exact=True).fill("Wider")
    page.get_by_role("button", name="Find the best plan").click()
    running, ended = page.get_by_role("button", name="Take this plan"), page.get_by_text(ENDED)
    expect(running.or_(ended).first).to_be_visible(timeout=MAP_LIMIT_MS)
    page.reload()
    expect(page.get_by_role("heading", name="Wider")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(ended.first).to_be_visible(timeout=JOB_LIMIT_MS)
    expect(page.get_by_label("Plan on the map")).to_contain_text("Wider")
    expect(page.locator(".sentence")).to_contain_text("of 7 reps in band")


def test_impossible_wishes_come_with_their_arithmetic_and_a_remedy(page: Page, solved: dict[str, Any]) -> None:
    """A band that no budget of moves allows is refused with the numbers; a click takes the remedy into the form."""
    open_plan(page, solved)
    page.get_by_label("Band", exact=True).first.select_option(label="for every rep, no exception")
    page.get_by_text("Limits and locks").click()
    page.get_by_label("Accounts that may move").fill("1")
    page.get_by_label("Longest search").select_option("300")
    page.get_by_role("button", name="Find the best plan").click()
    expect(page.get_by_text("These wishes cannot be met together.")).to_be_visible(timeout=JOB_LIMIT_MS)
    expect(page.locator(".conflicts li").first).to_contain_text(re.compile(r"\d+ accounts"))
    page.get_by_role("button", name="Change the criteria so").first.click()
    expect(page.get_by_text("These wishes cannot be met together.")).to_have_count(0)


def test_wishes_are_checked_before_any_search(page: Page, solved: dict[str, Any]) -> None:
    """A hard band that no move may reach is refused with its fix, without a job; a change takes the answer away."""
    open_plan(page, solved)
    page.get_by_label("Band", exact=True).first.select_option(label="for every rep, no exception")
    page.get_by_text("Limits and locks").click()
    page.get_by_label("Accounts that may move").fill("0")
    page.get_by_role("button", name="Can this be done?").click()
    expect(page.locator(".conflicts li .fix").first).to_contain_text(".", timeout=MAP_LIMIT_MS)
    assert "job=" not in page.url
    page.get_by_label("Accounts that may move").fill("400")
    page.get_by_label("Accounts that may move").press("Tab")
    expect(page.locator(".conflicts")).to_have_count(0)


def test_a_remedy_with_one_more_rep_opens_its_own_dataset(page: Page, service: Service) -> None:
    """Too much work for one rep: remedies are ranked with their price, and the added rep's plan is one click away."""
    body = {
        "name": "Too much for one",
        "accounts": [
            {"id": "A-1", "lat": 51.77, "lon": 19.46, "measures": {"workload": 18}},
            {"id": "A-2", "lat": 52.40, "lon": 16.92, "measures": {"workload": 12}},
        ],
        "reps": [{"id": "R-1", "lat": 52.23, "lon": 21.01, "capacity": {"workload": {"max": 20}}}],
        "criteria": {"travel": {"weight": 30}},
        "search": {"time_limit_s": 20},
    }
    job = ended_job(service, body)
    assert "add_rep" in [one["kind"] for one in job["relaxations"]], job
    page.goto(f"/?dataset={job['dataset_id']}&job={job['id']}")
    expect(page.get_by_text("These wishes cannot be met together.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.locator(".remedies li")).to_have_count(len(job["relaxations"]))
    expect(page.locator(".remedies li").first).to_contain_text(re.compile(r"1\. .*Price: \d", re.DOTALL))
    page.get_by_role("button", name="Open it, with the added rep").click()
    expect(page.locator(".sentence").first).to_be_visible(timeout=MAP_LIMIT_MS)
    added = next(one for one in job["relaxations"] if one["kind"] == "add_rep")
    assert f"dataset={added['dataset_id']}" in page.url
    assert f"alignment={added['alignment_id']}" in page.url


def ended_job(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    """Submit a job over HTTP and return it when it has ended."""
    with service.client() as http:
        job = http.post("/v1/jobs", json=body).raise_for_status().json()
        for _ in range(6):
            job = http.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=30"}).raise_for_status().json()
            if job["ended_at"]:
                break
    return dict(job)


def test_a_curve_grows_shows_its_knee_and_opens_a_point(page: Page, solved: dict[str, Any]) -> None:
    """The price of moves is a chart and a table; a reload keeps it, and a point opens its plan by keyboard."""
    open_plan(page, solved)
    page.get_by_text("Choices and their price").click()
    page.get_by_label("Longest search").select_option("60")
    page.get_by_role("button", name="Price of moves", exact=True).click()
    curve = page.get_by_test_id("curve")
    expect(curve.locator("tbody tr").first).to_be_visible(timeout=JOB_LIMIT_MS)
    page.reload()
    expect(curve.locator("tbody tr").nth(4)).to_be_visible(timeout=JOB_LIMIT_MS)
    point = curve.locator("svg g[role=button]").last
    expect(point).to_have_attribute("aria-label", re.compile(r"accounts? moves?.*deviation", re.IGNORECASE))
    before = page.url
    point.press("Enter")
    expect(point).to_have_attribute("aria-pressed", "true")
    assert page.url != before
    expect(page.get_by_label("Plan on the map")).to_contain_text("Price of moves")
    keep = page.get_by_role("button", name="Keep these points")
    keep.evaluate_all("buttons => buttons.forEach(button => button.click())")  # the next story's job need not wait


def test_bars_table_and_address_show_the_same_rep(page: Page, solved: dict[str, Any]) -> None:
    """A rep chosen in the bars by keyboard is selected in the table, and a shared address shows the same."""
    open_plan(page, solved, tab="reps")
    page.get_by_role("slider", name=re.compile("Index of Workload")).press("End")
    chosen = page.locator("tr.selected").inner_text()
    assert re.search(r"R-\d+", chosen)
    page.get_by_role("button", name="Accounts", exact=True).first.click()
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.locator("tr.selected")).to_have_text(re.compile("R-"), timeout=MAP_LIMIT_MS)
    assert page.locator("tr.selected").inner_text() == chosen


def test_moves_say_why_and_before_stands_beside_after(page: Page, solved: dict[str, Any]) -> None:
    """Every move has its reason in the table; the divider shows today's territories beside the plan's."""
    open_plan(page, solved, tab="moves")
    expect(page.locator("#drawer-table tbody tr").first).to_contain_text(re.compile(r"[a-z] .*\."))
    page.get_by_role("button", name="Before / after").click()
    expect(page.get_by_role("slider", name="Divider between before and after")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.locator("canvas.maplibregl-canvas")).to_have_count(2, timeout=MAP_LIMIT_MS)


def test_an_account_is_explained_given_away_and_taken_back(page: Page, solved: dict[str, Any]) -> None:
    """Why this rep, the price of another, a gift that is rescored at once, and an undo."""
    open_plan(page, solved, tab="accounts")
    page.locator("#drawer-table tbody button.row").first.click()
    page.get_by_role("button", name="Why this rep?").click()
    expect(page.get_by_role("columnheader", name="If it went to")).to_be_visible()
    page.get_by_role("button", name="Give", exact=True).first.click()
    expect(page.get_by_text("Changed by hand.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Changed by hand.")).to_have_count(0, timeout=MAP_LIMIT_MS)
    assert f"alignment={solved['alignment_id']}" in page.url


def test_a_lasso_adds_up_what_it_holds(page: Page, solved: dict[str, Any]) -> None:
    """A line around the map selects accounts, with their sums, and asks whom to give them to."""
    open_plan(page, solved)
    expect_drawn(page)
    page.keyboard.press("l")
    box = page.locator("svg.lasso").bounding_box()
    assert box
    corners = [(0.1, 0.3), (0.9, 0.3), (0.9, 0.8), (0.1, 0.8)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()
    chosen = page.get_by_role("region", name="Selected accounts")
    expect(chosen).to_contain_text(re.compile(r"\d+ accounts.*Workload"))
    expect(chosen.get_by_label("Give to …")).to_be_visible()


def test_two_plans_stand_side_by_side(page: Page, solved: dict[str, Any]) -> None:
    """Comparing with today shows two maps, the numbers, and the accounts that differ."""
    open_plan(page, solved)
    page.get_by_role("button", name="Compare with Today").click()
    expect(page.locator("canvas.maplibregl-canvas")).to_have_count(2, timeout=MAP_LIMIT_MS)
    expect(page.get_by_role("heading", name=re.compile(r"\d+ accounts? differ"))).to_be_visible()
    expect(page.get_by_role("rowheader", name="Reps in band")).to_be_visible()
    page.get_by_role("button", name="Back to the map").click()
    expect(page.get_by_role("button", name="Find the best plan")).to_be_visible()


def test_exports_are_one_click_away(page: Page, solved: dict[str, Any]) -> None:
    """The menu holds the report and the files, and a file comes down."""
    open_plan(page, solved)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("link", name="Report to print")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel workbook").click()
    assert download.value.suggested_filename.endswith(".xlsx")


def test_a_crm_gets_its_files_or_says_what_is_missing(page: Page, solved: dict[str, Any]) -> None:
    """Data with own ids and names come down for HubSpot; for Salesforce the sentence says which ids are missing."""
    open_plan(page, solved)
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=MAP_LIMIT_MS) as download:
        page.get_by_role("button", name="HubSpot files").click()
    assert download.value.suggested_filename.endswith("-hubspot.zip")
    page.get_by_role("button", name="Salesforce files").click()
    refused = page.get_by_role("alert", name="Salesforce files: not possible yet")
    expect(refused).to_contain_text(re.compile(r"Salesforce.*\."), timeout=MAP_LIMIT_MS)
    refused.get_by_role("button", name="Close").click()
    expect(refused).to_have_count(0)


def test_without_webgl_a_plain_map_takes_its_place(page: Page, solved: dict[str, Any]) -> None:
    """A browser without WebGL gets a drawing of every territory, and the table."""
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "return /webgl/.test(kind) ? null : get.call(this, kind, ...rest); };"
    )
    open_plan(page, solved, tab="reps")
    expect(page.get_by_text("This browser has no WebGL")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.locator("figure svg path[data-rep]")).to_have_count(8)
