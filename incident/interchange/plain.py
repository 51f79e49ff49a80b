"""JSON of anybody's making, read strictly: one value, or one sentence that says what the file is instead."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from incident.kernel.checks import ConfigError, Problem
from incident.kernel.text import clip, safe_text

BYTES_MAX: Final = 64 * 2**20
"""A file of areas, or of what is drawn, before a byte of it is read as anything."""
LISTS_MAX: Final = 3_000_000
VALUES_MAX: Final = 12_000_000
"""Lists and groups of a JSON file, and values: a small file can hold more of them than a machine has memory for."""
PROBLEMS_MAX: Final = 20
"""Problems that are told of one file; how many more there are is said."""

_OTHER: Final = (
    (b"\x1f\x8b", "is compressed (gzip); unpack it first"),
    (b"PK\x03\x04", "is an archive (zip, or a KMZ); unpack it first"),
    (b"\xff\xfe", "is UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text; save it as UTF-8"),
    (b"\x00\x00\x27\x0a", "is a shapefile; save it as GeoJSON"),
    (b"SQLite format 3", "is a database (GeoPackage?); save it as GeoJSON"),
)


class _Twice(ValueError):
    """A key of a group is given twice."""


def refuse(file: str, sentence: str, where: str = "") -> NoReturn:
    """The one error of this package."""
    raise ConfigError([Problem(file, 0, where, sentence)])


def told(problems: list[Problem], file: str) -> list[Problem]:
    """The first of many problems, and how many more there are."""
    if len(problems) <= PROBLEMS_MAX:
        return problems
    more = len(problems) - PROBLEMS_MAX
    return [*problems[:PROBLEMS_MAX], Problem(file, 0, "", f"and {more:,} more of the kind")]


def text_of(data: bytes, file: str, form: str) -> str:
    """The bytes as text, a mark of byte order at the front left out.

    Raises:
        ConfigError: too large, empty, compressed, or not UTF-8.
    """
    if len(data) > BYTES_MAX:
        refuse(file, f"is larger than {BYTES_MAX // 2**20} MiB: simplify it, or save it with fewer decimals")
    for begin, sentence in _OTHER:
        if data.startswith(begin):
            refuse(file, sentence)
    if b"\x00" in data[:4]:
        refuse(file, "is UTF-16 or UTF-32 text, or no text at all; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(file, line, "", "is not UTF-8 text; save it as UTF-8")]) from None
    if not text.strip():
        refuse(file, f"is empty, where {form} was expected")
    return text


def read_json(data: bytes, file: str) -> Any:
    """The value of a JSON file. NaN and infinities come as floats, for their reader to refuse with their place.

    Raises:
        ConfigError: it is no JSON, is nested too deeply, or gives a key twice.
    """
    text = text_of(data, file, "GeoJSON")
    if text.lstrip()[:1] == "<":
        refuse(file, "is XML or HTML, and no GeoJSON")
    if data.count(b"[") + data.count(b"{") > LISTS_MAX or data.count(b",") > VALUES_MAX:
        refuse(file, "holds more lists or values than any file of areas needs: simplify it first")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_int=_number)
    except _Twice as error:
        refuse(file, f"gives the key {error} twice in one group")
    except json.JSONDecodeError as error:
        sentence = f"is not JSON ({error.msg.lower()}, column {error.colno})"
        raise ConfigError([Problem(file, error.lineno, "", sentence)]) from None
    except RecursionError:
        refuse(file, "is nested too deeply to be read")
    except ValueError:
        refuse(file, "holds a value that cannot be read")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Twice(f"'{clip(safe_text(twice), 40)}'")
    return found


def _number(written: str) -> int | float:
    """A whole number; one of hundreds of digits is as good as infinite, and is refused as that."""
    return int(written) if len(written) <= 30 else float("inf")
