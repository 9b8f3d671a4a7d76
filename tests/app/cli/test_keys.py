"""The commands for keys, and the door that stays shut without one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.failure import Failure
from app.cli.main import cli
from app.cli.service import refuse_open_door
from app.settings import Settings

RUNNER = CliRunner()


def run(*arguments: str, data: Path) -> str:
    """Run a command and return what it prints to standard output."""
    result = RUNNER.invoke(cli, [*arguments, "--data", str(data)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    """The key is shown once and stored nowhere; the list knows its state, and revoking it by itself works."""
    made = json.loads(run("keys", "create", "Łódź [bold]", "--role", "viewer", "--days", "2", "--json", data=tmp_path))
    text = made["key"]
    assert text.encode() not in (tmp_path / "territory.sqlite").read_bytes()
    [listed] = json.loads(run("keys", "list", "--json", data=tmp_path))
    assert (listed["name"], listed["role"], listed["state"]) == ("Łódź [bold]", "viewer", "valid")
    assert text.rpartition("_")[2] not in json.dumps(listed)
    assert made["id"] in run("keys", "revoke", text, data=tmp_path)
    assert "revoked" in run("keys", "list", data=tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--role", "rep"],
        ["--role", "ops", "--rep", "R1"],
        ["--role", "viewer", "--verb", "write"],
        ["--tenant", "a b"],
        ["--days", "0"],
        ["--days", "1e300"],
    ],
)
def test_contradictory_wishes_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    """Nothing is stored, and one sentence says why."""
    with pytest.raises(Failure) as refused:
        run("keys", "create", "Key", *arguments, data=tmp_path)
    assert refused.value.exit_code == 2
    assert json.loads(run("keys", "list", "--json", data=tmp_path)) == []


def test_an_unknown_key_cannot_be_revoked(tmp_path: Path) -> None:
    """The sentence says where to look."""
    with pytest.raises(Failure, match="keys list"):
        run("keys", "revoke", "key_0", data=tmp_path)


def test_the_service_listens_elsewhere_only_when_somebody_has_a_key(tmp_path: Path) -> None:
    """Another address than loopback needs a key, an issuer or the word of a proxy."""
    run("keys", "list", data=tmp_path)
    elsewhere = Settings(data_dir=tmp_path, host="0.0.0.0")
    with pytest.raises(Failure, match="territory keys create") as refused:
        refuse_open_door(elsewhere)
    assert refused.value.exit_code == 2
    for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost"):
        refuse_open_door(Settings(data_dir=tmp_path, host=host))
    refuse_open_door(elsewhere.model_copy(update={"access": "open"}))
    refuse_open_door(elsewhere.model_copy(update={"oidc_issuer": "https://login.example.com"}))
    run("keys", "create", "First", data=tmp_path)
    refuse_open_door(elsewhere)
