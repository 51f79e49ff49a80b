"""A toy server with a door: it keeps codes, desks and sign-ins in memory, proves itself with the real Transcript,
and speaks TLS with an authority of its own when asked to.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import ssl
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from incident.kernel import protocol
from incident.kernel.door import (
    ENROL_PATH,
    PLAIN,
    SIGN_IN_PATH,
    BreakGlass,
    Code,
    Denied,
    EnrolAsk,
    EnrolClaim,
    Enrolled,
    EnrolOffer,
    SignedIn,
    SignedOut,
    SignIn,
    SignOut,
    Transcript,
    code_from,
    code_key,
    read_ask,
)
from incident.kernel.protocol import Refused, Submit, Welcome
from incident.kernel.slice import Actor
from tests.tui.toy_server import ToyServer, now

HOUR_MS = 3_600_000


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


class ToyAuthority:
    """A CA, and what it certifies: for `names`, in the past when `expired`."""

    def __init__(self, folder: Path, names: tuple[str, ...] = ("localhost",), *, days: int = 90) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._made("toy authority", self.key.public_key(), ca=True)
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._made("toy server", key.public_key(), names=names, days=days)
        self.leaf_digest = hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).digest()
        self.until = int(leaf.not_valid_after_utc.timestamp() * 1000)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = folder / f"server-{secrets.token_hex(4)}.pem"
        file.write_bytes(pem + leaf.public_bytes(serialization.Encoding.PEM))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_cert_chain(file)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.load_verify_locations(cadata=self.pem)

    def certify(self, device: str, account: str, days: int = 365) -> str:
        key: Any = serialization.load_pem_public_key(device.encode())
        return (
            self._made(account, key, client=True, days=days).public_bytes(serialization.Encoding.PEM).decode()
        )

    def _made(
        self,
        words: str,
        key: Any,
        *,
        ca: bool = False,
        client: bool = False,
        names: tuple[str, ...] = (),
        days: int = 90,
    ) -> x509.Certificate:
        at = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(words))
            .issuer_name(_name("toy authority"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - dt.timedelta(days=400))
            .not_valid_after(at + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            made = made.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
            )
        if client:
            made = made.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
            )
        return made.sign(self.key, hashes.SHA256())


class DoorToy(ToyServer):
    """Codes by lookup, desks by account; `log` is what came to the door, passwords left out."""

    def __init__(self, authority: ToyAuthority | None = None) -> None:
        super().__init__()
        self.authority = authority
        self.codes: dict[str, tuple[Code, Actor]] = {}
        self.passwords: dict[str, str] = {}
        self.desks: dict[str, Actor] = {}
        self.devices: dict[str, str] = {}
        self.until: dict[str, int] = {}
        self.locked: set[str] = set()
        self.locks = 0
        self.log: list[str] = []
        self.shown = self.authority
        """Whose certificate it shows and binds to: another one for whoever stands in between."""
        self.liar = False
        """Does not know the code, and answers all the same."""
        self.fresh_days = 0
        """With a sign-in comes a fresh certificate, good for so long."""
        self.hours = 12.0
        self.deny: Denied | None = None
        self.weak: set[str] = set()
        """Passwords that it finds too easy."""
        self.roles: tuple[str, ...] = ()
        """In which the glass may be broken; none: in any."""
        self._token_of: dict[ServerConnection, str] = {}
        self._paths: dict[ServerConnection, tuple[str, str]] = {}

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/" if self.authority is None else f"wss://localhost:{self.port}/"

    async def start(self) -> str:
        url = await super().start()
        if self.shown is None:
            return url
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            self.port,
            process_request=self._door,
            compression=None,
            ping_interval=None,
            ssl=self.shown.context,
        )
        return self.url

    # -- what is in it --

    def code(self, name: str = "EOC desk 3", agency: str = "LAS", role: str = "operator") -> str:
        code = code_from(secrets.token_bytes(16))
        self.codes[code.lookup] = (code, Actor(name, agency, role))
        return code.written()

    def revoke(self, account: str) -> None:
        """This desk is not known any more."""
        del self.desks[account]
        self.end("This desk was revoked.")

    def end(self, sentence: str = "This sign-in is over. Sign in again.", *, only: str = "") -> None:
        """Every sign-in is over, now; or `only` this one."""
        for token in [t for t in self.actors if not t.startswith("tok-") and only in ("", t)]:
            del self.actors[token]
        for connection, token in list(self._token_of.items()):
            if token not in self.actors:
                self._post_close(connection, sentence)

    def _post_close(self, connection: ServerConnection, sentence: str) -> None:
        connection.protocol.send_close(4001, sentence)
        connection.send_data()

    # -- the wire --

    def _door(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path in (ENROL_PATH, SIGN_IN_PATH):
            self._paths[connection] = (request.path, request.headers.get("Authorization", ""))
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        answer = super()._door(connection, request)
        if answer is None:
            self._token_of[connection] = token
        return answer

    async def _handle(self, connection: ServerConnection) -> None:
        if connection not in self._paths:
            try:
                await super()._handle(connection)
            finally:
                self._token_of.pop(connection, None)
            return
        path, header = self._paths.pop(connection)
        try:
            if path == ENROL_PATH:
                await self._enrol(connection)
            else:
                await self._sign_in(connection, header.removeprefix("Desk "))
        except ConnectionClosed:
            pass

    async def _enrol(self, connection: ServerConnection) -> None:
        ask = read_ask(str(await connection.recv()).encode())
        assert isinstance(ask, EnrolAsk)
        self.log.append("ask")
        code, actor = self.codes.get(ask.lookup, (None, Actor("", "", "")))
        key = code_key(code) if code is not None and not self.liar else secrets.token_bytes(64)
        script = Transcript(
            PLAIN if self.authority is None else self.authority.leaf_digest,
            ask.lookup,
            ask.nonce,
            secrets.token_hex(32),
            ask.device,
            "" if self.authority is None else self.authority.pem,
        )
        await _say(
            connection,
            EnrolOffer(
                nonce=script.server_nonce, proof=script.proof(key, "server"), authority=script.authority
            ),
        )
        claim = read_ask(str(await connection.recv()).encode())
        assert isinstance(claim, EnrolClaim)
        self.log.append("claim")
        if self.deny is not None:
            await _say(connection, self.deny)
            return
        if claim.password in self.weak:
            await _say(connection, Denied(code="weak_password", sentence="This one is too easy to guess."))
            return
        if not script.holds(key, "desk", claim.proof):
            await _say(connection, Denied(code="wrong_code", sentence="This code is not good."))
            return
        del self.codes[ask.lookup]
        account = secrets.token_hex(8)
        self.desks[account], self.passwords[account], self.devices[account] = (
            actor,
            claim.password,
            ask.device,
        )
        certificate = "" if self.authority is None else self.authority.certify(ask.device, account)
        await _say(
            connection,
            Enrolled(
                account=account,
                name=actor.name,
                agency=actor.agency,
                role=actor.role,
                certificate=certificate,
                server="toy",
                mode="exercise",
            ),
        )

    async def _sign_in(self, connection: ServerConnection, account: str) -> None:
        ask = read_ask(str(await connection.recv()).encode())
        if self.authority is not None:
            shown = connection.transport.get_extra_info("ssl_object").getpeercert()
            account = next(value for part in shown["subject"] for name, value in part if name == "commonName")
        self.log.append(type(ask).__name__)
        if self.deny is not None:
            await _say(connection, self.deny)
        elif account not in self.desks:
            await _say(connection, Denied(code="revoked", sentence="This desk was revoked."))
        elif isinstance(ask, BreakGlass):
            await self._break(connection, ask)
        elif isinstance(ask, SignOut):
            self.end(only=ask.token)
            await _say(connection, SignedOut())
        elif isinstance(ask, SignIn) and ask.password != self.passwords[account]:
            await _say(
                connection, Denied(code="wrong_password", sentence="That is not the password of this desk.")
            )
        elif isinstance(ask, SignIn):
            await self._let_in(connection, account, ask)

    async def _let_in(self, connection: ServerConnection, account: str, ask: SignIn) -> None:
        if ask.token and ask.token not in self.actors:
            await _say(connection, Denied(code="over", sentence="This sign-in is over. Sign in again."))
            return
        if ask.new_password:
            self.passwords[account] = ask.new_password
        fresh = ""
        if self.fresh_days and self.authority is not None:
            fresh = self.authority.certify(self.devices[account], account, self.fresh_days)
        self.locked.discard(ask.token)
        await _say(connection, self._begun(self.desks[account], ask.token, fresh))

    async def _break(self, connection: ServerConnection, ask: BreakGlass) -> None:
        known = {actor.name: self.passwords[account] for account, actor in self.desks.items()}
        if known.get(ask.first) != ask.first_password or known.get(ask.second) != ask.second_password:
            await _say(connection, Denied(code="wrong_password", sentence="That did not open it."))
            return
        if self.roles and ask.role not in self.roles:
            await _say(connection, Denied(code="no_role", sentence=f"A role is one of {self.roles[0]}."))
            return
        name = f"break glass: {ask.first} + {ask.second}"
        await _say(connection, self._begun(Actor(name, "LAS", ask.role), "", "", hours=1))

    def _begun(self, actor: Actor, token: str, fresh: str, hours: float = 0) -> SignedIn:
        token = token or secrets.token_urlsafe(32)
        self.actors[token] = actor
        until = self.until.setdefault(
            token, now() + self.clock_ahead_ms + round((hours or self.hours) * HOUR_MS)
        )
        return SignedIn(
            token=token, until=until, name=actor.name, agency=actor.agency, role=actor.role, certificate=fresh
        )

    def _post(self, connection: ServerConnection, frame: Any) -> None:
        if isinstance(frame, Welcome) and (token := self._token_of.get(connection, "")) in self.until:
            frame = msgspec.structs.replace(
                frame,
                until=self.until[token],
                locked=token in self.locked,
                certificate_until=0 if self.authority is None else self.authority.until,
            )
        super()._post(connection, frame)

    def _take(self, connection: ServerConnection, actor: Actor, frame: protocol.ClientFrame) -> None:
        token = self._token_of.get(connection, "")
        if isinstance(frame, protocol.Lock):
            self.locks += 1
            self.locked.add(token)
        elif isinstance(frame, Submit) and token in self.locked and not frame.type.startswith("receipts."):
            said = Refused(
                stream=frame.stream,
                command_id=frame.command_id,
                code="locked",
                sentence="This desk is locked.",
            )
            self._post(connection, said)
        else:
            super()._take(connection, actor, frame)


async def _say(connection: ServerConnection, frame: Any) -> None:
    await connection.send(msgspec.json.encode(frame), text=True)
