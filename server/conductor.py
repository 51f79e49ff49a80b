"""Time's door: what time alone brings becomes commands by named actors, through the normal path.

Nothing the server does by itself overrules a person silently: its commands carry the actor's name, an id that is
the same after a restart, and the versions seen, and the ledger decides on them as on anybody's.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

from incident.kernel.protocol import Done, Submit
from incident.kernel.record import encode_body
from incident.kernel.slice import Actor, Due, Refusal
from server import logs
from server.hub import Hub

TICK_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 60.0
"""What is still due after its command was refused is tried again after this time."""

ANSWER_SECONDS: Final = 4.0
TRIED_MAX: Final = 10_000
NAMESPACE: Final = uuid.UUID("5f1d3c52-8f0e-5c49-9d0b-1f6f7a6a2c11")
"""Ids of the server's own commands are uuid5 in here: the same cause, the same id."""


def own_id(*cause: str) -> str:
    """The id of a command that the server writes because of this, the same each time."""
    return str(uuid.uuid5(NAMESPACE, "\n".join(cause)))


class Automaton:
    """An actor of the server's own. Its commands are answered to whoever waits for them."""

    def __init__(self, hub: Hub, actor: Actor) -> None:
        self.actor = actor
        self._hub = hub
        self._waiting: dict[str, asyncio.Future[Done | Refusal]] = {}

    def accepted(self, stream: str, done: list[Done]) -> None:
        """These are in the log."""
        for one in done:
            self._answer(one.command_id, one)

    def refused(self, stream: str, command_id: str, refusal: Refusal) -> None:
        """This is not."""
        logs.note("own command refused", stream=stream, command_id=command_id, code=refusal.code)
        self._answer(command_id, refusal)

    def _answer(self, command_id: str, answer: Done | Refusal) -> None:
        future = self._waiting.pop(command_id, None)
        if future is not None and not future.done():
            future.set_result(answer)

    def submit(
        self, stream: str, command: Any, command_id: str, *, base: dict[str, str] | None = None
    ) -> None:
        """Write a command on the state as it stands; ``base`` says otherwise what was seen."""
        model = self._hub.model(stream)
        type_ = model.name_of(command)
        now = self._hub.now()
        seen = model.base_for(self._hub.durable(stream).state, command) if base is None else base
        body = encode_body(command)
        v = model.spec_of(type_).v
        submit = Submit(
            stream=stream, command_id=command_id, type=type_, v=v, body=body, written_at=now, base=seen
        )
        self._hub.submit(self, submit, trusted=True)

    async def do(self, stream: str, command: Any, command_id: str) -> Done | Refusal:
        """Write a command and wait for its answer.

        Raises:
            TimeoutError: none came; whether it is in the log, its id will tell.
        """
        future = asyncio.get_running_loop().create_future()
        self._waiting[command_id] = future
        try:
            self.submit(stream, command, command_id)
            async with asyncio.timeout(ANSWER_SECONDS):
                answer: Done | Refusal = await future
                return answer
        finally:
            self._waiting.pop(command_id, None)


class Conductor:
    """Asks every stream what is due, and writes it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._system = Automaton(hub, Actor("system", "", "system"))
        self._tried: dict[str, float] = {}

    async def run(self) -> None:
        """Once a second, for ever."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            with logs.guarded("tick failed"):
                await self.tick()

    async def tick(self) -> None:
        """Write what is due now, giving way between streams."""
        now = self._hub.now()
        clock = asyncio.get_running_loop().time()
        for stream, model, state, _seq in tuple(self._hub.streams()):
            with logs.guarded("what is due failed", stream=stream):  # in one stream: the others have theirs
                for due in model.due(state, now):
                    self._write(stream, due, now, clock)
            await asyncio.sleep(0)

    def _write(self, stream: str, due: Due, now: int, clock: float) -> None:
        command_id = own_id(stream, due.key)
        if due.at <= now and clock >= self._tried.get(command_id, clock):
            self._note(command_id, clock)
            self._system.submit(stream, due.command, command_id)

    def _note(self, command_id: str, clock: float) -> None:
        self._tried.pop(command_id, None)
        self._tried[command_id] = clock + AGAIN_SECONDS
        if len(self._tried) > TRIED_MAX:
            del self._tried[next(iter(self._tried))]
