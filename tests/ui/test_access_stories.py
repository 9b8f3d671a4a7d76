"""Signing in with a key: asked for, tried, kept, forgotten; what a key may not do; in a real browser."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from tests.stories.conftest import Service, end_service, start_service
from tests.ui.conftest import WIDE
from tests.ui.test_people import PHONE, ROOMS, serious_findings
from tests.ui.test_stories import MAP_LIMIT_MS, take_the_plan

Keys = Callable[..., str]
UNKNOWN = "tk_000000000000_" + "0" * 52


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """Serve to holders of keys alone; return the service and its folder."""
    folder = tmp_path_factory.mktemp("guarded")
    running = start_service(folder, TERRITORY_ACCESS="key")
    yield running, folder
    end_service(running)


@pytest.fixture(scope="module")
def keys(guarded: tuple[Service, Path]) -> Keys:
    """Return the command that makes and revokes keys."""

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "app.cli", "keys", *arguments, "--data", str(guarded[1])]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ)).stdout.strip()

    return run


@pytest.fixture(scope="module")
def planner(keys: Keys) -> str:
    """Return a key that may do everything."""
    return keys("create", "Łódź planning")


@pytest.fixture(scope="module")
def plan(guarded: tuple[Service, Path], planner: str, files: dict[str, Path]) -> dict[str, Any]:
    """Import the small organization; return its address in the page."""
    with guarded[0].client() as http:
        http.headers["Authorization"] = f"Bearer {planner}"
        parts = {name: (path.name, path.read_bytes()) for name, path in files.items()}
        dataset = http.post("/v1/datasets", files=parts, data={"name": "Kept"}).raise_for_status().json()
        current = http.get(f"/v1/datasets/{dataset['id']}/current").raise_for_status().json()
    return {"dataset": dataset["id"], "alignment": current["id"]}


@pytest.fixture
def context(browser: Browser, guarded: tuple[Service, Path]) -> Iterator[BrowserContext]:
    """Open an empty profile; at the end, no answer may have made the browser ask by itself."""
    opened = browser.new_context(viewport=WIDE, locale="en-US", base_url=guarded[0].address, reduced_motion="reduce")
    asked: list[str] = []

    def note_asked(answer: Response) -> None:
        if "Basic" in answer.headers.get("www-authenticate", ""):
            asked.append(answer.url)

    opened.on("response", note_asked)
    yield opened
    opened.close()
    assert asked == []


def sign_in(page: Page, key: str, *, on_device: bool = False) -> None:
    """Type a key into the panel and send it."""
    page.get_by_label("Key or token").fill(key)
    if on_device:
        page.get_by_label("Stay signed in on this device").check()
    page.get_by_role("button", name="Sign in").click()


def test_a_wrong_key_says_what_to_do_and_the_right_one_opens_everything(
    context: BrowserContext, keys: Keys, planner: str, plan: dict[str, Any]
) -> None:
    """Unknown and revoked keys have a sentence each; then map, table, job, its events and files come with the key."""
    revoked = keys("create", "Old")
    keys("revoke", revoked)
    page = context.new_page()
    page.goto(f"/?dataset={plan['dataset']}&tab=accounts")
    panel = page.get_by_role("dialog", name="This service asks for a key")
    expect(panel).to_be_visible()
    for wrong, said in (("not a key", "does not know"), (UNKNOWN, "copied, from tk_"), (revoked, "revoked. Ask")):
        sign_in(page, wrong)
        expect(panel.get_by_role("alert")).to_contain_text(said)
    sign_in(page, f"  Bearer {planner} ")
    expect(panel).to_be_hidden()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.locator("#drawer-table tbody button.row").first).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_label("Longest search").select_option("60")
    page.get_by_role("button", name="Find the best plan").click()
    take_the_plan(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel workbook").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    with page.expect_popup() as report:
        page.get_by_role("link", name="Report to print").click()
    expect(report.value.locator("h1").first).to_be_visible(timeout=MAP_LIMIT_MS)


def test_a_key_is_kept_for_the_tab_or_by_choice_for_the_device(
    context: BrowserContext, planner: str, plan: dict[str, Any]
) -> None:
    """A reload does not ask; another tab does, unless the device was chosen; signing out forgets it everywhere."""
    page = context.new_page()
    page.goto("/")
    sign_in(page, planner)
    expect(page.get_by_role("link", name="Kept")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Kept")).to_be_visible()
    second = context.new_page()
    second.goto("/")
    sign_in(second, planner, on_device=True)
    expect(second.get_by_role("link", name="Kept")).to_be_visible()
    third = context.new_page()
    third.goto(f"/?dataset={plan['dataset']}")
    expect(third.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    assert planner not in third.url
    third.get_by_role("button", name="Łódź planning").click()
    expect(third.get_by_text("Plans: may do everything")).to_be_visible()
    third.get_by_role("button", name="Sign out").click()
    expect(third.get_by_role("dialog", name="This service asks for a key")).to_be_visible()
    assert third.evaluate("Object.keys(localStorage).filter(name => name.includes('key')).length") == 0


def test_a_key_that_ends_meanwhile_is_replaced_and_the_work_goes_on(
    context: BrowserContext, keys: Keys, planner: str, plan: dict[str, Any]
) -> None:
    """What was asked with a revoked key is asked again with the next one; nothing on the page is lost."""
    short = keys("create", "For today")
    page = context.new_page()
    page.goto(f"/?dataset={plan['dataset']}&alignment={plan['alignment']}")
    sign_in(page, short)
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_label("Name", exact=True).fill("Kept words")
    keys("revoke", short)
    page.get_by_role("tab", name="Moves").click()
    expect(page.get_by_role("alert")).to_contain_text("revoked", timeout=MAP_LIMIT_MS)
    sign_in(page, planner)
    expect(page.get_by_text("This is today’s state; open a plan to see what moves.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kept words")


def test_a_viewer_sees_everything_and_is_offered_no_change(
    context: BrowserContext, keys: Keys, plan: dict[str, Any]
) -> None:
    """Reading works; importing, planning, giving and locking are not there, and a sentence says why."""
    page = context.new_page()
    page.goto("/")
    sign_in(page, keys("create", "Board", "--role", "viewer"))
    expect(page.get_by_text("This key looks and exports.")).to_be_visible()
    expect(page.get_by_role("button", name="Take the example")).to_have_count(0)
    page.get_by_role("link", name="Kept").click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_text("This key looks and exports.")).to_be_visible()
    page.get_by_role("tab", name="Accounts").click()
    page.locator("#drawer-table tbody button.row").first.click()
    expect(page.locator("article.card")).to_contain_text("Stays with")
    for name in ("Find the best plan", "Can this be done?", "Lock", "Give", "Select"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Export")).to_be_visible()


@pytest.mark.parametrize(("theme", "window"), [ROOMS[0], ROOMS[1], ("dark", PHONE)])
def test_axe_finds_nothing_serious_in_the_panel(
    browser: Browser, guarded: tuple[Service, Path], theme: Any, window: Any
) -> None:
    """The panel with a refused key has no serious finding, fits a phone, and is left by a key alone."""
    context = browser.new_context(viewport=window, color_scheme=theme, base_url=guarded[0].address, locale="de")
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Schlüssel oder Token").fill(UNKNOWN)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("kennt diesen Schlüssel nicht")
    assert serious_findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= window["width"]
    context.close()
