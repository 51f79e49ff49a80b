"""Hostile texts of one trust on their way to another: a real server, real clients, and the raw bytes of a terminal.

Three layers stand against a text that acts: it is refused at ingest (by the author's client and by the server,
each for itself), `safe_text` cleans what is shown, and `LastDoor` cleans what is painted. Here each is seen to
work on the whole way, also alone; and with the last two out something does get through, so the proof can fail.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import connect

from incident.boundaries.facts import Propose, Shape
from incident.kernel import protocol, replica
from incident.kernel.slice import Refusal
from incident.log.facts import Write
from incident.organisation.facts import Open, Retitle
from incident.resources.facts import Describe
from incident.state import MODELS
from incident.tasks.facts import Raise
from incident.values import Location
from incident_tui.link import Timing
from incident_tui.session import Session
from tests.e2e.rooms import ENVIRONMENT, ROOT, House
from tests.hostile import HOSTILE, Hostile
from tests.running import run
from tests.server.house import Guest
from tests.tui.rooms import at_desk, until

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no pseudo-terminals whose bytes a test can read"
)
if sys.platform != "win32":
    from tests.e2e.pty_room import Room, room
    from tests.tui.test_last_door import through

SIZE = (200, 260)  # so that the whole log stands on one screen
UNIT = "LAS/A101"
CARELESS = str(ROOT / "tests" / "e2e" / "careless.py")
QUICK = Timing(backoff=0.1, backoff_max=0.5, settled=0.5)
REFUSED = [one for one in HOSTILE if one.refused]
ACCEPTED = [one for one in HOSTILE if not one.refused]
ACCEPTED_HERE = [
    one for one in ACCEPTED if "\n" not in one.text
]  # a log line, a title and a note are one line
PLAIN = str.maketrans("", "", "".join(chr(code) for code in (*range(32), *range(127, 160))))


# -- what is typed, and where ---------------------------------------------------------------------------------


def log_line(text: str) -> Any:
    return Write(text)


def task_title(text: str) -> Any:
    return Raise(text, "SCAS")


def unit_note(text: str) -> Any:
    return Describe(UNIT, note=text)


def feature_name(text: str) -> Any:
    return Propose("rvp", Shape(Location("Colnbrook by-pass")), name=text)


def incident_title(text: str) -> Any:
    return Retitle(text)


FIELDS = (log_line, task_title, unit_note, feature_name, incident_title)


def mark(number: int, field: int) -> str:
    """What the test looks for on the screen: short, and in nothing else."""
    return f"{'LTUFI'[field]}q{number:03}"


def typed(texts: list[Hostile], *, cut: int = 60) -> list[tuple[str, Hostile, Any]]:
    """Each text as a line of the log, and once more in one of the other fields: mark, text, command."""
    found = []
    for number, hostile in enumerate(texts):
        for field in (0, 1 + number % 4):
            marked = f"{mark(number, field)} {hostile.text[:cut]}"
            found.append((mark(number, field), hostile, FIELDS[field](marked)))
    return found


def plain(sentence: str) -> bool:
    """One sentence for a person: nothing in it acts, nothing in it is Python's."""
    ours = sentence.startswith(("The ", "This ", "Not ", "'"))
    return ours and sentence.isprintable() and sentence.endswith(".") and not {"`", "$"} & set(sentence)


# -- the scene ------------------------------------------------------------------------------------------------


def opened(house: House) -> str:
    """LAS opens an exercise, invites SCAS and commits a unit; answers the stream."""
    return prepared(house, 'open "M4/M25 COACH" "M25 J15 TQ 0402 7829"')


def prepared(house: House, *first: str) -> str:
    """The rest of it, once an incident is open."""
    for line in (*first, "invite SCAS", "commit A101"):
        done = house.client("LAS", "do", line)
        assert done.returncode == 0, (line, done.stderr)
    state = json.loads(house.client("LAS", "state", "--json").stdout)
    assert state["boards"]["resources"], state["boards"]
    return str(state["incident"])


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("honest"))
    house.start()
    try:
        opened(house)
        yield house
    finally:
        house.stop()
    assert "Traceback" not in house.log()


@pytest.fixture(scope="module")
def broken_into(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server that refuses no text, with every hostile text in its store."""
    house = House(tmp_path_factory.mktemp("careless"))
    house.program = (CARELESS, "server")
    house.start()
    try:
        yield filled(house)
    finally:
        house.stop()
    assert "Traceback" not in house.log()


def filled(house: House) -> House:
    """With an incident, and in it every text that can be sent."""
    title = Open("COACH Iq999 \x1b]52;c;cm0=\x07\u202eDEMRIFNOC\x1b[31337;1H", "exercise")
    (answer,) = run(sent_raw(house, f"incident/{uuid.uuid4()}", [title]))
    assert isinstance(answer, protocol.Done), answer
    stream = prepared(house)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replica, "flaw_of", lambda *_: None)  # the author's client is as careless
        run(put_in_store(house, stream))
    return house


async def put_in_store(house: House, stream: str) -> None:
    token = house.token("LAS").read_text(encoding="utf-8").strip()
    async with at_desk(house.url + "/", house.folder / "home-las", token, ready=False, timing=QUICK) as las:
        await until(lambda: las.settled and las.stream == stream, what="LAS holds the incident")
        for marked, _, command in stored():
            answer = las.submit(command)
            assert isinstance(answer, str), (marked, answer)
        await until(lambda: not las.unsent, what="the server has answered")
        assert las.cards == (), las.cards[:3]


def walk(scas: Room) -> None:
    """Through the five screens and down a few rows of each, as an operator does."""
    for key in "12345":
        scas.press(key)
        scas.rest()
        for move in ("j", "\x1b[B"):
            scas.press(move)
            scas.rest(0.2, 1.0)
    scas.press("1")
    scas.rest()


def words_of(house: House, part: str = "") -> list[str]:
    """The command line of SCAS's client, whole or with layers taken out."""
    program = [CARELESS, part] if part else ["-m", "incident_tui"]
    silent = house.folder / "silent"
    silent.mkdir(exist_ok=True)
    (silent / "client.yaml").write_text(
        "bell: false\n", encoding="utf-8"
    )  # a bell of ours would look like theirs
    return [
        sys.executable, *program, "connect", house.url, "--token-file", str(house.token("SCAS")),
        "--config", str(silent),
    ]  # fmt: skip


def seen_at_scas(house: House, part: str = "") -> str:
    """What SCAS's client writes to its terminal while somebody walks through it; it must outlive that."""
    env = {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(house.folder / f"home-{part or 'whole'}")}
    with room(words_of(house, part), size=SIZE, cwd=house.folder, env=env) as scas:
        scas.wait_for("COACH" if not part and house.program[0] == "-m" else "q0")
        scas.rest()
        walk(scas)
        assert scas.alive(), scas.written[-2_000:]
        before = len(scas.written)
        scas.press("?")  # it still answers
        scas.wait_for(lambda written: "Help" in written[before:])
        scas.rest()
        assert scas.alive()
        return scas.written


# -- raw frames, as a hand-written client sends them ----------------------------------------------------------


def raw_frame(stream: str, command: Any) -> tuple[str, str]:
    """A Submit written by hand: no code of ours looks at the text. Answers the command id and the JSON."""
    model = MODELS.of(stream)
    assert model is not None
    command_id = str(uuid.uuid4())
    frame = {
        "frame": "submit", "stream": stream, "command_id": command_id, "type": model.name_of(command), "v": 1,
        "written_at": int(time.time() * 1000),
        "body": {
            name: value if isinstance(value, str | int | list) else msgspec.to_builtins(value)
            for name in command.__struct_fields__
            if (value := getattr(command, name)) not in (None, "", ())
        },
    }  # fmt: skip
    return command_id, json.dumps(frame)


async def sent_raw(house: House, stream: str, commands: list[Any], agency: str = "LAS") -> list[Any]:
    """Each answer of the server: Done, Refused or Error."""
    token = house.token(agency).read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}"}
    answers = []
    async with (
        asyncio.timeout(90),
        connect(house.url, additional_headers=headers, proxy=None, max_size=2**21, max_queue=None) as socket,
    ):
        guest = Guest(socket)
        await guest.hello()
        for command in commands:
            command_id, frame = raw_frame(stream, command)
            await socket.send(frame)
            answers.append(await answered(guest, command_id))
    return answers


async def answered(guest: Guest, command_id: str) -> Any:
    while True:
        frame = await guest.next()
        if isinstance(frame, protocol.Error):
            return frame
        if isinstance(frame, protocol.Refused) and frame.command_id == command_id:
            return frame
        if isinstance(frame, protocol.Accepted):
            for done in frame.done:
                if done.command_id == command_id:
                    return done


# -- the first layer ------------------------------------------------------------------------------------------


async def typed_at_las(house: House, stream: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Type everything at LAS's real client; answers the marks it took, and what it said of those it did not."""
    token = house.token("LAS").read_text(encoding="utf-8").strip()
    taken, refused = [], []
    async with at_desk(house.url + "/", house.folder / "home-las", token, ready=False, timing=QUICK) as las:
        await until(lambda: las.settled and las.stream == stream, what="LAS holds the incident")
        for marked, _, command in typed(REFUSED, cut=5_000) + typed(ACCEPTED_HERE):
            answer = las.submit(command)
            if isinstance(answer, Refusal):
                refused.append((marked, answer.sentence))
            else:
                taken.append(marked)
                await until(lambda: not las.unsent, what="the server has answered")
        assert las.cards == (), "the server saw it otherwise than the client"
        await refused_on_opening(las)
    return taken, refused


async def refused_on_opening(las: Session) -> None:
    """The title of a new incident is a text like any other."""
    held = len(las.incidents)
    for hostile in REFUSED:
        answer = las.submit(Open(f"x {hostile.text}", "exercise"))
        assert isinstance(answer, Refusal), hostile.name
        assert plain(answer.sentence), answer.sentence
    assert len(las.incidents) == held


def test_what_acts_is_refused_by_client_and_server_and_the_rest_arrives_harmless(honest: House) -> None:
    stream = str(json.loads(honest.client("LAS", "state", "--json").stdout)["incident"])
    assert len(REFUSED) >= 40
    acting = typed(REFUSED, cut=5_000)
    taken, refused = run(typed_at_las(honest, stream))
    assert [marked for marked, _ in refused] == [marked for marked, _, _ in acting]
    assert [sentence for _, sentence in refused if not plain(sentence)] == []
    assert taken == [marked for marked, _, _ in typed(ACCEPTED_HERE)]

    answers = run(sent_raw(honest, stream, [command for _, _, command in acting]))
    for (marked, hostile, _), answer in zip(acting, answers, strict=True):
        assert isinstance(answer, protocol.Refused | protocol.Error), (marked, hostile.name, answer)
        assert plain(answer.sentence), (hostile.name, answer.sentence)

    written = seen_at_scas(honest)
    assert through(written) == []
    lines = [marked for marked, _, command in typed(ACCEPTED_HERE) if isinstance(command, Write | Raise)]
    assert [marked for marked in lines if marked not in written] == []
    assert [marked for marked, _, _ in acting if marked in written and marked not in taken] == []


def test_the_line_of_a_script_is_judged_like_the_line_of_a_person(honest: House) -> None:
    for text, code, word in (
        ("ring \x07 twice", 1, "control character"),
        ("\u202eDEMRIFNOC", 1, "reading direction"),
        (os.fsdecode(b"\x9b2J"), 1, "broken character"),
        ("[/] [@click=app.quit]x[/]", 0, "CONFIRMED"),
    ):
        done = honest.client("LAS", "do", f"log {text}")
        assert done.returncode == code, (text, done.stdout, done.stderr)
        said = done.stdout + done.stderr
        assert word in said
        assert said.strip().isprintable()


def test_bytes_that_are_no_text_do_not_end_the_client(honest: House) -> None:
    """Textual decodes what is typed strictly; a pasted Latin-1 pound sign would be the end of the room."""
    env = {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(honest.folder / "home-bytes")}
    with room(words_of(honest), size=(120, 40), cwd=honest.folder, env=env) as scas:
        scas.wait_for("LIVE")
        scas.press_bytes(b"\xa3 \xff\x9b2J\xfe")
        scas.rest()
        before = len(scas.written)
        scas.press("\x1b")
        scas.rest()
        scas.press("?")
        scas.wait_for(lambda written: "Help" in written[before:])
        assert through(scas.written) == []


# -- the other two --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "second", "third"])
def test_what_a_server_let_through_is_harmless_at_the_other_trust(broken_into: House, part: str) -> None:
    written = seen_at_scas(broken_into, part)
    assert through(written) == []
    lines = [marked for marked, _, command in stored() if isinstance(command, Write)]
    assert [marked for marked in lines if marked not in written] == []
    assert "52;c;cm0" in written.translate(PLAIN), "the text itself was never painted"


def stored() -> list[tuple[str, Hostile, Any]]:
    """What such a server takes: half a character is no JSON."""
    return [one for one in typed(REFUSED) if "surrogate" not in one[1].name]


def test_with_both_layers_out_something_does_get_through(broken_into: House) -> None:
    """The control run: if this is harmless, the runs above prove nothing."""
    env = {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(broken_into.folder / "home-open")}
    with room(words_of(broken_into, "open"), size=SIZE, cwd=broken_into.folder, env=env) as scas:
        scas.wait_for("q0")
        for key in "12345":
            scas.press(key)
            scas.rest()
        written = scas.written
    assert "\x1b]52;c;cm0gLXJmIC8=" in written
    assert "\u202eDEMRIFNOC" in written
    assert len(set(through(written))) > 20


@pytest.mark.parametrize("part", ["second", "third"])
def test_what_a_server_let_through_is_harmless_in_a_script(broken_into: House, part: str) -> None:
    for more in ((), ("--json",)):
        said = printed(broken_into, part, "state", *more)
        assert harmless_print(said, part), said
        assert "Iq" in said  # the title
        assert "52;c;" in said
        log = printed(broken_into, part, "tail", "--lines", "1000", *more)
        assert harmless_print(log, part), log
        lines = [marked for marked, _, command in stored() if isinstance(command, Write)]
        assert [marked for marked in lines if marked not in log] == []
        assert "52;c;" in log
    for words in (
        ("log",),
        ("log", "--format", "csv"),
        ("log", "--format", "json"),
        ("picture", "--format", "json"),
    ):
        assert harmless_print(printed(broken_into, part, "report", *words), part), words
    refused = printed(broken_into, part, "do", "incident Iq999 \x9b2J\u202e")
    assert through(refused.replace("\n", "")) == []


def test_a_script_without_any_layer_does_get_them(broken_into: House) -> None:
    """The control run of the one above."""
    assert "\u202eDEMRIFNOC" in printed(broken_into, "open", "tail", "--lines", "1000")
    assert "\x1b]52;c;cm0" in printed(broken_into, "open", "state")


def printed(house: House, part: str, *words: str) -> str:
    """What the client without a screen prints, with one layer alone; `tail` is ended once it is silent."""
    first, *rest = words
    at = [first, house.url] if first != "do" else [first, house.url, *rest]
    what = (
        [rest[0], house.url, *rest[1:]] if first == "report" else [*at[1:], *([] if first == "do" else rest)]
    )
    said = house.folder / f"said-{part}-{first}"
    with said.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, CARELESS, part, first, *what, "--token-file", str(house.token("SCAS"))],
            stdout=out, stderr=subprocess.STDOUT, cwd=house.folder,
            env={**ENVIRONMENT, "INCIDENT_TUI_HOME": str(house.folder / f"home-{part}-{first}"), "PYTHONUTF8": "1"},
        )  # fmt: skip
    deadline, size = time.monotonic() + 60, -1
    while (
        running.poll() is None and time.monotonic() < deadline and (not size or size != said.stat().st_size)
    ):
        size = said.stat().st_size if first == "tail" else 0
        time.sleep(2)
    running.kill()
    running.wait()
    return said.read_bytes().decode("utf-8", "surrogateescape")


def harmless_print(said: str, part: str = "second") -> bool:
    """Lines of text and nothing else; where `safe_text` is at work also nothing that JSON would bring back to life."""
    acts = through(said.replace("\n", "").replace("\r", "")) if said else ["nothing"]
    dormant = "\\u001b" in said or "\\u202e" in said or "\\u0007" in said
    return not acts and (part == "third" or not dormant)
