"""A browser on the page of a real service; each story fails on an error in the page or a request to elsewhere."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize, expect, sync_playwright

from app.page import BUILT_FOLDER
from geo_data.synthetic import generate
from tests.stories.conftest import Service, end_service, start_service
from tests.stories.waiting import finished

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NUM_ACCOUNTS, NUM_REPS = 400, 8
WIDE: Final[ViewportSize] = {"width": 1400, "height": 900}
TOO_MUCH = {
    "name": "Too much for one",
    "accounts": [
        {"id": "A-1", "lat": 51.77, "lon": 19.46, "measures": {"workload": 18}},
        {"id": "A-2", "lat": 52.40, "lon": 16.92, "measures": {"workload": 12}},
    ],
    "reps": [{"id": "R-1", "name": "Çelik", "lat": 52.23, "lon": 21.01, "capacity": {"workload": {"max": 20}}}],
    "criteria": {"travel": {"weight": 30}},
    "search": {"time_limit_s": 20},
}
"""A job that no alignment can answer."""
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, once."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the page is not tested in a browser")
    if not (BUILT_FOLDER / "index.html").is_file():
        pytest.skip("the planning UI is not built: see docs/ui.md")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve from an empty folder, once."""
    running = start_service(tmp_path_factory.mktemp("page"))
    yield running
    end_service(running)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a small organization as CSV files."""
    from app.exchange.dataset_files import write_columns

    folder = tmp_path_factory.mktemp("files")
    data = generate(num_accounts=NUM_ACCOUNTS, num_reps=NUM_REPS, seed=5, countries=("US",))
    paths = {"accounts": folder / "accounts.csv", "reps": folder / "reps.csv"}
    write_columns(paths["accounts"], data.accounts)
    write_columns(paths["reps"], data.reps)
    return paths


@pytest.fixture(scope="session")
def solved(service: Service, files: dict[str, Path]) -> dict[str, Any]:
    """Import the small organization and find a plan, over HTTP; return the ended job."""
    with service.client() as http:
        parts = {name: (path.name, path.read_bytes()) for name, path in files.items()}
        dataset = http.post("/v1/datasets", files=parts, data={"name": "Small"}).raise_for_status().json()
        scenario = {
            "dataset_id": dataset["id"],
            "name": "Realigned",
            "criteria": {
                "balance": [{"measure": "workload", "target": "fte", "tolerance": 0.15}],
                "travel": {"weight": 30},
                "disruption": {"weight": 10, "measure": "potential"},
            },
            "search": {"time_limit_s": 300, "gap": 0.05},
        }
        made = http.post("/v1/scenarios", json=scenario).raise_for_status().json()
        job = http.post("/v1/jobs", json={"scenario_id": made["id"]}).raise_for_status().json()
        job = finished(http, job["id"])
    assert job["alignment_id"], job
    return job


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """Open an empty tab; at the end nothing may have gone wrong in it, and nobody else may have been asked."""
    context = browser.new_context(viewport=WIDE, locale="en-US", base_url=service.address, reduced_motion="reduce")
    opened = context.new_page()
    wrong: list[str] = []

    def note_foreign(request: Request) -> None:
        if not request.url.startswith((service.address, "blob:", "data:")):
            wrong.append(request.url)

    opened.on("request", note_foreign)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert wrong == []


def changed_csv(source: Path, target: Path, change: dict[str, str], *, row: int) -> Path:
    """Write a copy of a CSV file in which one row is changed; return its path."""
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[row].update(change)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target
