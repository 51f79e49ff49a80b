"""Aid on its board and on the command line: few keys, the usual thing by Enter, and the cover that would be left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from incident.boundaries import facts as b
from incident.comms.facts import SetLink
from incident.fleet import facts as g
from incident.kernel.board import Look
from incident.kernel.slice import Actor, Refusal
from incident.methane import facts as m
from incident.mutual_aid import BOARD, cover_left, mutual_aid
from incident.mutual_aid import commands as c
from incident.mutual_aid import facts as f
from incident.mutual_aid.cover import cover_words
from incident.mutual_aid.lookup import read_lines
from incident.placing import Near, Placing
from incident.state import INCIDENT, REGISTER
from incident.values import Location
from incident_tui.grammar import Act, build, parse
from tests.incident.given import INCIDENT_STREAM, MINUTE, T0, Given, charter, opened

PLACE = Location("Colnbrook by-pass", "TQ 0227 7759", 51.487, -0.53)
FLEET = (
    g.Entry("A201", "DCA", (), "Slough", "AVB"),
    g.Entry("A202", "DCA", (), "Slough", "AVB"),
    g.Entry("A203", "DCA", (), "Slough", "MOB"),
    g.Entry("R1", "RRV", (), "Slough", "AVS"),
)


def register(agency: str = "SCAS") -> Given:
    own = Given(REGISTER, f"register/exercise/{agency}")
    return own.by(agency, "system", "system").did(g.OpenRegister("exercise", agency)).did(g.EnterUnits(FLEET))


def look(given: Given, agency: str = "LAS", role: str = "operator", **more: Any) -> Look:
    return Look(
        given.view,
        Actor("Sam", agency, role),
        given.now,
        INCIDENT_STREAM,
        registers={"SCAS": register().view} if agency == "SCAS" else {},
        charter=charter(),
        clock=lambda at: f"{at // MINUTE % 1440 // 60:02}:{at // MINUTE % 60:02}",
        **more,
    )


def said(
    line: str, given: Given, agency: str = "LAS", here: tuple[str, str] | None = None, **more: Any
) -> Any:
    """What a line sends, as it was built: from any screen, or with the cursor on a row."""
    seen = look(given, agency, **more)
    act = parse(line, seen, INCIDENT.boards, here)
    if not isinstance(act, Act):
        return act
    made = build(act, seen, INCIDENT.boards)
    return made if isinstance(made, Refusal) else made[0]


def does(line: str, given: Given, agency: str = "LAS") -> Given:
    command = said(line, given, agency)
    assert not isinstance(command, Refusal), command
    return given.by(agency).did(command)


def row(given: Given) -> f.Request:
    return list(mutual_aid(given.view).rows.values())[-1]


def cells(given: Given, agency: str = "LAS") -> dict[str, str]:
    return {column.name: column.cell(row(given), look(given, agency)).text for column in BOARD.columns}


def detail(given: Given, agency: str = "LAS") -> list[tuple[str, str]]:
    return [(title, cell.text) for title, cell in BOARD.detail(row(given), look(given, agency))]


def test_the_whole_path_by_lines() -> None:
    given = does("req SCAS 3 DCA 30m", opened())
    assert cells(given) == {
        "number": "LAS-A1", "route": "LAS → SCAS", "what": "3 DCA", "state": "sent", "needed": "14:30 in 30m",
        "told": "sent 14:00", "units": "–",
    }  # fmt: skip
    assert (BOARD.count(look(given, "SCAS")), BOARD.count(look(given))) == (1, 0)  # type: ignore[misc]
    does("send LAS-A1 A201 A202 18-25", given, "SCAS")
    assert cells(given)["state"] == "▲ part · 2 named"
    does("mobilised LAS-A1", given, "SCAS").later(20)
    assert cells(given)["units"] == "2 A201 A202"
    does("atrvp LAS-A1 SCAS/A201", given)
    assert cells(given)["state"] == "▲ part · 1 mobilised, 1 at RVP"
    does("committed LAS-A1", given)
    assert [unit.state for unit in row(given).units.values()] == ["committed", "committed"]
    does("recall LAS-A1 cover in Slough", given, "SCAS")
    does("agree LAS-A1", given)
    does("home LAS-A1", given, "SCAS")
    does('part LAS-A1 2 "no more"', given, "SCAS")
    does("closeaid LAS-A1", given)
    assert cells(given)["state"] == "closed"
    assert cells(given)["needed"] == "14:30"


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("3 DCA", (f.Line("DCA", 3),)),
        ("3 dca, 1 HART water", (f.Line("DCA", 3), f.Line("HART", 1, "water"))),
        ("2 DCA 1 RRV", (f.Line("DCA", 2), f.Line("RRV", 1))),
        ("2xDCA (bariatric); 1 PTS", (f.Line("DCA", 2, "bariatric"), f.Line("PTS", 1))),
    ],
)
def test_what_is_asked_is_read_as_people_write_it(written: str, lines: tuple[f.Line, ...]) -> None:
    assert read_lines(written) == lines


@pytest.mark.parametrize("written", ["", "DCA", "three DCA", "0 DCA", "99 DCA", "3 DCA and", "1 A " * 9, "3"])
def test_what_cannot_be_read_is_said(written: str) -> None:
    if written == "3 DCA and":  # words behind a kind are the skills that are needed
        assert read_lines(written) == (f.Line("DCA", 3, "and"),)
        return
    with pytest.raises(ValueError, match=r"such as 3 DCA|1 to 60|8 lines"):
        read_lines(written)


def test_the_form_knows_the_rvp_the_methane_and_what_was_asked_before() -> None:
    given = opened().did(b.Propose("rvp", b.Shape(PLACE, 50.0), "RVP B"))
    hazards = (m.Hazard("diesel", "present"),)
    given.did(m.Publish(m.Report(PLACE, "rtc", hazards=hazards, routes_in="slip road J15")))
    command = said("req SCAS 3 DCA, 1 HART water 14:50 talkgroup=IC01", given)
    feature = next(iter(given.view.boundaries.rows))
    assert command == c.Raise(
        lender="SCAS",
        terms=f.Terms(
            lines=(f.Line("DCA", 3), f.Line("HART", 1, "water")),
            needed_by=T0 + 50 * MINUTE,
            rvp=f.Rvp("RVP B", feature, PLACE),
            hazards="diesel (present)",
            access="slip road J15",
            talkgroup="IC01",
            methane=1,
        ),
        approve=True,
        next=("SECAMB",),
    )
    given.did(command)
    assert said("req SECAMB 1 DCA", given).terms.talkgroup == "IC01"


def test_the_talkgroup_of_the_control_rooms_is_the_one_to_call_on_until_another_is_named() -> None:
    given = opened("SCAS")
    assert said("req SCAS 3 DCA", given).terms.talkgroup == ""
    given.did(SetLink("ICC-1"))
    command = said("req SCAS 3 DCA", given)
    assert command.terms.talkgroup == "ICC-1"
    given.did(command).did(SetLink("ICC-2"))
    assert said("req SCAS 1 HART", given).terms.talkgroup == "ICC-2", "not one that was withdrawn since"


def test_those_nearest_to_it_are_proposed_to_be_asked_next() -> None:
    near = (Near("SCAS", 400), Near("SECAMB", 900), Near("HILLINGDON", 950), Near("EEAST", 30_000))
    placing = Placing("border", "", "LAS", (*near, Near("SWASFT", 90_000), Near("WMAS", 91_000)))
    given = opened("SCAS", placing=placing)
    assert said("req SCAS 3 DCA", given).next == ("SECAMB", "EEAST", "SWASFT")


def test_asking_a_stranger_invites_it_and_who_may_not_approve_only_writes_it() -> None:
    given = opened()
    assert type(said("req WMAS 1 DCA", given)) is c.RaiseInviting
    roles = dict(charter().roles)
    own = tuple(grant for grant in roles["operator"].own if grant != "mutual_aid.approve")
    roles["operator"] = msgspec.structs.replace(roles["operator"], own=own)
    view = given.view.organisation
    less = msgspec.structs.replace(view, charter=msgspec.structs.replace(view.charter, roles=roles))
    given.view = msgspec.structs.replace(given.view, organisation=less)
    command = said("req WMAS 1 DCA", given)
    assert (type(command), command.approve) == (c.Raise, False)


def test_the_nearest_word_is_offered_for_a_kind_and_an_agency() -> None:
    assert "Did you mean SCAS" in said("req SCSA 3 DCA", opened()).sentence
    given = opened()
    refusal = given.by("LAS").when(said("req SCAS 3 DCB", given)).refused("unknown_kind")
    assert refusal.sentence.endswith("did you mean 'DCA'?")


def test_the_lender_sees_the_cover_it_would_have_left() -> None:
    given = does("req SCAS 3 DCA, 1 RRV", opened())
    does('reap 3 "1 DCA 1 RRV" hospitals slow', given, "SCAS")
    covers = cover_left(look(given, "SCAS"), row(given))
    assert [cover_words(cover) for cover in covers] == [
        "DCA: 2 free, 3 asked, 1 lacking (keep 1)",
        "RRV: 1 free, 1 asked, 0 left (keep 1)",
    ]
    assert [cover.short for cover in covers] == [True, True]
    assert cover_left(look(given), row(given)) == (), "another trust's register is not ours to see"
    assert ("SCAS", "REAP 3, severe, 14:00; hospitals slow; keeps 1 DCA, 1 RRV") in detail(given)
    held = look(given, "SCAS", claims={"exercise/unit/SCAS/A201": "another incident"})
    assert cover_left(held, row(given))[0].free == 1


def test_the_usual_answer_is_one_key_and_the_likely_units_stand_in_the_form() -> None:
    given = does("req SCAS 3 DCA, 1 RRV", opened())
    verbs = {verb.name: verb for verb in BOARD.verbs}
    seen = look(given, "SCAS")
    assert verbs["accept"].args == ()
    assert verbs["accept"].build(row(given), {}, seen) == c.Reply(
        row(given).id, (c.LineReply(0, 3), c.LineReply(1, 1))
    )
    units, eta = verbs["name_units"].args
    assert units.default is not None
    assert units.default(seen, row(given)) == "SCAS/A201 SCAS/A202 SCAS/R1"
    assert eta.required is False
    counts = verbs["part"].args[0]
    assert counts.default is not None
    assert counts.default(seen, row(given)) == "2 1", "as many as are free"
    sent = said("send LAS-A1 R1 A201 20", given, "SCAS")
    assert [(one.unit, one.line, one.eta_from, one.eta_to) for one in sent.units] == [
        ("SCAS/R1", 1, 20, 20), ("SCAS/A201", 0, 20, 20),
    ]  # fmt: skip
    assert isinstance(said("send LAS-A1 A999", given, "SCAS"), Refusal)


def test_decline_part_and_counter_by_line() -> None:
    given = does("req SCAS 3 DCA", opened())
    one = row(given).id
    assert said("decline LAS-A1 none to spare", given, "SCAS") == c.Reply(
        one, (c.LineReply(0, 0, "none to spare"),)
    )
    assert said('part LAS-A1 2 "one is off the road"', given, "SCAS") == c.Reply(
        one, (c.LineReply(0, 2, "one is off the road"),)
    )
    counter = said('counter LAS-A1 "2 RRV" 25m', given, "SCAS")
    assert counter == c.Reply(one, (c.LineReply(0, counter=f.Counter("RRV", 2, 25)),))
    given.by("SCAS").did(counter)
    assert ("line 1", "3 DCA: offers 2 RRV in 25 min instead") in detail(given)
    assert BOARD.count(look(given)) == 1  # type: ignore[misc]
    assert said("takeoffer LAS-A1", given) == c.AnswerCounter(one, accept=True)
    assert said("notoffer LAS-A1 must convey", given) == c.AnswerCounter(
        one, accept=False, reason="must convey"
    )


def test_what_does_not_apply_is_not_offered() -> None:
    given = does("req SCAS 3 DCA", opened())

    def able(agency: str) -> set[str]:
        seen = look(given, agency)
        return {verb.name for verb in BOARD.verbs if verb.row and verb.applies(row(given), seen)}

    assert able("LAS") == {"change", "offer_next", "cancel"}
    assert able("SCAS") == {"accept", "name_units", "part", "counter", "decline"}
    assert able("SECAMB") == set()
    does("send LAS-A1 A201", given, "SCAS")
    assert able("SCAS") >= {"mobilise", "at_rvp", "home"}
    assert able("LAS") == {"change", "offer_next", "cancel", "at_rvp", "take_units", "release"}


def test_the_next_trust_is_one_key_and_enter() -> None:
    given = does("req SCAS 3 DCA next=SECAMB", opened()).later(10)
    given.system().did(c.Expire(row(given).id, row(given).offer))
    assert cells(given)["state"] == "▲ no answer"
    assert (BOARD.alarm(look(given)), BOARD.alarm(look(given, "SECAMB"))) == (1, 0)  # type: ignore[misc]
    assert ("ask next", "SECAMB") in detail(given)
    here = ("mutual_aid", row(given).id)
    assert said("offernext", given, here=here) == c.OfferNext(row(given).id, "SECAMB")
    verb = next(verb for verb in BOARD.verbs if verb.name == "offer_next")
    assert verb.args[0].default is not None
    assert verb.args[0].default(look(given), row(given)) == "SECAMB"


def test_a_change_keeps_what_was_not_written() -> None:
    given = does("req SCAS 3 DCA talkgroup=IC01", opened())
    command = said("change LAS-A1 15:10", given)
    assert command == c.Amend(
        row(given).id, msgspec.structs.replace(row(given).terms, needed_by=T0 + 70 * MINUTE)
    )
    given.by("LAS").did(command)
    assert ("14:00", "edition 1 was: 3 DCA, IC01") in detail(given)


def test_ours_stand_first_and_what_is_in_trouble_above() -> None:
    given = does("req SCAS 1 DCA", opened("SCAS", "SECAMB", "SWASFT"))
    does("req SWASFT 1 RRV", given, "SECAMB")
    does("req SECAMB 1 HART", given)
    does("decline LAS-A2 none", given, "SECAMB")
    assert BOARD.order is not None
    seen = look(given)
    ranked = sorted(mutual_aid(given.view).rows.values(), key=lambda one: BOARD.order(one, seen))  # type: ignore[misc]
    assert [one.number for one in ranked] == ["LAS-A2", "LAS-A1", "SECAMB-A1"]
    assert BOARD.named("A2", seen) == ranked[0].id
    assert BOARD.named("A1", seen) is None, "two agencies have one"
    assert "from:las" in BOARD.find(ranked[0], seen)


def test_a_row_of_this_seat_says_that_it_is_not_sent_yet() -> None:
    given = does("req SCAS 1 DCA", opened())
    waiting = replace(look(given), unconfirmed={row(given).version: "QUEUED"})
    told = next(column for column in BOARD.columns if column.name == "told")
    assert told.cell(row(given), waiting).text == "not sent yet"
