"""A real server on a real socket: bodies that lie, and a long body that blocks nobody."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from app.main import create_app
from app.settings import Settings

DEADLINE_S = 120  # a busy machine is slow, not wrong


@pytest.fixture
def address(settings: Settings) -> Iterator[tuple[str, int]]:
    """Return the address of a running server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until = time.monotonic() + DEADLINE_S
        while not server.started and time.monotonic() < until:
            thread.join(0.02)
        assert server.started
        yield listener.getsockname()[:2]
        server.should_exit = True
        thread.join(DEADLINE_S)


def _send(address: tuple[str, int], request: bytes, *, hang_up: bool = False) -> bytes:
    with socket.create_connection(address, timeout=DEADLINE_S) as connection:
        connection.sendall(request)
        if hang_up:
            return b""
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


HEAD = b"POST /v1/datasets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"


def test_bodies_that_lie_break_nothing(address: tuple[str, int]) -> None:
    """A body that ends early, one announced as huge, and broken chunks leave the server well."""
    url = f"http://{address[0]}:{address[1]}"
    _send(address, HEAD + b'Content-Length: 1000\r\n\r\n{"accounts": [', hang_up=True)
    huge = _send(address, HEAD + b"Content-Length: 999999999999\r\n\r\n{}")
    assert huge.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in huge
    assert _send(address, HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n").startswith(b"HTTP/1.1 400")
    chunked = _send(address, HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert chunked.startswith(b"HTTP/1.1 422")
    assert httpx.get(f"{url}/health/ready").status_code == 200
    assert httpx.get(f"{url}/v1/datasets").json()["total_size"] == 0


def test_status_is_answered_while_a_body_is_read(address: tuple[str, int]) -> None:
    """Other requests are answered while a large import is parsed and checked."""
    url = f"http://{address[0]}:{address[1]}"
    accounts = [{"id": f"a{i}", "lat": 50, "lon": i / 1e4, "measures": {"workload": 1}} for i in range(30_000)]
    content = json.dumps({"accounts": accounts, "reps": [{"id": "R"}]}).encode()
    answers: list[int] = []

    def submit() -> None:
        headers = {"Content-Type": "application/json"}
        answers.append(httpx.post(f"{url}/v1/datasets", content=content, headers=headers, timeout=60).status_code)

    thread = threading.Thread(target=submit)
    thread.start()
    polls = 0
    with httpx.Client(base_url=url, timeout=60) as client:
        while thread.is_alive():
            assert client.get("/health/live").status_code == 200
            polls += 1
    thread.join()
    assert answers == [201]
    assert polls >= 3
