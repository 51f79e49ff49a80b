"""The floor of every terminal program of this kind: a Textual app with one line of text, and the client's probe.

python -m bench.bare WORDS
"""

from __future__ import annotations

import asyncio
import sys

from textual.app import App, ComposeResult
from textual.widgets import Static

from incident_tui.probe import probing


class Bare(App[None]):
    """It shows its words; ctrl+q ends it."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        """The words."""
        yield Static(sys.argv[1], markup=False)


async def main() -> None:
    """Run it as the client is run."""
    with probing():
        await Bare().run_async()


if __name__ == "__main__":
    asyncio.run(main())
