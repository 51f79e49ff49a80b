"""The log as it grows: what is put together piece by piece is what it would be put together at once."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from incident.kernel.text import safe_text
from incident_tui.feed import LogFeed, LogLine
from incident_tui.screens.log.lines import Shown, lines_shown
from incident_tui.widgets.roll import Roll


def line(seq: int, *, own: bool = False, word: str = "", weight: str = "act") -> LogLine:
    plain = safe_text("words")
    return LogLine(
        seq=seq, at=0, recorded_at=0, agency=plain, actor=plain, on_behalf_of=plain, text=plain, weight=weight,
        late=False, own=own, word=word, struck=False, command_id=f"c{seq}", stream="s", type="log.written",
    )  # fmt: skip


def quiet_replica() -> Any:
    model = SimpleNamespace(names=lambda _state: None)
    return SimpleNamespace(cursor=0, hash="", projected=None, pending={}, model=model, stream="s")


class Feed:
    """Two strands whose lines a test adds."""

    def __init__(self) -> None:
        self.version = 0
        replicas = [quiet_replica(), quiet_replica()]
        self.feed = LogFeed(replicas, lambda _s, _b, _l: False, lambda: self.version)
        self.strands = cast("Any", self.feed)._strands

    def add(self, strand: int, moment: int, seq: int) -> None:
        self.version += 1
        self.strands[strand].lines.append((moment, line(seq, own=strand > 0)))

    def at_once(self) -> list[LogLine]:
        pairs = [pair for strand in self.strands for pair in strand.lines]
        return [one for _, one in sorted(pairs, key=lambda pair: pair[0])]


@pytest.mark.parametrize("seed", range(30))
def test_lines_put_together_piece_by_piece_stand_as_if_at_once(seed: int) -> None:
    chance, feed, moments = random.Random(seed), Feed(), [0, 0]
    for seq in range(200):
        strand = chance.random() < 0.2
        moments[strand] = max(moments[strand] + chance.choice((0, 0, 1, 3)), chance.choice((0, min(moments))))
        feed.add(strand, moments[strand], seq)
        if chance.random() < 0.4:
            assert list(feed.feed.lines) == feed.at_once()
        if chance.random() < 0.05:
            count = chance.randrange(1, 20)
            assert feed.feed.last(count) == feed.at_once()[-count:]
        if chance.random() < 0.03:
            place = chance.randrange(len(feed.strands[0].lines) or 1)
            if place < len(feed.strands[0].lines):
                moment, one = feed.strands[0].lines[place]
                feed.strands[0].lines[place] = (moment, msgspec.structs.replace(one, struck=True))
                feed.strands[0].rewritten += 1
                feed.version += 1
    assert list(feed.feed.lines) == feed.at_once()


def test_only_what_is_new_is_put_behind_what_was_there() -> None:
    feed = Feed()
    for seq in range(1, 50):
        feed.add(0, seq, seq)
    assert len(feed.feed.lines) == 49
    merged = cast("Any", feed.feed)._merged
    feed.add(0, 60, 50)
    assert feed.feed.lines[-1].seq == 50
    assert cast("Any", feed.feed)._merged is merged
    feed.add(1, 55, 51)  # of a moment before the last
    assert [one.seq for one in feed.feed.lines[-2:]] == [51, 50]


@pytest.mark.parametrize("machine", [True, False])
def test_the_rows_of_a_log_that_grows_are_those_of_the_whole_log(machine: bool) -> None:
    chance, shown = random.Random(1), Shown()
    lines: list[LogLine] = []
    for step in range(120):
        lines = [one for one in lines if not one.word]
        lines += [line(len(lines) + n + 1, weight=chance.choice(("act", "machine"))) for n in range(3)]
        if step % 17 == 16:
            lines[4] = msgspec.structs.replace(lines[4], text=safe_text(f"struck {step}"))
        if step % 40 == 39:
            lines = lines[20:]
        lines += [
            msgspec.structs.replace(line(0, word="QUEUED"), command_id=f"w{n}") for n in range(step % 3)
        ]
        rows = shown.rows(tuple(lines), machine=machine)
        wanted = lines_shown(lines, machine=machine)
        assert list(rows.items()) == list(wanted.items())


@pytest.mark.parametrize("hold", [True, False])
def test_a_list_that_only_grows_keeps_every_line_in_its_place(hold: bool) -> None:
    roll = Roll()
    keys = [f"all/{n}" for n in range(10)]
    roll.feed(dict.fromkeys(keys, "row"), keys, hold=False)
    roll.go_to("all/4")
    for n in range(10, 40, 3):
        keys = [*keys, *(f"all/{n + more}" for more in range(3))]
        assert roll.feed(dict.fromkeys(keys, "row"), keys, hold=hold), "there are other lines now"
        assert roll.shown == keys
        assert roll.places == {key: place for place, key in enumerate(keys)}
        assert (roll.cursor, roll.line, roll.waiting) == ("all/4", 4, 0)
        assert not roll.feed(dict.fromkeys(keys, "row"), keys, hold=hold), "and then nothing more"
    shorter = [key for key in keys if key != "all/4"]
    assert roll.feed(dict.fromkeys(shorter, "row"), [*shorter, "all/99"], hold=False)
    assert roll.shown == [*shorter, "all/99"]
    assert roll.cursor == "all/5", "where it stood, the next one stands"
