"""Denied by default, membership first, and a refusal that names what is missing and whom to ask."""

from __future__ import annotations

import random

import msgspec
import pytest
import yaml

from config.reader import parse_yaml
from incident.catalogue import (
    AGENCIES_SCHEMA,
    KINDS_SCHEMA,
    ROLES_SCHEMA,
    Agency,
    Charter,
    Role,
    charter_from,
)
from incident.delegation.facts import Delegation, Delegations
from incident.exercises.facts import NoDuff
from incident.kernel.checks import ConfigError, validate
from incident.kernel.receipts import See
from incident.kernel.slice import Actor, Context, Refusal
from incident.log.facts import Write
from incident.organisation.facts import Declare, Invite, Join, OfferLead, Open, OpenOwn
from incident.permissions import (
    allowed,
    for_people_of,
    granted,
    grants,
    permit_register,
    unknown_grants,
    who_can,
)
from incident.sharing.facts import Share
from incident.state import EVERY_COMMAND, INCIDENT, OWN, REGISTER
from tests.incident.given import CONFIG, MINUTE, OWN_STREAM, T0, Given, charter, opened


def test_who_is_not_party_is_told_only_that_there_is_no_such_incident() -> None:
    given = opened("SCAS")
    refusal = given.by("SECAMB").when(Write("hello")).refused("not_party")
    assert refusal.facts == {}
    assert "M4" not in refusal.sentence
    given.by("SECAMB", "tactical_commander").when(Join("us")).refused("not_party")


def test_an_observer_changes_nothing_and_leaves_no_receipt() -> None:
    given = opened().by("SCAS", "observer")
    given.when(Write("hello")).refused("no_grant", grant="log.write", role="observer", relation="own")
    given.when(See(("tasks/1",))).refused("no_grant")


def test_a_refusal_names_the_missing_grant_and_whom_to_ask() -> None:
    refusal = (
        opened().by("LAS", "loggist").when(Invite(("LFB",))).refused("no_grant", grant="organisation.invite")
    )
    assert "organisation.invite" in refusal.sentence
    assert "Control room operator" in refusal.sentence
    assert "server itself" not in refusal.sentence


def test_what_is_anothers_is_refused_in_other_words() -> None:
    refusal = opened().when(Declare("SCAS", "declared")).refused("no_grant", relation="other")
    assert refusal.sentence == "Only SCAS may do this: the thing is theirs, not yours."


def test_before_an_incident_is_opened_the_servers_roles_decide() -> None:
    Given(INCIDENT).by("LAS", "observer").when(Open("x", "exercise")).refused("no_grant")
    Given(INCIDENT).by("LAS", "loggist").when(Open("x", "exercise")).refused("no_grant")
    Given(INCIDENT).by("LAS", "dancer").when(Open("x", "exercise")).refused("no_role", role="dancer")
    assert not isinstance(Given(INCIDENT).by("LAS").when(Open("x", "exercise")).answer, Refusal)
    bare = Given(INCIDENT).by("LAS")
    bare.charter = None  # type: ignore[assignment]
    bare.when(Open("x", "exercise")).refused("no_charter")


def test_afterwards_the_frozen_roles_decide() -> None:
    given = opened()
    given.charter = Charter("exercise", agencies=charter().agencies)
    given.when(Write("still allowed")).then(*given.when(Write("still allowed")).events)


def test_exercise_control_takes_part_in_every_exercise_and_in_no_live_incident() -> None:
    opened("SCAS").by("EXCON", "excon").did(Write("STARTEX"))
    given = Given(INCIDENT, charter_=charter("live")).by("LAS").did(Open("Coach", "live"))
    given.by("EXCON", "excon").when(Write("STARTEX")).refused("not_party")
    given.by("LAS", "excon").when(Write("STARTEX")).refused("no_grant")


@pytest.mark.parametrize("role", ["excon", "evaluator"])
def test_exercise_control_is_of_its_own_agency_alone(role: str) -> None:
    """Whatever the roles say that an incident was opened with: those of before named no agency."""
    before = charter()
    roles = {code: msgspec.structs.replace(one, agency="") for code, one in before.roles.items()}
    for frozen in (before, msgspec.structs.replace(before, roles=roles)):
        given = Given(INCIDENT, charter_=frozen).by("LAS").did(Open("Coach", "exercise"))
        assert INCIDENT.may_watch(given.view, Actor("Kim", "SCAS", role)) is not None
        given.by("SCAS", role, "Kim").when(Write("hello")).refused("not_party")
        given.by("LAS", role, "Kim").when(Declare("LAS", "declared")).refused("no_grant")
        given.by("LAS", role, "Kim").when(Declare("SCAS", "declared")).refused("no_grant")
        assert INCIDENT.may_watch(given.view, Actor("Kim", "EXCON", role)) is None


def test_a_role_of_one_agency_is_nobody_elses_and_is_not_lent_elsewhere() -> None:
    given = opened("SCAS", "NACC")
    given.by("NACC", "nacc", "Duty officer").did(Write("hello"))
    refusal = given.by("SCAS", "nacc").when(Write("hello")).refused("no_grant", agency="NACC")
    assert refusal.sentence == "The role National coordination (NACC) is for people of NACC alone."
    lent = Delegation(
        agency="SCAS", to="Sam", role="nacc", at=T0 - 1, until=given.now + MINUTE, reason="x", by="Kim"
    )
    view = msgspec.structs.replace(given.view, delegation=Delegations({lent.key: lent}))
    ctx = Context(Actor("Sam", "SCAS", "observer"), given.stream, "id", given.now, given.now)
    assert allowed(view, ctx, "log.write", "") is not None


def test_another_agencys_evaluator_writes_nothing_by_an_agreement_either() -> None:
    given = opened("SCAS").by("LAS", "tactical_commander").did(Share("WMAS", "assist", 60, "next door"))
    given.by("WMAS", "operator").did(Write("we have two to spare"))
    given.by("WMAS", "evaluator").when(Write("noted")).refused("no_grant")


def test_who_only_looks_on_by_an_agreement_calls_a_real_emergency() -> None:
    given = opened("SCAS").by("LAS", "tactical_commander").did(Share("WMAS", "view", 60, "next door"))
    given.by("WMAS", "operator").when(Write("hello")).refused("no_grant", role="view")
    given.by("WMAS", "operator").did(NoDuff("a real casualty at the RVP"))


def test_a_role_that_came_after_the_incident_is_told_why_it_counts_for_nothing() -> None:
    given = opened("SCAS")
    organisation = given.view.organisation
    roles = {code: one for code, one in organisation.charter.roles.items() if code != "strategic_commander"}
    frozen = msgspec.structs.replace(organisation.charter, roles=roles)
    view = msgspec.structs.replace(
        given.view, organisation=msgspec.structs.replace(organisation, charter=frozen)
    )
    for role, more in (("strategic_commander", True), ("dancer", False)):
        ctx = Context(Actor("Sam", "SCAS", role), given.stream, "id", T0, T0, charter=charter())
        refusal = allowed(view, ctx, "log.write", "")
        assert refusal is not None
        assert refusal.code == "no_role"
        assert ("sign in in another role" in refusal.sentence) is more


def test_who_may_come_in_as_what() -> None:
    assert {"excon", "evaluator", "nacc"}.isdisjoint(for_people_of(charter(), "LAS"))
    assert {"excon", "evaluator"} <= set(for_people_of(charter(), "EXCON"))
    assert {"excon", "evaluator"}.isdisjoint(for_people_of(charter("live"), "EXCON"))
    assert "nacc" in for_people_of(charter("live"), "NACC")


def test_the_role_of_the_system_is_for_the_system() -> None:
    system = Actor("system", "", "system")
    assert granted(charter(), system, "organisation.lapse_lead", "") is None
    human = granted(charter(), Actor("Sam", "LAS", "system"), "organisation.lapse_lead", "")
    assert human is not None
    assert human.code == "no_grant"


def test_a_virtual_trust_acts_as_its_agency_and_only_where_that_is_party() -> None:
    given = opened("SCAS").by("SCAS", "operator", "virtual/SCAS")
    given.did(OfferLead("SCAS", "ours"))
    given.by("SECAMB", "operator", "virtual/SECAMB").when(Write("hello")).refused("not_party")


@pytest.mark.parametrize("name", ["virtual/SCAS", "excon"])
def test_what_plays_a_part_in_a_drill_has_none_in_a_live_incident(name: str) -> None:
    live = (
        Given(INCIDENT, charter_=charter("live")).by("LAS").did(Open("Coach", "live")).did(Invite(("SCAS",)))
    )
    live.by("SCAS", "operator", name).when(Declare("SCAS", "declared")).refused("not_party")
    Given(INCIDENT, charter_=charter("live")).by("SCAS", "operator", name).when(Open("x", "live")).refused(
        "no_grant"
    )
    opened("SCAS").by("SCAS", "operator", name).did(Declare("SCAS", "declared"))


@pytest.mark.parametrize(
    ("agency", "role", "name"),
    [("TVP", "operator", "system"), ("TVP", "system", "Sam"), ("TVP", "system", "virtual/TVP")],
)
def test_neither_the_name_nor_the_role_of_the_system_alone_opens_anything(
    agency: str, role: str, name: str
) -> None:
    opened("SCAS").by(agency, role, name).when(Write("hello")).refused("not_party")
    opened(agency).by(agency, role, name).when(Write("hello")).refused("no_grant")
    own = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    own.by(agency, role, name).when(Write("hello")).refused("not_party")
    assert OWN.may_watch(own.view, Actor(name, agency, role)) is not None
    stranger = register(Actor(name, agency, role), "register/exercise/LAS", "fleet.set_status")
    assert stranger is not None
    assert stranger.code == "not_party"


def test_exercise_control_writes_in_no_agencys_own_part() -> None:
    own = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    own.by("EXCON", "excon").when(Write("hello")).refused("not_party")
    assert OWN.may_watch(own.view, Actor("Kim", "EXCON", "excon")) is not None
    own.by("LAS").did(Write("ours alone"))


# -- registers --


def register(actor: Actor, stream: str, command: str, mode: str = "exercise") -> Refusal | None:
    ctx = Context(actor, stream, "id", T0, T0, charter=charter(mode))
    return permit_register(REGISTER.initial(), ctx, command, actor.agency)


def test_a_register_is_touched_by_its_own_agency_and_in_its_own_mode() -> None:
    operator = Actor("Sam", "LAS", "operator")
    stream = "register/exercise/LAS"
    assert register(operator, stream, "fleet.set_status") is None
    for actor, at, mode, code in (
        (Actor("Sam", "SCAS", "operator"), stream, "exercise", "not_party"),
        (operator, "register/live/LAS", "exercise", "wrong_mode"),
        (operator, stream, "live", "wrong_mode"),
        (Actor("Sam", "LAS", "observer"), stream, "exercise", "no_grant"),
    ):
        refusal = register(actor, at, "fleet.set_status", mode)
        assert refusal is not None
        assert refusal.code == code
    assert register(Actor("system", "LAS", "system"), stream, "fleet.enter_units") is None


# -- the roles that ship --


def test_every_command_of_every_slice_has_a_row_in_some_role() -> None:
    rows = {grant for role in charter().roles.values() for grant in (*role.own, *role.other)}
    assert EVERY_COMMAND - rows == set()


def test_every_row_names_a_command() -> None:
    assert unknown_grants(charter(), EVERY_COMMAND) == ()
    slip = Charter(roles={"x": Role("x", "X", own=("log.wirte",))})
    assert unknown_grants(slip, EVERY_COMMAND) == (("x", "log.wirte"),)


# -- denied by default --


def _rows() -> dict[str, dict[str, list[str]]]:
    """The file as plain data, so that a slip in the reading of it is found, too."""
    plain = yaml.safe_load((CONFIG / "roles.yaml").read_text(encoding="utf-8"))
    return {row["code"]: row for row in plain["roles"]}


def test_what_is_not_in_the_file_is_refused_and_what_is_there_is_not() -> None:
    rows = _rows()
    assert set(rows) == set(charter().roles)
    for role, row in rows.items():
        name, agency = ("system", "") if role == "system" else ("Sam", row.get("agency") or "LAS")
        actor = Actor(name, agency, role)
        for command in EVERY_COMMAND:
            for about, relation in (("", "own"), (agency, "own"), ("SCAS", "other")):
                written = role not in ("view", "assist") and command in (row.get(relation) or ())
                assert (granted(charter(), actor, command, about) is None) is written, (role, command, about)


def test_nobody_is_let_in_by_a_role_a_command_or_a_relation_that_no_row_has(seed: int) -> None:
    """Whatever is asked by whomever, with whatever lent to whomever: let in only by a row that stands in the file."""
    rows, given = _rows(), opened("SCAS")
    let_in = sum(_drawn(random.Random(f"{seed} denied {n}"), rows, given) for n in range(3_000))
    assert let_in > 100, "who may is drawn often enough to say something"


def _drawn(rng: random.Random, rows: dict[str, dict[str, list[str]]], given: Given) -> bool:
    words = [
        "",
        "operator ",
        "Operator",
        "system",
        "admin",
        "root",
        "*",
        "organisation",
        "organisation.*",
        "excon",
    ]
    names = ["Sam", "sam", "Ann Lee", "virtual/LAS", "excon", "system", ""]
    lent = {}
    for n in range(rng.randint(0, 4)):
        to, role = rng.choice(names), rng.choice([*rows, *words])
        agency, until = rng.choice(["LAS", "SCAS", "NACC"]), T0 + rng.choice((-1, 0, 1, 60_000))
        lent[str(n)] = Delegation(
            agency=agency, to=to, role=role, at=T0 - 1, until=until, reason="x", by="Kim",
            ended_at=rng.choice((None, None, T0)),
        )  # fmt: skip
    view = msgspec.structs.replace(given.view, delegation=Delegations(lent))
    actor = Actor(rng.choice(names), rng.choice(["LAS", "SCAS", "NACC", ""]), rng.choice([*rows, *words]))
    command = rng.choice([*sorted(EVERY_COMMAND), *words])
    about = rng.choice(["", "LAS", "SCAS", "NACC", "las", "*"])
    ctx = Context(actor, given.stream, "id", T0, T0, charter=charter())
    relation = "own" if about in ("", actor.agency) else "other"
    held = {actor.role}
    if command != "delegation.delegate" and not actor.automatic:
        held |= {
            one.role
            for one in lent.values()
            if (one.agency, one.to.lower()) == (actor.agency, actor.name.lower())
            and one.until > T0
            and one.ended_at is None
            and one.role not in ("system", "excon", "evaluator")
        }
    if not (actor.name == actor.role == "system"):
        held.discard("system")
    if actor.name == "system" and actor.role != "system":
        held.clear()
    person = actor.role in rows and actor.role not in (
        "view",
        "assist",
    )  # those are agreements', and nobody's
    held -= {"view", "assist"}
    held = {role for role in held if rows.get(role, {}).get("agency", actor.agency) == actor.agency}
    written = person and any(command in (rows.get(role, {}).get(relation) or ()) for role in held)
    assert (allowed(view, ctx, command, about) is None) is written, (actor, command, about, lent)
    return written


def test_no_person_is_shut_out_of_what_people_do() -> None:
    machine = {"organisation.lapse_lead", "tasks.escalate", "mutual_aid.expire", "fleet.open_register"}
    machine |= {
        "exercises.follow",
        "injects.mark_fired",
        "injects.report",
        "delegation.record_glass",
        "sharing.run_out",
    }
    assert {command for command in EVERY_COMMAND if not who_can(charter(), command)} <= machine


def test_who_can_and_what_a_role_grants() -> None:
    assert who_can(charter(), "organisation.pick_location") == ("tactical_commander", "excon")
    assert who_can(charter(), "organisation.lapse_lead") == ()
    own, other = grants(charter(), "loggist")
    assert "log.strike" in own
    assert other == ()
    assert grants(charter(), "dancer") == ((), ())


def test_an_observer_changes_nothing_and_a_commander_has_all_of_an_operators() -> None:
    # A real emergency is everybody's, and what was lent to them they can give back.
    assert grants(charter(), "observer") == (("exercises.no_duff", "delegation.end_delegation"), ())
    operator, commander = (set(grants(charter(), role)[0]) for role in ("operator", "tactical_commander"))
    assert operator <= commander


# -- the charter from data --


def test_the_files_that_ship_hold_the_agencies_and_kinds_of_the_field() -> None:
    agencies, kinds = charter().agencies, charter().kinds
    trusts = {code for code, agency in agencies.items() if agency.type == "ambulance"}
    assert trusts == set("LAS SCAS SECAMB SWASFT WMAS EEAST EMAS NWAS NEAS YAS IOW WAST".split())
    assert agencies["KINGSTON"].short == "Kingston"
    assert agencies["LAS"].short == "LAS"
    assert charter().agency_name("SJA") == "St John Ambulance"
    assert charter().agency_name("NONE") == "NONE"
    assert (kinds["DCA"].conveys, kinds["HART"].conveys, kinds["PTS"].conveys) == (True, False, True)
    assert kinds["HART"].exchange == "13"


def test_the_version_is_a_digest_of_the_content_and_not_of_the_mode() -> None:
    assert charter("live").version == charter("exercise").version
    values = charter().agencies.values(), charter().kinds.values(), charter().roles.values()
    places = charter().places.values()
    assert charter_from(*values, "exercise", places=places).version == charter().version
    assert charter_from(*values, "exercise").version != charter().version
    assert charter_from(*values, "exercise", "areas-2", places).version != charter().version
    fewer = [*charter().agencies.values()][1:]
    assert charter_from(fewer, *values[1:], "exercise", places=places).version != charter().version
    with pytest.raises(ValueError, match="live or exercise"):
        charter_from((), (), (), "drill")


def test_the_charter_survives_the_wire() -> None:
    assert msgspec.json.decode(msgspec.json.encode(charter()), type=Charter) == charter()


def problems(schema: object, text: str) -> list[str]:
    try:
        validate(parse_yaml(text.encode(), "f.yaml"), schema)  # type: ignore[arg-type]
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_bad_files_are_described_all_at_once() -> None:
    agencies = "agencies:\n- {code: las, name: L, type: ambulance}\n- {code: LFB, name: F, type: fyre}\n"
    found = problems(AGENCIES_SCHEMA, agencies)
    assert len(found) == 2
    assert "must be a code such as LAS" in found[0]
    assert "did you mean 'fire'" in found[1]
    assert len(problems(AGENCIES_SCHEMA, "agencies: []\n")) == 1
    twice = "agencies:\n" + "- {code: LFB, name: F, type: fire}\n" * 2
    assert "repeats" in problems(AGENCIES_SCHEMA, twice)[0]
    assert "kinds" in problems(KINDS_SCHEMA, "kinds:\n- {code: DCA, title: x, group: y}\n")[0]
    roles = "roles:\n- {code: operator, title: O, own: [declare]}\n"
    assert "organisation.declare" in problems(ROLES_SCHEMA, roles)[0]


def test_an_agency_without_a_short_name_is_shown_by_its_code() -> None:
    (agency,) = validate(
        parse_yaml(b"agencies: [{code: LFB, name: Fire, type: fire}]", "f.yaml"), AGENCIES_SCHEMA
    )
    assert agency == Agency("LFB", "Fire", "LFB", "fire")
