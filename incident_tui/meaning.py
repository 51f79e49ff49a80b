"""A command in words, where it has made no record to print a sentence from: on cards, and while it waits."""

from __future__ import annotations

from typing import Any

from incident.kernel.model import Model
from incident.kernel.replica import Pending
from incident.kernel.text import SafeText, clip, safe_text

WIDTH = 300


def title_of(model: Model, command: type) -> str:
    """What people call this kind of command: the title of its verb, else its name in words."""
    for board in model.boards:
        for verb in board.verbs:
            if verb.command is command:
                return verb.title
    return model.command_names[command].partition(".")[2].replace("_", " ").capitalize()


def meaning(model: Model, command: Any) -> SafeText:
    """What a command asks for: its title, and the plain values in it."""
    parts = []
    for name in command.__struct_fields__:
        value = getattr(command, name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            parts.append(f"{name.replace('_', ' ')} {value}")
    words = title_of(model, type(command))
    return clip(safe_text(f"{words}: {', '.join(parts)}" if parts else words), WIDTH)


def meant(model: Model, view: Any, entry: Pending) -> SafeText:
    """What a waiting command says: the sentences of its records, or else the command itself in words."""
    names = model.names(view)
    said = "; ".join(model.sentence(record, names).text for record in entry.records)
    return clip(safe_text(said), WIDTH) if said else meaning(model, entry.command)
