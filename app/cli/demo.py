"""``territory demo``: the main job end to end, as a user would do it, against a service of its own."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.cli.client import ServiceClient
from app.cli.data import write_example
from app.cli.failure import Failure
from app.cli.scorecard import print_scorecard

START_LIMIT_S = 60.0
PREFERRED_PORT = 8000


def demo(
    out: Annotated[Path, typer.Option(help="Folder for data, results and database.")] = Path("demo"),
    end: Annotated[bool, typer.Option("--exit", help="End the service after the job.")] = False,
    accounts: Annotated[int, typer.Option(min=10, max=100_000, help="Number of accounts.")] = 5_000,
    reps: Annotated[int, typer.Option(min=2, max=1_000, help="Number of reps.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the example data and of the search.")] = 2027,
    time_limit_s: Annotated[float, typer.Option(min=1, help="Seconds that the search may take.")] = 30.0,
) -> None:
    """Start the service, submit a realistic job over HTTP, show progress and results."""
    console = Console()
    out.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{_free_port()}"
    log = out / "service.log"
    with log.open("wb") as log_file:
        service = _start_service(address, out / "service", log_file)
        try:
            client = _wait_until_ready(address, service, log)
            try:
                _run_main_job(
                    client, console, out, num_accounts=accounts, num_reps=reps, seed=seed, time_limit_s=time_limit_s
                )
            finally:
                client.close()
            if not end:
                console.print(f"\nThe service is running at [bold]{address}[/] (API: {address}/docs). Ctrl+C ends it.")
                service.wait()
        except KeyboardInterrupt:
            console.print("Ending.")
        finally:
            _end(service)


def _run_main_job(
    client: ServiceClient,
    console: Console,
    out: Path,
    *,
    num_accounts: int,
    num_reps: int,
    seed: int,
    time_limit_s: float,
) -> None:
    files = write_example(out, num_accounts=num_accounts, num_reps=num_reps, seed=seed)
    dataset = client.upload_dataset({"accounts": files.accounts, "reps": files.reps}, name="Demo")
    console.print(
        f"Imported {dataset['counts']['accounts']:,} accounts and {dataset['counts']['reps']:,} reps from {out}/"
    )
    scenario = client.post(
        "/v1/scenarios",
        {
            "dataset_id": dataset["id"],
            "name": "Annual realignment",
            "criteria": json.loads(files.criteria.read_text(encoding="utf-8")),
            "search": {"time_limit_s": time_limit_s, "seed": seed},
        },
    )
    job = client.post("/v1/jobs", {"scenario_id": scenario["id"]})
    job = _follow(client, console, job["id"])
    if job["alignment_id"] is None:
        raise Failure(
            f"the job ended as {job['state']} with outcome {job['outcome']}: {job['problem'] or job['conflicts']}"
        )
    _print_and_save(client, console, out, job["alignment_id"])


def _follow(client: ServiceClient, console: Console, job_id: str) -> dict[str, Any]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("queued")
        for name, data in client.events(job_id):
            if name == "progress":
                bar.update(task, description=progress_line(data))
    return client.get(f"/v1/jobs/{job_id}")


def progress_line(progress: dict[str, Any]) -> str:
    """Say in one line where the search stands."""
    parts = [str(progress["phase"]).replace("_", " ")]
    if progress.get("objective") is not None:
        parts.append(f"objective {progress['objective']:.5g}")
    if progress.get("gap") is not None:
        parts.append(f"gap {progress['gap']:.2%}")
    if progress.get("violations"):
        parts.append(f"{progress['violations']} violations left")
    return ", ".join(parts)


def _print_and_save(client: ServiceClient, console: Console, out: Path, alignment_id: str) -> None:
    base = f"/v1/alignments/{alignment_id}"
    print_scorecard(console, client.get(base), client.get(f"{base}/scorecard"))
    client.download(f"{base}/assignments", out / "assignments.csv", format="csv")
    client.download(f"{base}/moves", out / "moves.csv", format="csv")
    client.download(f"{base}/territories", out / "territories.geojson")
    client.download(f"{base}/report", out / "report.html")
    console.print(f"Wrote assignments.csv, moves.csv, territories.geojson and report.html to {out}/")


def _free_port() -> int:
    """Return the usual port, or another one when it is taken."""
    for port in (PREFERRED_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failure("no port of 127.0.0.1 is free")


def _start_service(address: str, data_dir: Path, log_file: Any) -> subprocess.Popen[bytes]:
    port = address.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "app.cli", "serve", "--port", port, "--data", str(data_dir)]
    return subprocess.Popen(command, stdout=log_file, stderr=log_file)


def _wait_until_ready(address: str, service: subprocess.Popen[bytes], log: Path) -> ServiceClient:
    client = ServiceClient(address)
    deadline = time.monotonic() + START_LIMIT_S
    while not client.is_ready():
        if service.poll() is not None or time.monotonic() > deadline:
            client.close()
            raise Failure(f"the service did not start; its log is {log}")
        time.sleep(0.1)
    return client


def _end(service: subprocess.Popen[bytes]) -> None:
    if service.poll() is None:
        service.send_signal(signal.SIGTERM)
        try:
            service.wait(timeout=20)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()
