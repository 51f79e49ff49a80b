"""The parser of both command lines: what it does not understand is one plain sentence, with the nearest word.

The standard one answers with a summary of usage, the name of an argument and a list in Python's quotes.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import Final, NoReturn

NOT_UNDERSTOOD: Final = 2
SHOWN_CHARS_MAX: Final = 60

_INVALID = re.compile(r"invalid choice: (.+?) \(choose from (.*)\)", re.DOTALL)
_UNKNOWN = re.compile(r"unrecognized arguments: (.*)", re.DOTALL)
_MISSING = re.compile(r"the following arguments are required: (.*)", re.DOTALL)
_NO_NUMBER = re.compile(r"argument (\S+?): invalid (?:int|float) value: (.*)", re.DOTALL)


class PlainParser(argparse.ArgumentParser):
    """Ends the program with exit code 2 and one sentence that says what to write instead."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, then end. Subcommands are made of the same class."""
        sys.stderr.write(f"{self._sentence(message)} See: {self.prog} --help\n")
        raise SystemExit(NOT_UNDERSTOOD)

    def _sentence(self, message: str) -> str:
        if found := _INVALID.search(message):
            known = [word.strip(" '\"") for word in found[2].split(",")]
            return f"There is no {_shown(found[1])} here.{_hint(found[1], known)}"
        if found := _UNKNOWN.search(message):
            first = found[1].split()[0]
            known = [word for action in self._all_actions() for word in action.option_strings]
            near = _nearest(first, known) if first.startswith("-") else None
            return f"{_shown(found[1])} is not understood." + (f" Did you mean {near}?" if near else "")
        if found := _MISSING.search(message):
            return f"Something is missing: {found[1]}."
        if found := _NO_NUMBER.search(message):
            return f"{found[1]} takes a number, not {_shown(found[2])}."
        return f"This command line is not understood: {_printable(message)}."

    def _all_actions(self) -> list[argparse.Action]:
        """This parser's own arguments and those of its commands: the unknown is told of at the top."""
        found: list[argparse.Action] = []
        for action in self._actions:
            found.append(action)
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - there is no public way
                for parser in action.choices.values():
                    found += parser._all_actions() if isinstance(parser, PlainParser) else []  # noqa: SLF001
        return found


def _hint(written: str, known: list[str]) -> str:
    near = _nearest(written, known)
    return f" Did you mean {near}?" if near else f" There are: {', '.join(known)}."


def _nearest(written: str, known: list[str]) -> str | None:
    near = difflib.get_close_matches(written.strip("'\"").lower(), known, n=1, cutoff=0.5)
    return near[0] if near else None


def _shown(written: str) -> str:
    return f"'{_printable(written.strip(chr(39) + chr(34)))}'"


def _printable(written: str) -> str:
    """Fit for one line of a terminal, whatever was written."""
    kept = "".join(char if char.isprintable() else "\ufffd" for char in written)
    return kept if len(kept) <= SHOWN_CHARS_MAX else kept[: SHOWN_CHARS_MAX - 1] + "\u2026"
