"""What needs no key: the page and what documents the service, the same for everybody and nobody's data."""

import re
from typing import Final

PUBLIC: Final = re.compile(
    r"/|/(?:example|assets|static|problems)/.*|/(?:docs|openapi\.json|problems)|/health/(?:live|ready)"
)
