"""Messages, the board: to us and unread first, with each receiver's receipts, and the verbs to write and answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Line, Names
from incident.messages.facts import PRIORITIES, Message, Priority, Send, Sent, Withdraw
from incident.messages.rules import has_it, messages, receipt_of, receivers, unanswered, waits_for
from incident.organisation import parties
from incident.values import role_words, sentences, span

ALL = "ALL"
"""What is written for every party; no agency has that code."""


# -- lines of the log -----------------------------------------------------------------------------------------


def sentence(event: Any, record: Record, names: Names) -> Line:
    """One event as a line of the log."""
    if not isinstance(event, Sent):
        return Line(sentences(f"withdraws {names('messages', event.message)}", f"Reason: {event.reason}"))
    marks = "" if event.priority == "routine" else f", {event.priority}"
    answer = f", in answer to {names('messages', event.reply_to)}" if event.reply_to else ""
    number = names("messages", thing_id(record))
    return Line(f"tells {addressee(event.to, event.to_role)} ({number}{marks}{answer}): {event.text}")


def addressee(to: str, role: str) -> str:
    """To whom, in words: an agency, a role there, or every party."""
    if not to:
        return "every party"
    return f"{to} {role}".strip()


# -- cells ----------------------------------------------------------------------------------------------------


def _me(look: Look) -> str:
    return "" if look.me is None else str(look.me.agency)


def waits_here(message: Message, look: Look) -> bool:
    """Sent to us, and nobody here has done what it asks."""
    mine = _me(look)
    return (
        bool(mine)
        and message.withdrawn_at is None
        and message.is_for(mine)
        and not has_it(look.state, message, mine)
    )


def rows(look: Look) -> Mapping[str, Message]:
    """Every message that is kept, by id."""
    return messages(look.state).rows


def _number(message: Message, _look: Look) -> Cell:
    return Cell(message.number, "dim")


def _from(message: Message, look: Look) -> Cell:
    return Cell(message.sender, "accent" if message.sender == _me(look) else "ink")


def _to(message: Message, look: Look) -> Cell:
    return Cell(addressee(message.to, message.to_role), "accent" if message.is_for(_me(look)) else "ink")


def _text(message: Message, look: Look) -> Cell:
    if message.withdrawn_at is not None:
        return Cell(f"WITHDRAWN: {message.text}", "dim")
    mark = {"critical": "‼ ", "urgent": "! "}.get(message.priority, "")
    return Cell(mark + " ".join(message.text.split()), "strong" if waits_here(message, look) else "ink")


def state_cell(message: Message, look: Look) -> Cell:
    """To us: unread, or what we did with it. Else how many of the receivers have it."""
    if message.withdrawn_at is not None:
        return Cell("withdrawn", "dim")
    mine = _me(look)
    if message.is_for(mine):
        return _ours(message, mine, look)
    asked = receivers(look.state, message)
    if len(asked) == 1:
        word = _stage(message, asked[0], look)
    else:
        word = f"{len(asked) - len(waits_for(look.state, message))} of {len(asked)} have it"
    late = unanswered(look.state, message, look.now)
    return Cell(word, "alarm" if late else "ink" if waits_for(look.state, message) else "good")


def _ours(message: Message, mine: str, look: Look) -> Cell:
    stage = _stage(message, mine, look)
    if has_it(look.state, message, mine):
        return Cell(stage, "good")
    waited = span(look.now - message.recorded_at)
    if stage == "seen":
        return Cell(f"to acknowledge {waited}", "caution")
    return Cell(f"UNREAD {waited}", "alarm" if message.priority != "routine" else "caution")


def _stage(message: Message, agency: str, look: Look) -> str:
    if agency in message.answered:
        return "answered"
    got = receipt_of(look.state, message, agency)
    stages = (("acknowledged", got.acknowledged), ("seen", got.seen), ("delivered", got.delivered))
    return next((word for word, at in stages if at is not None), "sent")


def _since(message: Message, look: Look) -> Cell:
    return Cell(span(look.now - message.at), "dim")


def _order(message: Message, look: Look) -> Any:
    """To us and not yet acknowledged first, the most pressing of them above; then the newest."""
    here = waits_here(message, look)
    pressing = -PRIORITIES.index(message.priority) if here else 0
    return (not here, pressing, -message.at, message.number)


COLUMNS = (
    Column("number", "No", 10, _number, priority=3, sort=lambda m, _look: m.number),
    Column("from", "From", 8, _from, priority=1),
    Column("to", "To", 12, _to, priority=2),
    Column("text", "Message", 24, _text, priority=0, grow=3),
    Column("state", "State", 19, state_cell, priority=1),
    Column("since", "Sent", 6, _since, priority=2, align="right", sort=lambda m, _look: m.at),
)


# -- detail ---------------------------------------------------------------------------------------------------


def detail(message: Message, look: Look) -> Sequence[tuple[str, Cell]]:
    """The whole message, and what each receiver has done with it."""
    behalf = f", for {message.on_behalf_of}" if message.on_behalf_of else ""
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{message.number}  to {addressee(message.to, message.to_role)}", "strong")),
        ("from", Cell(f"{message.sender}, {message.actor} ({role_words(message.role)}){behalf}")),
        ("at", Cell(look.clock(message.at), "dim")),
        ("priority", Cell(message.priority, "ink" if message.priority == "routine" else "caution")),
        ("says", Cell(message.text)),
    ]
    everything = rows(look)
    if message.reply_to in everything:
        asked = everything[message.reply_to]
        lines.append(("answers", Cell(f"{asked.number} {asked.text}", "dim")))
    lines += [
        ("answered by", Cell(f"{other.number} {other.text}"))
        for other in everything.values()
        if other.reply_to == message.id
    ]
    if message.withdrawn_at is not None:
        words = f"{look.clock(message.withdrawn_at)}: {message.reason}"
        return [*lines, ("withdrawn", Cell(words, "caution"))]
    asks = "acknowledge it" if message.needs_ack else "no acknowledgement asked for"
    lines.append(("asks", Cell(asks, "dim")))
    return [*lines, *(_receipt(message, code, look) for code in receivers(look.state, message))]


def _receipt(message: Message, code: str, look: Look) -> tuple[str, Cell]:
    got = receipt_of(look.state, message, code)
    steps = (("delivered", got.delivered), ("seen", got.seen), ("acknowledged", got.acknowledged))
    parts = [f"{word} {look.clock(at)}" for word, at in steps if at is not None]
    if got.acknowledged is not None and got.by:
        parts[-1] += f" by {got.by}"
    if code in message.answered:
        parts.append("answered")
    if code in unanswered(look.state, message, look.now):
        parts.append(f"NOT ACKNOWLEDGED for {span(look.now - message.recorded_at)}")
        return code, Cell(" · ".join(parts), "alarm")
    return code, Cell(" · ".join(parts) or "sent", "good" if has_it(look.state, message, code) else "ink")


# -- verbs ----------------------------------------------------------------------------------------------------


def _receivers(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [
        *((code, code) for code in parties(look.state) if code != _me(look)),
        (ALL, "every party"),
    ]


def _priorities(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(word, word) for word in PRIORITIES]


def _said(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _priority(values: Mapping[str, Any]) -> Priority:
    return cast("Priority", _said(values, "priority") or "routine")


def _send(_row: Any, values: Mapping[str, Any], _look: Look) -> Send:
    to = _said(values, "to").upper()
    role = _said(values, "role")
    if to == ALL and role:
        raise ValueError(
            "A role is one at an agency: name the agency, or send it to every party without a role."
        )
    return Send(
        _said(values, "text"),
        "" if to == ALL else to,
        role,
        _priority(values),
        bool(_said(values, "ack")),
    )


def _reply(message: Message, values: Mapping[str, Any], look: Look) -> Send:
    """To who sent it; to who got it, when it was ours."""
    ours = message.sender == _me(look)
    return Send(
        _said(values, "text"),
        message.to if ours else message.sender,
        message.to_role if ours else "",
        _priority(values),
        bool(_said(values, "ack")),
        message.id,
    )


_ARGS = (
    Arg("text", "Message", limit=1000),
    Arg("priority", "Priority", "choice", False, _priorities, lambda _look, _row: "routine"),
    Arg("ack", "To be acknowledged", "flag", False, default=lambda _look, _row: "yes"),
)

VERBS = (
    Verb(
        "send",
        "New message",
        "msg",
        Send,
        _send,
        key="c",
        row=False,
        aliases=("message",),
        args=(
            Arg("to", "To (SCAS, or ALL)", "agency", True, _receivers),
            *_ARGS,
            Arg("role", "To the role", required=False, limit=80),
        ),
        example='msg SCAS "the A4 is shut" urgent',
        help="To an agency, to a role there with role=, or to ALL.",
    ),
    Verb(
        "reply",
        "Answer",
        "answer",
        Send,
        _reply,
        key="y",
        args=_ARGS,
        applies=lambda message, look: message.sender != _me(look) or bool(message.to),
        example='answer SCAS-M2 "on our way"',
        help="An answer says more than an acknowledgement, and stands for it.",
    ),
    Verb(
        "withdraw",
        "Withdraw",
        "retract",
        Withdraw,
        lambda message, values, _look: Withdraw(message.id, _said(values, "reason")),
        key="X",
        args=(Arg("reason", "Reason", rest=True),),
        applies=lambda message, look: message.withdrawn_at is None and message.sender == _me(look),
        example="retract LAS-M2 wrong junction",
        help="It stays, struck through, and asks for nothing any more.",
    ),
)


# -- the board ------------------------------------------------------------------------------------------------


def _find(message: Message, look: Look) -> str:
    words = (message.number, message.sender, addressee(message.to, message.to_role), message.priority)
    return " ".join((*words, message.text, state_cell(message, look).text)).lower()


def _named(written: str, look: Look) -> str | None:
    wanted = written.strip().upper()
    everything = rows(look).values()
    exact = [message.id for message in everything if message.number == wanted]
    if not exact:
        exact = [message.id for message in everything if message.number.partition("-")[2] == wanted]
    return exact[0] if len(exact) == 1 else None


def _count(look: Look) -> int:
    return sum(waits_here(message, look) for message in rows(look).values())


def _alarm(look: Look) -> int:
    """Our urgent and critical messages that somebody has not acknowledged for too long."""
    mine = _me(look)
    return sum(
        bool(unanswered(look.state, message, look.now))
        for message in rows(look).values()
        if message.sender == mine
    )


BOARD = Board(
    name="messages",
    title="Messages",
    digit="8",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=_named,
    version=lambda message: message.version,
    order=_order,
    count=_count,
    alarm=_alarm,
    noun="message",
    empty="No messages yet. Press c and tell somebody.",
)
