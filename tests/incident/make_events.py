"""Makes docs/events.md from the slices. `python -m tests.incident.make_events` writes it; test_events_page.py checks."""

from __future__ import annotations

from pathlib import Path

from incident.kernel.model import Model
from incident.kernel.slice import Slice, type_name
from incident.state import EXCON, INCIDENT, OWN, REGISTER

PAGE = Path(__file__).resolve().parents[2] / "docs" / "events.md"
HEAD = """# Events and commands

Made from the code. An *event* is a recorded fact, a *command* a request that may be refused; neither word is shown to operators, to whom
a command is a role and an event a concert. The conflict class says what happens when two rooms act on one thing at once, the last column
what may be done while the line is cut. Fields and bounds: [protocol.schema.json](protocol.schema.json).
"""


def _first(cls: type) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0].replace("|", "\\|")


def _slice(part: Slice) -> list[str]:
    doc = ["", f"## {part.name}", "", "| command | asks | conflict | cut off |", "|---|---|---|---|"]
    for spec in part.commands:
        name = type_name(part.name, spec.cls)
        doc.append(f"| `{name}` v{spec.v} | {_first(spec.cls)} | {spec.conflict} | {spec.offline} |")
    doc += ["", "| event | records |", "|---|---|"]
    doc += [f"| `{type_name(part.name, spec.cls)}` v{spec.v} | {_first(spec.cls)} |" for spec in part.events]
    return doc


def page() -> str:
    """The whole page."""
    models: dict[str, tuple[str, Model]] = {
        "incident": ("`incident/<uuid>`, for its parties", INCIDENT),
        "own": ("`incident/<uuid>/own/<AGENCY>`, one agency's own part", OWN),
        "excon": ("`incident/<uuid>/excon`, exercise control's", EXCON),
        "register": ("`register/<mode>/<AGENCY>`, a trust's fleet", REGISTER),
    }
    lines = [HEAD]
    for title, model in models.values():
        lines.append(f"- {title}: {', '.join(part.name for part in model.slices)}")
    seen: dict[str, Slice] = {}
    for _, model in models.values():
        for part in model.slices:
            seen.setdefault(part.name, part)
    for part in seen.values():
        lines += _slice(part)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
