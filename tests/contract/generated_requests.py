"""Run schemathesis' engine over the service and say what it found; also a command for longer runs.

python -m tests.contract.generated_requests 15 1 2 3      # examples an operation; seeds, each a run of its own
"""

import itertools
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.engine.run import PhaseName
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from app.main import create_app
from app.settings import Settings
from tests.contract.seeding import SeededIds, seed

SEED = 20270101
VALID_REFUSED = "Schema-valid request rejected"
STILL_THERE = "Deleted resource still available"
SAID_BY_THE_SCHEMA = frozenset(
    {
        "EMPTY_LIST",
        "INVALID_VALUE",
        "METHOD_NOT_ALLOWED",
        "MISSING_FIELD",
        "NEGATIVE_MEASURE",
        "NOT_A_FINITE_NUMBER",
        "NOT_JSON",
        "UNKNOWN_FIELD",
        "UNSUPPORTED_MEDIA_TYPE",
        "WRONG_TYPE",
    }
)
"""Codes of rules that the document states; a request that keeps the document must never get them.

Other codes are of rules between values (an id that must exist, a lock against a forbidden pair, a stale ETag),
which no schema can state.
"""


REFUSALS = ("400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "428", "429")
"""Answers to a request that breaks the document.

Who asks for what, and in which state it is, is looked at before the content (RFC 9110, section 13.2): a stale ETag is
412 and a scenario that a job uses is 409, whatever stands in the body.
"""


@dataclass
class Findings:
    """What a run saw.

    Parameters
    ----------
    cases
        Requests sent, by operation.
    statuses
        Answers, by status.
    failures
        One text for each distinct failure: the operation, what is wrong, and how to repeat it.
    """

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def report(self) -> str:
        """Return all failures as one text."""
        return "\n\n".join(self.failures.values())


def send_generated_requests(
    data_dir: Path, *, num_examples: int, is_short: bool = False, random_seed: int = SEED
) -> Findings:
    """Send the document's examples, edge cases and random requests to a service that has one of everything.

    Parameters
    ----------
    data_dir
        Folder of the service's database.
    num_examples
        Random requests an operation; edge cases come on top.
    is_short
        True leaves out edge cases of bodies that another operation takes too, and sequences of requests that use what
        earlier ones answered.
    random_seed
        Where the random choices begin.
    """
    settings = Settings(data_dir=data_dir, log_format="console", log_level="error")
    seeded_app = create_app(settings)
    with TestClient(seeded_app) as client:
        ids = seed(seeded_app, client)
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", create_app(settings), config=_config(num_examples, is_short=is_short, random_seed=random_seed)
    )
    _use_real_ids(schema, ids)
    findings = Findings()
    with _fresh_headers():
        for event in from_schema(schema).execute():
            _note(findings, event)
    return findings


def _config(num_examples: int, *, is_short: bool, random_seed: int) -> SchemathesisConfig:
    skipped = {"enabled": False} if is_short else {}
    # the whole run meets streams without an end, the short one does not: there a busy machine may take its time
    patience = {"request-timeout": 60.0} if is_short else {}
    same_bodies = ("POST /v1/jobs", "PATCH /v1/scenarios/{scenario_id}")  # as POST /v1/datasets and /v1/scenarios
    return SchemathesisConfig.from_dict(
        {
            "seed": random_seed,
            **patience,
            "continue-on-failure": True,
            "checks": {"negative_data_rejection": {"expected-statuses": list(REFUSALS)}},
            "generation": {"max-examples": num_examples, "deterministic": True, "no-shrink": True},
            "phases": {"stateful": {"enabled": not is_short}, "coverage": {"unexpected-methods": ["PUT"]}},
            "operations": [{"include-name": name, "phases": {"coverage": skipped}} for name in same_bodies],
        }
    )


def _use_real_ids(schema: Any, ids: SeededIds) -> None:
    """Put ids that exist into five of six paths, and into bodies; who follows a job follows one that has ended.

    The engine takes ids from answers, too: the stream of a job that nobody executes would last until its timeout.
    """
    real = {
        "dataset_id": [ids.dataset],
        "scenario_id": [ids.scenario],
        "job_id": [ids.ended_job],
        "alignment_id": [ids.alignment, ids.current_alignment],
        "account_id": ["a1"],
        "rep_id": ["R1", "R2"],
        "delivery_id": [ids.delivery],
        "code": ["DUPLICATE_ID"],
    }

    @schema.hook  # type: ignore[untyped-decorator] # schemathesis' types end here
    def before_generate_path_parameters(context: Any, strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
        def replaced(drawn: tuple[Any, int]) -> Any:
            parameters, choice = drawn
            if choice == 0 or not isinstance(parameters, dict):
                return parameters
            return parameters | {
                name: known[choice % len(known)] for name in parameters if (known := real.get(name)) is not None
            }

        return st.tuples(strategy, st.integers(0, 5)).map(replaced)

    @schema.hook  # type: ignore[untyped-decorator] # schemathesis' types end here
    def map_case(context: Any, case: Any) -> Any:
        known = {
            "dataset_id": ids.dataset,
            "scenario_id": ids.scenario,
            "based_on": ids.scenario,
            "with": ids.current_alignment,
        }
        for part in (case.body, case.query):
            if isinstance(part, dict):
                named = known.keys() & {
                    name for name, value in part.items() if isinstance(value, str) and 0 < len(value) <= 128
                }
                part.update({name: known[name] for name in named})
        if case.operation.path.endswith("/events") and case.path_parameters["job_id"].startswith("job_"):
            case.path_parameters["job_id"] = ids.ended_job
        return case


@contextmanager
def _fresh_headers() -> Iterator[None]:
    """Use each Idempotency-Key once, and not only stale ETags and foreign tokens: requests get to their work.

    What was made to break the document is sent as it was made.
    """
    numbers = itertools.count()

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        headers = {} if _breaks(case, ParameterLocation.HEADER) else case.headers or {}
        for name in list(headers):
            if name.lower() == "idempotency-key" and 0 < len(headers[name]) < 200:
                headers[name] = f"{headers[name]}-{next(numbers)}"
            if name.lower() == "if-match" and next(numbers) % 2:
                headers[name] = "*"
        is_free = isinstance(case.query, dict) and not _breaks(case, ParameterLocation.QUERY)
        if is_free and next(numbers) % 4:
            case.query.pop("page_token", None)

    schemathesis.hook(before_call)
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(before_call)


def _breaks(case: Any, location: ParameterLocation) -> bool:
    """Tell whether a part of a request was made to break the document."""
    return case.meta is not None and bool(case.meta.is_negative_at(location))


def _note(findings: Findings, event: Any) -> None:
    if isinstance(event, (events.NonFatalError, events.FatalError)):
        findings.failures[("error", str(event)[:200])] = str(getattr(event, "info", event))
    recorder = getattr(event, "recorder", None)
    if recorder is None or not isinstance(event, (events.ScenarioFinished, events.FuzzScenarioFinished)):
        return
    for node in recorder.cases.values():
        findings.cases[node.value.operation.label] += 1
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            findings.statuses[interaction.response.status_code] += 1
    is_sequence = getattr(event, "phase", None) is PhaseName.STATEFUL_TESTING
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                continue
            failure = check.failure_info.failure
            case = recorder.cases[case_id].value
            response = recorder.interactions[case_id].response
            if failure.title == VALID_REFUSED and (is_sequence or not _breaks_its_schema(case, response)):
                continue  # what a sequence has made need not fit together
            if failure.title == STILL_THERE and "/v1/jobs/" in failure.message:
                continue  # DELETE cancels a job; what became of it can be read
            text = f"{case.operation.label}: {failure.title}\n{failure.message[:1500]}\n"
            text += check.failure_info.code_sample[:1500]
            if response is not None:
                text += f"\n-> {response.status_code} {response.content[:600]!r}"
            findings.failures.setdefault((case.operation.label, failure.title + failure.message[:80]), text)


def _breaks_its_schema(case: Any, response: Any) -> bool:
    """Tell whether a refusal names a rule of the document; what stands inside of uploaded files it cannot say."""
    return case.media_type != "multipart/form-data" and bool(_codes_of(response) & SAID_BY_THE_SCHEMA)


def _codes_of(response: Any) -> set[str]:
    """Return the codes of a problem document, those of its single faults included."""
    if response is None or response.status_code < 400:
        return set()
    problem = json.loads(response.content)
    return {problem["code"], *(fault["code"] for fault in problem["errors"])}


def main(num_examples: int, seeds: Sequence[int]) -> bool:
    """Run once for each seed, saying what each run found; tell whether nothing failed."""
    # Climbing towards accepted requests never ends where a path is small; what it would repeat is left out.
    hypothesis.settings.register_profile("once", phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
    hypothesis.settings.load_profile("once")
    total: Counter[int] = Counter()
    is_clean = True
    for random_seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            found = send_generated_requests(Path(folder), num_examples=num_examples, random_seed=random_seed)
        total.update(found.statuses)
        is_clean = is_clean and not found.failures
        sys.stdout.write(f"{found.report()}\nseed {random_seed}: {found.cases.total()} cases\n{dict(found.statuses)}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{total.total()} answers\n{dict(sorted(total.items()))}\n")
    return is_clean


if __name__ == "__main__":
    chosen = [int(text) for text in sys.argv[1:]]
    sys.exit(not main(chosen[0], chosen[1:] or [SEED]))
