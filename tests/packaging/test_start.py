"""start.py: what it does with its arguments, and that any Python from 3.8 on can read it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.packaging_scripts import SCRIPTS, load

start = load("start")
STANDALONE = ("start", "environment", "find_python", "system_libraries")


@pytest.fixture
def environment(tmp_path: Path) -> Any:
    return start.Environment(tmp_path, lambda _: None)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record the commands that would be run; those with "mypy" in them fail."""
    commands: list[list[str]] = []

    def call(command: list[str], **_: Any) -> int:
        commands.append(command)
        return 1 if "mypy" in command else 0

    def run(command: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(command, call(command), f"said by {command[2]}\n".encode())

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(start, "_hand_over", call)
    monkeypatch.setattr(start, "prepare_old_python", lambda _: None)
    return commands


@pytest.mark.parametrize("name", STANDALONE)
def test_that_python_3_8_can_read_it(name: str) -> None:
    ast.parse((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("name", STANDALONE)
def test_that_it_needs_the_standard_library_alone(name: str) -> None:
    tree = ast.parse((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= {*sys.stdlib_module_names, *STANDALONE}


def test_that_the_folder_does_not_shadow_the_package_of_its_name() -> None:
    import packaging

    assert not (SCRIPTS / "__init__.py").exists()
    assert "site-packages" in str(packaging.__file__)


@pytest.mark.parametrize(
    ("environ", "platform", "shown"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_that_a_display_is_told_from_none(environ: dict[str, str], platform: str, shown: bool) -> None:
    assert start.has_display(environ, platform) is shown


def test_that_without_a_display_the_tour_runs_and_it_is_said(
    environment: Any,
    ran: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(start, "has_display", lambda _: False)
    start.run_application(environment, [])
    assert ran[0][-1] == "tour"
    assert "no display" in capsys.readouterr().out


def test_that_with_a_display_the_window_opens(
    environment: Any, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "has_display", lambda _: True)
    start.run_application(environment, [])
    assert ran == [[str(environment.python), str(environment.launcher)]]


def test_that_a_command_of_the_application_is_handed_on_as_it_is(
    environment: Any, ran: list[list[str]]
) -> None:
    start.run_application(environment, ["train", "digits-cnn", "--json"])
    assert ran[0][2:] == ["train", "digits-cnn", "--json"]


def test_that_the_fast_tests_leave_out_what_starts_a_framework(
    environment: Any, ran: list[list[str]]
) -> None:
    start.run_tests(environment, ["--fast", "-x"])
    quick = ["-m", start.QUICK, start.FEWER_EXAMPLES]
    assert ran[-1][1:] == ["-m", "pytest", *start.SIDE_BY_SIDE, *quick, "-x"]


@pytest.mark.usefixtures("ran")
def test_that_the_tests_keep_what_was_compiled(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    environments: list[dict[str, str]] = []
    monkeypatch.setattr(subprocess, "call", lambda _, **asked: environments.append(asked.get("env", {})) or 0)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("KEPT", "yes")
    start.run_tests(environment, ["--fast"])
    assert "PYTHONDONTWRITEBYTECODE" not in environments[-1]
    assert environments[-1]["KEPT"] == "yes"


ENGINES_FOR_TESTS = ["-m", "tests.helpers.engine_pythons"]


def test_that_the_full_tests_first_install_engines_that_cannot_live_beside_the_others(
    environment: Any, ran: list[list[str]]
) -> None:
    start.run_tests(environment, [])
    assert [command[1:] for command in ran].count(ENGINES_FOR_TESTS) == 1
    assert ran[-2][1:] == ENGINES_FOR_TESTS


def test_that_the_fast_tests_install_nothing(environment: Any, ran: list[list[str]]) -> None:
    start.run_tests(environment, ["--fast"])
    assert ENGINES_FOR_TESTS not in [command[1:] for command in ran]


def test_that_an_engine_that_could_not_be_installed_is_told_of_and_the_tests_run(
    environment: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "_failed_checks", lambda _: [])
    monkeypatch.setattr(start, "prepare_old_python", lambda _: None)
    monkeypatch.setattr(subprocess, "call", lambda command, **_: int("engine_pythons" in command[-1]))
    assert start.run_tests(environment, []) == 0
    assert "could not be made" in capsys.readouterr().out


def test_that_a_mark_chosen_by_hand_is_kept(environment: Any, ran: list[list[str]]) -> None:
    start.run_tests(environment, ["-m", "soak"])
    assert ran[-1][1:] == ["-m", "pytest", *start.SIDE_BY_SIDE, "-m", "soak"]


def test_that_a_failed_check_fails_the_run_yet_pytest_still_speaks_last(
    environment: Any, ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.run_tests(environment, []) == 1
    assert "pytest" in ran[-1]
    assert capsys.readouterr().out.splitlines()[-1] == "== pytest (these checks FAILED: mypy)"


def test_that_every_check_is_shown_whole_in_the_tables_order(
    environment: Any, ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    start.run_tests(environment, ["--fast"])
    lines = capsys.readouterr().out.splitlines()
    shown = [(name, f"said by {command[1]}") for name, command in start.CHECKS]
    assert [(head[3:], said) for head, said in zip(lines[:-1:2], lines[1:-1:2])] == shown


def test_that_what_a_check_says_is_kept_with_its_status(tmp_path: Path) -> None:
    code = "import sys; print('out', flush=True); sys.exit('é')"
    status, said = start._check([sys.executable, "-X", "utf8", "-c", code])
    assert (status, said.split()) == (1, ["out", "é"])


def test_that_a_complete_environment_starts_without_a_word(
    environment: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(type(environment), "state", lambda _: "complete")
    start.set_up(environment)
    assert capsys.readouterr().out == ""


def test_that_a_machine_without_python_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "find", list)
    assert start.main([]) == 1
    assert "Modelwright needs Python 3.11, 3.12 or 3.13" in capsys.readouterr().out


def test_that_every_figure_is_measured_or_the_one_that_is_named(
    environment: Any, ran: list[list[str]]
) -> None:
    assert start.run_bench(environment, []) == 0
    measured = [command[-1] for command in ran]
    assert "tests.bench.throughput" in measured
    assert not {"tests.bench.figures", "tests.bench.test_device"} & set(measured)  # no scripts
    ran.clear()
    start.run_bench(environment, ["throughput"])
    assert [command[-1] for command in ran] == ["tests.bench.throughput"]


def test_that_options_go_to_the_figure(environment: Any, ran: list[list[str]]) -> None:
    start.run_bench(environment, ["throughput", "--pairs", "3"])
    assert [command[2:] for command in ran] == [["tests.bench.throughput", "--pairs", "3"]]


def test_that_an_unknown_figure_is_refused_with_those_known(
    environment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.run_bench(environment, ["horoscope"]) == 2
    assert "known: " in capsys.readouterr().out


def test_that_setting_up_alone_starts_nothing(ran: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "set_up", lambda _: None)
    assert start.main(["setup"]) == 0
    assert ran == []
