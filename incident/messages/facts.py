"""Messages, the facts: words to one agency, to a role there, or to every party, and what became of them.

A message is none of the other things: nobody is accountable for it (that is a task) and it is no entry of the log.
It says something to somebody who must know it. Whether it was delivered, seen and acknowledged are receipts of
each agency it went to; an answer says more than a receipt. It is never erased: who sent it may withdraw it, and
it stays, struck through.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.values import MINUTE_MS, AgencyCode

Priority = Literal["routine", "urgent", "critical"]
PRIORITIES: Final = ("routine", "urgent", "critical")
ANSWER_WITHIN_MS: Final = 3 * MINUTE_MS
"""An urgent or critical message that is not acknowledged for so long alarms its sender (our rule; lesson 12)."""

MESSAGES_KEPT: Final = 2_000
"""Messages of one incident that are kept; older ones stand in the log alone."""
ASKING_MAX: Final = 200
"""So many of the latest messages ask one agency for receipts."""
TEXT_MAX: Final = 1_000

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=r"\S")]
Role = Annotated[str, Meta(max_length=80)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
MessageId = Annotated[str, Meta(min_length=36, max_length=40)]


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message. ``to`` is an agency, "" every party; ``to_role`` a role there, "" whoever sits there.

    Times are UTC ms: ``at`` when it was written, ``recorded_at`` when the server had it. ``answered`` are the
    agencies that have answered it with a message of their own. ``place`` counts all messages in the order in which the
    server had them. ``version`` is the last command that touched it.
    """

    id: str
    number: str
    sender: str
    actor: str
    role: str
    to: str
    text: str
    at: int
    recorded_at: int
    place: int
    version: str
    to_role: str = ""
    priority: Priority = "routine"
    needs_ack: bool = True
    reply_to: str = ""
    on_behalf_of: str = ""
    answered: tuple[str, ...] = ()
    withdrawn_at: int | None = None
    reason: str = ""

    def is_for(self, agency: str) -> bool:
        """Whether it was sent to this agency, alone or with all others."""
        return self.sender != agency and self.to in ("", agency)


class Messages(msgspec.Struct, frozen=True):
    """The messages by id, how many each agency has sent, and how many there were in all."""

    rows: dict[str, Message] = {}
    counts: dict[str, int] = {}
    total: int = 0


class Sent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message was sent."""

    text: str
    to: str = ""
    to_role: str = ""
    priority: Priority = "routine"
    needs_ack: bool = True
    reply_to: str = ""


class Withdrawn(msgspec.Struct, frozen=True):
    """Who sent it says that it was wrong: it stays, struck through, and asks for nothing any more."""

    message: str
    reason: str


class Send(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say something to an agency, to a role there, or, with nobody named, to every party."""

    text: Text
    to: AgencyCode | Literal[""] = ""
    to_role: Role = ""
    priority: Priority = "routine"
    needs_ack: bool = True
    reply_to: MessageId | Literal[""] = ""


class Withdraw(msgspec.Struct, frozen=True):
    """Say that a message of ours was wrong, and why."""

    message: MessageId
    reason: Reason


def subject(message: Message) -> str:
    """What the receipts of a message are about. A message is written once, so its id says which."""
    return f"messages/{message.id}"
