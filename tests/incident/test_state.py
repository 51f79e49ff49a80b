"""The registry: what a stream's name means, who may see it, and what every slice owes."""

from __future__ import annotations

import inspect

import msgspec
import pytest

from incident.kernel.model import Model, UnknownType
from incident.kernel.protocol import Stream
from incident.kernel.slice import Actor, CommandSpec, Conflict, Offline
from incident.organisation import SLICE as ORGANISATION
from incident.organisation.facts import (
    AcceptLead,
    Close,
    Declare,
    Invite,
    Join,
    Leave,
    OfferLead,
    OpenOwn,
    TellAndOffer,
)
from incident.state import EXCON, INCIDENT, MODELS, OWN, REGISTER
from tests.golden.make import HISTORIES
from tests.incident.given import INCIDENT_STREAM, OWN_STREAM, REGISTER_STREAM, T0, Given, opened

KINDS = (INCIDENT, OWN, EXCON, REGISTER)


# -- names of streams --


@pytest.mark.parametrize(
    ("stream", "model", "parent", "agency"),
    [
        (INCIDENT_STREAM, INCIDENT, None, None),
        (OWN_STREAM, OWN, INCIDENT_STREAM, "LAS"),
        (f"{INCIDENT_STREAM}/excon", EXCON, INCIDENT_STREAM, "EXCON"),
        (REGISTER_STREAM, REGISTER, None, "LAS"),
        ("register/live/SCAS", REGISTER, None, "SCAS"),
    ],
)
def test_a_name_says_what_a_stream_is(
    stream: str, model: Model, parent: str | None, agency: str | None
) -> None:
    assert msgspec.convert(stream, Stream) == stream
    assert (MODELS.of(stream), MODELS.parent(stream), MODELS.agency(stream)) == (model, parent, agency)


@pytest.mark.parametrize(
    "stream",
    [
        f"{INCIDENT_STREAM}/excon/LAS",
        f"{INCIDENT_STREAM}/own",
        f"{INCIDENT_STREAM}/own/las",
        f"{INCIDENT_STREAM}/own/LAS/more",
        f"{INCIDENT_STREAM}\n",
        f"{OWN_STREAM}\n",
        f"{REGISTER_STREAM}\n",
        "incident/1",
        INCIDENT_STREAM.upper(),
        "register/drill/LAS",
        "register/LAS",
        "",
    ],
)
def test_any_other_name_means_nothing(stream: str) -> None:
    assert (MODELS.of(stream), MODELS.parent(stream), MODELS.agency(stream)) == (None, None, None)


# -- who may see --


def sees(given: Given, agency: str, role: str = "operator", name: str = "Sam") -> bool:
    return given.model.may_watch(given.view, Actor(name, agency, role)) is None


def test_parties_see_an_incident_and_nobody_else_learns_that_it_exists() -> None:
    given = opened("SCAS")
    assert [sees(given, agency) for agency in ("LAS", "SCAS", "SECAMB", "")] == [True, True, False, False]
    nothing = INCIDENT.may_watch(INCIDENT.initial(), Actor("Sam", "SECAMB", "operator"))
    assert INCIDENT.may_watch(given.view, Actor("Sam", "SECAMB", "operator")) == nothing
    given.by("SCAS", "tactical_commander").did(Leave("not ours"))
    assert not sees(given, "SCAS")


def test_exercise_control_sees_every_exercise() -> None:
    assert sees(opened(), "EXCON", "excon")
    assert sees(opened(), "", "system", "system")


def test_an_agencys_own_part_is_seen_by_that_agency_alone() -> None:
    given = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    assert [sees(given, agency) for agency in ("LAS", "SCAS")] == [True, False]
    assert not sees(given, "EXCON", "excon"), "not even exercise control"
    assert sees(given, "", "system", "system")


# -- the list of incidents --


def test_the_summary_says_what_a_list_of_incidents_shows() -> None:
    given = opened("SCAS").by("SCAS").did(Declare("SCAS", "declared"))
    assert INCIDENT.summary(given.view) == {
        "title": "M4/M25 coach",
        "mode": "exercise",
        "number": "",
        "kind": "incident",
        "lead": "LAS",
        "opened_at": T0,
        "opened_by": "LAS",
        "closed": False,
        "place": "M25 J15 / M4 J4b  TQ 0402 7829  51.49400,-0.50300",
        "own": "",
        "declared": {"LAS": "aware", "SCAS": "declared"},
        "asked": {},
    }
    given.did(Declare("SCAS", "stand_down")).by("LAS").did(Close())
    assert INCIDENT.summary(given.view)["closed"] is True
    assert INCIDENT.agencies(given.view) == {"LAS", "SCAS"}
    msgspec.json.encode(INCIDENT.summary(given.view))


def test_the_summary_says_who_is_asked_to_join_and_who_about_the_lead() -> None:
    """A room that has another incident open knows of this one only what stands here."""
    given = opened("SECAMB").by("LAS", "tactical_commander")
    given.did(TellAndOffer(("SCAS",), "SCAS", "their area"))
    assert INCIDENT.summary(given.view)["asked"] == {"SCAS": ["join", "lead"]}
    given.by("SCAS").did(Join("SCAS duty manager"))
    assert INCIDENT.summary(given.view)["asked"] == {"SCAS": ["lead"]}
    given.by("SECAMB", "tactical_commander").did(OfferLead("SECAMB", "nearer"))
    assert INCIDENT.summary(given.view)["asked"] == {"SCAS": ["lead"], "LAS": ["lead"]}, (
        "a claim is answered, too"
    )
    (ours, _) = given.view.organisation.lead_offers
    given.by("SCAS", "tactical_commander").did(AcceptLead(ours.id))
    assert INCIDENT.summary(given.view)["asked"] == {"SCAS": ["lead"]}, "by whoever leads by then"
    given.by("LAS").did(Invite(("LFB",))).by("LFB", "tactical_commander").did(Leave("not ours"))
    assert INCIDENT.summary(given.view)["asked"] == {"SCAS": ["lead"]}, "who has left is asked nothing"


# -- what every slice owes --

COMMANDS = sorted(
    {(name, known.spec) for m in KINDS for name, known in m.commands.items()}, key=lambda p: p[0]
)
EVENTS = sorted({name for m in KINDS for name in m.events})


@pytest.mark.parametrize(("name", "spec"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_has_a_conflict_class_an_offline_rule_and_a_sentence(
    name: str, spec: CommandSpec
) -> None:
    assert isinstance(spec.conflict, Conflict)
    assert isinstance(spec.offline, Offline)
    assert (spec.cls.__doc__ or "").strip().endswith((".", ")")), f"{name} does not say what it is for"
    # the table of classes in ARCHITECTURE.md: what each may do while cut off
    allowed = {
        Conflict.APPEND: {Offline.ALLOWED, Offline.QUEUED},
        Conflict.CLAIM: {Offline.REQUEST},
        Conflict.STATE: {Offline.QUEUED, Offline.REFUSED},
        Conflict.SAFETY: {Offline.QUEUED},
        Conflict.FIELD: {Offline.QUEUED},
        Conflict.RESERVATION: {Offline.REQUEST},
        Conflict.GEOMETRY: {Offline.QUEUED},
        Conflict.MEMBERSHIP: {Offline.REFUSED},
    }
    assert spec.offline in allowed[spec.conflict]


def test_every_command_and_every_field_is_bounded() -> None:
    loose = []
    for name, spec in COMMANDS:
        schema = msgspec.json.schema(spec.cls)
        for part, piece in {name: schema, **schema.get("$defs", {})}.items():
            loose += [f"{part}.{field}" for field in unbounded(piece)]
    assert loose == []


def unbounded(schema: object, path: str = "") -> list[str]:
    """Texts, lists and numbers without a limit, anywhere inside a JSON schema."""
    if not isinstance(schema, dict):
        return []
    kind = schema.get("type")
    bounded = {"string": ("maxLength", "pattern", "enum"), "array": ("maxItems",), "integer": ("maximum",)}
    found = [path] if kind in bounded and not any(key in schema for key in bounded[kind]) else []
    for key in ("properties", "$defs"):
        for name, inner in schema.get(key, {}).items():
            found += unbounded(inner, f"{path}/{name}")
    for key in ("anyOf", "prefixItems"):
        for inner in schema.get(key, ()):
            found += unbounded(inner, path)
    return found + (unbounded(schema["items"], f"{path}[]") if isinstance(schema.get("items"), dict) else [])


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.name)
def test_state_fields_are_the_slices_by_name(model: Model) -> None:
    fields = msgspec.structs.fields(model.state_type)
    assert [field.name for field in fields] == [part.name for part in model.slices]
    for field, part in zip(fields, model.slices, strict=True):
        assert field.type is part.state
        assert msgspec.structs.asdict(model.initial())[field.name] == part.state()
        assert part.state.__struct_config__.frozen


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.name)
def test_boards_and_verbs_are_named_once(model: Model) -> None:
    names = [board.name for board in model.boards]
    assert len(set(names)) == len(names)
    said: dict[str, tuple[str, bool]] = {}
    for board in model.boards:
        for verb in board.verbs:
            for word in (verb.word, *verb.aliases):
                # The row that is named tells two verbs of different boards apart; nothing else does.
                other = said.setdefault(word, (board.name, verb.row))
                apart = verb.row and other[1] and other[0] != board.name
                assert apart or other == (board.name, verb.row), word
        words = [word for verb in board.verbs for word in (verb.word, *verb.aliases)]
        assert sorted(set(words)) == sorted(words), board.name
    for board in model.boards:
        keys = [verb.key for verb in board.verbs if verb.key]
        assert sorted(set(keys)) == sorted(keys), board.name
        for verb in board.verbs:
            assert any(verb.command in kind.command_names for kind in KINDS)
            rest = [arg.name for arg in verb.args if arg.rest]
            assert len(rest) <= 1, verb.name


def test_evolve_takes_no_context_and_sees_only_its_own_slice() -> None:
    for model in KINDS:
        for part in model.slices:
            assert len(inspect.signature(part.evolve).parameters) == 3, part.name


@pytest.mark.parametrize("name", sorted(HISTORIES))
def test_every_event_survives_snapshot_and_records(name: str) -> None:
    HISTORIES[name]().check()


def test_equal_states_have_equal_bytes_whatever_order_things_came_in() -> None:
    one = opened("SCAS", "SECAMB")
    parties = one.view.organisation.parties
    turned = msgspec.structs.replace(one.view.organisation, parties=dict(reversed(parties.items())))
    assert INCIDENT.digest(msgspec.structs.replace(one.view, organisation=turned)) == INCIDENT.digest(
        one.view
    )


def test_a_newer_servers_record_is_unknown_and_not_misread() -> None:
    record = opened().records[0]
    for change in ({"type": "organisation.merged"}, {"v": 2}):
        with pytest.raises(UnknownType) as caught:
            INCIDENT.apply(INCIDENT.initial(), msgspec.structs.replace(record, **change))
        assert caught.value.slice == "organisation"


def test_due_of_all_slices_comes_in_order() -> None:
    given = opened().did(OfferLead("SCAS", "x")).by("SECAMB").later(3).did(OfferLead("SECAMB", "y"))
    dues = INCIDENT.due(given.view, given.now)
    assert [due.at for due in dues] == sorted(due.at for due in dues)
    assert (
        len({due.key for due in dues})
        == len(dues)
        >= len(ORGANISATION.due(given.view.organisation, given.now))
    )
