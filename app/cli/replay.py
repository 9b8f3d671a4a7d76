"""``territory replay``: reproduce a stored alignment and say whether the bytes are the same."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from app.cli.failure import Failure
from app.cli.stored import CANNOT, ServerUrl, StoredData, one_place, service_at, stored_sessions

MOST_LISTED = 20


def replay(
    alignment: Annotated[str, typer.Argument(help="Id of the alignment.")],
    data: StoredData = None,
    server: ServerUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Reproduce an alignment from data, criteria, seed and edits; exit code 0 same bytes, 1 different, 2 cannot."""
    from app.cli.service import settings_from
    from app.replays.replaying import replay as done_again

    one_place(data, server)
    bundle = _from_database(alignment, data) if server is None else _from_service(alignment, server)
    found = done_again(bundle, cache=settings_from(data_dir=data).data_dir / "compiled", tell=_ignore)
    lines = [json.dumps(found.json(), ensure_ascii=False, indent=1)] if as_json else _lines(found)
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    raise typer.Exit(int(found.verdict))


def _from_database(alignment_id: str, data: Path | None) -> Any:
    from app.database import snapshot
    from app.errors import NotFound
    from app.replays.gathering import gather

    with stored_sessions(data) as sessions, snapshot(sessions) as session:
        try:
            return gather(session, alignment_id)
        except NotFound as error:
            raise Failure(error.detail, exit_code=CANNOT) from None


def _from_service(alignment_id: str, server: str) -> Any:
    from app.replays.bundles import Bundle, BundleError

    with service_at(server) as service:
        try:
            return Bundle.from_zip(service.content(f"/v1/alignments/{quote(alignment_id, safe='')}/replay"))
        except (Failure, BundleError) as error:
            raise Failure(str(error), exit_code=CANNOT) from None


def _lines(found: Any) -> list[str]:
    lines: list[str] = []
    for step in found.steps:
        lines += _step_lines(step)
    verdict = {
        "SAME": "the same bytes",
        "DIFFERENT": "DIFFERENT",
        "CANNOT": "cannot be reproduced from the stored data alone",
    }[found.verdict.name]
    return [*lines, f"{found.alignment_id}: {verdict}"]


def _step_lines(step: Any) -> list[str]:
    from app.alignments.diff_texts import one_line

    if step.verdict.name == "SAME":
        return [f"  {step.kind} {step.alignment_id}: the same, sha256 {step.stored_sha256}"]
    if step.verdict.name == "CANNOT":
        taken = f"  {step.kind} {step.alignment_id}: taken as stored, sha256 {step.stored_sha256}: {step.reason}."
        return [taken, *_audit_lines(step.audit)]
    lines = [
        f"--- {step.kind} {step.alignment_id} stored sha256 {step.stored_sha256}",
        f"+++ {step.kind} {step.alignment_id} replayed sha256 {step.replayed_sha256}",
    ]
    for account_id, stored, again in step.differences[:MOST_LISTED]:
        lines += [
            f"{sign} {one_line(account_id)} → {'(nobody)' if rep_id is None else one_line(rep_id)}"
            for sign, rep_id in (("-", stored), ("+", again))
        ]
    rest = len(step.differences) - MOST_LISTED
    return lines if rest <= 0 else [*lines, f"… and {rest:,} accounts more"]


def _audit_lines(audit: Any) -> list[str]:
    if audit is None:
        return []
    if not audit.faults:
        return [f"    audit: {audit.sentence}"]
    return [f"    audit FAILED: {fault}" for fault in audit.faults]


def _ignore(alignment_id: str, message: dict[str, Any]) -> None:
    """Let the solver's progress pass: the verdict is what is printed."""
