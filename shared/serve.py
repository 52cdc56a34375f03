"""How a service runs as a process: one clear line when it cannot start, and gone within ten seconds when it is told to stop."""

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final, NoReturn, TypeVar

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from shared import logs
from shared.onewrite import OneWriteProtocol
from shared.settings import CannotStartError, CommonSettings, load

log = structlog.get_logger(__name__)

OPEN_REQUESTS_SECONDS: Final = 4
"""How long requests that are being answered may go on after SIGTERM."""
STOP_SECONDS: Final = 9.5
"""After which the process ends, whatever still hangs."""
YOUNG_OBJECTS: Final = 10_000
"""So many new objects are looked through at a time: half a millisecond."""

S = TypeVar("S", bound=CommonSettings)


class _Lifespan:
    """The application, with an error at its start kept for one clear line instead of a stack trace in the log."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.error: BaseException | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def quietly(message: Message) -> None:
            if message["type"].endswith(".failed"):
                message = {"type": message["type"], "message": ""}
            elif message["type"] == "lifespan.startup.complete":
                _collect_rarely()
            await send(message)

        try:
            await self._app(scope, receive, quietly)
        except Exception as error:
            self.error = error
            if not isinstance(error, CannotStartError):
                log.exception("start or stop failed")
            raise


class _Server(uvicorn.Server):
    """uvicorn, telling the application that it stops, and never taking longer than STOP_SECONDS for it."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._application = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            last_resort = threading.Timer(STOP_SECONDS, os._exit, args=(1,))
            last_resort.daemon = True
            last_resort.start()
            self._application.state.stopping.set()
        super().handle_exit(sig, frame)


def run(create_app: Callable[[S], FastAPI], settings: S | type[S]) -> NoReturn:
    """Serve until SIGTERM or Ctrl-C, then exit with 0. What prevents the start is one line on stderr, and exit code 1.

    `settings` may be the class: then they are read from the environment, and a variable that is missing is such a line.
    """
    service = settings.service
    try:
        configured = load(settings) if isinstance(settings, type) else settings
        logs.configure(service, configured.log_level)
        listening = _listen(configured.host, configured.port)
        app = create_app(configured)
    except CannotStartError as error:
        _give_up(service, error)
    wrapped = _Lifespan(app)
    config = uvicorn.Config(
        wrapped,
        loop="uvloop",
        http=OneWriteProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=OPEN_REQUESTS_SECONDS,
    )
    server = _Server(config, app)
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, _already_stopping)  # uvicorn raises the signal again after a good end; that end is no failure
    host, port = listening.getsockname()[:2]
    log.info("listening", host=host, port=port, pid=os.getpid())
    with contextlib.suppress(KeyboardInterrupt), contextlib.suppress(SystemExit):
        server.run(sockets=[listening])
    if isinstance(wrapped.error, CannotStartError):
        _give_up(service, wrapped.error)
    logs.flush()
    log.info("stopped")
    sys.stderr.flush()
    # Everything is closed. The interpreter's own tidying-up takes a third of a second of CPU, and all services stop at once.
    os._exit(1 if wrapped.error is not None else 0)


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, before anything else is started."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)  # at once: two that bind the same port must not both believe they have it
    except OSError as error:
        raise CannotStartError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    listening.setblocking(False)  # noqa: FBT003 -- the standard library's signature
    return listening


def _collect_rarely() -> None:
    """Leave what the start has made out of every later search for garbage, and search when there is more to be found.

    Almost nothing here is cyclic. With Python's own thresholds (700 objects) the search took a tenth of an order, and its longest
    passes went over every route, model and book.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def _already_stopping(_signal: int, _frame: FrameType | None) -> None:
    pass


def _give_up(service: str, error: CannotStartError) -> NoReturn:
    sys.stderr.write(f"{service} cannot start: {error}\n")
    sys.exit(1)
