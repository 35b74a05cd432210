"""Who may import whom: the layers of CONTRIBUTING, read from the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

DOORS = ("ld.cli", "ld.web", "ld.__main__")
VALUES = {"ld.errors", "ld.settings", "ld.record", "ld.isni", "ld.names", "ld.iris", "ld.namespaces"}
ONLY = {
    "flask": "ld.web",
    "granian": "ld.web",
    "click": "ld.cli",
    "rich": "ld.cli",
    "pyshacl": "ld.validation",
    "rdflib": "ld.validation",
    "numpy": ("ld.validation", "ld.shapes.findings"),
    "ftfy": "ld.cleaning",
    "sqlite3": ("ld.staging", "ld.snapshot", "ld.identity", "ld.web"),  # the web answers 503 to its errors
}
"""Package → who alone may import it."""


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_name(path): path for path in sorted((ROOT / "ld").rglob("*.py"))}


def _statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run; those in `if TYPE_CHECKING:` do not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _statements(child)


def _imports(tree: ast.AST) -> set[str]:
    found = set()
    for statement in _statements(tree):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        else:
            whole = statement.module or ""
            parts = {f"{whole}.{alias.name}" for alias in statement.names}
            found |= {part if part in FILES else whole for part in parts}
    return found


TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}
IMPORTS = {name: _imports(tree) for name, tree in TREES.items()}


def _within(module: str, packages: str | tuple[str, ...]) -> bool:
    names = (packages,) if isinstance(packages, str) else packages
    return any(module == name or module.startswith(name + ".") for name in names)


def _importers(package: str) -> Iterator[str]:
    return (name for name, imported in IMPORTS.items() if any(_within(each, package) for each in imported))


def test_the_doors_import_the_work_and_nothing_imports_the_doors() -> None:
    inside = {name for door in DOORS for name in _importers(door) if not _within(name, DOORS)}
    assert inside == set()
    assert not any(_within(name, "ld.web") for name in _importers("ld.cli"))
    assert {name for name in _importers("ld.build") if _within(name, "ld.web")} == set()


@pytest.mark.parametrize("package", ONLY)
def test_only_its_own_place_knows(package: str) -> None:
    users = set(_importers(package))
    assert users, f"nobody imports {package} any more: take it out of this table"
    assert {name for name in users if not _within(name, ONLY[package])} == set()


def test_only_the_sources_know_the_layouts() -> None:
    outside = {name: IMPORTS[name] for name in FILES if not _within(name, "ld.sources")}
    knowing = {name for name, imported in outside.items() if any(each.startswith("ld.sources.") for each in imported)}
    assert knowing == set()


@pytest.mark.parametrize("value", sorted(VALUES))
def test_values_import_values_only(value: str) -> None:
    assert {each for each in IMPORTS[value] if _within(each, "ld")} <= VALUES


def test_no_two_modules_import_each_other() -> None:
    """To import a module imports the packages around it first, so these count too.

    Only a module's own packages do not, unless it names them: they are there already, though perhaps not whole.
    """
    graph = {
        name: {
            whole
            for each in imported
            for whole in accumulate(each.split("."), "{}.{}".format)
            if whole in FILES and (whole == each or not _within(name, whole))
        }
        for name, imported in IMPORTS.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These import each other: {' ← '.join(error.args[1])}")


def test_help_and_serving_need_not_wait_for_the_shacl_engine() -> None:
    """pySHACL and rdflib take 0.3 s to import; what is imported at the top of a module, everybody waits for."""
    waiting = {"ld.cli", "ld.web"}
    while more := {each for name in waiting for each in _at_once(name) if each in FILES} - waiting:
        waiting |= more
    assert "ld.shapes" in waiting
    assert not waiting.intersection(_importers("pyshacl"))


def test_help_waits_for_no_work() -> None:
    assert {each for each in _at_once("ld.cli") if _within(each, "ld")} <= {"ld", *VALUES}


def _at_once(name: str) -> set[str]:
    """What a module imports when it is imported itself, and not in a function of its own."""
    top = [node for node in TREES[name].body if isinstance(node, ast.Import | ast.ImportFrom)]
    return _imports(ast.Module(body=top, type_ignores=[]))
