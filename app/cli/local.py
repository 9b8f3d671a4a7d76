"""Solve in this process, without a service: a database that lives as long as the command, the same code otherwise."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.alignments.models import Alignment
from app.alignments.service import store_alignment
from app.alignments.summaries import Origin, OriginKind
from app.cli.failure import Failure
from app.cli.service import settings_from
from app.database import Sessions, create_engine, session_factory, transaction
from app.datasets.service import create_dataset
from app.datasets.tables import DatasetTables, write_parquet
from app.errors import ProblemError
from app.jobs.solver_files import CERTIFICATE, SolverFiles
from app.jobs.solver_process import answer_question
from app.jobs.warm_up import special_steps, warm_up
from app.migrations.upgrade import upgrade
from app.scenarios.resources import ScenarioRequest
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import ScenarioService

Tell = Callable[..., None]


@dataclass(frozen=True)
class LocalAnswer:
    """What a local solve came to.

    Attributes
    ----------
    answer
        The solver's own answer: outcome, stop_reason, conflicts, relaxations.
    alignment_id
        The stored alignment, None where there is none.
    """

    answer: dict[str, Any]
    alignment_id: str | None


@contextmanager
def local_sessions() -> Iterator[tuple[Sessions, Path]]:
    """Yield sessions of a temporary database, and a folder for the solver's files; both vanish at the end."""
    with TemporaryDirectory(prefix="territory-") as folder:
        engine = create_engine(
            settings_from(data_dir=Path(folder), database_url="sqlite:///" + str(Path(folder) / "local.db"))
        )
        upgrade(engine)
        try:
            yield session_factory(engine), Path(folder)
        finally:
            engine.dispose()


def solve_locally(
    sessions: Sessions, folder: Path, tables: DatasetTables, *, criteria: Criteria, search: Search, tell: Tell
) -> LocalAnswer:
    """Store the dataset and scenario, solve in this process, and store the alignment.

    Raises
    ------
    Failure
        When the criteria do not fit the data, or the solver could not work.
    """
    files = SolverFiles(folder)
    with transaction(sessions) as session:
        dataset = create_dataset(session, tables, name="Local")
        wanted = ScenarioRequest(dataset_id=dataset.id, name="Local", criteria=criteria, search=search)
        try:
            scenario = ScenarioService(session, settings_from()).create(wanted)
        except ProblemError as error:
            raise refused(error) from None
        stored = {name: write_parquet(table) for name, table in tables.named()}
        files.write_question(stored, criteria=scenario.criteria, search=search.model_dump(mode="json"))
        dataset_id, scenario_id = dataset.id, scenario.id
    _compile_for(tables, criteria)
    try:
        answer = answer_question(files, tell=tell, stop=threading.Event())
    except ProblemError as error:
        raise refused(error) from None
    if answer["problem"] is not None:
        raise Failure(answer["problem"]["detail"])
    if answer["alignment"] is None:
        return LocalAnswer(answer, None)
    with transaction(sessions) as session:
        alignment = _store(session, files, answer["alignment"], dataset_id=dataset_id, scenario_id=scenario_id)
        return LocalAnswer(answer, alignment.id)


def _compile_for(tables: DatasetTables, criteria: Criteria) -> None:
    """Compile what the question needs: compiling is not searching, and does not count toward the time limit."""
    waits = threading.Event()
    waits.set()
    warm_up(hurry=waits, needed=lambda: special_steps(tables, criteria))


def refused(error: ProblemError, *, most: int = 20) -> Failure:
    """Return a refusal as the command line says it: every fault on a line, up to a number."""
    lines = [f"{fault.code}: {fault.detail} {fault.fix}".rstrip() for fault in error.faults[:most]]
    if len(error.faults) > most:
        lines.append(f"… and {len(error.faults) - most:,} more")
    return Failure("\n  ".join([error.detail, *lines]), exit_code=2)


def _store(session: Any, files: SolverFiles, name: str, *, dataset_id: str, scenario_id: str) -> Alignment:
    assignments, summary = files.read_alignment(name)
    certificate = files.path(CERTIFICATE)
    return store_alignment(
        session,
        dataset_id=dataset_id,
        scenario_id=scenario_id,
        origin=Origin(OriginKind.JOB),
        assignments=assignments,
        summary=summary,
        certificate=certificate.read_bytes() if certificate.exists() else None,
    )
