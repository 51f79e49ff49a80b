"""Comms, the rules: one control-room talkgroup, tested by each agency for itself; calls that got no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from msgspec.structs import replace

from incident.comms import facts as f
from incident.comms.facts import LINK, Calls, Channel, Comms, Room
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import charter_of, is_party, organisation, parties

Answer = tuple[Any, ...] | Refusal


def comms(view: View) -> Comms:
    """The channels and control rooms of an incident."""
    return cast("Comms", view.comms)


# -- decide ---------------------------------------------------------------------------------------------------


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """What comes of one command: events, none when it is so already, or a refusal."""
    match command:
        case f.SetLink():
            return _set_link(view, command, ctx)
        case f.AddChannel():
            return _add(view, command, ctx)
        case f.TestChannel():
            return _test(view, command)
        case f.WithdrawChannel():
            return _withdraw(view, command)
        case f.GiveRoom():
            return _room(view, command, ctx)
        case f.ReportUnanswered():
            return _not_reached(view, command) or (
                f.CallUnanswered(command.agency, command.channel, command.note.strip()),
            )
        case _:
            known = comms(view).calls
            if not any(key in known for key in f.called_keys(command)):
                return ()
            return (f.CallAnswered(command.agency, command.channel),)


def _set_link(view: View, command: f.SetLink, ctx: Context) -> Answer:
    name, number, link = f.tidy(command.name), f.tidy(command.number), control_room_link(view)
    purpose = command.purpose.strip()
    if link is not None and (link.name.casefold(), link.number) == (name.casefold(), number):
        return ()
    agency = ctx.actor.agency
    stale = ctx.stale(LINK, comms(view).link_version)
    if stale and link is None:
        sentence = "The control-room talkgroup was withdrawn since you looked."
        return Refusal("link_withdrawn", sentence, conflict=True)
    if link is not None and (stale or agency not in (link.owner, organisation(view).lead)):
        able = " or ".join(dict.fromkeys((link.owner, organisation(view).lead)))
        why = "That changed after you looked." if stale else f"Only {able} changes it."
        sentence = f"The control-room talkgroup is {link.name}, set by {link.owner}. {why}"
        told = {"owner": link.owner, "name": link.name, "since": str(link.set_at)}
        return Refusal("link_set", sentence, told, conflict=stale)
    return (f.LinkSet(name, number, purpose, "" if link is None else link.id),)


def _add(view: View, command: f.AddChannel, ctx: Context) -> Answer:
    name, number = f.tidy(command.name), f.tidy(command.number)
    members = tuple(dict.fromkeys(command.members))
    for code in members:
        if not is_party(view, code):
            return Refusal("not_party", f"{code} is not party to this incident: invite it first.")
    standing = live(view)
    for other in standing:
        if other.name.casefold() == name.casefold():
            raced = ctx.stale(f.NAMES_KEY, comms(view).names_version)
            sentence = f"{other.name} is there already: {f.KINDS[other.kind]}, set by {other.owner}."
            return Refusal("channel_there", sentence, {"owner": other.owner}, conflict=raced)
    if len(standing) >= f.LIVE_MAX:
        sentence = f"This incident has its {f.LIVE_MAX} channels. Withdraw one that is not used."
        return Refusal("full", sentence, {"limit": str(f.LIVE_MAX)})
    return (f.ChannelAdded(command.kind, name, number, command.purpose.strip(), members),)


def _test(view: View, command: f.TestChannel) -> Answer:
    """An agency says what it heard: at any time, of a channel withdrawn since, too."""
    if command.channel not in comms(view).channels:
        return _NO_CHANNEL
    if not is_party(view, command.agency):
        return Refusal("not_party", f"{command.agency} is not party to this incident.")
    return (f.ChannelTested(command.channel, command.agency, command.worked, command.note.strip()),)


def _withdraw(view: View, command: f.WithdrawChannel) -> Answer:
    channel = comms(view).channels.get(command.channel)
    if channel is None:
        return _NO_CHANNEL
    if not channel.live:
        return ()
    return (f.ChannelWithdrawn(channel.id, command.reason.strip()),)


def _room(view: View, command: f.GiveRoom, ctx: Context) -> Answer:
    agency = command.agency
    if not is_party(view, agency):
        return Refusal("not_party", f"{agency} is not party to this incident.")
    wanted = (f.tidy(command.name), f.tidy(command.phone), f.tidy(command.alternative))
    room = comms(view).rooms.get(agency)
    if wanted == (("", "", "") if room is None else (room.name, room.phone, room.alternative)):
        return ()
    if ctx.stale(f.room_key(agency), "" if room is None else room.version):
        sentence = f"How the control room of {agency} is reached was changed after you looked."
        return Refusal("changed", sentence, {"phone": "" if room is None else room.phone}, conflict=True)
    return (f.RoomGiven(agency, *wanted),)


def _not_reached(view: View, command: f.ReportUnanswered) -> Refusal | None:
    if not (command.agency or command.channel):
        return Refusal("nobody_called", "Say who did not answer: an agency or a channel.")
    if command.agency and command.agency not in charter_of(view).agencies:
        return Refusal("unknown_agency", f"The catalogue has no agency {command.agency}.")
    if command.channel and command.channel not in comms(view).channels:
        return _NO_CHANNEL
    return None


_NO_CHANNEL = Refusal("no_such_channel", "There is no such channel here.")


# -- evolve ---------------------------------------------------------------------------------------------------


def evolve(state: Comms, event: Any, record: Record) -> Comms:
    """The state after one event. Never refuses, whatever came before."""
    match event:
        case f.LinkSet():
            before = state.channels.get(event.replaces)
            if before is not None:
                state = _with(state, _gone(before, record, f"{event.name} in its place"))
            state = _brought(state, LINK, event, record)
            return replace(state, link_version=record.command_id)
        case f.ChannelAdded():
            return _brought(state, event.kind, event, record)
        case f.ChannelTested():
            return _tested(state, event, record)
        case f.ChannelWithdrawn():
            channel = state.channels.get(event.channel)
            if channel is None or not channel.live:
                return state
            after = _with(state, _gone(channel, record, event.reason))
            return replace(after, link_version=record.command_id) if channel.kind == LINK else after
        case f.RoomGiven():
            version = record.command_id
            room = Room(event.agency, record.at, event.name, event.phone, event.alternative, version)
            return replace(state, rooms={**state.rooms, event.agency: room})
        case f.CallUnanswered():
            return _unanswered(state, event, record)
        case f.CallAnswered():
            return _without_calls(state, f.called_keys(event), record)
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")


def _with(state: Comms, channel: Channel) -> Comms:
    return replace(state, channels={**state.channels, channel.id: channel})


def _gone(channel: Channel, record: Record, reason: str) -> Channel:
    return replace(channel, withdrawn_at=record.at, reason=reason, version=record.command_id)


def _brought(state: Comms, kind: str, event: f.LinkSet | f.ChannelAdded, record: Record) -> Comms:
    channel = Channel(
        id=thing_id(record),
        kind=kind,
        name=event.name,
        owner=record.agency,
        set_at=record.at,
        set_by=record.actor,
        version=record.command_id,
        number=event.number,
        purpose=event.purpose,
        members=() if isinstance(event, f.LinkSet) else event.members,
    )
    channels = {**state.channels, channel.id: channel}
    while len(channels) > f.CHANNELS_MAX:
        # By time, not by the order of the dict: a state that came as a snapshot has another order.
        gone = [(one.withdrawn_at, key) for key, one in channels.items() if one.withdrawn_at is not None]
        if not gone:
            break
        del channels[min(gone)[1]]
    calls = {
        key: calls
        for key, calls in state.calls.items()
        if not key.startswith("channel/") or key.removeprefix("channel/") in channels
    }
    return replace(state, channels=channels, calls=calls, names_version=record.command_id)


def _tested(state: Comms, event: f.ChannelTested, record: Record) -> Comms:
    """An agency's last test stands; one that was written down late is in the log and changes nothing."""
    channel = state.channels.get(event.channel)
    if channel is None:
        return state
    before = channel.test(event.agency)
    if before is not None and record.at < before.at:
        return state
    test = f.Test(event.agency, event.worked, record.at, record.actor, event.note)
    others = tuple(other for other in channel.tests if other.agency != event.agency)
    state = _with(state, replace(channel, tests=(*others, test)))
    return _without_calls(state, (f.channel_key(channel.id),), record) if event.worked else state


def _unanswered(state: Comms, event: f.CallUnanswered, record: Record) -> Comms:
    calls = dict(state.calls)
    for key in f.called_keys(event):
        before = calls.get(key)
        first = record.at if before is None else min(before.first_at, record.at)
        last = record.at if before is None else max(before.last_at, record.at)
        calls[key] = Calls(
            1 if before is None else before.count + 1,
            first,
            last,
            f"{record.actor}, {record.agency}",
            event.note,
        )
    return replace(state, calls=calls)


def _without_calls(state: Comms, keys: tuple[str, ...], record: Record) -> Comms:
    """Reached, so nothing is unanswered any more, but for what came after that and was written down before it."""
    over = {key for key in keys if key in state.calls and state.calls[key].last_at <= record.at}
    if not over:
        return state
    return replace(state, calls={key: calls for key, calls in state.calls.items() if key not in over})


def version(state: Comms, key: str) -> str:
    """``control_room_link``, ``channels``, ``channel/<id>`` or ``room/<AGENCY>``."""
    if key == LINK:
        return state.link_version
    if key == f.NAMES_KEY:
        return state.names_version
    what, _, name = key.partition("/")
    if what == "room":
        room = state.rooms.get(name)
        return "" if room is None else room.version
    channel = state.channels.get(name)
    return "" if channel is None else channel.version


def label(state: Comms, key: str) -> str:
    """What log lines call a channel: its name, which never changes."""
    channel = state.channels.get(key.removeprefix(f"{LINK}@"))
    return "a channel" if channel is None else channel.name


def addressed(state: Comms, agency: str) -> tuple[str, ...]:
    """The channels in use that are for this agency and that it has not tested."""
    return tuple(
        f.subject_of(channel)
        for channel in state.channels.values()
        if channel.live
        and channel.includes(agency)
        and channel.owner != agency
        and channel.test(agency) is None
    )


# -- what others ask ------------------------------------------------------------------------------------------


def live(view: View) -> tuple[Channel, ...]:
    """The channels in use, the control-room talkgroup first."""
    found = [channel for channel in comms(view).channels.values() if channel.live]
    return tuple(sorted(found, key=lambda channel: channel.kind != LINK))


def control_room_link(view: View) -> Channel | None:
    """The talkgroup that all control rooms share, or None while there is none."""
    return next((c for c in comms(view).channels.values() if c.live and c.kind == LINK), None)


def counted(view: View, channel: Channel) -> tuple[str, ...]:
    """The present parties that must test a channel. Exercise control plays no part."""
    known = charter_of(view).agencies
    return tuple(
        code
        for code in parties(view)
        if channel.includes(code) and (code not in known or known[code].type != "exercise")
    )


def untested(view: View) -> tuple[str, ...]:
    """The agencies that have not tested the control-room talkgroup; nobody while there is none."""
    link = control_room_link(view)
    return () if link is None else tuple(a for a in counted(view, link) if link.test(a) is None)


def failed(view: View) -> tuple[str, ...]:
    """The agencies for which the control-room talkgroup did not work when they last tried it."""
    link = control_room_link(view)
    if link is None:
        return ()
    tests = [(agency, link.test(agency)) for agency in counted(view, link)]
    return tuple(agency for agency, test in tests if test is not None and not test.worked)


def link_missing(view: View) -> int | None:
    """Since when (UTC ms) a control-room talkgroup is missing: somebody has declared and others take part."""
    state, present = organisation(view), parties(view)
    if control_room_link(view) is not None or len(present) < 2:
        return None
    declared = [party.major_at for code in present if (party := state.parties[code]).declared == "declared"]
    times = [at for at in declared if at is not None]
    gone = [c.withdrawn_at for c in comms(view).channels.values() if c.kind == LINK and c.withdrawn_at]
    return max([min(times), *gone]) if times else None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Somebody, or a channel, that did not answer twice or more, and the other ways there are.

    One of ``agency`` and ``channel`` (an id) is set. ``since`` is the first of those calls (UTC ms).
    """

    agency: str
    channel: str
    name: str
    count: int
    since: int
    alternatives: tuple[str, ...]


def unanswered(view: View) -> tuple[Unanswered, ...]:
    """Who did not answer twice or more since they last did, with the other ways to reach them."""
    found = []
    for key, calls in comms(view).calls.items():
        what, _, name = key.partition("/")
        channel = comms(view).channels.get(name)
        if what == "agency" and heard(view, name) > calls.last_at:
            continue
        if calls.count < f.UNANSWERED or (what == "channel" and (channel is None or not channel.live)):
            continue
        agency = name if what == "agency" else ""
        words = agency if channel is None else channel.name
        ways = alternatives(view, agency, "" if agency else name)
        found.append(Unanswered(agency, "" if agency else name, words, calls.count, calls.first_at, ways))
    return tuple(found)


def heard(view: View, agency: str) -> int:
    """When (UTC ms) an agency was last heard of by what it did here itself: it joined, declared, tried a channel.

    After that nobody is alarmed any more because it did not answer a call.
    """
    party = organisation(view).parties.get(agency)
    times = () if party is None else (party.joined_at or 0, party.declared_at or 0)
    tests = (test.at for one in comms(view).channels.values() if (test := one.test(agency)) is not None)
    return max((*times, *tests), default=0)


def alternatives(view: View, agency: str = "", channel: str = "") -> tuple[str, ...]:
    """Other ways to reach an agency, or in place of a channel; what its own test found to work comes first.

    No channel that has gone unanswered twice is proposed, nor one that the agency found not to work.
    """
    state = comms(view)
    ways: list[str] = []
    if agency:
        room, party = state.rooms.get(agency), organisation(view).parties.get(agency)
        named = "" if party is None else party.spoc
        said = (named, "" if room is None else room.phone, "" if room is None else room.alternative)
        ways += [way for way in said if way]
    good: list[str] = []
    other: list[str] = []
    for one in live(view):
        calls = state.calls.get(f.channel_key(one.id))
        if one.id == channel or (calls is not None and calls.count >= f.UNANSWERED):
            continue
        tests = [test for test in one.tests if not agency or test.agency == agency]
        if (agency and not one.includes(agency)) or any(not test.worked for test in tests):
            continue
        words = " ".join(filter(None, (one.name, one.number)))
        (good if any(test.worked for test in tests) else other).append(words)
    return tuple(dict.fromkeys((*ways, *good, *other)))


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of the channels of an incident, and is."""
    state, known, found = comms(view), organisation(view).parties, []
    if sum(channel.live and channel.kind == LINK for channel in state.channels.values()) > 1:
        found.append("two control-room talkgroups are in use")
    if len(state.channels) > f.CHANNELS_MAX:
        found.append("more channels are kept than is promised")
    for key, channel in state.channels.items():
        if key != channel.id:
            found.append(f"the channel {channel.name} is filed under another id")
        if channel.kind not in f.KINDS:
            found.append(f"{channel.name} is of no known kind")
        if len({test.agency for test in channel.tests}) != len(channel.tests):
            found.append(f"one agency has two last tests of {channel.name}")
    found += [
        f"{agency} has a control room and was never a party" for agency in state.rooms if agency not in known
    ]
    found += [
        f"{key} was called {calls.count} times" for key, calls in state.calls.items() if calls.count < 1
    ]
    return tuple(found)
