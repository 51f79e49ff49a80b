"""Makes docs/keys.md from the table of actions. `python -m tests.tui.make_keys` writes it; test_keys_page.py checks."""

from __future__ import annotations

from pathlib import Path

from incident.state import INCIDENT
from incident_tui import keymaps
from incident_tui.actions import Action, Actions, key_words

PAGE = Path(__file__).resolve().parents[2] / "docs" / "keys.md"
PRESETS = ("default", "vim", "function-keys")
HEAD = """# Keys and words

Made from the one table that the keys, the footer, the palette, `?` and the command line all read. Letters are case sensitive.
A word goes on the command line behind `:`, or behind `incident-tui do`. The same list, for the screen you are on, is behind `?`.
Choose a preset with `keymap:` in `client.yaml`; one key is changed by a line there, such as `tasks.accept: y`.
"""


def table() -> Actions:
    """The table with every board there is."""
    return Actions(INCIDENT.boards)


def page() -> str:
    """The whole page."""
    actions = table()
    groups: dict[str, list[Action]] = {}
    for action in actions.all:
        groups.setdefault(action.group, []).append(action)
    lines = [HEAD]
    for group, members in groups.items():
        lines += [f"## {group}", "| key | does | word | for example |", "|---|---|---|---|"]
        lines += [_row(action) for action in members]
        lines.append("")
    lines += ["## Presets", "What differs from the default:", ""]
    for name in PRESETS[1:]:
        preset = keymaps.load(name)
        base = keymaps.load("default")
        changed = {act: keys for act, keys in preset.keys.items() if base.keys.get(act) != keys}
        said = ", ".join(f"{act} {_keys(keys)}" for act, keys in changed.items())
        lines.append(f"- **{preset.title}** (`{name}`): {said}")
    return "\n".join(lines) + "\n"


def _row(action: Action) -> str:
    title = action.title + (" (two keys)" if action.verb is not None and action.verb.confirm else "")
    words = ", ".join(f"`{word}`" for word in action.words)
    example = f"`{action.example}`" if action.example and action.words else ""
    if action.help:
        title += f". {action.help}"
    return f"| {_keys(action.keys)} | {_cell(title)} | {words} | {_cell(example)} |"


def _keys(keys: tuple[str, ...]) -> str:
    return " ".join(f"`{key_words(key)}`" for key in keys)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
