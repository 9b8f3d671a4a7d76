"""Files that are not right at once: faults mended in the page, whole CRM exports, in a real browser."""

import csv
import re
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect

from app.exchange.tables import xlsx_bytes
from tests.ui.conftest import changed_csv
from tests.ui.crm_exports import hubspot_companies, hubspot_users, salesforce_accounts, salesforce_users
from tests.ui.test_people import serious_findings
from tests.ui.test_stories import MAP_LIMIT_MS


def drop(page: Page, accounts: Path, reps: Path) -> None:
    """Choose two files on the first screen."""
    page.goto("/")
    page.get_by_test_id("file-accounts").set_input_files(accounts)
    page.get_by_test_id("file-reps").set_input_files(reps)


def bad_accounts(files: dict[str, Path], folder: Path) -> Path:
    """Write accounts with an impossible latitude in row 17 and a word for a number in row 21."""
    once = changed_csv(files["accounts"], folder / "once.csv", {"lat": "123.5"}, row=15)
    return changed_csv(once, folder / "accounts.csv", {"potential": "many"}, row=19)


def test_rows_at_fault_are_mended_in_the_page(page: Page, files: dict[str, Path], tmp_path: Path) -> None:
    """Only the cell at fault is asked for; mended rows are checked again and imported, the file stays as it was."""
    bad = bad_accounts(files, tmp_path)
    before = bad.read_bytes()
    drop(page, bad, files["reps"])
    expect(page.get_by_role("rowheader", name="accounts, row 17")).to_be_visible()
    page.get_by_role("row", name=re.compile("Accounts, row 17")).get_by_role("button", name="Mend here").click()
    form = page.get_by_role("form", name="Mend row 17")
    expect(form.get_by_label("lat", exact=True)).to_have_value("123.5")
    form.get_by_label("lat", exact=True).fill("40.5")
    form.get_by_role("button", name="Take it so").click()
    expect(page.get_by_role("rowheader", name="accounts, row 17")).to_have_count(0)
    expect(page.get_by_role("rowheader", name="accounts, row 21")).to_be_visible()
    page.get_by_role("button", name="Leave 1 row out").click()
    expect(page.get_by_text("399 accounts and 8 reps are ready.")).to_be_visible()
    expect(page.get_by_text("2 rows were mended here or left out")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    assert bad.read_bytes() == before


def test_nothing_is_typed_before_the_row_is_read(page: Page, files: dict[str, Path], tmp_path: Path) -> None:
    """While the row is still read from the file there is no cell to type in, so no answer writes over a word typed."""
    drop(page, bad_accounts(files, tmp_path), files["reps"])
    expect(page.get_by_role("rowheader", name="accounts, row 17")).to_be_visible()
    page.evaluate(
        "() => { const go = new Promise((done) => (window.go = done)); const read = Blob.prototype.arrayBuffer;"
        " Blob.prototype.arrayBuffer = async function () { await go; return read.call(this); } }"
    )
    page.get_by_role("row", name=re.compile("Accounts, row 17")).get_by_role("button", name="Mend here").click()
    form = page.get_by_role("form", name="Mend row 17")
    expect(form.get_by_role("button", name="Take it so")).to_be_disabled()
    expect(form.get_by_label("lat", exact=True)).to_have_count(0)
    page.evaluate("() => window.go()")
    expect(form.get_by_label("lat", exact=True)).to_have_value("123.5")


def test_a_workbook_is_mended_like_a_csv(page: Page, files: dict[str, Path], tmp_path: Path) -> None:
    """A cell of an XLSX is changed in the page, and the workbook is read again by the service."""
    with bad_accounts(files, tmp_path).open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    workbook = tmp_path / "accounts.xlsx"
    columns = zip(*rows, strict=True)
    workbook.write_bytes(xlsx_bytes({"accounts": pa.table(dict(zip(header, map(list, columns), strict=True)))}))
    drop(page, workbook, files["reps"])
    page.get_by_role("row", name=re.compile("Accounts, row 17")).get_by_role("button", name="Mend here").click()
    form = page.get_by_role("form", name="Mend row 17")
    form.get_by_label("lat", exact=True).fill("40.5")
    form.get_by_role("button", name="Take it so").click()
    expect(page.get_by_role("rowheader", name="accounts, row 17")).to_have_count(0)
    page.get_by_role("button", name="Leave 1 row out").click()
    expect(page.get_by_text("399 accounts and 8 reps are ready.")).to_be_visible()


def test_accounts_without_a_place_are_left_out_by_a_word(page: Page, files: dict[str, Path], tmp_path: Path) -> None:
    """Where postal codes place nobody, the page offers to leave those accounts out, says which, and goes on."""
    nowhere = {"lat": "", "lon": "", "postal_code": "00901"}  # San Juan, which the list of ZIP codes lacks
    once = changed_csv(files["accounts"], tmp_path / "once.csv", nowhere, row=3)
    drop(page, changed_csv(once, tmp_path / "accounts.csv", nowhere, row=8), files["reps"])
    expect(page.get_by_role("rowheader", name="accounts, row 5")).to_be_visible()
    offer = page.get_by_role("button", name="Leave out accounts without a place")
    expect(offer).to_be_visible()
    expect(page.get_by_role("button", name="Leave 2 rows out")).to_have_count(0)
    assert serious_findings(page) == []
    offer.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("398 accounts and 8 reps are ready.")).to_be_visible()
    expect(page.get_by_text("2 accounts have no place and are left out")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)


@pytest.mark.parametrize("crm", ["Salesforce", "HubSpot"])
def test_a_whole_crm_export_needs_no_click(page: Page, tmp_path: Path, crm: str) -> None:
    """All usual columns of both CRMs: recognized, nothing to mend, owners found by id, name or email, one click."""
    accounts, reps = tmp_path / "accounts.csv", tmp_path / "users.csv"
    is_salesforce = crm == "Salesforce"
    accounts.write_text(salesforce_accounts() if is_salesforce else hubspot_companies(), encoding="utf-8")
    reps.write_text(salesforce_users() if is_salesforce else hubspot_users(), encoding="utf-8")
    drop(page, accounts, reps)
    expect(page.get_by_text(f"{crm} export", exact=True)).to_have_count(2)
    expect(page.get_by_text("6 accounts and 2 reps are ready.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Potential 2\.1M"))).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_role("slider", name=re.compile("for 2 reps")).first).to_be_visible()
