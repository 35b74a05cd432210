"""README and CONTRIBUTING say what is so: commands, routes, settings, fields, and the answers as printed."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import requests
from conftest import Serve

from ld import context, settings, shapes
from ld.build import build
from ld.cli import main
from ld.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PRINTED_HOST = "localhost:8000"


def _section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of any level."""
    return re.split(r"^#+ ", re.split(rf"^#+ {heading}\n", text, flags=re.M)[1], flags=re.M)[0]


def _table(heading: str) -> list[str]:
    """The rows of the one table under a heading of README."""
    return [line for line in _section(README, heading).splitlines() if line.startswith("|")][2:]


def _first_cells(heading: str) -> list[str]:
    return [row.split("|")[1] for row in _table(heading)]


def _examples() -> list[tuple[str, str]]:
    """Each `$ curl …` line of README with the output printed under it."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, flags=re.M | re.S)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.M) if part]
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


# Commands


def _commands_named() -> list[tuple[str, str]]:
    """Every `thesis-ld COMMAND …` of README, with the rest of its line or code span."""
    spans = re.findall(r"`([^`\n]+)`", README)
    lines = [
        line for block in re.findall(r"^```sh\n(.*?)^```", README, flags=re.M | re.S) for line in block.splitlines()
    ]
    uses = [re.search(r"\bthesis-ld ([a-z]+)(.*)", text) for text in (*spans, *lines)]
    return [(use[1], use[2].partition("#")[0]) for use in uses if use]


def test_every_command_of_readme_exists_with_its_options() -> None:
    assert isinstance(main, click.Group)
    uses = _commands_named()
    assert uses
    for command, rest in uses:
        known = {option for p in main.commands[command].params for option in p.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, command


def test_the_table_of_commands_is_whole_and_its_options_exist() -> None:
    assert isinstance(main, click.Group)
    rows = {row.split("thesis-ld ")[1].split("`")[0].split()[0]: row for row in _table("Commands")}
    assert list(rows) == list(main.commands)
    for name, row in rows.items():
        known = {option for p in main.commands[name].params for option in p.opts}
        assert set(re.findall(r"--[a-z-]+", row)) <= known


def test_every_command_shows_an_example() -> None:
    assert isinstance(main, click.Group)
    for command in main.commands.values():
        assert f"thesis-ld {command.name}" in (command.help or "")


# Settings


def _settings_table() -> list[str]:
    body = next(
        node
        for node in ast.parse(inspect.getsource(settings)).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ).body
    meanings = {
        setting.target.id: text.value.value
        for setting, text in pairwise(body)
        if isinstance(setting, ast.AnnAssign) and isinstance(setting.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }
    defaults = Settings()
    return [
        f"| `{name}` | `{settings.PREFIX}{name.upper()}` | `{getattr(defaults, name)}` | {meaning} |"
        for name, meaning in meanings.items()
    ]


def test_readme_lists_every_setting_with_its_default() -> None:
    assert _table("Settings") == _settings_table(), "\n".join(["the table should be:", *_settings_table()])


# Fields


def _field_table() -> list[str]:
    known = shapes.load().fields()
    of_theses_first = sorted(known, key=lambda field: field.kind != "Thesis")
    return [f"| {f.kind} | {f.name} | `{_short(f.property)}` | {f.obligation} |" for f in of_theses_first]


def _short(iri: str) -> str:
    """A property as `dcterms:title`."""
    prefix, namespace = max(context.load().prefixes.items(), key=lambda pair: len(pair[1]) * iri.startswith(pair[1]))
    return f"{prefix}:{iri.removeprefix(namespace)}"


def test_readme_lists_the_fields_as_the_shapes_have_them() -> None:
    assert _table("Fields") == _field_table(), "\n".join(["the table should be:", *_field_table()])


# Answers


@pytest.fixture(scope="module")
def host(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real server over the published seeds, as `make serve` starts it, on a free port."""
    data = tmp_path_factory.mktemp("docs")
    build([ROOT / "seeds"], Settings(data=data))
    return f"localhost:{urlsplit(serve(data=data)).port}"


SAMPLES = {
    "thesis/{key}": "thesis/uk.bl.ethos.637591",
    "person/{key}": "person/0000000453606890",
    "organisation/{key}": "organisation/0000000121891306",
    "degree/{slug}": "degree/d-psy",
    "level/{slug}": "level/doctoral",
    "discipline/{slug}": "discipline/law",
    "{suffix}": "ttl",
    "{hash}": context.load().hash,
}


@pytest.mark.parametrize("address", [a for cell in _first_cells("Addresses") for a in re.findall(r"`(/[^`]*)`", cell)])
def test_the_site_has_the_address(address: str, host: str) -> None:
    path = address
    for pattern, sample in SAMPLES.items():
        path = path.replace(pattern, sample)
    answer = requests.get(f"http://{host}{path}", allow_redirects=False, timeout=30)
    assert answer.status_code == (303 if path.startswith("/id/") else 200)


def test_readme_has_five_curl_lines() -> None:
    assert len(_examples()) >= 5
    assert all(command.startswith("curl ") for command, _ in _examples())


@pytest.mark.parametrize(("command", "printed"), _examples())
def test_curl_answers_as_printed(command: str, printed: str, host: str) -> None:
    here = command.replace(PRINTED_HOST, host)
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}  # no ~/.curlrc, no proxy
    done = subprocess.run(["sh", "-c", here], capture_output=True, text=True, env=environ, timeout=30)
    answer = done.stdout.replace("\r\n", "\n").replace(host, PRINTED_HOST)
    assert answer == printed


# CONTRIBUTING


@pytest.mark.parametrize("path", re.findall(r"`([\w./-]+(?:/|\.(?:py|ttl|toml|txt|jsonld|md|html)))`", CONTRIBUTING))
def test_contributing_names_a_file_that_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", re.findall(r"`(ld(?:\.\w+)+)`", CONTRIBUTING))
def test_contributing_names_something_that_the_code_has(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)


def test_contributing_says_where_to_add_each_kind_of_thing() -> None:
    section = _section(CONTRIBUTING, "To add …")
    wanted = ["layout", "format", "field", "constraint", "route"]
    assert [word for word in wanted if not re.search(rf"^\| a {word} \|", section, flags=re.M)] == []
