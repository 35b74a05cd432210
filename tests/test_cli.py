"""The command line as its users meet it: what goes where, what it exits with, what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
import requests
from rows import ISNI, command, csv_file, key, keys, published, row

from ld import __version__
from ld.cli import main
from ld.settings import PREFIX

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("build", "withdraw", "serve", "status", "rollback", "dump", "validate", "query")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that publishes two theses; to be read only."""
    folder = tmp_path_factory.mktemp("cli")
    assert command("build", csv_file(folder / "a.csv", row(1), row(2)), "--data", folder / "data").exit_code == 0
    return folder / "data"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_helps_with_an_example(name: str, flag: str) -> None:
    done = command(name, flag)
    assert done.exit_code == 0
    assert done.stderr == ""
    assert re.search(rf"Example:\n +thesis-ld {name} ", done.stdout)


def test_the_program_lists_its_commands_and_its_version() -> None:
    assert isinstance(main, click.Group)
    assert set(COMMANDS) <= set(main.commands)
    assert all(name in command("--help").stdout for name in COMMANDS)
    assert command("--version").stdout == f"thesis-ld, version {__version__}\n"


def test_the_module_is_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "ld", "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"thesis-ld, version {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [["build"], ["withdraw"], ["withdraw", "x-1"], ["nothing"], ["build", "--nothing"], ["status", "too many"]],
)
def test_what_cannot_be_understood_exits_2_and_says_so(arguments: list[str]) -> None:
    done = command(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Error: " in done.stderr


def test_a_build_talks_on_stderr_and_says_where_what_it_published_is(tmp_path: Path) -> None:
    done = command("build", csv_file(tmp_path / "a.csv", row(1), row(2)), "--data", tmp_path / "data")
    assert done.exit_code == 0
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert names == ["read", "theses", "published", "rejected", "warnings", "repairs", "seconds", "snapshot"]
    assert lines[-1].split() == ["snapshot", published(tmp_path / "data").name]


def test_only_the_first_of_many_faults_are_told(tmp_path: Path) -> None:
    rows = [row(n, Title=" ") for n in range(40)]
    rows += [row(n, Author_ISNI="1") for n in range(100, 140)]
    done = command("build", csv_file(tmp_path / "a.csv", *rows), "--data", tmp_path / "data")
    assert done.exit_code == 1
    assert done.stderr.count("rejected: ") == 10
    assert "… and 30 more; reports/rejected.jsonl of the snapshot has all." in done.stderr
    assert done.stderr.count("warning: ") == 10
    assert "… and 30 more; the page of each thesis has its own." in done.stderr


def test_status_is_data_for_people_and_for_programs(data: Path) -> None:
    said = command("status", "--data", data)
    assert said.exit_code == 0
    assert said.stderr == ""
    assert published(data).name in said.stdout
    assert "published 2" in said.stdout
    state = json.loads(command("status", "--data", data, "--json").stdout)
    assert state["snapshot"] == published(data).name
    assert state["counts"]["published"] == 2
    assert state["sources"][0]["name"].endswith("a.csv")
    assert state["base"] == "http://localhost:8000/"


def test_status_verifies_every_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command("build", csv_file(tmp_path / "a.csv", row(1)), "--data", data)
    done = command("status", "--data", data, "--verify", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["snapshot"]
    assert "Every file is as it was published." in done.stderr
    broken = data / "current" / "dumps" / "thesis-ld.nt.gz"
    broken.write_bytes(broken.read_bytes()[:-1])
    done = command("status", "--data", data, "--verify")
    assert done.exit_code == 1
    assert "thesis-ld.nt.gz is not as it was published" in done.stderr
    assert "thesis-ld rollback" in done.stderr


@pytest.mark.parametrize("name", ["status", "rollback", "withdraw"])
def test_without_anything_published_the_way_out_is_told(name: str, tmp_path: Path) -> None:
    more = [key(1), "--reason", "why"] if name == "withdraw" else []
    done = command(name, *more, "--data", tmp_path / "data")
    assert done.exit_code == 2
    assert "publishes nothing yet" in done.stderr


def test_there_is_no_going_back_from_the_first_state(data: Path) -> None:
    done = command("rollback", "--data", data)
    assert done.exit_code == 2
    assert "keeps no snapshot older" in done.stderr


def test_withdrawing_and_its_undoing_say_what_they_did(tmp_path: Path) -> None:
    data, source = tmp_path / "data", csv_file(tmp_path / "a.csv", row(1), row(2), row(3))
    command("build", source, "--data", data)
    assert command("withdraw", key(1), "--reason", "  ", "--data", data).exit_code == 2
    done = command("withdraw", key(1), "--reason", "Taken down.", "--data", data)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "1 thesis withdrawn; 2 stay published.\n")
    done = command("withdraw", key(1), key(9), "--reason", "Taken down.", "--data", data)
    assert done.exit_code == 2
    assert f"{key(1)} (Taken down), {key(9)}. Check the keys." in done.stderr
    assert command("withdraw", key(9), "--undo", "--data", data).exit_code == 2
    done = command("withdraw", key(1), "--undo", "--data", data)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "1 withdrawal lifted. Build again to publish what the sources hold.\n"
    command("build", source, "--data", data)
    assert key(1) in keys(data)


# Settings


BAD_SETTINGS = [
    ("serve", "port", "99999", "out of range"),
    ("serve", "port", "0", "out of range"),
    ("serve", "port", "abc", "not a whole number"),
    ("serve", "workers", "0", "out of range"),
    ("serve", "page_size", "-1", "out of range"),
    ("build", "keep", "0", "out of range"),
    ("build", "keep", "1.5", "not a whole number"),
    ("build", "shrink", "nan", "out of range"),
    ("build", "shrink", "95%", "not a number"),
    ("build", "max_field", "1e6", "not a whole number"),
    ("build", "base", "example.org/theses", "not an http or https address"),
    ("build", "base", "https://example.org/?theses", "without query or fragment"),
    ("build", "base", "https://example.org/#theses", "without query or fragment"),
    ("build", "base", "https://exa mple.org/", "not an http or https address"),
    ("build", "base", "ftp://example.org/", "not an http or https address"),
    ("build", "base", "", "not an http or https address"),
]


@pytest.mark.parametrize(("name", "setting", "value", "message"), BAD_SETTINGS)
def test_a_setting_that_cannot_be_used_is_named_as_flag_and_as_variable(
    name: str, setting: str, value: str, message: str, tmp_path: Path
) -> None:
    arguments = [
        name,
        *([csv_file(tmp_path / "a.csv", row(1))] if name == "build" else []),
        "--data",
        tmp_path / "data",
    ]
    flag, variable = f"--{setting.replace('_', '-')}", PREFIX + setting.upper()
    for done in (command(*arguments, f"{flag}={value}"), command(*arguments, **{variable: value})):
        assert done.exit_code == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        assert setting == "base" or f"{flag} ({variable})" in done.stderr
    assert not (tmp_path / "data").exists()


def test_flags_come_before_variables_and_variables_before_defaults(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", row(1, Author_ISNI=f"https://isni.org/isni/{ISNI}"))
    told = {"THESIS_LD_DATA": str(tmp_path / "told"), "THESIS_LD_BASE": "https://example.org/theses"}
    assert command("build", source, **told).exit_code == 0
    assert published(tmp_path / "told").manifest.base == "https://example.org/theses/"
    assert command("build", source, "--data", tmp_path / "said", **told).exit_code == 0
    assert published(tmp_path / "said").manifest.base == "https://example.org/theses/"
    done = command("status", **told)
    assert done.exit_code == 0
    assert published(tmp_path / "told").name in done.stdout


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", row(1))
    done = command("build", source, "--data", source / "data")
    assert done.exit_code == 2
    assert f"{source}/data" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command("serve", "--port", str(taken.getsockname()[1]), "--data", tmp_path)
    assert done.exit_code == 2
    assert "Cannot listen on 127.0.0.1" in done.stderr


def test_a_server_ends_by_ctrl_c_without_a_traceback(data: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [sys.executable, "-m", "ld", "serve", "--data", str(data), "--port", str(port)]
    with subprocess.Popen(program, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert server.stderr.readline().startswith("Serving snapshot ")
        for _ in range(200):  # until it answers: a worker that has yet to start is killed in the end, and that is told
            try:
                requests.get(f"http://127.0.0.1:{port}/robots.txt", timeout=5)
                break
            except requests.ConnectionError:
                signal.sigtimedwait([], 0.05)
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)
    assert server.returncode in (0, 2)
    assert out == ""
    assert "Traceback" not in err


# What nobody foresaw


def test_a_fault_of_the_program_says_so_and_leaves_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = csv_file(tmp_path / "a.csv", row(1))
    command("build", source, "--data", tmp_path / "data")
    was = published(tmp_path / "data").name
    monkeypatch.setattr("ld.gate.judge", lambda *_: 1 / 0)
    done = command("build", source, "--data", tmp_path / "data")
    assert done.exit_code == 2
    assert "ZeroDivisionError" in done.stderr
    assert "this is a fault of the program, not of your records. What is published is whole:" in done.stderr
    assert published(tmp_path / "data").name == was


def test_output_that_nobody_reads_any_more_is_no_fault(data: Path) -> None:
    program = f"{sys.executable} -m ld status --json --data {data} | true"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {program}"], cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_text_that_stderr_cannot_encode_does_not_stop_a_build(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", row(1), row(2, IR_URL="ftp://北京/é"))
    program = [sys.executable, "-m", "ld", "build", str(source), "--data", str(tmp_path / "data")]
    variables = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    done = subprocess.run(program, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
