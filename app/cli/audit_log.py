"""``territory audit``: check the log of who did what when."""

from typing import Annotated

import typer
from rich.console import Console

from app.cli.failure import Failure
from app.cli.service import DataDir, bring_up_to_date, foreseen, settings_from

audit = typer.Typer(help="Check the audit: who did what when.", no_args_is_help=True)


@audit.command()
def verify(
    data: DataDir = None,
    expect: Annotated[
        str | None, typer.Option(help="Hash that an earlier check printed; the chain must contain it still.")
    ] = None,
) -> None:
    """Recompute the chain of hashes; exit code 1 with the first row that was changed, taken out or put in."""
    from app.audit.repository import AuditRepository
    from app.audit.service import verify as verify_audit
    from app.database import create_engine, session_factory, snapshot
    from app.tenancy import of_all_tenants

    settings = settings_from(data_dir=data)
    bring_up_to_date(settings)
    with foreseen():
        engine = create_engine(settings)
        with snapshot(of_all_tenants(session_factory(engine))) as session:
            verdict = verify_audit(session)
            is_known = expect is None or any(entry.hash == expect for entry in AuditRepository(session).entries())
        engine.dispose()
    if verdict.broken is not None:
        raise Failure(f"the audit does not hold: row {verdict.broken:,}: {verdict.reason}")
    if not is_known:
        raise Failure(f"the audit does not hold: no entry has the hash {expect}; the chain was written anew")
    Console().print(
        f"audit: {verdict.num_entries:,} entries hold, head {verdict.head}", highlight=False, soft_wrap=True
    )
