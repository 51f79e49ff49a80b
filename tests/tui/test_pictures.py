"""The pictures in the papers: there, made by the application, and loading nothing from anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.running import run
from tests.tui.make_pictures import FOLDER, KEPT, picture

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
"""What makes it SVG: a name, which nobody fetches."""


def remote(svg: str) -> list[str]:
    """Everything in a picture that a viewer would fetch."""
    return re.findall(r"\w+://[^\s\"')]+|@import|@font-face|url\((?!#)[^)]*\)", svg.replace(NAMESPACE, "", 1))


def words(svg: str) -> str:
    tree = ET.fromstring(svg)  # noqa: S314 - our own file
    return " ".join("".join(part.itertext()) for part in tree.iter() if part.tag.endswith("text"))


def test_every_picture_that_a_paper_shows_is_there() -> None:
    shown = set()
    for paper in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)\s]+\.(?:svg|png))\)", paper.read_text(encoding="utf-8")):
            assert (paper.parent / link).is_file(), f"{paper.name} shows {link}"
            shown.add(Path(link).name)
    assert "picture-120x40.svg" in shown
    assert shown <= {f"{name}-{width}x{height}.svg" for name, width, height in KEPT}


@pytest.mark.parametrize(("name", "width", "height"), KEPT)
def test_a_kept_picture_is_one_of_the_exercise_and_loads_nothing(name: str, width: int, height: int) -> None:
    svg = (FOLDER / f"{name}-{width}x{height}.svg").read_text(encoding="utf-8")
    assert remote(svg) == []
    assert words(svg).count("EXERCISE") >= 2, "first and last"


def test_a_picture_is_made_anew_without_what_it_would_load() -> None:
    svg = run(_made())
    assert remote(svg) == []
    assert "RVP B" in words(svg)
    assert remote(svg.replace("<style>", "<style>@import x; src: url(far.woff)")) == [
        "@import",
        "url(far.woff)",
    ]


async def _made() -> str:
    return await picture("boundaries", 80, 24)
