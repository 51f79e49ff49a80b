"""Comms, the board: the control-room talkgroup and the other channels, then how each control room is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from incident.comms import facts as f
from incident.comms.facts import KINDS, LINK, Calls, Channel, Room
from incident.comms.rules import (
    alternatives,
    comms,
    control_room_link,
    counted,
    failed,
    heard,
    link_missing,
    unanswered,
)
from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.kernel.receipts import receipt
from incident.organisation import parties
from incident.values import as_words, length_words


class CommsRow(msgspec.Struct, frozen=True):
    """A channel, a control room, or with neither the talkgroup that nobody has set. ``agency`` is whose it is.

    ``asked`` are the present parties that test the channel. ``spoc`` is the person named by that control room.
    ``missing``: others take part, somebody has declared, and there is no control-room talkgroup.
    """

    agency: str = ""
    channel: Channel | None = None
    room: Room | None = None
    spoc: str = ""
    calls: Calls | None = None
    asked: tuple[str, ...] = ()
    missing: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        if self.channel is not None:
            return self.channel.name
        return self.agency or "no control-room talkgroup"


@lru_cache(maxsize=4096)
def _row(
    agency: str,
    channel: Channel | None,
    room: Room | None,
    spoc: str,
    calls: Calls | None,
    asked: tuple[str, ...],
) -> CommsRow:
    # The same inputs give the same object, so that an unchanged line is not painted again.
    return CommsRow(agency, channel, room, spoc, calls, asked)


_NO_LINK: Final = {missing: CommsRow(missing=missing) for missing in (False, True)}


def rows(look: Look) -> Mapping[str, CommsRow]:
    """The control-room talkgroup or that there is none, the other channels, and the control room of every party.

    The talkgroup has one place whoever sets it, so the cursor stays there; withdrawn channels are shown, too.
    """
    view = look.state
    state, found = comms(view), {}
    link = control_room_link(view)
    if link is None:
        found[LINK] = _NO_LINK[link_missing(view) is not None]
    for id_, channel in state.channels.items():
        key = LINK if channel is link else id_
        calls = state.calls.get(f.channel_key(id_))
        found[key] = _row(channel.owner, channel, None, "", calls, counted(view, channel))
    for code in parties(view):
        spoc, calls = view.organisation.parties[code].spoc, state.calls.get(f"agency/{code}")
        if calls is not None and heard(view, code) > calls.last_at:
            calls = None
        found[f.room_key(code)] = _row(code, None, state.rooms.get(code), spoc, calls, ())
    return found


# -- cells ----------------------------------------------------------------------------------------------------


def _name(row: CommsRow, _look: Look) -> Cell:
    if row.channel is None and not row.agency:
        return Cell(f"▲ {row.name}" if row.missing else row.name, "alarm" if row.missing else "caution")
    if row.channel is None:
        return Cell(" ".join(filter(None, (row.agency, row.room.name if row.room else ""))), "ink")
    if not row.channel.live:
        return Cell(row.name, "dim")
    return Cell(row.name, "strong" if row.channel.kind == LINK else "ink")


def _kind(row: CommsRow, _look: Look) -> Cell:
    if row.channel is None:
        return Cell("control room" if row.agency else "", "dim")
    return Cell(KINDS[row.channel.kind], "dim")


def _number(row: CommsRow, _look: Look) -> Cell:
    if row.channel is not None:
        return Cell(row.channel.number)
    if not row.agency:
        return Cell("")
    phone = row.room.phone if row.room is not None else ""
    if phone or not row.spoc:
        return Cell(phone) if phone else Cell("no number given", "caution")
    return Cell("see contact", "dim")


def _person(row: CommsRow, _look: Look) -> Cell:
    if row.channel is not None:
        return Cell(row.channel.purpose)
    if not row.agency or row.spoc:
        return Cell(row.spoc)
    return Cell("no contact named", "caution")


def _here(agency: str, look: Look) -> Cell:
    """How many are connected in a control room now; "" while this room is cut off and cannot know."""
    if not agency or not look.present:
        return Cell("")
    seats = len(look.present.get(agency, ()))
    if seats:
        return Cell(f"{seats} connected", "good")
    played = _played(agency, look)
    return Cell("exercise plays" if played else "no person here", "dim" if played else "caution")


def _played(agency: str, look: Look) -> bool:
    """Whether what this agency has said of itself was last said by the program that plays it in an exercise."""
    party = look.state.organisation.parties.get(agency)
    return party is not None and party.declared_by.startswith("virtual/")


def state_cell(row: CommsRow, look: Look) -> Cell:
    """How it stands, in a word: tested by how many, does not work for whom, not answered how often."""
    calls, channel = row.calls, row.channel
    if channel is not None and not channel.live:
        return Cell("withdrawn", "dim")
    if calls is not None:
        tone = "alarm" if calls.count >= f.UNANSWERED else "caution"
        return Cell(f"{'▲ ' if tone == 'alarm' else ''}no answer {calls.count}x", tone)
    if channel is None:
        return _here(row.agency, look)
    if channel.version in look.wanted:
        return Cell("requested", "caution")
    against = [test.agency for test in channel.tests if not test.worked and test.agency in row.asked]
    if against:
        return Cell(f"✗ {', '.join(against)}", "alarm")
    done = sum(test.worked and test.agency in row.asked for test in channel.tests)
    if not done:
        return Cell("untested", "caution")
    return Cell(f"{'✓ ' if done == len(row.asked) else ''}{done} of {len(row.asked)}",
                "good" if done == len(row.asked) else "caution")  # fmt: skip


def _ours(row: CommsRow, look: Look) -> Cell:
    channel = row.channel
    if channel is None or not channel.live or _me(look) not in row.asked:
        return Cell("")
    test = channel.test(_me(look))
    if test is None:
        return Cell("· to test", "caution")
    return Cell("✓ works", "good") if test.worked else Cell("✗ does not", "alarm")


def _owner(row: CommsRow, _look: Look) -> Cell:
    return Cell(row.agency)


def _place_in_list(row: CommsRow, look: Look) -> Any:
    if row.channel is None:
        return (1, row.agency != _me(look), 0, row.agency) if row.agency else (0, False, 0, "")
    channel = row.channel
    return (0 if channel.live else 2, channel.kind != LINK, channel.set_at, channel.name)


COLUMNS = (
    Column("name", "Channel or room", 22, _name, priority=0, grow=2),
    Column("number", "Number", 18, _number, priority=1, grow=1),
    Column("state", "Tested", 16, state_cell, priority=0),
    Column("ours", "We", 11, _ours, priority=2),
    Column("person", "Contact, purpose", 22, _person, priority=2, grow=2),
    Column("owner", "By", 8, _owner, priority=3),
    Column("kind", "Kind", 22, _kind, priority=5),
)


def detail(row: CommsRow, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of a channel or a control room, with other ways while it does not answer."""
    title = f"{row.name}  {_kind(row, look).text}" if row.agency else row.name
    lines: list[tuple[str, Cell]] = [("", Cell(title, "strong"))]
    if row.channel is not None:
        lines += _of_channel(row.channel, row, look)
    elif row.agency:
        lines += [("call back", _number(row, look)), ("contact", _person(row, look))]
        if row.room is not None and row.room.alternative:
            lines.append(("or else", Cell(row.room.alternative)))
        seats = look.present.get(row.agency, ())
        lines += [("connected" if not index else "", Cell(seat, "good")) for index, seat in enumerate(seats)]
        if look.present and not seats:
            lines.append(("connected", Cell("nobody: the exercise plays it" if _played(row.agency, look)
                                            else "nobody", "dim")))  # fmt: skip
    else:
        lines.append(("", Cell("Press p to set one; every room then tests it.", "caution")))
    if row.calls is not None:
        last = f"{row.calls.count}x, last {look.clock(row.calls.last_at)} by {row.calls.by}"
        lines.append(("no answer", Cell(" ".join(filter(None, (last, row.calls.note))), "alarm")))
        agency, channel = ("", row.channel.id) if row.channel is not None else (row.agency, "")
        ways = alternatives(look.state, agency, channel)
        lines += [("try" if not index else "", Cell(way)) for index, way in enumerate(ways)]
    return lines


def _of_channel(channel: Channel, row: CommsRow, look: Look) -> list[tuple[str, Cell]]:
    lines: list[tuple[str, Cell]] = [
        ("number", Cell(channel.number)),
        ("set", Cell(f"{look.clock(channel.set_at)} by {channel.set_by}, {channel.owner}", "dim")),
    ]
    lines += [("purpose", Cell(channel.purpose))] if channel.purpose else []
    lines += [("for", Cell(", ".join(channel.members)))] if channel.members else []
    if channel.withdrawn_at is not None:
        lines.append(("withdrawn", Cell(f"{look.clock(channel.withdrawn_at)} {channel.reason}", "dim")))
        return lines
    return lines + [(code, _test(channel, code, look)) for code in row.asked]


def _test(channel: Channel, agency: str, look: Look) -> Cell:
    test = channel.test(agency)
    if test is not None:
        when = f"{look.clock(test.at)}, {length_words(look.now - test.at)} ago, {test.by} {test.note}".strip()
        return Cell(f"✓ works {when}", "good") if test.worked else Cell(f"✗ does not work {when}", "alarm")
    got = receipt(look.state.receipts, f.subject_of(channel), agency)
    stages = (("acknowledged", got.acknowledged), ("seen", got.seen), ("delivered", got.delivered))
    return Cell(f"· untested, {next((word for word, at in stages if at is not None), 'sent')}", "caution")


# -- verbs ----------------------------------------------------------------------------------------------------


def _me(look: Look) -> str:
    return "" if look.me is None else str(look.me.agency)


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _kinds(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(kind, words) for kind, words in KINDS.items() if kind != LINK]


def _parties(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(code, code) for code in parties(look.state)]


def _live(row: CommsRow, _look: Look) -> bool:
    return row.channel is not None and row.channel.live


def _ours_live(row: CommsRow, look: Look) -> bool:
    return _live(row, look) and row.agency == _me(look)


def _can_call(row: CommsRow, look: Look) -> bool:
    return _live(row, look) or (row.channel is None and row.agency not in ("", _me(look)))


def _tested(worked: bool) -> Any:
    def build(row: CommsRow, values: Mapping[str, Any], look: Look) -> f.TestChannel:
        assert row.channel is not None  # noqa: S101 - it applies to channels
        return f.TestChannel(row.channel.id, _me(look), worked, _text(values, "note"))

    return build


def _called(row: CommsRow) -> tuple[str, str]:
    return ("", row.channel.id) if row.channel is not None else (row.agency, "")


def _my_room(name: str) -> Any:
    def default(look: Look, _row: Any) -> str:
        room = comms(look.state).rooms.get(_me(look))
        return "" if room is None else str(getattr(room, name))

    return default


_NOTE: Final = Arg("note", "Note", required=False, rest=True, limit=200)
_NUM: Final = Arg("number", "Number", required=False, limit=80)
_PURPOSE: Final = Arg("purpose", "Purpose", required=False, limit=200)

VERBS = (
    Verb(
        "works",
        "Tested: it works",
        "works",
        f.TestChannel,
        _tested(True),
        key="y",
        applies=_live,
        example="works ICC-1",
        help="Our own test: a channel is good for us when we have tried it.",
    ),
    Verb(
        "fails",
        "Tested: it does not work",
        "fails",
        f.TestChannel,
        _tested(False),
        key="x",
        args=(_NOTE,),
        applies=_live,
        example="fails ICC-1 no coverage in the room",
    ),
    Verb(
        "unanswered",
        "Called, no answer",
        "unanswered",
        f.ReportUnanswered,
        lambda row, values, _look: f.ReportUnanswered(*_called(row), _text(values, "note")),
        key="u",
        args=(_NOTE,),
        applies=_can_call,
        example="unanswered SCAS rang for two minutes",
        help="After the second time the other ways are shown.",
    ),
    Verb(
        "answered",
        "Reached at last",
        "answered",
        f.ReportAnswered,
        lambda row, _values, _look: f.ReportAnswered(*_called(row)),
        key="v",
        applies=lambda row, _look: row.calls is not None,
        example="answered SCAS",
    ),
    Verb(
        "talkgroup",
        "Set the control-room talkgroup",
        "talkgroup",
        f.SetLink,
        lambda _row, values, _look: f.SetLink(
            _text(values, "name"), _text(values, "number"), _text(values, "purpose")
        ),
        key="p",
        row=False,
        args=(Arg("name", "Name", rest=True, limit=80), _NUM, _PURPOSE),
        example="talkgroup ICC-1",
        help="One for all control rooms; every room is asked to test it.",
    ),
    Verb(
        "channel",
        "Add another channel",
        "channel",
        f.AddChannel,
        lambda _row, values, _look: f.AddChannel(
            str(values["kind"]),  # type: ignore[arg-type]
            _text(values, "name"),
            _text(values, "number"),
            _text(values, "purpose"),
            as_words(values.get("members") or ()),
        ),
        key="i",
        row=False,
        args=(
            Arg("kind", "Kind", "choice", True, _kinds),
            Arg("name", "Name", rest=True, limit=80),
            _NUM,
            _PURPOSE,
            Arg("members", "For (blank: all)", "agencies", False, _parties),
        ),
        example='channel bridge Tactical call number="020 7946 0999"',
    ),
    Verb(
        "withdraw",
        "Withdraw the channel",
        "withdraw",
        f.WithdrawChannel,
        lambda row, values, _look: f.WithdrawChannel(row.channel.id, _text(values, "reason")),
        key="X",
        args=(Arg("reason", "Reason", required=False, rest=True),),
        applies=_ours_live,
        example="withdraw ICC-1 moved to ICC-2",
    ),
    Verb(
        "room",
        "How our control room is reached",
        "room",
        f.GiveRoom,
        lambda _row, values, look: f.GiveRoom(
            _me(look), _text(values, "name"), _text(values, "phone"), _text(values, "alternative")
        ),
        key="e",
        row=False,
        args=(
            Arg(
                "phone", "Number to call back", default=_my_room("phone"), required=False, rest=True, limit=80
            ),
            Arg("name", "Name of the room", default=_my_room("name"), required=False, limit=80),
            Arg("alternative", "Another way", default=_my_room("alternative"), required=False, limit=200),
        ),
        example="room 020 7946 0100",
        help="The person to ask for is the contact on the board of parties.",
    ),
)


def _find(row: CommsRow, look: Look) -> str:
    cells = (_name, _kind, _number, _person, state_cell, _ours)
    return " ".join((row.agency, *(cell(row, look).text for cell in cells))).lower()


def named(written: str, look: Look) -> str | None:
    """A channel in use by its name or number, or a control room by its agency."""
    wanted = f.tidy(written).casefold()
    for key, row in rows(look).items():
        channel = row.channel
        if channel is not None and channel.live:
            names = {channel.name, channel.number} - {""}
            if wanted in {name.casefold() for name in names}:
                return key
    for key, row in rows(look).items():
        if row.channel is None and row.agency and wanted == row.agency.casefold():
            return key
    return None


def _alarm(look: Look) -> int:
    view = look.state
    return int(link_missing(view) is not None) + len(failed(view)) + len(unanswered(view))


BOARD = Board(
    name="comms",
    title="Comms",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda row: row.channel.version if row.channel else row.room.version if row.room else "",
    order=_place_in_list,
    count=lambda look: sum(channel.live for channel in comms(look.state).channels.values()),
    alarm=_alarm,
    noun="channel",
    empty="No channel is set yet. Press p to set the control-room talkgroup.",
)
