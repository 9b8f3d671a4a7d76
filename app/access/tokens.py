"""OpenID Connect: a bearer token of a configured issuer becomes a caller, by claims that settings name."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError

from app.access.caller import Caller
from app.access.credentials import unauthenticated
from app.access.key_sets import KeySource
from app.access.roles import VERBS_OF_ROLES, Role
from app.access.service import MAX_NAME_CHARACTERS, is_tenant_id
from app.errors import ProblemError
from app.settings import Settings

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
"""Signatures by a public key only: a shared secret or none at all is no proof."""

LEEWAY_S: Final = 60
MAX_TOKEN_CHARACTERS: Final = 16_384


class TokenReader:
    """Recognize the callers that an issuer vouches for.

    Parameters
    ----------
    settings
        Name issuer, audience and claims.
    source
        The issuer's keys.
    """

    def __init__(self, settings: Settings, source: KeySource) -> None:
        self._settings = settings
        self._source = source
        self._rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": settings.oidc_issuer or ""},
            aud={"essential": True, "value": settings.oidc_audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def caller(self, text: str) -> Caller:
        """Return who a token speaks of.

        Raises
        ------
        ProblemError
            When it proves nothing (UNAUTHENTICATED), or names no tenant or role of ours (FORBIDDEN).
        Unavailable
            When the issuer's keys cannot be read.
        """
        claims = self._claims(text)
        role = self._role(claims)
        rep_id = self._text(claims, self._settings.oidc_rep_claim) if role in (Role.MANAGER, Role.REP) else None
        if role in (Role.MANAGER, Role.REP) and not rep_id:
            raise _forbidden(f"The token's role is {role}, but its claim '{self._settings.oidc_rep_claim}' has no rep.")
        tenant_id = self._settings.oidc_tenant or self._text(claims, self._settings.oidc_tenant_claim)
        if tenant_id is None or not is_tenant_id(tenant_id):
            raise _forbidden(f"The token's claim '{self._settings.oidc_tenant_claim}' names no tenant.")
        subject = str(claims["sub"])
        named = next((claims[name] for name in ("name", "preferred_username", "email") if claims.get(name)), subject)
        return Caller(
            tenant_id=tenant_id,
            key_id=f"oidc:{subject}",
            role=role,
            name=str(named)[:MAX_NAME_CHARACTERS],
            verbs=VERBS_OF_ROLES[role],
            rep_id=rep_id,
        )

    def _claims(self, text: str) -> Mapping[str, Any]:
        if len(text) > MAX_TOKEN_CHARACTERS:
            raise unauthenticated("The token is too long.")
        keys = self._source.keys(key_id=_named_key(text))
        try:
            token = jwt.decode(text, keys, algorithms=list(ALGORITHMS))
            self._rules.validate(token.claims)
        except ExpiredTokenError:
            raise unauthenticated("This token has expired; get a new one.") from None
        except (JoseError, ValueError, TypeError, KeyError):
            raise unauthenticated("This token is not one of the configured issuer for this service.") from None
        return token.claims

    def _role(self, claims: Mapping[str, Any]) -> Role:
        """Return the first of our roles that the claim names, in the order of ``Role``."""
        found = _claim(claims, self._settings.oidc_role_claim)
        named = {str(name) for name in found} if isinstance(found, list) else {str(found)}
        known = {self._settings.oidc_roles.get(name, name) for name in named}
        for role in Role:
            if role in known:
                return role
        raise _forbidden(f"The token's claim '{self._settings.oidc_role_claim}' names no role of this service.")

    @staticmethod
    def _text(claims: Mapping[str, Any], name: str) -> str | None:
        value = _claim(claims, name)
        return value if isinstance(value, str) and value else None


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a path with dots, such as ``realm_access.roles``."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _named_key(text: str) -> str | None:
    """Return the key id in a token's header, unproved: it only says whether our keys may be old."""
    first = text.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    named = header.get("kid") if isinstance(header, dict) else None
    return named if isinstance(named, str) else None


def _forbidden(detail: str) -> ProblemError:
    return ProblemError("FORBIDDEN", detail)
