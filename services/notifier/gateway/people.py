"""E-mail and chat by apprise, in a thread, with a time limit.

What is refused, and why:

- schemas that run programs or speak to this machine's desktop, serial or system log (`dbus`, `gnome`, `macosx`, `syslog` …);
- schemas whose targets are other addresses than their host and cannot be looked at (`nostr` relays, `groundmail` mail exchangers,
  `vapid`), and those that read keys from files (`fcm`, `vapid`, `deltachat`);
- parameters that name files or let apprise fetch or keep something (`template`, `pgp…`, `attach`, `store`, `config`, `keyfile`);
- `http` and `https`: those are signed webhooks;
- hosts that lead to private addresses, where the URL has a host of its own (`mailto` with its `smtp` server, `json`, `xml`, `form`,
  `matrix`, `ntfy`, `mqtt` …), unless the subscription allows them. Slack, Teams and the like have fixed hosts.

The host is looked at before every message, and once more every address that apprise connects to (guard.py): a name that changes in
between leads nowhere else. `mqtt` and `xmpp` connect from threads of their own, so they need a subscription that allows private
addresses. Redirects are not followed.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import unquote

from services.notifier.gateway import addresses
from services.notifier.gateway.guard import guarded

LOCAL: Final = frozenset(
    {"dbus", "kde", "qt", "glib", "gio", "gnome", "macosx", "windows", "syslog", "blink1", "klr", "atalk", "growl"}
    | {"nostr", "groundmail", "vapid", "fcm", "deltachat", "deltachats", "http", "https", "file", "exec", "memory"}
)
FILES: Final = ("template", "pgp", "wkd", "attach", "store", "config", "keyfile", "include", "file", "cert", "key", "subfile")
_HARMLESS_KEYS: Final = frozenset({"key", "keys"})
"""Some chats name their token so."""
_PARAMETER: Final = re.compile(r"[?&;]([^=&;?]*)")
"""Wherever apprise might read one: it takes what follows a `#` for a channel and the `?` behind it for parameters."""
UNSEEN: Final = frozenset({"mqtt", "mqtts", "xmpp", "xmpps"})
"""Connect where nobody can look."""
_THREADS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="apprise")


class BadChannel(Exception):  # noqa: N818 -- an outcome
    """Apprise does not take this URL, or we do not let it."""


def check(url: str) -> None:
    """Raise BadChannel when the URL is one that apprise is not given, by its looks alone."""
    scheme = url.partition("://")[0].lower()
    if scheme in LOCAL:
        raise BadChannel(f"{scheme}:// is not taken: it reaches this machine, its files, or addresses that cannot be looked at")
    named = {name.strip().lower().lstrip("+-:") for spelled in (url, unquote(url)) for name in _PARAMETER.findall(spelled)}
    if refused := sorted(name for name in named if name.startswith(FILES) and name not in _HARMLESS_KEYS):
        raise BadChannel(f"the parameter {refused[0]!r} is not taken: it may name a file")


async def look(url: str, *, allow_private: bool, seconds: float) -> None:
    """Look at where the URL's own hosts lead. Raises BadChannel, Refused or Unresolved; TimeoutError when names take longer than `seconds`.

    To read a URL may take longer where it is the first, since apprise is loaded then: whether it can be read is no question of time.
    """
    channel = await _in_thread(plugin, url)
    _check_seen(url, allow_private=allow_private)
    async with asyncio.timeout(seconds):
        for host in _hosts(channel):
            await addresses.resolve(host, 0, allow_private=allow_private)


async def send(url: str, title: str, body: str, *, allow_private: bool, seconds: float) -> str | None:
    """Send it; None when it was taken, else why not. Raises BadChannel, Refused or Unresolved; gives up after `seconds`."""
    channel = await _in_thread(plugin, url, seconds)
    _check_seen(url, allow_private=allow_private)
    for host in _hosts(channel):
        await addresses.resolve(host, 0, allow_private=allow_private)
    failed: str | None = await _in_thread(_notify, channel, title, body, allow_private)
    return failed


def _check_seen(url: str, *, allow_private: bool) -> None:
    scheme = url.partition("://")[0].lower()
    if scheme in UNSEEN and not allow_private:
        raise BadChannel(f"{scheme}:// connects where its address cannot be looked at: it needs allow_private")


def plugin(url: str, seconds: float = 15.0) -> Any:
    """The apprise plugin of the URL. Raises BadChannel."""
    check(url)
    from apprise import Apprise, AppriseAsset, PersistentStoreMode  # noqa: PLC0415 -- 250 services are loaded only where one is used

    asset = AppriseAsset(plugin_paths=[], storage_mode=PersistentStoreMode.MEMORY, service_timeout=seconds)
    asset.http_redirects = False
    try:
        found = Apprise.instantiate(url, asset=asset)
    except Exception as error:  # 250 parsers of others: whatever one of them stumbles over is wrong with the URL
        raise BadChannel(f"apprise cannot read this URL: {type(error).__name__}") from error
    if found is None or isinstance(found, list):
        raise BadChannel("apprise does not know such a URL")
    if str(getattr(found, "secure_protocol", "") or getattr(found, "protocol", "")) in LOCAL:
        raise BadChannel("this service is not taken")
    found.redirects = False
    found.socket_connect_timeout = found.socket_read_timeout = seconds
    return found


def _hosts(channel: Any) -> list[str]:
    """The hosts that the URL itself names; a plugin whose URL has no `{host}` keeps tokens in that place."""
    named = [channel.host] if any("{host}" in template for template in channel.templates) else []
    smtp = getattr(channel, "smtp_host", None)
    if smtp:
        named = [smtp]  # a mail's host is the domain of its sender; only the server is connected to
    return [str(host) for host in named if host]


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)


def _notify(channel: Any, title: str, body: str, allow_private: bool) -> str | None:  # noqa: FBT001 -- run in a thread by position
    from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415 -- see above

    said: list[str] = []
    box = Apprise()
    box.add(channel)
    with guarded(allow_private=allow_private):
        taken = box.notify(
            body=body,
            title=title,
            notify_type=NotifyType.WARNING,
            body_format=NotifyFormat.TEXT,
            log_callback=lambda entry, _service: said.append(str(getattr(entry, "message", entry))),
        )
    return None if taken else (said[-1] if said else "the service did not take it")
