"""The words of the command line about backups. Each loads only what it needs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from server.datafolder import DataFolder, existing, quoted
from server.printing import put
from server.said import Said

KEEP: Final = 14
KEEP_MAX: Final = 1_000


def add(command: Callable[..., Any], on_folder: Callable[..., Any]) -> None:
    """Add them."""
    made = on_folder("backup", _backup, "copy the data folder to somewhere else, checked; the server may run")
    made.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="where: on another disk, for you alone"
    )
    made.add_argument(
        "--keep", type=int, default=KEEP, metavar="N", help=f"remove older ones of this log ({KEEP})"
    )
    made = command("restore", _restore, "make a new data folder from a backup, checked")
    made.add_argument("backup", type=Path, metavar="BACKUP", help="the folder of one backup: incident-…Z")
    made.add_argument("folder", type=Path, metavar="DIR", help="a new data folder")


def _backup(asked: argparse.Namespace) -> int:
    from server import backup, logs, whole

    if not 1 <= asked.keep <= KEEP_MAX:
        raise Said(f"--keep must be from 1 to {KEEP_MAX:,}.")
    folder = existing(asked.folder, to_write=True)
    missing = whole.log_lost(folder)
    if missing is not None:  # else the good ones would make way for empty ones, day by day
        raise Said(f"No backup was made. {missing}.")
    try:
        made = backup.back_up(folder, asked.to, logs.clock(), asked.keep)
    except backup.BackupError as error:
        raise Said(str(error)) from None
    held = made.contents
    size = sum(part.bytes for part in held.files.values()) / 2**20
    put(
        f"{made.path}: {held.records:,} records in {held.streams:,} streams, {size:,.1f} MiB, checked and on the disk."
    )
    if made.path.stat().st_dev == folder.root.stat().st_dev:
        put("It lies on the same disk as the log, and is lost with it: carry it to another machine.")
    for name in made.left_out:
        put(f"Left out, since it is no file of this program: {name}")
    for path in _elsewhere(folder, asked.config):
        put(f"Not in it, since it is elsewhere: {path}")
    if made.removed:
        put(f"Removed: {', '.join(made.removed)}.")
    return 0


def _elsewhere(folder: DataFolder, config: Path | None) -> list[str]:
    """Certificates and keys of the site's own that the settings name outside the folder."""
    from incident.kernel.checks import ConfigError
    from server.settings import read_settings

    try:
        settings, _ = read_settings(folder, config)
    except ConfigError:
        return []
    named = [str(getattr(settings, what, "")) for what in ("certificate", "key", "authority")]
    root = folder.root.resolve()
    return [path for path in named if path and root not in (root / path).resolve().parents]


def _restore(asked: argparse.Namespace) -> int:
    from server import backup, logs

    try:
        found = backup.restore(asked.backup, asked.folder, logs.clock())
    except backup.BackupError as error:
        raise Said(str(error)) from None
    newest = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(found.newest / 1000))
    put(
        f"{asked.folder} holds what the backup held: {found.records:,} records in {found.streams:,} streams"
        + (f", the newest of {newest}." if found.newest else ".")
    )
    put(
        "A new history begins with it: each room is told so when it connects, and keeps its old copy beside the new "
        "one. Whoever was revoked after the backup may come in again: revoke them again. The old folder must never be "
        f"served again. Next: incident-server doctor {quoted(asked.folder)}"
    )
    return 0
