"""Webhooks end to end: asked for with a job, told when it ends, signed, repeated, bounded."""

import datetime
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import transaction, utc_now
from app.jobs.endings import Ending
from app.jobs.engine import Dispatch
from app.jobs.leases import LeaseRules, claim, finish
from app.jobs.states import JobState
from app.settings import Settings
from app.tenancy import of_all_tenants
from app.webhooks.delivering import Sender
from app.webhooks.models import WebhookDelivery
from app.webhooks.retries import MOST_ATTEMPTS, PAUSES_S, next_attempt_at
from tests.app.conftest import tiny_dataset
from tests.app.webhooks.receiver import SECRET, Receiver, dripping, receiving, silent
from tests.contract.seeding import seed

CRITERIA = {"travel": {"weight": 50}}


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime.datetime:
        """Return the time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += datetime.timedelta(seconds=seconds)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings that allow a receiver on this machine, which has little patience."""
    return Settings(
        data_dir=tmp_path / "data",
        log_format="console",
        log_level="error",
        allow_private_webhooks=True,
        webhook_timeout_s=0.5,
    )


@pytest.fixture
def clock() -> Clock:
    """Return the time of the sender."""
    return Clock()


@pytest.fixture
def sender(app: FastAPI, client: TestClient, settings: Settings, clock: Clock) -> Sender:
    """Return what empties the outbox of the started app."""
    del client  # it started the app
    sessions = of_all_tenants(app.state.sessions)
    return Sender(sessions=sessions, settings=settings, clock=clock, chance=random.Random(1))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that takes everything."""
    with receiving() as receiver:
        yield receiver


def submitted(client: TestClient, url: str, **webhook: Any) -> str:
    """Submit a job with a webhook and return its id."""
    hook = {"url": url, "secret": SECRET, **webhook}
    body = {**tiny_dataset(), "criteria": CRITERIA, "webhook": hook, "tags": {"år": "2027"}}
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    assert "whsec_" not in answer.text
    return str(answer.json()["id"])


def canceled(client: TestClient, url: str, clock: Clock, **webhook: Any) -> str:
    """Submit a job with a webhook, cancel it and return its id."""
    job_id = submitted(client, url, **webhook)
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 202
    clock.now = utc_now()
    return job_id


def deliveries(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    """Return what the service says of its deliveries."""
    answer = client.get("/v1/webhooks/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_an_end_is_told_signed_and_once(client: TestClient, sender: Sender, clock: Clock, receiver: Receiver) -> None:
    """A canceled job is told once, with a signature that Standard Webhooks verifies and no data of accounts."""
    job_id = canceled(client, receiver.url, clock)
    assert sender.deliver_due() == 1
    assert sender.deliver_due() == 0
    [(headers, body)] = receiver.got
    assert receiver.is_genuine(0)
    told = json.loads(body)
    assert told["type"] == "job.canceled"
    assert (told["data"]["job_id"], told["data"]["tags"]) == (job_id, {"år": "2027"})
    assert "Łódź" not in body.decode()
    [shown] = deliveries(client, job_id=job_id)
    assert (shown["id"], shown["state"], shown["status"]) == (headers["webhook-id"], "delivered", 204)
    assert shown["url"].endswith("/hook")
    assert "whsec_" not in json.dumps(shown)


def test_a_changed_body_is_not_genuine(client: TestClient, sender: Sender, clock: Clock, receiver: Receiver) -> None:
    """The signature covers the body: one letter less, and it does not hold."""
    canceled(client, receiver.url, clock)
    sender.deliver_due()
    receiver.got[0] = (receiver.got[0][0], receiver.got[0][1][:-1])
    assert not receiver.is_genuine(0)


def test_what_fails_comes_again_with_the_same_id(client: TestClient, sender: Sender, clock: Clock) -> None:
    """A receiver that answers 500 and 503 gets the same message again, later and later, until it takes it."""
    with receiving(500, 503) as receiver:
        canceled(client, receiver.url, clock)
        for pause_s in (0, 6, 331):
            clock.forward(pause_s)
            assert sender.deliver_due() == 1
        assert [receiver.is_genuine(number) for number in range(3)] == [True, True, True]
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    [shown] = deliveries(client)
    assert (shown["state"], shown["attempts"], shown["error"]) == ("delivered", 3, None)


def test_redirects_are_not_followed(client: TestClient, sender: Sender, clock: Clock) -> None:
    """A redirect counts as a failed attempt; nobody asks where it leads."""
    with receiving(302) as receiver:
        canceled(client, receiver.url, clock)
        sender.deliver_due()
    [shown] = deliveries(client)
    assert (shown["state"], shown["status"]) == ("waiting", 302)
    assert "redirect" in shown["error"]


@pytest.mark.parametrize("endless", [silent, dripping])
def test_a_receiver_that_hangs_is_left(client: TestClient, sender: Sender, clock: Clock, endless: Any) -> None:
    """A receiver that says nothing, or one byte now and then for ever, is left when its time is over."""
    with endless() as url:
        canceled(client, url, clock)
        sender.deliver_due()
    [shown] = deliveries(client)
    assert (shown["state"], shown["error"]) == ("waiting", "no answer within 0.5 s")


def test_gone_ends_it(client: TestClient, sender: Sender, clock: Clock) -> None:
    """410 says that nobody wants it: it is not sent again, unless it is asked for."""
    with receiving(410) as receiver:
        canceled(client, receiver.url, clock)
        sender.deliver_due()
        [shown] = deliveries(client, state="failed")
        assert shown["next_attempt_at"] is None
        again = client.post(f"/v1/webhooks/deliveries/{shown['id']}/redeliver")
        assert (again.status_code, again.json()["state"]) == (202, "waiting")
        clock.now = utc_now()
        assert sender.deliver_due() == 1
        assert receiver.got[0][1] == receiver.got[1][1]
    assert deliveries(client)[0]["state"] == "delivered"


def test_the_end_of_a_proof_is_told(
    client: TestClient, app: FastAPI, sender: Sender, clock: Clock, receiver: Receiver
) -> None:
    """A proven explanation tells its end and of what it is; so does one that an asker without a webhook began."""
    alignment_id = seed(app, client).alignment
    path, hook = f"/v1/alignments/{alignment_id}/explanations/a2", {"url": receiver.url, "secret": SECRET}
    silently = client.post(path, json={"rep_id": "R2"})
    job_id = silently.json()["id"]
    assert client.post(path, json={"rep_id": "R2", "webhook": hook}).json()["id"] == job_id
    ended(app, job_id)
    clock.now = utc_now()
    sender.deliver_due()  # the seeded delivery, too
    [(_, body)] = receiver.got
    told = json.loads(body)
    assert (told["type"], told["data"]["job_id"]) == ("job.succeeded", job_id)
    assert told["data"]["explanation"] == {"alignment_id": alignment_id, "account_id": "a2", "rep_id": "R2"}
    [shown] = deliveries(client, job_id=job_id)
    assert client.post(f"/v1/webhooks/deliveries/{shown['id']}/redeliver").status_code == 202
    clock.now = utc_now()
    assert sender.deliver_due() == 1
    assert receiver.got[0][1] == receiver.got[1][1]


def test_a_proof_that_has_ended_is_told_at_once(
    client: TestClient, app: FastAPI, sender: Sender, clock: Clock, receiver: Receiver
) -> None:
    """Who asks for what is proven already is told of it; asking once more tells nothing again."""
    path = f"/v1/alignments/{seed(app, client).alignment}/explanations/a2"
    ended(app, client.post(path, json={"rep_id": "R2"}).json()["id"])
    asked = {"rep_id": "R2", "webhook": {"url": receiver.url, "secret": SECRET}}
    for _ in range(2):
        assert client.post(path, json=asked).status_code == 202
        clock.now = utc_now()
        sender.deliver_due()
        assert len(receiver.got) == 1
    assert receiver.is_genuine(0)


def ended(app: FastAPI, job_id: str) -> None:
    """Let a worker end a job."""
    rules = LeaseRules(lease_s=60, max_deaths=3)
    with transaction(app.state.sessions) as session:
        held = claim(session, Dispatch(job_id, 1), worker_id="w", rules=rules)
        assert held is not None
        assert finish(session, held, Ending(state=JobState.SUCCEEDED, outcome="unknown", stop_reason="time_limit"))


def test_only_wanted_events_are_told(client: TestClient, sender: Sender, clock: Clock, receiver: Receiver) -> None:
    """A webhook that asks for one event is not told of others."""
    canceled(client, receiver.url, clock, events=["job.succeeded"])
    assert sender.deliver_due() == 0
    assert deliveries(client) == []


def test_a_dead_sender_costs_a_delay_only(
    client: TestClient, sender: Sender, clock: Clock, receiver: Receiver, app: FastAPI
) -> None:
    """What a sender had claimed when it died is sent by another one when the claim has run out."""
    canceled(client, receiver.url, clock)
    assert len(sender._claim()) == 1  # and dies
    assert sender.deliver_due() == 0
    clock.forward(61)
    assert sender.deliver_due() == 1
    with transaction(app.state.sessions) as session:
        assert session.query(WebhookDelivery).one().attempts == 2


def test_a_canceled_transaction_tells_nobody(client: TestClient, clock: Clock, receiver: Receiver) -> None:
    """The outbox is written with the state: a cancel that is refused leaves nothing in it."""
    job_id = canceled(client, receiver.url, clock)
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 409
    assert len(deliveries(client)) == 1


def test_attempts_span_three_days() -> None:
    """Ten attempts, the last about three days after the first, pauses within a tenth of their length."""
    assert 70 * 3600 <= sum(PAUSES_S) <= 76 * 3600
    now, chance = utc_now(), random.Random(3)
    for attempts, pause_s in enumerate(PAUSES_S, start=1):
        found = next_attempt_at(attempts, now, chance=chance)
        assert found is not None
        assert abs((found - now).total_seconds() - pause_s) <= 0.1 * pause_s + 1e-3
    assert next_attempt_at(MOST_ATTEMPTS, now, chance=chance) is None


def test_who_asks_for_patience_gets_it() -> None:
    """Retry-After lengthens a pause, up to a day."""
    now = utc_now()
    later = next_attempt_at(1, now, chance=random.Random(1), at_least_s=600)
    assert later == now + datetime.timedelta(seconds=600)
