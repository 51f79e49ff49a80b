"""What a session does by itself, in the name of who sits here: receipts, opening our own part, numbering,
and telling our register of units that came home.

Each chore is a command like any other, with an id made from what it is about, so that it is done once however
many desks of a room do it. What a chore is refused becomes no card: nobody wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

from incident.fleet import fleet, register_stream
from incident.fleet.facts import TakeNumber
from incident.kernel.receipts import Deliver, See, receipt
from incident.kernel.slice import Actor, Refusal
from incident.organisation import organisation
from incident.organisation.facts import AssignNumber, OpenOwn
from incident.resources import homecomings
from incident_tui.ids import derived
from incident_tui.watched import Watched

SUBJECTS_MAX: Final = 50


def is_automatic(command_id: str) -> bool:
    """Whether a session made this id by itself: what a person writes has an id of version 7."""
    return len(command_id) > 14 and command_id[14] == "5"


class Submit(Protocol):
    """Takes on one automatic command of a stream."""

    def __call__(self, watched: Watched, command: Any, command_id: str) -> Refusal | None: ...


class Chores:
    """The chores of one session."""

    def __init__(self, submit: Submit, me: Callable[[], Actor | None], now: Callable[[], int]) -> None:
        """``now`` is the server's clock, UTC ms."""
        self._submit = submit
        self._me = me
        self._now = now
        self._tried: set[str] = set()

    def delivered(self, watched: Watched, state: Any) -> None:
        """The disk has everything up to this state: report what is addressed to us and is in it."""
        me = self._me()
        receipts = getattr(state, "receipts", None)
        if me is None or receipts is None or me.automatic:
            return
        wanted = [
            subject
            for subject in self._addressed(watched, state, me)
            if subject not in watched.delivered and receipt(receipts, subject, me.agency).delivered is None
        ]
        for subjects in _portions(wanted):
            watched.delivered.update(subjects)
            self._once(watched, Deliver(subjects), "deliver", *subjects)

    def _addressed(self, watched: Watched, view: Any, me: Actor) -> tuple[str, ...]:
        """What asks our agency for a receipt at this moment: what is over does no more."""
        return watched.model.addressed(view, me.agency, watched.model.now(view, self._now()))

    def asked_of_us(self, watched: Watched, things: Sequence[str]) -> tuple[str, ...]:
        """The subjects that still ask our agency for a receipt, of these things or subjects.

        A subject names the very offer or shape that was sent (`tasks/<id>@<command>`); what is on a screen is the
        thing (`tasks/<id>`).
        """
        me = self._me()
        view = watched.replica.projected
        if me is None or getattr(view, "receipts", None) is None:
            return ()
        wanted = frozenset(things)
        return tuple(
            subject
            for subject in self._addressed(watched, view, me)
            if subject in wanted or subject.partition("@")[0] in wanted
        )

    def seen(self, watched: Watched, things: Sequence[str]) -> None:
        """These were before a person's eyes: say so, for what was sent to us and is not reported yet."""
        me = self._me()
        receipts = getattr(watched.replica.projected, "receipts", None)
        if me is None or receipts is None:
            return
        new = [
            subject
            for subject in self.asked_of_us(watched, things)
            if subject not in watched.seen and receipt(receipts, subject, me.agency).seen is None
        ]
        for portion in _portions(new):
            watched.seen.update(portion)
            self._once(watched, See(portion), "see", *portion)

    def open_own(self, watched: Watched) -> Refusal | str:
        """Open our own part before the first entry in it; answers the command that the entry builds on, or ""."""
        if organisation(watched.replica.projected).opened:
            return ""
        command_id = derived("open_own", watched.stream)
        refusal = self._submit(watched, OpenOwn(), command_id)
        return command_id if refusal is None else refusal

    def number(self, held: Mapping[str, Watched]) -> None:
        """An incident that our agency opened gets the next number of our register, once both are known here."""
        me = self._me()
        if me is None:
            return
        for stream, watched in held.items():
            if not watched.live or watched.model.name != "incident":
                continue
            incident = organisation(watched.replica.confirmed)
            register = held.get(register_stream(incident.mode, me.agency))
            ours = incident.opened and incident.opened_by == me.agency and not incident.number
            if not ours or register is None or not register.live:
                continue
            numbers = fleet(register.replica.confirmed)
            number = numbers.numbers.get(incident.incident_id)
            if number is not None:
                self._once(watched, AssignNumber(number), "number", stream, number)
            elif numbers.opened:
                self._once(register, TakeNumber(incident.incident_id), "take number", incident.incident_id)

    def come_home(self, held: Mapping[str, Watched]) -> None:
        """A unit of ours that an incident has released tells our register how it stood, once both are known here."""
        me = self._me()
        if me is None:
            return
        for stream, watched in held.items():
            if not watched.live or watched.model.name != "incident":
                continue
            incident = watched.replica.confirmed
            register = held.get(register_stream(organisation(incident).mode, me.agency))
            if register is None or not register.live:
                continue
            timed, real = partial(watched.model.now, incident), partial(watched.model.real, incident)
            for release, command in homecomings(incident, register.replica.confirmed, timed, real):
                self._once(register, command, "come home", stream, release)

    def _once(self, watched: Watched, command: Any, *about: str) -> None:
        me = self._me()
        if me is None:
            return
        # The agency is part of it: two rooms that report one thing write two different commands.
        command_id = derived(watched.stream, me.agency, *about)
        if command_id not in self._tried:
            self._tried.add(command_id)
            self._submit(watched, command, command_id)


def _portions(subjects: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(subjects[start : start + SUBJECTS_MAX]) for start in range(0, len(subjects), SUBJECTS_MAX)]
