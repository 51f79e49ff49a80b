"""What is on a disk from today must mean the same tomorrow: stored logs fold to a fixed digest."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import msgspec
import pytest

from incident.kernel.model import Model
from incident.kernel.record import Record, first_break, genesis
from incident.state import EXCON, INCIDENT, MODELS, OWN, REGISTER
from tests.golden.make import HISTORIES, shapes, stored_in
from tests.incident.given import INCIDENT_STREAM, OWN_STREAM, REGISTER_STREAM, in_runs
from tests.incident.papers import EXCON_STREAM

FOLDER = Path(__file__).resolve().parent
DIGESTS = json.loads((FOLDER / "digests.json").read_text(encoding="utf-8"))
STREAMS = {
    "excon": EXCON_STREAM,
    "incident": INCIDENT_STREAM,
    "own": OWN_STREAM,
    "register": REGISTER_STREAM,
}
NAMES = sorted(STREAMS)


@cache
def stored(name: str) -> tuple[Record, ...]:
    return stored_in(FOLDER, name)


@cache
def of_before(name: str) -> tuple[Record, ...]:
    """A log as it lay on disks before roles were lent, shared by agreement, or one agency's own. Never made anew."""
    return stored_in(FOLDER / "before", name)


def model(name: str) -> Model:
    found = MODELS.of(STREAMS[name])
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_log_means_what_it_meant(name: str) -> None:
    assert model(name).digest(model(name).fold(stored(name))) == DIGESTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_log_of_before_folds_and_is_read_and_its_own_roles_count(name: str) -> None:
    rules, records = model(name), of_before(name)
    assert first_break(genesis(STREAMS[name]), STREAMS[name], records) is None
    state = rules.initial()
    for record in records:
        state = rules.apply(state, record)
        assert rules.invariants(state) == (), record.type
        assert rules.sentence(record, rules.names(state)).text.strip(), record.type
    again = rules.restore(rules.snapshot(state))
    assert again is not None
    assert rules.digest(again) == rules.digest(state) == rules.digest(in_runs(rules, records))
    assert rules.digest(state) == DIGESTS[f"before/{name}"]
    if name != "register":
        roles = state.organisation.charter.roles
        assert not any(role.may_delegate or role.agency for role in roles.values())
        assert "operator" in roles
        assert not {"view", "assist", "strategic_commander"} & set(roles)


def test_a_state_of_another_shape_has_another_version() -> None:
    kept = json.loads((FOLDER / "shapes.json").read_text(encoding="utf-8"))
    made = shapes()
    same = {name for name in made if name in kept}
    wrong = [name for name in sorted(same) if made[name] != kept[name]]
    assert not wrong, "a snapshot of yesterday would be read as one of today: raise state_v"
    assert made == kept, "python -m tests.golden.make"


@pytest.mark.parametrize("name", NAMES)
def test_folded_in_runs_it_means_the_same(name: str) -> None:
    assert model(name).digest(in_runs(model(name), stored(name))) == DIGESTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_its_chain_is_whole(name: str) -> None:
    assert first_break(genesis(STREAMS[name]), STREAMS[name], stored(name)) is None


def test_every_type_of_event_is_in_one_of_them() -> None:
    types = {name: {record.type for record in stored(name)} for name in NAMES}
    assert set(INCIDENT.events) - types["incident"] == {"organisation.own_opened", "exercises.clock_followed"}
    assert set(REGISTER.events) - types["register"] == set()
    assert set(OWN.events) - types["incident"] - types["own"] == set()
    assert set(EXCON.events) - set(OWN.events) - types["excon"] == set()


def content(record: Record) -> tuple[object, ...]:
    """A record without its chain and its charter: agencies and roles are data, and change in config/ freely."""
    body = msgspec.json.decode(record.body)
    body.pop("charter", None)
    return record.type, record.v, body, record.actor, record.agency, record.base, record.recorded_at


@pytest.mark.parametrize("name", NAMES)
def test_todays_rules_still_write_the_very_same_log(name: str) -> None:
    made = HISTORIES[name]().records
    for today, then in zip(made, stored(name), strict=True):
        assert content(today) == content(then), "look at the difference, then python -m tests.golden.make"


@pytest.mark.parametrize("name", NAMES)
def test_a_snapshot_at_any_record_and_the_rest_is_the_whole(name: str) -> None:
    rules, records = model(name), stored(name)
    state = rules.initial()
    for record in records:
        state = rules.apply(state, record)
        again = rules.restore(rules.snapshot(state))
        assert again is not None, record.type
        assert rules.digest(again) == rules.digest(state), record.type
        state = again
    assert rules.digest(state) == DIGESTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_record_is_a_line_of_the_log_at_its_time_and_afterwards(name: str) -> None:
    rules, records = model(name), stored(name)
    end = rules.names(rules.fold(records))
    state = rules.initial()
    for record in records:
        state = rules.apply(state, record)
        for names in (rules.names(state), end):
            line = rules.sentence(record, names)
            assert line.text.strip(), record.type
            assert line.weight in ("decision", "act", "machine"), record.type
            assert "\n" not in line.text, record.type
            assert "0000-7000" not in line.text, f"{record.type} shows an id: {line.text}"


@pytest.mark.parametrize("name", NAMES)
def test_the_invariants_hold_at_every_record(name: str) -> None:
    rules = model(name)
    state = rules.initial()
    for record in stored(name):
        state = rules.apply(state, record)
        assert rules.invariants(state) == (), record.type


@pytest.mark.parametrize("name", NAMES)
def test_evolve_changes_no_value_it_was_given(name: str) -> None:
    rules = model(name)
    state = rules.initial()
    for record in stored(name):
        before = rules.snapshot(state)
        after = rules.apply(state, record)
        assert rules.snapshot(state) == before, record.type
        state = after


def test_the_registers_rules_are_those_of_its_stream() -> None:
    assert (model("incident"), model("own"), model("register")) == (INCIDENT, OWN, REGISTER)
