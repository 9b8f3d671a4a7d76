"""The gate in front of every route: who calls, may they, and not too often.

Closed by default: a path that is not named as public needs a caller. The caller stands in ``request.state.caller``;
nothing behind the gate asks for a key again.
"""

import math
import re
import time
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.caller import UNNAMED, Caller
from app.access.credentials import challenged, credential_of, unauthenticated
from app.access.key_sets import KeySource
from app.access.key_text import KeyText
from app.access.models import ApiKey
from app.access.public import PUBLIC
from app.access.rates import Rates
from app.access.reach import is_from_here, is_loopback
from app.access.repository import KeyRepository
from app.access.roles import Role, verb_of
from app.access.service import recognized
from app.access.tokens import TokenReader
from app.database import Sessions, snapshot
from app.errors import ProblemError
from app.problems import error_of_exception, problem_response
from app.settings import Settings
from app.shared_reads import SharedReads
from app.tenancy import DEFAULT_TENANT, of_all_tenants

OPERATORS: Final = re.compile(r"/metrics")
"""What speaks of all tenants at once."""

OWN_READING: Final = re.compile(
    r"/v1/(?:caller|limits)"
    r"|/v1/alignments/[^/]+/(?:scorecard|assignments|territories|map|exports/(?:csv|xlsx)|explanations(?:/.*)?)",
    re.DOTALL,
)
"""What managers and reps may read: answers that are cut down to their branch or book (app/alignments/books.py)."""

LOOK_FOR_KEYS_S: Final = 1.0


class Gate:
    """Wrap the app: let callers in, or answer 401, 403 or 429.

    Parameters
    ----------
    settings
        Name the mode of access, the issuer and the rates.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._rates = Rates(per_s=settings.rate_limit_per_s, burst=settings.rate_limit_burst)
        self._tokens = TokenReader(settings, KeySource(settings)) if settings.oidc_issuer else None
        self._has_keys = False
        self._looked_at = -math.inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is not HTTP or public."""
        if scope["type"] != "http" or PUBLIC.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            caller = await self._caller(scope)
            self._admit(caller, scope)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered as a problem, and nobody is let in
            problem = challenged(error_of_exception(error), Headers(scope=scope))
            await problem_response(problem)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        headers = Headers(scope=scope)
        sessions: Sessions = of_all_tenants(scope["app"].state.sessions)
        credential = credential_of(headers, scope["method"])
        if credential is not None:
            return await self._holder(scope, credential)
        if await self._is_open(scope, headers, sessions):
            return UNNAMED
        raise unauthenticated("This needs a key; send it as 'Authorization: Bearer <key>'.")

    async def _holder(self, scope: Scope, credential: str) -> Caller:
        """Return who holds a credential; keys are looked up for all who call at the same time at once."""
        text = KeyText.read(credential)
        if text is None and self._tokens is not None:
            return await run_in_threadpool(self._tokens.caller, credential)
        keys: SharedReads[str, ApiKey] = scope["app"].state.key_reads
        key = None if text is None else await keys.find(text.prefix)
        return recognized(text, key, pepper=self._settings.key_pepper)

    async def _is_open(self, scope: Scope, headers: Headers, sessions: Sessions) -> bool:
        """Return whether a request without a key is let in."""
        settings = self._settings
        if settings.access != "auto":
            return settings.access == "open"
        if self._tokens is not None or not is_loopback(settings.host):
            return False
        if not is_from_here(scope, headers, public_url=settings.public_url):
            return False
        return not await self._keys_exist(sessions)

    async def _keys_exist(self, sessions: Sessions) -> bool:
        """Return whether a key was ever made; looked up at most once a second, and never forgotten."""
        now = time.monotonic()
        if not self._has_keys and now - self._looked_at > LOOK_FOR_KEYS_S:
            self._has_keys = await run_in_threadpool(_has_keys, sessions)
            self._looked_at = now
        return self._has_keys

    def _admit(self, caller: Caller, scope: Scope) -> None:
        """Refuse what the caller may not do, or does too often.

        Raises
        ------
        ProblemError
            FORBIDDEN or TOO_MANY_REQUESTS.
        """
        wait_s = 0.0 if caller.key_id is None else self._rates.wait_s(caller.key_id)
        if wait_s > 0:
            seconds = math.ceil(wait_s)
            raise ProblemError(
                "TOO_MANY_REQUESTS",
                f"This key may send {self._settings.rate_limit_per_s:g} requests a second; wait {seconds} s.",
                params={"retry_after_s": seconds},
                headers={"Retry-After": str(seconds)},
            )
        path, verb = scope["path"], verb_of(scope["method"])
        if not caller.may(verb):
            raise _forbidden(f"This key may not {verb} here.", caller)
        if caller.role in (Role.MANAGER, Role.REP) and not OWN_READING.fullmatch(path):
            raise _forbidden(
                f"The role {caller.role} reads scorecards, assignments, explanations, exports as CSV and XLSX, the map "
                "and territories only.",
                caller,
            )
        is_operator = caller.tenant_id == DEFAULT_TENANT and caller.role in (Role.OPS, Role.VIEWER)
        if OPERATORS.fullmatch(path) and not is_operator:
            raise _forbidden(
                f"This is for the operators of the service: a key of the tenant '{DEFAULT_TENANT}'.", caller
            )


def _has_keys(sessions: Sessions) -> bool:
    with snapshot(sessions) as session:
        return KeyRepository(session).has_any()


def _forbidden(detail: str, caller: Caller) -> ProblemError:
    params: dict[str, Any] = {"role": str(caller.role)}
    return ProblemError("FORBIDDEN", detail, params=params)
