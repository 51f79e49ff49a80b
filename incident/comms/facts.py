"""Comms, the facts: channels between control rooms, who has tested them, whom to ring, which calls went unanswered.

The control rooms of one incident share one talkgroup; that nobody set it up, or that nobody tried it, is what
inquiries found. So a channel counts as good for an agency only when that agency itself has tested it. No one
person is to be the only way to an agency: a call that twice got no answer brings up the other ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.values import AgencyCode

LIVE_MAX: Final = 100
"""Channels in use in one incident at one time."""
CHANNELS_MAX: Final = 300
"""Channels that the state knows of, the withdrawn ones too; past it the oldest of those are in the log alone."""
UNANSWERED: Final = 2
"""So many calls without an answer, and other ways are proposed."""

LINK: Final = "control_room_link"
KINDS: Final[Mapping[str, str]] = {
    LINK: "control-room talkgroup",
    "talkgroup": "talkgroup",
    "bridge": "telephone bridge",
    "phone": "telephone line",
}
"""Kind of channel: what it is called. Of the first there is one in an incident at a time."""

Kind = Literal["talkgroup", "bridge", "phone"]
Id = Annotated[str, Meta(min_length=1, max_length=80)]
IdOrNone = Annotated[str, Meta(max_length=80)]
AgencyOrNone = Annotated[str, Meta(pattern=r"^(?:[A-Z][A-Z0-9]{1,11})?$(?!\n)")]
Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")]
Number = Annotated[str, Meta(max_length=80)]
"""What to dial or select: a telephone number, the number of a talkgroup."""
Words = Annotated[str, Meta(max_length=200)]
Reason = Annotated[str, Meta(max_length=500)]
Members = Annotated[tuple[AgencyCode, ...], Meta(max_length=100)]


# -- state ----------------------------------------------------------------------------------------------------


class Test(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What one agency's last test of a channel showed: whether it worked, when (UTC ms), who tried it."""

    agency: str
    worked: bool
    at: int
    by: str
    note: str = ""


class Channel(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One way to talk. Times are UTC ms.

    ``kind`` is one of KINDS. ``members`` are the agencies it is for, nobody for all parties. ``tests`` has one
    entry per agency, its last. ``version`` is the id of the command that last changed the channel itself.
    """

    id: str
    kind: str
    name: str
    owner: str
    set_at: int
    set_by: str
    version: str
    number: str = ""
    purpose: str = ""
    members: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    withdrawn_at: int | None = None
    reason: str = ""

    @property
    def live(self) -> bool:
        """Whether it is in use."""
        return self.withdrawn_at is None

    def test(self, agency: str) -> Test | None:
        """The last test of an agency, or None when it has not tested it."""
        return next((test for test in self.tests if test.agency == agency), None)

    def includes(self, agency: str) -> bool:
        """Whether it is for this agency."""
        return not self.members or agency in self.members or agency == self.owner


class Room(msgspec.Struct, frozen=True, omit_defaults=True):
    """How to reach an agency's control room: its name, the call-back number, and another way."""

    agency: str
    at: int
    name: str = ""
    phone: str = ""
    alternative: str = ""
    version: str = ""


class Calls(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Calls that got no answer: how many since one was answered, the first and last (UTC ms), and who called."""

    count: int
    first_at: int
    last_at: int
    by: str
    note: str = ""


class Comms(msgspec.Struct, frozen=True):
    """The channels by id, the control rooms by agency, and unanswered calls by what was called.

    ``calls`` has keys ``agency/SCAS`` and ``channel/<id>``. ``link_version`` is the id of the command that last
    set or withdrew the control-room talkgroup, ``names_version`` of that which last brought any channel.
    """

    channels: dict[str, Channel] = {}
    rooms: dict[str, Room] = {}
    calls: dict[str, Calls] = {}
    link_version: str = ""
    names_version: str = ""


# -- events ---------------------------------------------------------------------------------------------------


class LinkSet(msgspec.Struct, frozen=True, omit_defaults=True):
    """The control rooms have a talkgroup in common, in place of the one of ``replaces`` if there was one."""

    name: Name
    number: Number = ""
    purpose: Words = ""
    replaces: IdOrNone = ""


class ChannelAdded(msgspec.Struct, frozen=True, omit_defaults=True):
    """There is another channel."""

    kind: Kind
    name: Name
    number: Number = ""
    purpose: Words = ""
    members: Members = ()


class ChannelTested(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency tried a channel, and it worked or did not."""

    channel: Id
    agency: AgencyCode
    worked: bool
    note: Words = ""


class ChannelWithdrawn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A channel is not used any more."""

    channel: Id
    reason: Reason = ""


class RoomGiven(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency said how its control room is reached."""

    agency: AgencyCode
    name: Words = ""
    phone: Number = ""
    alternative: Words = ""


class CallUnanswered(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency was called, or a channel was, and nobody answered."""

    agency: AgencyOrNone = ""
    channel: IdOrNone = ""
    note: Words = ""


class CallAnswered(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency or a channel that had not answered was reached."""

    agency: AgencyOrNone = ""
    channel: IdOrNone = ""


# -- commands -------------------------------------------------------------------------------------------------


class SetLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """Set the one talkgroup of all control rooms. Another takes its place only by its owner or the lead."""

    name: Name
    number: Number = ""
    purpose: Words = ""


class AddChannel(msgspec.Struct, frozen=True, omit_defaults=True):
    """Bring another channel: a talkgroup, a telephone bridge, a line; for some agencies or for all."""

    kind: Kind
    name: Name
    number: Number = ""
    purpose: Words = ""
    members: Members = ()


class TestChannel(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record that our agency tried a channel, and whether it worked."""

    channel: Id
    agency: AgencyCode
    worked: bool
    note: Words = ""


class WithdrawChannel(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take a channel of ours out of use."""

    channel: Id
    reason: Reason = ""


class GiveRoom(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say how our control room is reached: its name, the call-back number, another way."""

    agency: AgencyCode
    name: Words = ""
    phone: Number = ""
    alternative: Words = ""


class ReportUnanswered(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record that a call got no answer: of an agency, on a channel, or both."""

    agency: AgencyOrNone = ""
    channel: IdOrNone = ""
    note: Words = ""


class ReportAnswered(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record that who had not answered was reached."""

    agency: AgencyOrNone = ""
    channel: IdOrNone = ""


# -- keys -----------------------------------------------------------------------------------------------------

NAMES_KEY: Final = "channels"
"""The key under which a new channel says which others its author had seen."""


def channel_key(channel: str) -> str:
    """The key of one channel in what an author had seen."""
    return f"channel/{channel}"


def room_key(agency: str) -> str:
    """The key of one control room in what an author had seen."""
    return f"room/{agency}"


def called_keys(thing: CallUnanswered | CallAnswered | ReportUnanswered | ReportAnswered) -> tuple[str, ...]:
    """Under which keys of ``Comms.calls`` a call is counted."""
    found = [f"agency/{thing.agency}"] if thing.agency else []
    return (*found, channel_key(thing.channel)) if thing.channel else tuple(found)


def subject_of(channel: Channel) -> str:
    """What the receipts of a channel are about; before the @ stands its place on the board."""
    return f"comms/{LINK}@{channel.id}" if channel.kind == LINK else f"comms/{channel.id}"


def tidy(text: str) -> str:
    """A name without blanks at its ends or doubled inside."""
    return " ".join(text.split())
