"""``territory verify``: check an alignment from its raw files, without the service and without the optimizer."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.failure import Failure

MOST_LISTED = 20


def verify(
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            help="A folder, or files, named accounts.csv, reps.csv, criteria.json and assignments.csv, and where "
            "there are any pairs.csv, centers.csv, adjacency.csv and certificate.json.",
        ),
    ],
) -> None:
    """Recompute every criterion, the objective and the proven bound of an alignment; exit code 1 if any fails."""
    from checker.exceptions import CheckInputError
    from checker.files import verify as audit_files

    console = Console()
    given = files[0] if len(files) == 1 and files[0].is_dir() else files
    try:
        audit = audit_files(given)
    except CheckInputError as error:
        raise Failure(str(error), exit_code=2) from None
    for violation in audit.report.violations[:MOST_LISTED]:
        console.print(f"[red]violation[/] {violation.detail}", highlight=False)
    console.print(f"criteria: {'all kept' if audit.report.is_kept else f'{len(audit.report.violations)} broken'}")
    console.print(f"objective: {audit.report.objective!r}")
    if audit.verdict is None:
        console.print("certificate: none given")
    else:
        for fault in audit.verdict.faults:
            console.print(f"[red]certificate[/] {fault}", highlight=False)
        if audit.verdict.is_valid:
            console.print(f"certificate: holds, lower bound {audit.verdict.lower_bound!r}, gap {audit.verdict.gap:.4%}")
    if not audit.is_confirmed:
        raise Failure("the alignment is not confirmed")
