"""An agency's register: units in, units out, their status, incident numbers, and the table of a spreadsheet."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as example_of
from hypothesis import strategies as some

from incident.fleet import Entry, Unit, fleet, in_parts, register_stream, rules, units_from_csv, units_to_csv
from incident.fleet import facts as f
from incident.fleet.rules import month_of
from incident.kernel.claims import ClaimTable, Holding
from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.protocol import BODY_BYTES_MAX
from incident.kernel.slice import Conflict, Refusal
from incident.kernel.text import safe_text, text_problems
from incident.state import MODELS, REGISTER
from incident.statuses import STATUSES, legal
from tests.hostile import HOSTILE, Hostile
from tests.incident.given import CONFIG, MINUTE, REGISTER_STREAM, T0, Given, charter

A101, A102 = "LAS/A101", "LAS/A102"
INCIDENT = "01a80000-0000-7000-8000-00000000000{}"


def register(*entries: Entry) -> Given:
    """The exercise register of LAS, opened, with these units."""
    start = Given(REGISTER, REGISTER_STREAM).system().did(f.OpenRegister("exercise", "LAS"))
    if entries:
        start.did(f.EnterUnits(entries))
    return start.by("LAS")


def unit(start: Given, key: str = A101) -> Unit:
    return fleet(start.view).units[key]


DCA = Entry("A101", "DCA", ("paramedic",), "Hillingdon", "AVB")
CAR = Entry("R301", "RRV", (), "Hayes", "AVS")


# -- opening --------------------------------------------------------------------------------------------------


def test_a_register_is_opened_by_the_server_and_once() -> None:
    start = Given(REGISTER, REGISTER_STREAM).system()
    opening = f.OpenRegister("exercise", "LAS")
    start.when(opening).then(f.RegisterOpened("exercise", "LAS"))
    start.did(opening).when(opening).nothing()
    assert start.line().text == "opens the register of LAS (exercise)"
    start.by("LAS").when(opening).refused("no_grant", grant="fleet.open_register")


def test_a_register_opens_in_its_own_stream_only() -> None:
    start = Given(REGISTER, REGISTER_STREAM).system()
    start.when(f.OpenRegister("exercise", "SCAS")).refused("wrong_stream")
    start.when(f.OpenRegister("live", "LAS")).refused("wrong_stream")
    assert register_stream("exercise", "LAS") == REGISTER_STREAM
    assert MODELS.of(REGISTER_STREAM) is REGISTER
    assert MODELS.agency(REGISTER_STREAM) == "LAS"


def test_a_live_register_is_not_kept_by_a_server_of_exercises() -> None:
    start = Given(REGISTER, "register/live/LAS").system()
    start.when(f.OpenRegister("live", "LAS")).refused("wrong_mode")


@pytest.mark.parametrize(
    "command",
    [
        f.EnterUnits((DCA,)),
        f.SetStatus(A101, "MOB"),
        f.TakeNumber(INCIDENT.format(1)),
    ],
)
def test_before_it_is_opened_nothing_can_be_written(command: Any) -> None:
    Given(REGISTER, REGISTER_STREAM).by("LAS").when(command).refused("not_open")


def test_a_register_is_nobody_elses() -> None:
    start = register(DCA).by("SCAS")
    for command in (f.EnterUnits((CAR,)), f.SetStatus(A101, "MOB"), f.TakeNumber(INCIDENT.format(1))):
        start.when(command).refused("not_party")


@pytest.mark.parametrize("role", ["loggist", "observer"])
def test_who_may_not_write_is_told_which_grant_is_missing(role: str) -> None:
    refusal = register(DCA).by("LAS", role).when(f.SetStatus(A101, "MOB")).refused("no_grant")
    assert refusal.facts["grant"] == "fleet.set_status"


# -- units ----------------------------------------------------------------------------------------------------


def test_a_unit_is_entered() -> None:
    start = register()
    start.when(f.EnterUnits((DCA,))).then(f.UnitsEntered((DCA,)))
    start.did(f.EnterUnits((DCA, CAR)))
    assert start.line().text == "enters in the register: A101, R301"
    held = unit(start)
    assert (held.kind, held.station, held.capabilities, held.status) == (
        "DCA", "Hillingdon", ("paramedic",), "AVB",
    )  # fmt: skip
    assert (held.since, held.heard_at) == (T0, T0)
    assert set(fleet(start.view).units) == {A101, "LAS/R301"}


def test_a_unit_entered_without_a_status_is_unknown() -> None:
    assert unit(register(Entry("A101", "DCA"))).status == "UNK"


def test_entering_again_records_only_what_changed() -> None:
    start = register(DCA, CAR)
    start.when(f.EnterUnits((DCA, CAR))).nothing()
    moved = msgspec.structs.replace(DCA, station="Heathrow")
    start.when(f.EnterUnits((moved, CAR))).then(f.UnitsEntered((moved,)))
    start.later().did(f.EnterUnits((moved, CAR)))
    assert (unit(start).station, unit(start).status, unit(start).since) == ("Heathrow", "AVB", T0)


def test_the_same_table_again_does_not_overwrite_what_was_heard_since() -> None:
    start = register(DCA).did(f.SetStatus(A101, "MOB"))
    start.when(f.EnterUnits((DCA,))).nothing()
    moved = msgspec.structs.replace(DCA, station="Heathrow")
    start.did(f.EnterUnits((moved,)))
    assert unit(start).status == "MOB", "the table says AVB as it did before: that is no news"
    broken = msgspec.structs.replace(moved, status="OOS")
    start.when(f.EnterUnits((broken,))).then(
        f.UnitsEntered((broken,)), f.StatusEntered("exercise", A101, "OOS", "MOB")
    )
    start.later().did(f.EnterUnits((broken,)))
    assert start.line().text == "LAS/A101 out of service (was mobile), says the table"
    assert (unit(start).status, unit(start).since) == ("OOS", T0 + MINUTE), (
        "now the table itself says something new"
    )


def test_a_shift_end_is_kept_until_another_is_given() -> None:
    start = register(msgspec.structs.replace(DCA, crew_shift_end=T0 + 60 * MINUTE))
    start.when(f.EnterUnits((DCA,))).nothing()
    start.did(f.EnterUnits((msgspec.structs.replace(DCA, station="Hayes"),)))
    assert unit(start).crew_shift_end == T0 + 60 * MINUTE
    start.did(f.EnterUnits((msgspec.structs.replace(DCA, station="Hayes", crew_shift_end=T0),)))
    assert unit(start).crew_shift_end == T0


def test_what_is_entered_is_checked_whole() -> None:
    start = register()
    start.when(f.EnterUnits((Entry("A1", "DCB"),))).refused("unknown_kind")
    assert "did you mean 'DCA'" in start.when(f.EnterUnits((Entry("A1", "DCB"),))).refusal.sentence
    start.when(f.EnterUnits((Entry("A1", "DCA", status="SCM"),))).refused("unknown_status")
    start.when(f.EnterUnits((DCA, DCA))).refused("given_twice")
    start.when(f.EnterUnits((Entry("A1\n", "DCA"),))).refused("bad_shape")
    start.when(f.EnterUnits((Entry("a1", "DCA"),))).refused("bad_shape")
    start.when(f.EnterUnits((Entry("A  1", "DCA"),))).refused("bad_shape")
    start.when(f.EnterUnits((Entry("A1", "DCA", crew_shift_end=2**53 - 1),))).refused("bad_shape")
    assert start.when(f.EnterUnits((Entry("A1", "DCB"),))).refusal.sentence.endswith("'DCA'?")
    start.when(f.EnterUnits((Entry("A1", "DCA", ("UPPER",)),))).refused("bad_shape")
    start.when(f.EnterUnits(())).refused("bad_shape")


def test_a_long_list_is_counted_in_its_line() -> None:
    start = register(*(Entry(f"A{n}", "DCA") for n in range(101, 116)))
    assert start.line().text.endswith("A112 and 3 more")


def test_a_unit_is_taken_out_with_a_reason() -> None:
    start = register(DCA, CAR).by("LAS", "tactical_commander")
    start.when(f.RemoveUnit(A101, "sold")).then(f.UnitRemoved("exercise", A101, "sold"))
    start.did(f.RemoveUnit(A101, "sold"))
    assert start.line().text == "takes LAS/A101 out of the register. Reason: sold."
    assert set(fleet(start.view).units) == {"LAS/R301"}
    start.when(f.RemoveUnit(A101, "sold")).refused("no_such_unit")
    start.when(f.RemoveUnit("LAS/R301", "")).refused("bad_shape")
    start.by("LAS").when(f.RemoveUnit("LAS/R301", "sold")).refused("no_grant", grant="fleet.remove_unit")


# -- status ---------------------------------------------------------------------------------------------------


def test_a_status_is_set_step_by_step() -> None:
    start = register(DCA).later(5)
    start.when(f.SetStatus(A101, "MOB")).then(f.StatusSet("exercise", A101, "MOB", "AVB"))
    start.did(f.SetStatus(A101, "MOB"))
    held = unit(start)
    assert (held.status, held.since, held.heard_at) == ("MOB", T0 + 5 * MINUTE, T0 + 5 * MINUTE)
    assert held.version == held.status_version == start.last
    assert start.line().text == "LAS/A101 mobile"
    start.when(f.SetStatus(A101, "MOB")).nothing()
    start.when(f.SetStatus(A101, "HOS")).refused("illegal_step", status="MOB")
    start.when(f.SetStatus(A101, "XYZ")).refused("unknown_status")
    start.when(f.SetStatus(A102, "MOB")).refused("no_such_unit")


def test_a_status_over_one_not_seen_is_a_conflict() -> None:
    start = register(DCA)
    mark = start.mark()
    start.did(f.SetStatus(A101, "MOB"))
    start.having_seen(mark).when(f.SetStatus(A101, "AVS")).refused(
        "changed_since", conflict=True, status="MOB"
    )
    start.having_seen(mark).when(f.CorrectStatus(A101, "AVS", "x")).refused("changed_since", conflict=True)
    start.having_seen(mark).when(f.SetStatus(A101, "MOB")).nothing()


def test_describing_a_unit_is_no_conflict_with_its_status() -> None:
    start = register(DCA)
    mark = start.mark()
    start.did(f.EnterUnits((msgspec.structs.replace(DCA, station="Hayes"),)))
    start.having_seen(mark).did(f.SetStatus(A101, "MOB"))
    assert unit(start).status == "MOB"


def test_any_status_can_be_corrected_with_a_reason() -> None:
    start = register(DCA)
    fix = f.CorrectStatus(A101, "HND", "wrong key")
    start.when(fix).then(f.StatusCorrected("exercise", A101, "HND", "AVB", "wrong key"))
    start.did(fix)
    assert start.line().text == "corrects LAS/A101 from available to handing over. Reason: wrong key."
    start.when(f.CorrectStatus(A101, "AVB", "")).refused("bad_shape")


def test_a_correction_may_say_since_when() -> None:
    start = register(DCA).later(30)
    start.did(f.CorrectStatus(A101, "MOB", "radioed", T0 + 4 * MINUTE))
    assert (unit(start).since, unit(start).heard_at) == (T0 + 4 * MINUTE,) * 2
    start.did(f.CorrectStatus(A101, "RVP", "radioed", T0 + 900 * MINUTE))
    assert unit(start).since == start.now, "but not the future"


def test_a_stale_status_is_confirmed_by_hearing_it_again() -> None:
    start = register(DCA).did(f.SetStatus(A101, "MOB")).later(30)
    start.when(f.SetStatus(A101, "MOB")).nothing()
    start.later(STATUSES["MOB"].stale_minutes).did(f.SetStatus(A101, "MOB"))
    assert start.line().text == "LAS/A101 still mobile"
    assert (unit(start).since, unit(start).heard_at) == (T0, start.now)
    start.when(f.SetStatus(A101, "MOB")).nothing()


def test_while_an_incident_holds_a_unit_its_register_leaves_it_alone() -> None:
    table = ClaimTable([Holding("exercise/unit/LAS/A101", "incident/x", 7, T0, REGISTER_STREAM, A101)])
    start = register(DCA, CAR)
    ledger = Ledger(REGISTER, REGISTER_STREAM, table, charter())
    ledger.load(start.records)

    def proposed(command: Any, role: str = "tactical_commander") -> Any:
        start.by("LAS", role)
        return ledger.propose(start.actor, start.submit(command), start.now, "00" * 16)

    for command in (
        f.SetStatus(A101, "MOB"),
        f.CorrectStatus(A101, "MOB", "x"),
        f.CorrectStatus(A101, "AVB", "x"),
        f.RemoveUnit(A101, "x"),
    ):
        answer = proposed(command)
        assert isinstance(answer, Refusal), command
        assert (answer.code, answer.conflict) == ("claim_held", True)
        assert answer.facts == {"held_by": "incident/x", "since": str(T0), "label": A101}
    assert isinstance(proposed(f.SetStatus("LAS/R301", "MOB")), Proposal)
    described = msgspec.structs.replace(DCA, station="Hayes", status="OOS")
    taken = proposed(f.EnterUnits((described, msgspec.structs.replace(CAR, status="OOS"))))
    assert isinstance(taken, Proposal), "what it is may be described all the same"
    units = taken.after.state.fleet.units
    assert (units[A101].station, units[A101].status) == ("Hayes", "AVB"), "a table does not set a held unit"
    assert units["LAS/R301"].status == "OOS", "the others' statuses stand"
    table.take((), ("exercise/unit/LAS/A101",), "incident/x")
    assert isinstance(proposed(f.SetStatus(A101, "MOB")), Proposal)


# -- incident numbers -----------------------------------------------------------------------------------------


def test_incidents_are_numbered_by_month_and_each_once() -> None:
    start = register()
    one, two, three = (INCIDENT.format(n) for n in (1, 2, 3))
    start.when(f.TakeNumber(one)).then(f.NumberTaken(one, "2611"))
    start.did(f.TakeNumber(one)).did(f.TakeNumber(two))
    start.when(f.TakeNumber(one)).nothing()
    assert fleet(start.view).numbers == {one: "LAS-2611-01", two: "LAS-2611-02"}
    assert start.line().text == "numbers an incident LAS-2611-02"
    start.later(12 * 24 * 60).did(f.TakeNumber(three))
    assert fleet(start.view).numbers[three] == "LAS-2612-01"
    for odd in ("one", "x" * 36, one.upper()):
        start.when(f.TakeNumber(odd)).refused("bad_shape")


def test_a_register_has_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    start = register(DCA).did(f.TakeNumber(INCIDENT.format(1)))
    monkeypatch.setattr(rules, "REGISTER_UNITS_MAX", 1)
    monkeypatch.setattr(rules, "NUMBERS_MAX", 1)
    start.when(f.EnterUnits((DCA, CAR))).refused("too_many")
    start.when(f.TakeNumber(INCIDENT.format(2))).refused("too_many")
    start.when(f.TakeNumber(INCIDENT.format(1))).nothing()
    start.did(f.EnterUnits((msgspec.structs.replace(DCA, station="Hayes"),)))


def test_a_form_is_not_written_over_what_its_author_had_not_seen() -> None:
    start = register(DCA, CAR)
    mark = start.mark()
    hayes, slough = (msgspec.structs.replace(DCA, station=name) for name in ("Hayes", "Slough"))
    start.did(f.EnterUnits((hayes,)))
    lost = start.having_seen(mark).when(f.EnterUnits((slough,))).refused("changed_since", conflict=True)
    assert lost.sentence == "A101 was described anew after you looked: DCA, paramedic, Hayes."
    start.having_seen(mark).when(f.EnterUnits((hayes,))).nothing()
    start.having_seen(mark).did(f.EnterUnits((Entry("A102", "DCA"),)))
    start.having_seen(mark).did(f.SetStatus(A101, "MOB"))
    start.did(f.EnterUnits((slough, CAR)), base={})
    assert unit(start).station == "Slough", "a table is the agency's own list"
    start.system().did(f.EnterUnits((hayes,)), base={})
    assert unit(start).station == "Hayes"


def test_a_number_is_not_known_before_the_server_has_given_it() -> None:
    start = register()
    record = start.did(f.TakeNumber(INCIDENT.format(1))).records[-1]
    before = REGISTER.fold(start.records[:-1])
    provisional = REGISTER.apply(before, msgspec.structs.replace(record, seq=0))
    assert fleet(provisional).numbers == {INCIDENT.format(1): "LAS-?"}


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (0, "7001"),
        (T0, "2611"),
        (1_709_251_199_999, "2402"),
        (1_709_251_200_000, "2403"),
        (4_102_444_799_999, "9912"),
    ],
)
def test_the_month_is_that_of_utc(at: int, month: str) -> None:
    assert month_of(at) == month


# -- the whole ------------------------------------------------------------------------------------------------


def test_every_command_has_its_class_and_every_event_its_line() -> None:
    classes = {name: (c.spec.conflict, c.spec.offline.value) for name, c in REGISTER.commands.items()}
    assert classes["fleet.set_status"] == (Conflict.STATE, "queued")
    assert classes["fleet.open_register"] == (Conflict.MEMBERSHIP, "refused")
    start = register(DCA, CAR).did(f.SetStatus(A101, "MOB")).did(f.CorrectStatus(A101, "OOS", "hit a kerb"))
    start.did(f.TakeNumber(INCIDENT.format(1))).did(f.CorrectStatus(A101, "OOS", "still"))
    start.did(f.EnterUnits((msgspec.structs.replace(DCA, status="AVS"),)))
    start.by("LAS", "tactical_commander").did(f.RemoveUnit("LAS/R301", "sold")).check()
    assert {record.type for record in start.records} == set(REGISTER.events)


def test_random_walks_keep_the_invariants(seed: int) -> None:
    rng = random.Random(f"{seed} fleet walk")
    start = register(DCA, CAR).by("LAS", "tactical_commander")
    for n in range(300):
        start.later(rng.choice((0.1, 1, 90)))
        register_now = fleet(start.view)
        key = rng.choice([*register_now.units, A101])
        code = rng.choice(tuple(STATUSES))
        command = rng.choice(
            (
                f.SetStatus(key, code),
                f.CorrectStatus(key, code, "why not"),
                f.EnterUnits(
                    (
                        Entry(
                            f"A{rng.randint(101, 106)}", "DCA", (), rng.choice("XYZ"), rng.choice(("", code))
                        ),
                    )
                ),
                f.RemoveUnit(key, "gone"),
                f.TakeNumber(INCIDENT.format(n % 10)),
            )
        )
        before = register_now.units.get(key)
        answer = start.when(command).answer
        if isinstance(answer, Refusal):
            assert answer.code in ("illegal_step", "no_such_unit")
            continue
        if isinstance(command, f.SetStatus) and answer and isinstance(answer[0], f.StatusSet):
            assert before is not None
            assert legal(before.status, code)
        start.did(command)
    assert len(start.records) > 100
    start.check()


def test_an_event_about_a_unit_that_is_not_there_changes_nothing() -> None:
    # A client that froze this slice at an event of a newer server still gets the records behind it.
    start = register(DCA).did(f.SetStatus(A101, "MOB"))
    empty = register().view
    assert REGISTER.apply(empty, start.records[-1]) is empty


# -- tables ---------------------------------------------------------------------------------------------------


def read(text: str) -> tuple[list[Entry], list[str]]:
    units, problems = units_from_csv(text, charter(), "las.csv", "LAS")
    assert set(units) <= {"LAS"}
    return units.get("LAS", []), [str(problem) for problem in problems]


def test_a_table_of_units() -> None:
    units, problems = read(
        "\ufeffCallsign;Kind;Capabilities;Station;Status;Crew_shift_end\r\n"
        "a101;dca;Paramedic 4x4;Hillingdon;at scene;2026-11-21T19:00Z\r\n"
        ";;;;;\r\n"
        "R301;Rapid response car;;;;2026-11-21T20:00:00+01:00\r\n"
    )
    assert problems == []
    assert units == [
        Entry("A101", "DCA", ("paramedic", "4x4"), "Hillingdon", "SCN", T0 + 300 * MINUTE),
        Entry("R301", "RRV", (), "", "", T0 + 300 * MINUTE),
    ]


def test_a_table_needs_only_callsigns_and_kinds() -> None:
    assert read("callsign,kind\nA101,DCA\n") == ([Entry("A101", "DCA")], [])


def test_every_problem_of_a_table_is_named_at_once_with_its_line() -> None:
    units, problems = read(
        "callsign,kind,capabilities,station,status,crew_shift_end\n"
        "A101,DCB,,,,\n"
        "LAS/A102,DCA,,,,\n"
        ",DCA,,,,\n"
        "A103,DCA,,,on sceen,\n"
        "A104,DCA,über,,,19:00\n"
        "A105,DCA,,,,\n"
        "a105,DCA,,,,2026-11-21\n"
        "A105,DCA,,,,\n"
        f"A106,DCA,,{'x' * 61},,\n"
        f"A107,DCA,{' '.join(f'c{n}' for n in range(13))},,,\n"
        "A_108,DCA,,,,\n"
    )
    assert [entry.callsign for entry in units] == ["A105"]
    assert problems == [
        "las.csv:2: 'kind' must be a kind of the catalogue, not 'DCB'; did you mean 'DCA'?",
        "las.csv:3: 'callsign' must stand without the trust, such as A101, not 'LAS/A102'",
        "las.csv:4: 'callsign' must not be empty",
        "las.csv:5: 'status' must be a status such as 'available', not 'on sceen'; did you mean 'on scene'?",
        "las.csv:6: 'capabilities' must be words of letters and digits with spaces between, not 'über'",
        "las.csv:6: 'crew_shift_end' must be a time with its zone, such as 2026-11-21T19:00Z, not '19:00'",
        "las.csv:8: 'crew_shift_end' must be a time with its zone, such as 2026-11-21T19:00Z, not '2026-11-21'",
        "las.csv:9: the callsign A105 stands on line 7 already",
        "las.csv:10: 'station' is 61 characters long, and 60 are allowed",
        "las.csv:11: 'capabilities' names 13 capabilities, and 12 are allowed",
        "las.csv:12: 'callsign' must be letters and digits, such as A101, not 'A_108'",
    ]


def test_a_table_that_is_none_gives_no_units() -> None:
    for text in (
        "",
        "\n\n",
        "callsign\nA101\n",
        "callsign,kind,colour\nA101,DCA,red\n",
        'callsign,kind\n"A101,DCA\n',
    ):
        units, problems = read(text)
        assert units == []
        assert len(problems) == 1


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_hostile_cells_are_refused_or_harmless(hostile: Hostile) -> None:
    out = io.StringIO()
    head = ["callsign", "kind", "station"]
    csv.writer(out).writerows(
        [head, ["A101", "DCA", hostile.text], ["A102", hostile.text, "x"], [hostile.text, "DCA", "x"]]
    )
    units, problems = read(out.getvalue())
    assert problems, "nothing hostile is a kind"
    for problem in problems:
        assert safe_text(problem) == problem, "a problem never repeats what acts on a terminal"
    for entry in units:
        assert text_problems(entry) is None, "what no command may carry does not come in by a table"
        assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry


def exported(*entries: Entry) -> str:
    return units_to_csv(fleet(register(*entries).view).units.values())


def test_what_is_exported_is_no_formula() -> None:
    text = exported(
        Entry("A101", "DCA", (), '=HYPERLINK("http://x","y")'), Entry("A102", "DCA", (), "@SUM(A1)")
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["station"] for row in rows] == ['\'=HYPERLINK("http://x","y")', "'@SUM(A1)"]
    assert [entry.station for entry in read(text)[0]] == ['=HYPERLINK("http://x","y")', "@SUM(A1)"]


@pytest.mark.parametrize("end", [2**53 - 1, -(10**15), 4_102_444_800_001, 4_102_444_800_000, 0])
def test_a_shift_that_ends_in_no_time_of_ours_is_left_empty(end: int) -> None:
    odd = msgspec.structs.replace(unit(register(DCA)), crew_shift_end=end)
    entries, problems = read(units_to_csv([odd]))
    assert (problems, entries[0].crew_shift_end) == ([], None)


@pytest.mark.parametrize("station", ["'=1+1", "''", "'", "-1", "＝1", "O'Hara's", 'a,b;c"d'])
def test_what_begins_oddly_comes_back_as_it_was(station: str) -> None:
    assert read(exported(Entry("A101", "DCA", (), station)))[0][0].station == station


ENTRIES = some.builds(
    Entry,
    callsign=some.from_regex(r"\A[A-Z0-9](?:[A-Z0-9.-]{0,14}[A-Z0-9])?\Z"),
    kind=some.sampled_from(sorted(charter().kinds)),
    capabilities=some.lists(some.from_regex(r"\A[a-z0-9][a-z0-9+-]{0,23}\Z"), max_size=12, unique=True).map(
        tuple
    ),
    station=some.text(
        some.characters(min_codepoint=32, max_codepoint=0x17E, exclude_categories=("Cc",)), max_size=60
    ).map(str.strip),
    status=some.sampled_from(sorted(STATUSES)),
    crew_shift_end=some.none() | some.integers(86_400 * 365, 4_000_000_000).map(lambda s: s * 1000),
)


@example_of(some.lists(ENTRIES, min_size=1, max_size=8, unique_by=lambda entry: entry.callsign))
def test_a_table_comes_back_as_it_went(entries: list[Entry]) -> None:
    units, problems = read(exported(*entries))
    assert problems == []
    assert units == entries


def test_a_large_table_goes_in_parts_that_fit_the_wire() -> None:
    entries = [
        Entry(f"A{n}", "DCA", tuple(f"capability-number-{m:04}-x" for m in range(12)), "€" * 60)
        for n in range(450)
    ]
    parts = list(in_parts(entries))
    assert [entry for part in parts for entry in part.units] == entries
    assert len(parts) > 3
    assert all(len(msgspec.json.encode(part)) <= BODY_BYTES_MAX for part in parts)
    small = list(in_parts(Entry(f"A{n}", "DCA") for n in range(401)))
    assert [len(part.units) for part in small] == [200, 200, 1]
    assert list(in_parts([])) == []


# -- whose units a table holds --------------------------------------------------------------------------------

TWO_TRUSTS = "agency,callsign,kind,trust\nLAS,A101,DCA,\nscas,A101,DCA,LAS\n,A102,DCA,SECAMB\n"


def callsigns(written: str, file: str, agency: str = "") -> tuple[dict[str, list[str]], list[str]]:
    fleets, problems = units_from_csv(written, charter(), file, agency)
    return {home: [entry.callsign for entry in fleets[home]] for home in fleets}, [str(p) for p in problems]


def test_a_table_says_whose_units_it_holds() -> None:
    assert callsigns(TWO_TRUSTS, "units.csv") == ({"LAS": ["A101"], "SCAS": ["A101"], "SECAMB": ["A102"]}, [])
    plain = "callsign,kind\nA101,DCA\n"
    for file in ("SCAS.csv", "some/where/scas.CSV", "C:\\lists\\SCAS.csv"):
        assert callsigns(plain, file) == ({"SCAS": ["A101"]}, [])
    assert callsigns(plain, "SCAS.csv", "LAS") == ({"LAS": ["A101"]}, []), "what is asked for wins"
    by_column = "callsign,kind,agency\nA101,DCA,LAS\nA102,DCA,\n"
    assert callsigns(by_column, "SCAS.csv") == ({"LAS": ["A101"], "SCAS": ["A102"]}, [])


def test_a_table_that_does_not_say_whose_units_it_holds_is_told_once_how() -> None:
    assert callsigns("callsign,kind\nA101,DCA\nA102,DCA\n", "units.csv") == (
        {},
        [
            (
                "units.csv:2: nothing says whose units these are: add --agency CODE, or a column 'agency', or write "
                "callsigns as SCAS/A101, or name the file after the agency, such as SCAS.csv"
            )
        ],
    )
    assert callsigns("callsign,kind,trust\nA101,DCA,SCASS\n", "LAS.csv") == (
        {},
        ["LAS.csv:2: 'trust' must be an agency's code, not 'SCASS'; did you mean 'SCAS'?"],
    )
    _, problems = callsigns(TWO_TRUSTS, "units.csv", "LAS")
    assert problems == ["units.csv:3: the callsign A101 stands on line 2 already"]


# -- the fleets of the demo -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("agency", "least"), [("LAS", 40), ("SCAS", 25), ("SECAMB", 20)])
def test_the_fleets_of_the_demo_can_be_imported(agency: str, least: int) -> None:
    path = Path(CONFIG, "demo", f"{agency}.csv")
    fleets, problems = units_from_csv(path.read_text(encoding="utf-8"), charter(), path.name, "")
    assert problems == []
    assert set(fleets) == {agency}, "the file's name tells whose they are"
    units = fleets[agency]
    assert len(units) >= least
    assert {entry.callsign[0] for entry in units} == set("ARMHSOPX"), "every letter of the drill's convention"
    assert len({entry.status for entry in units}) >= 5
    assert all(entry.station for entry in units)
    kinds = {"A": "DCA", "R": "RRV", "M": "MRU", "H": "HART", "S": "SORT", "P": "PTS"}
    assert all(entry.kind == kinds[entry.callsign[0]] for entry in units if entry.callsign[0] in kinds)


def test_a_callsign_with_its_trust_says_whose_unit_it_is() -> None:
    """The issue's own columns are enough: nothing else need name the agency."""
    written = "callsign,kind,capabilities,station,status\nSCAS/A201,DCA,paramedic,Slough,AVB\nLAS/A101,DCA,,Bow,AVB\n"
    fleets, problems = units_from_csv(written, charter(), "units.csv", "")
    assert problems == []
    assert {home: [entry.callsign for entry in entries] for home, entries in fleets.items()} == {
        "SCAS": ["A201"],
        "LAS": ["A101"],
    }
