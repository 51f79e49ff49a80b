"""What the doctor says of who may come in: desks, tokens, sign-ins, and the people of an identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from incident.catalogue import Charter
from incident.kernel.checks import ConfigError
from incident.permissions import for_people, only_of
from server.datafolder import DataFolder
from server.enrolment import Codes, place_aside
from server.identity import Desk, Entry, Identity, IdentityError, flaws_of
from server.oidc import read_provider
from server.signins import SignIns

NAMES_MAX: Final = 10
"""So many desks are named in one sentence."""

CODES_DAMAGED: Final = (
    "{path} is damaged. The next start sets it aside as {aside} and serves; the codes in it, good for minutes, are "
    "lost: make new ones with enrol."
)

Mark = Literal["ok", "look", "wrong"]


def examined(folder: DataFolder, charter: Charter | None) -> Iterator[tuple[Mark, str]]:
    """Whether the files of people can be read, and whether each of them is somebody by today's configuration.

    ``charter`` is None where the configuration cannot be read: what depends on it is not looked at then.
    """
    roles = {} if charter is None else {code: only_of(charter.roles[code]) for code in for_people(charter)}
    try:
        who = Identity(folder.tokens)
        aside = place_aside(folder.codes)
        if aside is None:
            Codes(folder.codes, 0)
        else:
            yield "look", CODES_DAMAGED.format(path=folder.codes, aside=aside.name)
        SignIns(folder.signins, 0)
        desks = [desk for desk in who.desks() if not desk.revoked_at]
        here: list[Desk | Entry] = [*desks, *who.tokens()]
        yield (
            "ok",
            "The file of desks and tokens can be read."
            if who.desks() or who.tokens()
            else "There are no desks or tokens yet.",
        )
        if charter is not None:
            yield from _nobodies(here, tuple(charter.agencies), roles)
    except IdentityError as error:
        yield "wrong", str(error)
    if charter is not None:
        yield from _provider(folder, charter, roles)


def _nobodies(
    here: list[Desk | Entry], agencies: tuple[str, ...], roles: dict[str, str]
) -> Iterator[tuple[Mark, str]]:
    """Those whose role or agency the configuration does not have any more: they come in, and may do nothing."""
    flaws: dict[str, list[str]] = {}
    for one in here:
        for key, flaw in flaws_of(one.name, one.agency, one.role, agencies, roles):
            if key != "name":
                flaws.setdefault(flaw, []).append(f"{one.name} ({one.agency})")
    for flaw, names in flaws.items():
        more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
        named = f"{', '.join(names[:NAMES_MAX])}{more}"
        idle = "Let in so, and able to do nothing in incidents opened from now on"
        yield "wrong", f"{flaw} {idle}: {named}. Put it back, or enrol them with --again."


def _provider(folder: DataFolder, charter: Charter, roles: dict[str, str]) -> Iterator[tuple[Mark, str]]:
    try:
        provider = read_provider(folder.provider, charter.agencies, roles)
    except ConfigError as error:
        yield from (("wrong", str(problem)) for problem in error.problems)
        return
    if provider is not None:
        yield (
            "ok",
            f"oidc.yaml can be read: {len(provider.people):,} people may sign in by {provider.issuer}.",
        )
