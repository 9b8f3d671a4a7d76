"""Travel times that a job needs and its dataset lacks: asked for by the solver's process, before it solves.

Owns the file that says whom to ask, and the one with what was found. Imports neither the web nor the database; the
worker keeps the times in a dataset of their own (:mod:`app.jobs.timed_datasets`).
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Final

from app.datasets.faults import FaultLog
from app.errors import Fault, ProblemError
from app.jobs.solver_files import CRITERIA, PAIRS, SolverFiles
from app.travel_times.pairs import TravelSource, with_travel_times

TRAVEL_SOURCE: Final = "travel_source.json"
TRAVEL_WARNINGS: Final = "travel_warnings.json"
NOBODY_TO_ASK: Final = (
    "The question counts minutes, its dataset has no travel times, and the worker has no travel-time provider to ask: "
    "TERRITORY_TRAVEL_PROVIDER_URL names one."
)


def write_travel_source(files: SolverFiles, source: TravelSource) -> None:
    """Say whom the solver's process asks for travel times."""
    files.write_json(TRAVEL_SOURCE, asdict(source))


def is_asked(files: SolverFiles) -> bool:
    """Tell whether this solve's travel times are asked for, or were."""
    return files.path(TRAVEL_SOURCE).exists()


def asking_limit_s(files: SolverFiles) -> float:
    """Return the seconds that asking for travel times may take, 0 where nobody is asked."""
    return float(files.read_json(TRAVEL_SOURCE)["limit_s"]) if is_asked(files) else 0.0


def ask_for_travel_times(files: SolverFiles, *, tell: Callable[..., None]) -> None:
    """Ask for the travel times of a solve whose pairs are lacking, and write them as its pairs.

    Raises
    ------
    ProblemError
        When the routing service fails, or there is none for pairs that lack; the job fails with its sentence.
    """
    if files.path(PAIRS).exists():
        return
    if not is_asked(files):
        if (files.read_json(CRITERIA).get("travel") or {}).get("source") == "minutes":
            raise ProblemError("TRAVEL_TIMES_UNAVAILABLE", NOBODY_TO_ASK)
        return
    tell("progress", phase="travel_times")
    log = FaultLog()
    timed = with_travel_times(files.read_tables(), TravelSource(**files.read_json(TRAVEL_SOURCE)), log)
    if log.num_errors:
        first = log.errors[0]
        raise ProblemError(first.code, f"{first.detail} {first.fix}".strip(), faults=log.errors)
    assert timed.pairs is not None, "without an error there are pairs"
    warnings = [_plain(fault) for fault in log.warnings]
    files.write_json(TRAVEL_WARNINGS, {"warnings": warnings})
    files.write_pairs(timed.pairs)
    tell("timed")


def travel_warnings(files: SolverFiles) -> list[Fault]:
    """Return what was found on the way: pairs without a way."""
    if not files.path(TRAVEL_WARNINGS).exists():  # the times were another job's, whose dataset told them
        return []
    return [Fault(**{**one, "severity": "warning"}) for one in files.read_json(TRAVEL_WARNINGS)["warnings"]]


def _plain(fault: Fault) -> dict[str, Any]:
    kept = replace(fault, value=None)
    return {"code": kept.code, "detail": kept.detail, "fix": kept.fix, "params": dict(kept.params)}
