"""What the API says in English, said in the reader's language from its codes and numbers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.error_codes import ERROR_CODES
from tests.stories.conftest import Service
from tests.ui.conftest import TOO_MUCH, WIDE, changed_csv
from tests.ui.test_people import names_in
from tests.ui.test_stories import MAP_LIMIT_MS, ended_job, open_plan

SENTENCES = Path(__file__).parents[2] / "app" / "ui" / "src" / "i18n" / "sentences"
LANGUAGES = ("de", "ja", "pl", "ru", "tr")
PLURALS = {
    "de": {"one", "other"},
    "ja": {"other"},
    "pl": {"one", "few", "many", "other"},
    "ru": {"one", "few", "many", "other"},
    "tr": {"one", "other"},
}


def catalog(language: str) -> dict[str, str]:
    """Return a language's sentences by key."""
    return dict(json.loads((SENTENCES / f"{language}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence_and_a_remedy(language: str) -> None:
    """No error, conflict or warning of the API is left in English."""
    texts = catalog(language)
    for code in ERROR_CODES:
        assert f"fault.{code}" in texts or f"conflict.{code}" in texts, code
        assert f"fix.{code}" in texts or f"remedy.{code}" in texts, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_hold_their_numbers_and_plurals(language: str) -> None:
    """Each language has the same sentences, none with a number that the others lack, with all its plural forms."""
    texts, german = catalog(language), catalog("de")
    assert set(texts) == set(german)
    for key, text in texts.items():
        assert names_in(text) <= names_in(german[key]), key
        for forms in re.findall(r"\{\w+\|((?:[^{}]|\{\w+\})*)\}", text):
            assert {form.partition(":")[0] for form in forms.split("|")} == PLURALS[language], key


@pytest.mark.parametrize(
    ("language", "conflict"),
    [
        ("de", "Alle Kunden zusammen brauchen 30"),
        ("pl", "Wszyscy klienci razem potrzebują 30"),
        ("ja", "全顧客で30"),
        ("tr", "Tüm müşteriler 30"),
        ("ru", "Всем клиентам вместе нужно 30"),
    ],
)
def test_conflicts_and_remedies_are_said_in_the_readers_language(
    browser: Browser, service: Service, language: str, conflict: str
) -> None:
    """The arithmetic stands in each language with its own numbers; remedies are whole sentences with names."""
    job = ended_job(service, TOO_MUCH)
    context = browser.new_context(viewport=WIDE, locale=language, base_url=service.address)
    page = context.new_page()
    page.goto(f"/?dataset={job['dataset_id']}&job={job['id']}")
    expect(page.locator(".conflicts li").first).to_contain_text(conflict, timeout=MAP_LIMIT_MS)
    expect(page.locator(".remedies")).to_contain_text("Çelik")
    assert job["conflicts"][0]["sentence"] not in page.locator(".conflicts").inner_text()
    for relaxation in job["relaxations"]:
        assert relaxation["sentence"] not in page.locator(".remedies").inner_text()
    context.close()


def test_faults_are_said_in_the_readers_language(
    browser: Browser, service: Service, files: dict[str, Path], tmp_path: Path
) -> None:
    """An impossible latitude is named in Polish, with its column and numbers by locale, and what to do."""
    bad = changed_csv(files["accounts"], tmp_path / "accounts.csv", {"lat": "123.5"}, row=15)
    context = browser.new_context(viewport=WIDE, locale="pl", base_url=service.address)
    page = context.new_page()
    page.goto("/")
    page.get_by_test_id("file-accounts").set_input_files(bad)
    page.get_by_test_id("file-reps").set_input_files(files["reps"])
    expect(page.get_by_text("lat: 123,5 jest poza zakresem od -90 do 90.")).to_be_visible()
    expect(page.get_by_text("Podaj stopnie WGS 84.")).to_be_visible()
    context.close()


def test_reasons_are_said_in_the_readers_language(browser: Browser, service: Service, solved: dict[str, Any]) -> None:
    """Why accounts move, and why an account has its rep, are German sentences."""
    context = browser.new_context(viewport=WIDE, locale="de", base_url=service.address)
    page = context.new_page()
    page.goto(f"/?dataset={solved['dataset_id']}&alignment={solved['alignment_id']}&tab=moves")
    rows = page.locator("#drawer-table tbody")
    expect(rows.locator("tr").first).to_contain_text(re.compile("Index|näher|Tausch|Familie"), timeout=MAP_LIMIT_MS)
    assert not re.search(r"\b(nearer|exchange|band|hours)\b", rows.inner_text())
    rows.locator("button.row").first.click()
    page.get_by_role("button", name="Warum diese Person?").click()
    sentence = page.locator("article.card p.sentence")
    expect(sentence).to_contain_text(re.compile("günstigsten|weniger|festgehalten|niemand"))
    context.close()


def test_english_stays_as_the_api_says_it(page: Page, solved: dict[str, Any]) -> None:
    """In English the API's own sentences stand, which say most."""
    open_plan(page, solved, tab="moves")
    expect(page.locator("#drawer-table tbody tr").first).to_contain_text(re.compile(r"[a-z] .*\."))
