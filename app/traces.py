"""Traces (OpenTelemetry): a request, the job that it submits and the phases of its solver, in one picture.

Off without the extra ``otel`` and without an address in the standard ``OTEL_…`` variables: every call here then does
nothing. FastAPI makes the spans of requests by itself; a job's row carries the context to the worker that executes it.
"""

import os
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import structlog
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ADDRESSES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
TRACEPARENT: Final = "traceparent"
UNTRACED: Final = ("/health/", "/metrics")
"""Paths that machines ask for all day long."""
LAST_WORDS_S: Final = 3.0
"""Seconds that a process which ends gives a collector: one that is away keeps nobody."""
_SCOPE: Final = "territory"
_CONTEXT: Final = TraceContextTextMapPropagator()


@contextmanager
def sending_traces(service: str) -> Iterator[None]:
    """Send spans where the standard variables say, until the block ends.

    Parameters
    ----------
    service
        What this process is called in traces, unless ``OTEL_SERVICE_NAME`` says otherwise.
    """
    provider = _provider(service)
    if provider is None:
        yield
        return
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        last = threading.Thread(target=provider.shutdown, name="last-traces", daemon=True)
        last.start()
        last.join(LAST_WORDS_S)


def _provider(service: str) -> Any:
    """Return what makes and sends spans, None where nobody wants them."""
    kind = os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip()
    is_wanted = any(os.environ.get(name) for name in ADDRESSES) and kind != "none"
    if not is_wanted or os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    log = structlog.get_logger("territory.traces")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("traces are wanted, but not installed", fix="pip install 'territory-optimizer[otel]'")
        return None
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if kind != "otlp" or protocol not in (None, "http/protobuf"):
        log.warning("traces are sent as OTLP over HTTP with protobuf only", exporter=kind, protocol=protocol)
    name = os.environ.get("OTEL_SERVICE_NAME") or service
    provider = TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def is_untraced(scope: MutableMapping[str, Any]) -> bool:
    """Tell whether a request is one of those that would only hide the others."""
    return str(scope.get("path", "")).startswith(UNTRACED)


def trace_id() -> str | None:
    """Return the id of the current trace as log lines name it, None where nothing is traced."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def submission(job_id: str, *, kind: str) -> str | None:
    """Return the span of a job's submission as W3C Trace Context writes it, None where nothing is traced."""
    told = {"territory.job_id": job_id, "territory.job_kind": kind}
    with trace.get_tracer(_SCOPE).start_as_current_span("submit job", kind=trace.SpanKind.PRODUCER, attributes=told):
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier)
        return carrier.get(TRACEPARENT)


class AttemptTrace:
    """The span of one attempt at a job, with one below it for each step, one after the other.

    Steps are what the worker does before and after, and between them the phases that the solver tells.

    Parameters
    ----------
    span
        The attempt's own; without it nothing is traced.
    """

    def __init__(self, span: trace.Span = trace.INVALID_SPAN) -> None:
        self._attempt = span
        self._step: trace.Span | None = None
        self._name: str | None = None

    def step(self, name: str) -> None:
        """Begin a step, unless the attempt is in it already."""
        if name != self._name and self._attempt.is_recording():
            self.close()
            below = trace.set_span_in_context(self._attempt)
            self._name, self._step = name, trace.get_tracer(_SCOPE).start_span(name, context=below)

    def close(self) -> None:
        """End the step."""
        if self._step is not None:
            self._step.end()
        self._name = self._step = None

    def say(self, **told: str | int) -> None:
        """Say of the attempt what became of it."""
        self._attempt.set_attributes({f"territory.{name}": value for name, value in told.items()})

    def fail(self, code: str) -> None:
        """Mark the attempt as failed, with the word of the error table."""
        self._attempt.set_status(trace.StatusCode.ERROR, code)


@contextmanager
def attempt_trace(job_id: str, *, attempt: int, traceparent: str | None) -> Iterator[AttemptTrace]:
    """Open the span of one attempt at a job, below its submission.

    Parameters
    ----------
    job_id
        The job.
    attempt
        Which attempt it is, from 1 on.
    traceparent
        What `submission` returned; a new trace begins where it is None or no context.
    """
    parent = _CONTEXT.extract({} if traceparent is None else {TRACEPARENT: traceparent})
    told: dict[str, str | int] = {"territory.job_id": job_id, "territory.attempt": attempt}
    tracer = trace.get_tracer(_SCOPE)
    with tracer.start_as_current_span(
        "solve job", context=parent, kind=trace.SpanKind.CONSUMER, attributes=told
    ) as span:
        found = AttemptTrace(span)
        try:
            yield found
        finally:
            found.close()
