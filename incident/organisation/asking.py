"""What the verbs of the organisation ask of what is seen: who we are, who could be invited, whom the place concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.kernel.board import Look
from incident.organisation.facts import Organisation
from incident.organisation.telling import untold


def state_of(look: Look) -> Organisation:
    """The organisation of the incident that is seen."""
    state: Organisation = look.state.organisation
    return state


def me_of(look: Look) -> str:
    """The agency at whose desk it is seen."""
    return "" if look.me is None else str(look.me.agency)


def text_of(values: Mapping[str, Any], name: str) -> str:
    """An answer as text, without the blanks around it."""
    return str(values.get(name) or "").strip()


def invitable(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    """The agencies of the catalogue that take no part."""
    state = state_of(look)
    taking_part = {code for code, party in state.parties.items() if party.left_at is None}
    return [(code, agency.name) for code, agency in state.charter.agencies.items() if code not in taking_part]


def proposed(look: Look, _row: Any) -> str:
    """The trusts that the place or the ground concerns and that do not take part yet."""
    return ",".join(code for code in untold(look.state) if code != me_of(look))  # as a form writes several
