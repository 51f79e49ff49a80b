"""A seat at which every text that others can write is hostile, as if a server had let all of it through.

The histories are those of the golden logs and of the busy incident. Every free text in them is replaced: it is
payload after payload as far as the field is long, each behind a mark, a character by which a test knows it again on
the screen. Which payload stands where moves on with ``shift``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from incident.kernel.record import Record, chained, genesis
from incident.kernel.replica import LinkWord
from incident.kernel.slice import Actor, Refusal
from incident.state import EXCON
from incident_tui.cache import CardItem
from incident_tui.link import LinkState
from tests.golden import make
from tests.hostile import HOSTILE
from tests.incident.given import INCIDENT_STREAM, OWN_STREAM, REGISTER_STREAM, Given
from tests.incident.papers import EXCON_STREAM
from tests.tui import world
from tests.tui.world import FakeSession

SHORT, LONG = 9, 20
"""Of a payload so much stands in a text: what acts is at its beginning, and the next one needs room, too. Markup is
nothing without its end."""
LEAST = 12
"""A field that holds less is a code of the field."""
SENDABLE = [n for n, one in enumerate(HOSTILE) if "surrogate" not in one.name]
"""Half a character is no JSON, so no server can send it."""
FIRST = 0x4E00
MARK = re.compile(f"[{chr(FIRST)}-{chr(FIRST + len(HOSTILE) - 1)}]")
_REFERENCE = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}|^[A-Z]+/\S+$|^\S+/\S*$|^[a-z_]+(/[a-z_]*)*$")


def marked(number: int) -> str:
    """One payload behind its mark."""
    text = HOSTILE[number].text
    return chr(FIRST + number) + text[: LONG if "[" in text and not HOSTILE[number].changed else SHORT]


class Pen:
    """Writes one hostile text after another."""

    def __init__(self, shift: int) -> None:
        self._next = shift

    def text(self, limit: int = 200, *, wild: bool = False) -> str:
        """As many payloads as there is room for; ``wild``: such as no JSON can carry, too."""
        known = range(len(HOSTILE)) if wild else SENDABLE
        written = ""
        for turn in range(len(known)):
            more = marked(known[(self._next + turn) % len(known)])
            if written and len(written) + len(more) > limit:
                break
            written += more[:limit]
        self._next += 5
        return written


# -- histories ------------------------------------------------------------------------------------------------


@cache
def _type_of(cls: type) -> inspect.Type:
    return inspect.type_info(cls)


def replaced(value: Any, kind: inspect.Type, pen: Pen) -> Any:
    """The JSON value with every free text in it another."""
    match kind:
        case inspect.UnionType(types=types):
            fitting = [one for one in types if isinstance(one, _FITTING.get(type(value), ()))]
            return replaced(value, fitting[0], pen) if fitting else value
        case inspect.StrType() if isinstance(value, str):
            free = kind.pattern in (None, r"\S") and (kind.max_length or 200) >= LEAST
            if not free or (kind.min_length or 0) > 1 or _REFERENCE.search(value) or not value:
                return value
            return pen.text(kind.max_length or 200)
        case inspect.StructType() if isinstance(value, dict):
            known = {field.encode_name: field.type for field in kind.fields}
            return {n: replaced(part, known[n], pen) if n in known else part for n, part in value.items()}
        case inspect.DictType() if isinstance(value, dict):
            return {name: replaced(part, kind.value_type, pen) for name, part in value.items()}
        case inspect.ListType() | inspect.VarTupleType() if isinstance(value, list):
            return [replaced(part, kind.item_type, pen) for part in value]
    return value


_FITTING: dict[type, tuple[type, ...]] = {
    str: (inspect.StrType,),
    dict: (inspect.StructType, inspect.DictType),
    list: (inspect.ListType, inspect.VarTupleType),
}


def tampered(given: Given, pen: Pen) -> Given:
    """The history as a server tells it that lets everything through: hostile bodies, authors and principals."""
    prev, records = genesis(given.stream), []
    for record in given.records:
        event = given.model.events[record.type].spec.cls
        body = replaced(msgspec.json.decode(record.body), _type_of(event), pen)
        raw = msgspec.Raw(msgspec.json.encode(body))
        if not _reads(given, record, raw):
            raw = record.body
        by_machine = record.actor in ("system", "excon") or record.actor.startswith("virtual/")
        fresh = msgspec.structs.replace(
            record,
            body=raw,
            actor=record.actor if by_machine else pen.text(80),
            on_behalf_of=pen.text(80) if record.on_behalf_of or record.type == "log.written" else "",
            hash="",
        )
        prev = chained(prev, given.stream, fresh)
        records.append(msgspec.structs.replace(fresh, hash=prev))
    given.records = records
    given.view = given.model.fold(records)
    given._hash = prev
    return given


def _reads(given: Given, record: Record, raw: msgspec.Raw) -> bool:
    try:
        given.model.read_event(record.type, record.v, raw)
    except (msgspec.MsgspecError, ValueError):
        return False
    return True


# -- the seat -------------------------------------------------------------------------------------------------


def untouched(kind: str) -> dict[str, Given]:
    """The histories by stream, before anybody has tampered with them."""
    if kind == "busy":
        return {
            INCIDENT_STREAM: world.busy_incident(),
            OWN_STREAM: world.own_part(),
            REGISTER_STREAM: world.register(),
        }
    streams = {
        INCIDENT_STREAM: make.incident(),
        OWN_STREAM: make.own(),
        REGISTER_STREAM: make.register(),
    }
    return {INCIDENT_STREAM: make.incident(), EXCON_STREAM: make.excon()} if kind == "excon" else streams


class ForeignSession(FakeSession):
    """A seat of LAS, or of exercise control, where everything comes from enemies."""

    def __init__(self, shift: int = 0, kind: str = "golden") -> None:
        self.titles = Pen(shift)
        super().__init__(me=Actor("EOC desk 2", "EXCON" if kind == "excon" else "LAS", "operator"))
        self.restage(shift, kind)

    def restage(self, shift: int, kind: str) -> None:
        """Other texts, or the same ones elsewhere; the seat looks at them at once."""
        pen = self.pen = Pen(shift)
        self.titles = Pen(shift)
        role = "excon" if kind == "excon" else "tactical_commander"
        self.me = Actor(pen.text(80), "EXCON" if kind == "excon" else "LAS", role)
        self.world = {stream: tampered(given, pen) for stream, given in untouched(kind).items()}
        if kind == "excon":
            assert self.world[EXCON_STREAM].model is EXCON
        self.charter = self.world[INCIDENT_STREAM].charter
        self.at = max(given.now for given in self.world.values()) + 30_000
        self.stream = INCIDENT_STREAM
        self.held = {stream: self._watched(stream, given) for stream, given in self.world.items()}
        self.feed = self._feed()
        self.around()
        self.version += 1_000

    def around(self) -> None:
        """What is told beside the histories: who is here, the line, cards, notices, drafts."""
        text = self.pen.text
        self.server_name = text(80)
        self.present = {agency: (text(80), text(80)) for agency in ("LAS", "SCAS", "SECAMB")}
        self.state = LinkState(
            LinkWord.ISLAND, since_ms=self.at, retry_in_s=4.0, sentence=text(300, wild=True)
        )
        self.disk_trouble = text(200, wild=True)
        self.drafts = {"log": text(200)}
        given = self.world[INCIDENT_STREAM]
        record = next(one for one in given.records if one.type == "log.written")
        submit = given.submit(make.lg.Write(text(200)))
        facts = {"held_by": text(80), "since": text(40), "grant": text(80)}
        self.cards = tuple(
            CardItem(
                msgspec.structs.replace(submit, command_id=f"{n:08x}-0000-7000-8000-00000000ffff"),
                Refusal("claim_held", text(300), facts, conflict=True),
                self.at,
                text(200),
                (),
            )
            for n in range(12)
        )
        assert record.seq
        self.notices.extend(("caution", text(300, wild=True)) for _ in range(3))

    def look(self) -> Any:
        """Another title at every look, so that the lines at the top have shown everything soon."""
        made = super().look()
        organisation = msgspec.structs.replace(made.state.organisation, title=self.titles.text(200))
        return replace(made, state=msgspec.structs.replace(made.state, organisation=organisation))

    @property
    def incidents(self) -> tuple[Any, ...]:
        """The list as the server sends it: summaries are the server's words."""
        (own,) = super().incidents
        text = Pen(self.pen._next).text
        more = [
            type(own)(
                f"incident/01a80000-0000-7000-8000-0000000001{n:02}",
                n + 1,
                {**own.summary, "title": text(200), "number": text(24), "opened_by": text(80)},
            )
            for n in range(20)
        ]
        return (own, *more)


def seen_in(lines: Iterable[str]) -> set[int]:
    """The payloads whose marks stand in these lines."""
    return {ord(found) - FIRST for line in lines for found in MARK.findall(line)}
