"""The wheel holds everything the program reads, and nothing that gets in a user's way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

READ_THE_DATA = """
import ld
from ld import resources, shapes, vocabulary
print(ld.__file__)
print(resources.vocab_dir())
print(resources.shapes_dir())
vocabulary.load("http://localhost:8000/")
shapes.load()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


def _in_the_checkout(folder: str) -> set[str]:
    top = ROOT / folder
    return {f.relative_to(top).as_posix() for f in top.rglob("*") if f.is_file()}


def _in_the_wheel(wheel: zipfile.ZipFile, folder: str) -> set[str]:
    return {name.removeprefix(folder) for name in wheel.namelist() if name.startswith(folder)}


@pytest.mark.parametrize("folder", ["shapes", "vocab"])
def test_the_wheel_holds_every_file_of(folder: str, wheel: zipfile.ZipFile) -> None:
    assert _in_the_checkout(folder)
    assert _in_the_wheel(wheel, f"ld/{folder}_data/") == _in_the_checkout(folder)


def test_the_wheel_holds_the_templates_and_styles_of_the_pages(wheel: zipfile.ZipFile) -> None:
    expected = {name for name in _in_the_checkout("ld/web") if name.startswith(("static/", "templates/"))}
    assert expected
    assert expected <= _in_the_wheel(wheel, "ld/web/")


def test_the_wheel_holds_the_licence_and_says_that_it_is_mit(wheel: zipfile.ZipFile) -> None:
    folder = f"thesis_ld-{PROJECT['version']}.dist-info/"
    assert wheel.read(f"{folder}licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "License-Expression: MIT\n" in wheel.read(f"{folder}METADATA").decode()


def test_the_wheel_installs_thesis_ld_and_never_a_linker(wheel: zipfile.ZipFile) -> None:
    points = ConfigParser()
    points.read_string(wheel.read(f"thesis_ld-{PROJECT['version']}.dist-info/entry_points.txt").decode())
    assert dict(points["console_scripts"]) == {"thesis-ld": "ld.cli:main"}


def test_the_program_finds_its_vocabularies_and_shapes_in_the_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", READ_THE_DATA],
        capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    places = [Path(line).resolve() for line in done.stdout.split()]
    expected = ["ld/__init__.py", "ld/vocab_data", "ld/shapes_data"]
    assert places == [(tmp_path / place).resolve() for place in expected]


def test_the_version_stands_in_pyproject_only() -> None:
    places = [ROOT / "README.md", ROOT / "Makefile", *(ROOT / "ld").rglob("*.py")]
    version = re.compile(rf"(?<![\d.]){re.escape(PROJECT['version'])}(?![\d.])")
    assert [place.name for place in places if version.search(place.read_text("utf-8"))] == []


def test_every_dependency_is_pinned_to_one_version() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!-]+", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines}
    wanted = [*PROJECT["dependencies"], *(d for extra in PROJECT["optional-dependencies"].values() for d in extra)]
    assert {re.split(r"[<>=!~\[; ]", requirement)[0].lower() for requirement in wanted} <= pinned
