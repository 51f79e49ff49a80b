"""Papers: the board, the log, reports and blank forms as files, with and without a line, and without a screen."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import stat
from pathlib import Path

import pytest

from incident.kernel.replica import LinkWord
from incident.log.facts import Write
from incident.reports.document import EXERCISE
from incident.reports.facts import Part, Sign
from incident_tui import headless
from incident_tui.link import LinkState
from incident_tui.papers import PaperError, Wanted, made, prepared, read_wanted, write
from incident_tui.session import Session
from tests.incident.given import INCIDENT_STREAM as INCIDENT
from tests.incident.given import OWN_STREAM
from tests.running import run
from tests.tui import world
from tests.tui.desk import Desk, told
from tests.tui.rooms import FAST, LAS
from tests.tui.toy_server import INCIDENT_STREAM, ToyServer
from tests.tui.world import FakeSession, local_time_is_utc, text_of

local_time_is_utc()
HOUR = 3_600_000


def paper(words: str, session: FakeSession | None = None) -> str:
    return made(read_wanted(words), session or FakeSession())  # type: ignore[arg-type]


def test_the_board_says_what_stands_and_ends_with_the_log() -> None:
    text = paper("picture")
    lines = text.splitlines()
    assert lines[0] == lines[-1] == EXERCISE
    assert lines[2] == "M4/M25 coach, not numbered, as at 14:31 on Saturday 21 November 2026"
    titles = [line for line in lines if line.isupper() and not line.startswith(" ")]
    assert titles.index("METHANE") < titles.index("ALARMS") < titles.index("NEXT")
    assert "METHANE v2 of LAS" in text
    assert "No forward command post has been set" in text
    assert "LFB has not answered two calls" in text
    assert max(map(len, lines)) <= 100
    assert "Made by EOC desk 2 of LAS" in lines[-2]


def test_the_log_is_text_csv_and_json_with_the_same_lines() -> None:
    session = FakeSession()
    session.happens("SCAS", Write("=HYPERLINK(1)"))
    rows = list(csv.reader(io.StringIO(paper("log csv", session))))
    values = json.loads(paper("log json", session))
    assert values["mode"] == "exercise"
    assert len(rows) - 1 == len(values["lines"]) == len(session.log().lines)
    assert rows[0][0] == "number"
    assert [row[-1].lstrip("'") for row in rows[1:]] == [line["text"] for line in values["lines"]]
    assert not [row for row in rows[1:] if row[-1].startswith("=")]
    assert "=HYPERLINK(1)" in paper("log", session)
    assert all(row[1].endswith("Z") or "+" in row[1] for row in rows[1:])


def test_the_log_on_paper_has_its_date_authors_own_numbers_and_its_receipts_at_the_end() -> None:
    session = FakeSession()
    session.happens("SCAS", Write("sector commander asks for lighting"), name="Jo Bright")
    session.happens("LAS", Write("call in the night shift"), stream=OWN_STREAM, name="Sam")
    text = paper("log", session)
    entries, _, receipts = text.partition("\nRECEIPTS\n")
    assert "ENTRIES OF SATURDAY 21 NOVEMBER 2026" in entries
    (line,) = (line for line in entries.splitlines() if "asks for lighting" in line)
    assert re.search(r"#\d+ +SCAS +Jo Bright +sector commander", line)
    (line,) = (line for line in entries.splitlines() if "call in the night shift (OWN)" in line)
    assert re.search(r"LAS-o\d+ +LAS +Sam +call in", line)
    dropped = [line for line in session.log().lines if line.type in ("receipts.delivered", "receipts.seen")]
    assert dropped
    assert not re.search(r"(delivered to|seen by) [A-Z]+: ", text)
    assert f"{len(dropped)} receipts stand at the end, not among the entries." in text
    assert len(re.findall(r"[A-Z]{3,} \d\d:\d\d", " ".join(receipts.split()))) == len(dropped)
    assert max(map(len, text.splitlines())) <= 100
    numbers = [row[0] for row in csv.reader(io.StringIO(paper("log csv", session)))]
    assert len(set(numbers)) == len(numbers), "no two lines share a number"


def test_what_happened_on_another_day_has_its_date() -> None:
    session = FakeSession()
    session.at += 24 * HOUR
    session.world[INCIDENT].now += 24 * HOUR
    session.happens("SCAS", Write("the next day"))
    text = paper("log", session)
    assert (
        text.index("ENTRIES OF SATURDAY 21") < text.index("ENTRIES OF SUNDAY 22") < text.index("the next day")
    )


def test_a_report_is_the_signed_one_and_before_that_a_draft_that_says_so() -> None:
    session = FakeSession()
    assert "SITREP, DRAFT, NOT SIGNED" in paper("sitrep", session)
    session.happens("LAS", Sign("sitrep", session.at, (Part("situation", "All quiet."),)))
    text = paper("sitrep", session)
    assert "SITREP 1" in text
    assert "All quiet." in text
    assert "Signed 14:31" in text
    assert "DRAFT" not in text


def test_blank_forms_need_no_incident() -> None:
    empty = FakeSession(opened_one=False)
    for words, must in (("methane-form", "N  NUMBER OF CASUALTIES"), ("log-form", "strike through once")):
        text = paper(words, empty)
        assert must in text
        assert text.splitlines()[0] == EXERCISE
    with pytest.raises(PaperError, match="No incident is open"):
        paper("picture", empty)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("sitrap", "There is no paper sitrap. Did you mean sitrep? There are: picture"),
        ("log xml", "A paper is text, csv, json, not xml."),
        ("picture csv", "Only the log has rows"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(words: str, sentence: str) -> None:
    with pytest.raises(PaperError) as said:
        read_wanted(words)
    assert sentence in str(said.value)
    assert read_wanted("") == Wanted("picture", "text")


def test_a_paper_made_while_cut_off_says_so() -> None:
    session = FakeSession()
    session.state = LinkState(LinkWord.ISLAND, since_ms=session.at)
    assert "while ISLAND: this room's own copy" in " ".join(paper("picture", session).split())


def test_a_file_is_private_and_nothing_is_written_over(tmp_path: Path) -> None:
    name, text = prepared("log csv", FakeSession())  # type: ignore[arg-type]
    assert name.startswith("EXERCISE_M4-M25-coach_log_2026")
    assert name.endswith(".csv")
    folder = tmp_path / "desk" / "papers"
    first, second = write(folder, name, text), write(folder, name, "other")
    assert first != second
    assert first.read_bytes().decode() == text
    if os.name == "posix":
        assert stat.S_IMODE(first.stat().st_mode) == 0o600
        assert {stat.S_IMODE(made.stat().st_mode) for made in (folder, folder.parent)} == {0o700}
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(PaperError, match="cannot be written"):
        write(blocked / "papers", name, text)


def test_one_key_writes_the_board_to_a_file_and_says_where(tmp_path: Path) -> None:
    session = FakeSession()
    session.papers = tmp_path / "papers"

    async def story(desk: Desk) -> None:
        await desk.press("f8")
        await desk.shows("✓ Written: ", "_picture_")
        await desk.press(":")
        await desk.type("print log csv")
        await desk.press("enter")
        await desk.shows("_log_")
        await desk.press(":")
        await desk.type("print logg")
        await desk.press("enter")
        await desk.shows("There is no paper logg. Did you mean log?")

    told(story, size=(200, 60), session=session)
    assert sorted(path.suffix for path in session.papers.iterdir()) == [".csv", ".txt"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_report_is_read_before_it_is_signed_and_can_be_read_to_its_end_after(size: tuple[int, int]) -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("sitrep")
        await desk.press("enter")
        await desk.shows("Write and sign a sitrep", "Situation")
        assert not session.submitted, "nothing is signed unread"
        await desk.press("ctrl+s")
        for _ in range(100):
            await desk.done()
            if session.submitted:
                break
        assert isinstance(desk.last, Sign)
        session.confirm()
        await desk.press(":")
        await desk.type("reports")
        await desk.press("enter", "enter")
        await desk.shows("Sitrep 1")
        # all at once: a page is turned for every press, also while the one before is not yet painted
        await desk.press(*["pagedown"] * 12)
        await desk.shows("Forecast and next")

    told(story, size=size, session=session)


def test_papers_without_a_screen_with_a_server_and_from_the_own_copy(tmp_path: Path) -> None:
    async def report(toy: ToyServer, words: str, out: Path | None = None) -> tuple[int, list[str], list[str]]:
        said: list[str] = []
        complaints: list[str] = []
        session = Session(toy.url, LAS, home=tmp_path, timing=FAST, observer=True)
        code = await headless.report(
            session, words, out=out, seconds=2.0, put=said.append, complain=complaints.append
        )
        return code, said, complaints

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            for number in range(30):
                toy.write(INCIDENT_STREAM, Write(f"entry {number}"))
            code, said, _ = await report(toy, "log json")
            assert code == 0
            texts = [line["text"] for line in json.loads(said[0])["lines"]]
            assert "entry 0" in texts
            assert "entry 29" in texts
            code, said, _ = await report(toy, "picture", tmp_path / "board.txt")
            assert (code, said) == (0, [f"Written: {tmp_path / 'board.txt'}"])
            assert (tmp_path / "board.txt").read_text(encoding="utf-8").startswith(EXERCISE)
            assert toy.submitted == [], "who prints writes no receipts"
            await toy.stop()
            code, said, complaints = await report(toy, "picture")
            assert code == 3
            assert "this room's own copy" in " ".join(said[0].split())
            code, said, _ = await report(toy, "methane-form")
            assert code == 0
            code, _, complaints = await report(toy, "nonsense")
            assert code == 2
            assert "There is no paper nonsense" in complaints[0]

    run(scenario())


def test_a_bug_in_a_paper_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence would be taken for a paper that lies in its folder."""
    monkeypatch.setattr("incident_tui.papers.prepared", lambda *_: {}["nothing"])

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("print log")
        await desk.press("enter")
        await desk.shows("Something here is broken (printing: KeyError)")

    told(story)


def test_a_log_that_never_ends_is_printed_as_far_as_it_is_here() -> None:
    """A desk holds so many lines; while new ones come, the oldest of a very long log go as fast as they are fetched."""

    class Endless:
        asked = 0
        more = True

        def older(self) -> bool:
            self.asked += 1
            return True

    feed = Endless()

    class Busy:
        version = 0

        def log(self) -> Endless:
            return feed

        async def changed(self, _since: int) -> int:
            assert feed.asked <= headless.PAGES_MAX
            return 1

    run(headless._whole_log(Busy(), 5.0))  # type: ignore[arg-type]
    assert feed.asked == headless.PAGES_MAX


def test_a_form_longer_than_the_screen_says_how_much_is_still_below_until_its_end() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("sitrep")
        await desk.press("enter")
        await desk.shows("Write and sign a sitrep", "▾ METHANE goes on: ", " more lines, 11 more below: On")
        await desk.press("tab", "tab")
        await desk.shows(
            "above   ▾ ", "10 more below: Command"
        )  # a text that has grown may have gone up, too
        await desk.press(*(["tab"] * 10))
        await desk.shows("above   the end of the form")

    told(story, size=(80, 24))


def test_a_form_that_fits_has_no_such_sign() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "t")
        await desk.shows("New task")
        await desk.press("tab")
        assert not [line for line in text_of(desk.app) if "more below" in line or "end of the form" in line]

    told(story, size=(120, 40))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_what_a_form_says_is_below_is_not_in_sight(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "_reports", lambda _given: None)  # the first METHANE: its types stand open

    async def story(desk: Desk) -> None:
        await desk.press("m")
        await desk.shows("METHANE to every party")
        for _ in range(100):
            await asyncio.sleep(0.02)
            lines = text_of(desk.app)
            sign = next((line for line in lines if "more below" in line), "")
            named = [part.strip() for part in sign.partition("below:")[2].split(",") if "…" not in part]
            seen = [
                name for name in named if name and any(name in line for line in lines if line is not sign)
            ]
            if not seen:
                return
        raise AssertionError(f"{seen} in sight, and said to be below:\n" + "\n".join(lines))

    told(story, size=size)
