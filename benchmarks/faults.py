"""`python -m benchmarks faults`: jobs are submitted while processes die, freeze and the database crashes.

Counts what must be 0: jobs that were accepted and are gone, jobs that ended twice or have two results, jobs that are
left when none ended for a minute after the last fault. The audit and every stored byte are checked at the end. Faults
are drawn by a seed: kill -9 of the API, a worker or a solver, a worker frozen for longer than its lease, and the
database crashed, away for ten seconds and started again. A process that ends, also because it was started while the
database was away, is started again, as a supervisor of the operating system does. Small problems: what is tried is the
service and not the optimizer.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.compiled import compiled_kernels
from benchmarks.left_jobs import left_jobs
from benchmarks.results import Results, add_result_arguments
from benchmarks.service_processes import PostgresStore, ServiceProcesses, SqliteStore, Store
from benchmarks.tables import write_table

STORES: Final[Mapping[str, Callable[[Path], Store]]] = {"sqlite": SqliteStore, "postgres": PostgresStore}
HEADER: Final = (
    "store",
    "seed",
    "jobs",
    "faults",
    "lost",
    "twice",
    "stuck",
    "left",
    "failed",
    "attempts > 1",
    "last end, s",
)
RESTART_S: Final = 1.0
LOOK_S: Final = 0.5
PATIENCE_S: Final = 60.0
LONGEST_S: Final = 600.0
TELL_S: Final = 10.0
"""Between two lines that say how far it is."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is tried.

    Parameters
    ----------
    jobs
        How many are submitted.
    workers
        Worker processes.
    faults
        How many faults, drawn among ``kinds`` by ``seed``.
    lease_s
        Lease of a job in seconds; a frozen worker is frozen for twice as long.
    away_s
        Seconds that the database is away.
    between_s
        Longest pause between faults in seconds.
    patience_s
        Seconds without any end, after the last fault, after which the jobs that are left are stuck.
    longest_s
        Seconds after which it ends in any case; whether what is left then is stuck is not known.
    """

    jobs: int
    workers: int = 3
    faults: int = 20
    seed: int = 0
    lease_s: float = 3.0
    away_s: float = 10.0
    between_s: float = 6.0
    patience_s: float = PATIENCE_S
    longest_s: float = LONGEST_S
    kinds: tuple[str, ...] = ("worker", "solver", "api", "freeze", "database")


@dataclass
class Tried:
    """What was seen."""

    accepted: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)
    last_end_s: float | None = None
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def tell(self, plan: Plan, left: int | None = None, *, now: bool = False) -> None:
        """Say on the screen how far it is, every ten seconds or at once."""
        elapsed_s = time.monotonic() - self.began
        if not now and elapsed_s - self.told < TELL_S:
            return
        self.told = elapsed_s
        done = f"{sum(self.faults.values())} of {plan.faults} faults, {len(self.accepted)} of {plan.jobs} jobs accepted"
        sys.stderr.write(f"{elapsed_s:5.0f} s: {done}{'' if left is None else f', {left} not ended'}\n")
        sys.stderr.flush()

    def is_over(self, plan: Plan) -> bool:
        """Tell whether the longest time is over."""
        return time.monotonic() - self.began > plan.longest_s


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how much is tried, on which store."""
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--faults", type=int, default=40)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--store", choices=sorted(STORES), default="sqlite")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds without an end, at last")
    parser.add_argument("--longest", type=float, default=LONGEST_S, help="seconds for all of it")
    parser.add_argument("--folder", type=Path, help="new folder for data and logs, which is kept")
    add_result_arguments(parser, "faults")


def run(options: argparse.Namespace) -> None:
    """Try it and print the figures and the seed."""
    results = Results(options.json, command="faults", resume=options.resume)
    plan = Plan(
        jobs=options.jobs,
        workers=options.workers,
        faults=options.faults,
        seed=options.seed,
        patience_s=options.patience,
        longest_s=options.longest,
    )
    asked = {"store": options.store, "jobs": plan.jobs, "faults": plan.faults, "seed": plan.seed}
    row = results.row(asked, lambda: try_faults(options.store, plan, folder=options.folder))
    write_table(HEADER, [_line(row) for row in results.rows], markdown=options.markdown)
    for job in row.get("left", ()):
        sys.stderr.write(f"left: {job}\n")


def try_faults(store_name: str, plan: Plan, *, folder: Path | None = None) -> dict[str, Any]:
    """Run a service, submit jobs while faults happen, and return what was found; a given folder is kept."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="territory-faults-") as name:
            return try_faults(store_name, plan, folder=Path(name))
    kernels = compiled_kernels()
    (folder / "data").mkdir(parents=True)
    store = STORES[store_name](folder)
    tried = Tried()
    settings = {
        "LEASE_S": str(plan.lease_s),
        "MAX_ATTEMPTS": "100",
        "SOLVER_CORES": "1",
        "IDEMPOTENCY_CLAIM_S": "5",
    }
    try:
        with ServiceProcesses(folder, store, num_workers=plan.workers, settings=settings, kernels=kernels) as service:
            tried.began = time.monotonic()
            submitting = threading.Thread(target=_submit_all, args=(service, plan, tried), daemon=True)
            submitting.start()
            _do_faults(service, store, plan, tried)
            ended_at = time.monotonic()
            _await_submissions(service, submitting, plan, tried)
            _wait_for_ends(service, plan, tried, since=ended_at)
            found = _judged(service, tried)
            if found["left"] and tried.is_over(plan):
                found["stuck"] = None  # jobs were still ending when the time was over
            found["left"] = left_jobs(folder, store.url, found["left"], lease_s=plan.lease_s)
        found["chain"] = _examined(folder, store)
    finally:
        store.close()
    return {
        **found,
        "faults_by_kind": dict(tried.faults),
        "refusals": {str(status): number for status, number in tried.refusals.items()},
        "last_end_s": tried.last_end_s,
    }


def small_job(number: int) -> dict[str, Any]:
    """Return a problem of six accounts on a line, solved in milliseconds."""
    accounts = [
        {"id": f"a{n}", "lat": 50.0, "lon": 10.0 + n, "current_rep_id": "R1", "measures": {"workload": 10.0}}
        for n in range(6)
    ]
    reps = [{"id": "R1", "lat": 50.0, "lon": 9.5}, {"id": "R2", "lat": 50.0, "lon": 15.5}]
    return {
        "name": f"Job {number}",
        "accounts": accounts,
        "reps": reps,
        "criteria": {"balance": [{"measure": "workload", "tolerance": 0.1, "hard": True}], "travel": {"weight": 50}},
        "search": {"time_limit_s": 60},
    }


def _submit_all(service: ServiceProcesses, plan: Plan, tried: Tried) -> None:
    """Submit every job until it is accepted: the same key again after an error, as a careful caller does."""
    with service.client() as client:
        for number in range(plan.jobs):
            key = {"Idempotency-Key": uuid.uuid4().hex}
            while True:
                try:
                    answer = client.post("/v1/jobs", json=small_job(number), headers=key)
                except httpx.HTTPError:
                    tried.refusals[0] += 1
                    time.sleep(0.2)
                    continue
                if answer.status_code == 202:
                    tried.accepted.append(answer.json()["id"])
                    break
                tried.refusals[answer.status_code] += 1
                if answer.status_code not in (409, 429, 503):
                    raise RuntimeError(f"{answer.status_code}: {answer.text}")
                time.sleep(0.2)


def _await_submissions(service: ServiceProcesses, submitting: threading.Thread, plan: Plan, tried: Tried) -> None:
    """Wait until every job was accepted, by an API that is there."""
    while submitting.is_alive() and not tried.is_over(plan):
        service.revive()
        tried.tell(plan)
        submitting.join(timeout=LOOK_S)


def _do_faults(service: ServiceProcesses, store: Store, plan: Plan, tried: Tried) -> None:
    chance = random.Random(plan.seed)
    kinds = [plan.kinds[number % len(plan.kinds)] for number in range(plan.faults)]
    chance.shuffle(kinds)
    for kind in kinds:
        time.sleep(chance.uniform(0.2, plan.between_s))
        service.revive()
        name = chance.choice(service.workers)
        acts: Mapping[str, Callable[[], object]] = {
            "worker": lambda name=name: _restart(service, name),  # type: ignore[misc] # bound now, not later
            "solver": lambda name=name: service.kill_solver(name),  # type: ignore[misc] # bound now, not later
            "api": lambda: _restart(service, "api"),
            "freeze": lambda name=name: _freeze(service, name, 2 * plan.lease_s),  # type: ignore[misc] # bound now
            "database": lambda: store.stop_for(plan.away_s),
        }
        acts[kind]()
        tried.faults[kind] += 1
        tried.tell(plan)


def _restart(service: ServiceProcesses, name: str) -> None:
    service.kill(name)
    time.sleep(RESTART_S)
    service.start(name)


def _freeze(service: ServiceProcesses, name: str, seconds: float) -> None:
    service.freeze(name)
    time.sleep(seconds)
    service.thaw(name)


def _wait_for_ends(service: ServiceProcesses, plan: Plan, tried: Tried, *, since: float) -> None:
    """Wait until every job has ended, or none has for as long as patience lasts."""
    fewest, ended_at = len(tried.accepted) + 1, since
    while time.monotonic() - ended_at < plan.patience_s and not tried.is_over(plan):
        service.revive()
        left = _num_unended(service)
        tried.tell(plan, left, now=left == 0)
        if left is not None and left < fewest:
            fewest, ended_at = left, time.monotonic()
        if left == 0:
            tried.last_end_s = round(ended_at - since, 1)
            return
        time.sleep(LOOK_S)


def _num_unended(service: ServiceProcesses) -> int | None:
    """Return how many jobs wait or run, None where the service does not answer."""
    try:
        with service.client() as client:
            found = client.get("/v1/jobs", params={"state": ["queued", "running"], "page_size": 1})
            return int(found.json()["total_size"]) if found.is_success else None
    except httpx.HTTPError:
        return None


def _judged(service: ServiceProcesses, tried: Tried) -> dict[str, Any]:
    """Ask the service itself: every accepted job is there, has ended once and has at most one alignment."""
    lost = twice = again = 0
    left = []
    states: Counter[str] = Counter()
    with service.client() as client:
        for job_id in tried.accepted:
            answer = client.get(f"/v1/jobs/{job_id}")
            if answer.status_code == 404:
                lost += 1
                continue
            job = answer.json()
            states[f"{job['state']} {job['outcome']}"] += 1
            again += job["attempts"] > 1
            if job["state"] in ("queued", "running"):
                left.append(job_id)
                continue
            events = client.get(f"/v1/jobs/{job_id}/events").text
            alignments = client.get("/v1/alignments", params={"job_id": job_id}).json()["total_size"]
            twice += events.count("event: done") != 1 or alignments > 1
        total = client.get("/v1/jobs", params={"page_size": 1}).json()["total_size"]
    return {
        "accepted": len(tried.accepted),
        "stored": total,
        "lost": lost,
        "twice": twice + max(0, total - len(set(tried.accepted))),
        "stuck": len(left),
        "left": left,
        "failed": sum(number for state, number in states.items() if state.startswith("failed")),
        "again": again,
        "states": dict(states),
    }


def _examined(folder: Path, store: Store) -> list[str]:
    """Examine the database: bulk data by hash, references, audit; return what is wrong."""
    from app.database import create_engine, session_factory
    from app.retention.examination import examine_database
    from app.settings import Settings

    engine = create_engine(Settings(data_dir=folder / "data", database_url=store.url))
    faults = list(examine_database(session_factory(engine)).faults)
    engine.dispose()
    return faults


def _line(row: Mapping[str, Any]) -> list[object]:
    asked = row["asked"]
    return [
        *(asked["store"], asked["seed"], row["accepted"], sum(row["faults_by_kind"].values())),
        *(row["lost"], row["twice"], row["stuck"], len(row["left"]), row["failed"], row["again"], row["last_end_s"]),
    ]
