"""`python -m benchmarks load`: how long status and uploads take while all worker cores solve.

Pollers ask for a job's state four times a second, or again at once; once a second a body of about 19 MB is uploaded as
a new dataset; workers solve problems that never end by themselves. Measured from outside, in processes of their own:
times of the answers, and how long the API's event loop was blocked, by the one route that answers on the loop itself.
"""

import argparse
import http.client
import json
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from benchmarks.compiled import compiled_kernels
from benchmarks.faults import STORES
from benchmarks.results import Results, add_result_arguments
from benchmarks.service_processes import ServiceProcesses, Store, wait_until
from benchmarks.tables import write_table

HEADER: Final = ("what", "requests", "errors", "median, ms", "p99, ms", "largest, ms")
UPLOAD_ACCOUNTS: Final = 100_000
POLLING_PROCESSES: Final = 4
START_PATIENCE_S: Final = 120.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how much load, for how long."""
    parser.add_argument("--pollers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--store", choices=sorted(STORES), default="sqlite")
    parser.add_argument("--every", type=float, default=0.25, help="seconds between a poller's questions; 0: at once")
    parser.add_argument("--uploads-per-s", type=float, default=1.0)
    add_result_arguments(parser, "load")


def run(options: argparse.Namespace) -> None:
    """Measure, and print one line each for status, uploads and the event loop."""
    results = Results(options.json, command="load", resume=options.resume)
    asked = {
        name: getattr(options, name) for name in ("store", "pollers", "every", "seconds", "workers", "uploads_per_s")
    }
    row = results.row(asked, lambda: measure(options))
    write_table(
        HEADER, [[name, *row[name].values()] for name in ("status", "upload", "loop")], markdown=options.markdown
    )


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Start the service, load it, and return the times of answers."""
    with tempfile.TemporaryDirectory(prefix="territory-load-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        store: Store = STORES[options.store](folder)
        content = upload_body()
        settings = {"RATE_LIMIT_PER_S": "0"}
        kernels = compiled_kernels()
        with ServiceProcesses(
            folder, store, num_workers=options.workers, settings=settings, kernels=kernels
        ) as service:
            with service.client() as client:
                job_ids = [_submitted(client) for _ in range(options.workers)]
                wait_until(lambda: all(_is_solving(client, job_id) for job_id in job_ids), 300)
            found = _loaded(service.port, job_ids[0], content, options)
        store.close()
    return found | {"upload_bytes": len(content)}


def upload_body() -> bytes:
    """Return a dataset of 100,000 accounts as JSON, about 19 MB."""
    random = np.random.default_rng(1)
    lats, lons = random.uniform(45, 52, UPLOAD_ACCOUNTS).round(6), random.uniform(5, 15, UPLOAD_ACCOUNTS).round(6)
    amounts = random.uniform(1, 20, (UPLOAD_ACCOUNTS, 2)).round(3)
    accounts = [
        {
            "id": f"account-{number:06d}",
            "name": f"Kundin {number:06d} Vertriebs-GmbH & Co",
            "lat": lat,
            "lon": lon,
            "current_rep_id": f"rep-{number % 1000:04d}",
            "measures": {"workload": workload, "potential": potential},
        }
        for number, (lat, lon, (workload, potential)) in enumerate(
            zip(lats.tolist(), lons.tolist(), amounts.tolist(), strict=True)
        )
    ]
    reps = [{"id": f"rep-{number:04d}", "lat": 48.0, "lon": 5 + number / 100} for number in range(1000)]
    return json.dumps({"name": "Load", "accounts": accounts, "reps": reps}).encode()


def figures(times_s: Sequence[float], errors: int) -> dict[str, float]:
    """Return number, errors, median, 99th percentile and largest of times, in milliseconds."""
    if not times_s:
        return {"requests": 0, "errors": errors, "median_ms": 0.0, "p99_ms": 0.0, "max_ms": 0.0}
    median, p99, largest = np.percentile(np.array(times_s) * 1000, [50, 99, 100]).round(1).tolist()
    return {"requests": len(times_s), "errors": errors, "median_ms": median, "p99_ms": p99, "max_ms": largest}


def _submitted(client: httpx.Client) -> str:
    """Submit a problem whose search goes on until its time limit, an hour."""
    random = np.random.default_rng(7)
    places = random.uniform((45, 5), (52, 15), (1200, 2)).round(5).tolist()
    amounts = random.uniform(1, 20, (1200, 2)).round(3).tolist()
    body = {
        "accounts": [
            {
                "id": f"a{number}",
                "lat": place[0],
                "lon": place[1],
                "current_rep_id": f"r{number % 16}",
                "measures": {"workload": amount[0], "potential": amount[1]},
            }
            for number, (place, amount) in enumerate(zip(places, amounts, strict=True))
        ],
        "reps": [{"id": f"r{number}", "lat": 48.0, "lon": 5 + 10 * number / 16} for number in range(16)],
        "criteria": {
            "balance": [
                {"measure": "workload", "tolerance": 0.02, "hard": True},
                {"measure": "potential", "tolerance": 0.04, "hard": True},
            ],
            "travel": {"weight": 50},
            "disruption": {"weight": 10},
        },
        "search": {"time_limit_s": 3600, "gap": 0},
    }
    answer = client.post("/v1/jobs", json=body)
    answer.raise_for_status()
    return str(answer.json()["id"])


def _is_solving(client: httpx.Client, job_id: str) -> bool:
    return client.get(f"/v1/jobs/{job_id}").json()["alignment_id"] is not None


def _loaded(port: int, job_id: str, content: bytes, options: argparse.Namespace) -> dict[str, Any]:
    """Poll, upload and watch the loop at the same time, each in a process of its own.

    All connections stand before the first question is timed: what clients do to start is not the service's time.
    """
    context = multiprocessing.get_context("spawn")
    ready, ending, found = context.Barrier(POLLING_PROCESSES + 3), context.Event(), context.Queue()
    asked = f"/v1/jobs/{job_id}"
    begins = np.random.default_rng(3).uniform(0, options.every, options.pollers)  # nobody's clock is another one's
    processes = [
        *(
            context.Process(target=_poll, args=(port, asked, part.tolist(), options.every, ready, ending, found))
            for part in np.array_split(begins, POLLING_PROCESSES)
        ),
        context.Process(target=_upload, args=(port, content, 1 / options.uploads_per_s, ready, ending, found)),
        context.Process(target=_watch_loop, args=(port, ready, ending, found)),
    ]
    for process in processes:
        process.start()
    ready.wait(timeout=START_PATIENCE_S)
    time.sleep(options.seconds)
    ending.set()
    times: dict[str, list[float]] = {"status": [], "upload": [], "loop": []}
    errors = dict.fromkeys(times, 0)
    for _ in processes:
        kind, measured, num_errors = found.get(timeout=300)
        times[kind] += measured
        errors[kind] += num_errors
    for process in processes:
        process.join(timeout=60)
    return {kind: figures(times[kind], errors[kind]) for kind in times}


class _Client:
    """One connection that stays open, and the times of its answers; the standard library's, which costs least.

    Clients share the cores with the service, so what they compute would be measured as its time.
    """

    def __init__(self, port: int, *, timeout_s: float = 60) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self.times_s: list[float] = []
        self.num_errors = 0
        self._ask("GET", "/health/live")

    def ask(self, method: str, path: str, content: bytes | None = None) -> None:
        """Ask, and take the time until the whole answer is there."""
        began = time.perf_counter()
        try:
            status = self._ask(method, path, content)
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next question opens it again
            self.num_errors += 1
            return
        self.times_s.append(time.perf_counter() - began)
        self.num_errors += status >= 400

    def _ask(self, method: str, path: str, content: bytes | None = None) -> int:
        headers = {"Content-Type": "application/json"} if content else {}
        self._connection.request(method, path, body=content, headers=headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def _poll(
    port: int, path: str, begins: Sequence[float], every_s: float, ready: Barrier, ending: Event, found: Any
) -> None:
    """Ask for a job's state with several connections, each by its own clock, as the timer of a page does."""
    clients = [_Client(port) for _ in begins]

    def ask(client: _Client, begin_s: float) -> None:
        due = time.monotonic() + begin_s
        while not ending.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            client.ask("GET", path)
            due = max(due + every_s, time.monotonic())  # what is late is asked at once, what was missed is not

    threads = [threading.Thread(target=ask, args=pair) for pair in zip(clients, begins, strict=True)]
    ready.wait(timeout=START_PATIENCE_S)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times_s = [time_s for client in clients for time_s in client.times_s]
    found.put(("status", times_s, sum(client.num_errors for client in clients)))


def _upload(port: int, content: bytes, pause_s: float, ready: Barrier, ending: Event, found: Any) -> None:
    """Upload the body once a pause, or as often as the answers come when they take longer."""
    client = _Client(port, timeout_s=120)
    ready.wait(timeout=START_PATIENCE_S)
    while not ending.is_set():
        began = time.monotonic()
        client.ask("POST", "/v1/datasets", content)
        ending.wait(max(0.0, pause_s - (time.monotonic() - began)))
    found.put(("upload", client.times_s, client.num_errors))


def _watch_loop(port: int, ready: Barrier, ending: Event, found: Any) -> None:
    """Ask a hundred times a second for what the event loop answers by itself: it waits while the loop is blocked."""
    client = _Client(port)
    ready.wait(timeout=START_PATIENCE_S)
    while not ending.wait(0.01):
        client.ask("GET", "/health/live")
    found.put(("loop", client.times_s, client.num_errors))
