"""Every limit of GET /v1/limits at one less, at the limit and at one more: what it refuses, and what it lets through.

A new limit fails here until it has a probe.
"""

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.rates import Rates
from app.database import transaction, utc_now
from app.idempotency import IdempotencyRecord
from app.jobs.engine import Dispatch
from app.jobs.leases import LeaseRules, claim
from app.jobs.models import Job
from app.jobs.turns import put_off
from app.main import create_app
from app.settings import Settings
from tests.app.access.conftest import bearer, make_key_of
from tests.app.conftest import tiny_dataset
from tests.app.travel_times.routing_service import routing_service
from tests.contract.seeding import count_rows

Body = dict[str, Any]
HOUR = datetime.timedelta(hours=1)


@contextmanager
def service(folder: Path, **settings: Any) -> Iterator[TestClient]:
    """Start a service on a folder of its own."""
    with TestClient(create_app(Settings(data_dir=folder, log_level="error", **settings))) as client:
        yield client


def app_of(client: TestClient) -> FastAPI:
    """Return the app behind a client."""
    assert isinstance(client.app, FastAPI)
    return client.app


@dataclass(frozen=True)
class Probe:
    """How a limit is met.

    Parameters
    ----------
    limit
        What the setting is.
    ask
        Sends something of a size; of limits on a number, one more each time.
    code
        Of the refusal: the answer's own or that of an error.
    more
        Further settings.
    """

    limit: int
    ask: Callable[[TestClient, int], Any]
    code: str
    more: Mapping[str, Any] = field(default_factory=dict)


def dataset(client: TestClient, *, accounts: int = 2, reps: int = 2, **more: Any) -> Any:
    """Send a dataset of so many accounts and reps."""
    return client.post("/v1/datasets", json=body_of(accounts=accounts, reps=reps) | more)


def body_of(*, accounts: int, reps: int) -> Body:
    """Return a dataset's body."""
    return {
        "accounts": [
            {"id": f"a{number}", "lat": 50.0, "lon": 10.0 + number / 10, "measures": {"workload": 1.0}}
            for number in range(accounts)
        ],
        "reps": [{"id": f"r{number}", "lat": 51.0, "lon": 10.0 + number / 10} for number in range(reps)],
    }


def an_account(client: TestClient, **fields: Any) -> Any:
    """Send a dataset with one account of these fields."""
    body = body_of(accounts=1, reps=1)
    body["accounts"][0] |= fields
    return client.post("/v1/datasets", json=body)


def files(client: TestClient, accounts: bytes, **more: bytes) -> Any:
    """Upload accounts, a rep, and more tables."""
    parts = {"accounts": accounts, "reps": b"id,lat,lon\nr,51,10\n", **more}
    return client.post("/v1/datasets", files={name: (name, content) for name, content in parts.items()})


def of_bytes(client: TestClient, size: int) -> Any:
    """Send a JSON body of exactly so many bytes."""
    content = json.dumps(tiny_dataset()).encode()
    headers = {"Content-Type": "application/json"}
    return client.post("/v1/datasets", content=content + b" " * (size - len(content)), headers=headers)


def file_of_bytes(client: TestClient, size: int) -> Any:
    """Upload a file of exactly so many bytes."""
    head = b"id,lat,lon,note\na,50,10,"
    return files(client, head + b"x" * (size - len(head) - 1) + b"\n")


def upload_of_bytes(client: TestClient, size: int) -> Any:
    """Upload a form of exactly so many bytes."""
    name = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n'
    head = name % (b"accounts", b"a.csv") + b"id,lat,lon,note\na,50,10,"
    tail = b"\n\r\n" + name % (b"reps", b"r.csv") + b"id,lat,lon\nr,51,10\n\r\n--b--\r\n"
    content = head + b"x" * (size - len(head) - len(tail)) + tail
    return client.post("/v1/datasets", content=content, headers={"Content-Type": "multipart/form-data; boundary=b"})


def of_columns(client: TestClient, number: int) -> Any:
    """Upload a table of so many columns."""
    more = number - 3
    names = ",".join(f"note{column}" for column in range(more))
    return files(client, f"id,lat,lon,{names}\na,50,10{',x' * more}\n".encode())


def of_units(client: TestClient, number: int) -> Any:
    """Upload so many square units beside each other; the account lies in the first."""
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"u{unit}"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[9.0 + unit, 49], [10.0 + unit, 49], [10.0 + unit, 51], [9.0 + unit, 51], [9.0 + unit, 49]]
                ],
            },
        }
        for unit in range(number)
    ]
    return files(client, b"id,lat,lon\na,50,9.5\n", units=json.dumps(features_of(features)).encode())


def of_vertices(client: TestClient, number: int) -> Any:
    """Upload one unit whose ring has so many vertices, the first one twice."""
    top = [[10.0 - step / number, 51] for step in range(number - 4)]
    ring = [[9, 49], [10, 49], *top, [9, 51], [9, 49]]
    shape = {"type": "Feature", "properties": {"id": "u"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    assert len(ring) == number
    return files(client, b"id,lat,lon\na,50,9.5\n", units=json.dumps(features_of([shape])).encode())


def features_of(features: list[Body]) -> Body:
    """Return a GeoJSON collection."""
    return {"type": "FeatureCollection", "features": features}


def of_depth(client: TestClient, depth: int) -> Any:
    """Send a body that is nested so deep; a flatter one is told that this is no name."""
    nested = "[" * (depth - 1) + "]" * (depth - 1)
    headers = {"Content-Type": "application/json"}
    return client.post("/v1/datasets", content=f'{{"name": {nested}}}', headers=headers)


def of_pairs(client: TestClient, number: int) -> Any:
    """Send a dataset with so many pairs."""
    pairs = [{"account_id": f"a{pair}", "rep_id": "r0", "cost": 1} for pair in range(number)]
    return dataset(client, accounts=9, pairs=pairs)


def a_scenario(client: TestClient, **search: Any) -> Any:
    """Store a dataset and send a scenario on it."""
    dataset_id = dataset(client).json()["id"]
    return client.post("/v1/scenarios", json={"dataset_id": dataset_id, "search": search})


def a_job(client: TestClient, *, accounts: int = 2) -> Any:
    """Submit a job on so many accounts and two reps."""
    return client.post("/v1/jobs", json=body_of(accounts=accounts, reps=2))


PROBES: Mapping[str, Probe] = {
    "max_json_bytes": Probe(4096, of_bytes, "BODY_TOO_LARGE"),
    "max_file_bytes": Probe(4096, file_of_bytes, "BODY_TOO_LARGE"),
    "max_unpacked_bytes": Probe(4096, upload_of_bytes, "BODY_TOO_LARGE"),
    "max_accounts": Probe(5, lambda client, size: dataset(client, accounts=size), "TOO_MANY"),
    "max_reps": Probe(5, lambda client, size: dataset(client, reps=size), "TOO_MANY"),
    "max_units": Probe(5, of_units, "TOO_MANY"),
    "max_pairs": Probe(5, of_pairs, "TOO_MANY"),
    "max_account_rep_pairs": Probe(
        10, lambda client, size: client.post("/v1/jobs", json=body_of(accounts=size, reps=1)), "PROBLEM_TOO_LARGE"
    ),
    "max_columns": Probe(6, of_columns, "TOO_MANY"),
    "max_measures": Probe(
        4, lambda client, size: an_account(client, measures={f"m{n}": 1.0 for n in range(size)}), "TOO_MANY"
    ),
    "max_polygon_vertices": Probe(9, of_vertices, "TOO_MANY"),
    "max_json_depth": Probe(6, of_depth, "NOT_JSON"),
    "max_id_characters": Probe(12, lambda client, size: an_account(client, id="ł" * size), "BAD_TEXT"),
    "max_name_characters": Probe(12, lambda client, size: an_account(client, name="ł" * size), "BAD_TEXT"),
    "max_text_characters": Probe(
        12, lambda client, size: an_account(client, attributes={"note": "ł" * size}), "BAD_TEXT"
    ),
    "max_time_limit_s": Probe(60, lambda client, size: a_scenario(client, time_limit_s=size), "INVALID_VALUE"),
    "max_queued_jobs": Probe(2, lambda client, _: a_job(client), "QUEUE_FULL"),
    "max_queued_jobs_per_tenant": Probe(2, lambda client, _: a_job(client), "QUEUE_FULL"),
    "max_datasets_per_tenant": Probe(2, lambda client, _: dataset(client), "TOO_MANY"),
    "max_page_size": Probe(
        20, lambda client, size: client.get("/v1/datasets", params={"page_size": size}), "INVALID_VALUE"
    ),
    "max_idempotency_key_characters": Probe(
        16,
        lambda client, size: client.post(
            "/v1/datasets", json=body_of(accounts=1, reps=1), headers={"Idempotency-Key": "k" * size}
        ),
        "BAD_TEXT",
    ),
}
"""Limits that one request meets."""


@pytest.mark.parametrize("name", sorted(PROBES))
def test_a_request_is_refused_from_one_more_on(tmp_path: Path, name: str) -> None:
    """One less and the limit itself are taken, one more is refused with its code and the number; nothing is stored."""
    probe = PROBES[name]
    with service(tmp_path, **{name: probe.limit}, **probe.more) as client:
        for size in (probe.limit - 1, probe.limit):
            answer = probe.ask(client, size)
            assert answer.is_success or probe.code not in codes(answer), (size, answer.text)
            assert answer.is_success or name == "max_json_depth", (size, answer.text)
        before = count_rows(app_of(client))
        answer = probe.ask(client, probe.limit + 1)
        assert answer.is_client_error or answer.status_code == 503, answer.text
        assert probe.code in codes(answer), answer.text
        assert any(form in answer.text for form in (f"{probe.limit}", f"{probe.limit:,}")), answer.text
        after = count_rows(app_of(client))
        if name == "max_time_limit_s":  # the dataset that the scenario would have been on
            before["datasets"] += 1
            after, before = ({key: rows[key] for key in ("datasets", "scenarios")} for rows in (after, before))
        assert after == before


def codes(answer: Any) -> set[str]:
    """Return the code of a problem and those of its errors."""
    body = answer.json()
    return {str(body.get("code"))} | {str(error["code"]) for error in body.get("errors", ())}


def test_travel_times_are_asked_for_up_to_the_limit(tmp_path: Path) -> None:
    """The provider is asked for as many pairs as there may be; one more is refused before it is asked."""
    with (
        routing_service() as provider,
        service(
            tmp_path,
            max_travel_pairs=4,
            travel_provider_url=provider.url,
            travel_provider="valhalla",
            allow_private_providers=True,
        ) as client,
    ):
        for size, status in ((3, 201), (4, 201), (5, 422)):
            asked = len(provider.asked)
            answer = dataset(client, accounts=size, reps=1, travel_times=True)
            assert answer.status_code == status, answer.text
            assert (len(provider.asked) > asked) == (status == 201)
        assert "TOO_MANY" in codes(answer)


def test_faults_are_named_up_to_the_limit(tmp_path: Path) -> None:
    """As many faults as the limit are named; one more is counted and not named."""
    with service(tmp_path, max_listed_faults=5) as client:
        for size in (4, 5, 6):
            body = body_of(accounts=size + 1, reps=1)
            for account in body["accounts"]:
                account["id"] = "same"
            answer = client.post("/v1/datasets", json=body).json()
            assert (len(answer["errors"]), answer["errors_total"]) == (min(size, 5), size)


def test_a_tenants_jobs_run_up_to_the_limit(tmp_path: Path) -> None:
    """So many jobs of a tenant are claimed; the next one is put off."""
    with service(tmp_path) as client:
        app = app_of(client)
        job_ids = [a_job(client).json()["id"] for _ in range(3)]
        rules = LeaseRules(lease_s=60, max_deaths=3, max_running=2)
        taken = []
        for job_id in job_ids:
            with transaction(app.state.sessions) as session:
                is_off = put_off(session, Dispatch(job_id, 1), app.state.job_queue, most_running=2)
                taken.append(not is_off and claim(session, Dispatch(job_id, 1), worker_id="w", rules=rules) is not None)
    assert taken == [True, True, False]


def test_a_job_loses_workers_up_to_the_limit(tmp_path: Path) -> None:
    """With a limit of two the second lost worker fails the job; the first does not."""
    with service(tmp_path) as client:
        app = app_of(client)
        job_id = a_job(client).json()["id"]
        rules = LeaseRules(lease_s=60, max_deaths=2)
        states = []
        for _ in range(3):  # claimed again by the same worker: it had died
            with transaction(app.state.sessions) as session:
                claim(session, Dispatch(job_id, 1), worker_id="w", rules=rules)
                states.append(str(session.get_one(Job, job_id).state))
    assert states == ["running", "running", "failed"]


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("idempotency_days", 2.0, datetime.timedelta(days=1)),
        ("idempotency_claim_s", 30.0, datetime.timedelta(seconds=1)),
    ],
)
def test_a_key_is_remembered_up_to_the_limit(tmp_path: Path, name: str, value: float, unit: datetime.timedelta) -> None:
    """Shortly before the limit a repeated key has its effect, shortly after it the request is done anew."""
    key, body = {"Idempotency-Key": "k"}, body_of(accounts=1, reps=1)
    with service(tmp_path, **{name: value}) as client:
        first = client.post("/v1/datasets", json=body, headers=key).json()["id"]
        for age, is_remembered in ((value * unit - 5 * second(), True), (value * unit + second(), False)):
            with transaction(app_of(client).state.sessions) as session:
                record = session.scalars(sa.select(IdempotencyRecord)).one()
                record.claimed_at = utc_now() - age
                if name == "idempotency_claim_s":  # whoever held it died before the answer
                    record.status = record.body = None
            again = client.post("/v1/datasets", json=body, headers=key)
            if not is_remembered:
                assert again.json()["id"] != first
            elif name == "idempotency_days":
                assert again.json()["id"] == first
            else:
                assert again.json()["code"] == "IDEMPOTENCY_IN_FLIGHT"


def second() -> datetime.timedelta:
    """Return one second."""
    return datetime.timedelta(seconds=1)


def test_a_key_sends_a_burst_up_to_the_limit(tmp_path: Path) -> None:
    """So many requests at once are answered; the next one is 429 with Retry-After."""
    with service(tmp_path, access="key", rate_limit_burst=3, rate_limit_per_s=0.001) as client:
        key = bearer(make_key_of(app_of(client)))
        answers = [client.get("/v1/datasets", headers=key) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_key_sends_requests_up_to_its_rate() -> None:
    """After the burst a key has one request each time that the rate allows one, and none before."""
    now = [0.0]
    rates = Rates(per_s=4, burst=1, clock=lambda: now[0])
    assert rates.wait_s("k") == 0
    now[0] = 0.249
    assert rates.wait_s("k") == pytest.approx(0.001)
    now[0] = 0.25
    assert rates.wait_s("k") == 0


TRIED_ALONE = frozenset(
    {
        *("max_travel_pairs", "max_listed_faults", "max_running_jobs_per_tenant", "max_attempts"),
        *("idempotency_days", "idempotency_claim_s", "rate_limit_burst", "rate_limit_per_s"),
    }
)
"""Limits that have a test of their own above."""


def test_every_limit_is_tried() -> None:
    """Each limit that GET /v1/limits serves has a probe or a test of its own here."""
    assert set(PROBES) | TRIED_ALONE == set(Settings().limits())
