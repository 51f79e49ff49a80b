"""Certificates at the command line: made, renewed by hand or by themselves, one's own, and told before they end."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from incident.kernel.checks import ConfigError
from incident.kernel.door import read_code
from incident.kernel.protocol import PROTOCOL, Hello
from incident_tui import door
from incident_tui.clock import Clock
from incident_tui.link import Link
from server import admin, authority, certificates, logs, words_tls
from server.__main__ import main
from server.app import App, close_store
from server.authority import Authority, wanted_names
from server.certificates import DAY_MS, digest_of, names_of, read_pair, until_of
from server.datafolder import DataFolder, init
from server.settings import Settings, machine_name, read_server_settings, read_settings
from server.store.sqlite import open_sqlite
from tests.running import run
from tests.server.doorway import PASSWORD, new_key
from tests.server.house import soon
from tests.server.test_command_line import running, said
from tests.server.test_doctor import told

NOW = 1_795_300_000_000
YEAR = 365 * DAY_MS
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "rooms"


def the_time_is(monkeypatch: pytest.MonkeyPatch, now: int) -> None:
    monkeypatch.setattr(logs, "clock", lambda: now)


def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The warnings of the server's log."""
    kept: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(logs, "warn", lambda event, **facts: kept.append((event, facts)))
    return kept


# -- made by init ---------------------------------------------------------------------------------------------


def test_init_makes_an_authority_and_a_certificate_for_the_names_given(root: Path, capsys: Any) -> None:
    options = ["--name", "Rooms.Example", "--name", "10.0.0.5", "--host", "0.0.0.0"]  # noqa: S104 -- that is the option
    assert main(["init", str(root), *options]) == 0
    folder = DataFolder(root)
    settings = read_server_settings(folder)
    assert (settings.host, settings.names, settings.tls) == ("0.0.0.0", ("rooms.example", "10.0.0.5"), True)  # noqa: S104
    assert settings.url(1) == "wss://rooms.example:1"
    ca, server = (read_pair(path.read_bytes()) for path in (folder.authority, folder.server))
    limits = ca.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)
    assert until_of(ca.certificate) - logs.clock() > 9.9 * YEAR
    here = {machine_name()} - {""}
    names = {"rooms.example", "10.0.0.5", "localhost", "127.0.0.1", "::1"} | here
    assert names_of(server.certificate) == names
    assert 364 * DAY_MS < until_of(server.certificate) - logs.clock() <= YEAR
    for leaf, use in (
        (server.certificate, ExtendedKeyUsageOID.SERVER_AUTH),
        (
            x509.load_pem_x509_certificate(certificates.make_desk(ca, new_key()[1], "LAS/x", NOW).encode()),
            ExtendedKeyUsageOID.CLIENT_AUTH,
        ),
    ):
        leaf.verify_directly_issued_by(ca.certificate)
        allowed = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        assert (allowed.critical, list(allowed.value)) == (True, [use])
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert "PLAIN" not in capsys.readouterr().out


@POSIX
def test_the_keys_are_for_the_owner_alone(root: Path) -> None:
    assert main(["init", str(root)]) == 0
    for path in (DataFolder(root).authority, DataFolder(root).server):
        assert path.stat().st_mode & 0o777 == 0o600


def test_init_says_aloud_that_a_folder_is_plain_and_makes_no_keys(root: Path, capsys: Any) -> None:
    assert main(["init", str(root), "--plain"]) == 0
    assert "PLAIN: nothing on this line is encrypted" in capsys.readouterr().out
    assert not DataFolder(root).authority.exists()
    assert main(["renew", str(root)]) == 1
    assert "server.yaml says tls: false" in said(capsys)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--name", "rooms.example:8765"], "--name must be a host name such as rooms.example"),
        (["--name", "*.example"], "--name must be a host name"),
        (["--name", "300.1.1.1"], "--name must be a host name"),
        (["--host", "http://x"], "--host must be a host name"),
        (["--plain", "--host", "0.0.0.0"], "--host must be a loopback address"),  # noqa: S104
    ],
)
def test_what_is_no_name_is_said_before_a_folder_is_made(
    root: Path, capsys: Any, options: list[str], words: str
) -> None:
    assert main(["init", str(root), *options]) == 1
    assert words in said(capsys)
    assert not root.exists()


def test_only_a_key_of_p_256_is_certified(root: Path) -> None:
    made = Authority(init(root), Settings("exercise"), NOW)
    for bad in (
        "",
        "x",
        public(rsa.generate_private_key(65_537, 2_048)),
        public(ec.generate_private_key(ec.SECP384R1())),
    ):
        with pytest.raises(ValueError, match="a desk's key is one of P-256"):
            made.certify(bad, "LAS/x", NOW)


def public(key: Any) -> str:
    form = serialization
    return str(
        key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()
    )


# -- files of ours that are damaged ---------------------------------------------------------------------------


def test_damaged_keys_are_a_sentence_and_no_new_authority(root: Path, capsys: Any) -> None:
    assert main(["init", str(root)]) == 0
    folder = DataFolder(root)
    before = folder.authority.read_bytes()
    folder.authority.write_bytes(before[:300])
    for command in ("run", "renew", "doctor"):
        assert main([command, str(root)]) == 1
        heard = capsys.readouterr()
        assert (
            "authority.key: holds no authority that can be used: put a copy of it back"
            in heard.out + heard.err
        )
    assert folder.authority.read_bytes() == before[:300]
    folder.authority.write_bytes(before)
    other = certificates.make_authority(logs.clock())
    folder.server.write_bytes(certificates.make_server(other, ("localhost",), logs.clock()).written())
    now = Authority(folder, read_server_settings(folder), logs.clock())
    assert read_pair(folder.server.read_bytes()).certificate.issuer == read_pair(before).certificate.subject
    assert now.pem == certificates.pem_of(read_pair(before).certificate)


# -- renewed --------------------------------------------------------------------------------------------------


def test_renew_by_hand_while_the_server_runs_and_while_it_does_not(root: Path, capsys: Any) -> None:
    assert main(["init", str(root)]) == 0
    folder = DataFolder(root)
    first = shown_in(folder)
    assert main(["renew", str(root)]) == 0
    second = shown_in(folder)
    with running(root) as process:
        port = int(admin.call(folder.admin, "status")["url"].rpartition(":")[2])
        assert seen_at(port) == second != first
        written = folder.settings.read_text()
        folder.settings.write_text(written.replace("# names: []", "names: [rooms.example]"))
        assert main(["renew", str(root)]) == 0
        heard = capsys.readouterr().out
        assert "is new, good until" in heard
        third = seen_at(port)
        assert third == shown_in(folder) not in (first, second)
        assert "rooms.example" in names_of(read_pair(folder.server.read_bytes()).certificate)
        folder.settings.write_text(written + "names: [")
        assert main(["renew", str(root)]) == 1
        assert "server.yaml:" in said(capsys)
        assert seen_at(port) == third, "what was shown is shown on"
        assert main(["status", str(root)]) == 0
        assert "TLS 1.3; the server's certificate is good until" in capsys.readouterr().out
        assert process.poll() is None


def shown_in(folder: DataFolder) -> bytes:
    return digest_of(read_pair(folder.server.read_bytes()).certificate)


def seen_at(port: int) -> bytes:
    pem = ssl.get_server_certificate(("127.0.0.1", port))
    return digest_of(x509.load_pem_x509_certificate(pem.encode()))


def test_a_running_server_looks_after_it_by_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = noted(monkeypatch)
    the_time_is(monkeypatch, NOW)
    made = Authority(init(root), Settings("exercise"), NOW)
    first = made.until_ms
    the_time_is(monkeypatch, NOW + 340 * DAY_MS)
    words_tls.look_after(made)
    assert made.until_ms > first + 300 * DAY_MS
    assert kept == []
    the_time_is(monkeypatch, NOW + 700 * DAY_MS)
    monkeypatch.setattr(authority, "write_private", full_disk)
    words_tls.look_after(made)
    assert [event for event, _ in kept] == ["certificate not renewed", "certificate ends soon"]
    assert "No space" in kept[0][1]["why"]
    assert kept[1][1] == {"until": made.until_ms, "days": 5}


@asynccontextmanager
async def served(folder: DataFolder) -> AsyncIterator[App]:
    """The whole server, in this process."""
    settings, charter = read_settings(folder)
    store = open_sqlite(folder.log, mode="exercise")
    app = App(folder, replace(settings, port=0), charter, store)
    serving = asyncio.create_task(app.run(lambda _port: None))
    try:
        await soon(lambda: app.port)
        yield app
        app.stop()
        assert await serving == 0
    finally:
        serving.cancel()
        await close_store(store)


def test_the_look_is_taken_again_and_again_while_the_server_runs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words_tls, "CHECK_SECONDS", 0.02)

    async def scenario() -> None:
        async with served(init(root)) as app:
            assert app.authority is not None
            before = await asyncio.to_thread(seen_at, app.port)
            app.folder.settings.write_text("mode: exercise\nnames: [rooms.example]\n")
            await soon(lambda: app.authority and app.authority.leaf_digest() != before)
            assert await asyncio.to_thread(seen_at, app.port) == app.authority.leaf_digest()

    run(scenario())


def test_keys_and_certificates_are_made_and_written_beside_the_loop(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words_tls, "CHECK_SECONDS", 0.02)
    threads: dict[str, int] = {}
    monkeypatch.setattr(
        words_tls, "look_after", lambda _: threads.setdefault("look_after", threading.get_ident())
    )
    renewed = words_tls.renewed

    def renewing(authority: Authority) -> admin.Answer:
        threads["renew"] = threading.get_ident()
        return renewed(authority)

    monkeypatch.setattr(words_tls, "renewed", renewing)

    async def scenario() -> None:
        async with served(init(root)) as app:
            await soon(lambda: "look_after" in threads)
            await asyncio.to_thread(admin.call, app.folder.admin, "renew")

    run(scenario())
    assert set(threads) == {"look_after", "renew"}
    assert threading.get_ident() not in threads.values()


def test_a_desk_is_told_when_the_servers_certificate_ends(root: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        frames: list[Any] = []
        async with served(init(root)) as app:
            who = {"agency": "LAS", "role": "operator", "name": "EOC desk 3"}
            code = read_code((await app._people.enrol(who))["code"])
            ring = await door.enrol(f"wss://127.0.0.1:{app.port}/", code, PASSWORD, tmp_path / "home")
            signed = await door.sign_in(ring, PASSWORD)
            link = Link(
                ring.badge.url,
                signed.token,
                Clock(),
                hello=lambda: Hello(protocol=PROTOCOL, client="test"),
                receive=frames.append,
                changed=lambda: None,
                context=ring.context(),
            )
            dialling = asyncio.create_task(link.run())
            await soon(lambda: frames)
            dialling.cancel()
            assert app.authority is not None
            assert frames[0].certificate_until == app.authority.until_ms > 0

    run(scenario())


def full_disk(_path: Path, _data: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_names_follow_the_machine_and_the_host_it_listens_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "machine_name", lambda: "control-7")
    loop = {"localhost", "127.0.0.1", "::1", "control-7"}
    assert wanted_names(Settings("live")) == loop
    assert wanted_names(Settings("live", host="0.0.0.0")) == loop  # noqa: S104
    assert wanted_names(Settings("live", host="10.1.1.1", names=("a.example",))) == loop | {
        "10.1.1.1",
        "a.example",
    }


# -- told before it ends --------------------------------------------------------------------------------------


def test_the_end_is_told_thirty_days_ahead_by_status_and_doctor(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    the_time_is(monkeypatch, NOW)
    monkeypatch.setattr("server.doctor.STEP_LOOK_SECONDS", 0.0)
    assert main(["init", str(root)]) == 0
    end = until_of(read_pair(DataFolder(root).server.read_bytes()).certificate)
    capsys.readouterr()
    for left, code, words in (
        (31, 0, "ok     TLS 1.3; the server's certificate is good until 21 Nov 2027."),
        (29, 0, "look   The server's certificate ends on 21 Nov 2027, in 29 days. Renew it:"),
        (-1, 1, "wrong  The server's certificate ended on 21 Nov 2027: no desk can connect. Renew it:"),
    ):
        the_time_is(monkeypatch, end - left * DAY_MS)
        (line,) = [one for one in told(root, capsys, code=code) if "certificate" in one]
        assert line.startswith(words)
        (line,) = words_tls.status({"tls": True, "certificate_until": end})
        assert line.startswith(words[7:])
    the_time_is(monkeypatch, NOW + 9 * YEAR + 100 * DAY_MS)
    Authority(DataFolder(root), Settings("exercise"), logs.clock())
    assert any("every desk's certificate with it" in one for one in told(root, capsys, code=0))


def test_what_is_plain_is_said_by_status_and_doctor(root: Path, capsys: Any) -> None:
    assert main(["init", str(root), "--plain"]) == 0
    capsys.readouterr()
    assert any(
        one.startswith("look   server.yaml says tls: false. PLAIN:") for one in told(root, capsys, code=0)
    )
    with running(root):
        assert main(["status", str(root)]) == 0
        assert "PLAIN: nothing on this line is encrypted" in capsys.readouterr().out


# -- one of your own ------------------------------------------------------------------------------------------


class OwnFiles:
    """What a trust's own public key service would give: made here without the code that is tested."""

    def __init__(self, folder: Path, names: tuple[str, ...] = ("rooms.example",)) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.names = names
        self.ca_key = ec.generate_private_key(ec.SECP256R1())
        self.ca = self.signed(self.ca_key, ca=True, subject="trust authority")
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.leaf = self.signed(self.key)
        self.write()

    def signed(
        self,
        key: Any,
        *,
        ca: bool = False,
        subject: str = "server",
        by: Any = None,
        days: tuple[int, int] = (-1, 90),
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trust authority")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=days[0]))
            .not_valid_after(now + dt.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = [x509.DNSName(name) for name in self.names]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(by or self.ca_key, hashes.SHA256())

    def write(self, *, passphrase: bytes = b"") -> None:
        form = serialization
        locked = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
        key = self.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
        (self.folder / "key.pem").write_bytes(key)
        (self.folder / "key.pem").chmod(0o600)
        (self.folder / "cert.pem").write_text(certificates.pem_of(self.leaf))
        (self.folder / "ca.pem").write_text(certificates.pem_of(self.ca))

    def settings(self, folder: DataFolder) -> None:
        written = folder.settings.read_text()
        for key, file in (("certificate", "cert.pem"), ("key", "key.pem"), ("authority", "ca.pem")):
            written = written.replace(f'# {key}: ""', f"{key}: {self.folder / file}")
        folder.settings.write_text(written)


@pytest.fixture
def own(root: Path, tmp_path: Path) -> OwnFiles:
    assert main(["init", str(root), "--name", "rooms.example"]) == 0
    made = OwnFiles(tmp_path / "own")
    made.settings(DataFolder(root))
    return made


def test_a_certificate_of_ones_own_is_shown_and_read_anew(root: Path, own: OwnFiles, capsys: Any) -> None:
    folder = DataFolder(root)
    with running(root):
        port = int(admin.call(folder.admin, "status")["url"].rpartition(":")[2])
        assert seen_at(port) == digest_of(own.leaf)
        own.key = rsa.generate_private_key(65_537, 2_048)
        own.leaf = own.signed(own.key)
        own.write()
        capsys.readouterr()
        assert main(["renew", str(root)]) == 0
        assert "The files of your own are shown" in capsys.readouterr().out
        assert seen_at(port) == digest_of(own.leaf), "of another kind of key, too"
        (own.folder / "key.pem").write_text("half of it")
        assert main(["renew", str(root)]) == 1
        assert "holds no private key" in said(capsys)
        assert seen_at(port) == digest_of(own.leaf)
    made = None
    own.write()
    made = Authority(folder, read_server_settings(folder), logs.clock())
    assert made.pem == certificates.pem_of(own.ca), "desks trust the trust's authority"
    pem = made.certify(new_key()[1], "LAS/x", logs.clock())
    ours = read_pair(folder.authority.read_bytes()).certificate
    x509.load_pem_x509_certificate(pem.encode()).verify_directly_issued_by(ours)


def _change(own: OwnFiles, **days: tuple[int, int]) -> None:
    own.leaf = own.signed(own.key, **days)
    own.write()


def _other_key(own: OwnFiles) -> None:
    own.key = ec.generate_private_key(ec.SECP256R1())
    own.write()


def _other_authority(own: OwnFiles) -> None:
    own.ca = own.signed(own.ca_key, ca=True, subject="somebody else")
    own.ca_key = ec.generate_private_key(ec.SECP256R1())
    own.ca = own.signed(own.ca_key, ca=True, subject="trust authority")
    own.write()


def _other_name(own: OwnFiles) -> None:
    own.names = ("elsewhere.example",)
    _change(own)


FLAWS: dict[str, tuple[str, Callable[[OwnFiles], object]]] = {
    "'certificate'|there is no file": ("certificate", lambda own: (own.folder / "cert.pem").unlink()),
    "'key'|there is no file": ("key", lambda own: (own.folder / "key.pem").unlink()),
    "'authority'|there is no file": ("authority", lambda own: (own.folder / "ca.pem").unlink()),
    "|holds no certificate in PEM form": (
        "certificate",
        lambda own: (own.folder / "cert.pem").write_text("x"),
    ),
    "|is empty": ("authority", lambda own: (own.folder / "ca.pem").write_text("")),
    "|too large": ("authority", lambda own: (own.folder / "ca.pem").write_text("x" * 70_000)),
    "|a desk is given 8,192": (
        "authority",
        lambda own: (own.folder / "ca.pem").write_bytes((own.folder / "ca.pem").read_bytes() * 20),
    ),
    "|holds no private key": ("key", lambda own: (own.folder / "key.pem").write_text("x")),
    "|locked with a passphrase": ("key", lambda own: own.write(passphrase=b"x")),
    "|is not that of the certificate": ("key", _other_key),
    "|expired on": ("certificate", lambda own: _change(own, days=(-90, -1))),
    "|is good only from": ("certificate", lambda own: _change(own, days=(5, 90))),
    "|is not signed by the authority in": ("certificate", _other_authority),
    "|is not for the name 'rooms.example'": ("names", _other_name),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_flaw_of_ones_own_files_is_one_sentence_with_file_and_line(
    root: Path, own: OwnFiles, capsys: Any, flaw: str
) -> None:
    key, spoil = FLAWS[flaw]
    if flaw == "|is not that of the certificate":
        own.key = ec.generate_private_key(ec.SECP256R1())
        (own.folder / "key.pem").write_bytes(pem_key(own.key))
    else:
        spoil(own)
    lines = (root / "server.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith(f"{key}:"))
    for command in ("run", "doctor"):
        capsys.readouterr()
        assert main([command, str(root)]) == 1
        heard = capsys.readouterr()
        (found,) = [one for one in (heard.out + heard.err).splitlines() if "server.yaml:" in one]
        assert f"server.yaml:{line}: " in found
        assert flaw.partition("|")[2] in found
        assert "Traceback" not in heard.err


def pem_key(key: Any) -> bytes:
    form = serialization
    return bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))


def test_all_three_are_given_or_none(root: Path, own: OwnFiles, capsys: Any) -> None:
    settings = root / "server.yaml"
    settings.write_text(
        "".join(x for x in settings.read_text().splitlines(keepends=True) if not x.startswith("key:"))
    )
    assert main(["run", str(root)]) == 1
    assert "needs 'certificate', 'key' and 'authority'; 'key' is not given" in said(capsys)
    assert settings.name in str(settings)


@POSIX
def test_ones_own_key_is_looked_after_too(root: Path, own: OwnFiles, capsys: Any) -> None:
    (own.folder / "key.pem").chmod(0o644)
    capsys.readouterr()
    lines = told(root, capsys, code=1)
    assert any("key.pem is open to others of this machine" in one for one in lines)


def test_the_log_says_aloud_that_a_line_is_plain_and_nothing_of_keys(root: Path) -> None:
    assert main(["init", str(root), "--plain"]) == 0
    with running(root) as process:
        main(["stop", str(root)])
        _, err = process.communicate(timeout=20)
    events = [json.loads(line) for line in io.StringIO(err)]
    assert any(
        one["event"] == "plain" and "nothing on this line is encrypted" in one["why"] for one in events
    )


def test_a_flaw_keeps_what_is_shown(root: Path, own: OwnFiles) -> None:
    made = Authority(DataFolder(root), read_server_settings(DataFolder(root)), logs.clock())
    shown = made.leaf_digest()
    _other_name(own)
    with pytest.raises(ConfigError, match="is not for the name"):
        made.renew(logs.clock())
    assert made.leaf_digest() == shown
