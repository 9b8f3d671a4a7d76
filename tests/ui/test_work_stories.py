"""Working on a plan by hand: carry, give, lock, undo and redo, re-optimize, share; in a real browser."""

import itertools
import math
import re
from typing import Any

from playwright.sync_api import FloatRect, Locator, Page, expect
from shapely.geometry import Point, shape

from tests.stories.conftest import Service
from tests.ui.test_map_stories import territories
from tests.ui.test_stories import JOB_LIMIT_MS, MAP_LIMIT_MS, expect_drawn, open_plan


def pick(page: Page, *, rows: int = 1) -> Locator:
    """Select the first accounts of the table; return the panel that says so."""
    page.locator("#drawer-table tbody button.row").first.click()
    page.get_by_role("button", name="Select", exact=True).click()
    chosen = page.get_by_role("region", name="Selected accounts")
    expect(chosen).to_contain_text(re.compile(rf"{rows} account.*Workload"))  # with its sums the panel has its width
    return chosen


def carry_to(page: Page, handle: Locator, goal: tuple[float, float]) -> None:
    """Press on a handle, move to a place of the window, and let go."""
    box = handle.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(goal[0], goal[1], steps=6)
    expect(page.locator(".carried")).to_contain_text("→")
    page.mouse.up()


def test_a_selection_is_carried_onto_a_bar_and_onto_a_territory(
    page: Page, service: Service, solved: dict[str, Any]
) -> None:
    """Dropped on a rep's bar the account changes hands, undo brings it back, redo again; a territory takes it, too."""
    open_plan(page, solved, tab="accounts")
    chosen = pick(page)
    bars = page.get_by_role("slider", name=re.compile("Index of Workload")).bounding_box()
    assert bars
    carry_to(page, chosen.get_by_test_id("carry"), (bars["x"] + bars["width"] - 6, bars["y"] + bars["height"] / 2))
    expect(page.get_by_text("Changed by hand.")).to_be_visible(timeout=MAP_LIMIT_MS)
    edited = page.url
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Changed by hand.")).to_have_count(0, timeout=MAP_LIMIT_MS)
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
    page.get_by_role("button", name="Redo").click()
    expect(page.get_by_text("Changed by hand.")).to_be_visible(timeout=MAP_LIMIT_MS)
    assert re.search(r"alignment=(\w+)", page.url)[1] == re.search(r"alignment=(\w+)", edited)[1]  # type: ignore[index]  # both have one
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Changed by hand.")).to_have_count(0, timeout=MAP_LIMIT_MS)
    chosen = pick(page)
    expect_drawn(page)
    goal = territory_of_somebody_else(page, territories(service, solved))
    carry_to(page, chosen.get_by_test_id("carry"), goal)
    expect(page.get_by_text("Changed by hand.")).to_be_visible(timeout=MAP_LIMIT_MS)


def territory_of_somebody_else(page: Page, features: list[dict[str, Any]]) -> tuple[float, float]:
    """Return a place on the map well inside a territory that is not that of the account that is open."""
    own = page.locator("article.card p").first.inner_text()
    others = [shape(one["geometry"]) for one in features if one["properties"]["rep_name"] not in own]
    shown = page.get_by_role("region", name=re.compile("^Map of"))
    box = shown.bounding_box()
    assert box
    for across, down in itertools.product((0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2), (0.4, 0.5, 0.3, 0.6)):
        place = (across * box["width"], down * box["height"])
        point = Point(*lon_lat(shown, place, box)).buffer(0.2)
        if any(other.contains(point) for other in others):
            return box["x"] + place[0], box["y"] + place[1]
    raise AssertionError("no other territory is in sight")


def lon_lat(shown: Locator, place: tuple[float, float], box: FloatRect) -> tuple[float, float]:
    """Return the longitude and latitude that a map shows at a place of its box (Web Mercator, tiles of 512 pixels)."""
    zoom, lat, lon = map(float, (shown.get_attribute("data-at") or "").split("/"))
    world = 512 * 2**zoom
    north = math.asinh(math.tan(math.radians(lat))) - (place[1] - box["height"] / 2) / world * 2 * math.pi
    return lon + (place[0] - box["width"] / 2) / world * 360, math.degrees(math.atan(math.sinh(north)))


def test_a_lock_is_set_seen_and_released(page: Page, solved: dict[str, Any]) -> None:
    """Locking makes an alignment in which the account is locked; unlocking another in which it is not."""
    open_plan(page, solved, tab="accounts")
    page.locator("#drawer-table tbody button.row").first.click()
    card = page.locator("article.card")
    card.get_by_role("button", name="Lock", exact=True).click()
    expect(card.get_by_text("Locked.")).to_be_visible(timeout=MAP_LIMIT_MS)
    card.get_by_role("button", name="Unlock", exact=True).click()
    expect(card.get_by_text("Locked.")).to_have_count(0, timeout=MAP_LIMIT_MS)


def test_what_was_given_is_solved_around(page: Page, solved: dict[str, Any]) -> None:
    """After a gift, a job solves around it; its plan keeps the gift, and its name tells it from the plan before."""
    open_plan(page, solved, tab="accounts")
    chosen = pick(page)
    account = page.locator("article.card h2").inner_text()
    goal = chosen.get_by_label("Give to …").locator("option").last
    rep = goal.inner_text().split(" · ")[0]
    chosen.get_by_label("Give to …").select_option(goal.get_attribute("value"))
    chosen.get_by_role("button", name="Give", exact=True).click()
    expect(page.get_by_text("Changed by hand.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_role("button", name="Re-optimize around").click()
    expect(page.get_by_text(re.compile(r"Found in|there is no better plan")).first).to_be_visible(timeout=JOB_LIMIT_MS)
    expect(page.locator("article.card h2")).to_have_text(account)
    expect(page.locator("article.card p").first).to_contain_text(rep, timeout=MAP_LIMIT_MS)
    opened = page.get_by_label("Plan on the map").locator("option:checked")
    expect(opened).to_have_text(re.compile(r"^Realigned · edit \d+, re-optimized$"), timeout=MAP_LIMIT_MS)


def test_the_address_holds_the_selection_the_search_and_the_divider(page: Page, solved: dict[str, Any]) -> None:
    """What was picked, searched for and dragged stands in another tab as it was."""
    open_plan(page, solved, tab="accounts")
    pick(page)
    page.get_by_role("searchbox").fill("a")
    page.get_by_role("button", name="Before / after").click()
    divider = page.get_by_role("slider", name="Divider between before and after")
    divider.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", "55", timeout=MAP_LIMIT_MS)
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.get_by_role("region", name="Selected accounts")).to_contain_text("1 account", timeout=MAP_LIMIT_MS)
    expect(page.get_by_role("searchbox")).to_have_value("a")
    expect(divider).to_have_attribute("aria-valuenow", "55", timeout=MAP_LIMIT_MS)
