"""Traces: one picture of a request, its job and the solver's phases at a real collector; nothing without an address."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import tiny_dataset
from tests.app.webhooks.receiver import Receiver, receiving
from tests.stories.conftest import end_service, start_service
from tests.stories.waiting import finished

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
NOWHERE = "http://127.0.0.1:9/v1/traces"


@pytest.fixture
def messages() -> Any:
    """Return the module that reads what a collector gets; skips where the extra is not installed."""
    return pytest.importorskip(
        "opentelemetry.proto.collector.trace.v1.trace_service_pb2", reason="the extra otel is not installed"
    )


def test_a_job_is_traced_from_its_request_to_its_phases(tmp_path: Path, messages: Any) -> None:
    """The caller's trace goes on through the request, the submission, the attempt on a worker and each phase."""
    with receiving() as collector:
        sent = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        service = start_service(tmp_path, **sent, TERRITORY_LOG_LEVEL="info")
        try:
            with service.client() as http:
                body = {**tiny_dataset(), "criteria": {"travel": {"weight": 50}}, "search": {"time_limit_s": 30}}
                answer = http.post("/v1/jobs", json=body, headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
                job_id = answer.json()["id"]
                job = finished(http, job_id)
                assert http.get("/health/live").status_code == 200
        finally:
            end_service(service)
        spans = _spans(collector, messages)
    assert job["state"] == "succeeded", job
    assert not any("health" in span.name for span, _ in spans)
    named = {span.name: (span, service_name) for span, service_name in spans if span.trace_id.hex() == TRACE}
    request, submitted, attempt = (named[name][0] for name in ("POST /v1/jobs", "submit job", "solve job"))
    assert request.parent_span_id.hex() == CALLER
    assert submitted.parent_span_id == request.span_id
    assert attempt.parent_span_id == submitted.span_id
    assert [named[name][1] for name in ("POST /v1/jobs", "solve job")] == ["territory", "territory-worker"]
    told = {pair.key: pair.value.string_value or pair.value.int_value for pair in attempt.attributes}
    assert (told["territory.job_id"], told["territory.attempt"], told["territory.ended"]) == (job_id, 1, "ended")
    phases = {name for name, (span, _) in named.items() if span.parent_span_id == attempt.span_id}
    assert {"write question", "start solver", "planning", "store answer"} <= phases
    assert any(line.get("trace_id") == TRACE and line.get("job_id") == job_id for line in service.log)


def _spans(collector: Receiver, messages: Any) -> list[tuple[Any, str]]:
    """Return every span that a collector got, with the name of the service that it comes from."""
    return [
        (span, next(pair.value.string_value for pair in group.resource.attributes if pair.key == "service.name"))
        for _, body in collector.got
        for group in messages.ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def test_without_an_address_nothing_is_traced() -> None:
    """Without the variables nothing of the SDK is loaded, no context is carried, and spans record nothing."""
    done = _python(
        "import sys\n"
        "from app.traces import attempt_trace, sending_traces, submission, trace_id\n"
        "with sending_traces('x'), attempt_trace('job', attempt=1, traceparent=None) as trace:\n"
        "    trace.step('planning')\n"
        "    assert (submission('job', kind='alignment'), trace_id()) == (None, None)\n"
        "print('opentelemetry.sdk' in sys.modules)\n"
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}], ids=str)
def test_the_standard_switches_turn_traces_off(off: dict[str, str]) -> None:
    """What OpenTelemetry's own variables turn off is off, whatever address is there."""
    code = "from app.traces import sending_traces, submission\nwith sending_traces('x'):\n    "
    done = _python(
        code + "print(submission('job', kind='alignment'))", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=NOWHERE, **off
    )
    assert done.stdout.strip() == "None"


def test_a_lacking_extra_is_named() -> None:
    """An address without the extra: a line in the log names the remedy, and the work goes on."""
    done = _python(
        "import sys\n"
        "sys.modules['opentelemetry.sdk'] = None\n"
        "from app.traces import sending_traces\n"
        "with sending_traces('x'):\n    print('works')\n",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )
    assert "territory-optimizer[otel]" in done.stdout
    assert done.stdout.strip().endswith("works")


def test_a_collector_that_is_away_keeps_nobody(messages: Any) -> None:
    """Spans that nobody takes are lost after seconds; a context that is none begins a trace of its own."""
    done = _python(
        "import time\n"
        "from app.traces import LAST_WORDS_S, attempt_trace, sending_traces, submission\n"
        "with sending_traces('x'):\n"
        "    with attempt_trace('job', attempt=2, traceparent='none of this') as trace:\n"
        "        trace.step('planning')\n"
        "        trace.fail('OUT_OF_MEMORY')\n"
        "        print(submission('job', kind='alignment'))\n"
        "    began = time.monotonic()\n"
        "print(time.monotonic() - began < LAST_WORDS_S + 20)\n",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=NOWHERE,
    )
    carried, in_time = done.stdout.split()[-2:]
    assert carried.startswith("00-")
    assert in_time == "True"


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own: a process has one provider of spans for its whole life."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, check=True, timeout=120
    )
