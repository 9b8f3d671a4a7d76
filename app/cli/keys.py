"""Commands for API keys: ``territory keys create``, ``list`` and ``revoke``, on the database itself."""

import datetime
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.access.models import ApiKey
from app.access.repository import KeyRepository
from app.access.roles import Role, Verb
from app.access.service import KeyService, KeyWish
from app.cli.failure import Failure
from app.cli.service import DataDir, bring_up_to_date, foreseen, settings_from
from app.database import create_engine, session_factory, transaction, utc_now
from app.errors import InvalidInput, NotFound
from app.settings import Settings
from app.tenancy import DEFAULT_TENANT, of_all_tenants

keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="A name for people, such as 'Planning team'.")],
    tenant: Annotated[str, typer.Option(help="Whose data the key opens.")] = DEFAULT_TENANT,
    role: Annotated[Role, typer.Option(help="Whose work it does.")] = Role.OPS,
    verb: Annotated[list[Verb] | None, typer.Option(help="What it may do; all that the role allows.")] = None,
    rep: Annotated[str | None, typer.Option(help="Id of the manager or rep whose branch or book is seen.")] = None,
    days: Annotated[float | None, typer.Option(help="Days until it expires; never, where it is left out.")] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Make a key and show it, this once."""
    lifetime = None if days is None else _lifetime(days)
    wish = KeyWish(name=name, tenant_id=tenant, role=role, verbs=tuple(verb or ()), rep_id=rep, lifetime=lifetime)
    try:
        key, text = _with_keys(data, lambda service, _: service.create(wish))
    except InvalidInput as error:
        raise Failure(" ".join(fault.detail for fault in error.faults), exit_code=2) from None
    if as_json:
        _print(json.dumps({**_json(key), "key": text}, ensure_ascii=False))
    else:
        Console(stderr=True).print(
            f"Keep it well, it is shown only now. Revoke it with: territory keys revoke {key.id}"
        )
        _print(text)


@keys.command(name="list")
def list_keys(as_json: AsJson = False, data: DataDir = None) -> None:
    """List every key of every tenant, but for the secrets."""
    rows = _with_keys(data, lambda _, repository: [_json(key) for key in repository.all()])
    if as_json:
        _print(json.dumps(rows, ensure_ascii=False))
        return
    columns = ("id", "name", "tenant_id", "role", "verbs", "rep_id", "state", "expires_at")
    table = Table(*columns)
    for row in rows:
        table.add_row(*(", ".join(row[name]) if name == "verbs" else row[name] or "–" for name in columns))
    Console().print(table, markup=False)


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Its id, its first part, or all of it.")], data: DataDir = None
) -> None:
    """Make a key invalid at once, for good."""
    try:
        revoked = _with_keys(data, lambda service, _: service.revoke(key))
    except NotFound as error:
        raise Failure(error.detail, exit_code=2) from None
    _print(f"revoked {revoked.id}")


def keys_exist(settings: Settings) -> bool:
    """Return whether a key was ever made in a database that is up to date."""
    engine = create_engine(settings)
    try:
        with transaction(of_all_tenants(session_factory(engine))) as session:
            return KeyRepository(session).has_any()
    finally:
        engine.dispose()


def _with_keys(data: Path | None, work: Any) -> Any:
    """Do work with the service and the repository of keys, in one transaction."""
    settings = settings_from(data_dir=data)
    bring_up_to_date(settings)
    with foreseen():
        engine = create_engine(settings)
        try:
            with transaction(of_all_tenants(session_factory(engine, actor="command line"))) as session:
                return work(KeyService(session, pepper=settings.key_pepper), KeyRepository(session))
        finally:
            engine.dispose()


def _lifetime(days: float) -> datetime.timedelta:
    try:
        return datetime.timedelta(days=days)
    except (OverflowError, ValueError):
        raise Failure("--days is a number of days, at most some thousands.", exit_code=2) from None


def _json(key: ApiKey) -> dict[str, Any]:
    state = "valid"
    if key.revoked_at is not None:
        state = "revoked"
    elif key.expires_at is not None and key.expires_at <= utc_now():
        state = "expired"
    return {
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "tenant_id": key.tenant_id,
        "role": key.role,
        "verbs": list(key.verbs),
        "rep_id": key.rep_id,
        "state": state,
        "created_at": key.created_at.isoformat(),
        "expires_at": None if key.expires_at is None else key.expires_at.isoformat(),
    }


def _print(line: str) -> None:
    Console().print(line, markup=False, highlight=False, soft_wrap=True)
