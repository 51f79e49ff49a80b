"""Whom a desk believes on the line: the one authority that it got when it was enrolled, by name, over TLS 1.3.

Neither the authorities that the system trusts nor a switch come into it. Enrolment alone opens a line that believes
nobody yet; it proves the certificate it saw by the code from the telephone, before anything is told or kept.
"""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from typing import Any


class TrustError(Exception):
    """The files of this desk cannot be used; ``str`` is a plain sentence."""


def desk_context(authority: str, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """For every line of an enrolled desk. ``authority`` is PEM; ``certificate`` and ``key`` are the desk's own.

    Raises:
        TrustError: what this desk keeps cannot be read, or does not fit together.
    """
    context = _bare()
    try:
        context.load_verify_locations(cadata=authority)
    except (ssl.SSLError, ValueError):
        raise TrustError(
            "What this desk kept of its server cannot be read. Enrol it again: incident-tui enrol URL CODE."
        ) from None
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password=_no_passphrase)
        except (OSError, ValueError) as error:  # an SSLError is an OSError: damaged, or of two desks
            why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else ""
            raise TrustError(
                f"This desk's key and certificate cannot be used{f' ({why.lower()})' if why else ''}. Enrol it again: "
                "incident-tui enrol URL CODE."
            ) from None
    return context


def enrolling_context() -> ssl.SSLContext:
    """For enrolment alone: a line that is closed to listeners and believes nobody.

    Whoever uses it compares `peer_digest` by the code's proof before a word of the other side counts.
    """
    context = _bare()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def peer_digest(connection: Any) -> bytes:
    """SHA-256 of the certificate (DER) that the server showed on this websocket; b"" on an open line."""
    line = connection.transport.get_extra_info("ssl_object")
    der = None if line is None else line.getpeercert(binary_form=True)
    return hashlib.sha256(der).digest() if der else b""


def is_for(connection: Any, host: str) -> bool:
    """Whether the certificate shown on this websocket is for that host; True on an open line.

    Asked while enrolling, of a certificate that the code has proved: afterwards every line asks it.
    """
    line = connection.transport.get_extra_info("ssl_object")
    der = None if line is None else line.getpeercert(binary_form=True)
    if not der:
        return True
    from cryptography import x509  # noqa: PLC0415 - only enrolling looks into a certificate

    try:
        kind = x509.SubjectAlternativeName
        names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(kind).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    dialled = host.lower().rstrip(".")
    known = {str(one) for one in names.get_values_for_type(x509.IPAddress)}
    known |= {one.lower() for one in names.get_values_for_type(x509.DNSName)}
    return dialled in known or (f"*.{dialled.partition('.')[2]}" in known and "." in dialled)


def _bare() -> ssl.SSLContext:
    """TLS 1.3, the certificate and its name checked, and no authority known."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.hostname_checks_common_name = False
    # a trust may name an authority that another one certified: then that one is not asked for
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _no_passphrase() -> str:
    return ""
