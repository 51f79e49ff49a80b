"""The nearest word to a mistake, offered in one form everywhere: the command line, answers, screens, themes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Final

CUTOFF: Final = 0.55
SAME: Final = 0.02
"""Names whose likeness differs by less than this are equally near."""
TURNED: Final = 0.9
NAMES_MAX: Final = 5_000
_LOOKS_LIKE: Final = str.maketrans("lio|", "1101")
"""Letters that are typed or read for digits, after folding."""


def near(written: str, names: Iterable[str], *, most: int = 1, cutoff: float = CUTOFF) -> tuple[str, ...]:
    """The names most like what was written, the nearest first; of equally near ones, at most so many."""
    if not written.strip():
        return ()
    some = islice(dict.fromkeys(names), NAMES_MAX)
    found = sorted((-likeness(written, name, cutoff), place, name) for place, name in enumerate(some))
    return tuple(name for like, _, name in found[:most] if -like >= cutoff and like <= found[0][0] + SAME)


def likeness(written: str, name: str, cutoff: float = 0.0) -> float:
    """How like they are, 0 to 1; 0 when it is less than the cutoff. The same letters in another order are very like."""
    one, other = _folded(name), _folded(written)
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < cutoff:
        return 0.0
    return max(matcher.ratio(), TURNED if sorted(one) == sorted(other) else 0.0)


def offer(names: Iterable[str]) -> str:
    """The question that stands behind a refusal, with a space before it; "" when there is nothing to offer."""
    *some, last = (*names,) or ("",)
    if not last:
        return ""
    return f" Did you mean {', '.join(some)} or {last}?" if some else f" Did you mean {last}?"


def _folded(text: str) -> str:
    return text.casefold().translate(_LOOKS_LIKE)
