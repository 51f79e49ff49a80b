"""Makes the golden logs: fixed histories in which every type of event happens at least once.

A golden log is what a control room has on its disk from today. Whatever is changed later, these very bytes must
fold to the same meaning: `test_golden.py` compares with digests.json. So the files are made anew only when a
NEW type of event needs its place in them, or a state was meant to hold something else, and then with

    python -m tests.golden.make

in the checkout, and the difference is looked at before it is committed. An event that gets a new version keeps
its old lines in a file of their own here, so that its upcast is tried for ever.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec

from incident.alarms.facts import Acknowledge as HearAlarm
from incident.boundaries import facts as b
from incident.boundaries.wind import with_wedge
from incident.casualties import facts as ca
from incident.commanders import facts as c
from incident.comms import facts as cm
from incident.cover import facts as cv
from incident.delegation import facts as d
from incident.exercises import facts as x
from incident.exercises.facts import Segment
from incident.fleet import facts as fl
from incident.ground import Reach
from incident.injects import facts as i
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.record import Record
from incident.log import facts as lg
from incident.messages import facts as ms
from incident.methane import facts as m
from incident.mutual_aid import commands as a
from incident.mutual_aid import facts as af
from incident.organisation import facts as o
from incident.places import facts as p
from incident.placing import Near
from incident.reports.facts import Part, Sign
from incident.resources import facts as r
from incident.sharing import facts as sh
from incident.state import EXCON, INCIDENT, OWN, REGISTER
from incident.tasks import facts as t
from incident.values import Location
from tests.incident.given import MINUTE, OWN_STREAM, REGISTER_STREAM, T0, Given, charter
from tests.incident.papers import papers

FOLDER = Path(__file__).resolve().parent
PLACE = Location("M25 J15 / M4 J4b", "TQ 0402 7829", 51.494, -0.503, direction="northbound")


def incident() -> Given:
    """A coach and a lorry at the M25, LAS first, then SCAS and SECAMB; everything that can happen, happens."""
    given = Given(INCIDENT, charter_=msgspec.structs.replace(charter(), areas_digest="areas-1"))
    _organised(given)
    _units(given)
    _ground(given)
    _casualties(given)
    _hospitals(given)
    _work(given)
    _written(given)
    _led(given)
    _told(given)
    _aided(given)
    _covered(given)
    _played(given)
    _talked(given)
    _lent(given)
    _stood_down(given)
    _shared(given)
    return given


def _lent(given: Given) -> None:
    hours = 60 * MINUTE
    given.by("LAS", "tactical_commander", "Kim").later().did(
        d.Delegate("LAS", "Ann Lee", "operator", given.now + 3 * hours, "two desks are empty")
    )
    given.by("LAS", "observer", "Ann Lee").later(4).did(lg.Write("takes over the second desk"))
    given.by("LAS", "operator", "Sam").did(d.Delegate("LAS", "Bo", "loggist", given.now + hours, "briefing"))
    given.by("LAS", "observer", "Bo").later(20).did(d.EndDelegation("LAS", "Bo", "loggist"))
    given.by("LAS", "tactical_commander", "Kim").did(
        d.EndDelegation("LAS", "Ann Lee", "operator", "the desk is manned")
    )
    given.system().later().did(
        d.RecordGlass("SCAS", "R Osei", "K Dale", "operator", "no one can sign in", given.now + 4 * hours)
    )
    for agency in ("LAS", "SCAS", "SECAMB", "LFB"):
        given.by(agency).did(HearAlarm((f"glass/{next(iter(given.view.delegation.glass))}",)))


def _played(given: Given) -> None:
    given.by("EXCON", "excon", "Control").later().did(x.StartPlay("m4-m25-coach", "M4/M25 coach", "COBALT"))
    given.later(5).did(x.SetSpeed(4)).later(2).did(x.Pause("umpires move")).later(10).did(x.Resume())
    given.by("SCAS").later(3).did(x.NoDuff("controller collapsed in the Bicester room"))
    given.by("EXCON", "excon", "Control").later(7).did(x.Resume("she is on her way to hospital"))
    given.by("LAS").later(2).did(t.Raise("Count the crews", "LAS", due=given.now + 90 * MINUTE))
    given.by("EXCON", "excon", "Control").did(x.EndPlay("all objectives met"))


def _organised(given: Given) -> None:
    given.by("LAS").did(o.Open("M4/M25 coach", "exercise", Location("M25 somewhere"), "planned_event"))
    given.later().did(o.Invite(("SCAS", "SECAMB", "LFB"))).did(o.ChangeKind("incident"))
    given.did(o.AssignNumber("LAS-2611-03")).did(o.NameContact("LAS", "EOC manager, Waterloo"))
    given.did(o.Retitle("M4/M25 coach and lorry")).did(o.Invite(("NWAS",)))
    given.did(o.TakeBackInvitation("NWAS", "meant SWASFT"))
    for agency in ("SCAS", "SECAMB", "LFB"):
        given.by(agency).later().did(o.Join(f"{agency} duty manager"))
    given.by("SCAS").did(o.Declare("SCAS", "declared")).later().did(
        o.Declare("SCAS", "standby", "one coach only")
    )
    mark = given.mark()
    given.by("LAS").did(o.GiveLocation(PLACE))
    given.by("SCAS").having_seen(mark).did(o.GiveLocation(Location("M4 J4b", "TQ 0338 7538", confirmed=True)))
    given.by("LAS", "tactical_commander").did(o.PickLocation(given.view.organisation.sightings[0].version))
    given.by("LAS").did(o.TellAndOffer(("SECAMB", "EEAST"), "SCAS", "their area", "INFORMATION\n48 on board"))
    given.by("SCAS").did(o.DeclineLead(f"{given.last}/1", "no commander yet"))
    given.by("SECAMB").did(o.OfferLead("SECAMB", "it is in our area")).did(o.WithdrawLead(given.last))
    given.by("LAS").did(o.OfferLead("SECAMB", "perhaps")).later(15)
    given.system().did(o.LapseLead(given.last))
    given.by("LAS").did(o.OfferLead("SCAS", "their area", "INFORMATION\n48 on board"))
    given.by("SCAS").later().did(o.AcceptLead(given.last))


def _units(given: Given) -> None:
    ambulance = r.Commitment("LAS/A101", "DCA", "AVB", T0, ("paramedic",), "Hillingdon", T0 + 600 * MINUTE)
    hart = r.Commitment("LAS/H1", "HART", "AVS", function="scene safety", destination="RVP B")
    given.by("LAS").later().did(r.Commit((ambulance, hart), "first attendance"))
    given.did(r.SetStatus("LAS/A101", "MOB")).later(50).did(r.SetStatus("LAS/A101", "MOB"))
    given.did(r.CorrectStatus("LAS/H1", "MOB", "was sent by phone"))
    given.by("SECAMB").did(r.ReportStatus("LAS/A101", "SCN", "seen at the hard shoulder"))
    given.by("LAS").did(r.Describe("LAS/A101", place="M25 J15", note="crew of three"))
    given.did(r.Describe("LAS/A101", destination="RVP B")).did(r.ConfirmDestination("LAS/A101", "RVP B"))
    given.did(r.OfferControl("LAS/A101", "SCAS")).by("SCAS").did(r.AcceptControl("LAS/A101"))
    given.by("LAS").did(r.Recall("LAS/A101", "needed at Hillingdon")).did(r.OfferControl("LAS/H1", "SCAS"))
    given.by("SCAS").did(r.DeclineControl("LAS/H1", "our own is near"))
    given.by("LAS").did(r.OfferControl("LAS/H1", "SECAMB")).did(r.Recall("LAS/H1"))
    given.later().did(r.Release("LAS/A101", "crew shift ends"))


def _ground(given: Given) -> None:
    square = ((51.494, -0.503), (51.494, -0.5), (51.49, -0.5), (51.49, -0.503))
    given.by("LAS").later().did(b.Propose("rvp", b.Shape(PLACE, 50.0), review_due=T0 + 90 * MINUTE))
    rvp = given.last
    given.by("SCAS").did(b.Agree(rvp)).by("SECAMB").did(b.Decline(rvp, "on the wrong carriageway"))
    given.by("LAS").did(b.Move(rvp, b.Shape(Location("Colnbrook by-pass"), 80.0), "as SECAMB asks"))
    given.did(b.Review(rvp, T0 + 120 * MINUTE, "still dry")).did(
        b.Amend(rvp, name="RVP bridge", note="from the A4")
    )
    given.by("SCAS").did(b.Propose("hot_zone", b.Shape(PLACE, polygon=square), "", "fire"))
    given.did(b.Withdraw(given.last, "the fire is out"))
    wedge = with_wedge(b.Shape(PLACE, wind=b.Wind(225, 45, 2_000.0)))
    reach = Reach(
        "areas-1", ("SCAS", "LAS"), (Near("SCAS", 0), Near("LAS", 0), Near("SECAMB", 800)), 1_200, 250
    )
    given.did(b.Propose("wind", wedge, reach=reach))
    given.did(b.Move(given.last, wedge, reach=msgspec.structs.replace(reach, radius_m=1_300)))


def _covered(given: Given) -> None:
    """LAS asks SECAMB for Staines, SCAS offers Iver; taken back, declined, agreed and ended."""
    ground = b.Shape(Location("Staines", "TQ 0370 7150", 51.43, -0.51), 5_000.0)
    terms = cv.Terms("Staines and Ashford", ground, given.now, 240, "the M25 is shut", "two at Ashford")
    given.by("LAS").later().did(cv.Ask("SECAMB", terms)).did(cv.Withdraw(given.last, "named the wrong road"))
    given.did(cv.Ask("SECAMB", terms))
    cover = given.last
    given.by("SECAMB").later().did(Deliver((f"cover/{cover}",))).did(cv.Accept(cover))
    square = ((51.52, -0.53), (51.52, -0.48), (51.5, -0.48), (51.5, -0.53))
    terms = cv.Terms("Iver", b.Shape(Location("Iver"), polygon=square), given.now, 60, "two are free")
    given.by("SCAS").did(cv.Offer("LAS", terms))
    given.by("LAS").did(cv.Decline(given.last, "LAS has crews there")).later(30)
    given.did(cv.End(cover, "the road is open"))


def _casualties(given: Given) -> None:
    given.by("LAS").later().did(ca.Count("total", ca.Counts(altogether=48), source="driver"))
    given.did(ca.Count("at_scene", ca.Counts(3, 9, 19, 2, 4), counted=True, source="CCS officer"))
    mark = given.mark()
    given.did(ca.Count("at_hospital", ca.Counts(p1=2), "WEXHAM"), happened_at=given.now - 4 * MINUTE)
    given.by("SCAS").having_seen(mark).later().did(ca.Count("at_hospital", ca.Counts(p1=3), "Wexham"))
    given.by("LAS").having_seen(mark).did(ca.Count("at_hospital", ca.Counts(p1=1), "wexham"))
    rival = given.view.casualties.slots["at_hospital/wexham"].latest["SCAS"]
    given.by("SCAS", "tactical_commander").did(ca.PickCount("at_hospital", rival.version, "WEXHAM"))


def _hospitals(given: Given) -> None:
    given.by("LAS").later().did(p.OpenPlaces(("WEXHAM", "HILLINGDON", "STMARYS")))
    given.by("SCAS").did(p.DeclareCapacity("WEXHAM", p1=2, p3=14, note="two theatres"))
    given.did(p.Allocate("WEXHAM", "p1", 2, "SCAS/A204"))
    first = given.last
    given.did(p.Convey("WEXHAM", first)).later(9).did(p.Arrive("WEXHAM", first))
    given.by("LAS").did(p.Allocate("WEXHAM", "p1", 1, reason="no bed nearer"))
    given.did(p.Allocate("HILLINGDON", "p3", 12, "LAS/B1"))
    given.did(p.CancelAllocation("HILLINGDON", given.last, "bus goes to St Mary's"))


def _work(given: Given) -> None:
    given.by("SCAS").later().did(t.Raise("Open RVP bridge", "LAS", due=T0 + 40 * MINUTE, priority="urgent"))
    task = given.last
    asked = (t.offer_subject(given.view.tasks.rows[task]),)
    given.by("LAS").did(Deliver(asked)).did(See(asked))
    given.did(Acknowledge(asked)).did(t.Accept(task)).did(t.Assign(task, "Kim", "RVP officer"))
    given.did(t.Begin(task)).did(t.Block(task, "road closed")).did(t.Begin(task)).later(5)
    given.did(t.Report(task, "police lets us through")).did(t.Finish(task, "first crews are there"))
    given.by("SCAS").did(t.Return(task, "nobody is there")).by("LAS").did(t.Finish(task))
    given.by("SCAS").did(t.Verify(task, "seen it"))
    given.by("LAS").did(t.Raise("Ring the bus company", "SCAS", priority="immediate")).later(3)
    given.system().did(t.Escalate(given.last, f"asked/{given.last}", 1))
    given.by("LAS").did(
        t.Cancel(given.view.tasks.rows[next(reversed(given.view.tasks.rows))].id, "they rang")
    )
    given.by("LAS").did(t.Raise("Bus for P3", "SCAS", supporting=("LFB",)))
    task = given.last
    given.by("SCAS").did(t.Decline(task, "none free", "SECAMB"))
    given.by("LAS").did(t.Reassign(task, "SECAMB", "SCAS has none")).did(t.Support(task, ("LFB", "SCAS")))
    given.did(t.Amend(task, title="Two buses for P3", due=T0 + 60 * MINUTE, place="RVP bridge"))
    children = (t.Child("Bus one", "SECAMB"), t.Child("Bus two", "SCAS"))
    given.by("SECAMB").did(t.SplitUp(task, children))
    given.by("LAS").did(t.Amend(task, due=None, depends_on=(given.last + "/1",)))
    given.by("LAS").did(t.Raise("Tell the airport", "LAS")).did(t.Cancel(given.last, "they know"))


def _written(given: Given) -> None:
    brief = (Part("information", "48 on board, fire out"), Part("risk", "fuel on the road"))
    given.by("LAS", "tactical_commander", "Lee").did(Sign("iimarch", given.now, brief))
    given.by("SECAMB").did(HearAlarm(("ground/fcp",), "No forward command post has been set"))
    given.by("LAS", "loggist", "Ravi").later()
    given.did(lg.Write("48 on board, says the driver"), on_behalf_of="Lee")
    wrong = given.records[-1].seq
    given.did(lg.Write("police at scene", "hands full"), happened_at=given.now - 20 * MINUTE)
    given.did(lg.Strike(wrong, "misheard", "47 on board"))
    given.did(
        lg.Decide(
            "P3 by bus", "frees four crews", ("bus", "PTS"), "SCAS would wait", T0 + 200 * MINUTE, "Lee"
        )
    )
    decision = given.last
    late = lg.Decide("hold at the bridge", "smoke", late_reason="on the radio")
    given.did(late, happened_at=given.now - 9 * MINUTE)
    given.did(lg.Review(decision, "stands", "works", T0 + 230 * MINUTE))


def _led(given: Given) -> None:
    brief = c.Brief(information="two coaches", risk="fuel on the road", communications="IC-4")
    given.by("SCAS").later().did(c.TakeRole("SCAS", "tactical", "J Smith", "020 7946 0000", deputy="K Lee"))
    given.later(30).did(c.HandOver("SCAS", "tactical", "A Patel", "020 7946 0001", brief=brief, verbal=True))
    given.did(c.NameDeputy("SCAS", "tactical", "R Shah", "020 7946 0002"))
    given.did(c.TakeRole("SCAS", "sector", "B Jones", label="North"))
    given.did(c.GiveUpRole("SCAS", "sector", "one sector now", "north"))
    given.did(c.HandOverDesk("SCAS", "incident desk", "Sam", "Kim", "two buses not answered"))


def _told(given: Given) -> None:
    first = m.Report(PLACE, "rtc", "coach and lorry", total=48, present=(m.Service("LAS", "3 crews"),))
    given.by("LAS").later().did(m.Publish(first))
    mark = given.mark()
    hazards = (m.Hazard("diesel", "present"), m.Hazard("fire", "potential"))
    second = msgspec.structs.replace(
        first,
        hazards=hazards,
        routes_in="slip road J15",
        p1=6,
        p2=12,
        required=(m.Service("LFB", "2 pumps"),),
    )
    given.by("SCAS").did(m.Publish(second))
    given.by("SECAMB").having_seen(mark).did(m.Publish(msgspec.structs.replace(first, counted=True)))
    given.by("LAS").did(ms.Send("how many crews are free?", "SCAS", "tactical", "urgent"))
    given.by("SCAS").did(ms.Send("four", "LAS", needs_ack=False, reply_to=given.last)).did(
        ms.Send("fire is out")
    )
    given.did(ms.Withdraw(given.last, "it burns again"))


def _aided(given: Given) -> None:
    """LAS asks, is answered in part, refused, kept waiting; units come under its command and go home."""
    rvp = af.Rvp("RVP bridge", "", PLACE)
    what = af.Terms(
        lines=(af.Line("DCA", 2), af.Line("HART", 1, "water")), rvp=rvp, talkgroup="IC01", needed_by=T0
    )
    given.by("LAS").later().did(a.Raise(lender="SCAS", terms=what, next=("SECAMB",)))
    first = given.last
    given.did(a.Amend(first, msgspec.structs.replace(what, talkgroup="IC02", methane=1))).did(
        a.Approve(first)
    )
    units = tuple(a.Sent(f"SCAS/A20{n}", "DCA", 0, 18, 25, "AVB") for n in (1, 2))
    given.by("SCAS").did(a.ReportPressure("SCAS", 3, "two wards shut", (af.Floor("DCA", 4),)))
    given.did(a.NameUnits(first, units)).did(a.Reply(first, (a.LineReply(1, reason="both teams are out"),)))
    keys = tuple(unit.unit for unit in units)
    given.did(a.Mobilise(first, keys)).later(20).did(a.ReachRvp(first, keys))
    given.by("LAS").did(a.TakeUnits(first, keys)).did(a.OfferNextInviting(first, "SWASFT"))
    second = given.last
    given.by("SCAS").did(a.RequestRecall(first, keys[:1], "cover in Slough"))
    given.by("LAS").did(a.AgreeRecall(first, keys[:1])).did(a.ReleaseUnits(first, keys[1:], "enough here"))
    given.by("SCAS").did(a.BringHome(first, keys, "64 miles")).by("LAS").did(a.Close(first)).later(10)
    given.system().did(a.Expire(second, second)).by("LAS").did(a.OfferNext(second, "SECAMB"))
    instead = a.LineReply(0, counter=af.Counter("SORT", 1, 40, "no water kit"))
    given.by("SECAMB").did(a.Reply(second, (instead,)))
    given.by("LAS").did(a.AnswerCounter(second, accept=False, reason="water is what we need"))
    given.by("SECAMB").did(a.Reply(second, (instead,))).by("LAS").did(a.AnswerCounter(second, accept=True))
    given.did(a.Cancel(second, "LFB has a boat"))


def _talked(given: Given) -> None:
    given.by("LAS").later().did(cm.SetLink("ICC-1", "ISSI 1001", "all control rooms"))
    link = given.last
    given.by("SCAS").did(Deliver((f"comms/{cm.LINK}@{link}",))).did(
        cm.TestChannel(link, "SCAS", False, "no coverage")
    )
    given.later().did(cm.TestChannel(link, "SCAS", True))
    given.by("LAS").did(cm.SetLink("ICC-2", "ISSI 1002"))
    given.did(cm.AddChannel("bridge", "Tactical call", "020 7946 0999", "every hour", ("LAS", "SCAS")))
    bridge = given.last
    given.did(cm.ReportUnanswered("SECAMB", bridge, "rang out")).did(cm.ReportAnswered("SECAMB"))
    given.did(cm.WithdrawChannel(bridge, "one is enough"))
    given.did(cm.GiveRoom("LAS", "EOC Waterloo", "020 7946 0100", "EOC Newham, 020 7946 0101"))


def _stood_down(given: Given) -> None:
    given.by("LFB", "tactical_commander").later(60).did(o.Leave("not our area after all"))
    given.by("LAS").did(r.Release("LAS/H1"))
    given.by("SCAS").did(o.Declare("SCAS", "stand_down")).did(o.Close("all home"))
    given.did(o.Reopen("a driver is missing"))


def _shared(given: Given) -> None:
    lead = given.view.organisation.lead
    given.by(lead, "tactical_commander").later().did(sh.Share("NWAS", "view", 60, "neighbour on standby"))
    given.did(sh.Share("YAS", "assist", 30, "its desk takes calls for us"))
    given.by("NWAS").later().did(sh.End("NWAS", "briefed"))
    given.by("YAS").did(lg.Write("three calls from the hard shoulder"))
    given.later(40).system().did(sh.RunOut("YAS", given.view.sharing.agreements["YAS"].version))


def own() -> Given:
    """The part of the same incident that only LAS sees."""
    given = Given(OWN, OWN_STREAM)
    given.count = 1000
    given.by("LAS").did(o.OpenOwn()).did(lg.Write("relief crews asked for"))
    given.did(t.Raise("Ring the relief manager", "LAS")).did(t.Accept(given.last))
    given.did(lg.Decide("keep two crews back", "cover in the west")).did(lg.Review(given.last, "ended"))
    given.later(30).system().did(x.Follow((Segment(T0 + 10 * MINUTE, T0 + 10 * MINUTE, 4),)))
    given.by("LAS").later(5).did(t.Raise("Ring them again", "LAS"))
    given.by("LAS", "tactical_commander").did(sh.Share("SCAS", "view", 60, "which crews we asked for"))
    given.did(sh.End("SCAS"))
    return given


def register() -> Given:
    """The exercise register of LAS."""
    given = Given(REGISTER, REGISTER_STREAM)
    given.count = 2000
    units = (
        fl.Entry("A101", "DCA", ("paramedic",), "Hillingdon", "AVB"),
        fl.Entry("H1", "HART", station="Isleworth", crew_shift_end=T0 + 600 * MINUTE),
    )
    given.by("LAS", "system", "system").did(fl.OpenRegister("exercise", "LAS")).did(fl.EnterUnits(units))
    given.by("LAS").later().did(fl.SetStatus("LAS/A101", "MOB")).later(50).did(
        fl.SetStatus("LAS/A101", "MOB")
    )
    given.did(fl.CorrectStatus("LAS/H1", "AVB", "radio check", given.now - 5 * MINUTE))
    given.did(fl.EnterUnits((fl.Entry("A101", "DCA", ("paramedic",), "Hayes", "OOS"),)))
    given.did(fl.TakeNumber("01a80000-0000-7000-8000-000000000001"))
    given.by("LAS", "tactical_commander").did(fl.RemoveUnit("LAS/H1", "sold"))
    return given


def excon() -> Given:
    """Exercise control's papers in the same exercise."""
    given = papers()
    given.later(5).did(i.Hold(1, "the rooms are busy")).did(i.Reinstate(1)).did(i.Skip(4, "no time"))
    given.system().later().did(i.MarkFired(1)).did(i.Report(1, 1, "told/LAS"))
    given.did(i.Report(1, 1, "", "SCAS has not opened its part of the incident"))
    given.by("EXCON", "excon", "Control").later().did(i.Fire(3)).system().did(i.MarkFired(3))
    given.did(i.Report(3, 0, "told/LAS", "There is no such incident for your agency."))
    given.by("EXCON", "evaluator", "Kim").later(3).did(i.MarkActioned(1, "ambulance sent within 90 s"))
    given.did(i.WriteNote("LAS asked twice for the RVP", 1, "rvp", "partly")).did(lg.Write("coffee at 15:00"))
    return given


HISTORIES = {"incident": incident, "own": own, "register": register, "excon": excon}


def shapes() -> dict[str, str]:
    """Of each slice of each kind of stream, with the version of its state: a digest of what its snapshots look like."""
    found = {}
    for name, model in (("incident", INCIDENT), ("own", OWN), ("register", REGISTER), ("excon", EXCON)):
        for part in model.slices:
            shape = json.dumps(_bare(msgspec.json.schema(part.state)), sort_keys=True)
            found[f"{name} {part.name} v{part.state_v}"] = hashlib.sha256(shape.encode()).hexdigest()[:16]
    return found


def _bare(schema: Any) -> Any:
    """Without the words that explain it."""
    if isinstance(schema, dict):
        return {key: _bare(value) for key, value in schema.items() if key not in ("description", "title")}
    return [_bare(value) for value in schema] if isinstance(schema, list) else schema


def stored_in(folder: Path, name: str) -> tuple[Record, ...]:
    """The records of a log that is kept there."""
    lines = (folder / f"{name}.jsonl").read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=Record) for line in lines)


def main() -> None:
    """Write the logs and their digests."""
    digests = {}
    for name, make in HISTORIES.items():
        given = make()
        lines = [msgspec.json.encode(record) for record in given.records]
        (FOLDER / f"{name}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        digests[name] = given.model.digest(given.view)
        # Those of before are never made anew; what they come to today is.
        digests[f"before/{name}"] = given.model.digest(given.model.fold(stored_in(FOLDER / "before", name)))
    text = json.dumps(shapes(), indent=2, sort_keys=True)
    (FOLDER / "shapes.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    (FOLDER / "digests.json").write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
