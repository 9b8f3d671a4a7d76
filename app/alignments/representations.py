"""How an answer leaves: which form the caller takes, its ETag, and 304 where it has it already.

Owns the choice by ``?format=`` and ``Accept``. Everything derived from an alignment is immutable, so one
tag and one rule serve all of it.
"""

import gzip
import unicodedata
from collections.abc import Callable, Sequence
from urllib.parse import quote

import msgspec
from fastapi import Request
from fastapi.responses import Response

from app.errors import ProblemError
from app.etags import is_not_modified
from app.exchange.tables import MEDIA_TYPES, FileFormat

GEOJSON = "application/geo+json"
_CACHING = "private, no-cache"
_NO_FILE_LETTERS = frozenset('<>:"/\\|?*')
_PACKED_LEVEL = 4
"""How hard maps are packed: harder takes twice the time for a few percent."""


def json_bytes(content: object) -> bytes:
    """Return plain data as JSON; times as RFC 3339."""
    return msgspec.json.encode(content)


def attachment(filename: str) -> str:
    """Return the header of a download: the name as it is, and in plain letters for who knows no others (RFC 6266)."""
    name = "".join("_" if letter in _NO_FILE_LETTERS or ord(letter) < 32 else letter for letter in filename)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def immutable(
    request: Request,
    make: Callable[[], bytes],
    *,
    etag: str,
    media_type: str = "application/json",
    filename: str | None = None,
) -> Response:
    """Answer with what ``make`` returns, or 304 when the caller has it; it is then not made at all.

    GeoJSON goes out packed where the caller takes gzip; that form has a tag of its own (RFC 9110, section 8.8.3).
    """
    headers = {"Cache-Control": _CACHING, "Vary": "Accept, Authorization"}
    is_packed = media_type == GEOJSON and "gzip" in accepted(request.headers.get("accept-encoding", ""))
    if media_type == GEOJSON:
        headers["Vary"] += ", Accept-Encoding"
    if is_packed:
        etag = f'{etag[:-1]}-gzip"'
    headers["ETag"] = etag
    if is_not_modified(request.headers, etag):
        return Response(status_code=304, headers=headers)
    if filename is not None:
        headers["Content-Disposition"] = attachment(filename)
    content = make()
    if is_packed:
        headers["Content-Encoding"] = "gzip"
        content = gzip.compress(content, compresslevel=_PACKED_LEVEL, mtime=0)
    return Response(content, headers=headers, media_type=media_type)


def chosen_format(request: Request, asked: FileFormat | None, *, offered: Sequence[FileFormat]) -> FileFormat:
    """Return the form that the caller wants, JSON where it does not say.

    Raises
    ------
    ProblemError
        When neither ``?format=`` nor ``Accept`` names a form that is offered.
    """
    if asked is not None and asked in offered:
        return asked
    for media_type in accepted(request.headers.get("accept", "*/*")) if asked is None else ():
        for form in offered:
            kind = MEDIA_TYPES[form].partition("/")[0]
            if media_type in (MEDIA_TYPES[form], f"{kind}/*", "*/*"):
                return form
    names = ", ".join(f"{form.value} ({MEDIA_TYPES[form]})" for form in offered)
    raise ProblemError("NOT_ACCEPTABLE", f"This comes as {names}; name one in Accept or in ?format=.")


def accepted(header: str) -> list[str]:
    """Return the media types of an Accept header, the most wanted first, refused ones left out."""
    wanted = []
    for position, part in enumerate(header.split(",")):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((_quality(value[2:]) for value in parameters if value.startswith("q=")), 1.0)
        if media_type and quality > 0:
            wanted.append((-quality, position, media_type))
    return [media_type for _, _, media_type in sorted(wanted)] if header.strip() else ["*/*"]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
