"""METHANE, the rules: nobody waits for anybody before the first one, and hardly anything is refused.

Two things must be said: where it is and of what type it is. All else may still be unknown, and is shown so.
"""

from __future__ import annotations

from msgspec.structs import replace

from incident.kernel.checks import nearest
from incident.kernel.slice import Context, Refusal, View
from incident.kernel.text import clip
from incident.methane.facts import KEY, NOTE_MAX, Hazard, Kind, Major, Publish, Published, Report, Service
from incident.methane.fold import methane, unaware
from incident.organisation import charter_of, closed, organisation

_MAJOR: dict[str, Major] = {"declared": "declared", "scene_clear": "declared", "standby": "standby"}
"""Declaration -> what it means for the M: a scene that is clear is still that of a major incident."""


def decide(view: View, command: Publish, ctx: Context) -> tuple[Published, ...] | Refusal:
    """The version this report makes, whoever else has written one meanwhile."""
    shut = closed(view, ctx, "a METHANE is sent")
    if shut is not None:
        return shut
    report = tidy(command.report)
    if not report.location.known:
        return Refusal("empty", "Say where it is: words, a grid reference or latitude,longitude.")
    unknown = _unknown(view, (*report.present, *report.required))
    if unknown is not None:
        return unknown
    kind, major, since = major_of(view, ctx.actor.agency)
    return (Published(report, kind, major, since, unaware(methane(view), ctx.base.get(KEY, ""))),)


def major_of(view: View, agency: str) -> tuple[Kind, Major, int | None]:
    """The kind of report an agency writes now, what it has declared, and since when (UTC ms)."""
    party = organisation(view).parties.get(agency)
    declared = "" if party is None else party.declared
    major = _MAJOR.get(declared, "no")
    # The time is that of the declaration itself, also once the scene is clear.
    since = None if party is None else party.declared_at if declared == "standby" else party.major_at
    since = since if major != "no" else None
    return "ETHANE" if major == "no" else "METHANE", major, since


def tidy(report: Report) -> Report:
    """Blanks at the ends away, and each agency once in each list."""
    texts = ("nature", "routes_in", "egress", "avoid", "rvp")
    return replace(
        report,
        **{name: getattr(report, name).strip() for name in texts},
        hazards=tuple(Hazard(hazard.text.strip(), hazard.certainty) for hazard in report.hazards),
        present=_once(report.present),
        required=_once(report.required),
    )


def _once(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Each agency once. What was said of one in several places stands together: ten ambulances are not lost."""
    found: dict[str, dict[str, None]] = {}
    for service in services:
        found.setdefault(service.agency, {})[service.note.strip()] = None
    return tuple(
        Service(agency, clip(", ".join(filter(None, notes)), NOTE_MAX)) for agency, notes in found.items()
    )


def _unknown(view: View, services: tuple[Service, ...]) -> Refusal | None:
    """An agency that is not in the catalogue can be neither present nor missed."""
    known = charter_of(view).agencies
    for service in services:
        if service.agency not in known:
            hint = nearest(service.agency, known) or "."
            sentence = f"{service.agency} is no agency that is known here{hint}"
            return Refusal("unknown_agency", sentence, {"agency": service.agency})
    return None
