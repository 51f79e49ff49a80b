"""The rules of the house that no other tool checks: sizes, blind shells, a pure meaning, nothing unlisted.

Each rule is a function from a checkout's root to a list of problems. Each is run twice: on a small house with
the fault planted, where it must find exactly that, and on this checkout, where it must find nothing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

Rule = Callable[[Path], list[str]]

pytestmark = pytest.mark.xdist_group("layout")  # one worker: every file is parsed once

ROOT = Path(__file__).resolve().parent.parent
CODE = ("incident", "server", "incident_tui", "config")
LINES_OF_A_FILE_MAX = 500
LINES_OF_A_FUNCTION_MAX = 50

# Words of the field: a shell that knows one of them is no longer blind.
ENTITIES = frozenset(
    "ambulance boundary boundaries casualty casualties ccp commander cordon ethane fcp hart hospital methane "
    "rendezvous resource resources rvp sitrep task tasks triage".split()
)
# Words of Python that look like words of the field.
OF_PYTHON = frozenset(
    "Task TaskGroup all_tasks create_task current_task resources ResourceWarning task_done".split()
)
MODULES_OF_PYTHON = frozenset({"importlib.resources"})
# `asyncio` tasks are named, too; a local name alone knows nothing.
LOCAL_NAMES = frozenset({"task", "tasks"})

# written once, in the import contract
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
IMPURE_MODULES = frozenset(
    module
    for contract in CONTRACTS
    if contract["id"] == "meaning-is-pure"
    for module in contract["forbidden_modules"]
)
IMPURE_CALLS = frozenset("breakpoint eval exec input open print __import__".split())
IMPURE_METHODS = frozenset("getnode now today utcnow uuid1 uuid4".split())

WITHOUT_WIDGETS = ("actions", "cache", "headless", "link", "session")

PAPERS = "ARCHITECTURE.md CHANGELOG.md LICENSE Makefile README.md docs docs/adr .ci/run config".split()
TEST_FOLDERS = frozenset("config e2e golden incident kernel server sim store tui".split())


@cache
def parsed(text: str) -> ast.Module:
    """The tree of a file, made once: many rules look at the same files, and none changes them."""
    return ast.parse(text)


def sources(root: Path, *packages: str) -> Iterator[tuple[str, ast.Module]]:
    """The Python files of the packages, by their path from the root."""
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), parsed(path.read_text(encoding="utf-8"))


def committed(root: Path) -> list[Path]:
    """What git holds or is about to hold; in an unpacked archive without git, every file in sight."""
    if (root / ".git").exists():
        asked = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        named = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split("\0")
        return [root / name for name in named if name and (root / name).is_file()]
    return [
        path
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".venv") for part in path.parts)
    ]


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module an import may mean: `from a import b` is a, and a.b. What is for types only is out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node)


# --- the rules ---


def too_long(root: Path) -> list[str]:
    problems = []
    for name, tree in sources(root, *CODE):
        lines = len((root / name).read_text(encoding="utf-8").splitlines())
        if lines > LINES_OF_A_FILE_MAX:
            problems.append(f"{name}: {lines} lines, at most {LINES_OF_A_FILE_MAX}")
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                long = (node.end_lineno or 0) - node.lineno + 1
                if long > LINES_OF_A_FUNCTION_MAX:
                    problems.append(f"{name}:{node.lineno} {node.name}: {long} lines")
    return problems


def words(text: str) -> set[str]:
    """The words in an identifier or a sentence: `TaskRaised`, `task_raised` and "a task" all hold `task`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return {word.lower() for word in re.findall(r"[A-Za-z]+", apart)}


def spoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Identifiers, imports and strings; a docstring does nothing, so it may say anything."""
    mute = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            mute.add(body[0].value)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Constant(value=str(text)) if node not in mute:
                yield line, text
            case ast.Name(id=text) | ast.arg(arg=text) if text not in LOCAL_NAMES | OF_PYTHON:
                yield line, text
            case ast.Attribute(attr=text) if text not in OF_PYTHON:
                yield line, text
            case ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text) | ast.ClassDef(name=text):
                yield line, text
            case ast.keyword(arg=str(text)):
                yield line, text
            case ast.ImportFrom(module=module, names=names):
                if module not in MODULES_OF_PYTHON:
                    yield line, module or ""
                yield from ((line, alias.name) for alias in names if alias.name not in OF_PYTHON)
            case ast.Import(names=names):
                yield from ((line, alias.name) for alias in names if alias.name not in MODULES_OF_PYTHON)


NO_ENTITIES = {"server/open_files.py": frozenset({"resource"})}
"""A module of the standard library has the name of one."""


def entities_named_by_the_server(root: Path) -> list[str]:
    return [
        f"{name}:{line} names {', '.join(sorted(found))}"
        for name, tree in sources(root, "server")
        for line, text in spoken(tree)
        if (found := (words(text) & ENTITIES) - NO_ENTITIES.get(name, frozenset()))
    ]


def impurities_of_the_meaning(root: Path) -> list[str]:
    problems = []
    for name, tree in sources(root, "incident"):
        roots = {module.split(".")[0] for module in imports(tree)}
        for module in sorted(roots & (IMPURE_MODULES | {"server", "incident_tui", "config"})):
            problems.append(f"{name} imports {module}")
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=called)) if called in IMPURE_CALLS | {"uuid1", "uuid4"}:
                    problems.append(f"{name}:{node.lineno} calls {called}()")
                case ast.Attribute(attr=method, value=ast.Name(id=owner)) if method in IMPURE_METHODS:
                    if owner in {"datetime", "date", "uuid", "dt"}:
                        problems.append(f"{name}:{node.lineno} uses {owner}.{method}")
                case ast.Attribute(attr=method, value=ast.Attribute(attr="datetime" | "date")):
                    if method in IMPURE_METHODS:
                        problems.append(f"{name}:{node.lineno} uses datetime.{method}")
    return problems


def slices(root: Path) -> dict[str, str]:
    """Module → path, of every file that says `SLICE = ...`; a slice is a file, or a folder of that name."""
    found = {}
    for name, tree in sources(root, "incident"):
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id="SLICE")]) | ast.AnnAssign(target=ast.Name(id="SLICE")):
                    found[name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = name
    return found


def slices_unlisted(root: Path) -> list[str]:
    """Every slice stands in state.py, or in the model of a stream of its own (a register: fleet.py)."""
    if not (root / "incident/state.py").exists():
        return []  # there is no registry yet; the rule turns on with it
    listed: set[str] = set()
    for registry in ("incident/state.py", "incident/fleet.py", "incident/fleet/__init__.py"):
        if (root / registry).exists():
            listed |= set(imports(parsed((root / registry).read_text(encoding="utf-8"))))
    if (root / "incident/fleet.py").exists() or (root / "incident/fleet").is_dir():
        listed.add("incident.fleet")  # it is the registry of its own stream
    return [
        f"{path} is a slice that incident/state.py does not list"
        for module, path in slices(root).items()
        if module not in listed
    ]


def slices_untested(root: Path) -> list[str]:
    """incident/tasks.py has tests/incident/test_tasks.py, incident/kernel/x.py has tests/kernel/test_x.py."""
    problems = []
    for module, path in slices(root).items():
        *_, folder, name = module.split(".")
        if (
            not (root / f"tests/{folder}/test_{name}.py").exists()
            and not (root / f"tests/{folder}/{name}").exists()
        ):
            problems.append(f"{path} has no tests/{folder}/test_{name}.py")
    return problems


def misplaced_tests(root: Path) -> list[str]:
    return [
        f"tests/{path.name} mirrors nothing: one of {', '.join(sorted(TEST_FOLDERS))}"
        for path in sorted((root / "tests").iterdir())
        if path.is_dir() and path.name not in TEST_FOLDERS | {"__pycache__"}
    ]


def widgets_where_none_may_be(root: Path) -> list[str]:
    """`tail`, `state` and `do` start without Textual, whatever they import on the way."""

    def file_of(module: str) -> Path | None:
        path = root / module.replace(".", "/")
        return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.exists()), None)

    def road_to_textual(module: str, seen: set[str]) -> list[str]:
        path = file_of(module)
        if path is None or module in seen:
            return []
        seen.add(module)
        for name in imports(parsed(path.read_text(encoding="utf-8"))):
            if name.split(".")[0] == "textual":
                return [module, name]
            if name.startswith("incident_tui.") and (road := road_to_textual(name, seen)):
                return [module, *road]
        return []

    roads = (road_to_textual(f"incident_tui.{name}", set()) for name in WITHOUT_WIDGETS)
    return [" → ".join(road) for road in roads if road]


def places_named(root: Path) -> list[str]:
    """Hosts that serve packages, and folders of somebody's own machine: neither is anyone else's business."""
    hosts = ["py" + "pi", "python" + "hosted", "registry." + "npmjs", "deb." + "debian", "--index" + "-url"]
    folders = [f"/{top}/" for top in ("work", "farm", "root", "Users")] + [r"/home/[a-z]", r"C:\\Users\\"]
    bad = re.compile("|".join([*map(re.escape, hosts), *folders]))
    return [
        f"{path.relative_to(root).as_posix()}:{number} holds {found.group()!r}"
        for path in committed(root)
        for number, line in enumerate(path.read_bytes().decode("utf-8", "ignore").splitlines(), 1)
        if (found := bad.search(line))
    ]


def papers_missing(root: Path) -> list[str]:
    return [f"{name} is missing" for name in PAPERS if not (root / name).exists()]


# --- each rule finds its fault, and nothing here ---

LONG_FILE = "\n" * 501
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 50
SLICE = "SLICE = 1\n"
STATE = "from incident import log\n"
HOME = "/ho" + "me/jo/x\n"
HOST = "https://py" + "pi.org/simple\n"

FAULTS: list[tuple[Rule, dict[str, str]]] = [
    (too_long, {"incident/kernel/model.py": LONG_FILE}),
    (too_long, {"incident_tui/app.py": LONG_FUNCTION}),
    (entities_named_by_the_server, {"server/hub.py": "KIND = 'tasks'\n"}),
    (entities_named_by_the_server, {"server/hub.py": "from incident import boundaries\n"}),
    (entities_named_by_the_server, {"server/hub.py": "from incident.resources import board\n"}),
    (
        entities_named_by_the_server,
        {"server/store/sqlite.py": "def save(it): return it.casualty_count\n"},
    ),
    (entities_named_by_the_server, {"server/app.py": "class RVPTable: pass\n"}),
    (impurities_of_the_meaning, {"incident/log.py": "import logging\n"}),
    (impurities_of_the_meaning, {"incident/log.py": "def decide(): from os import path\n"}),
    (impurities_of_the_meaning, {"incident/log.py": "def decide(): print('no')\n"}),
    (impurities_of_the_meaning, {"incident/log.py": "from datetime import datetime\nx = datetime.now()\n"}),
    (impurities_of_the_meaning, {"incident/log.py": "import datetime\nx = datetime.datetime.now(None)\n"}),
    (impurities_of_the_meaning, {"incident/log.py": "import uuid\nx = uuid.uuid4()\n"}),
    (
        impurities_of_the_meaning,
        {"incident/log.py": "import uuid\nmint = uuid.uuid4\n"},
    ),
    (slices_unlisted, {"incident/state.py": "from incident import log\n", "incident/tasks.py": SLICE}),
    (
        slices_unlisted,
        {"incident/state.py": "from incident import log\n", "incident/tasks/__init__.py": SLICE},
    ),
    (slices_untested, {"incident/tasks.py": SLICE, "tests/incident/test_log.py": ""}),
    (misplaced_tests, {"tests/elsewhere/test_it.py": ""}),
    (widgets_where_none_may_be, {"incident_tui/headless.py": "import textual\n"}),
    (
        widgets_where_none_may_be,
        {
            "incident_tui/session.py": "from incident_tui import clock\n",
            "incident_tui/clock.py": "from textual.widget import Widget\n",
        },
    ),
    (places_named, {"docs/install.md": HOST}),
    (places_named, {"config/server.yaml": HOME}),
]


@pytest.mark.parametrize(("rule", "files"), FAULTS)
def test_a_planted_fault_is_found(rule: Rule, files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(rule(tmp_path)) == 1


def test_missing_papers_are_found(tmp_path: Path) -> None:
    assert len(papers_missing(tmp_path)) == len(PAPERS)


RULES = sorted({rule for rule, _ in FAULTS}, key=lambda rule: rule.__name__)

INNOCENT = {
    "server/hub.py": '"""Names no task."""\nimport asyncio\nfrom importlib.resources import files\n'
    "async def f():\n    async with asyncio.TaskGroup() as group:\n        task = group.create_task(g())\n",
    "incident/state.py": "from incident import tasks\n",
    "incident/tasks.py": SLICE + "from datetime import datetime\nx = datetime.fromisoformat\n",
    "tests/incident/test_tasks.py": "",
    "incident_tui/headless.py": "from incident_tui import session\n",
    "incident_tui/session.py": "import asyncio\n",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_is_found_in_an_innocent_house(rule: Rule, tmp_path: Path) -> None:
    for name, text in INNOCENT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert rule(tmp_path) == []


@pytest.mark.parametrize("rule", [*RULES, papers_missing], ids=lambda rule: rule.__name__)
def test_this_house_keeps(rule: Rule) -> None:
    assert rule(ROOT) == []
