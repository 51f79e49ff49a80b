"""Whether a data folder has everything that it once had. What was lost is never made anew in silence.

Once a folder is served, or something is taken up into its log, ``begun`` is written: from then on the log, the file of
desks and the secret are all there. A folder from before that is known by what else only a served one has.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from incident.kernel.checks import ConfigError, Problem
from server import logs
from server.backup import last_backup
from server.datafolder import SECRET_BYTES, DataFolder, secret_of, there, write_private
from server.identity import Identity

_BEGUN = "log.db, identity.json and secret are in use since {since:%Y-%m-%d %H:%M} UTC: never delete them.\n"


def begin(folder: DataFolder) -> None:
    """Note that the folder has a log, a file of desks and a secret, and see to it. For who holds the lock.

    Raises:
        ConfigError: the disk says no.
        IdentityError: the file of desks cannot be read or written.
    """
    if there(folder.begun):
        return
    secret_of(folder)
    if not there(folder.tokens):
        Identity(folder.tokens).put()
    since = datetime.fromtimestamp(logs.clock() // 1000, UTC)
    try:
        write_private(folder.begun, _BEGUN.format(since=since).encode())
    except OSError as error:
        raise ConfigError(
            [Problem(str(folder.begun), 0, "", f"cannot be written ({error.strerror})")]
        ) from None


def check(folder: DataFolder) -> None:
    """Before anything is made or written. Raises ConfigError with everything that was lost, and the way on."""
    problems = lost(folder)
    if problems:
        raise ConfigError(problems)


def lost(folder: DataFolder) -> list[Problem]:
    """Everything that the folder once had and has no more, or has no more whole."""
    begun = there(folder.begun)
    found = [_log(folder, begun), _desks(folder, begun), _secret(folder, begun)]
    return [Problem(str(path), 0, "", sentence) for path, sentence in filter(None, found)]


def has_log(folder: DataFolder) -> bool:
    """Whether there is anything in the file of the log or in what is to be written into it."""
    return any(_size(path) for path in (folder.log, folder.log.with_name("log.db-wal")))


def log_lost(folder: DataFolder) -> str | None:
    """The sentence about a log that is gone; None when it is there, or there never was one."""
    found = _log(folder, there(folder.begun))
    return None if found is None else f"{found[0]} {found[1]}"


def _log(folder: DataFolder, begun: bool) -> tuple[Path, str] | None:
    if has_log(folder) and _size(folder.log) is not None:
        return None
    stamp = last_backup(folder)
    known = [
        path
        for path, tells in (
            (folder.begun, begun),
            (folder.signins, there(folder.signins)),
            (folder.backup, stamp is not None and stamp.log),
        )
        if tells
    ]
    if not known and not has_log(folder):
        return None
    names = ", ".join(path.name for path in known) or "log.db-wal"
    return folder.log, (
        f"is missing or empty, and this folder had a log ({names} says so). Put it back, or make a new folder of the "
        f"last backup: incident-server restore BACKUP NEWFOLDER. To begin with an empty log on purpose, move {names} "
        "away"
    )


def _desks(folder: DataFolder, begun: bool) -> tuple[Path, str] | None:
    if there(folder.tokens) or not (begun or there(folder.signins)):
        return None
    known = [path.name for path in (folder.begun, folder.signins) if there(path)]
    return folder.tokens, (
        "is missing, so no desk would be let in. Put it back from the last backup. To go on without it on purpose, "
        f"move {' and '.join(known)} away, and enrol every desk again"
    )


def _secret(folder: DataFolder, begun: bool) -> tuple[Path, str] | None:
    length = _size(folder.secret)
    if length is None:
        if not begun:
            return None
        return folder.secret, (
            "is missing: what the server writes by itself would get other ids, and might be written twice. Put it back "
            "from the last backup. To go on with a new one on purpose, move begun away"
        )
    if length != SECRET_BYTES:
        return folder.secret, f"has {length} bytes instead of {SECRET_BYTES}. Put a copy of it back"
    return None


def _size(path: Path) -> int | None:
    """The length of a file; None when there is none."""
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None
