"""Watching jobs without asking again and again: long polls and streams of events.

Both read the rows that workers write, a few times a second, off the event loop, all of them together in one read; so
they work with any number of API processes and workers.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Final

from fastapi.sse import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.database import Sessions, snapshot
from app.jobs.job_reads import Look
from app.jobs.repository import JobRepository
from app.jobs.states import EventKind

LOOK_S: Final = 0.2
MAX_WAIT_S: Final = 60.0
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,6})(?:$|[,;\s])")


def wanted_wait_s(prefer: str | None) -> float:
    """Return the seconds of ``Prefer: wait=20`` (RFC 7240), at most 60; 0 when there is none."""
    found = _WAIT.search(prefer or "")
    return 0.0 if found is None else min(float(found[1]), MAX_WAIT_S)


async def wait_for_end(look: Look, job_id: str, *, wait_s: float) -> None:
    """Return when the job has ended, is not there, or the time is over."""
    deadline = time.monotonic() + wait_s
    while True:
        job = await look(job_id)
        left_s = deadline - time.monotonic()
        if job is None or job.has_ended or left_s <= 0:
            return
        await asyncio.sleep(min(LOOK_S, left_s))


async def follow(look: Look, sessions: Sessions, job_id: str, *, after: int) -> AsyncIterator[ServerSentEvent]:
    """Yield the job's events with larger numbers as they come, until ``done``.

    A job that ended before ``after`` has no event left: the stream ends at once.
    """
    number = after
    while True:
        job = await look(job_id)  # before the events: an end that is seen here has its events below
        has_news = job is not None and job.num_events > number
        events = await run_in_threadpool(_events_after, sessions, job_id, number) if has_news else []
        for event in events:
            yield event
            number = int(event.id or number)
            if event.event == EventKind.DONE:
                return
        if not events:
            if job is None or job.has_ended:
                return
            await asyncio.sleep(LOOK_S)


def last_event_number(last_event_id: str | None) -> int:
    """Return the number of the last event that a client has seen, 0 for none or for what is no number."""
    text = (last_event_id or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


def _events_after(sessions: Sessions, job_id: str, number: int) -> list[ServerSentEvent]:
    with snapshot(sessions) as session:
        return [
            ServerSentEvent(event=event.kind, data=event.data, id=str(event.number))
            for event in JobRepository(session).events_after(job_id, number)
        ]
