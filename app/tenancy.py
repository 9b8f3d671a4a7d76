"""Tenants: the words that sessions and rows name them by."""

from typing import Final

DEFAULT_TENANT: Final = "default"
MAX_TENANT_CHARACTERS: Final = 64
