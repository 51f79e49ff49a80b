"""The person at a terminal: looks at the boards, and does something that could be done.

Mostly through the verbs of the boards, as every screen does, so a new verb is simulated when it is written; for
the rest by ``guess``. A few things are led by hand: opening, inviting, numbering, the life of an own part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import ValidationError

from incident.casualties.facts import Count, Counts, PickCount, Snapshot
from incident.exercises.facts import SPEEDS, EndPlay, Pause, Resume, SetSpeed, StartPlay
from incident.fleet.facts import EnterUnits, Entry, OpenRegister, TakeNumber
from incident.injects.facts import Fire, Hold, LoadScenario, MarkActioned, Reinstate, Skip, WriteNote
from incident.kernel.board import Arg, Look
from incident.kernel.model import Model
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.slice import Conflict, Context, Refusal
from incident.mutual_aid.commands import AnswerCounter, OfferNextInviting
from incident.organisation.facts import AssignNumber, Close, Invite, Join, Open, OpenOwn
from incident.state import EXCON, INCIDENT, OWN, REGISTER, own_stream
from tests.incident.papers import QUICK
from tests.sim.client import Client
from tests.sim.guess import PLACES, WORDS, GivenUp, Guess
from tests.sim.world import World

Drawn = tuple[str, Any]

AGENCIES = ("LAS", "SCAS", "SECAMB")
OPEN_MAX = 2
"""Incidents that are opened in one run, so that claims race across them."""

TRIES = 8
HOT = 0.5
"""How often somebody takes one of the first things on the board, where all the others are, too."""

ECHO = 0.15
"""How often somebody does nearly what somebody else did a moment ago, whether or not they can have seen it."""

ALONE = 0.1
"""How often somebody who is cut off counts at the scene, where others count who do not know of it."""

BLIND = 0.1
"""How often somebody does what the screen says cannot be done, or is done already."""

OFTEN = {
    "tasks.raise": 5.0,
    "commanders.hand_over": 5.0,
    "commanders.take_role": 3.0,
    "commanders.hand_over_desk": 2.0,
    "comms.report_unanswered": 3.0,
    "comms.withdraw": 3.0,
    "comms.talkgroup": 3.0,
    "comms.add_channel": 3.0,
    "tasks.accept": 3.0,
    "tasks.begin": 3.0,
    "tasks.block": 3.0,
    "tasks.finish": 8.0,
    "tasks.verify": 12.0,
    "tasks.return": 12.0,
    "boundaries.propose": 2.5,
    "resources.commit": 4.0,
    "resources.status": 5.0,
    "resources.set_status": 3.0,
    "resources.hand": 8.0,
    "resources.offer_control": 6.0,
    "resources.accept_control": 12.0,
    "resources.decline_control": 12.0,
    "resources.recall": 6.0,
    "log.strike": 3.0,
    "organisation.leave": 5.0,
    "parties.leave": 5.0,
    "organisation.give_location": 6.0,
    "organisation.pick_location": 12.0,
    "parties.location": 6.0,
    "parties.pick-location": 12.0,
    "organisation.offer_lead": 3.0,
    "parties.lead": 3.0,
    "organisation.accept_lead": 6.0,
    "organisation.decline_lead": 6.0,
    "organisation.withdraw_lead": 6.0,
    "parties.accept-lead": 6.0,
    "parties.decline-lead": 6.0,
    "parties.withdraw-lead": 6.0,
    "casualties.count": 3.0,
    "casualties.pick_count": 8.0,
    "casualties.pick": 8.0,
    "places.open_places": 2.0,
    "places.allocate": 3.0,
    "places.declare_capacity": 3.0,
    "comms.set_link": 3.0,
    "resources.correct_status": 3.0,
    "tasks.amend": 3.0,
    "boundaries.amend": 3.0,
    "organisation.reopen": 8.0,
    "mutual_aid.raise": 4.0,
    "exercises.start_play": 6.0,
    "exercise.start-play": 12.0,
    "exercise.pause": 3.0,
    "exercises.resume": 3.0,
    "exercises.set_speed": 5.0,
    "exercise.speed": 5.0,
    "injects.mark_actioned": 8.0,
    "exercise.actioned": 8.0,
    "injects.load_scenario": 12.0,
    "injects.fire": 3.0,
    "exercise.fire": 3.0,
    "mutual_aid.request": 5.0,
    "mutual_aid.approve": 12.0,
    "mutual_aid.offer_next": 4.0,
    "mutual_aid.at_rvp": 3.0,
    "mutual_aid.close": 4.0,
    "mutual_aid.name_units": 8.0,
    "mutual_aid.mobilise": 4.0,
    "mutual_aid.take_units": 4.0,
    "mutual_aid.recall": 4.0,
    "mutual_aid.agree_recall": 8.0,
    "mutual_aid.counter": 3.0,
    "mutual_aid.take_counter": 25.0,
    "mutual_aid.refuse_counter": 25.0,
    "mutual_aid.home": 3.0,
    "mutual_aid.answer_counter": 8.0,
    "injects.write_note": 3.0,
}
FOCUS = 3
"""How many slices a run is mostly about: what takes many steps in one of them is got to the end of."""

FOCUSED = 6.0
CROWDED = 15.0
"""The same for a board, of which there are many more."""

DEEP = ("mutual_aid", "mutual_aid", "resources", "tasks")
"""Slices whose steps must follow each other, and so are looked at more often."""

SLICES = tuple(dict.fromkeys(part.name for model in (INCIDENT, EXCON, REGISTER) for part in model.slices))

RARELY = {
    "organisation.close": 0.3,
    "organisation.open": 0.1,
    "organisation.open_own": 0.2,
    "fleet.open_register": 0.2,
    "fleet.remove_unit": 0.4,
    "receipts.deliver": 0.5,
    "exercises.no_duff": 0.5,
}


class Author:
    """Draws what the people of a run do."""

    def __init__(self, world: World, agencies: tuple[str, ...], about: frozenset[str] = frozenset()) -> None:
        """``about`` are slices that this run should be mostly about, whatever else it is about by chance."""
        self.world = world
        self.rng = world.rng
        self.agencies = agencies
        self.opened = 0
        self.lately: deque[tuple[str, str, Any]] = deque(maxlen=8)
        """By whom, in which stream, and what was written."""
        self.focus = about or frozenset(self.rng.sample((*SLICES, *DEEP), FOCUS))
        self._weights: dict[str, float] = {}
        self._names: dict[str, tuple[list[str], list[float]]] = {}
        shown = {board.name for part in INCIDENT.slices if part.name in self.focus for board in part.boards}
        if "injects" in self.focus:
            shown.add("exercise")
        self._board_weights = [CROWDED if board.name in shown else 1.0 for board in INCIDENT.boards]

    def draw(self, client: Client) -> Drawn | None:
        """Something for this person to do now, or nothing."""
        incidents = [
            s for s, r in client.replicas.items() if r.model is INCIDENT and r.projected.organisation.opened
        ]
        if not incidents or (self.opened < OPEN_MAX and self.rng.random() < 0.1):
            return self._open(client)
        stream = self.rng.choice(incidents)
        led = self._led(client, stream)
        if led is not None:
            return led
        for _ in range(TRIES):
            try:
                likely = self.rng.random()
                if likely < ECHO:
                    drawn = self._echo(client)
                else:
                    drawn = (self._by_verb if likely < 0.6 else self._by_guess)(client, stream)
            except (GivenUp, ValidationError):
                continue
            answer = self._seen_from_here(client, *drawn)
            if self.rng.random() < BLIND or (answer and not isinstance(answer, Refusal)):
                name = client.replica(drawn[0]).model.name_of(drawn[1])
                if name not in client.truth.accepted_types or self.rng.random() < 0.5:
                    self.lately.append((client.name, *drawn))
                    return drawn
        return None

    def draw_mistake(self, client: Client) -> Drawn | None:
        """Something that anybody could see will not do."""
        stream = self.rng.choice(list(client.replicas))
        if self.rng.random() < 0.1:
            incidents = [s for s, replica in client.replicas.items() if replica.model is INCIDENT]
            other = next(code for code in AGENCIES if code != client.actor.agency)
            return self.rng.choice(
                (
                    (f"incident/{self.world.uuid()}", Open("not a drill", "live")),
                    (client.register, OpenRegister("live", client.actor.agency)),
                    *((s, AssignNumber(f"{other}-2611-77")) for s in incidents),
                    *((s, Close()) for s in incidents),
                )
            )
        refused = None
        for _ in range(TRIES // 2):
            try:
                drawn = self._by_guess(client, stream, careless=0.3)
            except (GivenUp, ValidationError):
                continue
            answer = self._seen_from_here(client, *drawn)
            if isinstance(answer, Refusal):
                refused = drawn
                if answer.code not in client.truth.codes_seen:
                    break
        return refused

    def _seen_from_here(self, client: Client, stream: str, command: Any) -> tuple[Any, ...] | Refusal:
        """What would come of it, as far as this person can see."""
        replica = client.replica(stream)
        model, now = replica.model, self.world.now
        base = model.base_for(replica.projected, command)
        ctx = Context(client.actor, stream, "", now, now, base, charter=client.server.charter)
        return model.decide(replica.projected, command, ctx)

    # -- led by hand ----------------------------------------------------------------------------------------------

    def _open(self, client: Client) -> Drawn | None:
        if self.opened >= OPEN_MAX:
            return None
        self.opened += 1
        title = f"exercise {self.opened}"
        return f"incident/{self.world.uuid()}", Open(title, "exercise", self.rng.choice(PLACES))

    def _led(self, client: Client, stream: str) -> Drawn | None:
        """What a room does as a matter of course: invites, joins, numbers, opens its own part."""
        state, agency = client.replicas[stream].projected.organisation, client.actor.agency
        me = state.parties.get(agency)
        if agency == "EXCON" and self.rng.random() < 0.8:
            return self._controlled(client, stream)
        if client.actor.role == "tactical_commander" and self._rivals(client, stream):
            one = self.rng.choice(self._rivals(client, stream))
            return stream, PickCount(one.stage, one.version, one.place)
        if client.wire is None and self.rng.random() < ALONE:
            return stream, Count("at_scene", Counts(p1=self.rng.randint(0, 40)))
        if self.rng.random() < 0.5:
            return None
        missing = tuple(code for code in AGENCIES if code not in state.parties)
        if missing:
            return stream, Invite(missing)
        if me is not None and me.joined_at is None and me.left_at is None:
            return stream, Join(f"{agency} duty manager")
        if self.rng.random() < 0.5:
            return None
        settled = self._settles(client, stream)
        if settled is not None and self.rng.random() < 0.5:
            return stream, settled
        own = own_stream(stream, agency)
        if own not in client.replicas or not client.replicas[own].projected.organisation.opened:
            return own, OpenOwn()
        if state.opened_by == agency and not state.number:
            register = client.replicas[client.register].projected.fleet
            number = register.numbers.get(state.incident_id)
            if number is None:
                return client.register, TakeNumber(state.incident_id)
            if not number.endswith("?"):
                return stream, AssignNumber(number)
        return None

    def _settles(self, client: Client, stream: str) -> Any:
        """What is said to an answer that was not what was wanted, and to counts that contradict each other."""
        view, rng = client.replicas[stream].projected, self.rng
        for request in view.mutual_aid.rows.values():
            if request.requester == client.actor.agency and request.state == "countered":
                return AnswerCounter(request.id, rng.random() < 0.5)
            if request.requester == client.actor.agency and request.state in ("declined", "expired"):
                return OfferNextInviting(request.id, "NACC")
        rivals = self._rivals(client, stream)
        if rivals:
            one = rng.choice(rivals)
            return Count(one.stage, Counts(p1=rng.randint(0, 40)), one.place)
        return None

    @staticmethod
    def _rivals(client: Client, stream: str) -> list[Snapshot]:
        """The counts that contradict each other, as far as this person can see."""
        slots = client.replicas[stream].projected.casualties.slots.values()
        return [one for slot in slots for one in slot.rivals]

    def _controlled(self, client: Client, stream: str) -> Drawn | None:
        """Exercise control opens its papers, loads a scenario, and begins to play."""
        own = own_stream(stream, client.actor.agency)
        if own not in client.replicas or not client.replicas[own].projected.organisation.opened:
            return own, OpenOwn()
        if client.replicas[own].projected.injects.scenario is None:
            return own, LoadScenario(QUICK)
        if not client.replicas[stream].projected.exercises.started:
            return stream, StartPlay("small", "A small one", "COBALT")
        number = self.rng.randint(1, 4)
        hurry = SetSpeed(self.rng.choice(SPEEDS))
        clock = (Pause(), Resume("over"), Resume(), hurry, hurry, EndPlay("enough"))
        papers = (
            Fire(number),
            Skip(number),
            Hold(number),
            Reinstate(number),
            WriteNote("seen", number),
            MarkActioned(number),
        )
        return self.rng.choice((None, None, (stream, self.rng.choice(clock)), (own, self.rng.choice(papers))))

    def fleet_of(self, agency: str) -> Iterator[Drawn]:
        """What the server itself enters before anybody works: the register, and some units."""
        register = f"register/exercise/{agency}"
        yield register, OpenRegister("exercise", agency)
        kinds = ("DCA", "DCA", "RRV", "HART")
        units = tuple(
            Entry(f"A{101 + i}", kind, status="AVB" if i < 3 else "", station="Waterloo")
            for i, kind in enumerate(kinds)
        )
        yield register, EnterUnits(units)

    # -- by the verbs of the boards -------------------------------------------------------------------------------

    def look(self, client: Client, stream: str) -> Look:
        """What the screens of this seat would see now."""
        replica = client.replicas[stream]
        own_name = own_stream(stream, client.actor.agency)
        own = client.replicas.get(own_name)
        register = client.replicas[client.register]
        agency = client.actor.agency
        return Look(
            state=replica.projected,
            me=client.actor,
            now=replica.model.now(replica.projected, self.world.now),
            real=self.world.now,
            stream=stream,
            own=own.projected if own is not None and own.projected.organisation.opened else None,
            own_stream=own_name,
            registers={agency: register.projected},
            register_streams={agency: client.register},
            claims=client.claims.get(client.register, {}),
            unconfirmed=replica.words(),
            wanted=replica.wanted(),
            charter=client.server.charter,
            clock=lambda at: f"{at // 60_000 % 1440 // 60:02}:{at // 60_000 % 60:02}",
        )

    def _by_verb(self, client: Client, stream: str) -> Drawn:
        look, rng = self.look(client, stream), self.rng
        board = rng.choices(INCIDENT.boards, self._board_weights)[0]
        rows = list(board.rows(look).values())
        fit = [
            (verb, [row for row in rows if verb.applies(row, look)] if verb.row else [None])
            for verb in board.verbs
        ]
        able = [(verb, some) for verb, some in fit if some]
        if not able:
            raise GivenUp
        verb, some = rng.choices(able, [self._weight(f"{board.name}.{verb.name}") for verb, _some in able])[0]
        row = rng.choice(some[:2] if rng.random() < HOT else some)
        values = {
            arg.name: self._answer(arg, row, look) for arg in verb.args if arg.required or rng.random() < 0.5
        }
        try:
            command = verb.build(row, values, look)
            target = verb.into(row, values, look) if verb.into else verb.stream(row, look)
        except ValueError:  # the form says what is missing, and nothing is sent
            raise GivenUp from None
        if not target or (target == look.own_stream and look.own is None):
            raise GivenUp
        if type(command) not in client.replica(target).model.command_names:
            raise GivenUp  # exercise control's papers are no own part in this
        return target, command

    def _answer(self, arg: Arg, row: Any, look: Look) -> Any:
        rng = self.rng
        if arg.choices is not None:
            values = [value for value, _words in arg.choices(look, row)]
            if not values:
                raise GivenUp
            if arg.kind in ("choices", "agencies"):
                return tuple(rng.sample(values, rng.randint(1, min(3, len(values)))))
            return rng.choice(values)
        match arg.kind:
            case "minutes" | "time":
                return rng.choice(("15m", "1h30", "14:05"))
            case "number":
                return str(rng.randint(1, 60))
            case "flag":
                return True
            case "location":
                return rng.choice(("A4 lay-by TQ 0402 7829", "51.494,-0.503 M25 J15", "the depot"))
            case "agency":
                return rng.choice(self.agencies)
            case "agencies":
                return (rng.choice(self.agencies),)
            case "lines":
                return (
                    f"{rng.choice(AGENCIES)} {rng.choice(WORDS)}\n{rng.choice(AGENCIES)} {rng.choice(WORDS)}"
                )
            case _:
                return self._text(arg)

    def _text(self, arg: Arg) -> str:
        rng = self.rng
        match arg.name:
            case "radius":
                return rng.choice(("500m", "1.5km"))
            case "callsign":
                return f"A{rng.randint(101, 108)}"
            case "lines" | "instead" | "floors":
                return rng.choice(("1 DCA", "2 DCA, 1 RRV", "1 HART water"))
            case "counts":
                return rng.choice(("1", "1 1", "0"))
            case "eta":
                return rng.choice(("20", "18-25"))
            case "also":
                return f"A{rng.randint(101, 104)}"
            case _:
                return rng.choice(WORDS)[: arg.limit]

    # -- by guess -------------------------------------------------------------------------------------------------

    def _by_guess(self, client: Client, stream: str, careless: float = 0.0) -> Drawn:
        rng = self.rng
        where = (
            stream
            if careless
            else rng.choices(
                (stream, own_stream(stream, client.actor.agency), client.register),
                (0.4, 0.5, 0.1) if client.actor.agency == "EXCON" else (0.75, 0.1, 0.15),
            )[0]
        )
        replica = client.replicas.get(where)
        if replica is None:
            raise GivenUp
        assert replica.model in (INCIDENT, OWN, EXCON, REGISTER)
        name = rng.choices(*self._drawn_from(replica.model))[0]
        spec = replica.model.spec_of(name)
        if spec.cls in (Deliver, See, Acknowledge):
            subjects = replica.model.addressed(replica.projected, client.actor.agency)
            if subjects and rng.random() < 0.8:
                return where, spec.cls(subjects[:20])
        return where, self._guess(client, stream, where, careless).command(spec.cls)

    def _echo(self, client: Client) -> Drawn:
        """About the same thing as another's last command, and perhaps with other words: so races come about."""
        others = [(s, c) for name, s, c in self.lately if name != client.name and s in client.replicas]
        if not others:
            raise GivenUp
        fields = [one for one in others if self._conflict(client, *one) is Conflict.FIELD]
        stream, before = self.rng.choice(fields if fields and self.rng.random() < 0.5 else others)
        mine = self._guess(client, stream, stream).command(type(before))
        same = {name: getattr(before, name) for name in mine.__struct_fields__ if self.rng.random() < 0.7}
        return stream, msgspec.structs.replace(mine, **same)

    @staticmethod
    def _conflict(client: Client, stream: str, command: Any) -> Conflict:
        model = client.replicas[stream].model
        return model.spec_of(model.name_of(command)).conflict

    def _guess(self, client: Client, stream: str, where: str, careless: float = 0.0) -> Guess:
        view = client.replicas[where].projected
        return Guess(self.rng, view, client.actor.agency, stream, self.world.now, self.agencies, careless)

    def _drawn_from(self, model: Model) -> tuple[list[str], list[float]]:
        found = self._names.get(model.name)
        if found is None:
            names = list(model.commands)
            found = self._names[model.name] = names, [self._weight(name) for name in names]
        return found

    def _weight(self, name: str) -> float:
        """How likely a command (by its slice) or a verb (by its board) is to be drawn in this run."""
        found = self._weights.get(name)
        if found is None:
            found = OFTEN.get(name, RARELY.get(name, 1.0))
            if name.partition(".")[0] in self.focus:
                found *= FOCUSED
            self._weights[name] = found
        return found
