"""The board of units: rows of incident and register together, cells, totals, filter, names, verbs and their routing."""

from __future__ import annotations

from typing import Any

import pytest

from incident.fleet import facts as g
from incident.fleet import fleet
from incident.kernel.board import TONES, Look, Verb
from incident.kernel.replica import StateWord
from incident.kernel.slice import Actor
from incident.resources import BOARD, UnitTotals, homecomings, resources, unit_totals
from incident.resources import facts as f
from incident.resources.verbs import VERBS
from incident.state import INCIDENT, REGISTER
from incident.statuses import STATUSES
from tests.incident.given import INCIDENT_STREAM, MINUTE, REGISTER_STREAM, T0, Given, charter, opened

A101, A102, A110, R301 = "LAS/A101", "LAS/A102", "LAS/A110", "LAS/R301"
CELLS = {column.name: column.cell for column in BOARD.columns}
KEYS = {verb.name: verb for verb in VERBS}


def clock(at: int) -> str:
    return f"{at // 3_600_000 % 24:02}:{at // MINUTE % 60:02}"


class Room:
    """One control room: an incident, its own register, and what it sees of both."""

    def __init__(self) -> None:
        self.incident = opened()
        self.register = Given(REGISTER, REGISTER_STREAM).system().did(g.OpenRegister("exercise", "LAS"))
        entries = [
            g.Entry("A101", "DCA", ("paramedic",), "Hillingdon", "AVB", T0 + 60 * MINUTE),
            g.Entry("A102", "DCA", (), "Hayes", "AVS"),
            g.Entry("A110", "DCA", (), "Hayes", "OOS"),
            g.Entry("R301", "RRV", ("4x4",), "Heathrow", "AVB"),
        ]
        self.register.did(g.EnterUnits(tuple(entries))).by("LAS")

    def look(self, agency: str = "LAS", **more: Any) -> Look:
        return Look(
            self.incident.view,
            Actor("Sam", agency, "operator"),
            more.pop("now", self.incident.now),
            INCIDENT_STREAM,
            registers={"LAS": self.register.view} if agency == "LAS" else {},
            register_streams={"LAS": REGISTER_STREAM} if agency == "LAS" else {},
            charter=charter(),
            clock=clock,
            **more,
        )

    def rows(self, **more: Any) -> dict[str, Any]:
        return dict(BOARD.rows(self.look(**more)))

    def cells(self, key: str, **more: Any) -> dict[str, str]:
        look = self.look(**more)
        row = BOARD.rows(look)[key]
        return {name: cell(row, look).text for name, cell in CELLS.items()}

    def act(self, verb: str, key: str | None, *, agency: str = "LAS", **values: Any) -> Any:
        """A verb as the client does it: built from the row, sent where it says, taken."""
        look = self.look(agency)
        found: Verb = KEYS[verb]
        row = None if key is None else BOARD.rows(look)[key]
        assert found.applies(row, look), f"{verb} does not apply to {key}"
        command = found.build(row, values, look)
        stream = found.stream(row, look)
        given = self.incident if stream == INCIDENT_STREAM else self.register
        assert stream == given.stream
        given.by(agency).did(command)
        return command

    def applies(self, key: str, agency: str = "LAS", **more: Any) -> set[str]:
        look = self.look(agency, **more)
        row = BOARD.rows(look)[key]
        return {verb.name for verb in VERBS if verb.row and verb.applies(row, look)}


@pytest.fixture
def room() -> Room:
    return Room()


# -- rows -----------------------------------------------------------------------------------------------------


def test_a_room_sees_the_incidents_units_and_its_own_registers_others(room: Room) -> None:
    assert list(room.rows()) == [A101, A102, A110, R301]
    room.act("commit", A101)
    assert list(room.rows()) == [A101, A102, A110, R301], "the same key, wherever its status lives"
    assert isinstance(room.rows()[A101], f.Resource)
    assert isinstance(room.rows()[A102], g.Unit)
    assert set(room.rows(agency="SCAS")) == {A101}, "another room sees what is committed"


def test_a_row_that_did_not_change_is_the_same_object(room: Room) -> None:
    room.act("commit", A101)
    claims = {"exercise/unit/LAS/A102": "Wimbledon"}
    before = room.rows(claims=claims)
    room.act("status", A101, status="MOB")
    after = room.rows(claims=dict(claims))
    assert before[A101] is not after[A101]
    assert all(before[key] is after[key] for key in (A102, A110, R301))


def test_a_unit_that_another_incident_holds_is_not_available(room: Room) -> None:
    claims = {"exercise/unit/LAS/A102": "Wimbledon, since 13:20"}
    cells = room.cells(A102, claims=claims)
    assert (cells["status"], cells["place"]) == ("× not available", "held by Wimbledon, since 13:20")
    assert cells["time"] == ""
    assert room.applies(A102, claims=claims) == set()
    assert "is:held" in BOARD.find(room.rows(claims=claims)[A102], room.look(claims=claims))


def test_after_its_release_a_unit_shows_how_it_stood_until_its_register_hears_more(room: Room) -> None:
    room.act("commit", A101)
    room.act("status", A101, status="MOB")
    room.incident.later(30)
    room.act("status", A101, status="CLR")
    room.act("release", A101)
    cells = room.cells(A101)
    assert (cells["status"], cells["place"], cells["mark"]) == ("○ clear", "released 14:30", "register")
    room.register.later(31)
    assert isinstance(room.act("status", A101, status="available"), g.CorrectStatus)
    assert room.register.line().text == "LAS/A101 still available"
    cells = room.cells(A101)
    assert (cells["status"], cells["place"]) == ("○ available", "Hillingdon")


# -- cells ----------------------------------------------------------------------------------------------------


def test_the_cells_of_a_committed_unit(room: Room) -> None:
    room.act("commit", A101, destination="RVP B", function="loading officer")
    room.act("status", A101, status="mobile")
    room.incident.later(12)
    assert room.cells(A101) == {
        "callsign": "A101",
        "kind": "DCA",
        "trust": "LAS",
        "status": "▶ mobile",
        "time": "12m",
        "place": "→ RVP B",
        "function": "loading officer",
        "capabilities": "paramedic",
        "mark": "",
    }
    assert room.cells(A101, agency="SCAS")["callsign"] == "LAS/A101", "outside its home it carries its trust"
    room.act("status", A101, status="scn")
    assert room.cells(A101)["place"] == "", "it has arrived: no arrow sends it on"
    room.act("place", A101, place="sector 2")
    assert room.cells(A101)["place"] == "sector 2"
    look = room.look()
    for row in BOARD.rows(look).values():
        assert {cell(row, look).tone for cell in CELLS.values()} <= set(TONES)


def test_stale_and_unknown_are_words(room: Room) -> None:
    room.act("commit", A101)
    room.act("status", A101, status="MOB")
    room.incident.later(STATUSES["MOB"].stale_minutes + 5)
    look = room.look()
    row = BOARD.rows(look)[A101]
    assert (CELLS["time"](row, look).text, CELLS["status"](row, look).tone) == ("50m stale", "caution")
    assert "is:stale" in BOARD.find(row, look)
    room.act("status", A101, status="UNK")
    assert room.cells(A101)["status"] == "? unknown"


def test_home_and_controlling_trust_and_the_offer_between_them(room: Room) -> None:
    room.act("commit", A101)
    room.act("hand", A101, to="scas")
    assert room.cells(A101)["trust"] == "LAS ?SCAS"
    assert room.cells(A101)["mark"] == "offered"
    assert room.cells(A101, agency="SCAS")["mark"] == "offered to us"
    look = room.look("SCAS")
    assert BOARD.alarm is not None
    assert (BOARD.alarm(look), BOARD.alarm(room.look())) == (1, 0)
    room.act("accept_control", A101, agency="SCAS")
    assert room.cells(A101)["trust"] == "LAS→SCAS"


def test_a_dispute_shows_both_values_and_says_so(room: Room) -> None:
    room.act("commit", A101)
    room.act("status", A101, status="MOB")
    room.act("report", A101, agency="SCAS", status="at scene", note="at the bridge")
    cells = room.cells(A101)
    assert cells["status"] == "▶ mobile ▲ SCAS says at scene"
    assert cells["mark"] == StateWord.DISPUTED
    look = room.look()
    assert BOARD.alarm is not None
    assert (BOARD.alarm(look), BOARD.alarm(room.look("SCAS"))) == (1, 0)
    told = dict(BOARD.detail(BOARD.rows(look)[A101], look))
    assert told["SCAS says"].text == "at scene, 14:00, Sam  at the bridge"


def test_the_state_word_of_what_is_not_confirmed_is_its_mark(room: Room) -> None:
    command = room.act("commit", A101)
    unconfirmed = {room.incident.last: "QUEUED"}
    assert isinstance(command, f.Commit)
    assert room.cells(A101, unconfirmed=unconfirmed)["mark"] == "QUEUED"
    assert BOARD.version(room.rows()[A101]) == room.incident.last
    assert BOARD.version(room.rows()[A102]) == fleet(room.register.view).units[A102].version


def test_the_detail_tells_everything(room: Room) -> None:
    room.act("commit", A101, destination="RVP B", reason="nearest")
    room.act("note", A101, note="fuel low")
    room.act("hand", A101, to="SCAS")
    look = room.look(now=T0 + 61 * MINUTE)
    told = [(title, cell.text) for title, cell in BOARD.detail(BOARD.rows(look)[A101], look)]
    assert told == [
        ("", "LAS/A101  DCA  Double-crewed ambulance"),
        ("status", "○ available"),
        ("since", "14:00, 1h01"),
        ("said by", "LAS"),
        ("home", "LAS"),
        ("controlled by", "LAS"),
        ("offered", "to SCAS by LAS 14:00"),
        ("destination", "RVP B"),
        ("note", "fuel low"),
        ("reason", "nearest"),
        ("committed", "14:00 by Sam, LAS"),
        ("station", "Hillingdon"),
        ("can", "paramedic"),
        ("shift", "ended 15:00"),
    ]
    idle = dict(BOARD.detail(BOARD.rows(look)[R301], look))
    assert (idle["station"].text, idle["status"].text) == ("Heathrow", "○ available")


# -- totals ---------------------------------------------------------------------------------------------------


def test_the_totals_count_by_group_and_leave_out_what_is_only_asked_for(room: Room) -> None:
    for key, code in ((A101, "SCN"), (A102, "MOB"), (R301, "HOS")):
        room.act("commit", key)
        if code != "AVB":
            room.act("correct", key, status=code, reason="as radioed")
    totals = unit_totals(room.look())
    assert {group: count for group, count in totals.groups.items() if count} == {
        "at scene": 1,
        "en route": 1,
        "at hospital": 1,
    }
    assert (totals.all, totals.working, totals.stale, totals.disputed, totals.wanted) == (3, 3, 0, 0, 0)
    asked = resources(room.incident.view).units[R301].commitment
    totals = unit_totals(room.look(wanted=frozenset({asked})))
    assert (totals.all, totals.wanted, totals.groups["at hospital"]) == (2, 1, 0)
    assert unit_totals(room.look(), "SCAS") == UnitTotals(dict.fromkeys(totals.groups, 0), 0, 0, 0, 0, 0)
    later = unit_totals(room.look(now=T0 + 24 * 60 * MINUTE))
    assert later.stale == 3
    assert BOARD.count is not None
    assert BOARD.count(room.look()) == 3


def test_a_commitment_of_several_that_is_only_asked_for_counts_for_none_of_them(room: Room) -> None:
    room.act("commit", A101, also="a102 R301")
    assert unit_totals(room.look()).all == 3
    assert unit_totals(room.look(wanted=frozenset({room.incident.last}))).all == 0


# -- filter, order, names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ("trust:las status:mobile kind:dca", {A101}),
        ("status:mob", {A101}),
        ("status:on-standby", {A102}),
        ("is:committed", {A101}),
        ("is:free kind:dca", {A102, A110}),
        ("hayes", {A102, A110}),
        ("can:4x4", {R301}),
        ("rapid response", {R301}),
        ("group:en-route", {A101}),
        ("rvp b", {A101}),
    ],
)
def test_the_filter_finds_by_words(room: Room, terms: str, found: set[str]) -> None:
    room.act("commit", A101, destination="RVP B")
    room.act("status", A101, status="MOB")
    look = room.look()
    rows = BOARD.rows(look)
    texts = {key: BOARD.find(row, look) for key, row in rows.items()}
    assert all(text == text.lower() for text in texts.values())
    assert {key for key, text in texts.items() if all(term in text for term in terms.split())} == found


def test_committed_units_come_first_ours_before_others_by_number(room: Room) -> None:
    room.act("commit", R301)
    scas = tuple(f.Commitment(f"SCAS/A{n}", "DCA", "AVB") for n in (10, 9))
    room.incident.by("SCAS").did(f.Commit(scas))
    look = room.look()
    assert BOARD.order is not None
    ordered = sorted(BOARD.rows(look).items(), key=lambda item: BOARD.order(item[1], look))  # type: ignore[misc]
    assert [key for key, _ in ordered] == [R301, "SCAS/A9", "SCAS/A10", A101, A102, A110]
    for column in BOARD.columns:
        if column.sort is not None:
            assert len(sorted(BOARD.rows(look).values(), key=lambda row: column.sort(row, look))) == 6  # type: ignore[misc]


def test_a_unit_is_named_as_people_type_it(room: Room) -> None:
    scas = tuple(f.Commitment(key, "DCA", "AVB") for key in ("SCAS/A101", "SCAS/A204"))
    room.incident.by("SCAS").did(f.Commit(scas))
    room.incident.by("SECAMB").did(f.Commit((f.Commitment("SECAMB/A204", "DCA"),)))
    room.incident.did(f.Commit((f.Commitment("SECAMB/A7", "DCA"),)))
    look = room.look()
    assert BOARD.named("a101", look) == A101, "our own before any other's"
    assert BOARD.named(" scas/a101 ", look) == "SCAS/A101"
    assert BOARD.named("A7", look) == "SECAMB/A7"
    assert BOARD.named("A204", look) is None, "two trusts have one"
    assert BOARD.named("A9", look) is None
    assert BOARD.named("NWAS/A101", look) is None


# -- verbs ----------------------------------------------------------------------------------------------------


def test_what_can_be_done_follows_from_whose_it_is_and_where_it_stands(room: Room) -> None:
    assert room.applies(A101) == {"status", "correct", "commit", "remove_unit"}
    assert room.applies(A110) == {"status", "correct", "remove_unit"}, "out of service is not committed"
    room.act("commit", A101)
    ours = {"status", "correct", "release", "hand", "destination", "place", "function", "note"}
    assert room.applies(A101) == ours
    assert room.applies(A101, "SCAS") == {"report"}
    room.act("hand", A101, to="SCAS")
    assert room.applies(A101) == ours | {"recall"}
    assert room.applies(A101, "SCAS") == {"report", "accept_control", "decline_control"}
    room.act("accept_control", A101, agency="SCAS")
    assert room.applies(A101) == (ours | {"recall"}) - {"hand"}
    assert room.applies(A101, "SCAS") == ours


def test_status_goes_where_the_status_lives(room: Room) -> None:
    assert isinstance(room.act("status", A101, status="MOB"), g.SetStatus)
    assert isinstance(room.act("correct", A101, status="avb", reason="wrong key"), g.CorrectStatus)
    room.act("commit", A101)
    assert isinstance(room.act("status", A101, status="mobile"), f.SetStatus)
    assert isinstance(room.act("correct", A101, status="at-scene", reason="x"), f.CorrectStatus)
    assert fleet(room.register.view).units[A101].status == "AVB", "its register is left as it was"


def test_a_word_that_is_no_status_is_answered_with_the_nearest(room: Room) -> None:
    look = room.look()
    with pytest.raises(ValueError, match=r"'sceen' is no status; did you mean 'scene'\?"):
        KEYS["status"].build(BOARD.rows(look)[A101], {"status": "sceen"}, look)


def test_the_choices_of_a_status_are_its_next_steps(room: Room) -> None:
    (arg,) = KEYS["status"].args
    assert arg.choices is not None
    look = room.look()
    offered = list(arg.choices(look, BOARD.rows(look)[A110]))
    assert offered[:5] == [
        ("AVB", "available"),
        ("AVS", "standby"),
        ("OFF", "off duty"),
        ("UNK", "unknown"),
        ("OOS", "out of service"),
    ], "the next steps, then the same again"
    assert len(offered) == len(STATUSES), "the rest stands behind: it is refused with what to do instead"
    assert len(arg.choices(look, None)) == len(STATUSES)
    assert KEYS["status"].quick["s"] == {"status": "SCN"}


def test_committing_copies_the_register(room: Room) -> None:
    command = room.act(
        "commit", A101, also=("LAS/R301",), destination="RVP B", function="triage", reason="nearest"
    )
    assert command == f.Commit(
        (
            f.Commitment(
                A101, "DCA", "AVB", T0, ("paramedic",), "Hillingdon", T0 + 60 * MINUTE, "triage", "RVP B"
            ),
            f.Commitment(R301, "RRV", "AVB", T0, ("4x4",), "Heathrow", None, "triage", "RVP B"),
        ),
        "nearest",
    )
    look = room.look()
    for also in (("LAS/A110",), "A101", "nonsense"):
        with pytest.raises(ValueError, match="is not one of our available units"):
            KEYS["commit"].build(BOARD.rows(look)[A102], {"also": also}, look)


def test_units_to_commit_besides_are_chosen_from_those_that_can_be_had(room: Room) -> None:
    arg = KEYS["commit"].args[0]
    assert arg.choices is not None
    look = room.look(claims={"exercise/unit/LAS/R301": "Wimbledon"})
    assert arg.choices(look, BOARD.rows(look)[A101]) == [(A102, "A102")]


def test_a_register_hears_how_its_unit_stood_at_its_release(room: Room) -> None:
    assert homecomings(room.incident.view, room.register.view) == ()
    room.act("commit", A101, also="A102")
    for key in (A101, A102):
        room.act("status", key, status="MOB")
        room.incident.later(5)
        room.act("release", key)
    (first, command), second = homecomings(room.incident.view, room.register.view)
    how = "released from an incident at 14:05 UTC, mobile"
    assert command == g.CorrectStatus(A101, "MOB", how, T0 + 5 * MINUTE)
    assert first != second[0]
    room.register.later(11).by("LAS").did(command)
    home = fleet(room.register.view).units[A101]
    assert (home.since, home.heard_at) == (T0 + 5 * MINUTE,) * 2, "so it stood when it was released, not now"
    assert [one.unit for _, one in homecomings(room.incident.view, room.register.view)] == [A102]
    room.incident.did(f.Commit((f.Commitment(A102, "DCA"),)))
    assert homecomings(room.incident.view, room.register.view) == (), "it is out again"


def test_units_are_entered_and_removed_from_the_board(room: Room) -> None:
    room.act("enter_unit", None, callsign="a199", kind="dca", station="Hayes", status="standby",
             capabilities="Paramedic 4x4", shift_end="19:00")  # fmt: skip
    unit = fleet(room.register.view).units["LAS/A199"]
    assert (unit.kind, unit.station, unit.status) == ("DCA", "Hayes", "AVS")
    assert (unit.capabilities, unit.crew_shift_end) == (("paramedic", "4x4"), T0 + 300 * MINUTE)
    look = room.look()
    with pytest.raises(ValueError, match="only its own trust enters it"):
        KEYS["enter_unit"].build(None, {"callsign": "SCAS/A1", "kind": "DCA"}, look)
    remove = KEYS["remove_unit"].build(BOARD.rows(look)["LAS/A199"], {"reason": "sold"}, look)
    assert remove == g.RemoveUnit("LAS/A199", "sold")
    assert KEYS["remove_unit"].stream(None, look) == REGISTER_STREAM
    assert not KEYS["enter_unit"].applies(None, room.look("SCAS"))


@pytest.mark.parametrize(("written", "minutes"), [("15m", 15), ("2h30", 150), ("19:00", 300), ("+1h", 60)])
def test_the_end_of_a_shift_is_a_time_of_day_or_how_long_it_still_is(
    room: Room, written: str, minutes: int
) -> None:
    room.act("enter_unit", None, callsign="A199", kind="DCA", shift_end=written)
    unit = fleet(room.register.view).units["LAS/A199"]
    assert unit.crew_shift_end == room.look().now + minutes * MINUTE


def test_an_empty_answer_takes_a_field_away(room: Room) -> None:
    room.act("commit", A101, destination="RVP B")
    assert room.act("destination", A101, destination="") == f.Describe(A101, destination="")
    assert resources(room.incident.view).units[A101].destination == ""
    room.act("function", A101, function="loading officer")
    default = KEYS["function"].args[0].default
    assert default is not None
    assert default(room.look(), room.rows()[A101]) == "loading officer"


def test_the_rest_of_the_verbs_build_what_they_say(room: Room) -> None:
    room.act("commit", A101)
    room.act("hand", A101, to="SCAS")
    assert room.act("recall", A101) == f.Recall(A101)
    room.act("hand", A101, to="SCAS")
    assert room.act("decline_control", A101, agency="SCAS", reason="no room") == f.DeclineControl(
        A101, "no room"
    )
    with pytest.raises(ValueError, match="A line releases one unit"):
        room.act("release", A101, reason="A101 LAS/A101")
    assert room.act("release", A101, reason="done") == f.Release(A101, "done")
    assert not resources(room.incident.view).units


def test_keys_and_words_are_each_used_once_and_only_release_asks_twice() -> None:
    keys = [verb.key for verb in VERBS if verb.key]
    words = [word for verb in VERBS for word in (verb.word, *verb.aliases)]
    assert len(set(keys)) == len(keys)
    assert len(set(words)) == len(words)
    assert not set(keys) & set("mdltra"), "letters that mean something else on every screen"
    assert [verb.name for verb in VERBS if verb.confirm] == ["release"]
    assert len({verb.name for verb in VERBS}) == len(VERBS)
    for verb in VERBS:
        assert verb.example.split()[0] in (verb.word, *verb.aliases)
        for arg in verb.args:
            assert arg.title


def test_every_command_of_both_slices_has_a_verb() -> None:
    offered = {verb.command for verb in VERBS}
    ours = {c.spec.cls for c in INCIDENT.commands.values() if c.slice.name == "resources"}
    assert ours <= offered
    routed = {g.SetStatus, g.CorrectStatus}
    by_machine = {g.OpenRegister, g.TakeNumber}
    assert {c.spec.cls for c in REGISTER.commands.values()} == offered - ours | routed | by_machine


def test_the_board_shows_nobodys_register_without_a_seat(room: Room) -> None:
    nobody = Look(room.incident.view, None, T0)
    assert dict(BOARD.rows(nobody)) == {}
    assert BOARD.named("A101", nobody) is None
