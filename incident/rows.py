"""What is written in ``config/roles.yaml`` and means nothing: each slip, with the line that it stands on.

A row that names no command takes a right from everybody in silence, so a server with one does not start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from incident.kernel.checks import Marked, MarkedList, MarkedMap, MarkedScalar, Problem, nearest
from incident.kernel.text import clip, safe_text
from incident.permissions import NEVER_LENT

SHOWN_MAX: Final = 80


def slips(tree: Marked, commands: Collection[str], agencies: Collection[str] | None) -> list[Problem]:
    """Rows that name no command, roles to be lent that are none or are never lent, agencies that are none.

    ``agencies`` is None where they are not known: then nothing is said of them. What is no list or no text is for
    the schema to tell.
    """
    roles = [dict(_keys(one)) for one in _items(dict(_keys(tree)).get("roles"))]
    codes = [code.text for role in roles if isinstance(code := role.get("code"), MarkedScalar)]
    found: list[Problem] = []
    for number, role in enumerate(roles):
        path = f"roles[{number}]"
        for key in ("own", "other"):
            for at, grant in _words(role.get(key)):
                if grant.text not in commands:
                    sentence = f"is no right that there is: nobody would have it{_near(grant, commands)}"
                    found.append(_problem(grant, f"{path}.{key}[{at}]", sentence))
        for at, lent in _words(role.get("may_delegate")):
            if lent.text not in codes:
                found.append(
                    _problem(
                        lent, f"{path}.may_delegate[{at}]", f"is no role of this file{_near(lent, codes)}"
                    )
                )
            elif lent.text in NEVER_LENT:
                found.append(_problem(lent, f"{path}.may_delegate[{at}]", "is a role that nobody lends"))
        agency = role.get("agency")
        if agencies is not None and isinstance(agency, MarkedScalar) and agency.text not in ("", *agencies):
            sentence = f"is no agency of agencies.yaml{_near(agency, agencies)}"
            found.append(_problem(agency, f"{path}.agency", sentence))
    return found


def _keys(node: Marked | None) -> Iterator[tuple[str, Marked]]:
    return ((key.text, value) for key, value in node.entries) if isinstance(node, MarkedMap) else iter(())


def _items(node: Marked | None) -> tuple[Marked, ...]:
    return tuple(node.items) if isinstance(node, MarkedList) else ()


def _words(node: Marked | None) -> Iterator[tuple[int, MarkedScalar]]:
    return ((at, one) for at, one in enumerate(_items(node)) if isinstance(one, MarkedScalar))


def _problem(node: MarkedScalar, path: str, sentence: str) -> Problem:
    shown = clip(safe_text(node.text), SHOWN_MAX)
    return Problem(node.mark.file, node.mark.line, path, f"{path} {shown} {sentence}")


def _near(node: MarkedScalar, known: Iterable[str]) -> str:
    """The end of the sentence: the word that may be meant."""
    return nearest(node.text, sorted(known)) or "."
