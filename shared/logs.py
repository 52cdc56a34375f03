"""What a service writes about itself: one JSON object per line, to stderr, with the request it belongs to."""

import asyncio
import logging
import sys
import time
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

_request_id: ContextVar[str] = ContextVar("request_id", default="")

ACCESS_LINES_SECONDS = 0.1
"""How long an access line may wait to be written with others."""
ACCESS_LINES_AT_ONCE = 1000
NOISY = ("uvicorn.error", "uvicorn.access", "aiokafka", "alembic", "httpx", "httpcore", "asyncio")
"""Libraries that tell in INFO what our own lines already say."""


def current_request_id() -> str:
    """The id of the request being answered, or an empty string outside of one."""
    return _request_id.get()


def enter_request(request_id: str) -> None:
    """From here on, in this task, log lines and problem documents carry `request_id`."""
    _request_id.set(request_id)


def _with_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if request_id := _request_id.get():
        event["request_id"] = request_id
    return event


def _as_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode(errors="replace")


class _StderrHandler(logging.StreamHandler[Any]):
    """Looks stderr up at each line, so that whoever redirects it later gets the lines."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def configure(service: str, level: str = "info") -> None:
    """Send structlog's and the standard library's lines to stderr as JSON, each with the service's name. Idempotent."""

    def _with_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _with_service,
        _with_request_id,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:3], structlog.stdlib.PositionalArgumentsFormatter(), *shared[3:]],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _as_line],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


_second: tuple[int, str] = (0, "")


def _now() -> str:
    """The time as text; the part that stays the same for a second is kept."""
    global _second  # noqa: PLW0603 -- a cache of one value
    nanoseconds = time.time_ns()
    second = nanoseconds // 1_000_000_000
    if second != _second[0]:
        _second = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
    return f"{_second[1]}.{nanoseconds // 1_000_000 % 1000:03d}Z"


class _AccessLines:
    """Lines of answered requests, written some at a time: one write each would cost as much as all the rest of the edge."""

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def add(self, line: str) -> None:
        """Keep it for the next write, a moment from now; without a loop that could do it later, now."""
        self._waiting.append(line)
        if len(self._waiting) == 1 or len(self._waiting) % ACCESS_LINES_AT_ONCE == 0:  # again, should the loop have ended before its turn
            try:
                asyncio.get_running_loop().call_later(ACCESS_LINES_SECONDS, self.write)
            except RuntimeError:
                self.write()

    def write(self) -> None:
        """Write what waits."""
        lines, self._waiting = self._waiting, []
        sys.stderr.write("".join(lines))


_access_lines = _AccessLines()
flush = _access_lines.write
"""For the end of a process."""


def write_access_line(service: str, method: str, path: str, status: int, seconds: float, request_id: str) -> None:
    """One line per answered request. Written without the logging machinery, which would cost a tenth of an inquiry."""
    where = orjson.dumps(path).decode() if path.isprintable() else orjson.dumps(ascii(path)).decode()
    _access_lines.add(
        f'{{"method":"{method}","path":{where},"status":{status},"ms":{seconds * 1000:.2f},"request_id":"{request_id}",'
        f'"at":"{_now()}","level":"info","service":"{service}","event":"answered"}}\n'
    )
