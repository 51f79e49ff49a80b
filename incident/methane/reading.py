"""METHANE, who has read it: a clock for each agency it was sent to, and which service is needed and not there."""

from __future__ import annotations

from typing import Final

import msgspec

from incident.kernel.receipts import Receipt, receipt
from incident.kernel.slice import View
from incident.methane.facts import Version, subject
from incident.methane.fold import current, methane
from incident.organisation import charter_of, organisation, parties
from incident.statuses import SCENE, STATUSES
from incident.values import MINUTE_MS

UNREAD_MS: Final = 2 * MINUTE_MS
"""Not read by an agency for so long alarms the sender (inquiry lesson 1: it reached one room and went no further)."""


class ReceiptRow(msgspec.Struct, frozen=True, gc=False):
    """What one agency has done with one version. Times are UTC ms, None as long as it has not.

    ``waiting`` is how long it took or has taken to be read (ms): from when it could be read there to when it was.
    """

    agency: str
    delivered: int | None
    seen: int | None
    acknowledged: int | None
    by: str
    waiting: int

    @property
    def unread(self) -> bool:
        """Nobody at that agency has had it before their eyes."""
        return self.seen is None

    @property
    def late(self) -> bool:
        """Unread for so long that the sender is alarmed."""
        return self.unread and self.waiting >= UNREAD_MS


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
        found.append(ReceiptRow(code, got.delivered, got.seen, got.acknowledged, got.by, waiting))
    return tuple(found)


def required_absent(view: View) -> tuple[str, ...]:
    """The agencies that the current version requires and that are not there (inquiry lesson 2).

    There is who is named as present, or has a unit at the scene.
    """
    version = current(methane(view))
    if version is None:
        return ()
    there = {service.agency for service in version.report.present}
    there |= {unit.home for unit in view.resources.units.values() if STATUSES[unit.status].group == SCENE}
    return tuple(service.agency for service in version.report.required if service.agency not in there)
