"""The map: how long a picture takes, and how much is sent when units move.

    python -m bench map [--units 2000] [--moved 60] [--rounds 60] [--write]

At 200x60 cells, on the detailed areas where they lie beside the checkout, otherwise on fourteen made ones of the same
size (`bench/ground.py`). A picture is everything from the scene to painted lines: at another scale (nothing is kept),
after a move by one cell, and after some units have moved. What is sent is what Textual's compositor would write to a
terminal: all of it at first, then after those units have moved by one cell each.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult

from bench.ground import detailed, made
from incident.geography import Areas
from incident_tui import themes
from incident_tui.map import lod
from incident_tui.map.draw import Drawing
from incident_tui.map.paint import Painter
from incident_tui.map.scene import AreaDrawing, Ground, Mark, Scene, Stroke
from incident_tui.map.view import View
from incident_tui.widgets.map_canvas import MapCanvas
from incident_tui.widgets.paint import paint_for

BEGIN, END = "<!-- map figures: begin -->", "<!-- map figures: end -->"
WIDTH, HEIGHT = 200, 60
FRAME_GOAL_MS = 5.0
SENT_GOAL = 0.25
SCALES = {"all areas": 0.0, "region": 400.0, "county": 100.0, "city": 20.0}
"""Metres per dot; nought is whatever shows everything."""
HEAD = (
    "| in sight | m a dot | drawn anew p50, ms | p95 | picture moved p50, ms | p95 | units moved p50, ms | p95 | goal "
    "| whole picture, KiB | units moved, KiB | share | goal |"
)


def scene_of(areas: Areas, middle: tuple[float, float], units: int) -> Scene:
    """An incident in the middle, cordons around it, and units: most of them near, some everywhere."""
    chance = random.Random(5)
    west, south, east, north = bounds(areas)
    east0, north0 = middle

    def somewhere(number: int) -> tuple[float, float]:
        if number % 4 == 0:
            return chance.uniform(west, east), chance.uniform(south, north)
        spread = (3_000, 15_000, 60_000)[number % 3]
        return chance.gauss(east0, spread), chance.gauss(north0, spread)

    def ring(radius: float) -> tuple[tuple[float, float], ...]:
        from shapely import Point  # noqa: PLC0415 - as a cordon is made

        return tuple(Point(*middle).buffer(radius).exterior.coords)

    marks = [
        Mark(
            f"u{n}",
            somewhere(n),
            "▲",
            "A",
            ("ink", "dim", "good")[n % 3],
            f"LAS/A{n}",
            10,
            "units",
            n % 11 == 0,
        )
        for n in range(units)
    ]
    marks.append(Mark("scene", middle, "✱", "*", "alarm", "scene", 100))
    marks += [
        Mark(f"h{n}", somewhere(n), "H", "H", "good", f"Hospital {n}", 20, "hospitals") for n in range(60)
    ]
    return Scene(
        AreaDrawing(areas, areas.codes[0]),
        (Stroke(((east0 - 4e4, north0), (east0 + 4e4, north0 + 9e3)), "dim", "dashed"),),
        (
            Ground(ring(500), "alarm", "hot", key="inner"),
            Ground(ring(1_500), "caution", dash="dotted", key="outer"),
            Ground(ring(12_000), "good", "other", dash="dashed", key="covered"),
        ),
        tuple(marks),
        "INDICATIVE",
    )


def bounds(areas: Areas) -> tuple[float, float, float, float]:
    """West, south, east and north of them all."""
    each = [shape.bounds for shape in areas.shapes]
    return min(b[0] for b in each), min(b[1] for b in each), max(b[2] for b in each), max(b[3] for b in each)


def view_of(areas: Areas, middle: tuple[float, float], scale: float) -> View:
    """The picture at a scale."""
    if scale:
        return View(*middle, scale, WIDTH, HEIGHT)
    return View.fitted(bounds(areas), WIDTH, HEIGHT)


def moved(scene: Scene, view: View, count: int, way: int) -> Scene:
    """The scene after so many of the units in sight have gone one cell further."""
    seen = [
        at
        for at, mark in enumerate(scene.marks)
        if mark.layer == "units" and view.holds(*view.cell_of(*mark.at))
    ]
    gone = set(seen[:: max(1, len(seen) // count)][:count])
    return replace(
        scene,
        marks=tuple(
            replace(mark, at=(mark.at[0] + way * view.cell_wide, mark.at[1])) if at in gone else mark
            for at, mark in enumerate(scene.marks)
        ),
    )


def timed(rounds: int, work: Callable[[int], object]) -> list[float]:
    """Milliseconds of the processor in each round, whatever else the machine does; the first is not counted."""
    times = []
    for number in range(rounds + 1):
        began = time.process_time()
        work(number)
        times.append(1e3 * (time.process_time() - began))
    return times[1:]


def frames(scene: Scene, view: View, moves: int, rounds: int) -> tuple[list[float], ...]:
    """Milliseconds of a picture at another scale, after a move by a cell, and after units have moved."""
    drawing = Drawing()
    painter = Painter(paint_for("dark"), drawing.inks)
    scales = [view, replace(view, metres_per_dot=view.metres_per_dot * 1.001)]
    anew = timed(rounds, lambda n: painter.strips(drawing.frame(scene, scales[n % 2])))
    views = [view, view.panned(1, 0)]
    panned = timed(rounds, lambda n: painter.strips(drawing.frame(scene, views[n % 2])))
    scenes = [scene, moved(scene, view, moves, 1)]
    drawing.frame(scene, view)
    return anew, panned, timed(rounds, lambda n: painter.strips(drawing.frame(scenes[n % 2], view)))


class Counting(App[None]):
    """A map alone on a screen, in an app that counts what it would have written."""

    def __init__(self) -> None:
        super().__init__()
        for name in themes.names():
            self.register_theme(themes.for_textual(themes.load(name)))
        self.theme = "dark"
        self.sent = 0

    def compose(self) -> ComposeResult:
        """The map."""
        yield MapCanvas()

    def _display(self, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.sent += len(renderable.render_segments(self.console).encode())
        super()._display(screen, renderable)


async def sent(scene: Scene, view: View, moves: int) -> tuple[int, int]:
    """Bytes of a whole picture, and after so many units have moved by a cell."""
    app = Counting()
    async with app.run_test(size=(WIDTH, HEIGHT + 1)) as pilot:
        canvas = app.query_one(MapCanvas)
        canvas.show(scene)
        canvas.view = view
        await pilot.pause(0.1)
        everything = app.screen._compositor.render_full_update()  # noqa: SLF001 - what it would write
        whole, app.sent = len(everything.render_segments(app.console).encode()), 0
        canvas.show(moved(scene, view, moves, 1))
        await pilot.pause(0.1)
        return whole, app.sent


def corners_of(areas: Areas) -> int:
    """How many corners the areas have at full detail."""
    return sum(
        len(ring.coords)
        for shape in areas.shapes
        for part in shape.geoms
        for ring in (part.exterior, *part.interiors)
    )


def table(areas: Areas, units: int, moves: int, rounds: int) -> str:
    """The figures as they stand in the document."""
    home = areas.shapes[areas.codes.index("LAS") if "LAS" in areas.codes else 0].representative_point()
    middle = home.x, home.y
    scene = scene_of(areas, middle, units)
    pieces = len(lod.borders(areas, 0).segments.ends)
    size = f"{WIDTH}x{HEIGHT} cells, {len(areas.codes)} areas ({areas.set.name}) with {corners_of(areas):,} corners"
    lines = [
        f"{size} in {pieces:,} pieces of border, {units:,} units, of which {moves} move.",
        "",
        HEAD,
        "|---|---:|---:|---:|---:|---:|---:|---:|---|---:|---:|---:|---|",
    ]
    for name, scale in SCALES.items():
        view = view_of(areas, middle, scale)
        times = frames(scene, view, moves, rounds)
        whole, some = asyncio.run(sent(scene, view, moves))
        figures = " | ".join(f"{median(some):.1f} | {quantiles(some, n=20)[-1]:.1f}" for some in times)
        lines.append(
            f"| {name} | {view.metres_per_dot:,.0f} | {figures} | ≤ {FRAME_GOAL_MS:.0f} | {whole / 1024:.1f} | "
            f"{some / 1024:.1f} | **{some / whole:.2f}** | ≤ {SENT_GOAL} |"
        )
    return "\n".join(lines)


def main(arguments: list[str], doc: Path, say: Callable[[str], None] = print) -> int:
    """Measure, print, and with --write put it into the document."""
    parser = argparse.ArgumentParser(prog="python -m bench map", description=__doc__)
    parser.add_argument("--units", type=int, default=2_000)
    parser.add_argument("--moved", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument(
        "--made", action="store_true", help="on the made areas, whatever lies beside the checkout"
    )
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    found = None if asked.made else detailed()
    gc.freeze()  # as the client does once it runs
    gc.set_threshold(5_000, 20, 20)
    text = table(Areas(found or made()), asked.units, asked.moved, asked.rounds)
    say(text)
    if asked.write:
        before, _, rest = doc.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        doc.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0
