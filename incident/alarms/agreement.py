"""Alarms about what the agencies should agree on: declarations, the lead, the location, the ground."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.alarms.units import BY_DESTINATION
from incident.boundaries.facts import CORDONS, ZONES, Feature
from incident.boundaries.rules import boundaries, counted, rivals
from incident.kernel.slice import View
from incident.organisation import (
    OVER,
    busy,
    off_scene,
    organisation,
    over,
    parties,
    scene_over,
    stood_down,
    with_units,
)
from incident.organisation.facts import Party
from incident.resources import Resource, resources
from incident.values import MINUTE_MS, stop

SILENT_MS: Final = 3 * MINUTE_MS
"""How long a party may say nothing of itself after another has declared a major incident."""
CONTACT_MS: Final = 3 * MINUTE_MS
LEAD_MS: Final = 5 * MINUTE_MS
AGREE_MS: Final = 5 * MINUTE_MS
"""How long an agency may leave an RVP unanswered."""
FCP_MS: Final = 20 * MINUTE_MS
ZONES_MS: Final = 20 * MINUTE_MS
COUNTED: Final = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}

SILENT = Kind(
    "declared_silent", "One has declared, another has not said", (8, 20), "parties", "declare", answered=True
)
NO_CONTACT = Kind("no_contact", "A control room has named nobody to ring", (22,), "parties", "contact")
LEAD_DISPUTED = Kind(
    "lead_disputed", "More than one agency is named for the lead", (3,), "parties", "accept-lead"
)
LEAD_WAITS = Kind(
    "lead_unanswered", "The lead was offered and nobody has answered", (12,), "parties", "accept-lead"
)
PLACE_DISPUTED = Kind(
    "location_disputed", "Two rooms have different locations", (12,), "parties", "pick-location"
)
RVPS_DIFFER = Kind("rvps_differ", "More than one rendezvous point", (3,), "boundaries", "withdraw")
RVP_UNAGREED = Kind("rvp_unagreed", "An agency has not agreed to the RVP", (3,), "boundaries", "agree")
NO_RVP = Kind("no_rvp", "No rendezvous point", (3,), "boundaries", "propose", rings=False)
CREWS_DIFFER = Kind("crews_differ", "Crews are sent to different RVPs", (12, 3), "resources", "destination")
NO_FCP = Kind("no_fcp", "No forward command post", (7,), "boundaries", "propose")
NO_ZONES = Kind("no_zones", "No cordon and no zone", (6,), "boundaries", "propose", rings=False)
REVIEW_DUE = Kind(
    "review_due", "Something agreed on the ground is due for review", (5,), "boundaries", "review"
)


def declared(view: View) -> Mapping[str, Party]:
    """The parties that have declared a major incident, or have cleared the scene of one, by agency."""
    state = organisation(view)
    return {
        code: party
        for code in parties(view)
        if (party := state.parties[code]).declared in ("declared", "scene_clear")
    }


def first_declared(view: View) -> int | None:
    """Since when one agency or another has declared a major incident (UTC ms); None when none does any more.

    That the first has stood down since makes it no younger, so long as another had declared before it did. Nor does
    the stand down of the last end it, while somebody works on who was there: only that it was called off does.
    """
    since = min(
        (party.major_at for party in declared(view).values() if party.major_at is not None), default=None
    )
    known = organisation(view).parties
    gone = [party for party in known.values() if party.declared in OVER and party.major_at is not None]
    if since is None:
        there = [known[code].declared_at or 0 for code in busy(view) if code in known]
        ended = [party for party in gone if party.declared != "cancelled"]
        left = [p.major_at or 0 for p in ended if any(at <= (p.declared_at or 0) for at in there)]
        if not left:
            return None
        since = max(left)
    for party in sorted(gone, key=lambda party: -(party.declared_at or 0)):
        if (party.declared_at or 0) >= since:
            since = min(since, party.major_at or since)
    return since


def scene_declared(view: View) -> int | None:
    """As ``first_declared``; None once the scene is clear for all: what only a scene needs is asked for no more."""
    return None if scene_over(view) else first_declared(view)


# -- declarations and the lead ----------------------------------------------------------------------------------


def _silent(view: View) -> Iterator[Alarm]:
    """Grenfell: a declaration goes to everybody at once, and each answers for itself."""
    since = scene_declared(view)
    if since is None:
        return
    state = organisation(view)
    said_so = [
        party for party in state.parties.values() if party.major_at is not None and party.major_at >= since
    ]
    who = min(said_so, key=lambda party: (party.major_at or since, party.agency)).agency
    for code in counted(view):
        party = state.parties[code]
        if not party.spoken_for:
            said = "has not joined" if not party.declared else "has not said how it stands"
            begins = max(since, party.invited_at) + SILENT_MS
            yield Alarm(
                f"silent/{code}", SILENT.name, f"{who} has declared, {code} {said}", begins, code, (code,)
            )


def _contacts(view: View) -> Iterator[Alarm]:
    state = organisation(view)
    for code in counted(view):
        party = state.parties[code]
        if party.joined_at is not None and not party.spoc and not stood_down(view, code):
            begins = party.joined_at + CONTACT_MS
            yield Alarm(
                f"contact/{code}", NO_CONTACT.name, f"{code} has named nobody to ring", begins, code, (code,)
            )


def _lead(view: View) -> Iterator[Alarm]:
    state = organisation(view)
    if state.lead_disputed:
        offers = state.lead_offers
        words = f"Lead disputed: {state.lead} has it, {' and '.join(offer.to for offer in offers)} are named"
        yield Alarm("lead/disputed", LEAD_DISPUTED.name, words, offers[1].at, offers[1].to)
    for offer in state.lead_offers:
        to = state.lead if offer.claim else offer.to
        words = f"{to} has not answered {offer.by}, who {'claims' if offer.claim else 'offers'} the lead"
        yield Alarm(f"lead/{offer.id}", LEAD_WAITS.name, words, offer.at + LEAD_MS, to, (to, offer.by))


def _location(view: View) -> Iterator[Alarm]:
    state = organisation(view)
    if state.disputed and not over(view):
        given = " and ".join(sighting.agency for sighting in state.sightings)
        at = state.sightings[1].at
        yield Alarm("location", PLACE_DISPUTED.name, f"Location disputed between {given}", at, state.lead)


# -- the ground -------------------------------------------------------------------------------------------------


def _live(view: View) -> list[Feature]:
    return [feature for feature in boundaries(view).rows.values() if feature.withdrawn_at is None]


def _rvps(view: View) -> Iterator[Alarm]:
    if scene_over(view):
        return
    points = sorted((f for f in _live(view) if f.kind == "rvp"), key=lambda f: (f.proposed_at, f.id))
    if len(points) > 1 and any(point in rivals(view) for point in points):
        named = ", ".join(f"{point.name} of {point.owner}" for point in points)
        key = "rvp/differ/" + "+".join(sorted(point.number for point in points))[:120]
        words = f"{COUNTED.get(len(points), len(points))} rendezvous points: {named}"
        yield Alarm(key, RVPS_DIFFER.name, words, points[1].proposed_at, points[1].id)
    for point in points:
        for code in counted(view):
            joined = organisation(view).parties[code].joined_at
            if code not in point.answers and joined is not None and not off_scene(view, code):
                words = f"{code} has not answered {point.name}, which {point.owner} proposes"
                begins = max(point.placed_at, joined) + AGREE_MS
                yield Alarm(f"rvp/{point.id}/{code}", RVP_UNAGREED.name, words, begins, point.id, (code,))


def _missing(view: View) -> Iterator[Alarm]:
    since = scene_declared(view)
    if since is None:
        return
    kinds = {feature.kind for feature in _live(view)}
    gone: dict[str, int] = {}  # what was withdrawn is missing since then
    for feature in boundaries(view).rows.values():
        if feature.withdrawn_at is not None:
            gone[feature.kind] = max(feature.withdrawn_at, gone.get(feature.kind, 0))
    lacks_rvp, lacks_fcp = (max(since, gone.get(kind, 0)) for kind in ("rvp", "fcp"))
    lacks_zone = max(since, *(gone.get(kind, 0) for kind in CORDONS | ZONES))
    if "rvp" not in kinds:
        yield Alarm("ground/rvp", NO_RVP.name, "No rendezvous point has been proposed", lacks_rvp + AGREE_MS)
    if "fcp" not in kinds:
        yield Alarm("ground/fcp", NO_FCP.name, "No forward command post has been set", lacks_fcp + FCP_MS)
    if not kinds & (CORDONS | ZONES):
        yield Alarm(
            "ground/zones", NO_ZONES.name, "Neither a cordon nor a zone has been set", lacks_zone + ZONES_MS
        )


def _reviews(view: View) -> Iterator[Alarm]:
    for feature in _live(view):
        who = reviewer(view, feature)
        if feature.review_due is not None and who:
            key = f"review/{feature.id}/{feature.review_due}"
            words = f"{feature.name} of {feature.owner} is due for review"
            yield Alarm(key, REVIEW_DUE.name, words, feature.review_due, feature.id, (who,))


def reviewer(view: View, feature: Feature) -> str:
    """Who is asked to look at it again: its owner; of a cordon or zone whose owner has stood down, the lead; or ""."""
    if not stood_down(view, feature.owner):
        return feature.owner
    keeps = feature.kind in CORDONS | ZONES and not scene_over(view)
    return organisation(view).lead if keeps else ""


def _crews(view: View) -> Iterator[Alarm]:
    """Manchester: crews of one service waited at a point that no other had agreed to."""
    points = {f.name.casefold(): f for f in boundaries(view).rows.values() if f.kind == "rvp"}
    bound: dict[str, list[Resource]] = {}
    for unit in resources(view).units.values():
        if unit.destination:
            bound.setdefault(unit.destination, []).append(unit)
    sent: dict[str, list[str]] = {}
    first: dict[str, int] = {}
    for destination, units in bound.items():  # few places, many units
        to = destination.casefold()
        if to in points or to.startswith("rvp"):
            name = points[to].name if to in points else destination
            sent.setdefault(name, []).extend(unit.key for unit in units)
            begun = min(unit.sent_at for unit in units)
            first[name] = min(begun, first.get(name, begun))
    if len(sent) > 1:
        words = " · ".join(f"{name}: {_some(sorted(keys))}" for name, keys in sorted(sent.items()))
        key = "crews/" + "+".join(sorted(sent))[:120]
        yield Alarm(
            key,
            CREWS_DIFFER.name,
            stop(f"Crews are sent to different points. {words}"),
            max(first.values()),  # a further crew sent to one of them is nothing new
            min((len(keys), min(keys)) for keys in sent.values())[1],
        )


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (f" +{len(keys) - 3}" if len(keys) > 3 else "")


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule((SILENT,), ("organisation", with_units), _silent),
        Rule((NO_CONTACT,), ("organisation", with_units), _contacts),
        Rule((LEAD_DISPUTED, LEAD_WAITS), ("organisation",), _lead),
        Rule((PLACE_DISPUTED,), ("organisation", with_units), _location),
        Rule((RVPS_DIFFER, RVP_UNAGREED), ("organisation", "boundaries", with_units), _rvps),
        Rule((NO_RVP, NO_FCP, NO_ZONES), ("organisation", "boundaries", with_units), _missing),
        Rule((REVIEW_DUE,), ("boundaries", "organisation", with_units), _reviews),
        Rule((CREWS_DIFFER,), ("boundaries", BY_DESTINATION), _crews),
    )
