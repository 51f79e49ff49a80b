"""A program for test_foreign_room.py: the real client at a seat where every text is hostile, walked through whole.

    python foreign_room.py second|third|off REPORT

`second`: with `safe_text` alone. `third`: with the last door alone. `off`: with neither, for one world, which must let
the payloads through. Each time the first layer, which refuses such texts at ingest, is out: that is what the seat is
made of. REPORT gets, as JSON, which payloads were painted in which view, and what went wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from textual.widgets import Input

from incident.kernel import text
from incident_tui.app import IncidentApp
from incident_tui.printing import complain, put
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.room.doing import Deed
from incident_tui.screens.unlock.screen import Glass, Unlock
from incident_tui.settings import Settings
from incident_tui.widgets.command_line import CommandLine
from incident_tui.widgets.prompt import Prompt
from tests.e2e.careless import open_the_door, show_every_text
from tests.hostile import HOSTILE
from tests.tui.foreign_world import SENDABLE, ForeignSession, seen_in

WIDTH, HEIGHT = 200, 60
KINDS = ("golden", "busy", "excon")
STEP = 29
"""The payloads move on by so many from world to world; it shares no factor with their number."""
WORLDS_MAX = 40
FORMS_A_WORLD = 3
ENOUGH = {"second": 80, "third": 25, "off": len(HOSTILE)}
"""Payloads that every view must have shown; all views together show all of them.

Promise P34 asks for 80. The last door sees lines and knows no view, so there it is enough that each view is tried.
"""
PARTS = {
    "status": "#status", "tail": "#tail", "said": "#said", "toast": "Toast", "foot": "#footer", "form": "Form",
    "confirm": "#confirm", "quick": "#quick", "palette": "#palette", "command": "#command", "composer": "#composer",
    "unlock": "#unlock-box", "glass": "#unlock-box",
}  # fmt: skip
"""Where a view stands on the screen; a place stands where all places do."""


class Walk:
    """Walks through one app, world after world, until every view has shown every payload."""

    def __init__(self, app: IncidentApp, session: ForeignSession, worlds: int, enough: int) -> None:
        self.app, self.session, self.worlds = app, session, worlds
        self.room, self.enough = app.room, enough
        self.seen: dict[str, set[int]] = {}
        self.forms = self._every_form()
        self.turn = 0

    # -- looking --

    async def painted(self) -> None:
        """Until what is to be painted has been written to the terminal."""
        for _ in range(2):
            done = asyncio.Event()
            self.app.call_after_refresh(done.set)
            await done.wait()
        await asyncio.sleep(0.01)

    def note(self, *views: str) -> None:
        """Which payloads stand in these parts of the screen now, and in the lines at the top."""
        strips = self.app.screen._compositor.render_strips()
        for view in ("status", *views):
            for widget in self.app.screen.query(PARTS.get(view, "#places")):
                region = widget.region
                lines = [
                    strip.crop(region.x, region.right).text for strip in strips[region.y : region.bottom]
                ]
                self.seen.setdefault(view, set()).update(seen_in(lines))

    def full(self, view: str) -> bool:
        return len(self.seen.get(view, ())) >= self.enough

    # -- walking --

    async def all(self) -> None:
        for turn in range(self.worlds):
            self.turn = turn
            kind = KINDS[0] if self.worlds == 1 else KINDS[turn % len(KINDS)]
            self.session.restage(turn * STEP, kind)
            self.room.doing.close_form()
            for _ in range(3):
                await self.frame()
            if self.worlds == 1:  # that it gets through is seen at once
                break
            await self.places()
            for _ in range(FORMS_A_WORLD):
                if not self.full("form"):
                    await self.form()
            await self.lines()
            await self.boxes()
            if (
                turn
                and all(map(self.full, self.seen))
                and set(range(len(HOSTILE))) <= set().union(*self.seen.values())
            ):
                break

    async def frame(self) -> None:
        """Status, tabs, notices, sentences above and in the foot."""
        if all(map(self.full, ("toast", "said", "foot", "confirm", "quick"))):
            return
        await self.no_toasts()
        pen = self.session.pen
        for _ in range(4):
            self.session.say("caution", pen.text(150, wild=True))
        self.room.pump()
        self.room.say(pen.text(190, wild=True))
        self.room.recount()
        self.room.feed()
        await self.painted()
        await self.toasts(there=True)
        self.note("said", "toast")
        await self.no_toasts()
        self.room.voice.did(pen.text(150))
        await self.painted()
        self.note("foot")
        self.room.voice.did("")
        await self.questions()

    async def no_toasts(self) -> None:
        """Away with them, and with the room that the toolkit leaves them."""
        self.app.clear_notifications()
        for holder in self.app.screen.query("ToastHolder"):
            await holder.remove()
        await self.toasts(there=False)

    async def toasts(self, *, there: bool) -> None:
        """Until the toasts are there, or gone: the toolkit takes its time with them."""
        for _ in range(50):
            found = self.app.screen.query("Toast")
            if all(toast.region for toast in found) and bool(found) is there:
                break
            await self.painted()

    async def questions(self) -> None:
        """The second key, and the quick line."""
        if self.full("confirm") and self.full("quick"):
            return
        action = next(one for one in self.app.actions.all if one.verb is not None)
        pen, deed = self.session.pen, Deed(action)
        self.room.ask_confirm(pen.text(150), pen.text(40), deed, pen.text(150))
        await self.painted()
        self.note("confirm")
        self.room._ask("")
        letters = [(letter, pen.text(40)) for letter in "abc"]
        self.room.ask_letter(pen.text(40), pen.text(80), letters, "abc", deed)
        await self.painted()
        self.note("quick")
        self.room._ask("")

    async def places(self) -> None:
        for name, place in self.room.places.items():
            if self.full(name) or name == "help":
                continue
            self.room.go(name)
            await self.painted()
            self.note(name, "tail")
            if isinstance(place, BoardPlace):
                await self.rows(name, place)

    async def rows(self, name: str, place: BoardPlace) -> None:
        """The details of a few rows."""
        assert place.board is not None
        keys = list(place.board.rows(self.session.look()))
        for key in keys[self.turn % max(1, len(keys)) :][:1]:
            place.go_to(key)
            await self.painted()
            self.note(name, "tail")

    async def boxes(self) -> None:
        """The two boxes of a locked desk: whose desk it is, why it is shut, and what came of a try."""
        pen = self.session.pen
        for view, box in (("unlock", Unlock), ("glass", Glass)):
            if self.full(view):
                continue
            desk = SimpleNamespace(name=pen.text(80), agency=pen.text(80), url=pen.text(150))
            sitting = SimpleNamespace(
                ring=SimpleNamespace(badge=desk), word=pen.text(40), out=pen.text(300, wild=True), glass="",
                by_provider_now=True,
            )  # fmt: skip
            screen = box(sitting, lambda: None)  # type: ignore[arg-type]
            await self.app.push_screen(screen)
            screen.said(pen.text(300, wild=True))
            await self.painted()
            self.note(view)
            screen.dismiss()
            await self.painted()

    def _every_form(self) -> Iterator[Any]:
        while True:
            yield from (one for one in self.app.actions.all if one.verb is not None)
            yield None

    async def form(self) -> None:
        """The form of the next verb, on a row of its board, or the question it asks instead."""
        for action in self.forms:
            if action is None:
                return
            look = self.session.look()
            rows = action.board.rows(look)
            keys = [key for key, row in rows.items() if action.verb.applies(row, look)]
            if action.verb.row and not keys:
                continue
            break
        with contextlib.suppress(StopIteration):
            self.room.doing.start(action, keys[:1] if action.verb.row else ())
        await self.painted()
        if self.room.form is not None:
            if self.room.form.query(Input):
                self.room.form.focus_first()
                self.room.form.refuse(self.session.pen.text(150, wild=True))
            await self.painted()
            self.note("form")
        self.room._ask("")
        self.room.doing.close_form()

    async def lines(self) -> None:
        """Palette, command line with its suggestions, composer."""
        if not self.full("palette"):
            self.room.words.palette({line.command_id: line for line in self.session.log().lines})
            prompt = self.room.query_one("#palette-line", Prompt)
            prompt.put("e")
            await self.painted()
            self.note("palette")
            self.room.words.close_line()
        pen = self.session.pen
        for line in (
            pen.text(150),
            f"s {pen.text(60)}",
            f"find {pen.text(60)}",
            f"log {pen.text(100)} @{pen.text(20)}",
        ):
            if self.full("command"):
                break
            self.room.words.begin_line(line)
            await self.painted()
            self.note("command")
            self.room.words.typed.line(self.room.query_one(CommandLine), line)
            await self.painted()
            self.note("said")
            self.room.words.close_line()
        if self.full("composer"):
            return
        self.room.go("log")
        self.room.query_one("#composer", Prompt).put(pen.text(180))
        self.room.words.compose()
        await self.painted()
        self.note("composer")
        self.room.words.close_line()


def tell(report: Path, told: dict[str, Any]) -> None:
    report.write_text(json.dumps(told), encoding="utf-8")


async def walked(mode: str, report: Path, trouble: Path) -> IncidentApp:
    """The walk, the report, and at the end a bug whose message is made of every payload."""
    session = ForeignSession()
    app = IncidentApp(session, Settings(ascii="never", bell=False, pump=1), trouble)
    told: dict[str, Any] = {"wrong": []}

    async def walking() -> None:
        walk = Walk(app, session, 1 if mode == "off" else WORLDS_MAX, ENOUGH[mode])
        try:
            await walk.all()
        except Exception:  # noqa: BLE001 - it is told, and fails the test
            told["wrong"].append(traceback.format_exc())
        told["seen"] = {view: sorted(found) for view, found in walk.seen.items()}
        told["wrong"] += [notice.sentence for notice in app.kept if "is broken" in notice.sentence]
        told["title"] = [app.title, app.sub_title]
        told["seconds"] = f"{time.process_time():.0f} s of the processor, {walk.turn + 1} worlds"
        tell(report, told)
        raise RuntimeError("\n".join(one.text for one in HOSTILE))

    async def begin() -> None:
        while not app.room.ready or not app.screen_stack or not app.room.query("#footer"):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)
        with app._context():
            try:
                await walking()
            except Exception as error:  # noqa: BLE001 - whatever it is, the program ends
                app._handle_exception(error)

    beginning = asyncio.create_task(begin())
    await app.run_async()
    beginning.cancel()
    await asyncio.gather(beginning, return_exceptions=True)
    if "seen" not in told:
        told["wrong"].append(f"it ended by itself: {app._exception!r}")
        tell(report, told)
    return app


def main(mode: str, report: str) -> int:
    """Take the layers out and walk."""
    if mode in ("off", "third"):
        show_every_text()
    if mode in ("off", "second"):
        open_the_door()
    path = Path(report)
    app = asyncio.run(walked(mode, path, path.with_name("trouble.log")))
    complain(app.last_words)
    for number, one in enumerate(HOSTILE):
        if mode != "off" or number in SENDABLE:
            put(f"printed{number:03}:{text.safe_text(one.text[:60])}")
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
