"""The planning UI over HTTP: its page, its files, and the example that one takes with a click.

Owns caching and the content security policy of the page. The page itself is a plain client of the HTTP API; its
sources are in app/ui, its built files in app/static/ui (docs/ui.md).
"""

import gzip
import hashlib
import json
import tempfile
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.types import Scope

from app.errors import NotFound

BUILT_FOLDER = Path(__file__).parent / "static" / "ui"
EXAMPLE_ACCOUNTS, EXAMPLE_REPS, EXAMPLE_SEED = 5_000, 50, 2027
FOREVER = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)
_HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
_COMPRESSED = frozenset({".js", ".css", ".svg"})
_MEDIA_TYPES = {".csv": "text/csv; charset=utf-8", ".json": "application/json"}
_NOT_BUILT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Territory Optimizer</title>'
    "<p>The planning UI is not built: install again with a network connection to PyPI and npm "
    '(<code>pip install --editable .</code>); the API works without it, see <a href="docs">its pages</a>.</p></html>'
)


class HashedFiles(StaticFiles):
    """Files whose names carry a hash of their content: a browser never has to ask twice, and gets them compressed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file that may be kept forever."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            wanted = Headers(scope=scope).get("accept-encoding", "")
            if isinstance(response, FileResponse) and Path(path).suffix in _COMPRESSED and "gzip" in wanted:
                content = await run_in_threadpool(_compressed, Path(response.path))
                response = Response(content, media_type=response.media_type, headers={"Content-Encoding": "gzip"})
            response.headers["Cache-Control"] = FOREVER
            response.headers["Vary"] = "Accept-Encoding"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def install(app: FastAPI, *, built: Path = BUILT_FOLDER) -> None:
    """Serve the page at /, its files under /assets and the example's under /example."""

    def get_page(request: Request) -> Response:
        return _page(request, built)

    def get_example(name: str) -> Response:
        if name not in example_files():
            raise NotFound("There is no such file in the example; it has accounts.csv, reps.csv and criteria.json.")
        media_type = _MEDIA_TYPES[Path(name).suffix]
        return Response(example_files()[name], media_type=media_type, headers={"Cache-Control": "no-cache"})

    app.add_api_route("/", get_page, include_in_schema=False)
    app.add_api_route("/example/{name}", get_example, include_in_schema=False)
    app.mount("/assets", HashedFiles(directory=built / "assets", check_dir=False), name="assets")


@cache
def _compressed(path: Path) -> bytes:
    """Return a file's bytes in gzip, packed once; names with a hash never change their content."""
    return gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)


@cache
def example_files() -> dict[str, bytes]:
    """Return the example's files by name, the same that `territory generate` writes."""
    from app.cli.data import write_example

    with tempfile.TemporaryDirectory() as folder:
        files = write_example(Path(folder), num_accounts=EXAMPLE_ACCOUNTS, num_reps=EXAMPLE_REPS, seed=EXAMPLE_SEED)
        return {path.name: path.read_bytes() for path in (files.accounts, files.reps, files.criteria)}


def _page(request: Request, built: Path) -> Response:
    """Return the page, asked for anew each time; 304 while it is the same."""
    index = built / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT, headers={**_HEADERS, "Cache-Control": "no-store"})
    content = index.read_bytes()
    etag = json.dumps(hashlib.sha256(content).hexdigest()[:32])
    headers = {**_HEADERS, "Cache-Control": "no-cache", "ETag": etag}
    if etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(content, headers=headers)
