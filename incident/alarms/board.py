"""Alarms as a board: what is wrong, for how long, whose it is to clear, and with which verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from incident.alarms import facts
from incident.alarms.engine import Finder
from incident.alarms.facts import Alarm, Heard, Kind
from incident.alarms.lessons import LESSONS
from incident.alarms.rules import heard_by
from incident.kernel.board import Board, Cell, Column, Look, Verb
from incident.values import span


class AlarmRow(msgspec.Struct, frozen=True):
    """An alarm as one seat sees it: whether it is ours to clear, and whether we have acknowledged it."""

    alarm: Alarm
    rings: bool
    ours: bool
    heard: Heard | None


@lru_cache(maxsize=2048)
def _row(alarm: Alarm, heard: Heard | None, *, rings: bool, ours: bool) -> AlarmRow:
    # The same inputs give the same object, so that an unchanged line is not painted again.
    return AlarmRow(alarm, rings, ours, heard)


class Reading:
    """The board's functions over one finder."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self._last: tuple[Any, int, str, Mapping[str, AlarmRow]] = (None, 0, "", {})
        """Of one moment the tabs, the bell and the Picture all ask for the same rows."""

    def kind(self, row: AlarmRow) -> Kind:
        """What kind of alarm it is."""
        return self.finder.kinds[row.alarm.kind]

    def rows(self, look: Look) -> Mapping[str, AlarmRow]:
        """Every alarm that stands now, by its key."""
        if look.state is None:
            return {}
        me = look.me.agency if look.me is not None else ""
        state, now, whose, rows = self._last
        if state is not look.state or (now, whose) != (look.now, me):
            rows = self._rows(look, me)
            self._last = (look.state, look.now, me, rows)
        return rows

    def _rows(self, look: Look, me: str) -> Mapping[str, AlarmRow]:
        kept = look.state.alarms
        return {
            alarm.key: _row(
                alarm,
                heard_by(kept, alarm, me),
                rings=self.finder.kinds[alarm.kind].rings,
                ours=alarm.concerns(me),
            )
            for alarm in self.finder.now(look.state, look.now)
        }

    def new(self, look: Look) -> int:
        """How many are alarms (not prompts) that we have not acknowledged."""
        return sum(row.rings and row.heard is None for row in self.rows(look).values())

    def detail(self, row: AlarmRow, look: Look) -> Sequence[tuple[str, Cell]]:
        """What is wrong, since when, why it is an alarm at all, and how it is cleared."""
        kind, alarm = self.kind(row), row.alarm
        heard = look.state.alarms.heard.get(alarm.key, {})
        lines = [
            ("", Cell(alarm.words, "alarm" if row.rings else "caution")),
            ("what", Cell(kind.title)),
            ("since", Cell(f"{look.clock(alarm.since)}, {span(look.now - alarm.since)}", "dim")),
            ("to clear", Cell(", ".join(alarm.agencies) or "anybody")),
            ("with", Cell(_with(kind), "accent")),
        ]
        lines += [("lesson", Cell(f"{number}  {LESSONS[number]}", "dim")) for number in kind.lessons]
        for agency, one in heard.items():
            if one.at >= alarm.since:
                lines.append(("heard by", Cell(f"{agency} {one.by}, {look.clock(one.at)}", "dim")))
        return lines

    def find(self, row: AlarmRow, _look: Look) -> str:
        """What the filter looks through."""
        return " ".join((row.alarm.words, self.kind(row).title, *row.alarm.agencies)).lower()

    def named(self, written: str, look: Look) -> str | None:
        """The alarm whose words hold what was typed."""
        wanted = written.strip().lower()
        rows = self.rows(look)
        return next((key for key, row in rows.items() if wanted and wanted in row.alarm.words.lower()), None)


def order(row: AlarmRow, _look: Look) -> Any:
    """What rings and is ours first, the oldest first; prompts and what was heard of below."""
    return (not row.rings, row.heard is not None, not row.ours, row.alarm.since, row.alarm.key)


def words_cell(row: AlarmRow, _look: Look) -> Cell:
    """What is wrong. An alarm that we have acknowledged is dimmed, and says so beside it."""
    mark = "▲ " if row.rings else "· "
    tone = "dim" if row.heard is not None else "alarm" if row.rings else "caution"
    return Cell(mark + row.alarm.words, tone)


def age_cell(row: AlarmRow, look: Look) -> Cell:
    """For how long it has been one."""
    return Cell(span(look.now - row.alarm.since), "dim")


def _who(row: AlarmRow, _look: Look) -> Cell:
    return Cell(" ".join(row.alarm.agencies) or "all", "accent" if row.ours else "dim")


def _heard(row: AlarmRow, look: Look) -> Cell:
    return Cell(f"heard {look.clock(row.heard.at)}" if row.heard is not None else "", "dim")


def make_board(finder: Finder) -> Board:
    """The board over these rules."""
    read = Reading(finder)
    return Board(
        name="alarms",
        title="Alarms",
        digit="",
        rows=read.rows,
        columns=_columns(read),
        verbs=_verbs(read),
        detail=read.detail,
        find=read.find,
        named=read.named,
        order=order,
        count=lambda look: len(read.rows(look)),
        alarm=read.new,
        noun="alarm",
        empty="No alarm stands.",
    )


def _columns(read: Reading) -> tuple[Column, ...]:
    return (
        Column("words", "Alarm", 40, words_cell, priority=0, grow=3, sort=lambda r, _l: r.alarm.words),
        Column("age", "For", 6, age_cell, priority=0, align="right", sort=lambda r, _l: r.alarm.since),
        Column("who", "To clear", 14, _who, priority=2),
        Column(
            "with", "How it is cleared", 34, lambda r, _l: Cell(_with(read.kind(r)), "accent"), priority=3
        ),
        Column("heard", "Acknowledged", 12, _heard, priority=1),
        Column("lesson", "Lesson", 8, lambda r, _l: _lessons(read.kind(r)), priority=6),
    )


def _lessons(kind: Kind) -> Cell:
    return Cell(" ".join(map(str, kind.lessons)), "dim")


def _verbs(read: Reading) -> tuple[Verb, ...]:
    return (
        Verb(
            "acknowledge",
            "Acknowledge the alarm",
            "heard",
            facts.Acknowledge,
            lambda row, _values, _look: facts.Acknowledge((row.alarm.key,), row.alarm.words[:300]),
            key="a",
            applies=lambda row, _look: row.heard is None,
            example="heard rendezvous",
            help="It rings no more for us, and stays listed until its cause is gone.",
        ),
        Verb(
            "acknowledge_all",
            "Acknowledge all alarms",
            "heard-all",
            facts.Acknowledge,
            lambda _row, _values, look: _all(read, look),
            key="A",
            row=False,
            applies=lambda _row, look: read.new(look) > 0,
            help="For when somebody has read the list. Each is named in the log.",
        ),
    )


WAYS: Final[Mapping[tuple[str, str], str]] = {
    ("alarms", "acknowledge"): "every party acknowledges it, here",
    ("boundaries", "agree"): "agree to it, on Boundaries",
    ("boundaries", "move"): "move one of the two, on Boundaries",
    ("boundaries", "propose"): "propose one, on Boundaries",
    ("boundaries", "review"): "review it, on Boundaries",
    ("boundaries", "withdraw"): "withdraw one of them, on Boundaries",
    ("casualties", "count"): "count again, on Casualties",
    ("casualties", "pick"): "settle which stands, on Casualties",
    ("commanders", "fill"): "appoint somebody, on Commanders",
    ("comms", "answered"): "reach them another way, and say so on Comms",
    ("comms", "talkgroup"): "set one, on Comms",
    ("comms", "works"): "test it, on Comms",
    ("cover", "accept"): "accept or decline it, on Cover",
    ("cover", "ask"): "agree more on Cover, or acknowledge that it is ours again",
    ("decisions", "review-decision"): "review it, on Decisions",
    ("messages", "acknowledge"): "acknowledge it, on Messages",
    ("methane", "acknowledge"): "read it and acknowledge it, on METHANE",
    ("methane", "methane"): "send the next METHANE",
    ("mutual_aid", "accept"): "answer it, on Aid",
    ("mutual_aid", "agree_recall"): "agree, on Aid",
    ("mutual_aid", "home"): "end one of the two, on Aid",
    ("mutual_aid", "offer_next"): "ask the next trust, on Aid",
    ("parties", "accept-lead"): "accept or decline, on Parties",
    ("parties", "contact"): "name a contact, on Parties",
    ("parties", "declare"): "declare, or acknowledge this: that answers it",
    ("parties", "pick-location"): "a tactical commander picks, on Parties",
    ("parties", "tell"): "tell them, on Parties, or acknowledge that they know",
    ("places", "capacity"): "declare what it can take, on Places",
    ("places", "standup"): "stand hospitals up, on Places",
    ("resources", "commit"): "commit one, or acknowledge that none is needed",
    ("resources", "confirm_destination"): "hear it from the crew, and say so on Resources",
    ("resources", "destination"): "send them to one point, on Resources",
    ("resources", "release"): "relieve or release them, on Resources",
    ("resources", "status"): "set the status that is right, on Resources",
    ("tasks", "accept"): "accept or decline it, on Tasks",
    ("tasks", "finish"): "finish it, on Tasks",
    ("tasks", "raise"): "raise one, on Tasks",
}
"""What a person does to clear an alarm, by the board and the verb of its kind."""


def _with(kind: Kind) -> str:
    ways = {"required_absent": "their first unit arrives, or a METHANE says that they are there"}
    return ways.get(kind.name) or WAYS[kind.board, kind.verb]


def _all(read: Reading, look: Look) -> facts.Acknowledge:
    keys = [key for key, row in read.rows(look).items() if row.heard is None][:50]
    if not keys:
        raise ValueError("No alarm waits to be acknowledged.")
    return facts.Acknowledge(tuple(keys), f"{len(keys)} alarms")
