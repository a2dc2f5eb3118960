"""Every Python of a machine is found once, and one that cannot be used hides no other."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from app.messages.table import tell
from engines.contract.capabilities import EngineRow, Interpreter
from engines.environments import discover as room
from engines.environments.asked import Asked
from engines.environments.discover import candidates, discover, python_at, sorted_for_a_person
from tests.environments.fake_pythons import fake_python, needs_scripts, real_python

ROW = EngineRow("fake", "Fake", package="numpy", module="engines.backends.fake", install="")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which nothing is installed but this interpreter; returns the person's home."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("PYENV_ROOT", "CONDA_PREFIX", "CONDA_ROOT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def test_that_this_interpreter_is_always_among_them(alone: Path) -> None:
    assert Path(sys.executable) in candidates(home=alone)


@needs_scripts
def test_that_pythons_of_every_kind_of_place_are_found_once(
    alone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path = fake_python(tmp_path / "bin", "exit", "python3.12")
    (tmp_path / "bin" / "python3").symlink_to(on_path)
    pyenv = fake_python(alone / ".pyenv" / "versions" / "3.10.1" / "bin", "exit")
    conda = fake_python(alone / "miniconda3" / "envs" / "lab" / "bin", "exit")
    listed = fake_python(tmp_path / "elsewhere" / "bin", "exit")
    (alone / ".conda").mkdir()
    # The last one cannot even be looked at, as a colleague's could not.
    lines = (str(tmp_path / "elsewhere"), "/gone", "/" + 300 * "x")
    (alone / ".conda" / "environments.txt").write_text("\n".join(lines))
    chosen = fake_python(tmp_path / "chosen" / "bin", "exit")
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path / "chosen"))
    found = [str(path.resolve()) for path in candidates(home=alone)]
    assert sorted(set(found)) == sorted(found)
    assert {on_path, pyenv, conda, listed, chosen} <= set(found)


@needs_scripts
def test_that_an_environment_near_by_counts_beside_the_python_it_was_made_from(
    alone: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "project" / ".venv", symlinks=True, with_pip=False)
    found = candidates(near=[tmp_path / "project"], home=alone)
    assert tmp_path / "project" / ".venv" / "bin" / "python" in found
    assert Path(sys.executable) in found


@needs_scripts
def test_that_an_environment_may_be_named_by_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "lab", symlinks=True, with_pip=False)
    monkeypatch.chdir(tmp_path)
    link = tmp_path / "lab" / "bin" / "python"
    assert python_at(Path("lab")) == python_at(link) == link
    assert python_at(tmp_path) == tmp_path


def test_that_shims_are_passed_over(alone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shim = fake_python(tmp_path / "shims", "exit", "python3")
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    assert Path(shim) not in candidates(home=alone)


@needs_scripts
def test_that_the_bad_ones_are_listed_with_what_is_wrong_and_the_good_ones_with_their_engines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = '{"python": "x", "version": "3.8.2", "base": "x", "packages": {"numpy": "1.2"}}'
    bad = {
        fake_python(tmp_path / "a", "sleep 60"): "interpreter_hangs",
        fake_python(tmp_path / "b", "exit 3"): "interpreter_dies",
        fake_python(tmp_path / "c", "echo hello"): "interpreter_no_python",
        fake_python(tmp_path / "d", f"printf '\\036modelwright\\036%s\\n' '{old}'"): "interpreter_old",
    }
    good = real_python(tmp_path / "e", "echo noise")
    paths = [Path(path) for path in (*bad, good)]

    def ask(python: str, packages: list[str], deadline: float) -> Asked:
        """Wait briefly for the one that hangs; on a busy machine the others may be slow, too."""
        return really_ask(python, packages, 0.5 if bad.get(python) == "interpreter_hangs" else deadline)

    really_ask = room.ask
    monkeypatch.setattr(room, "ask", ask)
    found = {one.python: one for one in discover([ROW], paths, deadline=60.0)}
    assert {path: found[path].why_not for path in bad} == bad
    for path in bad:
        told = tell(found[path].why_not, found[path].facts).text
        assert path in told
        assert "?" not in told
    assert found[good].why_not == ""
    assert set(found[good].engines) == {"fake"}
    assert found[good].version == ".".join(map(str, sys.version_info[:3]))


def test_that_a_search_given_up_waits_for_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(python: str, packages: list[str], deadline: float) -> object:
        asked.append(python)
        raise AssertionError("nobody reads this")

    monkeypatch.setattr(room, "ask", ask)
    found = discover([ROW], [tmp_path / str(n) for n in range(100)])
    with pytest.raises(AssertionError):
        next(found)
    assert len(asked) < 100


def test_that_the_newest_usable_one_comes_first() -> None:
    found = [
        Interpreter("/b", "3.9.1", why_not="interpreter_old"),
        Interpreter("/c", "3.10.4"),
        Interpreter("/a", "", why_not="interpreter_dies"),
        Interpreter("/d", "3.13.0"),
        Interpreter("/e", "3.9.18"),
    ]
    assert [one.python for one in sorted_for_a_person(found)] == ["/d", "/c", "/e", "/b", "/a"]


def test_that_windows_launcher_s_lines_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    said = " -V:3.13 *        C:\\Python313\\python.exe\n -V:3.11          C:\\My Pythons\\python.exe\n"

    class Answer:
        stdout = said

    monkeypatch.setattr(room.subprocess, "run", lambda *a, **k: Answer())
    assert [str(path) for path in room._of_launcher()] == [
        "C:\\Python313\\python.exe",
        "C:\\My Pythons\\python.exe",
    ]
