"""Sending what lies in the outbox: each worker looks for events whose time has come, sends them and notes the result.

A sender claims events by moving their next attempt into the future, so that one that dies in between costs a delay and
a repetition, never the event. Several senders share one outbox.
"""

import datetime
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from app.database import Sessions, snapshot, transaction, utc_now
from app.settings import Settings
from app.webhooks.repository import WebhookRepository
from app.webhooks.retries import next_attempt_at
from app.webhooks.schemas import DeliveryState
from app.webhooks.sending import Message, Receipt, send

LOOK_S: Final = 1.0
AT_A_TIME: Final = 8
CLAIM_SLACK_S: Final = 60.0
"""A claim holds so long beyond the time that sending may take."""


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """One event that this sender holds.

    Parameters
    ----------
    message
        What is sent; None when nothing signs it any more.
    attempt
        Counts from 1; must still stand when the result is written.
    """

    delivery_id: str
    message: Message | None
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Empties the outbox.

    Parameters
    ----------
    sessions, settings
        The database; how long to wait, which addresses to allow, the service's own secret.
    ending
        Ends the loop.
    clock
        Tells the time.
    chance
        Makes the jitter.
    """

    sessions: Sessions
    settings: Settings
    ending: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], datetime.datetime] = utc_now
    chance: random.Random = field(default_factory=random.Random)

    def run(self) -> None:
        """Send what is due, again and again, until ``ending`` is set."""
        log = structlog.get_logger("territory.webhooks")
        while not self.ending.is_set():
            found = 0
            try:
                found = self.deliver_due()
            except DBAPIError as error:
                log.warning("database away", error=str(error.orig))
            if not found:
                self.ending.wait(LOOK_S)

    def deliver_due(self) -> int:
        """Send once each event that is due, several at a time; return how many."""
        claimed = self._claim()
        if claimed:
            with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="webhook") as threads:
                for _ in threads.map(self._deliver, claimed):
                    continue
        return len(claimed)

    def _claim(self) -> list[Claimed]:
        now = self.clock()
        with snapshot(self.sessions) as session:
            if not WebhookRepository(session).is_any_due(now):
                return []
        claimed = []
        with transaction(self.sessions) as session:
            webhooks = WebhookRepository(session)
            for row in webhooks.due(now, limit=AT_A_TIME):
                row.attempts += 1
                row.next_attempt_at = now + datetime.timedelta(seconds=self.settings.webhook_timeout_s + CLAIM_SLACK_S)
                webhook = webhooks.of_job(row.job_id)
                secret = None if webhook is None else webhook.secret or self.settings.webhook_secret
                message = None
                if webhook is not None and secret is not None:
                    message = Message(id=row.id, url=webhook.url, secret=secret, content=row.payload.encode())
                claimed.append(Claimed(delivery_id=row.id, message=message, attempt=row.attempts))
        return claimed

    def _deliver(self, claimed: Claimed) -> None:
        receipt = Receipt(error="the service has no secret to sign with any more")
        if claimed.message is not None:
            receipt = send(
                claimed.message,
                timestamp=int(self.clock().timestamp()),
                timeout_s=self.settings.webhook_timeout_s,
                private_too=self.settings.allow_private_webhooks,
            )
        with _logged(claimed, receipt), transaction(self.sessions) as session:
            row = WebhookRepository(session).delivery(claimed.delivery_id)
            if row is None or row.attempts != claimed.attempt or row.state != DeliveryState.WAITING:
                return  # wanted again, or deleted, meanwhile
            now = self.clock()
            row.status, row.error = receipt.status, receipt.error
            if receipt.is_delivered:
                row.state, row.delivered_at, row.next_attempt_at = DeliveryState.DELIVERED, now, None
                return
            row.next_attempt_at = next_attempt_at(
                row.attempts, now, chance=self.chance, at_least_s=receipt.retry_after_s
            )
            if receipt.is_unwanted or row.next_attempt_at is None:
                row.state, row.next_attempt_at = DeliveryState.FAILED, None


@contextmanager
def _logged(claimed: Claimed, receipt: Receipt) -> Iterator[None]:
    log = structlog.get_logger("territory.webhooks").bind(delivery_id=claimed.delivery_id, attempt=claimed.attempt)
    try:
        yield
    except DBAPIError as error:  # the claim runs out, and it is sent again
        log.warning("result not stored", error=str(error.orig))
        return
    if receipt.is_delivered:
        log.info("webhook delivered", status=receipt.status)
    else:
        log.warning("webhook not delivered", status=receipt.status, error=receipt.error)
