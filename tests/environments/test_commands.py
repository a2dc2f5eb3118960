"""A command's lines come as they are said, and its end takes all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from engines.environments.commands import CommandFailed, lines_of
from tests.helpers.processes import until_gone

pytestmark = pytest.mark.commands

SLEEPER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_that_lines_of_both_streams_come_in_their_order() -> None:
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); print('three')"
    assert list(lines_of(python(code))) == ["one", "two", "three"]


def test_that_a_bad_end_carries_its_status_and_the_last_lines() -> None:
    code = "import sys\nfor n in range(100): print(n)\nsys.exit(3)"
    with pytest.raises(CommandFailed) as caught:
        list(lines_of(python(code)))
    assert caught.value.status == 3
    assert caught.value.said.splitlines()[-1] == "99"
    assert "\n10\n" not in caught.value.said
    assert not caught.value.ended


def test_that_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(CommandFailed) as caught:
        list(lines_of(["no-such-program"]))
    assert "no-such-program" in caught.value.said


def test_that_a_command_given_up_is_ended_with_its_children() -> None:
    lines = lines_of(python(SLEEPER))
    child = int(next(lines))
    lines.close()  # type: ignore[attr-defined]
    assert until_gone(child)


@contextmanager
def started_by(first: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Give a process that does ``first`` and then runs a command, and the id of that command's child."""
    runner = (
        f"import signal\n{first}\n"
        "from engines.environments.commands import lines_of\n"
        f"for line in lines_of({python(SLEEPER)!r}): print(line, flush=True)"
    )
    with subprocess.Popen(
        python(runner), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this signal is POSIX's")
@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "with its group"])
@pytest.mark.parametrize("way", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_that_a_command_does_not_outlive_the_process_that_runs_it(way: str, whole_group: bool) -> None:
    default = "" if way == "SIGKILL" else f"signal.signal(signal.{way}, signal.SIG_DFL)"
    with started_by(default) as (process, child):  # what runs under nohup would ignore the hang-up
        (os.killpg if whole_group else os.kill)(process.pid, getattr(signal, way))
    assert until_gone(child)


def guards_of(pid: int) -> list[psutil.Process]:
    """Return what stands between a process and its command, the first one first."""
    return [
        one for one in psutil.Process(pid).children(recursive=True) if "guard.py" in " ".join(one.cmdline())
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["the guard", "the second one"])
def test_that_a_command_ends_with_its_window_when_one_of_its_guards_was_killed(which: int) -> None:
    with started_by("") as (process, child):
        guards = guards_of(process.pid)
        guards[which].kill()
        if which:
            assert not until_gone(child, 0.5)  # the other one still watches, and need not end anything
            process.kill()
        assert until_gone(child)
        process.kill()
    assert all(until_gone(guard.pid) for guard in guards)


def test_that_nothing_is_left_of_the_guards_when_a_command_has_ended() -> None:
    before = set(psutil.Process().children(recursive=True))
    code = "import psutil; print(*[one.pid for one in psutil.Process().parents()[0].children()])"
    *_, said = lines_of(python(code))
    assert len(said.split()) == 2
    assert all(until_gone(int(pid)) for pid in said.split())
    assert set(psutil.Process().children(recursive=True)) <= before


def test_that_a_command_gets_no_input_and_cannot_wait_for_it() -> None:
    assert list(lines_of(python("import sys; print(repr(sys.stdin.read()))"))) == ["''"]


def test_that_a_command_can_be_ended_from_outside_while_it_is_silent() -> None:
    ends: list[Callable[[], None]] = []
    lines = lines_of(python(SLEEPER), ends.append)
    child = int(next(lines))
    ends[0]()
    with pytest.raises(CommandFailed) as caught:
        next(lines)
    assert caught.value.ended
    assert until_gone(child)


def test_that_variables_are_laid_over_this_process_s_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_TARGET", str(tmp_path))
    code = "import os; print(os.environ.get('PIP_TARGET'), os.environ['NEW'])"
    assert list(lines_of(python(code), environment={"PIP_TARGET": None, "NEW": "x"})) == ["None x"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this signal is POSIX's")
def test_that_a_command_outlives_the_terminal_where_nohup_says_so() -> None:
    with started_by("signal.signal(signal.SIGHUP, signal.SIG_IGN)") as (process, child):
        os.killpg(process.pid, signal.SIGHUP)
        assert not until_gone(child, 1.0)
        process.kill()
    assert until_gone(child)
