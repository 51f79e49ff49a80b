"""Messages, the rules and the fold: who may be written to, what an answer means, what still asks for a receipt."""

from __future__ import annotations

from heapq import nlargest
from typing import Any, Final, cast

from msgspec.structs import replace

from incident.kernel.receipts import Receipt, receipt
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Refusal, View
from incident.messages.facts import (
    ANSWER_WITHIN_MS,
    ASKING_MAX,
    MESSAGES_KEPT,
    Message,
    Messages,
    Send,
    Sent,
    Withdrawn,
    subject,
)
from incident.organisation import charter_of, closed, is_party, organisation, parties

_TOGETHER: Final = 50
"""More than the bound are dropped so many at a time, not one for each that is sent."""


def messages(view: View) -> Messages:
    """The messages of an incident."""
    return cast("Messages", view.messages)


# -- deciding -------------------------------------------------------------------------------------------------


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """What a command makes happen, or the reason why not."""
    if isinstance(command, Send):
        shut = None if command.reply_to else closed(view, ctx, "a message is sent")
        return shut or _send(view, command, ctx)
    message = messages(view).rows.get(command.message)
    if message is None:
        return Refusal("no_such_message", "There is no such message here.")
    if message.withdrawn_at is not None:
        return ()
    if message.sender != ctx.actor.agency:
        return Refusal("not_yours", f"Only {message.sender} can withdraw {message.number}.")
    return (Withdrawn(message.id, command.reason.strip()),)


def _send(view: View, command: Send, ctx: Context) -> tuple[Any, ...] | Refusal:
    if command.to == ctx.actor.agency:
        return Refusal(
            "to_ourselves", "That is our own agency: write it in our own log, or as a task of our own."
        )
    asked = messages(view).rows.get(command.reply_to)
    back = asked is not None and asked.sender == command.to  # exercise control is no party, and is answered
    if command.to and not back and not is_party(view, command.to):
        known = ", ".join(code for code in parties(view) if code != ctx.actor.agency)
        return Refusal("not_party", f"{command.to} is not a party to this incident. Parties: {known}.")
    return (
        Sent(
            command.text.strip(),
            command.to,
            command.to_role.strip() if command.to else "",
            command.priority,
            command.needs_ack,
            # An answer to what is no longer kept, or was never here, is still a message.
            "" if asked is None else asked.id,
        ),
    )


def sender_of(view: View, command: Any) -> str:
    """Whose message it is."""
    message = messages(view).rows.get(command.message)
    return "" if message is None else message.sender


# -- the fold -------------------------------------------------------------------------------------------------


def evolve(state: Messages, event: Any, record: Record) -> Messages:
    """The messages after one event. Never refuses."""
    if isinstance(event, Sent):
        return _sent(state, event, record)
    message = state.rows.get(event.message)
    if message is None:
        return state
    gone = replace(message, withdrawn_at=record.at, reason=event.reason, version=record.command_id)
    return replace(state, rows={**state.rows, message.id: gone})


def _sent(state: Messages, event: Sent, record: Record) -> Messages:
    count = state.counts.get(record.agency, 0) + (record.seq != 0)  # minted by the server only
    message = Message(
        id=thing_id(record),
        number=f"{record.agency}-M{count if record.seq else '?'}",
        sender=record.agency,
        actor=record.actor,
        role=record.role,
        to=event.to,
        text=event.text,
        at=record.at,
        recorded_at=record.recorded_at,
        place=state.total + 1,
        version=record.command_id,
        to_role=event.to_role,
        priority=event.priority,
        needs_ack=event.needs_ack,
        reply_to=event.reply_to,
        on_behalf_of=record.on_behalf_of,
    )
    rows = {**state.rows, message.id: message}
    asked = rows.get(event.reply_to)
    if asked is not None and asked.is_for(record.agency) and record.agency not in asked.answered:
        rows[asked.id] = replace(asked, answered=(*asked.answered, record.agency), version=record.command_id)
    if len(rows) > MESSAGES_KEPT:
        oldest = message.place - MESSAGES_KEPT + _TOGETHER
        rows = {id_: kept for id_, kept in rows.items() if kept.place > oldest}
    return Messages(rows, {**state.counts, record.agency: count}, message.place)


# -- who has what ---------------------------------------------------------------------------------------------


def addressed(state: Messages, agency: str) -> tuple[str, ...]:
    """The latest messages to this agency that stand and that it has not answered."""
    asking = [
        message
        for message in state.rows.values()
        if message.withdrawn_at is None and message.is_for(agency) and agency not in message.answered
    ]
    if len(asking) > ASKING_MAX:
        asking = nlargest(ASKING_MAX, asking, key=lambda message: message.place)
    return tuple(map(subject, asking))


def seen_is_enough(state: Messages) -> frozenset[str]:
    """Subjects of messages that ask for no acknowledgement: once seen, nothing waits any more."""
    return frozenset(subject(message) for message in state.rows.values() if not message.needs_ack)


def receivers(view: View, message: Message) -> tuple[str, ...]:
    """The present parties it was sent to. What goes to every party does not go to exercise control."""
    if message.to:
        return (message.to,)
    known = charter_of(view).agencies
    return tuple(
        code
        for code in parties(view)
        if message.is_for(code) and (code not in known or known[code].type != "exercise")
    )


def receipt_of(view: View, message: Message, agency: str) -> Receipt:
    """What one agency has done with it."""
    return receipt(view.receipts, subject(message), agency)


def has_it(view: View, message: Message, agency: str) -> bool:
    """Whether an agency has acknowledged or answered it; where it asks for neither, seen it."""
    got = receipt_of(view, message, agency)
    return (
        agency in message.answered
        or got.acknowledged is not None
        or (not message.needs_ack and got.seen is not None)
    )


def waits_for(view: View, message: Message) -> tuple[str, ...]:
    """The agencies that have not yet acknowledged or answered it; nobody once it is withdrawn."""
    if message.withdrawn_at is not None:
        return ()
    return tuple(code for code in receivers(view, message) if not has_it(view, message, code))


def unanswered(view: View, message: Message, now: int) -> tuple[str, ...]:
    """The agencies that an urgent or critical message has waited for too long (``now`` is UTC ms).

    For who was invited after it was sent, the time counts from then.
    """
    if message.priority == "routine" or not message.needs_ack:
        return ()
    known = organisation(view).parties
    return tuple(
        code
        for code in waits_for(view, message)
        if now - max(message.recorded_at, known[code].invited_at if code in known else 0) >= ANSWER_WITHIN_MS
    )


def version(state: Messages, key: str) -> str:
    """``messages/<id>``: the id of the command that last touched it."""
    message = state.rows.get(key.partition("/")[2])
    return "" if message is None else message.version


def label(state: Messages, key: str) -> str:
    """What log lines call a message: its number, which never changes."""
    message = state.rows.get(key.partition("@")[0])
    return "an earlier message" if message is None else message.number


def invariants(view: View) -> tuple[str, ...]:
    """Numbers are never used twice; nobody writes to itself; who answered was asked."""
    found = []
    rows = messages(view).rows
    numbers = [message.number for message in rows.values() if not message.number.endswith("?")]
    if len(set(numbers)) != len(numbers):
        found.append("two messages have one number")
    for id_, message in rows.items():
        if id_ != message.id:
            found.append(f"{message.number} is filed under another id")
        if message.sender == message.to:
            found.append(f"{message.number} was sent to its sender")
        if not all(message.is_for(agency) for agency in message.answered):
            found.append(f"{message.number} was answered by an agency it was not sent to")
    return tuple(found)
