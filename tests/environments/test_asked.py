"""An interpreter is asked in a child, and whatever it does is told by name."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.asked import ask, too_old
from tests.environments.fake_pythons import fake_python, needs_scripts, real_python
from tests.helpers.processes import until_gone

pytestmark = pytest.mark.commands


def fault_of(python: str, deadline: float = 30.0) -> WorkbenchError:
    with pytest.raises(WorkbenchError) as caught:
        ask(python, deadline=deadline)
    assert caught.value.facts["python"] == python
    return caught.value


def test_that_this_interpreter_says_who_it_is_and_what_is_in_it() -> None:
    asked = ask(sys.executable, ["numpy", "onnx", "no_such_package"])
    assert asked.numbers[:2] == sys.version_info[:2]
    assert Path(asked.python) == Path(sys.executable)
    assert set(asked.packages) == {"numpy", "onnx"}
    assert asked.packages["onnx"].count(".") >= 1
    assert not too_old(asked)


def test_that_the_base_of_an_environment_is_named() -> None:
    assert Path(ask(sys.executable).base).exists()


def test_that_an_interpreter_that_is_not_there_is_gone(tmp_path: Path) -> None:
    assert fault_of(str(tmp_path / "python")).code is ErrorCode.INTERPRETER_GONE


def test_that_a_folder_or_a_text_is_no_python(tmp_path: Path) -> None:
    text = tmp_path / "python.txt"
    text.write_text("I am no program")
    assert fault_of(str(tmp_path)).code is ErrorCode.INTERPRETER_FOLDER
    assert fault_of(str(text)).code is ErrorCode.INTERPRETER_NO_PYTHON


@needs_scripts
def test_that_a_program_that_says_something_else_is_no_python(tmp_path: Path) -> None:
    fault = fault_of(fake_python(tmp_path, "echo GNU bash, version 5.2"))
    assert fault.code is ErrorCode.INTERPRETER_NO_PYTHON
    assert fault.facts["why"] == "GNU bash, version 5.2"


@needs_scripts
def test_that_one_that_dies_at_its_start_is_told_with_its_status_and_last_words(tmp_path: Path) -> None:
    fault = fault_of(fake_python(tmp_path, "echo libpython3.11.so: cannot open >&2; exit 127"))
    assert fault.code is ErrorCode.INTERPRETER_DIES
    assert fault.facts["status"] == 127
    assert "libpython3.11.so" in str(fault.facts["why"])


@needs_scripts
def test_that_one_that_exits_while_it_imports_its_site_is_told(tmp_path: Path) -> None:
    fault = fault_of(real_python(tmp_path, inside="import os; os._exit(7)"))
    assert fault.code is ErrorCode.INTERPRETER_DIES
    assert fault.facts["status"] == 7


@needs_scripts
def test_that_one_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    python = fake_python(tmp_path, f"sleep 600 & echo $! > {said}; wait")
    began = time.monotonic()
    fault = fault_of(python, deadline=1.0)
    assert fault.code is ErrorCode.INTERPRETER_HANGS
    assert time.monotonic() - began < 20
    assert until_gone(int(said.read_text()))


@needs_scripts
def test_that_one_that_prints_at_its_start_is_understood_all_the_same(tmp_path: Path) -> None:
    noise = "print('{\"python\": \"lies\"}'); import sys; print('warned', file=sys.stderr)"
    asked = ask(real_python(tmp_path, "echo hello from the shell", noise))
    assert asked.numbers[:2] == sys.version_info[:2]


@needs_scripts
def test_that_an_answer_cut_short_is_no_answer(tmp_path: Path) -> None:
    cut = fake_python(tmp_path, 'printf \'\\036modelwright\\036{"python": "/x"\'')
    assert fault_of(cut).code is ErrorCode.INTERPRETER_NO_PYTHON


@needs_scripts
def test_that_an_answer_without_its_facts_is_no_answer(tmp_path: Path) -> None:
    hollow = fake_python(tmp_path, 'printf \'\\036modelwright\\036{"python": "/x"}\\n\'')
    assert fault_of(hollow).code is ErrorCode.INTERPRETER_NO_PYTHON


@needs_scripts
def test_that_a_python_of_another_age_answers_and_is_too_old(tmp_path: Path) -> None:
    said = '{"python": "/usr/bin/python2", "version": "2.7.18", "base": "/usr/bin/python2", "packages": {}}'
    asked = ask(fake_python(tmp_path, f"printf '\\036modelwright\\036%s\\n' '{said}'"))
    assert asked.version == "2.7.18"
    assert too_old(asked)


@needs_scripts
def test_that_one_that_prints_without_end_hangs_and_fills_no_memory(tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    assert fault_of(fake_python(tmp_path, "yes"), deadline=2.0).code is ErrorCode.INTERPRETER_HANGS
    assert psutil.Process().memory_info().rss - before < 64 << 20


@needs_scripts
def test_that_an_answer_behind_a_flood_of_noise_is_heard(tmp_path: Path) -> None:
    flood = "import os\nfor _ in range(64): os.write(1, b'x' * (1 << 20)); os.write(2, b'y' * (1 << 20))"
    assert ask(real_python(tmp_path, inside=flood), deadline=60.0).numbers[:2] == sys.version_info[:2]


@needs_scripts
def test_that_an_answer_is_heard_though_something_it_started_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.environments.asked._PARTING_S", 0.5)
    said = tmp_path / "pid"
    asked = ask(real_python(tmp_path, f"sleep 600 & echo $! > {said}"), deadline=30.0)
    psutil.Process(int(said.read_text())).kill()
    assert asked.numbers[:2] == sys.version_info[:2]
