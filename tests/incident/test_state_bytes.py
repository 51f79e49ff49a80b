"""Equal states have equal bytes: what a digest, a snapshot and a comparison of two rooms rest on.

msgspec leaves a default out when the value *is* the default, not when it equals it. A text that was read from
JSON equals a default and is another object, so two equal states would have different bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from incident.kernel.model import Model
from incident.state import EXCON, INCIDENT, OWN, REGISTER

ALONE = (None, True, False, "", (), {})
"""Defaults of which there is one object only, or that msgspec compares by being empty; small numbers, too."""


def structs(kind: inspect.Type, seen: set[type]) -> Iterator[inspect.StructType]:
    """Every struct that a state is made of."""
    if isinstance(kind, inspect.StructType) and kind.cls not in seen:
        seen.add(kind.cls)
        yield kind
        for one in kind.fields:
            yield from structs(one.type, seen)
    for name in ("item_type", "key_type", "value_type"):
        if hasattr(kind, name):
            yield from structs(getattr(kind, name), seen)
    for inner in (*getattr(kind, "types", ()), *getattr(kind, "item_types", ())):
        yield from structs(inner, seen)


def unsteady(state: type) -> list[str]:
    """Fields that would be left out of the bytes of one state and stand in those of an equal one."""
    return [
        f"{kind.cls.__name__}.{one.name} is left out when it is {one.default!r}"
        for kind in structs(inspect.type_info(state), set())
        if kind.cls.__struct_config__.omit_defaults
        for one in kind.fields
        if one.default is not msgspec.NODEFAULT and not alone(one.default)
    ]


def alone(default: Any) -> bool:
    return default in ALONE or (type(default) is int and -5 <= default <= 256)


@pytest.mark.parametrize("model", [INCIDENT, OWN, EXCON, REGISTER], ids=lambda model: model.name)
def test_equal_states_have_equal_bytes(model: Model) -> None:
    assert unsteady(model.state_type) == []


class Row(msgspec.Struct, omit_defaults=True):
    word: str = "stands"
    count: int = 0
    speed: float = 1.5


class Planted(msgspec.Struct):
    rows: dict[str, Row] = {}


def test_a_planted_default_is_found() -> None:
    assert unsteady(Planted) == [
        "Row.word is left out when it is 'stands'",
        "Row.speed is left out when it is 1.5",
    ]
