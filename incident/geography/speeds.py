"""How fast each trust's units get along, for estimates: ``config/speeds.yaml``, checked as a whole."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from incident.geography.nearest import MIXED, RURAL, URBAN, Speed
from incident.kernel.checks import Check, choice, mapping, number, optional, parsed, record, required, text
from incident.placing import Near

FILE: Final = "speeds.yaml"
GROUNDS: Final = {"urban": URBAN, "rural": RURAL, "mixed": MIXED}


class Speeds(msgspec.Struct, frozen=True):
    """The manner of each trust, and of all others."""

    default: Speed = MIXED
    trusts: dict[str, Speed] = {}

    def of(self, agency: str) -> Speed:
        """How this trust's units get along."""
        return self.trusts.get(agency, self.default)


def _speed(*, ground: str, **given: float | None) -> Speed:
    speed = replace(GROUNDS[ground], **{name: value for name, value in given.items() if value is not None})
    if speed.slow_kmh > speed.fast_kmh:
        raise ValueError(f"slow_kmh {speed.slow_kmh:g} is faster than fast_kmh {speed.fast_kmh:g}")
    if speed.set_out_low > speed.set_out_high:
        raise ValueError("set_out_low is more than set_out_high")
    return speed


_KMH = number(5, 160)
_MINUTES = number(0, 60)
_SPEED: Final[Check[Speed]] = record(
    {
        "ground": required(choice(*GROUNDS)),
        "slow_kmh": optional(_KMH),
        "fast_kmh": optional(_KMH),
        "detour": optional(number(1, 3)),
        "set_out_low": optional(_MINUTES),
        "set_out_high": optional(_MINUTES),
    },
    into=_speed,
)


def _agency(written: str) -> str:
    return msgspec.convert({"agency": written, "metres": 0}, Near).agency


SPEEDS_SCHEMA: Final[Check[Speeds]] = record(
    {
        "default": required(_SPEED),
        "trusts": optional(mapping(_SPEED, keys=parsed(text(12), _agency), hi=100), {}),
    },
    into=Speeds,
)
"""``config/speeds.yaml``: each trust by its code; who is not named has the default."""
