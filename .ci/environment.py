"""Makes an isolated environment from hash-pinned locks, once, and again when a lock changes.

    python3 .ci/environment.py .venv requirements.lock ...

Standard library only. Two terminals may ask at the same moment: the second waits for the first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
STAMP = ".made-from"


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One maker at a time. The system lets go of the lock when its holder dies, however it dies."""
    try:
        import fcntl  # noqa: PLC0415  (absent on Windows, where nobody runs make in two terminals)
    except ImportError:
        yield
        return
    with folder.with_name(folder.name + ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another terminal is setting up the environment; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(locks: list[Path]) -> str:
    """Everything that the environment is made from; another value means: make it anew."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {CHECKOUT}".encode())
    for path in [*locks, Path(__file__)]:
        digest.update(path.read_bytes())
    packaging = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    digest.update(
        repr((packaging["project"], packaging["build-system"], packaging["tool"]["setuptools"])).encode()
    )
    return digest.hexdigest()


def interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_made(folder: Path, wanted: str) -> bool:
    stamp = folder / STAMP
    return interpreter(folder).exists() and stamp.exists() and stamp.read_text() == wanted


def run(log: Path, *words: str | Path) -> None:
    with log.open("a") as out:
        done = subprocess.run([str(word) for word in words], stdout=out, stderr=out, check=False)
    if done.returncode:
        sys.stderr.write("".join(log.read_text(errors="replace").splitlines(keepends=True)[-12:]))
        sys.exit(f"The environment could not be made. Is this machine online? All of the output: {log}")


def make(folder: Path, locks: list[Path], wanted: str) -> None:
    try:
        import ensurepip  # noqa: F401, PLC0415
    except ImportError:
        sys.exit("This Python has no venv module. On Debian and Ubuntu: apt install python3-venv")
    say(f"Setting up an isolated environment in {folder.name}, once, about a minute …")
    started = time.monotonic()
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    log, python = folder / "setup.log", interpreter(folder)
    pip = (
        python,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--progress-bar",
        "off",
    )
    run(log, sys.executable, "-m", "venv", folder)
    pinned = [word for lock in locks for word in ("-r", lock)]
    run(log, *pip, "--require-hashes", *pinned)
    # the commands, and the checkout itself on the path; nothing is fetched for it
    run(log, *pip, "--no-deps", "--no-index", "--no-build-isolation", "--editable", CHECKOUT)
    (folder / STAMP).write_text(wanted)
    say(f"The environment is ready after {time.monotonic() - started:.0f} s.")


def main() -> None:
    folder, *locks = (Path(word).absolute() for word in sys.argv[1:])
    wanted = fingerprint(locks)
    if is_made(folder, wanted):
        return
    with alone(folder):
        if not is_made(folder, wanted):
            make(folder, locks, wanted)


if __name__ == "__main__":
    main()
