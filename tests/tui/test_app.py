"""Keys become commands: verbs, forms and the log, on a made-up seat; and nothing a person wrote is lost."""

from __future__ import annotations

from incident.boundaries.facts import Propose
from incident.kernel.receipts import Acknowledge, Deliver
from incident.log.facts import Decide, Write
from incident.organisation.facts import Declare
from incident.resources.facts import Commit, SetStatus
from incident.tasks.facts import Raise
from incident_tui.widgets.composer import Composer
from tests.incident.given import INCIDENT_STREAM, MINUTE
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, sent_to, text_of

# -- verbs by key --


def test_status_is_s_then_one_letter() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "j", "j", "s")
        await desk.shows("Status A103", "s at scene")
        await desk.press("s")
        assert desk.last == SetStatus("LAS/A103", "SCN")
        assert desk.session.submitted[-1][0] == INCIDENT_STREAM
        before = desk.session.link.head
        await desk.shows("● at scene    SAVING")
        desk.session.kept()
        await desk.shows("SENT – NO ANSWER")
        desk.session.confirm()
        await desk.shows(f"#{before + 1}")

    told(story)


def test_a_verb_acts_on_every_selected_row() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "/")
        await desk.type("is:free")
        await desk.press("enter", "space", "down", "space", "c")
        await desk.shows("Commit  2 units")
        await desk.press("enter")
        assert [type(command) for _, command, _ in desk.session.submitted] == [Commit, Commit]
        assert [command.units[0].unit for _, command, _ in desk.session.submitted] == ["LAS/A106", "LAS/A107"]

    told(story)


def test_declaring_takes_a_second_key_and_enter_alone_never_does_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("d", "T")
        await desk.shows("Declare for our agency · stand down", "n no, go back")
        await desk.press("enter")
        await desk.shows("Not done.")
        assert desk.session.submitted == []
        await desk.press("d", "s")
        await desk.shows(
            "Going back from major incident needs a", "reason.", "Each agency declares for itself"
        )
        assert desk.session.submitted == [], "what is refused anyway is not asked twice"
        await desk.press("escape", "d", "T", "y")
        assert desk.last == Declare("LAS", "stand_down", "")

    told(story)


def test_what_is_typed_ahead_goes_where_it_was_meant() -> None:
    """Keys that come faster than the screen can open a line or a form must never be taken for verbs."""

    async def story(desk: Desk) -> None:
        await desk.press("2", "j", "j")
        desk.all_at_once("l", *"coach on its side", "enter", "escape", "s", "s")
        for _ in range(40):
            await desk.pilot.pause(0.05)
            if len(desk.session.submitted) == 2:
                break
        assert [command for _, command, _ in desk.session.submitted] == [
            Write("coach on its side", ""),
            SetStatus("LAS/A103", "SCN"),
        ]
        desk.all_at_once("t", *"sec", "tab", *"two more", "enter", "4")
        await desk.shows("two more", "▸ SCAS-T1")
        assert isinstance(desk.last, Raise)
        assert (desk.last.agency, desk.last.title) == ("SECAMB", "two more")
        assert len(desk.session.submitted) == 3

    told(story)


def test_the_frequent_letters_work_from_every_screen() -> None:
    async def story(desk: Desk) -> None:
        for digit in "135":
            await desk.press(digit, "t")
            await desk.shows("New task")
            await desk.press("escape")
            await desk.press("d")
            await desk.shows("Declare for our agency")
            await desk.press("escape", "l")
            assert desk.app.focused is desk.room.query_one(Composer).field
            await desk.press("escape")
        await desk.press("4", "s")
        await desk.shows("Unit", "12 of 12  type to find")

    told(story)


def test_acknowledging_and_having_seen() -> None:
    async def story(desk: Desk) -> None:
        assert desk.session.seen == []
        await desk.press("4")
        await desk.shows("Call in the night", "raised by")
        assert desk.session.seen == []  # painted, and no key pressed since
        await desk.press("j")
        assert any(subject.startswith("tasks/") for subject in desk.session.seen)
        assert not any(subject.startswith("boundaries/") for subject in desk.session.seen)
        await desk.press("g", "a")
        assert isinstance(desk.last, Acknowledge)
        await desk.press("G", "a")
        await desk.shows("Nothing here waits to be acknowledged")

    told(story)


# -- forms --


def test_the_list_of_a_choice_is_open_as_long_as_it_has_the_cursor() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "s")
        await desk.shows("12 of 12  type to find", "  A101")
        await desk.press("tab")
        await desk.shows("17 of 17  type to find", "  available")
        await desk.hides("12 of 12")
        await desk.press("shift+tab")
        await desk.shows("12 of 12")
        await desk.hides("17 of 17")

    told(story)


def test_a_form_asks_says_what_is_wrong_beside_the_field_and_sends() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "t", "enter")
        await desk.shows("▲ For which agency is needed.")
        await desk.type("sec")
        await desk.press("tab")
        await desk.type("Send two ambulances")
        await desk.press("tab")
        await desk.type("soonish")
        await desk.press("enter")
        await desk.shows("▲ Write a time")
        await desk.press("ctrl+u")
        await desk.type("20m")
        await desk.press("ctrl+s")
        assert isinstance(desk.last, Raise)
        assert (desk.last.agency, desk.last.title) == ("SECAMB", "Send two ambulances")
        assert desk.last.due == desk.session.at + 20 * MINUTE
        assert desk.room.form is None
        await desk.shows("sent: ", "Send two")
        await desk.press("down")
        await desk.shows("y accept")

    told(story)


def test_a_form_keeps_its_draft_through_escape_and_restart() -> None:
    async def begin(desk: Desk) -> None:
        await desk.press("3", "p")
        await desk.type("rvp")
        await desk.press("tab")
        await desk.type("Poyle Road")
        await desk.press("escape")
        assert desk.room.form is None

    async def go_on(desk: Desk) -> None:
        await desk.press("p")
        await desk.shows("draft kept from before", "Poyle Road", "Rendezvous point")
        await desk.press("enter")
        assert isinstance(desk.last, Propose)
        assert (desk.last.kind, desk.last.shape.place.text) == ("rvp", "Poyle Road")
        await desk.press("p")
        await desk.hides("draft kept from before")

    told(go_on, session=told(begin))


def test_a_refusal_at_once_stands_in_the_form_and_nothing_is_lost() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "p")
        await desk.type("inner")
        await desk.press("tab")
        await desk.type("scene")
        await desk.press("enter")
        await desk.shows("An inner cordon needs a radius")
        assert desk.session.submitted == []
        assert desk.room.form is not None
        assert desk.room.form.answers()["place"] == "scene"

    told(story)


def test_a_form_lies_over_the_list_when_it_is_narrow_and_the_status_lines_stay() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "t")
        lines = await desk.shows("New task", "For which agency")
        assert lines[0].startswith(" EXERCISE")
        assert "● LIVE" in lines[1]
        assert not any("Two buses" in line for line in lines)
        await desk.press("escape")
        await desk.shows("Two buses")

    told(story, (80, 24))


# -- the log --


def test_the_composer_writes_and_the_line_waits_with_its_word_until_it_has_a_number() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("bus requested from council")
        assert desk.session.draft("log") == "bus requested from council"
        await desk.press("enter")
        assert desk.last == Write("bus requested from council", "")
        assert desk.session.draft("log") == ""
        before = desk.session.link.head
        await desk.shows("SAVING    LAS       bus requested from council")
        desk.session.kept()
        desk.session.confirm()
        await desk.shows(f"#{before + 1}       LAS       bus requested from council")

    told(story)


def test_the_draft_survives_escape_a_cut_line_and_a_restart() -> None:
    async def begin(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("half a sen")
        desk.session.cut()
        await desk.shows("▲ ISLAND", "half a sen")
        await desk.press("escape")
        await desk.shows("draft kept · l goes on")

    async def go_on(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("tence")
        await desk.press("enter")
        assert desk.last == Write("half a sentence", "")

    told(go_on, session=told(begin))


def test_a_time_in_front_is_a_late_entry_and_asks_why() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("14:05 @MPS road closed at J15")
        await desk.shows("late entry, happened 14:05, 26 min ago · for MPS")
        await desk.press("enter")
        await desk.shows("Write in the log", "Why it is written late")
        await desk.type("radio queue")
        await desk.press("enter")
        stream, command, envelope = desk.session.submitted[-1]
        assert command == Write("road closed at J15", "radio queue")
        assert stream == INCIDENT_STREAM
        assert envelope["on_behalf_of"] == "MPS"
        assert (desk.session.at - envelope["happened_at"]) // MINUTE == 26
        assert desk.room.query_one(Composer).text == ""

    told(story)


def test_an_unknown_agency_in_front_is_said_before_anything_is_written() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("@ZORRO hello")
        await desk.shows("There is no agency ZORRO.")
        await desk.press("enter")
        assert desk.session.submitted == []
        assert desk.room.query_one(Composer).text == "@ZORRO hello"

    told(story)


def test_a_decision_has_its_form() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("5", "D")
        await desk.shows("Write down a decision", "Because")
        await desk.type("Hold crews")
        await desk.press("tab")
        await desk.type("scene not safe")
        await desk.press("enter")
        assert isinstance(desk.last, Decide)
        assert (desk.last.text, desk.last.reason) == ("Hold crews", "scene not safe")

    told(story)


def test_the_log_opens_on_acts_and_shows_the_machine_on_one_key() -> None:
    session = FakeSession()
    session.happens("SECAMB", Deliver(sent_to("SECAMB", session.world[INCIDENT_STREAM])))
    number = f"#{session.link.head}       SECAMB"

    async def story(desk: Desk) -> None:
        await desk.press("5")
        await desk.shows("second coach confirmed empty")
        assert not any(number in line for line in text_of(desk.app))
        await desk.press("w")
        await desk.shows(number, "every line")
        await desk.press("/")
        await desk.type("is:decision")
        await desk.shows(f"of {len(desk.session.log().lines)}")
        assert any("P3 by bus to Hillingdon" in line for line in text_of(desk.app))
        await desk.hides("fuel spill")

    told(story, session=session)


def test_thousands_of_lines_and_the_end_in_sight() -> None:
    session = FakeSession()
    world = session.world[INCIDENT_STREAM]
    for number in range(1500):
        world.by("LAS").did(Write(f"entry {number}"))
    again = FakeSession.__new__(FakeSession)
    again.__dict__.update(session.__dict__)
    again.held = {stream: again._watched(stream, given) for stream, given in again.world.items()}
    again.feed = again._feed()

    async def story(desk: Desk) -> None:
        await desk.press("5")
        lines = await desk.shows("entry 1499")
        assert sum("entry" in line for line in lines) < 40
        await desk.press("k", "k")
        again.happens("SCAS", Write("one more"))
        await desk.pilot.pause(0.2)
        line = desk.room.places["log"].line  # type: ignore[attr-defined]
        assert line.text == "entry 1497"
        await desk.press("G")
        await desk.shows("one more")

    told(story, session=again)
