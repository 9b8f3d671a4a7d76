"""The service's metrics in Prometheus' words. Every API process says the same of them: use max over processes."""

from collections.abc import Iterator

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from app.database import Sessions, snapshot, utc_now
from app.metrics.standing import Standing, standing
from app.metrics.tallies import BUCKETS, ENDED, FAILURES, SUM, tallied

HISTOGRAMS = {
    "job_wait_seconds": "Seconds from submission to a worker's first claim, of jobs that have ended.",
    "solve_seconds": "Seconds of work of succeeded jobs, all attempts together.",
    "solve_gap": "Proven gap of succeeded jobs, a fraction of the objective.",
    "job_attempts": "Workers that began a job, of jobs that have ended.",
}

Tallies = dict[str, list[tuple[dict[str, str], float]]]


def service_metrics(sessions: Sessions, *, lease_s: float) -> bytes:
    """Return everything that is known from the database as text; only that it is away, when it is away."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(sessions, lease_s=lease_s))
    return generate_latest(registry)


class ServiceCollector(Collector):
    """Reads tallies and how things stand at each scrape.

    Parameters
    ----------
    sessions
        Of all tenants.
    lease_s
        Seconds without a heartbeat after which a job is taken over.
    """

    def __init__(self, sessions: Sessions, *, lease_s: float) -> None:
        self._sessions = sessions
        self._lease_s = lease_s

    def describe(self) -> list[Metric]:
        """Describe nothing ahead of time: nothing is read when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        up = GaugeMetricFamily("territory_database_up", "1 while the database can be read.")
        try:
            with snapshot(self._sessions) as session:
                now_stands = standing(session, utc_now(), lease_s=self._lease_s)
                sums = tallied(session)
        except DBAPIError as error:
            structlog.get_logger("territory").warning("database away", error=str(error.orig))
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _gauges(now_stands)
        yield _counter(
            sums.get(ENDED, []), "territory_jobs_ended", "Jobs that have ended.", ("kind", "state", "outcome")
        )
        yield _counter(sums.get(FAILURES, []), "territory_job_failures", "Failed jobs by error code.", ("code",))
        for name, description in HISTOGRAMS.items():
            yield _histogram(sums, name, description)


def _gauges(now_stands: Standing) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("territory_jobs", "Jobs that have not ended.", labels=["state"])
    for state, number in now_stands.jobs.items():
        jobs.add_metric([state], number)
    deliveries = GaugeMetricFamily("territory_webhook_deliveries", "Webhooks in the outbox.", labels=["state"])
    for state, number in now_stands.deliveries.items():
        deliveries.add_metric([state], number)
    yield from (jobs, deliveries)
    plain = {
        "queue_oldest_seconds": ("Seconds since the oldest queued job was submitted.", now_stands.oldest_queued_s),
        "leases_expired": ("Running jobs whose worker is silent.", now_stands.expired_leases),
        "workers": ("Workers with a heartbeat.", now_stands.workers),
        "webhook_oldest_seconds": ("Seconds that the most overdue webhook waits.", now_stands.oldest_undelivered_s),
        "blob_bytes": ("Size of all stored bulk data, in bytes.", now_stands.blob_bytes),
        "audit_entries": ("Number of the last audit entry.", now_stands.audit_entries),
    }
    for name, (description, value) in plain.items():
        gauge = GaugeMetricFamily(f"territory_{name}", description)
        gauge.add_metric([], value)
        yield gauge


def _counter(
    found: list[tuple[dict[str, str], float]], name: str, description: str, labels: tuple[str, ...]
) -> CounterMetricFamily:
    counter = CounterMetricFamily(name, description, labels=labels)
    for values, amount in found:
        counter.add_metric([values[label] for label in labels], amount)
    return counter


def _histogram(sums: Tallies, name: str, description: str) -> HistogramMetricFamily:
    found = {labels["le"]: amount for labels, amount in sums.get(name, [])}
    total = sum(amount for _, amount in sums.get(name + SUM, []))
    buckets, seen = [], 0.0
    for bound in (*(f"{bound:g}" for bound in BUCKETS[name]), "+Inf"):
        seen += found.get(bound, 0.0)
        buckets.append((bound, seen))
    histogram = HistogramMetricFamily(f"territory_{name}", description)
    histogram.add_metric([], buckets=buckets, sum_value=total)
    return histogram
