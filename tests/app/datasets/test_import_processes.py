"""Large imports in processes of their own: the same answers, the same faults, and nothing left behind."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient

from app.datasets.import_processes import LARGE_BYTES, ImportProcesses
from app.datasets.importing import read_json_dataset
from app.errors import Fault, InvalidInput, NotFound, PreconditionFailed, ProblemError, TooLarge, Unavailable
from app.settings import Settings

PATIENCE_S = 60


@pytest.fixture
def imports() -> Iterator[ImportProcesses]:
    """Return processes, ended after the test."""
    imports = ImportProcesses()
    yield imports
    imports.close()


def large_body() -> dict[str, Any]:
    """Return a dataset of over 2 MiB as JSON."""
    reps = [{"id": "R1", "name": "Çelik", "lat": 50.0, "lon": 9.5}]
    accounts = [
        {"id": f"a{number}", "name": "株式会社テスト" * 20, "lat": 50.0, "lon": 10.0, "measures": {"workload": 1.0}}
        for number in range(7000)
    ]
    return {"name": "Large", "accounts": accounts, "reps": reps}


def test_another_process_reads_the_same(imports: ImportProcesses, settings: Settings, tiny: dict[str, Any]) -> None:
    """The tables of another process are those that this one reads, byte for byte."""
    content = json.dumps(tiny).encode()
    here, _, rest_here = read_json_dataset(content, settings)
    there, log, rest_there = imports.call(LARGE_BYTES, read_json_dataset, content, settings)
    assert there.accounts.equals(here.accounts)
    assert there.reps.equals(here.reps)
    assert rest_there == rest_here
    assert log.num_errors == 0


def test_small_imports_stay_here(imports: ImportProcesses) -> None:
    """What is small is read by this process."""
    assert imports.call(LARGE_BYTES - 1, os.getpid) == os.getpid()
    assert imports.call(LARGE_BYTES, os.getpid) != os.getpid()


def test_a_large_body_is_stored(client: TestClient) -> None:
    """A large body comes in whole, names in any script included."""
    body = large_body()
    stored = client.post("/v1/datasets", json=body)
    assert stored.status_code == 201, stored.text
    assert stored.json()["counts"]["accounts"] == len(body["accounts"])


def test_faults_of_a_large_body_have_their_places(client: TestClient) -> None:
    """A wrong row of a large body is named as in a small one."""
    body = large_body()
    body["accounts"][4321]["lat"] = 91.0
    refused = client.post("/v1/datasets", json=body)
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/accounts/4321/lat"]
    assert client.get("/v1/datasets").json()["items"] == []


def test_a_large_body_that_is_no_json_is_refused(client: TestClient) -> None:
    """An error that ends the reading comes back from the other process as what it is."""
    content = json.dumps(large_body()).encode()[:-1]
    refused = client.post("/v1/jobs", content=content, headers={"Content-Type": "application/json"})
    assert refused.status_code == 400
    assert refused.json()["code"] == "NOT_JSON"


def test_a_process_that_dies_costs_one_import(imports: ImportProcesses) -> None:
    """An import whose process is ended by the system is refused; the next one has a new process."""
    with pytest.raises(Unavailable, match="ended by the system") as caught:
        imports.call(LARGE_BYTES, os._exit, 9)
    assert caught.value.headers["Retry-After"]
    assert imports.call(LARGE_BYTES, os.getpid) != os.getpid()


def test_a_large_body_is_expected(imports: ImportProcesses) -> None:
    """An announced large body starts a process; what is small, or no length at all, starts none."""
    before = set(psutil.Process().children())
    for announced in ("", "-1", "x", "²", "1e9", str(LARGE_BYTES - 1)):
        imports.expect(announced)
    assert set(psutil.Process().children()) == before
    imports.expect("9" * 5000)
    assert set(psutil.Process().children()) > before


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput([Fault(code="WRONG_TYPE", detail="No number.", pointer="/accounts/1/lat")], total=7),
        NotFound("There is nothing."),
        PreconditionFailed('"3"'),
        TooLarge("BODY_TOO_LARGE", "Too large.", params={"limit_bytes": 1}),
        Unavailable("UNAVAILABLE", "Away.", retry_after_s=9),
        ProblemError("NOT_JSON", "No JSON.", headers={"Accept": "application/json"}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_processes_whole(error: ProblemError) -> None:
    """An error that was copied is of its class and has all it had."""
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


def test_the_processes_end_with_a_killed_api() -> None:
    """A process of an API that was killed with signal 9 ends by itself."""
    code = (
        "import os, time\n"
        "from app.datasets.import_processes import LARGE_BYTES, ImportProcesses\n"
        "if __name__ == '__main__':\n"
        "    print(ImportProcesses().call(LARGE_BYTES, os.getpid), flush=True)\n"
        "    time.sleep(600)\n"
    )
    api = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert api.stdout is not None
    process = psutil.Process(int(api.stdout.readline()))
    api.send_signal(signal.SIGKILL)
    api.wait()
    psutil.wait_procs([process], timeout=PATIENCE_S)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
