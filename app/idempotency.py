"""Idempotency-Key: a POST that is repeated answers what the first one answered, and makes nothing twice.

How a noun uses it, in a plain ``def`` route:

    @router.post("", status_code=201)
    def create_scenario(body: …, once: OnceParameter) -> Response:
        return once.run(lambda session: Answer(201, ScenarioService(session).create(body), location=…))

``run`` opens the one transaction, calls the work with its session, stores the answer under the key in the
same transaction, commits, and renders. Without a key it does the same, and remembers nothing. Work that
raises leaves nothing behind, the key included, so it may be repeated.
"""

import datetime
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Header, Request
from fastapi.responses import Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Base, Sessions, transact, transaction, utc_now
from app.dependencies import sessions_of
from app.errors import Conflict, Fault, InvalidInput, ProblemError
from app.json_form import json_form
from app.settings import Settings
from app.tenancy import DEFAULT_TENANT, MAX_TENANT_CHARACTERS, TenantOwned, tenant_of


class IdempotencyRecord(TenantOwned, Base):
    """One remembered request: its fingerprint, and its answer once there is one."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(
        sa.String(MAX_TENANT_CHARACTERS), primary_key=True, server_default=DEFAULT_TENANT
    )
    key: Mapped[str] = mapped_column(sa.String(1000), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    claim: Mapped[str] = mapped_column(sa.String(32))
    claimed_at: Mapped[datetime.datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    body: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)


@dataclass(frozen=True)
class Answer:
    """What a POST answers: status, a JSON-able body (pydantic models too) or its bytes, Location and other headers."""

    status: int
    body: object
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def rendered(self) -> tuple[bytes, dict[str, str]]:
        """Return the body's bytes and all headers."""
        content = self.body
        if not isinstance(content, bytes):
            content = json.dumps(json_form(content), ensure_ascii=False, allow_nan=False).encode()
        headers = dict(self.headers)
        if self.location is not None:
            headers["Location"] = self.location
        return content, headers


Work = Callable[[Session], Answer]


@dataclass(frozen=True)
class Once:
    """One POST request, done once per Idempotency-Key."""

    request: Request
    sessions: Sessions
    settings: Settings
    key: str | None

    def run(self, work: Work) -> Response:
        """Do the work in one transaction and answer, or answer again what the first request got.

        Raises
        ------
        Conflict
            When the first request with this key is still in progress.
        ProblemError
            When the key was used for another request, or whatever ``work`` raises.
        """
        if self.key is None:
            answer = transact(self.sessions, work)
            content, headers = answer.rendered()
            return _response(answer.status, content, headers)
        claim = secrets.token_hex(16)
        replay = self._claim(self.key, claim)
        if replay is not None:
            return replay
        try:
            return self._work_under(self.key, claim, work)
        except BaseException:
            self._release(self.key, claim)
            raise

    def _claim(self, key: str, claim: str) -> Response | None:
        """Take the key before the work begins; return the stored answer when there is one already."""
        now = utc_now()
        values = {"fingerprint": self._fingerprint(), "claim": claim, "claimed_at": now}
        try:
            with transaction(self.sessions) as session:
                forget_before = now - datetime.timedelta(days=self.settings.idempotency_days)
                session.execute(sa.delete(IdempotencyRecord).where(IdempotencyRecord.claimed_at < forget_before))
                record = session.get(IdempotencyRecord, (tenant_of(session), key), with_for_update=True)
                if record is not None:
                    return self._answer_of(record, values)
                session.add(IdempotencyRecord(key=key, **values))
        except IntegrityError:
            raise _in_flight() from None
        return None

    def _answer_of(self, record: IdempotencyRecord, values: dict[str, Any]) -> Response | None:
        if record.fingerprint != values["fingerprint"]:
            raise ProblemError(
                "IDEMPOTENCY_KEY_REUSED",
                "This Idempotency-Key was used for another request; use a new key for each request.",
            )
        if record.status is not None and record.body is not None:
            headers = {str(name): str(value) for name, value in record.headers.items()}
            return _response(record.status, record.body, headers | {"Idempotent-Replayed": "true"})
        age = values["claimed_at"] - record.claimed_at
        if age < datetime.timedelta(seconds=self.settings.idempotency_claim_s):
            raise _in_flight()
        record.claim, record.claimed_at = values["claim"], values["claimed_at"]
        return None

    def _work_under(self, key: str, claim: str, work: Work) -> Response:
        def work_and_remember(session: Session) -> Response:
            answer = work(session)
            content, headers = answer.rendered()
            fenced = (
                sa.update(IdempotencyRecord)
                .where(
                    IdempotencyRecord.tenant_id == tenant_of(session),
                    IdempotencyRecord.key == key,
                    IdempotencyRecord.claim == claim,
                )
                .values(status=answer.status, body=content, headers=headers)
            )
            if session.connection().execute(fenced).rowcount != 1:
                raise _in_flight()
            return _response(answer.status, content, headers)

        return transact(self.sessions, work_and_remember)

    def _release(self, key: str, claim: str) -> None:
        with transaction(self.sessions) as session:
            session.execute(
                sa.delete(IdempotencyRecord).where(
                    IdempotencyRecord.key == key,
                    IdempotencyRecord.claim == claim,
                    IdempotencyRecord.status.is_(None),
                )
            )

    def _fingerprint(self) -> str:
        parts = (
            self.request.method,
            self.request.url.path,
            self.request.url.query,
            getattr(self.request.state, "body_sha256", ""),
        )
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _response(status: int, content: bytes, headers: Mapping[str, str]) -> Response:
    return Response(content, status_code=status, headers=dict(headers), media_type="application/json")


def _in_flight() -> Conflict:
    return Conflict(
        "IDEMPOTENCY_IN_FLIGHT",
        "The first request with this Idempotency-Key is still in progress; repeat it in a moment.",
        headers={"Retry-After": "1"},
    )


async def _once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Any unique text; a repeated request with the same key and body gets the first answer.",
            examples=["5f2c7b9e-1d7e-4a53-9c0e-6f5f0d0c7a11"],
        ),
    ] = None,
) -> Once:
    settings: Settings = request.app.state.settings
    limit = settings.max_idempotency_key_characters
    if idempotency_key is not None and not 0 < len(idempotency_key) <= limit:
        raise InvalidInput(
            [
                Fault(
                    code="BAD_TEXT",
                    detail=f"The Idempotency-Key must have 1 to {limit} characters.",
                    params={"parameter": "Idempotency-Key", "in": "header", "limit": limit},
                )
            ]
        )
    return Once(request, sessions_of(request), settings, idempotency_key)


OnceParameter = Annotated[Once, Depends(_once)]
