"""What is remembered of alarms never differs from what is found anew, whatever changes of whichever unit."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bench.alarms import TRUSTS, incident
from incident.alarms import FINDER
from incident.alarms.engine import Finder
from incident.alarms.units import UnitsBy
from incident.commanders.facts import TakeRole
from incident.resources.facts import PastCommitment, Report, Resource
from incident.statuses import STATUSES
from tests.incident.given import MINUTE

STEPS = 1_500


def changed(unit: Resource, rng: random.Random, now: int) -> Resource:
    """One field or a few of them, each as it may be."""
    at = now - rng.randrange(60) * MINUTE
    news: dict[str, Any] = {
        "kind": rng.choice(("DCA", "RRV", "HART")),
        "controlling": rng.choice(TRUSTS),
        "status": rng.choice((*STATUSES, "SCN", "SCN", "a newer one")),
        "since": at,
        "heard_at": at,
        "committed_at": at,
        "crew_shift_end": rng.choice((None, at, now + 5 * MINUTE)),
        "place": rng.choice(("", "sector 2")),
        "destination": rng.choice(("", "RVP A", "RVP B", "Wexham Park")),
        "scene_at": rng.choice((0, at)),
        "loaded": rng.random() < 0.5,
        "sent_at": rng.choice((0, at)),
        "crew_told_at": rng.choice((0, at)),
        "reports": rng.choice(({}, {"SCAS": Report(rng.choice(("SCN", "MOB")), at, "Sam", "")})),
        "note": rng.choice(("", "x")),
    }
    names = rng.sample(sorted(news), rng.choice((1, 1, 1, 3)))
    return replace(unit, **{name: news[name] for name in names})


def stepped(view: Any, rng: random.Random, now: int) -> Any:
    """The next state: mostly one unit is another, sometimes one has gone or come back."""
    state = view.resources
    units, released = dict(state.units), dict(state.released)
    key = rng.choice(sorted(units))
    if rng.random() < 0.05 and len(units) > 5:
        unit = units.pop(key)
        past = PastCommitment(
            key, unit.kind, unit.controlling, unit.committed_at, now, unit.home, unit.status, now, "v"
        )
        released[f"{unit.commitment}{len(released)}"] = past
    elif rng.random() < 0.05:
        callsign = f"X{rng.randrange(5)}"
        units[f"SCAS/{callsign}"] = replace(units[key], home="SCAS", callsign=callsign)
    else:
        units[key] = changed(units[key], rng, now)
    return replace(view, resources=replace(state, units=units, released=released))


def all_of(finder: Finder, view: Any) -> list[bytes]:
    return sorted(msgspec.json.encode(alarm) for alarm in finder.all(view))


def test_alarms_remembered_are_alarms_found_anew(seed: int) -> None:
    rng = random.Random(f"{seed} alarms by units")
    given = incident(30, 4).by("LAS").did(TakeRole("LAS", "tactical", "R Okafor"))
    finder, view, now = Finder(FINDER.rules), given.view, given.now + 60 * MINUTE
    seen = set()
    for _ in range(STEPS):
        view = stepped(view, rng, now)
        found = all_of(finder, view)
        assert found == all_of(Finder(FINDER.rules), view)
        seen.add(tuple(found))
    assert len(seen) > STEPS / 10, "alarms came and went"
    assert finder.asked < STEPS * len(FINDER.rules) / 4, "and much was remembered"


@pytest.mark.parametrize("others", [1, 20])
def test_several_incidents_do_not_mix(others: int) -> None:
    given = incident(10, 1)
    by = UnitsBy(lambda unit: unit.kind)
    views = [
        replace(
            given.view, organisation=replace(given.view.organisation, incident_id=f"{n}"), resources=state
        )
        for n in range(others + 1)
        for state in (replace(given.view.resources, released={}),)
    ]
    for view in (*views, *views):
        assert by(view).units == view.resources.units
    first = by(views[0])
    key, unit = next(iter(views[0].resources.units.items()))
    quiet = replace(views[0].resources, units={**views[0].resources.units, key: replace(unit, note="x")})
    assert by(replace(views[0], resources=quiet)) is first
    loud = replace(views[0].resources, units={**views[0].resources.units, key: replace(unit, kind="HART")})
    assert by(replace(views[0], resources=loud)) is loud
