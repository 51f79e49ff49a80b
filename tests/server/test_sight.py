"""Who may write where, as of what has been decided; and what was answered once is answered so again.

Found by the simulator (tests/sim), whose small hub has the same rules as this one.
"""

from __future__ import annotations

from typing import Any

from incident.kernel import protocol
from incident.kernel.protocol import Accepted, Done, Refused
from server.store.memory import MemoryStore
from tests.running import run
from tests.server.house import BOARD, house, soon, submitted
from tests.server.toy import Open, Oust, Write


def test_who_opens_an_incident_writes_on_before_the_disk_has_the_opening() -> None:
    """As everybody does who comes back after an hour on their own: the opening and all that followed, at once."""
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home, home.guest() as guest:
            opening = await guest.submit(Open(("LAS",)))
            note = await guest.submit(Write("what I saw"))
            own = await guest.submit(Write("for us alone"), f"{BOARD}/own/LAS")
            await guest.say(protocol.Heartbeat(sent_at=1))
            await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 1)
            assert not [frame for frame in guest.heard if isinstance(frame, Refused)]
            await soon(lambda: flushes)
            flushes.pop()()
            done: list[Done] = []
            while len(done) < 3:
                done += (await guest.until(Accepted)).done  # those of one group come together
            assert done == [Done(opening, 1, 1), Done(note, 2, 2), Done(own, 1, 1)]

    run(scene())


def test_what_is_in_the_log_is_answered_also_to_who_may_not_see_it_any_more() -> None:
    """The line went before the yes came, and the agency was out before the line was back."""

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS", "SCAS")
            write = submitted(Write("we were there"))
            async with home.guest("SCAS") as scas:
                await scas.say(write)
                done = await scas.answer(write.command_id)
            async with home.guest("LAS") as las:
                await las.do(Oust("SCAS"))
            async with home.guest("SCAS") as scas:
                await scas.say(write)
                assert await scas.answer(write.command_id) == done
                assert (await scas.do(Write("and now"))).code == "not_open"

    run(scene())


def test_a_late_copy_of_what_was_turned_away_is_turned_away_when_it_would_be_welcome() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            write = submitted(Write("let us in"))
            async with home.guest("SCAS") as scas:
                await scas.say(write)
                refused = await scas.answer(write.command_id)
                assert isinstance(refused, Refused)
                sequencer = home.hub.sequencers[BOARD]
                notes = sequencer.ledger.durable.state.notes
                welcome = type(notes)(**{**_fields(notes), "parties": ("LAS", "SCAS")})
                state = type(sequencer.ledger.durable.state)(notes=welcome)
                head = type(sequencer.ledger.durable)(state, 1, sequencer.ledger.durable.hash)
                sequencer.ledger.durable = sequencer.ledger.tentative = head
                await scas.say(write)
                assert await scas.answer(write.command_id) == refused
                assert (await scas.do(Write("let us in"))).last == 2

    run(scene())


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
