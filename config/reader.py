"""The one reader of YAML, for both shells: a file becomes a marked tree, or a list of plain sentences.

It builds the tree from parser events itself, so that nothing in a file can make an object, exhaust the stack
or multiply by aliases. Scalars are understood as in YAML 1.2: only `true` and `false` are booleans, `NO` is
text, `010` is ten, `22:30` and `2026-11-01` are text. What was written is kept beside each value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final, NoReturn

import yaml

from incident.kernel.checks import ConfigError, Mark, Marked, MarkedList, MarkedMap, MarkedScalar, Problem

BYTES_MAX: Final = 1_048_576
DEPTH_MAX: Final = 20
NODES_MAX: Final = 50_000
"""How many nodes a file may have, each alias counted with all it stands for."""

ENVIRONMENT: Final = "INCIDENT_TUI_CONFIG"
DEFAULTS: Final = Path(__file__).resolve().parent
"""The checkout's `config/`, and in an installed program the copy in the wheel."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, the first much faster
_AS_TEXT: Final = ("!", "tag:yaml.org,2002:str")
"""The only tags allowed: both say that what follows is text."""
_INTEGER = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.\d{1,30}|\d{1,30}(?:\.\d{0,30})?)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_WORDS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


# --- where a file is ---


def find_config(
    name: str,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    last: Path | None = None,
) -> Path:
    """The file `name` (such as `client.yaml` or `scenarios/bridge.yaml`) from the first place that has it.

    In order: `folder` (`--config DIR`), the folder named by INCIDENT_TUI_CONFIG, `last`, the defaults that ship
    with the program. Raises `ConfigError` when no place has it, or when a folder asked for does not exist.
    """
    named = PurePosixPath(name)
    if named.is_absolute() or ".." in named.parts or "\\" in name or "\0" in name or not named.parts:
        raise ConfigError([Problem("", 0, "", "the name of a configuration file must be inside its folder")])
    places = []
    if folder is not None:
        places.append((folder, "--config"))
    if chosen := (os.environ if environ is None else environ).get(ENVIRONMENT):
        places.append((Path(chosen).expanduser(), ENVIRONMENT))
    for place, asked in places:
        if not _is_folder(place):
            sentence = f"{asked} names this folder, and it does not exist or cannot be opened"
            raise ConfigError([Problem(str(place), 0, "", sentence)])
    folders = [*(place for place, _ in places), *([] if last is None else [last]), DEFAULTS]
    for place in folders:
        if _exists(place / named):
            return place / named
    looked = ", ".join(map(str, folders))
    raise ConfigError([Problem(name, 0, "", f"there is no such file; looked in {looked}")])


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return True  # it is there and cannot be looked at: reading it will say why


# --- what is in it ---


def read_yaml(path: Path) -> Marked:
    """The marked tree of one file; an empty file is an empty mapping.

    Raises `ConfigError` with one plain sentence when the file is missing, a folder, unreadable, too large,
    not UTF-8, not YAML, nested too deeply, multiplied by aliases, or uses a tag.
    """
    return parse_yaml(read_bytes(path), str(path))


def parse_yaml(data: bytes, file: str, *, bytes_max: int = BYTES_MAX, nodes_max: int = NODES_MAX) -> Marked:
    """The marked tree of the bytes of a file; errors as in `read_yaml`."""
    if len(data) > bytes_max:
        _stop(file, 0, f"the file is larger than {bytes_max:,} bytes")
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _stop(file, line, "the file is not UTF-8 text; save it as UTF-8")
    try:
        return _Tree(file, nodes_max).document(yaml.parse(written, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        _stop(file, line, _sentence(error, written.split("\n")[line - 1 : line]))
    except yaml.YAMLError as error:
        position = getattr(error, "position", None)
        line = written.count("\n", 0, position) + 1 if isinstance(position, int) else 0
        _stop(file, line, "the file holds a character that YAML does not allow")


def _stop(file: str, line: int, sentence: str) -> NoReturn:
    raise ConfigError([Problem(file, line, "", sentence)]) from None


def read_bytes(path: Path, bytes_max: int = BYTES_MAX) -> bytes:
    """The bytes of a file, at most one more than allowed; every failure is a sentence (`ConfigError`)."""
    file = str(path)
    try:
        if path.exists() and not path.is_file():
            _stop(file, 0, "this is a folder, not a file" if path.is_dir() else "this is not a plain file")
        with path.open("rb") as opened:
            return opened.read(bytes_max + 1)
    except FileNotFoundError:
        _stop(file, 0, "there is no such file")
    except PermissionError:
        _stop(file, 0, "the file may not be read by this user")
    except (OSError, ValueError) as error:
        _stop(file, 0, f"the file cannot be read ({getattr(error, 'strerror', None) or 'bad name'})")


def _sentence(error: yaml.MarkedYAMLError, at: list[str]) -> str:
    """What the parser found, in plain words."""
    problem = error.problem or "it cannot be read"
    if "\\t" in problem or any(line.lstrip(" ").startswith("\t") for line in at):
        return "a tab stands where only spaces may; indent with spaces"
    if "mapping values are not allowed" in problem:
        return "a colon stands where none may; is the line indented rightly, or should the text be quoted?"
    if "undefined alias" in problem:
        return "an alias (*name) is used that no anchor (&name) has defined"
    return f"this is not YAML ({problem})"


class _Tree:
    """Builds the marked tree of one document from parser events."""

    def __init__(self, file: str, nodes_max: int = NODES_MAX) -> None:
        self.file = file
        self.nodes_max = nodes_max
        self.nodes = 0
        self.anchors: dict[str, tuple[Marked, int] | None] = {}  # None while the anchored node is being built

    def document(self, events: Iterator[Any]) -> Marked:
        """The one document of the events."""
        root: Marked | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self.stop(event, "the file holds a second document; only one is read")
                root = self.node(next(events), events, 0)
        if root is None or (isinstance(root, MarkedScalar) and root.value is None):
            return MarkedMap(Mark(self.file, 1), ())
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Marked:
        """The node that begins with this event."""
        if depth > DEPTH_MAX:
            self.stop(event, f"this is nested more than {DEPTH_MAX} deep")
        before = self.nodes
        self.count(event, 1)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if event.tag is not None and event.tag not in _AS_TEXT:
            self.stop(event, "a tag (!) is used, and tags are not allowed here")
        node: Marked
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = MarkedList(self.mark(event), tuple(self.items(events, depth)))
        else:
            node = MarkedMap(self.mark(event), tuple(self.entries(events, depth)))
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.nodes - before)
        return node

    def items(self, events: Iterator[Any], depth: int) -> Iterator[Marked]:
        """The items of a sequence that has begun."""
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            yield self.node(event, events, depth + 1)

    def entries(self, events: Iterator[Any], depth: int) -> Iterator[tuple[MarkedScalar, Marked]]:
        """The entries of a mapping that has begun."""
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self.node(event, events, depth + 1)
            if not isinstance(key, MarkedScalar):
                self.stop(event, "a key must be plain text")
            if key.text == "<<" and not getattr(event, "style", None):
                self.stop(event, "merging with << is not supported; write the keys out")
            yield key, self.node(next(events), events, depth + 1)

    def scalar(self, event: Any) -> MarkedScalar:
        """A scalar with its value: quoted or tagged it is text, else what it looks like."""
        text: str = event.value
        plain = not event.style and event.tag is None
        return MarkedScalar(self.mark(event), plain_value(text) if plain else text, text)

    def alias(self, event: Any) -> Marked:
        """What an alias stands for, counted as if it were written out."""
        if event.anchor not in self.anchors:
            self.stop(event, "an alias (*name) is used that no anchor (&name) has defined")
        known = self.anchors[event.anchor]
        if known is None:
            self.stop(event, "an alias (*name) is used inside what it stands for")
        node, size = known
        self.count(event, size)
        return node

    def count(self, event: Any, more: int) -> None:
        self.nodes += more
        if self.nodes > self.nodes_max:
            self.stop(event, f"the file has more than {self.nodes_max:,} values, aliases counted in full")

    def mark(self, event: Any) -> Mark:
        return Mark(self.file, event.start_mark.line + 1)

    def stop(self, event: Any, sentence: str) -> NoReturn:
        _stop(self.file, event.start_mark.line + 1, sentence)


def plain_value(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
