"""The rules of API keys: made, shown once, recognized, revoked. Knows no HTTP."""

import datetime
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.access.caller import Caller
from app.access.credentials import unauthenticated
from app.access.key_text import KeyText
from app.access.models import ApiKey
from app.access.repository import KeyRepository
from app.access.roles import VERBS_OF_ROLES, Role, Verb
from app.database import Sessions, snapshot, utc_now
from app.errors import Fault, InvalidInput, NotFound
from app.identifiers import new_id
from app.tenancy import DEFAULT_TENANT, MAX_TENANT_CHARACTERS, of_all_tenants

MAX_NAME_CHARACTERS = 200
TENANT_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NO_SALT, _NO_HASH = "0" * 32, "0" * 64


@dataclass(frozen=True, kw_only=True)
class KeyWish:
    """What a new key should be.

    Parameters
    ----------
    name
        For people, 1 to 200 characters.
    tenant_id
        Whose data it opens: letters, digits, dot, dash and underscore.
    role
        Whose work it does.
    verbs
        What it may do; empty means all that the role allows.
    rep_id
        The rep whose branch or book it sees; needed for ``manager`` and ``rep``, refused otherwise.
    lifetime
        How long it is valid; None is for ever.
    """

    name: str
    tenant_id: str = DEFAULT_TENANT
    role: Role = Role.OPS
    verbs: Sequence[Verb] = field(default_factory=tuple)
    rep_id: str | None = None
    lifetime: datetime.timedelta | None = None


class KeyService:
    """Make and revoke keys within the caller's transaction.

    Parameters
    ----------
    session
        One of all tenants.
    pepper
        The secret that is a setting.
    """

    def __init__(self, session: Session, *, pepper: str) -> None:
        self._keys = KeyRepository(session)
        self._pepper = pepper

    def create(self, wish: KeyWish) -> tuple[ApiKey, str]:
        """Store a new key; return its row and its text, which nobody can read again.

        Raises
        ------
        InvalidInput
            When the wish contradicts itself.
        """
        faults = _faults(wish)
        if faults:
            raise InvalidInput(faults)
        text = KeyText.new()
        salt = secrets.token_hex(16)
        now = utc_now()
        key = ApiKey(
            id=new_id("key"),
            tenant_id=wish.tenant_id,
            name=wish.name,
            role=wish.role,
            verbs=sorted(wish.verbs or VERBS_OF_ROLES[wish.role]),
            rep_id=wish.rep_id,
            prefix=text.prefix,
            salt=salt,
            hash=text.hashed(salt=salt, pepper=self._pepper),
            created_at=now,
            expires_at=None if wish.lifetime is None else now + wish.lifetime,
        )
        self._keys.add(key)
        return key, str(text)

    def revoke(self, named: str) -> ApiKey:
        """Make a key invalid from this moment on; it is named by its id, its prefix or its whole text.

        Raises
        ------
        NotFound
            When there is no such key.
        """
        text = KeyText.read(named)
        prefix = named.removeprefix("tk_") if text is None else text.prefix
        key = self._keys.get(named) or self._keys.by_prefix(prefix)
        if key is None:
            raise NotFound("There is no such key; `territory keys list` shows them.")
        key.revoked_at = key.revoked_at or utc_now()
        return key


def recognized(text: KeyText | None, key: ApiKey | None, *, pepper: str) -> Caller:
    """Return who holds a key.

    Parameters
    ----------
    text
        What was sent, None when it is no key's text.
    key
        The key that begins so, None where there is none.
    pepper
        The secret that is a setting.

    Raises
    ------
    ProblemError
        When it is unknown, revoked or expired (UNAUTHENTICATED).
    """
    salt, stored = (_NO_SALT, _NO_HASH) if key is None else (key.salt, key.hash)
    if text is None or not text.is_proof(salt=salt, pepper=pepper, stored=stored) or key is None:
        raise unauthenticated("This key is not known; check that all of it was sent.")
    if key.revoked_at is not None:
        raise unauthenticated("This key was revoked; ask for a new one.")
    if key.expires_at is not None and key.expires_at <= utc_now():
        raise unauthenticated("This key has expired; ask for a new one.")
    return Caller(
        tenant_id=key.tenant_id,
        key_id=key.id,
        role=Role(key.role),
        name=key.name,
        verbs=frozenset(Verb(verb) for verb in key.verbs),
        rep_id=key.rep_id,
    )


def keys_of(sessions: Sessions, prefixes: Collection[str]) -> dict[str, ApiKey]:
    """Return the keys that begin so, by how they begin, as they stand now."""
    with snapshot(of_all_tenants(sessions)) as session:
        keys = KeyRepository(session).by_prefixes(prefixes)
        session.expunge_all()  # they are read when the session is gone
    return {key.prefix: key for key in keys}


def is_tenant_id(text: str) -> bool:
    """Return whether a text can name a tenant."""
    return len(text) <= MAX_TENANT_CHARACTERS and TENANT_WORD.fullmatch(text) is not None


def _faults(wish: KeyWish) -> list[Fault]:
    faults = []
    if not 0 < len(wish.name.strip()) <= MAX_NAME_CHARACTERS or not wish.name.isprintable():
        faults.append(Fault(code="BAD_TEXT", detail=f"A key's name has 1 to {MAX_NAME_CHARACTERS} visible characters."))
    if not is_tenant_id(wish.tenant_id):
        detail = f"A tenant is named by 1 to {MAX_TENANT_CHARACTERS} letters, digits, dots, dashes and underscores."
        faults.append(Fault(code="BAD_TEXT", detail=detail))
    needs_rep = wish.role in (Role.MANAGER, Role.REP)
    if needs_rep != bool(wish.rep_id):
        detail = f"A key with the role {wish.role} {'needs' if needs_rep else 'has no'} rep."
        faults.append(Fault(code="CONTRADICTORY_SETTING", detail=detail))
    beyond = sorted(set(wish.verbs) - VERBS_OF_ROLES[wish.role])
    if beyond:
        detail = f"The role {wish.role} may not {' or '.join(beyond)}."
        faults.append(Fault(code="CONTRADICTORY_SETTING", detail=detail))
    if wish.lifetime is not None and wish.lifetime <= datetime.timedelta(0):
        faults.append(Fault(code="CONTRADICTORY_SETTING", detail="A key lives longer than 0 days."))
    return faults
