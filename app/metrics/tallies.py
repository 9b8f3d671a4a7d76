"""Counting what has ended: added up in the transaction that ends a job, so that nothing is counted twice or lost.

Workers come and go and the API restarts; the sums stand in the database, and deleting old jobs takes nothing away.
"""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.jobs.models import Job
from app.metrics.models import Tally

BUCKETS: Final[Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "job_wait_seconds": (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400),
        "solve_seconds": (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 14400),
        "solve_gap": (0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
        "job_attempts": (1, 2, 3, 5),
    }
)
"""Upper bounds of histograms, without the last one, which has none."""
ENDED: Final = "jobs_ended"
FAILURES: Final = "job_failures"
SUM: Final = ":sum"
assert all(low < high for bounds in BUCKETS.values() for low, high in pairwise(bounds))

Growth = dict[tuple[str, str], float]


def count_ending(session: Session, job: Job) -> None:
    """Count a job that ends now, in the caller's transaction."""
    growth: Growth = {}
    labels = {"kind": str(job.kind), "state": str(job.state), "outcome": job.outcome or "none"}
    growth[ENDED, _text(labels)] = 1
    if job.problem is not None:
        growth[FAILURES, _text({"code": str(job.problem["code"])})] = 1
    for name, amount in _amounts(job):
        growth[name, _text({"le": bucket_of(name, amount)})] = 1
        growth[name + SUM, _text({})] = amount
    add(session, growth)


def add(session: Session, growth: Growth) -> None:
    """Add amounts to tallies, in one statement and one order, so that no two writers wait for each other."""
    rows = [{"name": key[0], "labels": key[1], "value": value} for key, value in sorted(growth.items())]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Tally.__table__).values(rows)  # type: ignore[arg-type] # a declarative table is a table
    grown = Tally.__table__.c.value + statement.excluded.value
    session.connection().execute(
        statement.on_conflict_do_update(index_elements=["name", "labels"], set_={"value": grown})
    )


def bucket_of(name: str, amount: float) -> str:
    """Return the label of the histogram's bucket that an amount falls into: its upper bound, included."""
    bounds = BUCKETS[name]
    position = bisect_left(bounds, amount)
    return "+Inf" if position == len(bounds) else f"{bounds[position]:g}"


def tallied(session: Session) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Return every tally by name."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for name, labels, value in session.connection().execute(sa.select(Tally.name, Tally.labels, Tally.value)):
        found.setdefault(name, []).append((json.loads(labels), value))
    return found


def _amounts(job: Job) -> Iterator[tuple[str, float]]:
    progress = job.progress or {}
    if job.started_at is not None:
        yield "job_wait_seconds", max(0.0, (job.started_at - job.created_at).total_seconds())
        yield "job_attempts", float(job.attempts)
    if job.state == "succeeded":
        yield "solve_seconds", float(progress.get("elapsed_s") or 0.0)
        if progress.get("gap") is not None and job.outcome in ("optimal", "feasible"):
            yield "solve_gap", float(progress["gap"])


def _text(labels: Mapping[str, str]) -> str:
    return json.dumps(labels, sort_keys=True, separators=(",", ":"))
