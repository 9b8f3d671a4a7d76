"""``territory solve``: files in, an alignment and its files out, without HTTP."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.cli.demo import progress_line
from app.cli.failure import Failure

Existing = typer.Option(exists=True, dir_okay=False)


def solve(
    accounts: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, Parquet or JSON.")],
    reps: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, Parquet or JSON.")],
    criteria: Annotated[Path | None, Existing] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out"),
    pairs: Annotated[Path | None, Existing] = None,
    units: Annotated[Path | None, Existing] = None,
    time_limit_s: Annotated[float, typer.Option(min=0.1, help="Seconds that the search may take.")] = 60.0,
    gap: Annotated[float, typer.Option(min=0.0, help="Proven gap at which the search may end.")] = 0.001,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    deterministic: Annotated[bool, typer.Option(help="The same answer every time, whatever the load.")] = False,
) -> None:
    """Solve from files: assignments.csv, moves.csv, territories.geojson, report.html, and audit/ for `verify`."""
    from app.cli.local import local_sessions, solve_locally
    from app.cli.outputs import write_outputs
    from app.cli.tables import read_tables
    from app.scenarios.schemas import Search

    console = Console()
    tables, warnings = read_tables(accounts=accounts, reps=reps, pairs=pairs, units=units)
    for warning in warnings:
        console.print(f"[yellow]warning[/] {warning}", highlight=False)
    wanted = _criteria(criteria, tables.measures())
    search = Search(time_limit_s=time_limit_s, gap=gap, seed=seed, deterministic=deterministic)
    with local_sessions() as (sessions, folder):
        with _progress_bar(console) as tell:
            done = solve_locally(sessions, folder, tables, criteria=wanted, search=search, tell=tell)
        for conflict in done.answer["conflicts"]:
            console.print(f"[red]conflict[/] {conflict['sentence']}", highlight=False)
        if done.alignment_id is None:
            raise Failure(f"no alignment was found: {done.answer['outcome']}", exit_code=3)
        write_outputs(sessions, done.alignment_id, out, console)


def _criteria(path: Path | None, measures: Collection[str]) -> Any:
    from app.scenarios.schemas import Criteria, default_criteria

    if path is None:
        return default_criteria(measures)
    from pydantic import ValidationError

    try:
        return Criteria.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        lines = [f"{'/'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise Failure("\n  ".join([f"{path} is not criteria:", *lines]), exit_code=2) from None
    except ValueError as error:
        raise Failure(f"{path} is not JSON: {error}", exit_code=2) from None


@contextmanager
def _progress_bar(console: Console) -> Iterator[Callable[..., None]]:
    """Show the solver's progress while the search runs; yields what the solver tells it to."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading")

        def tell(kind: str, **content: Any) -> None:
            if kind == "progress":
                bar.update(task, description=progress_line(content))

        yield tell
