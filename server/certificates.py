"""Certificates as values: made, read and measured here, and kept elsewhere.

A small authority of a data folder's own (P-256, ten years, it certifies no further authority) signs two kinds: the
server's, which says by which names it may be reached and serves for nothing else, and one for each desk's key, which
opens a line and can never pass for the server. Times are UTC milliseconds.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS: Final = 3_650
SERVER_DAYS: Final = 365
DESK_DAYS: Final = 365
RENEW_DAYS: Final = 30
"""With less than this left a certificate is made anew, or people are told."""

BEFORE: Final = timedelta(days=1)
"""A certificate is good from a day before it was made: a desk's clock may be behind the server's."""

DAY_MS: Final = 86_400_000
COMMON_NAME_MAX: Final = 64
PEM_BYTES_MAX: Final = 65_536

_SERVER: Final = ExtendedKeyUsageOID.SERVER_AUTH
_DESK: Final = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and the key it is for."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def written(self) -> bytes:
        """As one file: the key, then the certificate. Whoever reads it is whoever it names."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return key + self.certificate.public_bytes(serialization.Encoding.PEM)


def read_pair(data: bytes) -> Pair:
    """What ``Pair.written`` gave. Raises ValueError, whose words are never shown."""
    key = serialization.load_pem_private_key(data, password=None)
    certificate = x509.load_pem_x509_certificate(data)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError
    return Pair(certificate, key)


# -- made -----------------------------------------------------------------------------------------------------


def make_authority(now_ms: int) -> Pair:
    """A new authority. Its name holds chance, so that two of them are never taken for one another."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named(f"incident authority {secrets.token_hex(4)}")
    until = _time(now_ms) + timedelta(days=AUTHORITY_DAYS)
    made = (
        _begun(name, name, key.public_key(), now_ms, until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(made, key)


def make_server(authority: Pair, names: Iterable[str], now_ms: int) -> Pair:
    """A new key and certificate for the server, for these host names and addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _leaf(
        authority, _named("incident server"), key.public_key(), now_ms, SERVER_DAYS, _SERVER
    ).add_extension(x509.SubjectAlternativeName([_general(name) for name in sorted(set(names))]), False)
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def make_desk(authority: Pair, device_pem: str, account: str, now_ms: int) -> str:
    """A certificate for a desk's public key, as PEM. Raises ValueError when it is no such key."""
    key = read_device(device_pem)
    builder = _leaf(authority, _named(account), key, now_ms, DESK_DAYS, _DESK)
    return pem_of(builder.sign(authority.key, hashes.SHA256()))


def _leaf(
    authority: Pair,
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now_ms: int,
    days: int,
    use: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    until = min(_time(now_ms) + timedelta(days=days), authority.certificate.not_valid_after_utc)
    issuer = authority.key.public_key()
    return (
        _begun(subject, authority.certificate.subject, key, now_ms, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now_ms: int, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(_time(now_ms) - BEFORE, until - BEFORE))
        .not_valid_after(until)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words[:COMMON_NAME_MAX])])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


# -- measured -------------------------------------------------------------------------------------------------


def pem_of(certificate: x509.Certificate) -> str:
    """A certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def digest_of(certificate: x509.Certificate) -> bytes:
    """The SHA-256 of its DER: what a desk sees of it on the line."""
    return certificate.fingerprint(hashes.SHA256())


def until_of(certificate: x509.Certificate) -> int:
    """When it ends, UTC ms."""
    return int(certificate.not_valid_after_utc.timestamp()) * 1000


def since_of(certificate: x509.Certificate) -> int:
    """When it begins, UTC ms."""
    return int(certificate.not_valid_before_utc.timestamp()) * 1000


def names_of(certificate: x509.Certificate) -> frozenset[str]:
    """The host names and addresses that it is for."""
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return frozenset()
    hosts = (name.lower() for name in held.get_values_for_type(x509.DNSName))
    return frozenset((*hosts, *map(str, held.get_values_for_type(x509.IPAddress))))


def read_device(device_pem: str) -> ec.EllipticCurvePublicKey:
    """A desk's public key. Raises ValueError when it is none of P-256."""
    try:
        key = serialization.load_pem_public_key(device_pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("a desk's key is one of P-256")  # noqa: TRY004 -- of a file, not of an argument
    return key


def device_digest(device_pem: str) -> str:
    """What a desk's key is known by: the hex SHA-256 of its DER. Raises ValueError when it is no such key."""
    return _key_digest(read_device(device_pem))


def certificate_digest(der: bytes) -> str:
    """The same of the key in a certificate (DER), whoever signed it."""
    return _key_digest(x509.load_der_x509_certificate(der).public_key())


def _key_digest(key: object) -> str:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return ""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
