"""A program for test_last_door.py: shows every hostile text through every kind of widget, then ends.

    python hostile_app.py door|safe|off|benign|crash-door|crash-off

`door`: raw text, the last door on. `safe`: text through `safe_text`, no door. `off`: neither, which must let the
payloads through. `benign`: harmless text, which shows what the toolkit itself says to a terminal. `crash-`: the
texts are in the message of an exception that ends the app, with and without the door of the crash report.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence

from rich.text import Text
from textual.app import App
from textual.containers import Grid, VerticalScroll
from textual.content import Content
from textual.filter import LineFilter
from textual.widget import Widget
from textual.widgets import (
    Button,
    DataTable,
    Input,
    Label,
    Log,
    Markdown,
    OptionList,
    RichLog,
    Static,
    TextArea,
    Tree,
)
from textual.widgets.option_list import Option

from incident.kernel.text import safe_text
from incident_tui.widgets.last_door import CrashDoor, LastDoor
from tests.hostile import HOSTILE

WIDTH, HEIGHT = 160, 150  # every text of a kind on one screen, one line each
LENGTH = 120  # so that no text takes a second line
TOASTS = (
    "clipboard write, ST",
    "redraw from the top",
    "C1 CSI",
    "zero-width space",
    "closing a style",
    "full reset",
)


def data_table(texts: list[str]) -> Widget:
    table: DataTable[Text] = DataTable()
    table.add_column(Text("text"))
    for text in texts:
        table.add_row(Text(text), height=1)
    return table


def text_area(texts: list[str]) -> Widget:
    return TextArea("\n".join(texts), soft_wrap=False)


def log(texts: list[str]) -> Widget:
    widget = Log()
    widget.write_lines(texts)
    return widget


def rich_log(texts: list[str]) -> Widget:
    widget = RichLog(markup=False, highlight=False)
    for text in texts:
        widget.write(Text(text))
    return widget


def tree(texts: list[str]) -> Widget:
    widget: Tree[None] = Tree(Text("tree"))
    widget.root.expand()
    for text in texts:
        widget.root.add_leaf(Text(text))
    return widget


def titled(texts: list[str]) -> Widget:
    """Each text in the upper and in the lower border of its own box, the boxes side by side in pairs."""
    boxes = []
    for text in texts:
        box = Static("")
        box.border_title = Content(text)
        box.border_subtitle = Content(text.replace("title", "subtitle", 1))
        boxes.append(box)
    return Grid(*boxes)


KINDS: dict[str, Callable[[list[str]], Iterable[Widget]]] = {
    "static": lambda texts: [Static(text, markup=False) for text in texts],
    "content": lambda texts: [Static(Content(text)) for text in texts],
    "rich": lambda texts: [Static(Text(text)) for text in texts],
    "label": lambda texts: [Label(text, markup=False) for text in texts],
    "button": lambda texts: [Button(Content(text), compact=True) for text in texts],
    "input": lambda texts: [Input(text, compact=True, select_on_focus=False) for text in texts],
    "placeholder": lambda texts: [Input(placeholder=text, compact=True) for text in texts],
    "area": lambda texts: [text_area(texts)],
    "options": lambda texts: [OptionList(*(Option(Content(text)) for text in texts))],
    "table": lambda texts: [data_table(texts)],
    "log": lambda texts: [log(texts)],
    "richlog": lambda texts: [rich_log(texts)],
    "tree": lambda texts: [tree(texts)],
    "markdown": lambda texts: [Markdown("\n\n".join(texts), open_links=False)],
    "title": lambda texts: [titled(texts)],
}


def marked(kind: str, number: int, text: str) -> str:
    """The text with a mark in front, by which the test knows that it was painted."""
    return f"{kind}{number:03}:{text}"


class HostileApp(App[None]):
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #all > * { height: 1; width: 100%; }
    #all > TextArea, #all > OptionList, #all > DataTable, #all > Log, #all > RichLog, #all > Tree, #all > Markdown
    { height: 145; border: none; }
    #all > Markdown > * { margin: 0; padding: 0; }
    #all > Grid { grid-size: 2; grid-rows: 2; height: 145; }
    #all > Grid > Static { height: 2; border-top: solid white; border-bottom: solid white; }
    #all > Grid > Static { border-title-align: left; border-subtitle-align: left; }
    ToastRack { width: 100%; }
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.doors = [LastDoor()] if mode == "door" else []
        if mode == "crash-door":
            self.error_console.push_render_hook(CrashDoor())

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self.doors]

    def compose(self) -> Iterable[Widget]:
        yield VerticalScroll(id="all")

    def on_mount(self) -> None:
        if self.mode.startswith("crash"):
            raise RuntimeError("\n".join(self.texts("crash")))
        self.run_worker(self.show_all(), exit_on_error=True)

    def texts(self, kind: str) -> list[str]:
        texts = [marked(kind, number, hostile.text[:LENGTH]) for number, hostile in enumerate(HOSTILE)]
        if self.mode == "benign":
            return [marked(kind, number, "HART-1 \u25cf") for number in range(len(HOSTILE))]
        return [safe_text(text) for text in texts] if self.mode == "safe" else texts

    async def show_all(self) -> None:
        """Every kind in turn, each until it has been painted, and last a few toasts."""
        stage = self.query_one("#all")
        for kind, make in KINDS.items():
            await stage.remove_children()
            await stage.mount(*make(self.texts(kind)))
            await self.painted()
        await stage.remove_children()
        for text, hostile in zip(self.texts("notify"), HOSTILE, strict=True):
            if hostile.name in TOASTS:
                self.notify(text, title=text.replace("notify", "toast"), markup=False, timeout=30)
        await self.painted()
        self.exit()

    async def painted(self) -> None:
        done = asyncio.Event()
        self.call_after_refresh(done.set)
        await done.wait()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    app = HostileApp(sys.argv[1])
    app.run()
    sys.exit(app.return_code or 0)
