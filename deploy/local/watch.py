"""When has a child ended, and when is it started again? Its delay grows while it keeps ending, and is forgotten when it runs well."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.local import children

DELAYS_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
RUNS_WELL_SECONDS: Final = 30.0
Say = Callable[[str], None]


@dataclass
class Watched:
    """One child and how it is started and stopped."""

    name: str
    launch: Callable[[], children.Child]
    log: Path
    how_to_stop: signal.Signals = signal.SIGTERM
    child: children.Child | None = None
    endings: int = 0
    """In a row, without having run well in between."""
    _started_at: float = field(default=0.0, repr=False)
    _start_at: float | None = field(default=None, repr=False)

    def start(self, say: Say) -> None:
        """Start it and tell its number."""
        self.child = self.launch()
        self._started_at = time.monotonic()
        self._start_at = None
        say(f"{self.name} pid {self.child.pid}")

    def look(self, say: Say) -> None:
        """Notice that it ended, and start it again when its delay is over. Called several times a second."""
        now = time.monotonic()
        if self._start_at is not None:
            if now >= self._start_at:
                self.start(say)
            return
        code = None if self.child is None else self.child.poll()
        if code is None:
            return
        self.endings = 1 if now - self._started_at > RUNS_WELL_SECONDS else self.endings + 1
        delay = DELAYS_SECONDS[min(self.endings, len(DELAYS_SECONDS)) - 1]
        self._start_at = now + delay
        say(f"{self.name} ended ({_reason(code)}); it is started again in {delay:g} s (log: {self.log})")

    def why_it_ended(self) -> str:
        """Return the line in which it said why it could not start, else the last it said."""
        said = children.last_words(self.log, 40).splitlines()
        clear = [line for line in said if line.startswith(f"{self.name.partition('-')[0]} cannot start:")]
        return (clear or said or ["it said nothing"])[-1]


def _reason(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
