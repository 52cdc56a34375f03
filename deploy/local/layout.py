"""Which processes make an installation on one machine, on which ports, and what are they told?"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.demo.urls import Urls
from deploy.local.ports import LOOPBACK

OFFSETS = {"console": 0, "quote": 1, "inventory": 2, "capacity": 3, "notifier": 4}
_FIRST_FURTHER_REPLICA = 11


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """One process of a service: `quote-1` is the first process of quote."""

    name: str
    service: str
    port: int

    @property
    def arguments(self) -> list[str]:
        """Return how a container runs it, too."""
        return [sys.executable, "-m", f"services.{self.service}"]


@dataclass(frozen=True, slots=True)
class Layout:
    """All processes above one port base."""

    port_base: int
    quote_replicas: int = 1

    def offsets(self) -> dict[str, int]:
        """Return each process and how far its port lies above the base: the further replicas of quote on +11, +12 …"""
        named = {("quote-1" if service == "quote" else service): offset for service, offset in OFFSETS.items()}
        further = {f"quote-{number}": _FIRST_FURTHER_REPLICA + number - 2 for number in range(2, self.quote_replicas + 1)}
        return named | further

    def processes(self) -> list[ServiceProcess]:
        """Return every service process, the console first."""
        return [ServiceProcess(name, name.partition("-")[0], self.port_base + offset) for name, offset in self.offsets().items()]

    @property
    def urls(self) -> Urls:
        """Return where each service answers (quote: its first process)."""
        return Urls(**{service: f"http://{LOOPBACK}:{self.port_base + offset}" for service, offset in OFFSETS.items()})


@dataclass(frozen=True, slots=True)
class Installation:
    """What every service is told about the installation it belongs to."""

    database_url: str
    kafka: str
    installation_id: str
    key_secret: str
    development_key: str

    def environment(self, process: ServiceProcess, urls: Urls) -> dict[str, str]:
        """Return the environment of a process: ours, with the settings that somebody turned there, except those that we decide."""
        decided = {
            "DATABASE_URL": self.database_url,
            "KAFKA": self.kafka,
            "INSTALLATION_ID": self.installation_id,
            "KEY_SECRET": self.key_secret,
            "DEVELOPMENT_KEY": self.development_key,
            "HOST": LOOPBACK,
            "CONSOLE_KEY": self.development_key,
            "CONSOLE_URL": urls.console,
            "QUOTE_URL": urls.quote,
            "INVENTORY_URL": urls.inventory,
            "CAPACITY_URL": urls.capacity,
            "NOTIFIER_URL": urls.notifier,
            f"{process.service.upper()}_PORT": str(process.port),
        }
        return _without(os.environ, decided) | {f"PLEDGE_{name}": value for name, value in decided.items()}


def _without(environment: Mapping[str, str], decided: Mapping[str, str]) -> dict[str, str]:
    """Drop the variables that would speak for one service against what is decided for all (PLEDGE_QUOTE_KAFKA …)."""
    overriding = {f"PLEDGE_{service.upper()}_{name}" for service in OFFSETS for name in (*decided, "PORT")}
    return {name: value for name, value in environment.items() if name not in overriding}
