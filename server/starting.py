"""What a start is told of that does not keep the server from serving, and is wrong all the same.

The doctor's own sentences, of what can be seen at once: a clock that cannot be right, and files that others may read.
They are in the server's log, and behind the address on the screen of whoever started it.
"""

from __future__ import annotations

from server import doctor, logs, words_tls
from server.datafolder import DataFolder
from server.settings import Settings
from server.store.looking import newest


def doubts(folder: DataFolder, settings: Settings) -> list[str]:
    """A sentence for each, written to the log, too. For who holds the folder's lock. Raises Unavailable."""
    found = [doctor.clock(logs.clock(), newest(folder.log)), *doctor.permissions(folder)]
    found += [doctor.Finding(*one) for one in words_tls.loose_key(folder, settings)]
    told = [one.sentence for one in found if one.mark == "wrong"]
    for sentence in told:
        logs.warn("wrong at the start", why=sentence)
    return told
