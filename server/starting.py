"""What a start is told of that does not keep the server from serving, and is wrong all the same.

The doctor's own sentences, of what can be seen at once: a clock that cannot be right, files that others may read, and
areas or speeds of agencies that there are not. They are in the server's log; what the doctor calls wrong is also
behind the address on the screen of whoever started it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from server import doctor, logs, words_areas, words_tls
from server.datafolder import DataFolder
from server.settings import Settings
from server.store.looking import newest


def doubts(
    folder: DataFolder, settings: Settings, config: Path | None, agencies: Collection[str]
) -> list[str]:
    """A sentence for each that is wrong; those and what is only to be looked at are written to the log.

    For who holds the folder's lock, and has read the configuration. Raises Unavailable.
    """
    found = [doctor.clock(logs.clock(), newest(folder.log)), *doctor.permissions(folder)]
    found += [doctor.Finding(*one) for one in words_tls.loose_key(folder, settings)]
    wrong = [one.sentence for one in found if one.mark == "wrong"]
    for mark, sentence in words_areas.spoken_of(folder, config, agencies):
        if mark == "wrong":
            wrong.append(sentence)
        else:
            logs.warn("look at the start", why=sentence)
    for sentence in wrong:
        logs.warn("wrong at the start", why=sentence)
    return wrong
