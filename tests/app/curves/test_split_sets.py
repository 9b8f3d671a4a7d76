"""A Pareto set that is split: the ends first, then what is between them in parts, then what is missing; on both stores.

No worker runs: each test executes the parts itself, in the order that it is about, with real solving in this process.
"""

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.curves.pareto_parts import pareto_parts
from app.curves.rounds import undominated
from app.curves.solving import answer_curve
from app.database import Sessions, snapshot, transaction, utc_now
from app.jobs.endings import Ending
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.leases import Claim, LeaseRules, claim, finish, take_over
from app.jobs.models import Job, Worker
from app.jobs.parts import begin_next_round
from app.jobs.repository import JobRepository
from app.jobs.results import store_curve, store_ending, store_interrupted, write_question
from app.jobs.solver_files import CURVE, SolverFiles
from app.jobs.states import JobState
from app.main import create_app
from app.retention.sweeping import sweep
from app.settings import Settings
from tests.app.curves.conftest import CRITERIA, Told, small_question

RULES = LeaseRules(lease_s=60, max_deaths=3)
ENDS, BETWEEN = [-2, -1, 0], [[1, 2], [3, 4]]
REST: list[int] = []
PROBLEM = {"code": "SOLVER_CRASHED", "detail": "The solver ended unexpectedly."}
VOLATILE = frozenset({"alignment_id"})


class Bench:
    """A started service without workers, of which some seem to live."""

    def __init__(self, client: TestClient, folder: Path) -> None:
        self.client, self._folder = client, folder
        self.sessions: Sessions = client.app.state.sessions  # type: ignore[attr-defined] # the app's own place
        self.whole = ""

    @property
    def queue(self) -> JobQueue:
        """Where jobs are handed over; it is there once something was submitted."""
        queue: JobQueue = self.client.app.state.job_queue  # type: ignore[attr-defined] # the app's own place
        return queue

    def let_live(self, num_workers: int) -> None:
        """Let so many workers beat."""
        with transaction(self.sessions) as session:
            for number in range(num_workers):
                here = {"host": "here", "process_id": 1, "started_at": utc_now()}
                JobRepository(session).beat(Worker(id=f"w{number}", knows_parts=True, **here))

    def submit(self, body: dict[str, Any] | None = None, *, kind: str = "pareto", **search: Any) -> str:
        """Submit a Pareto set of seven alignments, or another curve, and return its job's id."""
        dataset = self.client.post("/v1/datasets", json=body or small_question()).json()["id"]
        limits = {"time_limit_s": 80, "gap": 0.5, "deterministic": True, **search}
        scenario = {"dataset_id": dataset, "criteria": CRITERIA, "search": limits}
        scenario_id = self.client.post("/v1/scenarios", json=scenario).json()["id"]
        asked = {"kind": kind, "name": "Choices"} | ({"alignments": 7} if kind == "pareto" else {})
        answer = self.client.post(f"/v1/scenarios/{scenario_id}/curves", json=asked)
        assert answer.status_code == 202, answer.text
        self.whole = str(answer.json()["id"])
        return self.whole

    def parts(self) -> list[Job]:
        """Return the parts in their order."""
        with self.sessions() as session:
            return list(JobRepository(session).parts(self.whole))

    def due(self) -> list[Job]:
        """Return the parts that wait for a worker."""
        with snapshot(self.sessions) as session:
            handed_over = {job_id for job_id, _ in JobRepository(session).unclaimed()}
        return [part for part in self.parts() if part.id in handed_over]

    def take(self, job_id: str, *, worker_id: str = "w0") -> Claim:
        """Let a worker claim a job or a part."""
        with transaction(self.sessions) as session:
            job = session.get_one(Job, job_id)
            held = claim(session, Dispatch(job.id, job.dispatch), worker_id=worker_id, rules=RULES)
        assert held is not None
        return held

    def solve(self, held: Claim) -> tuple[SolverFiles, dict[str, Any]]:
        """Let a solver answer what is held, and store its points as it tells of them, as a worker does."""
        files = SolverFiles(self._folder / f"{held.job_id}-{held.attempt}")
        files.folder.mkdir()
        with snapshot(self.sessions) as session:
            write_question(session, held, files)
        told = Told()
        result = answer_curve(
            files, tell=told, stop=threading.Event(), make_software=lambda seed: {"seed": seed}, threads=1
        )
        for name in told.names():
            with transaction(self.sessions) as session:
                assert store_curve(session, held, files, name=name)
        return files, result

    def execute(self, job_id: str) -> None:
        """Let a worker do a job or a part from its claim to its end."""
        held = self.take(job_id)
        files, result = self.solve(held)
        with transaction(self.sessions) as session:
            assert store_ending(session, held, files, result)
            begin_next_round(session, job_id, self.queue)

    def end(self, held: Claim, ending: Ending) -> None:
        """End what is held without an answer."""
        with transaction(self.sessions) as session:
            assert finish(session, held, ending)

    def job(self) -> dict[str, Any]:
        """Return the whole as the API shows it."""
        body: dict[str, Any] = self.client.get(f"/v1/jobs/{self.whole}").json()
        return body

    def curve(self) -> dict[str, Any]:
        """Return the curve as the API shows it."""
        body: dict[str, Any] = self.client.get(f"/v1/jobs/{self.whole}/curve").json()
        return body

    def assigned(self) -> list[dict[str, Any]]:
        """Return the points of the curve with what their alignments assign."""
        found = []
        for point in self.curve()["points"]:
            path = f"/v1/alignments/{point['alignment_id']}/assignments"
            rows = self.client.get(path, params={"page_size": 1000}).json()["items"]
            shown = {name: value for name, value in point.items() if name not in VOLATILE}
            found.append(shown | {"assigned": [row["rep_id"] for row in rows]})
        return found

    def alignment_ids(self) -> set[str]:
        """Return the alignments of the job."""
        listed = self.client.get("/v1/alignments", params={"job_id": self.whole, "page_size": 100}).json()
        return {alignment["id"] for alignment in listed["items"]}


@pytest.fixture(params=["sqlite", "postgres"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Return a service on each store, in which two workers seem to live."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    settings = Settings(data_dir=tmp_path, database_url=url, log_level="error", lease_s=600)
    with TestClient(create_app(settings)) as client:
        found = Bench(client, tmp_path)
        found.let_live(2)
        yield found


on_sqlite = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)
"""What asks nothing of the store that the others do not ask of both."""


def test_what_is_too_short_or_has_one_worker_is_not_split() -> None:
    """What is between the ends has parts of 20 s or more of its share of the time; else the set stays whole."""
    assert pareto_parts(7, time_limit_s=70, num_workers=2) == [ENDS, *BETWEEN, REST]
    assert pareto_parts(9, time_limit_s=600, num_workers=2) == [ENDS, *([number] for number in range(1, 7)), REST]
    assert pareto_parts(7, time_limit_s=69, num_workers=2) == pareto_parts(7, time_limit_s=70, num_workers=1) == []


def test_a_split_set_is_the_same_as_a_whole_one(bench: Bench) -> None:
    """By work, parts that are executed in any order find the set that one worker finds, digit for digit."""
    bench.submit(gap=0.01)
    assert [part.part for part in bench.parts()] == [ENDS, *BETWEEN, REST]
    assert [part.part for part in bench.due()] == [ENDS]
    assert bench.job()["state"] == "queued"
    bench.execute(bench.due()[0].id)
    assert bench.job()["state"] == "running"
    assert [part.part for part in bench.due()] == BETWEEN
    for part in reversed(bench.due()):
        bench.execute(part.id)
    for part in bench.due():
        assert part.part == REST
        bench.execute(part.id)
    shared, ended = bench.assigned(), bench.job()
    assert (ended["state"], ended["outcome"], ended["attempts"]) == ("succeeded", "feasible", 1)
    assert ended["progress"]["points_done"] == len(shared) == bench.curve()["points_done"] >= 6
    assert bench.alignment_ids() == {point["alignment_id"] for point in bench.curve()["points"]}
    assert ended["progress"]["points_planned"] == 7
    reason = ended["stop_reason"]
    with transaction(bench.sessions) as session:
        session.execute(sa.delete(Worker).where(Worker.id == "w1"))
    bench.execute(bench.submit(gap=0.01))
    assert bench.parts() == []
    assert bench.assigned() == shared
    assert bench.job()["stop_reason"] == reason


def test_what_another_part_covers_is_not_shown_and_goes_at_the_end() -> None:
    """Of two points one of which is nowhere worse, that one is left; of equal ones the one that was asked first."""
    values = [(0.1, 5.0, 0.2), (0.1, 4.0, 0.2), (0.3, 1.0, 0.1), (0.1, 4.0, 0.2)]
    points = [
        {
            "key": str(number),
            "number": number,
            "values": dict(zip(("balance", "travel", "disruption"), each, strict=True)),
        }
        for number, each in zip((-2, 3, 2, 1), values, strict=True)
    ]
    assert [point["number"] for point in undominated(points)] == [2, 1]


@on_sqlite
def test_ends_that_fail_fail_the_whole_at_once(bench: Bench) -> None:
    """Nothing else was begun: what waits for the ends is canceled in the same transaction."""
    bench.submit()
    bench.end(bench.take(bench.due()[0].id), Ending(state=JobState.FAILED, problem=PROBLEM))
    assert {part.state for part in bench.parts()[1:]} == {"canceled"}
    assert (bench.job()["state"], bench.job()["problem"]["code"]) == ("failed", "SOLVER_CRASHED")


def test_a_part_that_fails_lets_the_others_of_its_round_end(bench: Bench) -> None:
    """What would follow them is canceled; then the job has failed, and the points of the others are kept."""
    bench.submit()
    bench.execute(bench.due()[0].id)
    first, second = bench.due()
    bench.end(bench.take(first.id), Ending(state=JobState.FAILED, problem=PROBLEM))
    assert [part.state for part in bench.parts()] == ["succeeded", "failed", "queued", "canceled"]
    bench.execute(second.id)
    assert (bench.job()["state"], bench.job()["problem"]["code"]) == ("failed", "SOLVER_CRASHED")
    assert bench.alignment_ids() == {point["alignment_id"] for point in bench.curve()["points"]} != set()


def test_a_stop_keeps_the_ends(bench: Bench) -> None:
    """Asked for while the ends are looked for, what waits is canceled and nothing follows; between rounds likewise."""
    bench.submit()
    held = bench.take(bench.due()[0].id)
    files, result = bench.solve(held)
    assert bench.client.post(f"/v1/jobs/{bench.whole}/stop").status_code == 202
    assert [part.state for part in bench.parts()] == ["running", "canceled", "canceled", "canceled"]
    with transaction(bench.sessions) as session:
        assert store_ending(session, held, files, result)
        begin_next_round(session, held.job_id, bench.queue)
    assert (bench.job()["state"], bench.job()["outcome"], bench.job()["stop_reason"]) == (
        "succeeded",
        "feasible",
        "stopped",
    )
    assert bench.alignment_ids() == {point["alignment_id"] for point in bench.curve()["points"]} != set()
    bench.submit()
    bench.execute(bench.due()[0].id)
    assert bench.client.post(f"/v1/jobs/{bench.whole}/stop").status_code == 202
    assert bench.due() == []
    assert (bench.job()["state"], bench.job()["stop_reason"]) == ("succeeded", "stopped")


def test_a_cancel_between_rounds_takes_everything_back(bench: Bench) -> None:
    """Points and alignments of the ends are gone, and nobody can begin what waited; a sweep leaves no part."""
    bench.submit()
    bench.execute(bench.due()[0].id)
    assert bench.client.delete(f"/v1/jobs/{bench.whole}").status_code == 202
    assert (bench.job()["state"], bench.due(), bench.curve()["points"]) == ("canceled", [], [])
    assert bench.alignment_ids() == set()
    for part in bench.parts()[1:]:
        with transaction(bench.sessions) as session:
            assert claim(session, Dispatch(part.id, part.dispatch), worker_id="w0", rules=RULES) is None
    sweep(bench.sessions, Settings(keep_jobs_days=1), now=utc_now() + datetime.timedelta(days=2))
    with snapshot(bench.sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


def test_a_worker_that_dies_costs_its_part_alone(bench: Bench) -> None:
    """Ends of a dead worker go on from what it stored; a dead worker's part between them begins with the same ends."""
    bench.submit()
    ends = bench.due()[0]
    bench.solve(bench.take(ends.id, worker_id="w1"))
    stored = bench.curve()["points"]
    lose(bench, ends.id)
    bench.execute(ends.id)
    assert bench.curve()["points"] == stored
    lost = bench.due()[0]
    bench.take(lost.id, worker_id="w1")
    lose(bench, lost.id)
    assert [part.part for part in bench.due()] == BETWEEN
    held = bench.take(lost.id)
    files, _ = bench.solve(held)
    asked = files.read_json(CURVE)
    assert {point["number"] for point in asked["points"]} <= set(ENDS)
    assert [part.attempts for part in bench.parts()] == [2, 2, 0, 0]
    assert bench.job()["attempts"] == 3


@on_sqlite
@pytest.mark.parametrize("kind", ["disruption", "pareto"])
def test_a_later_attempt_keeps_every_alignment_that_was_stored(bench: Bench, kind: str) -> None:
    """Also of a job that is not split: all points of a dead worker stay, with the alignments that callers may know."""
    bench.submit(kind=kind, time_limit_s=20, gap=0.01)
    assert bench.parts() == []
    bench.solve(bench.take(bench.whole, worker_id="w1"))
    before = bench.curve()["points"]
    assert len(before) >= 3
    lose(bench, bench.whole)
    bench.execute(bench.whole)
    assert bench.curve()["points"] == before
    assert bench.job()["attempts"] == 2


@on_sqlite
def test_ends_without_time_leave_all_to_one_part(bench: Bench) -> None:
    """A solver that was ended before the third end leaves nothing to divide: the last part does what there is."""
    bench.submit()
    held = bench.take(bench.due()[0].id)
    with transaction(bench.sessions) as session:
        assert store_interrupted(session, held, stop_reason="time_limit")
        begin_next_round(session, held.job_id, bench.queue)
    assert [part.part for part in bench.due()] == [REST]
    bench.execute(bench.due()[0].id)
    ended = bench.job()
    assert (ended["state"], ended["outcome"], ended["stop_reason"]) == ("succeeded", "feasible", "time_limit")
    assert len(bench.curve()["points"]) >= 3


@on_sqlite
def test_an_impossible_set_ends_with_its_ends(bench: Bench) -> None:
    """Where no alignment is possible nothing follows: conflicts and remedies are those of the first part."""
    body = small_question()
    for rep in body["reps"]:
        rep["capacity"] = {"workload": {"max": 30}}
    bench.submit(body)
    bench.execute(bench.due()[0].id)
    ended = bench.job()
    assert (ended["state"], ended["outcome"], ended["attempts"]) == ("succeeded", "infeasible", 1)
    assert ended["conflicts"][0]["sentence"]
    assert {relaxation["alignment_id"] for relaxation in ended["relaxations"]} <= bench.alignment_ids()
    assert ended["relaxations"]


def lose(bench: Bench, part_id: str) -> None:
    """Let the worker of a part die, and its lease run out."""
    with transaction(bench.sessions) as session:
        session.get_one(Job, part_id).lease_expires_at = utc_now() - datetime.timedelta(seconds=1)
    with transaction(bench.sessions) as session:
        assert take_over(session, part_id, bench.queue, rules=RULES)
