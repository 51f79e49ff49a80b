"""Lines with TLS between the real gateway and the real client: what must not open does not, and says what to do.

Beside each refusal stands what opens with nothing but the fault taken away.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from websockets.asyncio.client import connect

from incident.kernel.protocol import PROTOCOL, Hello
from incident.kernel.replica import LinkWord
from incident_tui.clock import Clock
from incident_tui.link import Link, LinkState, Timing
from incident_tui.trust import TrustError, desk_context, enrolling_context, peer_digest
from server import authority as authority_module
from server import certificates
from server.authority import Authority, device_digest, device_of
from server.certificates import DAY_MS, Pair, read_pair
from server.datafolder import init
from server.settings import Settings
from tests.running import run
from tests.server.doorway import new_key
from tests.server.house import Book, House, house, soon

NOW = time.time_ns() // 1_000_000
BRISK = Timing(open=5.0, backoff=30.0, backoff_max=30.0)
"""A line that failed is not dialled again before the test has looked at it."""


@dataclass
class Rooms:
    """A data folder with its authority, and the keys of desks."""

    root: Path
    now: int = NOW
    settings: Settings = field(default_factory=lambda: Settings("exercise"))

    def __post_init__(self) -> None:
        self.folder = init(self.root)
        self.authority = Authority(self.folder, self.settings, self.now)

    @property
    def pair(self) -> Pair:
        return read_pair(self.folder.authority.read_bytes())

    def desk(self, by: Rooms | None = None, now: int = NOW) -> tuple[Path, str]:
        """A desk's key and certificate in one file, and the key's digest; certified ``by`` another authority."""
        key, pem = new_key()
        return self.file(key, (by or self).authority.certify(pem, "LAS/EOC desk 3", now)), device_digest(pem)

    def file(self, key: Any, certificate: str) -> Path:
        path = self.root / f"desk-{len(list(self.root.iterdir()))}.pem"
        written = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(written + certificate.encode())
        return path

    def believing(self, desk: Path | None = None) -> ssl.SSLContext:
        return desk_context(self.authority.pem, desk)


@pytest.fixture
def rooms(tmp_path: Path) -> Rooms:
    return Rooms(tmp_path / "rooms")


class Watchful(Book):
    """Remembers which keys came as far as the token."""

    def __init__(self) -> None:
        super().__init__()
        self.devices: list[tuple[str, bool]] = []

    def actor(self, token: str, device: str, plain: bool) -> Any:
        self.devices.append((device, plain))
        return super().actor(token, device, plain)


@asynccontextmanager
async def served(context: ssl.SSLContext | None) -> AsyncIterator[tuple[House, Watchful]]:
    async with house(context=context) as home:
        book = Watchful()
        home.gateway._doorkeeper = book
        yield home, book


@asynccontextmanager
async def dialling(url: str, context: ssl.SSLContext | None, token: str) -> AsyncIterator[Link]:
    link = Link(
        url,
        token,
        Clock(),
        hello=lambda: Hello(protocol=PROTOCOL, client="test"),
        receive=lambda _frame: None,
        changed=lambda: None,
        timing=BRISK,
        context=context,
    )
    task = asyncio.create_task(link.run())
    try:
        await soon(lambda: link.up or link.state.retry_in_s is not None)
        yield link
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def dialled(url: str, context: ssl.SSLContext | None, token: str = "t") -> LinkState:  # noqa: S107
    async with dialling(url, context, token) as link:
        await soon(lambda: link.state.word is LinkWord.LIVE or link.state.retry_in_s is not None)
        return link.state


async def let_in(url: str, book: Watchful, context: ssl.SSLContext | None) -> bool:
    token = book.token("LAS", "EOC desk 3", "operator")
    return (await dialled(url, context, token)).word is LinkWord.LIVE


def refused(state: LinkState, *words: str) -> None:
    """There is no line, and one plain sentence says why and what to do."""
    assert state.word is LinkWord.ISLAND
    for word in words:
        assert word in state.sentence
    assert state.sentence.endswith(".")
    assert len(state.sentence) < 360
    for never in ("ssl", "SSL", "Error", "_", "errno"):
        assert never not in state.sentence.replace("server.yaml", "")


# -- what opens -----------------------------------------------------------------------------------------------


def test_a_desk_comes_in_over_tls_1_3_and_is_known_by_its_key(rooms: Rooms) -> None:
    async def scenario() -> None:
        desk, digest = rooms.desk()
        async with served(rooms.authority.context()) as (home, book):
            assert await let_in(home.url, book, rooms.believing(desk))
            assert book.devices == [(digest, False)]
            token = book.token("LAS", "EOC desk 4", "operator")
            headers = {"Authorization": f"Bearer {token}"}
            async with connect(home.url, ssl=rooms.believing(), additional_headers=headers) as line:
                assert line.transport.get_extra_info("ssl_object").version() == "TLSv1.3"
                assert peer_digest(line) == rooms.authority.leaf_digest()
            assert book.devices[1:] == [("", False)], (
                "who shows no certificate has no key, and is no plain line"
            )

    run(scenario())


def test_nothing_is_resumed_so_a_certificate_is_looked_at_each_time(rooms: Rooms) -> None:
    async def scenario() -> None:
        async with served(rooms.authority.context()) as (home, _):
            answer = await asyncio.to_thread(healthy, home.port, rooms.believing())
        assert answer == ("HTTP/1.1 200 OK", False)

    run(scenario())


def healthy(port: int, context: ssl.SSLContext) -> tuple[str, bool]:
    """What /healthz answers, and whether a ticket came by which the next line would be spared the proof."""
    plain = socket.create_connection(("127.0.0.1", port))
    with plain, context.wrap_socket(plain, server_hostname="localhost") as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first = line.recv(4096).decode().partition("\r\n")[0]
        return first, line.session is not None and line.session.has_ticket


# -- the server that is not believed --------------------------------------------------------------------------


def test_another_authority_is_not_believed(rooms: Rooms, tmp_path: Path) -> None:
    other = Rooms(tmp_path / "other")

    async def scenario() -> None:
        async with served(rooms.authority.context()) as (home, book):
            state = await dialled(home.url, other.believing())
            refused(state, f"127.0.0.1:{home.port}", "is not the server at which this desk was enrolled")
            assert book.devices == [], "the token never left"
            assert await let_in(home.url, book, rooms.believing())

    run(scenario())


def test_the_authorities_of_the_system_are_not_believed_either(
    rooms: Rooms, monkeypatch: Any, tmp_path: Path
) -> None:
    bundle = tmp_path / "system.pem"
    bundle.write_text(rooms.authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))

    async def scenario() -> None:
        async with served(rooms.authority.context()) as (home, book):
            refused(
                await dialled(home.url, desk_context(Rooms(tmp_path / "other").authority.pem)),
                "is not the server",
            )
            refused(await dialled(home.url, None), "This desk is not enrolled at", "incident-tui enrol")
            assert book.devices == []

    run(scenario())


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-400, ("has expired", "incident-server renew", "this machine's clock", "UTC")),
        (100, ("is not good yet", "Set this machine's clock", "UTC")),
    ],
)
def test_a_certificate_out_of_its_time_is_not_believed(
    tmp_path: Path, days: int, words: tuple[str, ...]
) -> None:
    rooms = Rooms(tmp_path / "rooms", NOW + days * DAY_MS)

    async def scenario() -> None:
        async with served(rooms.authority.context()) as (home, book):
            refused(await dialled(home.url, rooms.believing()), *words)
            assert book.devices == []
            rooms.authority._pair = certificates.make_authority(NOW)
            rooms.authority.renew(NOW)
            assert await let_in(home.url, book, rooms.believing()), "the same server, renewed"

    run(scenario())


def test_a_certificate_for_another_name_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(authority_module, "wanted_names", lambda _settings: frozenset({"rooms.example"}))
        rooms = Rooms(tmp_path / "rooms")

    async def scenario() -> None:
        async with served(rooms.authority.context()) as (home, book):
            refused(
                await dialled(home.url, rooms.believing()),
                "is not the one of that name",
                "names in server.yaml",
            )
            assert book.devices == []
            assert rooms.authority.renew(NOW), "the names are others now"
            assert await let_in(home.url, book, rooms.believing())

    run(scenario())


def test_a_desks_certificate_never_passes_for_the_servers(rooms: Rooms) -> None:
    async def scenario() -> None:
        desk, _ = rooms.desk()
        for file, opens in (
            (desk, False),
            (for_localhost(rooms, desk=True), False),
            (for_localhost(rooms), True),
        ):
            impostor = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            impostor.load_cert_chain(file)
            async with served(impostor) as (home, book):
                if opens:
                    assert await let_in(home.url, book, rooms.believing())
                else:
                    state = await dialled(home.url, rooms.believing())
                    assert "certificate of" in state.sentence or "not the one of that name" in state.sentence
                    refused(state)
                    assert book.devices == []

    run(scenario())


def for_localhost(rooms: Rooms, *, desk: bool = False) -> Path:
    """A certificate that names this machine, and is for a desk or for a server."""
    key, _ = new_key()
    use = certificates._DESK if desk else certificates._SERVER
    made = (
        certificates._leaf(rooms.pair, certificates._named("x"), key.public_key(), NOW, 30, use)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(rooms.pair.key, hashes.SHA256())
    )
    return rooms.file(key, certificates.pem_of(made))


# -- less than TLS 1.3 ----------------------------------------------------------------------------------------


@contextmanager
def raw_server(context: ssl.SSLContext) -> Iterator[int]:
    """TLS of the plainest kind, in a thread: unlike asyncio it says why it refuses."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.2)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                plain, _ = listening.accept()
                plain.settimeout(5)
                line = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
                with line, contextlib.suppress(OSError):
                    try:
                        line.do_handshake()
                        line.recv(4096)
                        line.sendall(b"HTTP/1.1 418 A teapot\r\nContent-Length: 0\r\n\r\n")
                    except ssl.SSLError:
                        while socket.socket.recv(line, 4096):
                            pass  # read to the end, or the system cuts the line before the alert arrives

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        thread.join()
        listening.close()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_takes_no_less_than_tls_1_3(rooms: Rooms, newest: ssl.TLSVersion) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.maximum_version = newest
    old.load_cert_chain(rooms.folder.server)

    async def scenario() -> None:
        with raw_server(old) as port:
            for context in (rooms.believing(), enrolling_context()):
                state = await dialled(f"wss://localhost:{port}/", context)
                if newest is ssl.TLSVersion.TLSv1_3:
                    refused(state, "no server of this kind (HTTP 418)")
                else:
                    refused(state, "does not speak TLS 1.3", "and less is not taken")
        async with served(old) as (home, _):
            if newest is ssl.TLSVersion.TLSv1_2:
                refused(
                    await dialled(home.url, rooms.believing()),
                    "It may not speak TLS 1.3, and less is not taken",
                )

    run(scenario())


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_takes_no_less_than_tls_1_3(rooms: Rooms, newest: ssl.TLSVersion) -> None:
    old = ssl.create_default_context(cadata=rooms.authority.pem)
    old.maximum_version = newest
    old.verify_flags |= ssl.VERIFY_X509_STRICT  # what newer Pythons ask for by themselves

    async def scenario() -> None:
        async with served(rooms.authority.context()) as (home, book):
            if newest is ssl.TLSVersion.TLSv1_3:
                assert (await asyncio.to_thread(healthy, home.port, old))[0] == "HTTP/1.1 200 OK"
                return
            with pytest.raises(OSError):  # noqa: PT011 -- an alert, or an end, as the system has it
                await asyncio.to_thread(healthy, home.port, old)
            assert book.devices == []

    run(scenario())


# -- open lines -----------------------------------------------------------------------------------------------


def test_an_open_line_and_a_closed_one_do_not_meet(rooms: Rooms) -> None:
    async def scenario() -> None:
        async with served(rooms.authority.context()) as (home, book):
            url = f"ws://localhost:{home.port}/"
            refused(await dialled(url, None), f"write wss://localhost:{home.port}")
            refused(await dialled(url, rooms.believing()), "write wss://")
            assert book.devices == []
        async with served(None) as (home, book):
            url = f"wss://localhost:{home.port}/"
            refused(await dialled(url, rooms.believing()), "TLS 1.3", "a server that speaks openly (ws://)")
            assert book.devices == []
            assert await let_in(home.url, book, None)
            assert book.devices == [("", True)]

    run(scenario())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "rooms.example"])  # noqa: S104 -- that is the test
def test_the_gateway_itself_opens_no_line_to_others_without_tls(host: str) -> None:
    async def scenario() -> None:
        async with house() as home:
            with pytest.raises(ValueError, match="must be a loopback address"):
                await home.gateway.open(host, 0)

    run(scenario())


# -- the desk that is not believed ----------------------------------------------------------------------------


def test_a_desks_certificate_must_be_of_this_authority_in_its_time_and_for_a_desk(
    rooms: Rooms, tmp_path: Path
) -> None:
    other = Rooms(tmp_path / "other")

    async def scenario() -> None:
        wrong = {
            "foreign": rooms.desk(by=other)[0],
            "expired": rooms.desk(now=NOW - 400 * DAY_MS)[0],
            "to come": rooms.desk(now=NOW + 100 * DAY_MS)[0],
            "a server's": for_localhost(rooms),
        }
        async with served(rooms.authority.context()) as (home, book):
            for desk in wrong.values():
                state = await dialled(home.url, rooms.believing(desk), book.token("LAS", "x", "operator"))
                refused(state, "ended the line as soon as it had seen this desk", "enrol this desk again")
            assert book.devices == [], "none of them came as far as the token"
            assert await let_in(home.url, book, rooms.believing(rooms.desk()[0]))

    run(scenario())


def test_a_server_that_says_why_is_repeated(rooms: Rooms, tmp_path: Path) -> None:
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    strict.minimum_version = ssl.TLSVersion.TLSv1_3
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_cert_chain(rooms.folder.server)
    strict.load_verify_locations(cadata=rooms.authority.pem)
    expired = rooms.desk(now=NOW - 400 * DAY_MS)[0]
    foreign = rooms.desk(by=Rooms(tmp_path / "other"))[0]

    async def scenario() -> None:
        with raw_server(strict) as port:
            url = f"wss://localhost:{port}/"
            refused(
                await dialled(url, rooms.believing(expired)), "this desk's certificate has expired", "enrol"
            )
            refused(
                await dialled(url, rooms.believing(foreign)), "does not take this desk's certificate", "enrol"
            )
            refused(await dialled(url, rooms.believing()), "does not take this desk's certificate")
            refused(await dialled(url, rooms.believing(rooms.desk()[0])), "HTTP 418")

    run(scenario())


def test_what_a_desk_keeps_and_cannot_use_is_a_sentence(rooms: Rooms, tmp_path: Path) -> None:
    desk, _ = rooms.desk()
    other, _ = rooms.desk()
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key.write_bytes(desk.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0])
    certificate.write_text(
        "-----BEGIN CERTIFICATE" + other.read_text().partition("-----BEGIN CERTIFICATE")[2]
    )
    for broken in (
        lambda: desk_context("", desk),
        lambda: desk_context("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", desk),
        lambda: desk_context(rooms.authority.pem, certificate, key),
        lambda: desk_context(rooms.authority.pem, tmp_path / "nothing"),
    ):
        with pytest.raises(TrustError, match="Enrol it again: incident-tui enrol"):
            broken()


# -- renewal --------------------------------------------------------------------------------------------------


def test_renewal_reaches_the_next_line_and_disturbs_no_open_one(rooms: Rooms) -> None:
    async def scenario() -> None:
        desk, _ = rooms.desk()
        context = rooms.believing(desk)
        async with served(rooms.authority.context()) as (home, book):
            token = book.token("LAS", "EOC desk 3", "operator")
            before = rooms.authority.leaf_digest()
            async with dialling(home.url, context, token) as link:
                await soon(lambda: link.state.word is LinkWord.LIVE)
                assert not rooms.authority.renew(NOW), "there is no reason yet"
                assert rooms.authority.renew(NOW, anew=True)
                after = rooms.authority.leaf_digest()
                assert after != before
                held = next(iter(home.hub.sessions)).connection
                assert rooms.authority.leaf_digest(held) == before, (
                    "what that desk saw, not what is shown now"
                )
                assert device_of(held) == book.devices[0][0]
                shown = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", home.port))
                assert certificates.digest_of(x509.load_pem_x509_certificate(shown.encode())) == after
                assert await let_in(home.url, book, context), (
                    "by the authority that the desk has believed all along"
                )
                await soon(lambda: link.state.word is LinkWord.LIVE)

    run(scenario())


@pytest.mark.parametrize(
    ("days", "renewed"), [(0, False), (334, False), (336, True), (364, True), (366, True), (-30, True)]
)
def test_when_a_certificate_is_renewed_by_itself(rooms: Rooms, days: int, renewed: bool) -> None:
    now = NOW + days * DAY_MS
    running = rooms.authority
    before = running.leaf_digest()
    again = Authority(rooms.folder, rooms.settings, now)
    assert (again.leaf_digest() != before) is renewed, "at the start"
    assert running.renew(now) is renewed, "and while it runs"
    assert again.pem == running.pem, "desks go on believing the same authority"
    assert again.days_left(now) >= 30


def test_only_enrolment_opens_a_line_that_believes_nobody() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = {path.name: path.read_text(encoding="utf-8") for path in (root / "incident_tui").rglob("*.py")}
    assert [name for name, text in sources.items() if "CERT_NONE" in text] == ["trust.py"]
    callers = {name: text.count("enrolling_context(") for name, text in sources.items()}
    assert {name: count for name, count in callers.items() if count} == {"trust.py": 1, "door.py": 1}
    functions = {
        part.name: ast.unparse(part)
        for part in ast.walk(ast.parse(sources["door.py"]))
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert "enrolling_context(" in functions["_enrolling"]
    opened = {name for name, text in functions.items() if "_enrolling(" in text and name != "_enrolling"}
    assert opened == {"_proven", "reach"}, (
        "where the code's proof is asked for on the same line, or nothing is said"
    )
    assert functions["reach"].splitlines()[-2:] == [
        "    async with _line(url, ENROL_PATH, _enrolling(url)):",
        "        pass",
    ]
    for weaker in (
        "create_default_context",
        "_create_unverified",
        "load_default_certs",
        "set_default_verify",
    ):
        assert not any(weaker in text for text in sources.values())
