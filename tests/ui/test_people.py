"""The page for everybody: screen readers, both themes, narrow windows, six languages."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stories.conftest import Service
from tests.ui.conftest import TOO_MUCH, WIDE, changed_csv
from tests.ui.test_stories import MAP_LIMIT_MS, ended_job, open_plan

AXE = Path(__file__).parents[2] / "app" / "ui" / "node_modules" / "axe-core" / "axe.min.js"
TEXTS = Path(__file__).parents[2] / "app" / "ui" / "src" / "i18n"
START = {"en": "Take the example", "de": "Beispiel", "pl": "przykład", "ja": "例", "tr": "Örne", "ru": "пример"}


def serious_findings(page: Page) -> list[str]:
    """Return axe's serious and critical findings, with the first element of each."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in app/ui")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0].get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


PHONE = {"width": 390, "height": 844}
ROOMS = [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)]


@pytest.mark.parametrize(("theme", "window"), ROOMS)
def test_axe_finds_nothing_serious_in_panels(
    browser: Browser, service: Service, solved: dict[str, Any], bad_files: dict[str, Path], theme: Any, window: Any
) -> None:
    """Faults with a row open, conflicts and remedies, a diagnosis, a refused export, an account with its reasons."""
    context = browser.new_context(viewport=window, color_scheme=theme, base_url=service.address, locale="en-US")
    page = context.new_page()
    page.goto("/")
    for table, path in bad_files.items():
        page.get_by_test_id(f"file-{table}").set_input_files(path)
    page.get_by_role("button", name="Mend here").first.click()
    assert serious_findings(page) == []
    job = ended_job(service, TOO_MUCH)
    page.goto(f"/?dataset={job['dataset_id']}&job={job['id']}")
    expect(page.locator(".remedies li").first).to_be_visible(timeout=MAP_LIMIT_MS)
    assert serious_findings(page) == []
    open_plan(page, solved, tab="accounts")
    page.locator("#drawer-table tbody button.row").first.click()
    page.get_by_role("button", name="Why this rep?").click()
    expect(page.get_by_role("columnheader", name="If it went to")).to_be_visible()
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Can this be done?").click()
    expect(page.get_by_text("Arithmetic finds no contradiction")).to_be_visible(timeout=MAP_LIMIT_MS)
    assert serious_findings(page) == []
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Salesforce files").click()
    expect(page.get_by_role("alert", name="Salesforce files: not possible yet")).to_be_visible(timeout=MAP_LIMIT_MS)
    assert serious_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= window["width"]
    context.close()


@pytest.fixture
def bad_files(files: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Write accounts with an impossible latitude."""
    return {**files, "accounts": changed_csv(files["accounts"], tmp_path / "accounts.csv", {"lat": "123.5"}, row=15)}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, service: Service, solved: dict[str, Any], theme: Any) -> None:
    """Neither the start, nor a plan with its table, nor the comparison has a serious finding, in either theme."""
    context = browser.new_context(viewport=WIDE, color_scheme=theme, base_url=service.address, locale="en-US")
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("button", name="Take the example")).to_be_visible()
    assert serious_findings(page) == []
    open_plan(page, solved, tab="reps", rep="R-001")
    assert serious_findings(page) == []
    page.get_by_role("button", name="Compare with Today").click()
    expect(page.get_by_role("button", name="Back to the map")).to_be_visible(timeout=MAP_LIMIT_MS)
    assert serious_findings(page) == []
    context.close()


def test_a_phone_shows_everything_in_one_column(browser: Browser, service: Service, solved: dict[str, Any]) -> None:
    """At 390 pixels nothing is wider than the screen, and map, fairness and criteria stand one under another."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=service.address, locale="en-US")
    page = context.new_page()
    open_plan(page, solved)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    middle, fair = page.locator(".middle").bounding_box(), page.locator(".fair").bounding_box()
    assert middle
    assert fair
    assert fair["y"] >= middle["y"] + middle["height"]
    context.close()


@pytest.mark.parametrize("language", sorted(START))
def test_the_page_speaks_the_readers_language(browser: Browser, service: Service, language: str) -> None:
    """The browser's language is chosen, and said to screen readers."""
    context = browser.new_context(viewport=WIDE, locale=language, base_url=service.address)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("main button.primary").first).to_contain_text(START[language])
    assert page.evaluate("document.documentElement.lang") == language
    context.close()


@pytest.mark.parametrize("language", sorted(START))
def test_every_text_is_translated(language: str) -> None:
    """Each language has every text, with the same numbers and names in it."""
    english = json.loads((TEXTS / "en.json").read_text(encoding="utf-8"))
    texts = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    assert set(texts) == set(english)
    for key, text in english.items():
        assert names_in(texts[key]) == names_in(text), key


def names_in(text: str) -> set[str]:
    """Return the parameters of a text; those that choose a plural included."""
    return {part.split("}")[0].split("|")[0] for part in text.split("{")[1:]}
