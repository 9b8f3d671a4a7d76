"""Commands about data: ``generate`` makes a realistic dataset, ``check`` runs the import check on files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.failure import Failure

EXAMPLE_CRITERIA: dict[str, Any] = {
    "balance": [
        {"measure": "workload", "target": "fte", "tolerance": 0.05, "hard": True},
        {"measure": "potential", "target": "fte", "tolerance": 0.10, "hard": False, "weight": 60},
    ],
    "travel": {"weight": 30, "source": "great_circle", "road_factor": 1.3},
    "disruption": {"weight": 30, "measure": "potential"},
    "families": "together",
    "eligibility": "hard",
}


@dataclass(frozen=True)
class ExampleFiles:
    """Where the example's files are."""

    accounts: Path
    reps: Path
    criteria: Path


def generate(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("examples"),
    accounts: Annotated[int, typer.Option(min=1, max=100_000, help="Number of accounts.")] = 5_000,
    reps: Annotated[int, typer.Option(min=1, max=1_000, help="Number of reps.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same data.")] = 2027,
    countries: Annotated[str, typer.Option(help="ISO codes with commas, or `world`.")] = "US",
) -> None:
    """Write a realistic dataset on real places: accounts.csv, reps.csv and criteria.json."""
    files = write_example(out, num_accounts=accounts, num_reps=reps, seed=seed, countries=tuple(countries.split(",")))
    Console().print(f"Wrote {files.accounts}, {files.reps} and {files.criteria}.")


def check(
    accounts: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    reps: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    pairs: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    units: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
) -> None:
    """Check files as an import would, and list every fault with its row and remedy."""
    from app.cli.tables import read_tables

    console = Console()
    tables, warnings = read_tables(accounts=accounts, reps=reps, pairs=pairs, units=units)
    for warning in warnings:
        console.print(f"[yellow]warning[/] {warning}", highlight=False)
    console.print(f"{tables.accounts.num_rows:,} accounts and {tables.reps.num_rows:,} reps can be imported.")


def write_example(
    out: Path, *, num_accounts: int, num_reps: int, seed: int, countries: tuple[str, ...] = ("US",)
) -> ExampleFiles:
    """Write the generated dataset and the example's criteria to a folder."""
    from app.exchange.dataset_files import write_columns
    from geo_data.synthetic import generate as generate_data

    try:
        data = generate_data(num_accounts=num_accounts, num_reps=num_reps, seed=seed, countries=countries)
    except ValueError as error:
        raise Failure(str(error)) from None
    out.mkdir(parents=True, exist_ok=True)
    files = ExampleFiles(accounts=out / "accounts.csv", reps=out / "reps.csv", criteria=out / "criteria.json")
    write_columns(files.accounts, data.accounts)
    write_columns(files.reps, data.reps)
    files.criteria.write_text(json.dumps(EXAMPLE_CRITERIA, indent=2) + "\n", encoding="utf-8")
    return files
