"""The first-run line: one sentence, which names the next useful key until it has been pressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from incident_tui.actions import Actions, key_words


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a newcomer tries. ``done`` is the act that ends it; ``{key}`` in the words is its key."""

    done: str
    words: str


STEPS: Final = (
    Step("go.resources", "Press {key} for the units: yours can be committed."),
    Step("resources.commit", "Put the cursor on a free unit of yours: {key} commits it."),
    Step("resources.status", "On a committed unit press {key} and a letter: m is mobile."),
    Step("app.compose", "Press {key} and write a line in the log. Enter writes it."),
    Step("go.boundaries", "Press {key} for what is agreed on the ground."),
    Step("boundaries.propose", "Press {key} there to propose a rendezvous point."),
    Step("tasks.raise", "Press {key} anywhere to ask an agency for something."),
    Step("parties.declare", "Press {key} to declare. It asks for a second key."),
    Step("app.command", "Press {key} for the command line, and try: s A101 scn"),
    Step("app.help", "Press {key} for every key and word. Then this line goes."),
)
BACK: Final = "app.back"
"""The act that puts one of them away untried."""


def next_step(done: frozenset[str], actions: Actions) -> Step | None:
    """The first that was neither tried nor put away; None when all are through."""
    return next((step for step in STEPS if step.done not in done and step.done in actions.by_name), None)


def next_hint(done: frozenset[str], actions: Actions) -> str:
    """The next sentence, and what puts it away; "" when all has been tried."""
    step = next_step(done, actions)
    if step is None:
        return ""
    keys, back = actions.keys_of(step.done), actions.keys_of(BACK)
    key = key_words(keys[0]) if keys else ":" + actions.by_name[step.done].words[0]
    away = f"  {key_words(back[0])} skips" if back else ""
    return f"{STEPS.index(step) + 1} of {len(STEPS)}  {step.words.format(key=key)}{away}"


class Trail:
    """What has been tried, kept through ``keep``."""

    def __init__(self, kept: str, keep: Callable[[str], None]) -> None:
        self.done = frozenset(kept.split())
        self._keep = keep

    def add(self, name: str) -> bool:
        """An act was done; answers whether that was new and is one of the steps."""
        if name in self.done or all(step.done != name for step in STEPS):
            return False
        self.done |= {name}
        self._keep(" ".join(sorted(self.done)))
        return True
