"""Which addresses are reached, and that it is the address that was looked at, not the name."""

import asyncio
import ipaddress
import shutil
import socket
import ssl
import subprocess
import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from services.notifier.gateway import people
from services.notifier.gateway.addresses import Refused, Unresolved, refusal, resolve
from services.notifier.gateway.channels import Sender, shown
from services.notifier.gateway.guard import guarded
from services.notifier.gateway.people import BadChannel, plugin
from services.notifier.gateway.webhook import Unreachable, WebhookClient
from tests.service.notifier.sink import Sink

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", None), ("2001:4860:4860::8888", None), ("64:ff9b::808:808", None), ("::ffff:8.8.8.8", None),
        ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("::1", "loopback"), ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"), ("2002:7f00:1::", "loopback"), ("::7f00:1", "loopback"),
        ("10.0.0.1", "private"), ("172.31.255.255", "private"), ("192.168.0.1", "private"), ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("::ffff:192.168.0.1", "private"), ("192.0.2.1", "private"), ("2001:db8::1", "private"),
        ("169.254.169.254", "link-local"), ("fe80::1", "link-local"), ("::ffff:169.254.169.254", "link-local"),
        ("224.0.0.1", "multicast"), ("ff02::1", "multicast"), ("0.0.0.0", "unspecified"), ("::", "unspecified"),
        ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"),
    ],
)  # fmt: skip
def test_what_an_address_is(address: str, kind: str | None) -> None:
    assert refusal(ipaddress.ip_address(address), allow_private=False) == kind
    assert refusal(ipaddress.ip_address(address), allow_private=True) == (None if kind in {"loopback", "private"} else kind)


async def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [_answer("8.8.8.8"), _answer("10.0.0.1")])
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        await resolve("both.test", 80, allow_private=False)
    assert await resolve("both.test", 80, allow_private=True) == ["8.8.8.8", "10.0.0.1"]


async def test_a_name_that_leads_nowhere_is_told_from_one_that_is_refused() -> None:
    for host in ("no-such-host.invalid", "x" * 300, ""):
        with pytest.raises((Unresolved, Refused)):
            await resolve(host, 80, allow_private=False)


async def test_a_name_that_means_something_else_a_moment_later_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, *rest: Any, **options: Any) -> Any:
        if host != "rebind.test":
            return real(host, *rest, **options)
        asked.append(host)
        return [_answer("127.0.0.1" if len(asked) == 1 else "127.0.0.2")]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    async with Sink() as looked_at:
        elsewhere: list[bytes] = []

        async def inside(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            elsewhere.append(await reader.read(100))
            writer.close()

        server = await asyncio.start_server(inside, "127.0.0.2", looked_at.port)
        client = WebhookClient()
        answer = await client.post(looked_at.url("/hook", "rebind.test"), "msg_1", '{"a": 1}', SECRET, allow_private=True)
        await client.close()
        server.close()
    assert (answer.status_code, answer.address, asked, elsewhere) == (204, "127.0.0.1", ["rebind.test"], [])
    (heard,) = looked_at.heard
    assert heard.headers["host"] == f"rebind.test:{looked_at.port}"
    assert Webhook(SECRET).verify(heard.body, heard.headers) == {"a": 1}


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with Sink() as sink:
        client = WebhookClient()
        assert (await client.post(sink.url("/x"), "msg_1", "{}", SECRET, allow_private=True)).status_code == 204
        await client.close()


@pytest.mark.filterwarnings("ignore:.imghdr. is deprecated:DeprecationWarning")  # by apprise, when it is loaded
@pytest.mark.parametrize(
    "url",
    [
        "dbus://", "kde://", "qt://", "glib://", "gnome://", "macosx://", "windows://", "syslog://", "syslog://_", "blink1://", "nostr://x",
        "file:///etc/passwd", "exec://x", "nonsense://x", "slack://", "mailto://u:p@example.com?attach=/etc/passwd",
        "json://example.com?config=/etc/passwd", "json://example.com#x?template=/etc/passwd",
    ],
)  # fmt: skip
def test_apprise_is_not_given_what_reaches_this_machine_or_its_files(url: str) -> None:
    with pytest.raises(BadChannel):
        plugin(url)


@pytest.mark.filterwarnings("ignore:.imghdr. is deprecated:DeprecationWarning")  # by apprise, when it is loaded
@pytest.mark.parametrize(
    "url",
    [
        "mailto://user:hunter2@example.com?to=a@example.com", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
        "tgram://123456789:abcdefg_hijklmnop-qrstuvwxyz-ABCDEF/12315544/", "json://user:hunter2@example.com/path", "ntfys://example.com/topic",
    ],
)  # fmt: skip
def test_what_apprise_is_given_is_shown_without_its_secrets(url: str) -> None:
    assert plugin(url) is not None
    assert shown(url, whole=True) == f"{url.partition(':')[0]}://…"


def _answer(address: str) -> tuple[Any, ...]:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give both sides of TLS for `hooks.test`: the receiver's, and that of a sender who trusts it."""
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl, which is not here")
    where = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hooks.test", "-addext",
         "subjectAltName=DNS:hooks.test", "-keyout", str(where / "key.pem"), "-out", str(where / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    receiver = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    receiver.load_cert_chain(where / "cert.pem", where / "key.pem")
    return receiver, ssl.create_default_context(cafile=str(where / "cert.pem"))


@pytest.mark.parametrize(("name", "arrives"), [("hooks.test", True), ("other.test", False)])
async def test_tls_asks_for_the_name_although_an_address_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
    name: str,
    arrives: bool,  # noqa: FBT001
) -> None:
    receiver, trusting = certificate
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **options: [_answer("127.0.0.1")] if host == name else real(host, *rest, **options)
    )
    asked: list[str | None] = []
    receiver.sni_callback = lambda _socket, wanted, _context: asked.append(wanted)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=receiver)
    url = f"https://{name}:{server.sockets[0].getsockname()[1]}/"
    client = WebhookClient(verify=trusting)
    if arrives:
        assert (await client.post(url, "msg_1", "{}", SECRET, allow_private=True)).status_code == 204
    else:
        with pytest.raises(Unreachable, match="certificate"):
            await client.post(url, "msg_1", "{}", SECRET, allow_private=True)
    await client.close()
    server.close()
    assert asked == [name]


@pytest.mark.filterwarnings("ignore:.imghdr. is deprecated:DeprecationWarning")  # by apprise, when it is loaded
@pytest.mark.parametrize("scheme", ["json", "xml", "form"])
async def test_a_name_that_leads_elsewhere_once_apprise_resolves_it_is_not_reached(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    real = socket.getaddrinfo
    asked: list[str] = []

    def changing(host: Any, *arguments: Any, **options: Any) -> Any:
        """Stand for a name server that tells the truth only to whoever asks first."""
        if host != "rebinding.example":
            return real(host, *arguments, **options)
        asked.append(host)
        return real("93.184.216.34" if len(asked) == 1 else "127.0.0.1", *arguments, **options)

    async with Sink() as sink:
        monkeypatch.setattr(socket, "getaddrinfo", changing)
        channel = f"{scheme}://rebinding.example:{sink.port}/x"
        with pytest.raises(Refused, match=r"127\.0\.0\.1 is loopback"):
            await people.send(channel, "title", "body", allow_private=False, seconds=5)
        assert (len(asked) >= 2, sink.heard) == (True, []), "it was resolved once more, and not reached"
        assert await people.send(channel, "title", "body", allow_private=True, seconds=5) is None
        assert len(sink.heard) == 1, "the same address is reached by who may"


@pytest.mark.filterwarnings("ignore:.imghdr. is deprecated:DeprecationWarning")  # by apprise, when it is loaded
@pytest.mark.parametrize("url", ["mqtt://broker.example/topic", "xmpps://user:secret@chat.example/room"])
async def test_what_connects_where_nobody_can_look_needs_private_addresses(url: str) -> None:
    for work in (people.look(url, allow_private=False, seconds=1), people.send(url, "t", "b", allow_private=False, seconds=1)):
        with pytest.raises(BadChannel):
            await work


async def test_a_url_that_cannot_be_read_is_refused_however_long_it_takes_to_load_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(url: str, *_: float) -> Any:
        time.sleep(0.2)
        return plugin(url)

    monkeypatch.setattr(people, "plugin", slow)
    with pytest.raises(BadChannel):
        await Sender(timeout_seconds=0.05, private_allowed=False).look("ftp://example.com", allow_private=False)


def test_a_guard_ends_with_its_block_and_does_not_reach_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with pytest.raises(Refused), guarded(allow_private=False), pytest.raises(PermissionError):
            socket.create_connection(address, timeout=5)
        socket.create_connection(address, timeout=5).close()
        with guarded(allow_private=True):
            socket.create_connection(address, timeout=5).close()
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with datagrams, pytest.raises(Refused, match="localhost is a name"), guarded(allow_private=False), pytest.raises(PermissionError):
            datagrams.sendto(b"x", ("localhost", address[1]))
