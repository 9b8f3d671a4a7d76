"""A plan as a whole: renamed, set aside, brought back, put in force; and files of other code pages, in a browser."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.stories.conftest import Service
from tests.ui.test_stories import MAP_LIMIT_MS, open_plan


@pytest.fixture
def copy(service: Service, solved: dict[str, Any]) -> dict[str, Any]:
    """Make an alignment of its own, equal to the solved one but for a lock."""
    with service.client() as http:
        path = f"/v1/alignments/{solved['alignment_id']}"
        account = http.get(f"{path}/assignments?page_size=1").raise_for_status().json()["items"][0]["account_id"]
        made: dict[str, Any] = http.post(f"{path}/edits", json={"locks": [account]}).raise_for_status().json()
    return {"dataset_id": solved["dataset_id"], "alignment_id": made["id"]}


def test_a_plan_is_renamed_set_aside_and_brought_back(page: Page, copy: dict[str, Any]) -> None:
    """The new name stands in the list and above the map; what was set aside is out of the way, and comes back."""
    open_plan(page, copy)
    page.get_by_role("button", name="Rename").click()
    deeds = page.locator(".deeds")
    deeds.get_by_label("Name", exact=True).fill("Für den Vorstand")
    deeds.get_by_role("button", name="Save").click()
    opened = page.get_by_label("Plan on the map").locator("option:checked")
    expect(opened).to_have_text("Für den Vorstand")
    page.get_by_role("button", name="Set aside").click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.get_by_label("Plan on the map").locator("option", has_text="Für den Vorstand")).to_have_count(0)
    page.get_by_text(re.compile("^Set aside: ")).click()
    away = page.get_by_role("listitem").filter(has_text="Für den Vorstand")
    away.get_by_role("button", name="Bring back").click()
    expect(page.get_by_label("Plan on the map").locator("option", has_text="Für den Vorstand")).to_have_count(1)


def test_a_plan_is_put_in_force(page: Page, service: Service, copy: dict[str, Any]) -> None:
    """After a sentence of what that means, a new dataset is open in which today is the plan."""
    open_plan(page, copy)
    page.get_by_role("button", name="Put in force …").click()
    expect(page.get_by_text("A new dataset begins with this plan as today.")).to_be_visible()
    page.get_by_label("Name of the dataset").fill("In force 2027")
    page.get_by_role("button", name="Put it in force", exact=True).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    expect(page.locator("header .dataset")).to_have_text("In force 2027")
    found = re.search(r"dataset=(\w+)", page.url)
    assert found
    assert found[1] != copy["dataset_id"]
    with service.client() as http:
        plan = http.get(f"/v1/alignments/{copy['alignment_id']}/assignments?page_size=1000").json()["items"]
        now = http.get(f"/v1/datasets/{found[1]}/accounts?page_size=1000").json()["items"]
    assert {one["id"]: one["current_rep_id"] for one in now} == {one["account_id"]: one["rep_id"] for one in plan}


@pytest.mark.parametrize(
    ("code_page", "header", "name"),
    [
        ("cp1250", "Numer klienta;Nazwa;Szerokość geograficzna;Długość geograficzna;Obrót", "Zakłady Śliwiński Łódź"),
        ("cp932", "顧客番号;会社名;緯度;経度;売上", "株式会社山田製作所"),
        ("cp1254", "Müşteri No;Ünvan;Enlem;Boylam;Ciro", "Işık Sanayi A.Ş."),
    ],
)
def test_a_file_in_an_old_code_page_is_read_and_mended(
    page: Page, tmp_path: Path, code_page: str, header: str, name: str
) -> None:
    """What Excel saves as CSV in Poland, Japan and Türkiye shows its letters, before a row is mended and after."""
    accounts = tmp_path / "accounts.csv"
    rows = [f"{number};{name};52,{number};21,{number};{number}00;R1" for number in range(1, 5)]
    text = "\r\n".join([f"{header};rep", *rows, f"5;{name};152,5;21,5;7;R1"])
    accounts.write_bytes(text.encode(code_page))
    reps = tmp_path / "reps.csv"
    reps.write_text("id,name,lat,lon\nR1,Ada,52.1,21.1\n", encoding="utf-8")
    page.goto("/")
    page.get_by_test_id("file-accounts").set_input_files(accounts)
    page.get_by_test_id("file-reps").set_input_files(reps)
    page.get_by_text("Columns of accounts.csv").click()
    expect(page.get_by_role("cell", name=re.compile(f"^{re.escape(name)}"))).to_be_visible()
    page.get_by_role("button", name="Mend here").click()
    form = page.get_by_role("form", name="Mend row 6")
    expect(form.locator("input").first).to_have_value("152,5")
    form.locator("input").first.fill("52,5")
    form.get_by_text("5 other cells of this row").click()
    expect(form.get_by_label(header.split(";")[1], exact=True)).to_have_value(name)
    form.get_by_role("button", name="Take it so").click()
    expect(page.get_by_text("5 accounts and 1 rep are ready.")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("This is how it stands today.")).to_be_visible(timeout=MAP_LIMIT_MS)
    page.get_by_role("tab", name="Accounts 5").click()
    expect(page.get_by_role("button", name=re.compile(re.escape(name))).first).to_be_visible()
