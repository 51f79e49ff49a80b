"""After a run: is anything still waiting, and did every promise hold to the end?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from incident.kernel.protocol import Done
from incident.kernel.record import first_break, genesis
from incident.kernel.replica import StateWord
from tests.sim.client import Client
from tests.sim.server import Server
from tests.sim.truth import Chronicle, Truth


def unsettled(server: Server, clients: Sequence[Client], truth: Truth) -> list[str]:
    """What still waits or still syncs, in words; empty when all is at rest."""
    waits = [] if server.up and not server.store._waiting and not server.errands else ["the server"]
    for client in clients:
        if not client.alive or client.wire is None or not client.cache.idle:
            waits.append(client.name)
            continue
        for stream, replica in client.replicas.items():
            seen = server.up and server.may_see(client.actor, stream)
            if seen and (not client.watched.get(stream) or replica.cursor != truth.chronicle(stream).head):
                waits.append(f"{client.name} syncs {stream} at {replica.cursor}")
            for entry in replica.pending.values():
                if seen or entry.word is not StateWord.CONFIRMED:
                    waits.append(f"{client.name} {entry.word} {entry.submit.type}")
    return waits


def reckon(server: Server, clients: Sequence[Client], truth: Truth) -> None:
    """Every promise that can only be told at the end."""
    for chronicle in truth.chronicles.values():
        _history(chronicle, server, truth)
    for client in clients:
        _copies(client, server, truth)
    for command_id in truth.stories:
        _story(command_id, truth, {client.name: client for client in clients})
    held = {key: holding.stream for key, holding in truth.holders.items()}
    if held != {holding.key: holding.stream for holding in server.store.claims()}:
        raise truth.wrong("the store holds what the log claims", held)
    if held != {key: server.claims._held[key].stream for key in server.claims._held}:
        raise truth.wrong("the claim table holds what the log claims", held)


def _history(chronicle: Chronicle, server: Server, truth: Truth) -> None:
    """Replay, snapshots and chain: everything gives the same bytes."""
    model, stream = chronicle.model, chronicle.stream
    fresh = model.digest(chronicle.states[chronicle.head])
    if chronicle.records != server.disk.records.get(stream, []):
        raise truth.wrong("the disk keeps what it was given", stream)
    if first_break(genesis(stream), stream, chronicle.records) is not None:
        raise truth.wrong("the chain verifies", stream)
    if model.digest(model.fold(chronicle.records)) != fresh:
        raise truth.wrong("replay = live", stream, "from genesis")
    for at, parts in chronicle.snapshots:
        restored = model.restore(parts)
        if model.digest(model.fold(chronicle.records[at:], restored)) != fresh:
            raise truth.wrong("snapshot + records == fresh snapshot", stream, "from", at)
    sequencer = server.sequencers.get(stream)
    if sequencer is not None and chronicle.head:
        if model.digest(sequencer.ledger.durable.state) != fresh:
            raise truth.wrong("the ledger equals its log", stream)
        if sequencer.ledger.tentative != sequencer.ledger.durable:
            raise truth.wrong("nothing stays tentative", stream)


def _copies(client: Client, server: Server, truth: Truth) -> None:
    """What the room holds in memory, and what it would hold after a restart from its own disk."""
    for stream, replica in client.replicas.items():
        chronicle = truth.chronicle(stream)
        fresh = chronicle.model.digest(chronicle.states[replica.cursor])
        if chronicle.model.digest(replica.confirmed) != fresh:
            raise truth.wrong("every replica equals the ledger", client.name, stream)
        if not replica.pending and chronicle.model.digest(replica.projected) != fresh:
            raise truth.wrong("with nothing pending, projected is confirmed", client.name, stream)
        again = client.replica_class(chronicle.model, stream, client.actor, server.charter)
        copy = client.cache.copies.get(stream)
        if copy is not None:
            again.restore(copy.snapshot, copy.records, client.cache.waiting(stream))
        if (again.cursor, again.hash) != (replica.cursor, replica.hash) or model_differs(again, fresh):
            raise truth.wrong("the cache equals the copy", client.name, stream, again.cursor, replica.cursor)


def model_differs(replica: Any, digest: str) -> bool:
    return bool(replica.model.digest(replica.confirmed) != digest)


def _story(command_id: str, truth: Truth, clients: dict[str, Client]) -> None:
    """Each command has one end, and nobody was told another."""
    story, done = truth.stories[command_id], truth.logged.get(command_id)
    what = f"{story.submit.type} {command_id} of {story.author}"
    client = clients.get(story.author)
    refused = [answer for answer in story.answers if isinstance(answer, str)]
    card = client is not None and command_id in client.cache.cards
    if done is not None and (refused or card):
        raise truth.wrong("a refused command never appears in the log", what)
    if done is not None and story.floor is not None and done.first <= story.floor:
        raise truth.wrong("real-time order", what, "is", done.first, "after", story.floor, "was acknowledged")
    if client is None:
        return
    if story.forgotten and done is not None:
        raise truth.wrong("what was never kept was never sent", what)
    already_so = any(isinstance(answer, Done) and not answer.first for answer in story.answers)
    if story.honest and not story.forgotten and done is None and not card and not already_so:
        raise truth.wrong("no queued entry is lost", what, "answers", story.answers)
    if command_id in client.cache.outbox and not _confirmed(client, story.submit.stream, command_id):
        raise truth.wrong("the outbox empties", what)


def _confirmed(client: Client, stream: str, command_id: str) -> bool:
    entry = client.replicas[stream].pending.get(command_id)
    return entry is not None and entry.word is StateWord.CONFIRMED
