"""What lies in the files of a folder at this moment, while another program may be making and removing them."""

from collections.abc import Iterable
from pathlib import Path


def bytes_of(paths: Iterable[Path]) -> bytes:
    """The bytes of these files, one after another; a file that has gone since it was listed holds nothing.

    SQLite removes its write-ahead log when the last connection closes, often between a test's look at
    the folder and its look into the file. The log is read before the file that it goes into: what moves
    meanwhile is found twice rather than nowhere.
    """
    held = []
    for path in sorted(paths, reverse=True):
        try:
            held.append(path.read_bytes() if path.is_file() else b"")
        except FileNotFoundError:
            continue
    return b"".join(held)


def every_byte(folder: Path) -> bytes:
    """The bytes of every file in a folder and below, as `bytes_of`."""
    return bytes_of(folder.rglob("*"))


def database(file: Path) -> list[Path]:
    """A database and its write-ahead log; not the shared memory beside them, which holds no content."""
    return [path for path in file.parent.glob(f"{file.name}*") if not path.name.endswith("-shm")]
