"""What may be written, decided, reviewed and struck, and what each of these does to the state."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Line, Names, Refusal, View
from incident.log import facts
from incident.log.facts import Correction, Decision, Log
from incident.values import length_words, sentences

PAGE_LINES: Final = 256
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_FURTHER: Final = 0x100


# -- who wrote a line -----------------------------------------------------------------------------------------


def author(state: Log, seq: int) -> str:
    """The agency that wrote the log entry or decision with this record number; "" when it is neither."""
    page, place = divmod(seq, PAGE_LINES)
    letters = state.pages.get(str(page), "")
    if place >= len(letters) or letters[place] == " ":
        return ""
    letter = letters[place]
    index = _LETTERS.find(letter)
    return state.authors[index if index >= 0 else ord(letter) - _FURTHER + len(_LETTERS)]


def _signed(state: Log, record: Record) -> Log:
    """Remember who wrote this line. A provisional record has no number yet, and no line to be struck."""
    if record.seq == 0:
        return state
    authors = state.authors if record.agency in state.authors else (*state.authors, record.agency)
    index = authors.index(record.agency)
    letter = _LETTERS[index] if index < len(_LETTERS) else chr(_FURTHER + index - len(_LETTERS))
    page, place = divmod(record.seq, PAGE_LINES)
    letters = state.pages.get(str(page), "").ljust(place) + letter
    return replace(
        state, entries=state.entries + 1, authors=authors, pages={**state.pages, str(page): letters}
    )


def about(view: View, command: Any) -> str:
    """Whose line or decision a command touches."""
    state: Log = view.log
    match command:
        case facts.Strike():
            return author(state, command.seq)
        case facts.Review():
            decision = state.decisions.get(command.decision)
            return "" if decision is None else decision.agency
        case _:
            return ""


# -- decide ---------------------------------------------------------------------------------------------------


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """The events of one command. Writing is never refused for being late."""
    state: Log = view.log
    match command:
        case facts.Write():
            return (facts.Written(command.text.strip(), command.late_reason.strip()),)
        case facts.Decide():
            return _decide(state, command, ctx)
        case facts.Review():
            return _review(state, command)
        case _:
            return _strike(state, command, ctx)


def _decide(state: Log, command: facts.Decide, ctx: Context) -> tuple[Any, ...] | Refusal:
    if len(state.decisions) >= facts.DECISIONS_MAX:
        sentence = f"This log holds {facts.DECISIONS_MAX:,} decisions: write it down as an entry."
        return Refusal("too_many", sentence)
    decided = facts.Decided(
        text=command.text.strip(),
        reason=command.reason.strip(),
        owner=command.owner.strip() or ctx.on_behalf_of or ctx.actor.name,
        options=command.options,
        dissent=command.dissent.strip(),
        review_at=command.review_at,
        late_reason=command.late_reason.strip(),
    )
    return (decided,)


def _review(state: Log, command: facts.Review) -> tuple[Any, ...] | Refusal:
    decision = state.decisions.get(command.decision)
    if decision is None:
        return Refusal("no_decision", "There is no such decision in this log.")
    if decision.outcome == command.outcome != "stands" and not command.note.strip():
        return ()
    return (facts.Reviewed(command.decision, command.outcome, command.note.strip(), command.review_at),)


def _strike(state: Log, command: facts.Strike, ctx: Context) -> tuple[Any, ...] | Refusal:
    writer = author(state, command.seq)
    if not writer:
        return Refusal("no_entry", f"#{command.seq} is no entry of the log: only entries are struck through.")
    if writer != ctx.actor.agency:
        sentence = f"#{command.seq} was written by {writer}: only {writer} can strike it through."
        return Refusal("not_yours", sentence, {"agency": writer})
    if str(command.seq) in state.corrections:
        return ()
    if len(state.corrections) >= facts.CORRECTIONS_MAX:
        sentence = f"This log holds {facts.CORRECTIONS_MAX:,} corrections: write what is right as an entry."
        return Refusal("too_many", sentence)
    return (facts.Struck(command.seq, command.reason.strip(), command.text.strip()),)


# -- evolve ---------------------------------------------------------------------------------------------------


def evolve(state: Log, event: Any, record: Record) -> Log:
    """The state after one event."""
    match event:
        case facts.Written():
            return _signed(state, record)
        case facts.Decided():
            return _signed(_decided(state, event, record), record)
        case facts.Reviewed():
            return _reviewed(state, event, record)
        case _:
            return _signed(_struck(state, event, record), record)


def _decided(state: Log, event: facts.Decided, record: Record) -> Log:
    number = 0
    minted = state.minted
    if record.seq:
        number = minted.get(record.agency, 0) + 1
        minted = {**minted, record.agency: number}
    key = thing_id(record)
    decision = Decision(
        id=key,
        agency=record.agency,
        number=number,
        text=event.text,
        reason=event.reason,
        at=record.at,
        owner=event.owner,
        written_by=record.actor,
        options=event.options,
        dissent=event.dissent,
        review_at=event.review_at,
        seq=record.seq,
        version=record.command_id,
    )
    return replace(state, decisions={**state.decisions, key: decision}, minted=minted)


def _reviewed(state: Log, event: facts.Reviewed, record: Record) -> Log:
    """What has ended stays so: who reviewed it without having heard of that reopens nothing."""
    before = state.decisions.get(event.decision)
    if before is None:
        return state
    outcome = event.outcome if before.outcome == "stands" else before.outcome
    after = replace(
        before,
        outcome=outcome,
        review_at=event.review_at if outcome == "stands" else None,
        reviewed=before.reviewed + 1,
        version=record.command_id,
    )
    return replace(state, decisions={**state.decisions, event.decision: after})


def _struck(state: Log, event: facts.Struck, record: Record) -> Log:
    correction = Correction(
        record.agency, record.actor, record.at, event.reason, event.text, record.command_id
    )
    state = replace(state, corrections={**state.corrections, str(event.seq): correction})
    for key, decision in state.decisions.items():
        if decision.seq == event.seq:
            struck = replace(decision, struck=True, version=record.command_id)
            return replace(state, decisions={**state.decisions, key: struck})
    return state


# -- words ----------------------------------------------------------------------------------------------------


def sentence(event: Any, record: Record, names: Names) -> Line:
    """One event as a line of the log."""
    match event:
        case facts.Written():
            return Line(event.text + _late(event.late_reason, record))
        case facts.Decided():
            return Line(_decision_words(event, record, names), "decision")
        case facts.Reviewed():
            words = {"stands": "it stands", "replaced": "it is replaced", "ended": "it has ended"}
            text = f"reviews {names('log', event.decision)}: {words.get(event.outcome, event.outcome)}"
            return Line(sentences(text, event.note), "decision")
        case _:
            right = f"It should read: {event.text}" if event.text else ""
            return Line(sentences(f"strikes through #{event.seq}", f"Reason: {event.reason}", right))


def _decision_words(event: facts.Decided, record: Record, names: Names) -> str:
    parts = [f"Reason: {event.reason}"]
    if event.owner != (record.on_behalf_of or record.actor):
        parts.append(f"Decided by {event.owner}")
    if event.options:
        parts.append(f"Options: {'; '.join(event.options)}")
    if event.dissent:
        parts.append(f"Dissent: {event.dissent}")
    decision = f"decides {names('log', thing_id(record))}: {event.text}"
    return sentences(decision, *parts) + _late(event.late_reason, record)


def _late(reason: str, record: Record) -> str:
    """Two delays, told apart: of the author, who is to explain it, and of the line, by the server's clock."""
    found = ""
    late, journey = facts.lateness(record), facts.journey(record)
    if late > facts.LATE_MS:
        why = f": {reason}" if reason else ", no reason given"
        found = f" (late, written {length_words(late)} after{why})"
    if journey > facts.LATE_MS:
        found += f" (reached the log {length_words(journey)} later)"
    return found


def label(state: Log, key: str) -> str:
    """What people call a decision: LAS-D3."""
    decision = state.decisions.get(key)
    return "an earlier decision" if decision is None else decision.name


def version(state: Log, key: str) -> str:
    """The id of the command that last changed a decision."""
    decision = state.decisions.get(key)
    return "" if decision is None else decision.version


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of a log, and is."""
    state: Log = view.log
    found = [
        f"#{seq} is struck by {correction.agency} and was written by {author(state, int(seq)) or 'nobody'}"
        for seq, correction in state.corrections.items()
        if author(state, int(seq)) != correction.agency
    ]
    names = [decision.name for decision in state.decisions.values() if decision.number]
    if len(set(names)) != len(names):
        found.append("two decisions have one number")
    return tuple(found)
