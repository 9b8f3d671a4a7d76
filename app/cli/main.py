"""Wire the commands together and turn expected failures into one clear sentence and an exit code."""

import sys

import typer
from rich.console import Console

from app.cli import audit, data, demo, service, solving
from app.cli.failure import Failure

cli = typer.Typer(
    name="territory",
    help="Draw sales territories and share accounts fairly.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(service.serve)
cli.command()(service.worker)
cli.command()(service.migrate)
cli.command()(service.openapi)
cli.command()(demo.demo)
cli.command()(data.generate)
cli.command()(data.check)
cli.command()(solving.solve)
cli.command()(audit.verify)


def main() -> None:
    """Run the command line; a failure that was foreseen ends with its sentence on standard error."""
    try:
        cli()
    except Failure as failure:
        Console(stderr=True).print(f"[bold red]territory:[/] {failure}", highlight=False, soft_wrap=True)
        sys.exit(failure.exit_code)
