"""Where does this name lead, and may we go there?

A name is resolved once, every address that it has is looked at, and whoever connects takes one of these addresses, not the name:
a name that means something else a moment later (DNS rebinding) changes nothing. The system's resolver also reads the odd ways to
write an address (`2130706433`, `0x7f.1`, `127.1`), so they are looked at as what they are.
"""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_RESOLVERS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")
"""Of their own: a name server that does not answer must not keep anybody else's thread."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAT64: Final = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")


class Refused(Exception):  # noqa: N818 -- an outcome
    """The name leads to an address that is not to be reached."""


class Unresolved(Exception):  # noqa: N818 -- an outcome
    """The name leads nowhere, for now."""


async def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Every address of the host, to be connected to as they are. Raises Refused when one of them is not to be reached, or Unresolved."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_RESOLVERS, _look_up, host, port)
    except (OSError, UnicodeError, ValueError) as error:
        raise Unresolved(f"{host} cannot be resolved: {error}") from error
    for address in found:
        if (why := refusal(address, allow_private=allow_private)) is not None:
            raise Refused(f"{host} leads to {address}, which is {why}")
    return [str(address) for address in found]


def _look_up(host: str, port: int) -> list[Address]:
    bare = host.removeprefix("[").removesuffix("]")
    answers = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))


def refusal(address: Address, *, allow_private: bool) -> str | None:
    """Why nothing is sent there; None when it may be.

    Loopback and private networks are a subscription's choice. Link-local addresses (cloud metadata lives there), multicast,
    unspecified and reserved ones are never reached.
    """
    meant = _meant(address)
    kinds = {
        "unspecified": meant.is_unspecified,
        "multicast": meant.is_multicast,
        "link-local": meant.is_link_local,
        "loopback": meant.is_loopback,
        "reserved": meant.is_reserved,
        "private": not meant.is_global,
    }
    kind = next((kind for kind, holds in kinds.items() if holds), None)
    return None if allow_private and kind in {"loopback", "private"} else kind


def _meant(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    last_four = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or address in _LOCAL_NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return last_four
    teredo = None if address.teredo is None else address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or teredo or address
