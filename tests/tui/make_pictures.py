"""Makes docs/pictures with the real application. `python -m tests.tui.make_pictures` writes them anew.

With `all` behind it, every screen at every size is written, for looking at; the papers need fewer.

A seat of LAS on the coach exercise at the M4 and M25, its clock standing still. A picture names no host and loads
nothing: the typeface is whatever fixed one the reader has, so widths are the picture's own.
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
from pathlib import Path

from rich.cells import cell_len

from incident.boundaries import facts as b
from incident.comms import facts as c
from incident.kernel.receipts import Deliver, See
from incident.log.facts import Write
from incident.mutual_aid import commands as a
from incident.mutual_aid import facts as af
from incident.organisation.facts import AssignNumber, Declare, GiveLocation
from incident.places import facts as p
from incident.resources.facts import SetStatus
from incident.tasks import facts as t
from incident.values import Location
from tests.incident.given import MINUTE
from tests.tui.world import FakeSession, app_of, local_time_is_utc

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PICTURES: dict[str, tuple[str, ...]] = {
    "picture": ("1",),
    "resources": ("2", "j"),
    "boundaries": ("3", "j"),
    "poyle": ("3", "w"),
    "dartford": ("3", "w"),
    "m4-m25": ("3", "w", "plus"),
    "tasks": ("4", "j"),
    "log": ("5",),
    "casualties": ("6",),
    "aid": ("7", "j"),
    "methane": ("colon", *"methane", "enter"),
    "alarms": ("comma",),
    "commanders": ("colon", *"commanders", "enter"),
}
"""Which keys lead to what is shown."""
SCENES: dict[str, Location] = {
    "poyle": Location("Colnbrook, Poyle", "TQ 0338 7538", 51.468, -0.513),
    "dartford": Location("Dartford crossing", "TQ 5702 7651", 51.466, 0.259),
}
"""Pictures of another scene: where three trusts meet, and a river between two."""
SIZES = ((80, 24), (120, 40), (200, 60))
EVERY = tuple((name, width, height) for name in PICTURES for width, height in SIZES)
KEPT = tuple(one for one in EVERY if one[0] == "picture" or one[1] == 120)
"""Those that are committed."""
FACE = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace'

TEXT = re.compile(
    r'(<text class="[^"]*-r\d+" )x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>([^<]*)</text>', re.DOTALL
)
WORDS = re.compile(r"\S+(?: \S+)*")


def exercise() -> FakeSession:
    """Forty minutes in: four agencies, eleven units, two rendezvous points, and tasks in several states."""
    session = FakeSession()
    state = session.look().state
    tasks = {task.title: key for key, task in state.tasks.rows.items()}
    points = {row.owner: key for key, row in state.boundaries.rows.items() if row.kind == "rvp"}
    session.happens("LAS", AssignNumber("LAS-2611-03"))
    session.happens("SECAMB", Declare("SECAMB", "standby", ""))
    session.happens("LAS", c.SetLink("ICC-1"))
    _aid(session)
    session.happens("LAS", b.Decline(points["SCAS"], "a lorry blocks the way in from the west"))
    session.later(40)
    session.happens("SCAS", t.Begin(tasks["Open RVP B"]))
    session.happens("SECAMB", Deliver((f"tasks/{tasks['Close slip road at J4b']}",)))
    relief = f"tasks/{tasks['Relief for HART by 16:00']}"
    session.happens("SECAMB", See((relief,)))
    session.later(35)
    done = session.happens("LAS", t.Raise("HEMS to stand by at Denham", "SCAS", priority="urgent"))
    session.happens("SCAS", t.Accept(done))
    session.later(70)
    session.happens("SCAS", t.Finish(done, "crew on the apron"))
    session.happens("SCAS", Write("sector commander asks for lighting at the casualty clearing point"))
    session.later(20)
    session.submit(SetStatus("LAS/A103", "SCN"))
    session.submit(Write("two buses confirmed, first at RVP B 14:50"))
    session.confirm()
    session.later(3)
    session.submit(Write("third bus asked for"))
    session.kept()
    return session


def _aid(session: FakeSession) -> None:
    """SECAMB lends two ambulances of three, SCAS is asked for a HART team, two hospitals are stood up."""
    terms = af.Terms(
        lines=(af.Line("DCA", 3),), needed_by=session.at + 30 * MINUTE, talkgroup="ICC-1", methane=2
    )
    session.happens("LAS", a.Raise(lender="SECAMB", terms=terms, approve=True))
    request = next(reversed(session.look().state.mutual_aid.rows))
    some = tuple(a.Sent(f"SECAMB/A40{n}", "DCA", 0, 18, 25, "AVB") for n in (1, 2))
    session.happens("SECAMB", a.NameUnits(request, some))
    session.happens("SECAMB", a.Mobilise(request, ("SECAMB/A401",)))
    hart = af.Terms(lines=(af.Line("HART", 1),), reason="fuel near the coach")
    session.happens("LAS", a.Raise(lender="SCAS", terms=hart, approve=True))
    session.happens("LAS", p.OpenPlaces(("WEXHAM", "HILLINGDON")))
    session.happens("LAS", p.Allocate("WEXHAM", "p1", 2, unit="LAS/A104"))


async def picture(name: str, width: int, height: int) -> str:
    """One screen at one size, as SVG."""
    local_time_is_utc()
    session = exercise()
    if name in SCENES:
        session.happens("LAS", GiveLocation(SCENES[name]))
        for feature in [
            row for row in session.look().state.boundaries.rows.values() if row.withdrawn_at is None
        ]:
            session.happens(feature.owner, b.Withdraw(feature.id))
        for kind, radius in (("inner_cordon", 600.0), ("rvp", None)):
            session.happens("LAS", b.Propose(kind, b.Shape(_beside(SCENES[name], radius), radius)))
    if name == "m4-m25":
        _across_the_line(session)
    app = app_of(session)
    async with app.run_test(size=(width, height), notifications=False) as pilot:
        await pilot.pause()
        await pilot.press(*PICTURES[name])
        await pilot.pause(0.3)
        return plain(app.export_screenshot(title="incident-tui", simplify=True), f"{name}-{width}x{height}")


def _across_the_line(session: FakeSession) -> None:
    """A cordon on both sides of the border, and a rendezvous point of each trust on its own side of it."""
    scene = session.look().state.organisation.location
    ours = next(key for key, row in session.look().state.boundaries.rows.items() if row.name == "RVP B")
    session.happens("LAS", b.Move(ours, b.Shape(Location("West Drayton", "TQ 0600 7915"))))
    outer = session.happens("LAS", b.Propose("outer_cordon", b.Shape(scene, 1_600.0)))
    for agency in ("SCAS", "SECAMB"):
        session.happens(agency, b.Agree(outer))


def _beside(scene: Location, radius: float | None) -> Location:
    """The scene itself for what has a radius, and a place 1.5 km to the east of it for what has none."""
    lat, lon = scene.point or (0.0, 0.0)
    return scene if radius is not None else Location("lorry park", lat=lat, lon=round(lon + 0.022, 5))


def plain(svg: str, name: str) -> str:
    """The picture without what it would load from elsewhere, and the same whenever the screen is the same."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {FACE};", svg)
    svg = re.sub(r"\s*font-variant-east-asian: [^;]*;", "", svg)
    # the last line keeps the feet of its letters
    svg = re.sub(
        r'(clip-terminal">\s*<rect [^>]*height=")([\d.]+)', lambda m: f"{m[1]}{float(m[2]) + 6:g}", svg
    )
    svg = TEXT.sub(_in_place, svg)
    (own,) = set(re.findall(r"terminal-\d+(?=-)", svg))
    return svg.replace(own, name)


def _in_place(found: re.Match[str]) -> str:
    """A run of text as its words, each put on its cell: no viewer need agree about the width of a blank."""
    before, left, between, length, after, written = found.groups()
    words = html.unescape(written).replace("\xa0", " ")
    if not words.strip():
        return ""
    cell = float(length) / cell_len(words)
    made = []
    for word in WORDS.finditer(words):
        x = float(left) + cell * cell_len(words[: word.start()])
        width = cell * cell_len(word[0])
        made.append(
            f'{before}x="{x:.2f}"{between}textLength="{width:.2f}"{after}>{html.escape(word[0], quote=False)}</text>'
        )
    return "".join(made)


def main() -> None:
    """Write those that the papers show, or all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name, width, height in EVERY if "all" in sys.argv[1:] else KEPT:
        svg = asyncio.run(picture(name, width, height))
        (FOLDER / f"{name}-{width}x{height}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
