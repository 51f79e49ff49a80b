"""From a session and its Look to what the frame says: both status lines, the tabs, and how old the picture is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from incident.exercises import play, suspended
from incident.kernel.board import Board, Look
from incident.kernel.receipts import receipt
from incident.kernel.text import safe_text
from incident.messages import seen_is_enough
from incident.organisation.fold import waits
from incident.organisation.rules import stands
from incident.placing import status_words
from incident.state import INCIDENT
from incident.values import role_words
from incident_tui.bell import Muted
from incident_tui.clock import long_day, zone_name
from incident_tui.session import Session
from incident_tui.widgets.status import Held, Standing, Wire, declaration_words
from incident_tui.widgets.tabs import Tab

HOUR_MS: Final = 3_600_000
LIVE: Final = "LIVE"
RANK: Final = {"DECLARED": 0, "STANDBY": 1, "INVITED": 3}


def standing_of(look: Look, session: Session) -> Standing:
    """The first status line."""
    state = look.state.organisation
    clock = f"{look.clock(look.now)}:{look.now // 1000 % 60:02d}"
    zone = zone_of(look)
    if not state.opened:
        return Standing(session.mode, clock=clock, zone=zone)
    mine = "" if look.me is None else look.me.agency
    said = {code: _said(party, look) for code, party in state.parties.items() if party.left_at is None}
    # Who has declared is asked first; who has only joined says little, and goes first when room is scarce.
    # Among equals who leads is first; parties have no order of their own.
    others = tuple(
        sorted(
            (said[code] for code in said if code != mine),
            key=lambda one: (RANK.get(one[1], 2), one[0] != state.lead, one[0]),
        )
    )
    played = play(look.state)
    begun = state.opened_at if played.started_at is None else played.started_at
    return Standing(
        mode=state.mode,
        title=("CLOSED  " if state.closed else "") + safe_text(state.title),
        number=state.number or f"{state.opened_by}-?",
        own=said.get(mine),
        others=others,
        lead=f"{state.lead} DISPUTED" if state.lead_disputed else state.lead,
        place="" if state.placing is None else status_words(state.placing),
        clock=clock,
        zone=zone,
        since_start="T" + elapsed((played.ended_at or look.now) - begun),
        rate=("paused" if played.rate == 0 else f"×{played.rate}") if played.segments else "",
        real=look.clock(look.real) if played.segments else "",
        banner=safe_text(suspended(look.state)),
    )


def _said(party: Any, look: Look) -> tuple[str, str, str]:
    if not party.declared:
        words = "INVITED"
    else:
        words = declaration_words(party.declared) if party.spoken_for else stands(party).upper()
    since = party.stands_since if party.declared == "declared" else None
    at = "" if since is None else look.clock(since)
    return party.agency, words, at


def elapsed(millis: int) -> str:
    """+00:30, hours and minutes since something began; never negative."""
    minutes = max(0, millis) // 60_000
    return f"+{minutes // 60:02d}:{minutes % 60:02d}"


def zone_of(look: Look) -> str:
    """The zone the clock is in; a Look that is not in this desk's zone says how far it is from UTC."""
    local = datetime.fromtimestamp(look.now / 1000, tz=UTC).astimezone()
    offset = local.utcoffset()
    here = 0 if offset is None else round(offset.total_seconds() / 60)
    return zone_name(local) if here == look.offset_minutes else f"UTC{look.offset_minutes / 60:+.0f}"


def wire_of(
    look: Look,
    session: Session,
    alarms: int,
    heard: int,
    unread: int,
    keys: tuple[str, str] = ("", ""),
    muted: Muted | None = None,
    held: Held | None = None,
) -> Wire:
    """The second status line. ``keys`` lead to the next alarm, and to the next thing that asks for an answer."""
    link, me = session.link, session.me
    glass = held is not None and held.glass
    present = session.present
    seats = present.get(me.agency, ()) if me is not None else ()
    return Wire(
        link=str(link.word),
        rtt_ms=link.rtt_ms,
        words=_words(session, look),
        head=link.head,
        room=session.server_name
        if me is None
        else me.agency
        if glass
        else f"{me.agency} {safe_text(me.name)}",
        role=_roles(look),
        alarms=alarms,
        heard=heard,
        unread=unread,
        refused=len(session.cards),
        unsent=session.unsent,
        present=tuple(_here(code, look) for code in sorted(present) if me is None or code != me.agency)
        + ((f"+{len(seats) - 1} here",) if len(seats) > 1 else ()),
        keys=keys,
        muted=look.clock(look.timed(muted.at)) if muted is not None else "",
        held=held or Held(),
    )


def _here(code: str, look: Look) -> str:
    """An agency whose room is connected; one that is invited has it before its eyes, and takes no part yet."""
    party = None if look.state is None else look.state.organisation.parties.get(code)
    return f"{code} (invited)" if party is not None and waits(party) else code


def held_of(session: Session, key: str, look: Look, *, demo: bool) -> Held:
    """Who holds this desk. ``key`` asks for the password; in a demo an open line is no news."""
    plain = "PLAIN" if session.url.startswith("ws://") and not demo else ""
    sitting = session.sitting
    if sitting is None:
        return Held(plain=plain)
    # A sign-in ends in real time, whatever the clock of an exercise shows.
    until = look.clock(sitting.until) if sitting.until else ""
    until += " real time" if until and look.timed(sitting.until) != sitting.until else ""
    broken = sitting.glass.partition(":")[2].strip() or sitting.glass
    ending = [f"{whose} certificate ends {long_day(at)}" for whose, at in sitting.certificates()]
    return Held(
        word=sitting.word,
        key=key if sitting.word else "",
        glass=f"BREAK GLASS {broken} until {until}" if sitting.glass else "",
        ends=f"sign-in ends {until}" if sitting.ends_soon and not sitting.glass else "",
        certificate=ending[0] if ending else "",
        plain=plain,
    )


def _roles(look: Look) -> str:
    """What we act as: our role, and what is lent to us in the incident that is shown."""
    if look.me is None:
        return ""
    state = None if look.state is None else look.state.delegation
    lent = () if state is None else state.roles(look.me.agency, look.me.name, look.now)
    return " + ".join(map(role_words, (look.me.role, *(code for code in lent if code != look.me.role))))


def _words(session: Session, look: Look) -> str:
    """What stands behind the link word: since when, when it is tried again, why."""
    link = session.link
    if session.disk_trouble:
        return session.disk_trouble
    if str(link.word) == LIVE:
        return link.sentence
    since = f"since {look.clock(look.timed(link.since_ms))}" if link.since_ms else ""
    again = f"next try in {link.retry_in_s:.0f} s" if link.retry_in_s is not None else ""
    # Signed out: that word stands beside it, and the box that asks for the password says why.
    why = "" if session.sitting is not None and session.sitting.out else link.sentence
    return ", ".join(part for part in (since, again) if part) + (f"  {why}" if why else "")


def stale_words(session: Session, look: Look) -> str:
    """How old what is shown is, while this room is cut off; "" while it is not."""
    link = session.link
    if str(link.word) in (LIVE, "READ ONLY") or not link.since_ms:
        return ""
    return f"as at {look.clock(look.timed(link.since_ms))}, own copy"


@dataclass(frozen=True, slots=True)
class Counts:
    """What stands at the tabs, by board: alarms, what waits for our acknowledgement, whether a filter is kept."""

    alarms: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    filtered: frozenset[str] = frozenset()


def tabs_of(
    boards: Sequence[Board], look: Look, session: Session, counts: Counts, front: str = ""
) -> tuple[Tab, ...]:
    """One tab for each screen that exists, by digit; the digits of those to come stay free.

    A screen without a digit has a tab only while it is in front.
    """

    def tab(name: str, digit: str, title: str, count: int = 0) -> Tab:
        alarms, unread = counts.alarms.get(name, 0), counts.unread.get(name, 0)
        return Tab(name, digit, title, count, alarms, unread, name in counts.filtered)

    tabs = {"1": tab("picture", "1", "Picture"), "5": tab("log", "5", "Log")}
    opened = look.state.organisation.opened
    for board in boards:
        if board.digit and board.name not in ("incidents", "log"):
            count = board.count(look) if opened and board.count is not None else 0
            tabs[board.digit] = tab(board.name, board.digit, board.title, count)
    incidents = tab("incidents", "0", "Incidents", len(session.incidents))
    conflicts = counts.alarms.get("refused", len(session.cards))
    refused = [Tab("refused", "!", "Conflicts", 0, conflicts)] if conflicts else []
    plain = [tab(board.name, "", board.title) for board in boards if not board.digit and board.name == front]
    here = [Tab("help", "?", "Help")] if front == "help" else plain
    found = (*(tabs[digit] for digit in sorted(tabs)), *refused, incidents)
    return (*found, *(tab for tab in here if tab.name not in {other.name for other in found}))


def alarms_of(boards: Sequence[Board], look: Look) -> Mapping[str, int]:
    """The alarms of each board. Each is a walk over a whole board."""
    if not look.state.organisation.opened:
        return {}
    return {board.name: board.alarm(look) for board in boards if board.alarm is not None}


def to_answer(look: Look) -> frozenset[str]:
    """Subjects addressed to our agency that nobody here has acknowledged yet, or seen, where that is enough."""
    if look.me is None or look.me.role == "excon" or not look.state.organisation.opened:
        return frozenset()  # nothing in the play waits for exercise control
    mine = look.me.agency
    quiet = seen_is_enough(look.state.messages)
    asked = (
        (subject, receipt(look.state.receipts, subject, mine))
        for subject in INCIDENT.addressed(look.state, mine, look.now)
    )
    return frozenset(
        subject
        for subject, got in asked
        if got.acknowledged is None and (got.seen is None or subject not in quiet)
    )


def marks_of(look: Look, session: Session) -> Mapping[str, str]:
    """The state word of each command of this seat: as it waits, and its number for a while after."""
    return {**{key: f"#{seq}" for key, seq in session.lately().items() if seq}, **look.unconfirmed}
