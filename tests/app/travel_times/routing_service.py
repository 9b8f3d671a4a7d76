"""A small server that speaks the table service of OSRM and the matrix of Valhalla, on a plane without roads.

The way between two places takes 60 seconds a degree of longitude plus 60 a degree of latitude. Nobody gets past
longitude 50. North of 80 there is no road at all.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Place = tuple[float, float]


@dataclass
class Service:
    """What the server was asked, and how it should misbehave.

    ``fail_next`` answers 503 so many times; ``break_with`` answers these bytes; ``drips`` never comes to an end.
    """

    url: str = ""
    most_places: int = 100
    fail_next: int = 0
    drips: bool = False
    break_with: bytes | None = None
    asked: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


def seconds(source: Place, target: Place) -> float | None:
    """Return the time from one place to another, longitudes second."""
    if (source[1] > 50) != (target[1] > 50):
        return None
    return 60 * (abs(source[0] - target[0]) + abs(source[1] - target[1]))


@contextmanager
def routing_service() -> Iterator[Service]:
    """Run the server on a free port."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            head, _, coordinates = unquote(parts.path).rpartition("/")
            lon_lats = [pair.split(",") for pair in coordinates.split(";")]
            places = [(float(lat), float(lon)) for lon, lat in lon_lats]
            query = parse_qs(parts.query)
            sources, targets = (
                [places[int(index)] for index in query[name][0].split(";")] for name in ("sources", "destinations")
            )
            if head != "/table/v1/driving" or query["annotations"] != ["duration"]:
                self._answer(400, {"code": "InvalidUrl", "message": "URL string malformed"})
            elif len(places) > service.most_places:
                self._answer(400, {"code": "TooBig", "message": "Too many table coordinates"})
            elif any(lat > 80 for lat, _ in places):
                self._answer(400, {"code": "NoSegment", "message": "Could not find a matching segment"})
            else:
                self._answer(200, {"code": "Ok", "durations": _table(sources, targets)})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sources, targets = (
                [(place["lat"], place["lon"]) for place in body[name]] for name in ("sources", "targets")
            )
            if self.path != "/sources_to_targets" or body["costing"] != "auto":
                self._answer(404, {"error_code": 106, "error": "Try any of"})
            elif any(lat > 80 for lat, _ in sources + targets):
                self._answer(400, {"error_code": 171, "error": "No suitable edges near location"})
            else:
                cells = [[{"time": time, "distance": 1.0} for time in row] for row in _table(sources, targets)]
                self._answer(200, {"sources_to_targets": cells, "units": "kilometers"})

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            service.asked.append(status)
            content = json.dumps(body).encode() if service.break_with is None else service.break_with
            if service.fail_next:
                service.fail_next, status = service.fail_next - 1, 503
            self.send_response(status)
            self.send_header("Content-Length", str(1_000_000 if service.drips else len(content)))
            self.end_headers()
            if service.drips:
                with suppress(OSError):
                    while not service.over.wait(0.05):
                        self.wfile.write(b" ")
                return
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _table(sources: list[Place], targets: list[Place]) -> list[list[float | None]]:
    return [[seconds(source, target) for target in targets] for source in sources]
