"""Working on a plan by hand: carry, give, lock, undo and redo, re-optimize, share; in a real browser."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.ui.test_stories import MAP_LIMIT_MS, open_plan

JOB_LIMIT_MS = 300_000


def pick(page: Page, *, rows: int = 1) -> Locator:
    """Select the first accounts of the table; return the panel that says so."""
    page.locator("#drawer-table tbody button.row").first.click()
    page.get_by_role("button", name="Select", exact=True).click()
    chosen = page.get_by_role("region", name="Selected accounts")
    expect(chosen).to_contain_text(f"{rows} account")
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


def test_a_selection_is_carried_onto_a_bar_and_onto_a_territory(page: Page, solved: dict[str, Any]) -> None:
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
    canvas = page.locator("canvas.maplibregl-canvas").bounding_box()
    assert canvas
    goal = territory_of_somebody_else(page, canvas)
    carry_to(page, chosen.get_by_test_id("carry"), goal)
    expect(page.get_by_text("Changed by hand.")).to_be_visible(timeout=MAP_LIMIT_MS)


def territory_of_somebody_else(page: Page, canvas: Any) -> tuple[float, float]:
    """Look for a place on the map whose territory is not that of the account that is open."""
    own = page.locator("article.card p").first.inner_text()
    for across in (0.75, 0.6, 0.85, 0.4, 0.3, 0.2):
        for down in (0.3, 0.4, 0.5):
            x, y = canvas["x"] + across * canvas["width"], canvas["y"] + down * canvas["height"]
            page.mouse.move(x, y)
            page.wait_for_timeout(100)
            lit = page.locator(".said").first.inner_text()
            if ":" in lit and lit.split(":")[0] not in own:
                return x, y
    raise AssertionError("no other territory under the pointer")


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
