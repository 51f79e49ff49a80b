"""What no look at a screen finds: that the client's code has no other way for a text to the terminal than the doors.

Rules over the syntax of `incident_tui`, as far as that can tell: no markup is ever parsed, the toolkit's own ways to
act (clipboard, links, downloads) are not used, and what goes to a toast, a title or a tooltip is a literal or has been
through ``safe_text``. Each rule finds its fault when it is planted, and nothing in this checkout.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.test_layout import ROOT, sources

Rule = Callable[[Path], list[str]]

CLEANERS = frozenset({"safe_text", "safe_chars", "brief", "printable"})
WIDGETS_OF_THE_TOOLKIT = frozenset({"Input", "TextArea"})
"""All others parse markup or paint what they are given; ours paint through `paint`."""
TITLES = frozenset({"sub_title", "border_title", "border_subtitle", "tooltip"})
ACTING = frozenset(
    "copy_to_clipboard open_url deliver_text deliver_binary from_markup from_ansi render_markup escape_markup".split()
)
PARSERS = frozenset("rich.markup rich.markdown textual.markup textual.content webbrowser".split())
PRINTING = frozenset({"incident_tui/printing.py", "server/printing.py"})
PAINTING = frozenset({
    "incident_tui/widgets/paint.py", "incident_tui/widgets/last_door.py",
    "incident_tui/map/paint.py",  # cells of the map: every name in them has been through safe_text in map/labels.py
})  # fmt: skip


def _functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Every function, and the module for what stands outside of them."""
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _inside(function: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function and in none inside it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from _inside(node)


def _clean(node: ast.AST | None, names: set[str]) -> bool:
    """Whether a value is a literal, or made of nothing but what has been made safe."""
    match node:
        case None | ast.Constant():
            return True
        case ast.Call(func=ast.Name(id=called)) if called in CLEANERS:
            return True
        case ast.Call(args=args, keywords=keywords):
            return bool(args) and all(_clean(part, names) for part in [*args, *(k.value for k in keywords)])
        case ast.Name(id=name):
            return name in names
        case ast.JoinedStr(values=values):
            return all(_clean(part, names) for part in values)
        case ast.FormattedValue(value=value):
            return _clean(value, names)
        case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
            return _clean(left, names) and _clean(right, names)
    return False


def _clean_names(function: ast.AST) -> set[str]:
    """The local names that are only ever given what is safe."""
    clean: set[str] = set()
    dirty: set[str] = set()
    for node in _inside(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for name in (n.id for n in ast.walk(target) if isinstance(n, ast.Name)):
                    (clean if _clean(node.value, clean) else dirty).add(name)
    return clean - dirty


def _named(function: ast.expr) -> str:
    return (
        function.attr
        if isinstance(function, ast.Attribute)
        else function.id
        if isinstance(function, ast.Name)
        else ""
    )


def markup_parsed(root: Path) -> list[str]:
    """`markup=` may only be False, and nothing of the toolkit that parses or acts by itself is called or imported."""
    problems = []
    for name, tree in sources(root, "incident_tui"):
        for node in ast.walk(tree):
            match node:
                case ast.keyword(arg="markup", value=value) if not (
                    isinstance(value, ast.Constant) and value.value is False
                ):
                    problems.append(f"{name}:{node.value.lineno} lets markup be parsed")
                case ast.Attribute(attr=attr) if attr in ACTING:
                    problems.append(f"{name}:{node.lineno} uses {attr}")
                case ast.Call(func=ast.Name(id="Style"), keywords=keywords) if any(
                    keyword.arg == "link" for keyword in keywords
                ):
                    problems.append(f"{name}:{node.lineno} makes a link")
                case ast.ImportFrom(module="textual.widgets", names=names):
                    strange = sorted({alias.name for alias in names} - WIDGETS_OF_THE_TOOLKIT)
                    problems += [f"{name}:{node.lineno} takes {widget} of the toolkit" for widget in strange]
                case ast.ImportFrom(module=str(module)) if module in PARSERS:
                    problems.append(f"{name}:{node.lineno} imports {module}")
    return problems


def told_unguarded(root: Path) -> list[str]:
    """Toasts, titles, tooltips and the toolkit's own texts get literals and what has been made safe."""
    problems = []
    for name, tree in sources(root, "incident_tui"):
        apps = {
            node
            for one in ast.walk(tree)
            if isinstance(one, ast.ClassDef) and {"App", "Screen"} & {_base(base) for base in one.bases}
            for node in ast.walk(one)
        }
        for function in _functions(tree):
            names = _clean_names(function)
            for node in _inside(function):
                problems += [f"{name}:{line} {what}" for line, what in _untold(node, names, node in apps)]
    return problems


def _base(node: ast.expr) -> str:
    return _named(node.value if isinstance(node, ast.Subscript) else node)


def _untold(node: ast.AST, names: set[str], in_app: bool) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Call(func=ast.Attribute(attr="notify"), args=args, keywords=keywords):
            if not any(keyword.arg == "markup" for keyword in keywords):
                yield node.lineno, "notifies without markup=False"
            titles = [keyword.value for keyword in keywords if keyword.arg in ("title", "message")]
            if not all(_clean(part, names) for part in [*args, *titles]):
                yield node.lineno, "notifies with what nobody has made safe"
        case ast.Call(func=ast.Name(id="Text" | "Content"), args=[first, *_]) if not _clean(first, names):
            yield node.lineno, "makes a text of what nobody has made safe"
        case ast.Assign(targets=targets, value=value) if not _clean(value, names):
            for target in targets:
                if isinstance(target, ast.Attribute) and (
                    target.attr in TITLES
                    or (target.attr in ("title", "TITLE") and (in_app or _base(target.value) == "app"))
                ):
                    yield node.lineno, f"gives {target.attr} what nobody has made safe"


def printed_elsewhere(root: Path) -> list[str]:
    """Only one module of each shell prints, and only these make segments."""
    problems = []
    for name, tree in [*sources(root, "incident_tui"), *sources(root, "server")]:
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="print")) if name not in PRINTING:
                    problems.append(f"{name}:{node.lineno} prints by itself")
                case ast.Call(
                    func=ast.Attribute(attr="write", value=ast.Attribute(attr="stdout" | "stderr"))
                ):
                    problems.append(f"{name}:{node.lineno} writes to the terminal by itself")
                case ast.Call(func=ast.Name(id="Segment")) if name not in PAINTING:
                    problems.append(f"{name}:{node.lineno} paints by itself")
    return problems


FAULTS: list[tuple[Rule, str]] = [
    (markup_parsed, "x.notify('a', markup=True)\n"),
    (markup_parsed, "from textual.widgets import Static\n"),
    (markup_parsed, "from textual.content import Content\n"),
    (markup_parsed, "def f(text): return Text.from_markup(text)\n"),
    (markup_parsed, "def f(app, text): app.copy_to_clipboard(text)\n"),
    (markup_parsed, "style = Style(link='http://x')\n"),
    (told_unguarded, "def f(app, text): app.notify(text, markup=False)\n"),
    (told_unguarded, "def f(app, text): app.notify(f'Of {text}', markup=False)\n"),
    (told_unguarded, "def f(app, text): app.notify('a', title=text, markup=False)\n"),
    (told_unguarded, "def f(app): app.notify('a')\n"),
    (told_unguarded, "def f(app, text):\n    text = text.strip()\n    app.notify(text, markup=False)\n"),
    (told_unguarded, "def f(app, text): app.sub_title = text\n"),
    (told_unguarded, "def f(app, text): app.title = f'{text}'\n"),
    (told_unguarded, "class Room(Screen[None]):\n    def f(self, text): self.title = text\n"),
    (told_unguarded, "def f(box, text): box.border_title = text\n"),
    (told_unguarded, "def f(box, text): box.tooltip = text.lower()\n"),
    (told_unguarded, "def f(text): return Text(text)\n"),
    (printed_elsewhere, "print('x')\n"),
    (printed_elsewhere, "import sys\nsys.stdout.write('x')\n"),
    (printed_elsewhere, "def f(text): return Segment(text)\n"),
]
INNOCENT = (
    "from textual.widgets import Input, TextArea\n"
    "class Form(Vertical):\n    def __init__(self, title): self.title = title\n"
    "def f(app, text):\n"
    "    safe = safe_text(text)\n"
    "    app.notify(short(safe), title=f'Of {safe_text(text)}', markup=False)\n"
    "    app.notify('Ctrl+Q leaves.', markup=False)\n"
    "    app.sub_title = f'{safe} here'\n"
    "    return Text(safe_chars(text))\n"
)
RULES = (markup_parsed, told_unguarded, printed_elsewhere)


@pytest.mark.parametrize(("rule", "text"), FAULTS)
def test_a_planted_fault_is_found(rule: Rule, text: str, tmp_path: Path) -> None:
    (tmp_path / "incident_tui").mkdir()
    (tmp_path / "incident_tui" / "x.py").write_text(text, encoding="utf-8")
    assert len(rule(tmp_path)) == 1, rule(tmp_path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_is_found_where_nothing_is_wrong(rule: Rule, tmp_path: Path) -> None:
    (tmp_path / "incident_tui").mkdir()
    (tmp_path / "incident_tui" / "x.py").write_text(INNOCENT, encoding="utf-8")
    assert rule(tmp_path) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_this_house_keeps(rule: Rule) -> None:
    assert rule(ROOT) == []
