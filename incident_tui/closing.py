"""What is closed to us is not kept: the copy goes, from the screen and from the disk; what a person wrote stays.

A copy is deleted on one word alone: *not_party*, which a server says to who watches a stream and may no longer, or
to who names a record of it with its chain hash and so has held it. It can say that only while it has the stream
itself. *unknown_stream* deletes nothing: a server that was restored from an old backup does not know what it has
lost, and the rooms may hold the last copy of it. What was answered so, or is another history than the server's, is
held on to from then on, whatever is said of the whole that it is part of. Cut off from the server, a room that only
looks on by an agreement deletes its copy when the agreement, as the copy has it, is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from incident.kernel.model import Models
from incident.kernel.replica import Replica, StateWord
from incident.kernel.slice import Refusal
from incident.kernel.text import clip, safe_text
from incident_tui.cache import CardItem
from incident_tui.chores import is_automatic
from incident_tui.meaning import WIDTH, meaning
from incident_tui.watched import Watched

CLOSED: Final = Refusal("not_party", "This is not open to your agency any more.")

LOST: Final = (
    "The server does not know what this desk holds a copy of: it may have been restored from an older backup. The copy "
    "stays here. Tell whoever runs the server."
)
NOT_DELETED: Final = (
    "An incident is no longer open to your agency. Its copy on this desk is another than the server's history, and may "
    "be the last: it is kept. Tell whoever runs the server."
)


def own_words(models: Models, card: CardItem) -> CardItem:
    """A card that says no more than what its author wrote: no names of things, nobody who held them."""
    model = models.of(card.stream)
    command = (
        CLOSED if model is None else model.read_command(card.submit.type, card.submit.v, card.submit.body)
    )
    if model is None or isinstance(command, Refusal):
        words = clip(safe_text(card.submit.type), WIDTH)
    else:
        words = meaning(model, command)
    return replace(card, refusal=CLOSED, text=words)


def emptied(watched: Watched) -> Watched | None:
    """The same stream with nothing in it but what waits to be sent; None when nothing does.

    What waits is sent all the same: only the server's answer says whether it is in the log, or makes a card of it.
    """
    old = watched.replica
    waiting = [
        entry
        for entry in old.pending.values()
        if entry.word is not StateWord.CONFIRMED and not is_automatic(entry.submit.command_id)
    ]
    if not waiting:
        return None
    replica = Replica(old.model, old.stream, old.actor, old.charter)
    replica.restore(None, (), [entry.submit for entry in waiting])
    for entry in waiting:
        if entry.word is StateWord.SAVING:  # its row is on its way to the disk, and sent from there
            replica.pending[entry.submit.command_id].word = StateWord.SAVING
    made = Watched(replica)
    made.absent = made.closed = True
    return made


def whose(models: Models, stream: str) -> str:
    """The agency whose own part of an incident a stream is; "" for an incident."""
    return "" if models.parent(stream) is None else models.agency(stream) or ""


def said(gone: Iterable[Watched], *, whose: str = "", kept: int = 0) -> str:
    """One sentence for the person: what was closed, by its number alone, and what was kept.

    `whose`: it is this agency's own part alone that was closed. `kept`: so many parts of it are held on to, since the
    server's history lacks them.
    """
    what, waiting = f"{safe_text(whose)}'s own part of an incident" if whose else "An incident", 0
    for one in gone:
        state = getattr(one.replica.confirmed, "organisation", None)
        if state is not None and not state.own and state.number:
            what = f"The incident {safe_text(state.number)}"
        waiting += sum(
            entry.word is not StateWord.CONFIRMED and not is_automatic(entry.submit.command_id)
            for entry in one.replica.pending.values()
        )
    written = f" What was written here and not sent ({waiting}) is kept." if waiting else ""
    parts = (
        f" Not deleted is what the server does not have as this desk has it ({kept}). Tell whoever runs the server."
        if kept
        else ""
    )
    return f"{what} is no longer open to your agency. The copy on this desk is deleted.{parts}{written}"
