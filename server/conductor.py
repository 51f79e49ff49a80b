"""Time's door: what time alone brings becomes commands by named actors, through the normal path.

Nothing the server does by itself overrules a person silently: its commands carry the actor's name, an id that is
the same after a restart, and the versions seen, and the ledger decides on them as on anybody's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from incident.kernel.ledger import REUSED
from incident.kernel.protocol import Done, Submit
from incident.kernel.record import encode_body
from incident.kernel.slice import Act, Actor, Refusal
from server import logs
from server.hub import Hub

TICK_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 60.0
"""What is still due after its command was refused is tried again after this time."""

SYSTEM: Final = Actor("system", "", "system")
ANSWER_SECONDS: Final = 4.0
BACK_SECONDS: Final = 20.0
"""Whose line broke, or whose server was started again, is back within this time, and as good as there until then."""
TRIED_MAX: Final = 10_000
NOT_NOW: Final = frozenset({"busy", "disk_full"})
"""Refusals of the machine and not of the rules: nobody is told, and it is tried again."""


class Automaton:
    """An actor of the server's own. Its commands are answered to whoever waits for them."""

    def __init__(
        self, hub: Hub, actor: Actor, heard: Callable[[str, Refusal | None], None] = lambda _id, _answer: None
    ) -> None:
        self.actor = actor
        self._heard = heard
        self._hub = hub
        self._waiting: dict[str, asyncio.Future[Done | Refusal]] = {}

    def accepted(self, stream: str, done: list[Done]) -> None:
        """These are in the log."""
        for one in done:
            self._heard(one.command_id, None)
            self._answer(one.command_id, one)

    def refused(self, stream: str, command_id: str, refusal: Refusal) -> None:
        """This is not."""
        logs.note("own command refused", stream=stream, command_id=command_id, code=refusal.code)
        self._heard(command_id, refusal)
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


@dataclass(slots=True)
class _Trial:
    """When one cause may be tried again (clock of the loop), and how often it has been refused."""

    again: float = 0.0
    refused: int = 0


class Conductor:
    """Asks every stream what is due, and what automation would do about it, and writes that.

    ``back_seconds``: for so long who has gone counts as here. Of the streams that stand already nothing is done in
    anybody's name for so long, since after a start the rooms are not back yet; the system's own goes on.
    """

    def __init__(self, hub: Hub, *, back_seconds: float = 0.0) -> None:
        self._hub = hub
        self._back_seconds = back_seconds
        self._stood = frozenset(hub.sequencers)
        self._began: float | None = None
        self._here: dict[str, float] = {}
        self._actors: dict[Actor, Automaton] = {}
        self._tried: dict[tuple[str, ...], _Trial] = {}
        self._asked: dict[str, tuple[tuple[str, ...], Act]] = {}

    async def run(self) -> None:
        """Once a second, for ever."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            with logs.guarded("tick failed"):
                await self.tick()

    async def tick(self) -> None:
        """Write what is to be written now, giving way between streams."""
        hub = self._hub
        now, manned = hub.now(), self._manned()
        waits = self._waiting()
        for stream, model, state, _seq in tuple(hub.streams()):
            with logs.guarded("what is due failed", stream=stream):  # in one stream: the others have theirs
                at = model.now(state, now)
                for due in model.due(state, at):
                    if due.at <= at:
                        self._write("due", stream, Act(due.at, due.key, stream, SYSTEM, due.command))
                for act in hub.models.acts(stream, self._state, now, manned):
                    if act.actor == SYSTEM or stream not in waits:
                        self._write("act", stream, act)
            await asyncio.sleep(0)

    def _manned(self) -> frozenset[str]:
        """The agencies of which a person is here, or was a moment ago: a line that breaks leaves no empty room."""
        clock = asyncio.get_running_loop().time()
        self._here = {agency: at for agency, at in self._here.items() if clock - at < self._back_seconds}
        self._here |= dict.fromkeys(self._hub.people(), clock)
        return frozenset(self._here)

    def _waiting(self) -> frozenset[str]:
        """The streams that stood before this start, while their rooms may still be on the way back."""
        clock = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = clock
        if clock - self._began >= self._back_seconds:
            self._stood = frozenset()
        return self._stood

    def _state(self, stream: str) -> Any | None:
        """What the disk has of a stream; None when there is none of that name."""
        sequencer = self._hub.sequencers.get(stream)
        return None if sequencer is None else sequencer.ledger.durable.state

    def _write(self, why: str, stream: str, act: Act) -> None:
        """Write one act for the stream that asked for it, unless it was written a short while ago."""
        cause = (why, stream, act.key)
        trial = self._tried.get(cause) or _Trial()
        clock = asyncio.get_running_loop().time()
        if clock < trial.again:
            return
        trial.again = clock + AGAIN_SECONDS
        command_id = self._hub.own_id(*cause, str(trial.refused))
        _put(self._tried, cause, trial)
        _put(self._asked, command_id, (cause, act))
        actor = self._actors.get(act.actor)
        if actor is None:
            actor = self._actors[act.actor] = Automaton(self._hub, act.actor, self._heard)
        actor.submit(act.stream, act.command, command_id)

    def _heard(self, command_id: str, refusal: Refusal | None) -> None:
        """What came of it. The same id would be refused the same for ever, so the next attempt has another."""
        cause, act = self._asked.pop(command_id, ((), None))
        heard = act is not None and act.told is not None
        if heard and refusal is not None and refusal.code == REUSED.code:
            refusal = (
                None  # it was done before a restart, and would be put otherwise now: what came of it is told
            )
        trial = self._tried.get(cause)
        if trial is not None and refusal is not None:
            trial.refused += 1
        if act is None or act.told is None or (refusal is not None and refusal.code in NOT_NOW):
            return
        with logs.guarded(
            "what came of an act was not heard", stream=cause[1]
        ):  # the log stands all the same
            then = act.told("" if refusal is None else refusal.sentence)
            if then is not None:
                self._write(cause[0], cause[1], then)


def _put(table: dict[Any, Any], key: Any, value: Any) -> None:
    """Keep this as the newest; the oldest goes when there are too many."""
    table.pop(key, None)
    table[key] = value
    if len(table) > TRIED_MAX:
        del table[next(iter(table))]
