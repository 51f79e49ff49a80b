"""The inquiry lessons behind the alarms, in our own words, by the number that docs/alarms.md and ``Kind`` use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LESSONS: Final[Mapping[int, str]] = {
    1: "Manchester: two METHANE reports reached one control room and were passed to nobody.",
    2: "Manchester: nobody noticed that the fire service was absent.",
    3: "Manchester: there was no single rendezvous point for all agencies.",
    4: "Manchester: the control rooms had no talkgroup of their own.",
    5: "Manchester: a special declaration was not told to others and was never reviewed.",
    6: "Manchester: zones were not set early.",
    7: "Manchester: no forward command post was set up.",
    8: "Manchester: one service did not declare for two and a half hours.",
    9: "Manchester: crews were redirected late, and nobody saw who had not heard it.",
    10: "Manchester: specialist teams were allocated late.",
    11: "Manchester: call-outs took a quarter of an hour without anybody being told.",
    12: "Manchester: information diverged between rooms; those who saw it kept silent.",
    13: "Manchester: a service stood by with nobody in command.",
    14: "Manchester: one person on one telephone was the only route.",
    15: "Manchester: logs were thin and made later.",
    16: "Manchester: a private medical provider sent no METHANE.",
    17: "Manchester: an action card was missing, and there was no site plan.",
    18: "Manchester: the plan for distributing casualties was a draft.",
    19: "7 July: there were more scenes than first believed.",
    20: "7 July: services declared separately; hospitals near the scene were not told.",
    21: "7 July: common picture, cordons, telecommunications and relief were themes of the debrief.",
    22: "Grenfell: a declaration goes to everybody at once, with one contact for each control room.",
    23: "Grenfell: those who were displaced felt abandoned in the first hours and days.",
    24: "Kerslake: one duty officer was overloaded; the casualty bureau's telephones failed.",
    25: "A control room had to be left in haste, and its jargon confused those who took over.",
    26: "Security, no inquiry: who shares a room must know at once when somebody came in past the usual sign-in.",
    27: "Doctrine, no inquiry: where people gather lies at a safe distance and upwind, and is looked at again.",
    28: "Practice, no inquiry: what a neighbour covers ends by the clock; an unanswered call must not be the notice.",
}
