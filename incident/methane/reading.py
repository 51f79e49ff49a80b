"""METHANE, who has read it: a clock for each agency it was sent to, and which service is needed and not there."""

from __future__ import annotations

from typing import Final

import msgspec

from incident.kernel.receipts import Receipt, receipt
from incident.kernel.remembered import remembered
from incident.kernel.slice import View
from incident.methane.facts import Service, Version, subject
from incident.methane.fold import current, methane
from incident.organisation import charter_of, off_scene, organisation, parties, stood_down
from incident.statuses import SCENE, status
from incident.values import MINUTE_MS, split_key

UNREAD_MS: Final = 2 * MINUTE_MS
"""Not read by an agency for so long alarms the sender (inquiry lesson 1: it reached one room and went no further)."""


class ReceiptRow(msgspec.Struct, frozen=True, gc=False):
    """What one agency has done with one version. Times are UTC ms, None as long as it has not.

    ``waiting`` is how long it took or has taken to be read (ms): from when it could be read there to when it was.
    ``owed``: it is at work on the incident, so that it must be read there; who has stood down need not.
    """

    agency: str
    delivered: int | None
    seen: int | None
    acknowledged: int | None
    by: str
    waiting: int
    owed: bool = True

    @property
    def unread(self) -> bool:
        """Nobody at that agency has had it before their eyes."""
        return self.seen is None

    @property
    def late(self) -> bool:
        """Unread for so long that the sender is alarmed."""
        return self.unread and self.owed and self.waiting >= UNREAD_MS


def readers(view: View, version: Version) -> tuple[str, ...]:
    """The present parties a version was sent to. Exercise control plays no part in it."""
    known = charter_of(view).agencies
    return tuple(
        code
        for code in parties(view)
        if code != version.agency and (code not in known or known[code].type != "exercise")
    )


def receipt_rows(view: View, now: int, version: Version | None = None) -> tuple[ReceiptRow, ...]:
    """Each agency a version was sent to, with its clock. Without a version named, of the current one."""
    version = current(methane(view)) if version is None else version
    if version is None:
        return ()
    found = []
    for code in readers(view, version):
        got: Receipt = receipt(view.receipts, subject(version), code)
        # Who was invited after it was sent could not read it earlier.
        since = max(version.recorded_at, organisation(view).parties[code].invited_at)
        waiting = max(0, (now if got.seen is None else got.seen) - since)
        owed = not stood_down(view, code)
        found.append(ReceiptRow(code, got.delivered, got.seen, got.acknowledged, got.by, waiting, owed))
    return tuple(found)


@remembered("methane", "resources", "organisation")
def required_absent(view: View) -> tuple[str, ...]:
    """The agencies that the current version requires and that are not there (inquiry lesson 2).

    There is who is named as present, or has a unit at the scene. Nobody is missed once the scene is clear.
    """
    version = current(methane(view))
    if version is None:
        return ()
    there = _named(version.report.present)
    there |= {unit.home for unit in view.resources.units.values() if status(unit.status).group == SCENE}
    wanted = (service.agency for service in version.report.required)
    return tuple(agency for agency in wanted if agency not in there and not off_scene(view, agency))


def absent_since(view: View, agency: str) -> int:
    """Since when an agency that is required and not there has been so (UTC ms).

    Since the version to go by and all before it have required it and named it nowhere as present: a new version does
    not make it younger. What says how it was before, and came late, neither. But if its units were there and have
    left, since the last of them left.
    """
    now = current(methane(view))
    since = 0 if now is None else now.at
    earlier = [one for one in methane(view).versions if one.at <= since]
    for version in sorted(earlier, key=lambda one: one.at, reverse=True):
        report = version.report
        if version is now:
            continue
        if agency not in _named(report.required) or agency in _named(report.present):
            break
        since = version.at
    state = view.resources
    left: list[int] = [unit.scene_at for unit in state.units.values() if unit.home == agency]
    left += [past.left_scene_at for past in state.released.values() if split_key(past.unit)[0] == agency]
    return max((since, *left))


def _named(services: tuple[Service, ...]) -> set[str]:
    return {service.agency for service in services}
