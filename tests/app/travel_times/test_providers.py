"""Travel times from a small local server that speaks the APIs of OSRM and Valhalla."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest

from app.datasets.faults import FaultLog
from app.datasets.tables import ACCOUNT_FIELDS, PAIR_FIELDS, REP_FIELDS, DatasetTables
from app.travel_times.asking import ProviderError, Question
from app.travel_times.pairs import TravelSource, with_travel_times
from app.travel_times.providers import Osrm, Valhalla, travel_seconds
from tests.app.alignments.line import table
from tests.app.travel_times.routing_service import Service, routing_service, seconds

SOURCES = np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 60.0]])
TARGETS = np.array([[10.0, 1.0], [0.0, 1.0], [85.0, 3.0], [5.0, 61.0], [10.0, 1.0]])
"""The third target is off the road network, the third source and fourth target beyond the border; two are equal."""


DURATIONS = {"annotations": "duration", "sources": "0", "destinations": "1"}


@pytest.fixture
def service() -> Iterator[Service]:
    """Return a running routing service."""
    with routing_service() as running:
        yield running


@pytest.fixture
def question(service: Service) -> Iterator[Question]:
    """Return a connection to the routing service."""
    asking = Question(service.url, timeout_s=20)
    yield asking
    asking.close()


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
@pytest.mark.parametrize("batch", [2, 3, 100])
def test_all_pairs_in_batches(question: Question, kind: str, batch: int) -> None:
    """Whatever the batch, each pair has its time; one without a way is NaN, one off the roads spoils no other."""
    provider = Osrm(question, profile="driving") if kind == "osrm" else Valhalla(question, profile="auto")
    found = travel_seconds(provider, SOURCES, TARGETS, batch=batch)
    for row, source in enumerate(SOURCES.tolist()):
        for column, target in enumerate(TARGETS.tolist()):
            expected = None if target[0] > 80 else seconds(tuple(source), tuple(target))
            assert found[row, column] == pytest.approx(np.nan if expected is None else expected, nan_ok=True)


def test_equal_places_are_asked_for_once(question: Question, service: Service) -> None:
    """A thousand accounts in one place are one question."""
    provider = Osrm(question, profile="driving")
    found = travel_seconds(provider, SOURCES[:1], np.tile(TARGETS[:1], (1000, 1)), batch=100)
    assert (found.shape, len(service.asked)) == ((1, 1000), 1)


def test_a_busy_service_is_asked_again(question: Question, service: Service) -> None:
    """Two answers of 503 are no failure, three are, and they are told in one sentence."""
    provider = Osrm(question, profile="driving")
    service.fail_next = 2
    assert travel_seconds(provider, SOURCES[:1], TARGETS[:1], batch=10).tolist() == [[600.0]]
    service.fail_next = 3
    with pytest.raises(ProviderError, match="failed 3 times: it answered 503"):
        travel_seconds(provider, SOURCES[:1], TARGETS[:1], batch=10)


STRANGE_ANSWERS = (
    b"<html>",
    b"[]",
    b'{"code": "Ok"}',
    b'{"code": "Ok", "durations": [[1, 2]]}',
    b'{"code": "Ok", "durations": [["a"]]}',
    b'{"code": "Ok", "durations": [[-5]]}',
    b'{"code": "Strange"}',
)


@pytest.mark.parametrize("answer", STRANGE_ANSWERS)
def test_strange_answers_are_refused(question: Question, service: Service, answer: bytes) -> None:
    """An answer that is no matrix of times of the right shape is an error, never a guess."""
    service.break_with = answer
    with pytest.raises(ProviderError):
        travel_seconds(Osrm(question, profile="driving"), SOURCES[:1], TARGETS[:1], batch=10)


def test_an_answer_that_drips_has_an_end(service: Service) -> None:
    """A service that sends a byte now and then is given up after the time of one answer, three times."""
    service.drips = True
    with pytest.raises(ProviderError, match=r"failed 3 times: it cannot be reached \(ReadTimeout\)"):
        Question(service.url, timeout_s=0.2).get("/table/v1/driving/1,0;2,0", DURATIONS)


def test_all_answers_together_have_a_limit(service: Service) -> None:
    """Once the time for all questions is over nothing more is asked."""
    asking = Question(service.url, timeout_s=20, limit_s=0.0)
    with pytest.raises(ProviderError, match="more than 0 s"):
        asking.get("/table/v1/driving/1,0;2,0", DURATIONS)
    assert service.asked == []


def test_nobody_there() -> None:
    """An address without a service is an error that says so."""
    with pytest.raises(ProviderError, match="cannot be reached"):
        Question("http://127.0.0.1:9", timeout_s=5).get("/", {})


def dataset(**more: object) -> DatasetTables:
    """Return three accounts and three reps, one of whom has left; the last account is beyond the border."""
    accounts = [
        {"id": "a", "lat": 10.0, "lon": 1.0, "visits_per_year": 12.0},
        {"id": "b", "lat": 0.0, "lon": 2.0},
        {"id": "c", "lat": 0.0, "lon": 60.0},
    ]
    reps = [
        {"id": "R", "lat": 0.0, "lon": 1.0},
        {"id": "S", "lat": 0.0, "lon": 3.0},
        {"id": "T", "lat": 1.0, "lon": 1.0},
    ]
    rows = [{"fte": 1.0, "active": rep["id"] != "T", "skills": [], **rep} for rep in reps]
    pairs = table(more.pop("pairs"), PAIR_FIELDS) if "pairs" in more else None  # type: ignore[arg-type] # rows
    return DatasetTables(table(accounts, ACCOUNT_FIELDS), table(rows, REP_FIELDS), pairs)


def source(service: Service, unreachable: Literal["forbid", "great_circle"] = "forbid", **more: int) -> TravelSource:
    """Return the routing service as a dataset's source."""
    return TravelSource(
        kind="osrm",
        url=service.url,
        profile="driving",
        batch=100,
        timeout_s=20,
        unreachable=unreachable,
        speed_kmh=60,
        max_pairs=more.get("max_pairs", 1000),
        private_too="private" not in more,
    )


def costs(tables: DatasetTables) -> dict[tuple[str, str], float | None]:
    """Return each pair's cost, None where it is forbidden."""
    assert tables.pairs is not None
    return {
        (row["account_id"], row["rep_id"]): None if row["forbidden"] else row["cost"]
        for row in tables.pairs.to_pylist()
    }


def test_minutes_become_pairs(service: Service) -> None:
    """A pair costs its minutes times the visits; a pair without a way is forbidden and told; who left has no pairs."""
    log = FaultLog()
    found = costs(with_travel_times(dataset(), source(service), log))
    assert found == {
        ("a", "R"): 120.0,
        ("a", "S"): 144.0,
        ("b", "R"): 1.0,
        ("b", "S"): 1.0,
        ("c", "R"): None,
        ("c", "S"): None,
    }
    (warning,) = log.warnings
    assert (warning.code, warning.params["accounts"], warning.params["pairs"]) == ("NO_WAY", ["c"], 2)


def test_the_great_circle_may_stand_in(service: Service) -> None:
    """Where that is set, a pair without a way has the time of the great circle at the given speed."""
    found = costs(with_travel_times(dataset(), source(service, "great_circle"), FaultLog()))
    assert found["c", "R"] == pytest.approx(59 * 111.195, rel=1e-4)


def test_the_callers_pairs_stand_above(service: Service) -> None:
    """A cost or a ban that the caller sent for a pair stays as it is."""
    pairs = [
        {"account_id": "a", "rep_id": "R", "cost": 7.0, "forbidden": False},
        {"account_id": "b", "rep_id": "S", "cost": None, "forbidden": True},
        {"account_id": "c", "rep_id": "R", "cost": 9.0, "forbidden": False},
    ]
    found = costs(with_travel_times(dataset(pairs=pairs), source(service), FaultLog()))
    assert (found["a", "R"], found["b", "S"], found["c", "R"], found["a", "S"]) == (7.0, None, 9.0, 144.0)


def test_limits_and_failures_are_faults(service: Service) -> None:
    """Too many pairs, a service that fails and a private address are errors, and nothing is made up."""
    log = FaultLog()
    assert with_travel_times(dataset(), source(service, max_pairs=5), log).pairs is None
    service.fail_next = 3
    assert with_travel_times(dataset(), source(service), log).pairs is None
    asked = len(service.asked)
    assert with_travel_times(dataset(), source(service, private=0), log).pairs is None
    assert len(service.asked) == asked
    assert [fault.code for fault in log.errors] == ["TOO_MANY", *["TRAVEL_TIMES_UNAVAILABLE"] * 2]
    assert "private" in log.errors[-1].detail
