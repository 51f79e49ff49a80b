"""Makes docs/protocol.md and docs/protocol.schema.json from the code, and the transcript from a real exchange.

python -m tests.server.make_protocol      writes both; test_protocol.py says when they are out of date
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec

from incident.catalogue import Agency, Charter, Kind, Role, charter_from
from incident.kernel import door, protocol
from incident.kernel.model import Model
from incident.kernel.record import Record
from incident.log.facts import Write
from incident.organisation.facts import Invite, Open
from incident.state import MODELS
from incident.values import Location
from server import channel, directory, gateway, hub, joining, session
from server.store.memory import MemoryDisk, MemoryStore
from tests.server.house import Guest, House, house, submitted
from tests.server.protocol_words import WORDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "protocol.md"
SCHEMA = ROOT / "docs" / "protocol.schema.json"
NOW = 1_795_300_000_000
EPOCH = "00000000000000000000000000000001"
STREAM = "incident/00000000-0000-4000-8000-000000000001"

STREAMS: list[tuple[str, str]] = [
    ("incident/<uuid>", "an incident, for its parties; the client that opens it makes the UUID"),
    ("incident/<uuid>/own/<AGENCY>", "one agency's own part of it, which no other agency sees"),
    (
        "incident/<uuid>/excon",
        "exercise control's own part: scenario, injects and notes, which no player sees",
    ),
    ("register/<exercise or live>/<AGENCY>", "an agency's standing register"),
]
EXAMPLES = ("incident/00000000-0000-4000-8000-000000000001", "incident/00000000-0000-4000-8000-000000000001/own/LAS",
            "incident/00000000-0000-4000-8000-000000000001/excon", "register/exercise/LAS")  # fmt: skip


# -- the schema -----------------------------------------------------------------------------------------------


def models() -> list[Model]:
    """The model of every kind of stream, in the order of STREAMS."""
    return [model for model in map(MODELS.of, EXAMPLES) if model is not None]


def frames(union: Any) -> list[type]:
    """The frames of one direction."""
    return list(get_args(union))


def specs(kind: str) -> dict[str, Any]:
    """Every command or event of every model, by its name on the wire, once."""
    found: dict[str, Any] = {}
    for model in models():
        for name, known in getattr(model, kind).items():
            found.setdefault(name, known.spec)
    return found


def components() -> tuple[dict[type, dict[str, Any]], dict[str, Any]]:
    """The JSON Schema of each type that travels, and the definitions they share."""
    types = [*frames(protocol.ClientFrame), *frames(protocol.ServerFrame), protocol.SnapshotPage, Record]
    types += [*frames(door.DoorAsk), *frames(door.DoorAnswer)]
    types = list(dict.fromkeys(types))
    stood_for = {cls: without_raw(cls) for cls in types}
    types += [spec.cls for kind in ("commands", "events") for spec in specs(kind).values()]
    asked = [stood_for.get(cls, cls) for cls in types]
    schemas, definitions = msgspec.json.schema_components(asked, ref_template="#/$defs/{name}")
    return dict(zip(types, schemas, strict=True)), definitions


def without_raw(cls: type) -> type:
    """A frame as it is described: bytes passed on as they came, for which msgspec has no word, are "any JSON"."""
    fields = msgspec.structs.fields(cls)
    if not any(isinstance(field.default, msgspec.Raw) for field in fields):
        return cls
    described: list[Any] = []
    for field in fields:
        if isinstance(field.default, msgspec.Raw):
            described.append((field.name, Any, json.loads(bytes(field.default))))
        elif field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
            described.append((field.name, field.type))
        elif field.default_factory is not msgspec.NODEFAULT:
            described.append((field.name, field.type, msgspec.field(default_factory=field.default_factory)))
        else:
            described.append((field.name, field.type, field.default))
    words = {"__doc__": cls.__doc__}
    tag = cls.__struct_config__.tag  # type: ignore[attr-defined]
    return msgspec.defstruct(
        cls.__name__, described, tag_field="frame", tag=tag, kw_only=True, namespace=words
    )


def schema() -> str:
    """docs/protocol.schema.json."""
    by_type, definitions = components()

    def of(cls: type) -> dict[str, Any]:
        return by_type[cls]

    commands = {name: {"v": spec.v, "body": of(spec.cls)} for name, spec in specs("commands").items()}
    events = {name: {"v": spec.v, "body": of(spec.cls)} for name, spec in specs("events").items()}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"incident-tui, protocol {protocol.PROTOCOL}",
        "description": "Frames by direction; the body of a Submit by its type, and of a record by its type.",
        "client": {"oneOf": [of(cls) for cls in frames(protocol.ClientFrame)]},
        "server": {"oneOf": [of(cls) for cls in frames(protocol.ServerFrame)]},
        "door": {
            "desk": {"oneOf": [of(cls) for cls in frames(door.DoorAsk)]},
            "server": {"oneOf": [of(cls) for cls in frames(door.DoorAnswer)]},
        },
        "snapshot_page_header": of(protocol.SnapshotPage),
        "commands": dict(sorted(commands.items())),
        "events": dict(sorted(events.items())),
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


# -- a type in words ------------------------------------------------------------------------------------------


class Wording:
    """Turns schemas into a few words, and collects the structures that must be told apart."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self.definitions = definitions
        self.needed: dict[str, None] = {}

    def say(self, node: dict[str, Any]) -> str:
        """What a value must be."""
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            self.needed.setdefault(name)
            return f"[{title_of(name)}](#{anchor(title_of(name))})"
        if "anyOf" in node:
            return " or ".join(self.say(one) for one in node["anyOf"])
        if "enum" in node:
            return "one of " + ", ".join(f"`{json.dumps(word)}`" for word in node["enum"])
        kind = node.get("type")
        if kind == "string":
            return self.text(node)
        if kind in ("integer", "number"):
            return kind + bounds(node, "minimum", "maximum")
        if kind == "array":
            inner = self.say(node.get("items", {})) if node.get("items") else "anything"
            return f"list of {inner}" + bounds(node, "minItems", "maxItems")
        if kind == "object":
            more = node.get("additionalProperties", {})
            return "object of " + (self.say(more) if isinstance(more, dict) and more else "anything")
        return str(kind) if kind else "JSON"

    def text(self, node: dict[str, Any]) -> str:
        """A text, with its bounds and shape."""
        if node.get("description") == "UUID":
            return "UUID"
        if "contentEncoding" in node:
            return "base64"
        pattern = node.get("pattern", "").removesuffix("(?!\\n)")
        words = re.fullmatch(r"\^\(([a-z_|]+)\)\$", pattern)
        if words:
            return "one of " + ", ".join(f'`"{word}"`' for word in words[1].split("|"))
        return "text" + bounds(node, "minLength", "maxLength") + (f" like `{pattern}`" if pattern else "")

    def fields(self, definition: dict[str, Any], *, skip: str = "") -> str:
        """The fields of a structure in one line."""
        needed = set(definition.get("required", ()))
        parts = []
        for name, node in definition.get("properties", {}).items():
            if name == skip:
                continue
            optional = "" if name in needed else f", default `{json.dumps(node.get('default'))}`"
            parts.append(f"`{name}` {self.say(node)}{optional}")
        return "; ".join(parts) + "." if parts else "No fields."


def bounds(node: dict[str, Any], low: str, high: str) -> str:
    """The bounds of a value, in words."""
    lo, hi = node.get(low), node.get(high)
    if hi == protocol.INT_MAX:
        hi = None  # said once, for all integers
    if lo is not None and lo == hi:
        return f" of {lo:,}"
    if lo and hi is not None:
        return f" {lo:,} to {hi:,}"
    if hi is not None:
        return f" up to {hi:,}"
    return f" from {lo:,}" if lo else ""


def title_of(name: str) -> str:
    """The heading of a shared structure."""
    return name.rpartition(".")[2] if "." in name else name


def anchor(title: str) -> str:
    """The place of a heading, as readers of Markdown make it."""
    return re.sub(r"[^a-z0-9-]", "", title.lower().replace(" ", "-"))


def summary(cls: type) -> str:
    """The docstring as one line."""
    return " ".join((cls.__doc__ or "").split()).replace("``", "`")


# -- the document ---------------------------------------------------------------------------------------------


def limits() -> str:
    """Every bound a client meets, out of the code that keeps it."""
    rows = [
        ("one frame to the server", f"{protocol.CLIENT_FRAME_BYTES_MAX:,} bytes"),
        (
            "one frame from the server, and one snapshot page inflated",
            f"{protocol.SERVER_FRAME_BYTES_MAX:,} bytes",
        ),
        ("nesting of JSON", str(protocol.NESTING_MAX)),
        (
            "records in one frame",
            f"{protocol.PAGE_RECORDS_MAX}, save that a command's records are never parted",
        ),
        (
            "commands of one connection that wait for an answer; past it nothing more is read",
            session.UNANSWERED_MAX,
        ),
        ("Watch and Page frames that wait their turn", session.ERRANDS_MAX),
        ("streams watched on one connection", gateway.STREAMS_MAX),
        ("frames in a row that are none", f"{gateway.BAD_FRAMES_MAX}; with the next, close 1008"),
        ("bytes that may wait for a client to read", f"{session.BUFFER_BYTES_MAX:,}; then close 4008"),
        ("time for the Hello", f"{gateway.HELLO_SECONDS:.0f} s"),
        (
            "heartbeats from the server",
            f"every {hub.BEAT_SECONDS:.0f} s; websocket pings every 5 s, dead after 7 s",
        ),
        (
            "records behind, past which a snapshot is sent to a client that knows the shapes",
            f"{joining.FAR_BEHIND:,}",
        ),
        ("events are joined for at most", f"{channel.WINDOW_SECONDS_MAX * 1000:.0f} ms"),
        ("one frame at the door", f"{door.DOOR_FRAME_BYTES_MAX:,} bytes"),
        ("a code of enrolment is good for", f"{door.CODE_SECONDS // 60} minutes, once"),
        ("a sign-in lasts at most", f"{door.SESSION_SECONDS // 3600} h"),
        ("streams in one Directory", f"{directory.LISTINGS_MAX:,}"),
    ]
    lines = "\n".join(f"| {what} | {much} |" for what, much in rows)
    return f"| what | bound |\n|---|---|\n{lines}\n"


def frame_list(union: Any, wording: Wording, by_type: dict[type, dict[str, Any]]) -> str:
    """The frames of one direction."""
    lines = []
    for cls in frames(union):
        name = by_type[cls]["$ref"].rpartition("/")[2]
        definition = wording.definitions[name]
        tag = definition["properties"]["frame"]["enum"][0]
        lines.append(f"**`{tag}`** {summary(cls)}\n{wording.fields(definition, skip='frame')}\n")
    return "\n".join(lines)


def type_list(kind: str, wording: Wording, by_type: dict[type, dict[str, Any]]) -> str:
    """Every command or event, slice by slice."""
    lines: list[str] = []
    last = ""
    for name, spec in specs(kind).items():
        slice_name = name.partition(".")[0]
        if slice_name != last:
            lines.append(f"\n**{slice_name}**\n")
            last = slice_name
        definition = wording.definitions[by_type[spec.cls]["$ref"].rpartition("/")[2]]
        how = f" ({spec.conflict.value}; offline: {spec.offline.value})" if kind == "commands" else ""
        version = f" v{spec.v}" if spec.v != 1 else ""
        lines.append(f"- `{name}`{version}{how} {summary(spec.cls)} {wording.fields(definition)}")
    return "\n".join(lines)


def structures(wording: Wording) -> str:
    """The structures inside frames and bodies; those they need in turn are found on the way."""
    done: dict[str, str] = {}
    while rest := [name for name in wording.needed if name not in done]:
        for name in rest:
            definition = wording.definitions[name]
            about = " ".join(definition.get("description", "").split()).replace("``", "`")
            done[name] = f"#### {title_of(name)}\n{about}\n{wording.fields(definition)}\n"
    return "\n".join(done[name] for name in sorted(done, key=title_of))


def document() -> str:
    """docs/protocol.md."""
    by_type, definitions = components()
    wording = Wording(definitions)
    parts = {
        "protocol": str(protocol.PROTOCOL),
        "alphabet": door.ALPHABET,
        "idle": str(door.IDLE_SECONDS // 60),
        "code_minutes": str(door.CODE_SECONDS // 60),
        "session_hours": str(door.SESSION_SECONDS // 3600),
        "client_frames": frame_list(protocol.ClientFrame, wording, by_type),
        "server_frames": frame_list(protocol.ServerFrame, wording, by_type),
        "door_asks": frame_list(door.DoorAsk, wording, by_type),
        "door_answers": frame_list(door.DoorAnswer, wording, by_type),
        "limits": limits(),
        "streams": "\n".join(f"- `{name}`: {what}" for name, what in STREAMS),
        "page_header": wording.fields(definitions["SnapshotPage"]),
        "commands": type_list("commands", wording, by_type),
        "events": type_list("events", wording, by_type),
        "transcript": asyncio.run(transcript()),
    }
    parts["structures"] = structures(wording)
    text = WORDS
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part.strip("\n"))
    return text


# -- the transcript -------------------------------------------------------------------------------------------


class Scribe:
    """Writes down what two clients and the server say to each other."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, what: str) -> None:
        """A line between the frames."""
        self.lines.append(f"\n{what}")

    def frame(self, who: str, arrow: str, frame: bytes) -> None:
        """One frame as it travelled."""
        self.lines.append(f"{who} {arrow} {frame.decode()}")


class Room:
    """A client whose every frame is written down."""

    def __init__(self, guest: Guest, name: str, scribe: Scribe) -> None:
        self.guest = guest
        self.name = name
        self.scribe = scribe

    async def say(self, frame: Any) -> None:
        """Send a frame."""
        data = frame if isinstance(frame, bytes) else protocol.encode(frame)
        self.scribe.frame(self.name, "→", data)
        await self.guest.socket.send(data, text=True)

    async def hear(self, *kinds: type) -> list[Any]:
        """The next frames, which are of these kinds."""
        heard = []
        for kind in kinds:
            message = await self.guest.socket.recv(decode=False)
            frame = protocol.read_server(message)
            assert isinstance(frame, kind), f"expected {kind.__name__}, heard {message!r}"
            self.scribe.frame(self.name, "←", message)
            heard.append(frame)
        return heard


def charter() -> Charter:
    """A very small one, so that the opening record fits on a page."""
    grants = ("organisation.open", "organisation.invite", "log.write")
    return charter_from(
        (Agency("LAS", "London Ambulance Service"), Agency("SCAS", "South Central Ambulance Service")),
        (Kind("DCA", "Double-crewed ambulance"),),
        (Role("operator", "Control room operator", grants), Role("observer", "Observer")),
        "exercise",
    )


def id_of(number: int) -> str:
    """The id of a command in the transcript."""
    return f"00000000-0000-7000-8000-{number:012x}"


async def transcript() -> str:
    """A real exchange with a real server, with its clock, its chance and all ids fixed."""
    salts = (f"{number:032x}" for number in range(1, 1_000))
    store = MemoryStore(MemoryDisk(epoch=EPOCH))
    scribe = Scribe()
    settings: dict[str, Any] = {"charter": charter(), "now": lambda: NOW, "salt": lambda: next(salts)}
    async with (
        house(store, MODELS, lists_seconds=3_600, **settings) as home,
        home.connected("LAS", "EOC desk 3") as one,
        home.connected("SCAS", "EOC desk 1") as other,
    ):
        await exchange(home, Room(Guest(one), "LAS ", scribe), Room(Guest(other), "SCAS", scribe), scribe)
    return "\n".join(scribe.lines).strip()


async def exchange(home: House, las: Room, scas: Room, scribe: Scribe) -> None:
    """What the two rooms say."""
    p = protocol
    scribe.say("LAS connects with its token and says Hello.")
    await las.say(p.Hello(protocol=1, client="example 1.0", seat="desk 3"))
    await las.hear(p.Welcome, p.Directory, p.Heartbeat)
    scribe.say("It opens an incident under a UUID of its own making.")
    location = Location("M25 J15 / M4 J4b", "TQ 0402 7829", 51.494, -0.503)
    opening = Open(title="M4/M25 COACH", mode="exercise", location=location)
    await las.say(command(1, opening))
    await las.hear(p.Accepted, p.Directory)
    scribe.say("It watches the incident from the beginning, and is live when Watching comes.")
    await las.say(p.Watch(stream=STREAM))
    await las.hear(p.Records, p.Claims, p.Watching)
    scribe.say("SCAS says Hello. It is not a party: for it, there is no such incident.")
    await scas.say(p.Hello(protocol=1, client="example 1.0"))
    await scas.hear(p.Welcome, p.Directory, p.Heartbeat)
    await scas.say(p.Watch(stream=STREAM))
    await scas.hear(p.Error)
    scribe.say(
        "LAS invites SCAS: LAS gets its answer and, as a watcher, the record; SCAS gets a new directory."
    )
    await las.say(command(2, Invite(("SCAS",))))
    (_, records, _) = await las.hear(p.Accepted, p.Records, p.Directory)
    await scas.hear(p.Directory)
    scribe.say("SCAS watches and writes an entry for what happened a minute ago. Both get the record.")
    await scas.say(p.Watch(stream=STREAM))
    await scas.hear(p.Records, p.Claims, p.Watching)
    entry = command(
        3, Write(text="R321 at scene: coach on its side, about 40 walking."), happened_at=NOW - 60_000
    )
    await scas.say(entry)
    await scas.hear(p.Accepted, p.Records)
    await las.hear(p.Records)
    scribe.say(
        "The answer may have been lost on the way, so SCAS sends the same command again. It is one entry."
    )
    await scas.say(entry)
    await scas.hear(p.Accepted)
    scribe.say("The same id with another content is refused.")
    await scas.say(command(3, Write(text="Something else.")))
    await scas.hear(p.Refused)
    scribe.say("What a role may not do is refused with the grant that is missing.")
    await scas.say(b'{"frame":"submit","stream":"%s","command_id":"%s","type":"organisation.close","body":{},'
                   b'"written_at":%d}' % (STREAM.encode(), id_of(4).encode(), NOW))  # fmt: skip
    await scas.hear(p.Refused)
    scribe.say("LAS comes back with what it holds up to record 2: its hash is checked, and it gets the rest.")
    held = records.records[-1]
    await las.say(p.Watch(stream=STREAM, cursor=held.seq, hash=held.hash))
    await las.hear(p.Records, p.Claims, p.Watching)
    scribe.say("A copy that is not a beginning of the server's history is told so, and gets nothing.")
    await las.say(p.Watch(stream=STREAM, cursor=held.seq, hash="0" * 64))
    await las.hear(p.Error)
    scribe.say("A page of history, a heartbeat with its echo, a frame that is none, and goodbye.")
    await las.say(p.Page(stream=STREAM, before=3, limit=1))
    await las.hear(p.Records)
    await las.say(p.Heartbeat(sent_at=NOW))
    await las.hear(p.Heartbeat)
    await las.say(b'{"frame":"nothing"}')
    await las.hear(p.Error)
    await las.say(p.Bye())
    assert home.hub.durable(STREAM).seq == 3


def command(number: int, body: Any, **more: Any) -> protocol.Submit:
    """A command of the transcript."""
    return submitted(body, STREAM, command_id=id_of(number), models=MODELS, written_at=NOW, **more)


def main() -> None:
    """Write both files."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
