"""A scripted partner for drills and the demo: plays other agencies from a file, as ``virtual/<AGENCY>``.

The file names streams and commands in plain YAML; nothing in here knows what they mean. The partner says nothing
for an agency while a person of that agency is connected, and only plays in exercises. Ids follow from the
script's place and the data folder, so that a restart goes on where it was.

    streams: {scene: incident/$ID, own: $scene/own/SCAS}      $ID is a UUID of this data folder and alias
    setup:                                                    at once, in order, whoever is connected
      - {as: it, stream: scene, agency: LAS, role: operator, type: log.write, body: {text: hello}}
    play:                                                     each at its time from the end of the setup
      - {after: 20 s, stream: scene, agency: SCAS, role: operator, type: log.write, body: {about: $it}}
    repeat:                                                   after the play, again and again
      every: 6 s
      steps: [...]

In a body, ``$label`` is the id of the command of that label, ``$alias`` a stream, ``$ID:alias`` its UUID,
``$yymm`` year and month, ``$now+20m`` the time in that many minutes (UTC ms), and ``$addressed`` the list of what is
addressed to the agency in the stream at that moment.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.reader import read_yaml
from incident.kernel.checks import (
    Check,
    Marked,
    MarkedList,
    MarkedMap,
    duration,
    mapping,
    optional,
    record,
    required,
    sequence,
    text,
    validate,
)
from incident.kernel.model import Model
from incident.kernel.record import encode_body
from incident.kernel.slice import Actor, Refusal
from server import logs
from server.conductor import Automaton
from server.hub import Hub

PAST_SECONDS: Final = 10.0
"""A step whose time passed longer ago than this, while the server was down, is left out."""

DEEP_MAX: Final = 12
_NOW = re.compile(r"\$now(?:\+(\d{1,4})m)?")
_REFERENCE = re.compile(r"\$((?:ID:)?[a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the script. ``after`` counts in seconds from the end of the setup."""

    stream: str
    agency: str
    role: str
    type: str
    body: Any
    after: float = 0.0
    label: str = ""
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Steps that come again and again, one every ``every`` seconds."""

    every: float
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Script:
    """A whole play. ``streams`` maps aliases to the names they stand for."""

    streams: dict[str, str]
    setup: list[Step]
    play: list[Step]
    repeat: Repeat | None = None


def _plain(node: Marked) -> Any:
    if isinstance(node, MarkedMap):
        return {key.text: _plain(value) for key, value in node.entries}
    if isinstance(node, MarkedList):
        return [_plain(item) for item in node.items]
    return node.value


_ANYTHING: Final[Check[Any]] = Check(lambda node, _path, _problems: _plain(node))


def _step(**fields: Any) -> Step:
    return Step(label=fields.pop("as"), **fields)


_STEP: Final[Check[Step]] = record(
    {
        "stream": required(text(40)),
        "agency": required(text(12)),
        "role": optional(text(40), "operator"),
        "type": required(text(80)),
        "body": optional(_ANYTHING, {}),
        "after": optional(duration(0, 86_400), 0.0),
        "as": optional(text(40), ""),
        "on_behalf_of": optional(text(80), ""),
    },
    into=_step,
)
SCHEMA: Final[Check[Script]] = record(
    {
        "streams": required(mapping(text(120), lo=1)),
        "setup": optional(sequence(_STEP), []),
        "play": optional(sequence(_STEP), []),
        "repeat": optional(
            record(
                {"every": required(duration(1, 3_600)), "steps": required(sequence(_STEP, 1))}, into=Repeat
            )
        ),
    },
    into=Script,
)


def read_script(path: Path) -> Script:
    """The script of a file. Raises ConfigError with everything that is wrong with it."""
    return validate(read_yaml(path), SCHEMA)


class Partner:
    """Plays one script against one hub."""

    def __init__(self, hub: Hub, script: Script) -> None:
        self._hub = hub
        self._script = script
        self._actors: dict[tuple[str, str], Automaton] = {}
        self._ids: dict[str, str] = {}
        self.streams: dict[str, str] = {}
        self.refused: list[tuple[str, Refusal]] = []
        """Steps that were refused, by type; for tests and the log."""
        for alias, name in script.streams.items():
            self._ids["ID:" + alias] = hub.own_id("stream", alias)
            self.streams[alias] = self._named(name.replace("$ID", self._ids["ID:" + alias]))

    def _named(self, name: str) -> str:
        return re.sub(r"\$([a-z][a-z0-9_]*)", lambda found: self.streams.get(found[1], found[0]), name)

    async def set_up(self) -> None:
        """Everything of the setup, in order; what was done before a restart changes nothing."""
        for number, step in enumerate(self._script.setup):
            await self._perform(step, f"setup {number}")

    async def run(self) -> None:
        """The play from where it is, then the repeating part for ever."""
        loop = asyncio.get_running_loop()
        start = loop.time() - await self._elapsed()
        for number, step in enumerate(sorted(self._script.play, key=lambda step: step.after)):
            wait = start + step.after - loop.time()
            if wait > -PAST_SECONDS:
                await asyncio.sleep(max(0.0, wait))
                await self._unless_manned(step, f"play {number}")
        repeat = self._script.repeat
        turn = 0
        while repeat is not None:
            for number, step in enumerate(repeat.steps):
                await asyncio.sleep(repeat.every)
                await self._unless_manned(step, f"turn {turn} of {self._hub.now()} {number}")
            turn += 1

    async def _elapsed(self) -> float:
        """Seconds since this play began, by the first record of its first stream."""
        first = await self._hub.store.read(next(iter(self.streams.values())), 0, 1)
        return max(0.0, (self._hub.now() - first[0].recorded_at) / 1000) if first else 0.0

    async def _unless_manned(self, step: Step, place: str) -> None:
        if step.agency not in self._hub.people():
            await self._perform(step, place)

    async def _perform(self, step: Step, place: str) -> None:
        stream = self.streams.get(step.stream, step.stream)
        model = self._hub.models.of(stream)
        command_id = self._hub.own_id("play", place)
        if step.label:
            self._ids[step.label] = command_id
        if model is None or step.type not in model.commands:
            logs.warn("step of an unknown kind", type=step.type, place=place)
            return
        spec = model.spec_of(step.type)
        body = self._filled(step.body, self._addressed(step, model))
        command = model.read_command(step.type, spec.v, encode_body(body))
        answer: object = command
        if not isinstance(command, Refusal):
            try:
                answer = await self._actor(step).do(stream, command, command_id)
            except TimeoutError:
                return
        if isinstance(answer, Refusal):
            self.refused.append((step.type, answer))
            logs.note("step refused", type=step.type, code=answer.code, place=place)

    def _actor(self, step: Step) -> Automaton:
        key = (step.agency, step.role)
        if key not in self._actors:
            self._actors[key] = Automaton(self._hub, Actor(f"virtual/{step.agency}", step.agency, step.role))
        return self._actors[key]

    def _addressed(self, step: Step, model: Model) -> list[str]:
        stream = self.streams.get(step.stream, step.stream)
        return list(model.addressed(self._hub.durable(stream).state, step.agency))

    def _filled(self, value: Any, addressed: list[str], depth: int = 0) -> Any:
        """A body with its references put in."""
        if depth > DEEP_MAX:
            return value
        if isinstance(value, Mapping):
            return {key: self._filled(inner, addressed, depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, addressed, depth + 1) for inner in value]
        if not isinstance(value, str):
            return value
        if value == "$addressed":
            return addressed
        now = _NOW.fullmatch(value)
        if now is not None:
            return self._hub.now() + int(now[1] or 0) * 60_000
        return _REFERENCE.sub(self._meant, value)

    def _meant(self, found: re.Match[str]) -> str:
        name = found[1]
        if name == "yymm":
            return time.strftime("%y%m", time.gmtime(self._hub.now() / 1000))
        return self._ids.get(name) or self.streams.get(name) or found[0]
