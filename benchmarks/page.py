"""`python -m benchmarks page`: how fast the planning UI is in a browser, on the example and at 100,000 × 1,000.

Each visit is a fresh browser profile on a service of its own. Times by the clock hold for the machine and its load;
the main thread's processor time holds on a busy machine, too.
"""

import argparse
import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.page_visits import Visit, start_visit, work_visit
from benchmarks.results import Results, add_result_arguments
from benchmarks.tables import number, size_name, write_table

SIZES: Final = ("5000x50", "100000x1000")
SEED: Final = 2027
SERVICE_LIMIT_S: Final = 300.0
HTTP_LIMIT_S: Final = 900.0
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
HEADER: Final = (
    "accounts × reps", "first paint", "largest paint", "numbers", "territories", "points", "blocked", "main thread",
    "transferred", "shift", "memory",
)  # fmt: skip
ACTIONS: Final = ("accounts × reps", "action", "by the clock", "main thread", "longest frame", "frames (median)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add sizes, a service that runs already, and where the rows go."""
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), help="accounts x reps of the plans that are opened")
    parser.add_argument("--address", help="a running service (default: one is started)")
    parser.add_argument("--limit-s", type=float, default=300.0, help="longest wait for one visit's map")
    add_result_arguments(parser, "page")


def run(options: argparse.Namespace) -> None:
    """Measure every visit and print the tables."""
    results = Results(options.json, command="page", resume=options.resume)
    with contextlib.ExitStack() as stack:
        address = options.address or stack.enter_context(service())
        browser = stack.enter_context(chromium())
        visits: list[dict[str, Any]] = []
        start = results.row({"visit": "start"}, lambda: start_visit(Visit(browser, address, options.limit_s)))
        visits.append({"size": "first screen", **start})
        for size in options.sizes:
            plan = import_plan(address, size)
            visit = Visit(browser, address, options.limit_s)
            row = results.row({"visit": "plan", "size": size}, partial(work_visit, visit, plan))
            visits.append({"size": size_name(size), **row})
    write_table(HEADER, map(_loading, visits), markdown=options.markdown)
    write_table(ACTIONS, (line for visit in visits for line in _actions(visit)), markdown=options.markdown)


@contextlib.contextmanager
def service() -> Iterator[str]:
    """Serve from an empty folder; yield the address."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--data", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            found = next(
                (re.search(r'"address": "([^"]+)"', line) for line in process.stderr if "listening" in line), None
            )
            if found is None:
                raise SystemExit("The service did not start.")
            yield found[1]
        finally:
            process.terminate()
            process.wait(timeout=SERVICE_LIMIT_S)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Start the machine's Chromium, with software rendering."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit("There is no Chromium on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def import_plan(address: str, size: str) -> dict[str, str]:
    """Import a generated organization; return the address of its current plan as the page has it."""
    accounts, reps = size.split("x")
    with tempfile.TemporaryDirectory() as folder, httpx.Client(base_url=address, timeout=HTTP_LIMIT_S) as http:
        generate = ["generate", "--accounts", accounts, "--reps", reps, "--seed", str(SEED), "--out", folder]
        subprocess.run([sys.executable, "-m", "app.cli", *generate], check=True, stdout=subprocess.DEVNULL)
        files = {name: (f"{name}.csv", (Path(folder) / f"{name}.csv").read_bytes()) for name in ("accounts", "reps")}
        dataset = http.post("/v1/datasets", files=files, data={"name": size}).raise_for_status().json()
        current = http.get(f"/v1/datasets/{dataset['id']}/current").raise_for_status().json()
        http.get(f"/v1/alignments/{current['id']}/territories").raise_for_status()  # drawn once, then kept
    return {"dataset": dataset["id"], "alignment": current["id"]}


def _loading(visit: Mapping[str, Any]) -> tuple[object, ...]:
    loading = visit["loading"]
    times = [
        loading.get(name)
        for name in ("first_paint_ms", "largest_paint_ms", "numbers_ms", "territories_ms", "points_ms")
    ]
    written = ["–" if time is None else f"{time / 1000:.2f} s" for time in times]
    return (
        visit["size"], *written, f"{loading['blocked_ms']:.0f} ms", f"{loading['main_thread_s']:.2f} s",
        f"{number(round(loading['transferred_kb']))} KB", f"{loading['shift']:.3f}", f"{loading['memory_mb']:.0f} MB",
    )  # fmt: skip


def _actions(visit: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for name, action in visit.get("actions", {}).items():
        yield (
            visit["size"], name, f"{action['ms']:.0f} ms", f"{1000 * action['main_thread_s']:.0f} ms",
            f"{action['longest_frame_ms']:.0f} ms", f"{action['frames']} ({action['median_frame_ms']:.0f} ms)",
        )  # fmt: skip
