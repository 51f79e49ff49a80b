"""METHANE: the first report from the scene and every one after it, sent to every party, with a receipt of each."""

from __future__ import annotations

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice
from incident.methane import facts as f
from incident.methane.board import BOARD
from incident.methane.facts import Methane, Report, Version, subject
from incident.methane.fold import (
    addressed,
    before,
    current,
    evolve,
    invariants,
    label,
    methane,
    standing,
    version_of,
)
from incident.methane.reading import UNREAD_MS, ReceiptRow, absent_since, receipt_rows, required_absent
from incident.methane.rules import decide, major_of
from incident.methane.words import Difference, Field, differences, fields, sentence, summary

__all__ = [
    "SLICE",
    "UNREAD_MS",
    "Difference",
    "Field",
    "Methane",
    "ReceiptRow",
    "Report",
    "Version",
    "absent_since",
    "before",
    "current",
    "differences",
    "fields",
    "major_of",
    "methane",
    "receipt_rows",
    "required_absent",
    "standing",
    "subject",
    "summary",
]

SLICE = Slice(
    name="methane",
    state=Methane,
    events=(EventSpec(f.Published),),
    # An observation: two at once are two versions, and one that comes late is still one. Allowed while cut off.
    commands=(CommandSpec(f.Publish, Conflict.APPEND, Offline.ALLOWED, keys=lambda _command: (f.KEY,)),),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    boards=(BOARD,),
    version=version_of,
    label=label,
    addressed=addressed,
    invariants=invariants,
)
