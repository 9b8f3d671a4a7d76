"""The engine on DBOS: a durable queue in the same database as the jobs, SQLite or Postgres.

The API enqueues through a client and never launches DBOS; only workers do. Enqueueing joins the caller's
transaction, so a job and its place in the queue exist together or not at all. Only ids are handed over.
"""

import datetime
import logging
import threading
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from sqlalchemy.orm import Session

from app.jobs.engine import MAX_PRIORITY, Dispatch, Handler

APPLICATION = "territory"
QUEUE = "jobs"
WORKFLOW = "execute_job"
PROTOCOL_VERSION = "1"
"""Set by hand: DBOS hands work only to workers of the same version, and a hash of the code would strand it."""

TURNS = 1_000_000
"""Turns that are told apart within a priority: all of them together fit DBOS' 31 bits."""

POLLING_S = 0.2
NOTIFICATIONS_S = 0.2
"""How often DBOS' listener for messages between workflows wakes up. Nobody here waits for such messages, so a look asks
nothing of the database; but the end of a worker waits for the next one."""

FORGET_AT_ONCE = 1000
_WAITING = frozenset({"ENQUEUED", "DELAYED"})


def migrate(engine: sa.Engine) -> None:
    """Create or update DBOS' own tables: beside ours in a SQLite file, in the schema ``dbos`` on Postgres."""
    logging.getLogger("dbos").setLevel(logging.WARNING)
    url = engine.url
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql")
    DBOS.migrate(url.render_as_string(hide_password=False))


class DbosQueue:
    """Enqueue jobs for DBOS workers, and tell which dispatches are lost."""

    def __init__(self, engine: sa.Engine) -> None:
        self._client = DBOSClient(
            system_database_engine=engine, application_name=APPLICATION, lazy=True, retry_connection_errors=False
        )

    def enqueue(
        self, session: Session, dispatch: Dispatch, *, priority: int, turn: int = 0, delay_s: float = 0.0
    ) -> None:
        """Hand over a job in the caller's transaction; DBOS counts priorities from 1, the smallest first."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": dispatch.id,
            "priority": (MAX_PRIORITY - priority) * TURNS + min(turn, TURNS - 1) + 1,
        }
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._client.enqueue_in_transaction(session, options, dispatch.id)

    def lost(self, dispatches: Sequence[Dispatch], *, living: Collection[str]) -> list[Dispatch]:
        """Return the dispatches that ended without their job, were never stored, or lie with a dead worker."""
        if not dispatches:
            return []
        found = {
            status.workflow_id: status
            for status in self._client.list_workflows(
                workflow_ids=[dispatch.id for dispatch in dispatches], load_input=False, load_output=False
            )
        }
        return [dispatch for dispatch in dispatches if _is_lost(found.get(dispatch.id), living)]

    def forget_ended(self, *, older_than_s: float) -> None:
        """Delete DBOS' records of what ended long ago."""
        before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=older_than_s)
        old = self._client.list_workflows(
            completed_before=before.isoformat(), limit=FORGET_AT_ONCE, load_input=False, load_output=False
        )
        ids = [status.workflow_id for status in old]
        if ids:
            self._client.delete_workflows(ids)

    def close(self) -> None:
        """Do nothing: the engine is the caller's."""


class DbosConsumer:
    """Take dispatches from the queue in this process; there can be one in a process.

    Parameters
    ----------
    engine
        The database.
    worker_id
        Stable name of this worker: after a restart it gets back what it held.
    slots
        Jobs at a time.
    """

    def __init__(self, engine: sa.Engine, *, worker_id: str, slots: int) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._slots = slots
        self._stopped = threading.Event()

    def start(self, handler: Handler) -> None:
        """Launch DBOS and listen to the queue; what this worker held when it died comes again."""
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "executor_id": self._worker_id,
            "application_version": PROTOCOL_VERSION,
            "use_listen_notify": False,
            "run_migrations": False,
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": NOTIFICATIONS_S,
        }
        DBOS(config=config)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        def execute_job(dispatch_id: str) -> None:
            execute(dispatch_id)

        @DBOS.step(name="supervise_solver")
        def execute(dispatch_id: str) -> None:
            if not self._stopped.is_set():
                handler(Dispatch.from_id(dispatch_id))

        DBOS.listen_queues([QUEUE])
        DBOS.launch()
        DBOS.register_queue(
            QUEUE, worker_concurrency=self._slots, polling_interval_sec=POLLING_S, on_conflict="always_update"
        )

    def stop(self) -> None:
        """Take no more dispatches."""
        self._stopped.set()
        DBOS.destroy(destroy_registry=True)


def _is_lost(status: Any, living: Collection[str]) -> bool:
    if status is None or status.status not in {*_WAITING, "PENDING"}:
        return True
    return status.status == "PENDING" and status.executor_id not in living
