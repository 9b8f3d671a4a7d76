"""Do all steps of a bundle again and say of each whether the bytes are the same.

Owns the comparison and the verdict. A step that cannot be done again is taken as stored, is checked independently, and
keeps the whole from being called reproduced.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.alignments.canonical import canonical_sha256
from app.alignments.summaries import OriginKind
from app.replays.audits import Audit, audited
from app.replays.bundles import Bundle, Json
from app.replays.steps import CannotReplayError, replayed_edit, replayed_import, replayed_search


class Verdict(IntEnum):
    """What a replay came to; the numbers are exit codes."""

    SAME = 0
    DIFFERENT = 1
    CANNOT = 2


@dataclass(frozen=True)
class ReplayedStep:
    """What doing one step again came to.

    Parameters
    ----------
    alignment_id, kind
        What the step made, and how.
    verdict
        Whether the bytes are the same.
    stored_sha256, replayed_sha256
        Hashes of the canonical bytes; the second is None where the step cannot be done again.
    reason
        Why it cannot be; empty otherwise.
    differences
        (account, stored rep, replayed rep) by account id, where the bytes differ.
    audit
        What the independent checker says of the stored alignment, where that was asked.
    """

    alignment_id: str
    kind: str
    verdict: Verdict
    stored_sha256: str
    replayed_sha256: str | None = None
    reason: str = ""
    differences: tuple[tuple[str, str | None, str | None], ...] = ()
    audit: Audit | None = None

    def json(self) -> Json:
        """Return the step as plain data."""
        return {
            "alignment_id": self.alignment_id,
            "kind": self.kind,
            "verdict": self.verdict.name.lower(),
            "stored_sha256": self.stored_sha256,
            "replayed_sha256": self.replayed_sha256,
            "reason": self.reason or None,
            "differences": [
                {"account_id": account_id, "stored_rep_id": stored, "replayed_rep_id": replayed}
                for account_id, stored, replayed in self.differences
            ],
            "audit": None if self.audit is None else {"faults": self.audit.faults, "sentence": self.audit.sentence},
        }


@dataclass(frozen=True)
class Replay:
    """What the replay of an alignment came to, step by step."""

    alignment_id: str
    steps: tuple[ReplayedStep, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """Return DIFFERENT where any step or audit is, else CANNOT where any step cannot, else SAME."""
        verdicts = {step.verdict for step in self.steps}
        if Verdict.DIFFERENT in verdicts or any(step.audit and step.audit.faults for step in self.steps):
            return Verdict.DIFFERENT
        return Verdict.CANNOT if Verdict.CANNOT in verdicts else Verdict.SAME

    def json(self) -> Json:
        """Return the replay as plain data."""
        return {
            "alignment_id": self.alignment_id,
            "verdict": self.verdict.name.lower(),
            "steps": [step.json() for step in self.steps],
        }


def replay(bundle: Bundle, *, cache: Path, tell: Callable[[str, Json], Any]) -> Replay:
    """Do every step again, each on what the one before it came to.

    Parameters
    ----------
    bundle
        What is reproduced.
    cache
        Folder of compiled kernels.
    tell
        Called with an alignment's id and each message of the solver that looks for it.
    """
    done: list[ReplayedStep] = []
    before: pa.Table | None = None
    parent: Json | None = None
    for step in bundle.steps:
        stored = bundle.assignments_of(step)
        try:
            found = _done_again(bundle, step, parent, before, cache=cache, tell=tell)
        except CannotReplayError as reason:
            found = None
            done.append(_taken_as_stored(bundle, step, stored, str(reason)))
        else:
            done.append(_compared(step, stored, found))
        before, parent = stored if found is None else found, step
    return Replay(bundle.alignment_id, tuple(done))


def _done_again(
    bundle: Bundle,
    step: Json,
    parent: Json | None,
    before: pa.Table | None,
    *,
    cache: Path,
    tell: Callable[[str, Json], Any],
) -> pa.Table:
    if step["kind"] == OriginKind.IMPORT:
        return replayed_import(bundle.tables_of(step))
    if step["kind"] == OriginKind.EDIT:
        return replayed_edit(bundle, step, parent, before)

    def told(message: Json) -> None:
        tell(step["alignment_id"], message)

    return replayed_search(bundle, step, before, cache=cache, tell=told)


def _compared(step: Json, stored: pa.Table, found: pa.Table) -> ReplayedStep:
    hashes = canonical_sha256(stored), canonical_sha256(found)
    is_same = hashes[0] == hashes[1]
    return ReplayedStep(
        alignment_id=step["alignment_id"],
        kind=step["kind"],
        verdict=Verdict.SAME if is_same else Verdict.DIFFERENT,
        stored_sha256=hashes[0],
        replayed_sha256=hashes[1],
        differences=() if is_same else _differences(stored, found),
    )


def _taken_as_stored(bundle: Bundle, step: Json, stored: pa.Table, reason: str) -> ReplayedStep:
    return ReplayedStep(
        alignment_id=step["alignment_id"],
        kind=step["kind"],
        verdict=Verdict.CANNOT,
        stored_sha256=canonical_sha256(stored),
        reason=reason,
        audit=audited(bundle, step),
    )


def _differences(stored: pa.Table, found: pa.Table) -> tuple[tuple[str, str | None, str | None], ...]:
    rows = (
        dict(zip(*(table.column(name).to_pylist() for name in ("account_id", "rep_id")), strict=True))
        for table in (stored, found)
    )
    one, two = rows
    differing = [account_id for account_id in {**one, **two} if one.get(account_id) != two.get(account_id)]
    return tuple(
        (account_id, one.get(account_id), two.get(account_id))
        for account_id in sorted(differing, key=lambda account_id: account_id.encode())
    )
