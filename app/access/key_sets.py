"""Where an issuer's public keys come from: a file, an address, or the issuer's own discovery document.

Keys are kept for a while; a token that names a key which is not among them has them read again, though not at once
after the last time, so that made-up names cost the issuer nothing.
"""

import json
import threading
import time
from pathlib import Path
from typing import Any, Final

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.errors import Unavailable
from app.settings import Settings

KEPT_S: Final = 600.0
LEAST_PAUSE_S: Final = 30.0
TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 1024 * 1024
DISCOVERY: Final = "/.well-known/openid-configuration"


class KeySource:
    """Read and keep the public keys that tokens are signed with.

    Parameters
    ----------
    settings
        Names the file, the address, or the issuer.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._read_at = 0.0

    def keys(self, *, key_id: str | None) -> KeySet:
        """Return the issuer's keys, read anew when they are old or lack the one that is named.

        Raises
        ------
        Unavailable
            When they cannot be read and none are kept.
        """
        with self._lock:
            age_s = time.monotonic() - self._read_at
            lacks_it = self._keys is not None and key_id is not None and all(k.kid != key_id for k in self._keys.keys)
            if self._keys is None or age_s > KEPT_S or (lacks_it and age_s > LEAST_PAUSE_S):
                self._renew()
            if self._keys is None:
                raise Unavailable("UNAVAILABLE", "The issuer's keys cannot be read for now; repeat it in a moment.")
            return self._keys

    def _renew(self) -> None:
        """Read the keys; those that are kept stay where that is not possible."""
        try:
            self._keys = KeySet.import_key_set(self._document())
            self._read_at = time.monotonic()
        except (OSError, ValueError, TypeError, KeyError, JoseError, httpx.HTTPError):
            return

    def _document(self) -> Any:
        settings = self._settings
        if settings.oidc_jwks_file is not None:
            return json.loads(Path(settings.oidc_jwks_file).read_bytes())
        address = settings.oidc_jwks_url
        if address is None:
            found = _fetched(str(settings.oidc_issuer).rstrip("/") + DISCOVERY)
            if found["issuer"] != settings.oidc_issuer:
                raise ValueError("the discovery document is another issuer's")
            address = str(found["jwks_uri"])
        return _fetched(address)


def _fetched(address: str) -> Any:
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client, client.stream("GET", address) as answer:
        answer.raise_for_status()
        content = b""
        for part in answer.iter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                raise ValueError("the document is too large")
    return json.loads(content)
