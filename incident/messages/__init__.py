"""Messages: words to an agency, to a role there or to every party, with receipts of each."""

from __future__ import annotations

from typing import Any

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice
from incident.messages import facts as f
from incident.messages.board import BOARD, sentence
from incident.messages.facts import ANSWER_WITHIN_MS, Message, Messages, subject
from incident.messages.rules import (
    addressed,
    decide,
    evolve,
    invariants,
    label,
    messages,
    seen_is_enough,
    sender_of,
    unanswered,
    version,
    waits_for,
)

__all__ = [
    "ANSWER_WITHIN_MS",
    "SLICE",
    "Message",
    "Messages",
    "messages",
    "seen_is_enough",
    "subject",
    "unanswered",
    "waits_for",
]


def _keys(command: Any) -> tuple[str, ...]:
    return (f"messages/{command.message}",)


SLICE = Slice(
    name="messages",
    state=Messages,
    events=(EventSpec(f.Sent), EventSpec(f.Withdrawn)),
    commands=(
        # What was said was said, however late it arrives; a correction is a further entry.
        CommandSpec(f.Send, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(f.Withdraw, Conflict.APPEND, Offline.ALLOWED, keys=_keys, about=sender_of),
    ),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    boards=(BOARD,),
    version=version,
    label=label,
    addressed=addressed,
    invariants=invariants,
)
