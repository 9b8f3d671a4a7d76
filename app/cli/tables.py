"""Read a dataset's files for a command, as an upload would be read."""

from pathlib import Path

from app.cli.failure import Failure
from app.cli.service import settings_from
from app.datasets.importing import ImportOptions, read_files
from app.datasets.readers.uploads import UploadedFile
from app.datasets.tables import DatasetTables
from app.errors import Fault, ProblemError

MOST_FAULTS = 50


def read_tables(
    *, accounts: Path, reps: Path, pairs: Path | None = None, units: Path | None = None
) -> tuple[DatasetTables, list[str]]:
    """Read and check a dataset's files; return the tables and the warnings as sentences.

    Raises
    ------
    Failure
        When the import check finds errors, with a line each.
    """
    paths = {"accounts": accounts, "reps": reps, "pairs": pairs, "units": units}
    uploads = [UploadedFile(name, path.read_bytes(), {}) for name, path in paths.items() if path is not None]
    try:
        tables, log = read_files(uploads, settings_from(), ImportOptions())
    except ProblemError as error:
        raise Failure(error.detail, exit_code=2) from None
    if log.num_errors:
        lines = [_sentence(fault) for fault in log.errors[:MOST_FAULTS]]
        if log.num_errors > len(lines):
            lines.append(f"… and {log.num_errors - len(lines):,} more")
        raise Failure("\n  ".join([f"the import check found {log.num_errors:,} faults:", *lines]), exit_code=2)
    return tables, [_sentence(fault) for fault in log.warnings]


def _sentence(fault: Fault) -> str:
    place = " ".join(str(part) for part in (fault.file, fault.row and f"row {fault.row}") if part)
    return ": ".join(part for part in (place, f"{fault.detail} {fault.fix}".strip()) if part)
