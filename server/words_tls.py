"""What is said and done about TLS at the command line: while a server runs, and without one."""

from __future__ import annotations

import argparse
import stat
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from incident.kernel.checks import ConfigError
from server import logs
from server.admin import AdminError, Answer, NotRunning, call
from server.authority import Authority, looked_at, names_lacking, wanted_names
from server.certificates import DAY_MS, RENEW_DAYS
from server.datafolder import DataFolder, check_owner, init, locked, quoted
from server.settings import (
    Settings,
    is_address,
    loopback,
    on_loopback,
    reachable,
    read_server_settings,
)

CHECK_SECONDS: Final = 6 * 3600.0
"""How often a running server looks whether its certificate is to be renewed."""

Mark = Literal["ok", "look", "wrong"]

PLAIN: Final = "PLAIN: nothing on this line is encrypted, so only programs of this machine can connect."


# -- init and renew -------------------------------------------------------------------------------------------


def make_folder(asked: argparse.Namespace) -> tuple[DataFolder, Settings]:
    """``init``: the folder, and its authority. Raises AdminError or ConfigError."""
    names: list[str] = []
    for written in asked.name:
        try:
            names.append(reachable(written))
        except ValueError as error:
            raise AdminError(f"--name {error}, not {written!r}.") from None
    host = ""
    if asked.host is not None:
        try:
            host = loopback(asked.host) if asked.plain else reachable(asked.host)
        except ValueError as error:
            raise AdminError(f"--host {error}.") from None
        if not is_address(host):
            raise AdminError(
                f"--host must be an address of this machine, such as 0.0.0.0 (every network) or 127.0.0.1, not "
                f"{host!r}. A name by which desks reach it is given with --name."
            )
    folder = init(asked.folder, asked.mode, host=host, names=tuple(dict.fromkeys(names)), tls=not asked.plain)
    settings = read_server_settings(folder)
    if settings.tls:
        Authority(folder, settings, logs.clock())
    return folder, settings


def reached(settings: Settings) -> str:
    """What is to be said when no name was given by which other machines could reach it; "" when there is one."""
    if not settings.tls or settings.certificate or settings.names or on_loopback(settings.host):
        return ""
    known = sorted(name for name in wanted_names(settings) if name != "localhost" and not on_loopback(name))
    by = f"by {' and '.join(known)} alone" if known else "from this machine alone"
    return (
        f"No name was given: desks reach this server {by}, and whoever dials another name or address is turned away. "
        "Put what they will dial into 'names' in server.yaml, then: incident-server renew DIR"
    )


def renew(folder: DataFolder) -> str:
    """Through the running server, or in its stead; answers what to say. Raises AdminError or ConfigError."""
    try:
        answer = call(folder.admin, "renew")
    except NotRunning:
        settings = read_server_settings(folder)
        if not settings.tls:
            raise AdminError(NO_TLS) from None
        check_owner(folder)
        with locked(folder):
            answer = renewed(Authority(folder, settings, logs.clock()))
    own = "The files of your own are shown" if answer["own"] else "The server's certificate is new"
    return f"{own}, good until {day(answer['until'])}. Lines that are open stay; desks need do nothing."


NO_TLS: Final = "This server has no certificate: server.yaml says tls: false."


def renewed(authority: Authority) -> Answer:
    """What ``renew`` does. Raises AdminError with what is in the way."""
    try:
        authority.renew(logs.clock(), anew=True)
    except ConfigError as error:
        raise AdminError(str(error)) from None
    return {"until": authority.until_ms, "own": authority.own}


# -- while it runs --------------------------------------------------------------------------------------------


def look_after(authority: Authority) -> None:
    """One look at a running server's certificate: renew it if it is time, and warn while that does not help."""
    now = logs.clock()
    try:
        authority.renew(now)
    except ConfigError as error:
        for problem in error.problems:
            logs.warn("certificate not renewed", file=problem.file, line=problem.line, why=problem.sentence)
    warn_of_the_end(authority.until_ms, now)


def warn_of_the_end(until_ms: int, now_ms: int) -> None:
    """A line in the log, from 30 days before."""
    if until_ms - now_ms < RENEW_DAYS * DAY_MS:
        logs.warn("certificate ends soon", until=until_ms, days=(until_ms - now_ms) // DAY_MS)


def of_running(authority: Authority | None) -> Answer:
    """What a running server says of it, for ``status`` and ``doctor``."""
    return {
        "tls": authority is not None,
        "certificate_until": 0 if authority is None else authority.until_ms,
    }


def status(answer: Mapping[str, Any]) -> Iterator[str]:
    """The lines of ``status`` about it."""
    if not answer.get("tls"):
        yield PLAIN
    else:
        yield shown(int(answer["certificate_until"]), logs.clock())[1]


# -- doctor ---------------------------------------------------------------------------------------------------


def shown(until_ms: int, now_ms: int) -> tuple[Mark, str]:
    """The mark and the sentence for a certificate that ends then."""
    left = until_ms - now_ms
    if left <= 0:
        return "wrong", (
            f"The server's certificate ended on {day(until_ms)}: no desk can connect. Renew it: incident-server renew "
            "DIR"
        )
    if left < RENEW_DAYS * DAY_MS:
        return "look", (
            f"The server's certificate ends on {day(until_ms)}, in {left // DAY_MS} days. Renew it: put the new files "
            "in place if they are your own, then incident-server renew DIR"
        )
    return "ok", f"TLS 1.3; the server's certificate is good until {day(until_ms)}."


def examined(folder: DataFolder, settings: Settings, now_ms: int) -> Iterator[tuple[Mark, str]]:
    """The doctor's marks and sentences about the files, whether or not a server runs."""
    if not settings.tls:
        yield "look", f"server.yaml says tls: false. {PLAIN}"
        return
    try:
        until, authority = looked_at(folder, settings, now_ms)
    except ConfigError as error:
        for problem in error.problems:
            yield "wrong", str(problem)
        return
    if unnamed := reached(settings):
        yield "look", unnamed
    for name in names_lacking(folder, settings):
        yield (
            "look",
            (
                f"server.yaml says the name '{name}', and the certificate is not for it: whoever dials that is turned "
                f"away. Mend it: incident-server renew {quoted(folder.root)}"
            ),
        )
    yield shown(until, now_ms) if until else ("ok", "There is no certificate yet: the first start makes it.")
    if authority and authority - now_ms < 365 * DAY_MS:
        yield (
            "look" if authority > now_ms else "wrong",
            f"The authority of this folder ends on {day(authority)}, and every desk's certificate with it. Move "  # noqa: ISC004
            "authority.key, server.key, identity.json, signins.json and begun away while the server is stopped, then "
            "enrol every desk again.",
        )
    yield from loose_key(folder, settings)


def loose_key(folder: DataFolder, settings: Settings) -> Iterator[tuple[Mark, str]]:
    """Of a certificate of the trust's own, whether others of this machine may read its key."""
    if settings.tls and settings.certificate and sys.platform != "win32":
        key = folder.root / settings.key
        # one that is not there is told, with its line, by who reads it
        if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
            yield "wrong", f"{key} is open to others of this machine. Mend it: chmod 600 {quoted(key)}"


def day(ms: int) -> str:
    """A day in UTC, as people write it."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%d %b %Y}"
