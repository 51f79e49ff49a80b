"""`incident-server doctor`: is this machine fit to keep the log of an incident, and does it?

One plain sentence per check, marked ok, look or wrong. It changes nothing and may be asked while the server runs.
What does not exist yet is not checked and not mentioned.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from incident.kernel.checks import ConfigError
from server import logs, rolls, whole, words_areas, words_tls
from server.admin import AdminError, Answer, NotRunning, call
from server.backup import last_backup
from server.datafolder import DataFolder, held_by, owner_of, program, quoted, user_name
from server.pulse import CLOCK_MS_BEHIND_MAX, CLOCK_MS_EARLIEST
from server.settings import Settings, read_settings
from server.store import Unavailable
from server.store.looking import Looked, look
from server.store.opening import network_file_system
from server.store.sqlite import DISK_FREE_BYTES_MIN, disk_problem

PYTHON_MIN: Final = (3, 11)
PYTHON_TESTED: Final = (3, 14)

WAL_RESET_FROM: Final = (3, 7, 0)
WAL_RESET_MENDED: Final = (3, 51, 3)
"""Versions of SQLite in which two connections that write or checkpoint at once may damage the write-ahead log."""

DISK_FREE_BYTES_LOOK: Final = 16 * DISK_FREE_BYTES_MIN
BACKUP_HOURS_LOOK: Final = 26
"""One each day, and two hours for a night on which the clocks change or the job is slow."""

BACKUP_HOURS_LATE: Final = 7 * 24

STEP_MS_MAX: Final = 500
STEP_LOOK_SECONDS: Final = 0.3
LOOK_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 5.0
NO_COMMAND: Final = "does not know that operation"

Mark = Literal["ok", "look", "wrong"]


class Finding(msgspec.Struct, frozen=True):
    """One check: its mark, and a sentence for a person."""

    mark: Mark
    sentence: str


def examine(
    folder: DataFolder, config: Path | None = None, seconds: float = LOOK_SECONDS
) -> Iterator[Finding]:
    """Every check in turn, each told as soon as it is known. ``seconds`` bounds the look at the log."""
    yield python(sys.version_info[:3])
    yield sqlite(sqlite3.sqlite_version_info)
    yield from permissions(folder)
    settings, charter, areas = None, None, ""
    try:
        settings, charter = read_settings(folder, config)
        areas = charter.areas_digest
        yield Finding("ok", "The settings and the configuration can be read, without a mistake.")
        yield from (Finding(*found) for found in words_areas.examined(folder, config, charter.agencies))
    except ConfigError as error:
        yield from (Finding("wrong", str(problem)) for problem in error.problems)
    if settings is not None:
        yield from (Finding(*found) for found in words_tls.examined(folder, settings, logs.clock()))
    yield from (Finding(*found) for found in rolls.examined(folder, charter))
    yield from _secret(folder)
    yield from (Finding("wrong", f"{lost}.") for lost in whole.lost(folder))
    yield from _log(folder, settings, seconds)
    yield disk(folder)
    yield backup(folder, settings, logs.clock())
    yield from server(folder, areas)


def _dots(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


# -- the machine ----------------------------------------------------------------------------------------------


def python(version: tuple[int, ...]) -> Finding:
    """Whether this Python is one that the program is made for."""
    if version < PYTHON_MIN:
        return Finding("wrong", f"Python {_dots(version)} is too old: {_dots(PYTHON_MIN)} is needed.")
    if version[:2] > PYTHON_TESTED:
        return Finding(
            "look", f"Python {_dots(version)} is newer than the last one tried, {_dots(PYTHON_TESTED)}."
        )
    return Finding("ok", f"Python {_dots(version)}.")


def sqlite(version: tuple[int, ...]) -> Finding:
    """Whether this SQLite has the fault of the write-ahead log's reset."""
    if WAL_RESET_FROM <= version < WAL_RESET_MENDED:
        return Finding(
            "look",
            f"SQLite {_dots(version)} has a known fault, mended in {_dots(WAL_RESET_MENDED)}: two programs that write "
            "to one log at the same moment can damage it. This server alone writes to its log, so keep other tools "
            "off log.db while it runs.",
        )
    return Finding("ok", f"SQLite {_dots(version)}.")


def disk(folder: DataFolder) -> Finding:
    """Whether there is room, by the server's own measure, and whether the disk is one."""
    kind = network_file_system(folder.root)
    if kind is not None:
        return Finding(
            "wrong", f"{folder.root} is on a network file system ({kind}). Put it on a local disk."
        )
    problem = disk_problem(folder.root)
    if problem is not None:
        return Finding("wrong", problem)
    free = shutil.disk_usage(folder.root).free // 2**20
    if free < DISK_FREE_BYTES_LOOK // 2**20:
        return Finding(
            "look",
            f"The disk has {free:,} MiB free. Below {DISK_FREE_BYTES_MIN // 2**20} the server takes nothing new.",
        )
    return Finding("ok", f"The disk has {free:,} MiB free.")


# -- the folder -----------------------------------------------------------------------------------------------


def permissions(folder: DataFolder) -> Iterator[Finding]:
    """Whether others of this machine may look in. Only where the system has such modes."""
    if sys.platform == "win32":
        yield Finding(
            "look", f"Who may read {folder.root} is not checked on Windows. See to it that only you may."
        )
        return
    sound = True
    try:
        owner = owner_of(folder.root)
        private = sorted(path for path in folder.root.iterdir() if path.is_file())
    except OSError as error:
        yield Finding("wrong", f"{folder.root} cannot be looked into ({error.strerror}).")
        return
    if owner != os.geteuid():
        yield Finding(
            "look",
            f"{folder.root} belongs to {user_name(owner)}. Ask as the user that the server runs as: sudo -u "
            f"{user_name(owner)} {program()} doctor {quoted(folder.root)}",
        )
        sound = False
    for path in (folder.root, *private):
        try:
            found, whose = path.stat(), owner_of(path)
        except FileNotFoundError:
            continue  # a running server's, gone in this moment
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077:
            right = "700" if path == folder.root else "600"
            yield Finding(
                "wrong",
                f"{path} is open to others of this machine ({mode:o}). Mend it: chmod {right} {quoted(path)}",
            )
            sound = False
        if whose != owner:
            right = user_name(owner).lstrip("#")
            yield Finding(
                "wrong",
                f"{path} belongs to {user_name(whose)} and its folder to {user_name(owner)}, so the server may not "
                f"read it. Mend it: sudo chown {right}: {quoted(path)}",
            )
            sound = False
    if sound:
        yield Finding("ok", f"Only its owner may look into {folder.root} ({len(private)} files).")


def _secret(folder: DataFolder) -> Iterator[Finding]:
    """Whether the secret is whole, as far as that is not told among what was lost."""
    try:
        folder.secret.read_bytes()
    except FileNotFoundError:
        pass  # made when first wanted; one that was lost is told of below
    except OSError as error:
        yield Finding("wrong", f"{folder.secret} cannot be read ({error.strerror}).")


# -- the log --------------------------------------------------------------------------------------------------


def _log(folder: DataFolder, settings: Settings | None, seconds: float) -> Iterator[Finding]:
    newest: int | None = 0
    try:
        looked = look(folder.log, seconds) if folder.log.exists() else None
        if looked is None and whole.log_lost(folder) is not None:
            newest = None
        elif looked is None:
            yield Finding("ok", "There is no log yet: the first start makes it.")
        else:
            newest = looked.newest
            yield from _looked(folder, settings, looked, seconds)
    except Unavailable as error:
        newest = None
        yield Finding("wrong", error.sentence)
    yield clock(logs.clock(), newest)
    yield step(logs.clock(), time.monotonic())


def _looked(
    folder: DataFolder, settings: Settings | None, looked: Looked, seconds: float
) -> Iterator[Finding]:
    if settings is not None and settings.mode != looked.mode:
        yield Finding(
            "wrong",
            f"The log {folder.log} was made for {looked.mode} use and the settings say {settings.mode}.",
        )
    if not looked.wal:
        yield Finding(
            "look",
            f"The log {folder.log} is not in WAL mode, as this program leaves it: another tool changed that. The next "
            "start puts it back.",
        )
    if looked.pages_whole:
        yield Finding("ok", "The log opens, its form is known, and none of its pages is damaged.")
    else:
        yield Finding(
            "look",
            f"The log opens and its form is known. No damage was found in {seconds:g} s, and it is larger than that: "
            "--seconds 600 takes longer.",
        )
    if looked.followed == looked.records:
        yield Finding(
            "ok", f"The chain of all {looked.records:,} records in {looked.streams:,} streams holds."
        )
    else:
        yield Finding(
            "ok",
            f"The chain of {looked.followed:,} of {looked.records:,} records holds, the last ones of each stream, the "
            "latest streams first. The rest was not followed.",
        )


def clock(now: int, newest: int | None) -> Finding:
    """Whether the clock can be right: never before this program was made, never behind the log. UTC ms."""
    if now < CLOCK_MS_EARLIEST:
        return Finding(
            "wrong", "The clock of this machine stands before 2026. Set it before the server starts."
        )
    if newest is None:
        return Finding("look", "The clock was not compared with the log, which cannot be read.")
    behind = newest - now
    if behind > CLOCK_MS_BEHIND_MAX:
        return Finding(
            "wrong",
            f"The clock of this machine is {behind / 1000:,.0f} s behind the newest record of the log. Set it "
            "before the server goes on.",
        )
    return Finding("ok", "The clock is not behind the newest record.")


def step(was: int, since: float) -> Finding:
    """Whether the clock jumps while it is looked at. ``was`` is its time in UTC ms at ``since`` (monotonic, s)."""
    time.sleep(STEP_LOOK_SECONDS)
    jumped = logs.clock() - was - (time.monotonic() - since) * 1000
    if abs(jumped) > STEP_MS_MAX:
        return Finding(
            "wrong",
            f"The clock jumped by {jumped / 1000:+,.1f} s while it was looked at. Something is setting it.",
        )
    return Finding("ok", "The clock runs evenly.")


def backup(folder: DataFolder, settings: Settings | None, now: int) -> Finding:
    """How old the last backup is. ``now`` is UTC ms.

    Live use without one, or with an old one, is wrong; an exercise may do without, and is told.
    """
    late: Mark = "wrong" if settings is not None and settings.mode == "live" else "look"
    how = f"incident-server backup {quoted(folder.root)} --to FOLDER"
    if whole.log_lost(folder) is not None:
        return Finding("wrong", "There is nothing that could be backed up: the log is missing.")
    if not folder.log.exists():
        return Finding("ok", "There is nothing to back up yet.")
    stamp = last_backup(folder)
    if stamp is None:
        return Finding(late, f"There is no backup of this folder. Make one each day: {how}")
    hours = (now - stamp.at) / 3_600_000
    if hours < -1:
        return Finding("look", "The last backup is of a time that is still to come: a clock was wrong.")
    told = f"{hours:,.0f} hours" if hours < BACKUP_HOURS_LATE else f"{hours / 24:,.0f} days"
    if hours > BACKUP_HOURS_LOOK:
        mark = late if hours > BACKUP_HOURS_LATE else "look"
        return Finding(mark, f"The last backup is {told} old. Make one each day: {how}")
    if not Path(stamp.where).is_dir():
        return Finding("look", f"The last backup is {told} old, and is not where it was made: {stamp.where}")
    return Finding("ok", f"The last backup is {told} old: {stamp.where}")


# -- the server -----------------------------------------------------------------------------------------------


def server(folder: DataFolder, areas: str = "") -> Iterator[Finding]:
    """Whether one runs here, and how it is. ``areas``: the digest of those that the files have now."""
    try:
        pid = held_by(folder)
    except OSError as error:
        yield Finding("wrong", f"{folder.lock} cannot be opened ({error.strerror}).")
        return
    try:
        answer = call(folder.admin, "doctor", within=ANSWER_SECONDS)
    except NotRunning:
        if pid is not None:
            yield Finding(
                "wrong",
                f"Process {pid or 'unknown'} works in this folder and does not answer"
                + ("" if folder.admin.exists() else ": admin.json, which leads to it, is missing")
                + ". If it is a server that is just starting, ask again soon; else end that process and start it "
                "again.",
            )
        elif folder.admin.exists():
            yield Finding(
                "look", "No server runs here; the last one did not stop in order. The next start clears up."
            )
        else:
            yield Finding("ok", "No server runs here.")
    except AdminError as error:
        newer = NO_COMMAND in str(error)
        yield Finding(
            "look" if newer else "wrong",
            "A server of another version runs here, which cannot say how it is." if newer else str(error),
        )
    else:
        yield from running(answer)
        if areas:
            yield from (Finding(*found) for found in words_areas.of_running(answer.get("areas", ""), areas))


def running(answer: Answer) -> Iterator[Finding]:
    """What the running server says of itself."""
    url, trouble = answer["url"], answer["trouble"]
    if trouble:
        yield Finding("wrong", f"The server at {url} answers and is not ready: {', '.join(trouble)}.")
    else:
        yield Finding("ok", f"A server runs at {url} and answers.")
    journal, synchronous = answer["journal_mode"], answer["synchronous"]
    if (journal, synchronous) == ("wal", 2):
        yield Finding(
            "ok", "It writes with journal_mode=WAL and synchronous=FULL: what it confirmed is on the disk."
        )
    else:
        yield Finding(
            "wrong",
            f"It writes with journal_mode={journal} and synchronous={synchronous}, not WAL and 2 (FULL): what it "
            "confirmed may be lost when the power goes.",
        )
    if answer["clock_steps"]:
        yield Finding(
            "look",
            f"The clock jumped {answer['clock_steps']:,} times since the server started, the last time by "
            f"{answer['last_step']:+,.1f} s: it was set, or the machine slept.",
        )
    if answer["metrics_port"]:
        yield Finding(
            "ok", f"Health and figures are asked for at http://127.0.0.1:{answer['metrics_port']}/."
        )
