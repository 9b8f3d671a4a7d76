"""Wire the commands together and turn expected failures into one clear sentence and an exit code."""

import os
import sys

import typer
from rich.console import Console

from app.cli import audit, audit_log, data, demo, diff, keys, replay, service, solving, upkeep
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
cli.command()(diff.diff)
cli.command()(replay.replay)
cli.add_typer(keys.keys, name="keys")
cli.add_typer(audit_log.audit, name="audit")
for command in (upkeep.sweep, upkeep.purge, upkeep.backup, upkeep.restore, upkeep.drill):
    cli.command()(command)


def main() -> None:
    """Run the command line; a failure that was foreseen ends with its sentence on standard error."""
    exit_code = 0
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded: the search has threads of its own
    try:
        cli()
    except Failure as failure:
        Console(stderr=True).print(f"[bold red]territory:[/] {failure}", highlight=False, soft_wrap=True)
        exit_code = failure.exit_code
    except SystemExit as ending:
        exit_code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)  # a solver that cannot be interrupted may still be at work in a thread: nobody waits for it
