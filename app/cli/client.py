"""A small client of the service's own HTTP API, for the commands that talk to a running service."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from app.cli.failure import Failure

Json = dict[str, Any]


KEY_VARIABLE = "TERRITORY_API_KEY"


class ServiceClient:
    """Call the HTTP API and turn its problem documents into failures; a key is taken from the environment."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        key = os.environ.get(KEY_VARIABLE)
        self._http = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(60.0, read=120.0),
            trust_env=False,
            headers={} if key is None else {"Authorization": f"Bearer {key}"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def is_ready(self) -> bool:
        """Return whether the service says that it is ready."""
        try:
            return self._http.get("/health/ready").is_success
        except httpx.TransportError:
            return False

    def upload_dataset(self, files: dict[str, Path], *, name: str) -> Json:
        """Import tables from files."""
        parts = {field: (path.name, path.read_bytes()) for field, path in files.items()}
        return self._json(self._http.post("/v1/datasets", files=parts, data={"name": name}))

    def post(self, path: str, body: Json) -> Json:
        """Post a JSON body."""
        return self._json(self._http.post(path, json=body))

    def get(self, path: str, **params: str | int) -> Json:
        """Get a JSON answer."""
        return self._json(self._http.get(path, params=params))

    def download(self, path: str, target: Path, **params: str | int) -> None:
        """Save an answer's body as a file."""
        target.write_bytes(self.content(path, **params))

    def text(self, path: str, **params: str | int) -> str:
        """Get a text answer."""
        return self.content(path, **params).decode()

    def content(self, path: str, **params: str | int) -> bytes:
        """Get the bytes of an answer."""
        answer = self._http.get(path, params=params)
        if not answer.is_success:
            self._json(answer)
        return answer.content

    def events(self, job_id: str) -> Iterator[tuple[str, Json]]:
        """Yield (event, data) from a job's event stream until it ends."""
        with self._http.stream("GET", f"/v1/jobs/{job_id}/events", timeout=None) as answer:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    yield name, json.loads(line[5:])

    @staticmethod
    def _json(answer: httpx.Response) -> Json:
        try:
            body: Json = answer.json()
        except ValueError:
            raise Failure(f"the service answered {answer.status_code} without a JSON body") from None
        if answer.is_success:
            return body
        faults = [fault.get("detail", "") for fault in body.get("errors", [])[:5]]
        raise Failure(" ".join([str(body.get("detail", body.get("title", "refused"))), *faults]))
