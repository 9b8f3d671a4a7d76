"""Run the API in this process, with one embedded worker beside it."""

import signal
import socket
import threading
from contextlib import nullcontext
from types import FrameType

import structlog
import uvicorn

from app.jobs.embedded import EmbeddedWorker
from app.logs import configure_logs
from app.main import create_app
from app.settings import Settings
from app.traces import sending_traces

BACKLOG = 2048
STOP_LIMIT_S = 10


class AddressError(RuntimeError):
    """The address cannot be listened on."""


def run_server(settings: Settings, *, with_worker: bool) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises
    ------
    AddressError
        When the port is taken or the address is not this machine's.
    """
    configure_logs(settings)
    _unwind_on_term()
    with sending_traces("territory"), listening_socket(settings.host, settings.port) as listener:
        host, port = listener.getsockname()[:2]
        config = uvicorn.Config(
            create_app(settings),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_LIMIT_S,
        )
        with EmbeddedWorker(settings) if with_worker else nullcontext():
            structlog.get_logger("territory").info("listening", address=f"http://{_in_url(host)}:{port}")
            uvicorn.Server(config).run(sockets=[listener])


def _unwind_on_term() -> None:
    """Let SIGTERM, which uvicorn raises again when it is done, leave the blocks around it: the worker ends in order."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, leave)


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, before anything else is started.

    Raises
    ------
    AddressError
        When the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressError(
            f"cannot listen on {host}:{port} ({error.strerror or error}); stop what uses it or choose another --port"
        ) from None
    return listener


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
