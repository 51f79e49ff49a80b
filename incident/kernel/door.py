"""What is said at the door, before a session: enrolling a desk by a code, signing in, unlocking, breaking the glass.

One websocket per errand, on a path of its own beside the protocol's: JSON texts tagged by ``frame``. The code is read
out over the telephone and proves both sides to each other: whoever does not know it can neither enrol nor pass for
the server, since each proof covers the certificate that the desk saw. So nothing is checked by hand.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.kernel.protocol import Millis, ProtocolError

ENROL_PATH: Final = "/enrol"
SIGN_IN_PATH: Final = "/sign-in"
DOOR_FRAME_BYTES_MAX: Final = 16_384

CODE_SECONDS: Final = 15 * 60
"""How long a code is good, once."""

SESSION_SECONDS: Final = 12 * 3600
"""How long a sign-in lasts, whatever is done meanwhile."""

IDLE_SECONDS: Final = 15 * 60
"""After so long without a key the desk can be read and not written with, until the password is given."""

PASSWORD_MIN: Final = 12
PASSWORD_MAX: Final = 200
PEM_MAX: Final = 8_192
"""Certificates of an authority that a desk is given, or one of its own."""

ID_TOKEN_MAX: Final = 8_192
PROVIDER_SECONDS: Final = 300
"""How long a person may take at the identity provider."""

PLAIN: Final = b"plain"
"""Stands for the certificate where there is none: on an open line within one machine."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKUP, _SECRET, _CHECK = 3, 11, 2
_PRIME: Final = 1021
_ALIKE: Final = str.maketrans("OIL", "011")


# -- the code -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Code:
    """``lookup`` says which code it is and may be told; ``secret`` (55 bits) is known to the two on the telephone."""

    lookup: str
    secret: str

    def written(self) -> str:
        """As it is read out: four groups of four."""
        body = self.lookup + self.secret
        whole = body + _check(body)
        return "-".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def code_from(chance: bytes) -> Code:
    """A code made from at least nine bytes of chance."""
    number = int.from_bytes(chance, "big")
    signs = []
    for _ in range(_LOOKUP + _SECRET):
        number, sign = divmod(number, 32)
        signs.append(ALPHABET[sign])
    return Code("".join(signs[:_LOOKUP]), "".join(signs[_LOOKUP:]))


def read_code(typed: str) -> Code:
    """A code as somebody typed it: small letters, blanks and dashes do not matter, O is 0, I and L are 1.

    Raises:
        ValueError: it is none, or one sign of it was misheard; the words are a plain sentence.
    """
    signs = "".join(typed.upper().split()).replace("-", "").translate(_ALIKE)
    strange = sorted({sign for sign in signs if sign not in ALPHABET})
    if strange:
        raise ValueError(
            "A code has digits and capital letters only, and never a U. Ask to have it read again."
        )
    length = _LOOKUP + _SECRET + _CHECK
    if len(signs) != length:
        raise ValueError(f"A code has {length} signs, in four groups of four; this has {len(signs)}.")
    body, check = signs[:-_CHECK], signs[-_CHECK:]
    if not hmac.compare_digest(_check(body), check):
        raise ValueError("One sign of this code is wrong. Ask to have it read again, group by group.")
    return Code(body[:_LOOKUP], body[_LOOKUP:])


def _check(body: str) -> str:
    """Two signs that no single wrong sign and no two that changed places leave right: the number modulo a prime."""
    number = 0
    for sign in body:
        number = (number * 32 + ALPHABET.index(sign)) % _PRIME
    return ALPHABET[number // 32] + ALPHABET[number % 32]


def code_key(code: Code) -> bytes:
    """What both sides know through the code. Dear to compute (16 MiB, some 50 ms): nobody tries 2^55 in 15 minutes."""
    return hashlib.scrypt(
        code.secret.encode(), salt=b"incident-tui enrol " + code.lookup.encode(), n=2**14, r=8, p=1
    )


# -- the proofs -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that both sides have seen of one enrolment; one sign of it changed, and no proof holds.

    ``bound`` is the SHA-256 of the server's certificate (DER) on this very line, or PLAIN; ``device`` is the desk's
    public key and ``authority`` the certificate that the desk is to trust from now on, both PEM.
    """

    bound: bytes
    lookup: str
    desk_nonce: str
    server_nonce: str
    device: str
    authority: str

    def proof(self, key: bytes, side: str) -> str:
        """The proof of one side (``server`` or ``desk``), as hex."""
        parts = (
            side,
            self.bound.hex(),
            self.lookup,
            self.desk_nonce,
            self.server_nonce,
            self.device,
            self.authority,
        )
        return hmac.new(key, msgspec.json.encode(parts), hashlib.sha256).hexdigest()

    def holds(self, key: bytes, side: str, proof: str) -> bool:
        """Whether a proof is that of this side."""
        return hmac.compare_digest(self.proof(key, side).encode(), proof.encode())


# -- passwords ------------------------------------------------------------------------------------------------

_WORN: Final = (
    "password",
    "passwort",
    "ambulance",
    "control",
    "incident",
    "qwerty",
    "letmein",
    "welcome",
    "123456",
    "abcdef",
)
_DIFFERENT: Final = 6


def password_flaw(password: str, *names: str) -> str | None:
    """What is wrong with a password, as a sentence; None when nothing is. ``names``: what everybody knows of its owner.

    Length counts and no mix of signs is asked for (NIST SP 800-63B, NCSC): three or four words do.
    """
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        return f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} signs: three or four words do."
    if not password.isprintable():
        return "A password has signs that can be seen, and blanks."
    rest = password.casefold()
    for word in (*_WORN, *(name.casefold() for name in names if len(name) > 2)):
        rest = rest.replace(word, "")
    if len(set(password.casefold())) < _DIFFERENT or len(set(rest)) < _DIFFERENT:
        return "This password is too easy to guess: take three or four words that have nothing to do with this desk."
    return None


# -- the frames -----------------------------------------------------------------------------------------------

Short = Annotated[str, Meta(max_length=100)]
Pem = Annotated[str, Meta(max_length=PEM_MAX)]
Address = Annotated[str, Meta(max_length=500)]
Password = Annotated[str, Meta(max_length=PASSWORD_MAX)]
Sentence = Annotated[str, Meta(max_length=600)]


class _Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="frame", omit_defaults=True):
    pass


class EnrolAsk(_Frame, frozen=True, kw_only=True, tag="enrol_ask"):
    """A desk begins: which code, chance of its own (hex), and its public key (PEM)."""

    lookup: Short
    nonce: Short
    device: Pem


class EnrolOffer(_Frame, frozen=True, kw_only=True, tag="enrol_offer"):
    """The server's answer, and its proof that it knows the code. Nobody's code gets one, too, that proves nothing."""

    nonce: Short
    proof: Short
    authority: Pem


class EnrolClaim(_Frame, frozen=True, kw_only=True, tag="enrol_claim"):
    """The desk has checked the server's proof; here are its own, and the password for this desk."""

    proof: Short
    password: Password


class Enrolled(_Frame, frozen=True, kw_only=True, tag="enrolled"):
    """The desk is known from now on, by this certificate of its key (PEM; "" on an open line)."""

    account: Short
    name: Short
    agency: Short
    role: Short
    certificate: Pem
    server: Short
    mode: Short


class SignIn(_Frame, frozen=True, kw_only=True, tag="sign_in"):
    """The password of the desk whose key holds this line. ``token``: unlock this sign-in instead of a new one."""

    password: Password
    new_password: Password = ""
    token: Short = ""


class BreakGlass(_Frame, frozen=True, kw_only=True, tag="break_glass"):
    """Two persons of the desk's agency, each with their own password, open this desk for a while in a role.

    Every party of every incident of the agency is alarmed. ``reason`` is told to all of them.
    """

    first: Short
    first_password: Password
    second: Short
    second_password: Password
    role: Short
    reason: Annotated[str, Meta(min_length=3, max_length=300)]


class ProviderAsk(_Frame, frozen=True, kw_only=True, tag="provider_ask"):
    """A person of this desk will sign in at the organisation's identity provider instead of by the desk's password."""


class ProviderOffer(_Frame, frozen=True, kw_only=True, tag="provider_offer"):
    """What to ask the provider for (OpenID Connect, code with PKCE). ``nonce`` is good once, for this desk."""

    authorization: Address
    token: Address
    client_id: Address
    scope: Address
    nonce: Short


class ProviderToken(_Frame, frozen=True, kw_only=True, tag="provider_token"):
    """The provider's ID token. ``token``: unlock this sign-in instead of a new one."""

    id_token: Annotated[str, Meta(max_length=ID_TOKEN_MAX)]
    token: Short = ""


class SignOut(_Frame, frozen=True, kw_only=True, tag="sign_out"):
    """End this sign-in of this desk, whoever holds a copy of its token. No password: to end one's own is no danger."""

    token: Short


class SignedOut(_Frame, frozen=True, kw_only=True, tag="signed_out"):
    """That sign-in is good for nothing now, as it may have been before."""


class SignedIn(_Frame, frozen=True, kw_only=True, tag="signed_in"):
    """``token`` opens sessions until ``until`` (UTC ms), with this desk's key. ``certificate``: a fresh one, or ""."""

    token: Short
    until: Millis
    name: Short
    agency: Short
    role: Short
    certificate: Pem = ""


class Denied(_Frame, frozen=True, kw_only=True, tag="denied"):
    """No, and why. ``wait_ms``: nothing is tried before that."""

    code: Short
    sentence: Sentence
    wait_ms: int = 0


DoorAsk = EnrolAsk | EnrolClaim | SignIn | SignOut | BreakGlass | ProviderAsk | ProviderToken
DoorAnswer = EnrolOffer | Enrolled | SignedIn | SignedOut | ProviderOffer | Denied

_ask: msgspec.json.Decoder[DoorAsk] = msgspec.json.Decoder(DoorAsk)
_answer: msgspec.json.Decoder[DoorAnswer] = msgspec.json.Decoder(DoorAnswer)


def read_ask(data: bytes) -> DoorAsk:
    """A frame of a desk. Raises ProtocolError, whose sentence never repeats what was sent: it may be a password."""
    try:
        return _ask.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolError("not_door", "That is no frame of the door.") from None


def read_answer(data: bytes) -> DoorAnswer:
    """A frame of the server. Raises ProtocolError."""
    try:
        return _answer.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolError(
            "not_door", "What answers at the door does not speak as a server of this kind."
        ) from None
