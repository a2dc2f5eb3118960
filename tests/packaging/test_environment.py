"""The environment: its states are told apart, a half-made one is repaired, a complete one is left alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.packaging_scripts import load

environment = load("environment")
PYPROJECT = """
[project]
dependencies = ["alpha>=1"]
[project.optional-dependencies]
engines = ["torch==1.0", "torchvision"]
dev = ["omega"]
"""


class Recorded(environment.Environment):  # type: ignore[misc, name-defined]
    """An environment that notes what it would install."""

    def __init__(self, root: Path) -> None:
        self.said: list[str] = []
        self.pip: list[list[str]] = []
        self.fails = False
        super().__init__(root, self.said.append)

    def _torch_options(self, requirement: str) -> list[str]:
        return []

    def _run(self, command: list[str], doing: str) -> None:
        quicker = ["--without-pip"] if "venv" in command else []
        super()._run([*command, *quicker], doing)
        if quicker:
            self._give_pip()

    def _give_pip(self) -> None:
        """Put an empty pip where ensurepip would have put the real one, in seconds."""
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        place = subprocess.check_output([self.python, "-c", ask], text=True).strip()
        (Path(place) / "pip.py").touch()

    def _pip(self, arguments: list[str]) -> None:
        if self.fails:
            raise environment.SetupFailed("no network")
        self.pip.append(arguments)


@pytest.fixture
def here(tmp_path: Path) -> Recorded:
    (tmp_path / "packaging").mkdir()
    (tmp_path / "packaging" / "constraints.txt").write_text("alpha==1.2\n")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return Recorded(tmp_path)


@pytest.fixture
def made(here: Recorded) -> Recorded:
    here.make(sys.executable)
    return here


def test_that_a_fresh_clone_has_no_environment(here: Recorded) -> None:
    assert here.state() == "absent"


def test_that_making_it_leads_from_absent_to_complete_and_to_a_launcher(made: Recorded) -> None:
    assert made.state() == "complete"
    assert made.launcher.exists()
    assert str(made.root) in made.launcher.read_text()


def test_that_torch_is_installed_first_and_alone_then_the_rest_under_constraints(made: Recorded) -> None:
    first, second = made.pip
    assert first == ["install", "torch==1.0"]
    assert second[:2] == ["install", "-c"]
    assert second[3:] == ["alpha>=1", "torch==1.0", "torchvision", "omega"]


def test_that_a_changed_pin_makes_it_outdated_and_installs_again(made: Recorded) -> None:
    (made.root / "packaging" / "constraints.txt").write_text("alpha==1.3\n")
    assert made.state() == "outdated"
    made.make(sys.executable)
    assert made.state() == "complete"
    assert len(made.pip) == 4


def test_that_a_failed_install_leaves_no_mark_and_the_next_start_goes_on(here: Recorded) -> None:
    here.fails = True
    with pytest.raises(environment.SetupFailed, match="no network"):
        here.make(sys.executable)
    assert here.state() == "half-made"
    here.fails = False
    here.make(sys.executable)
    assert here.state() == "complete"
    assert any("did not come to its end" in line for line in here.said)


def test_that_an_environment_whose_python_is_gone_is_made_anew(made: Recorded) -> None:
    made.mark.unlink()
    made.python.unlink()
    stray = made.folder / "stray"
    stray.touch()
    assert made.state() == "broken"
    made.make(sys.executable)
    assert made.state() == "complete"
    assert not stray.exists()


def test_that_a_folder_which_is_no_environment_is_not_touched(here: Recorded) -> None:
    here.folder.mkdir()
    precious = here.folder / "thesis.txt"
    precious.write_text("mine")
    with pytest.raises(environment.SetupFailed, match="move it away"):
        here.make(sys.executable)
    assert precious.read_text() == "mine"


def test_that_the_launcher_starts_the_application_of_this_checkout(made: Recorded) -> None:
    app = made.root / "app"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "main.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n    return 3\n")
    answer = subprocess.run(
        [made.python, made.launcher, "train", "x"], capture_output=True, text=True, cwd=made.folder
    )
    assert (answer.returncode, answer.stdout.strip()) == (3, "['train', 'x']")


def test_that_a_command_which_fails_is_told_with_its_last_lines(here: Recorded) -> None:
    with pytest.raises(environment.SetupFailed, match=r"the reason\n\nIt failed while testing\."):
        here._run([sys.executable, "-c", "print('the reason'); raise SystemExit(1)"], "testing")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems' wheels hold no CUDA")
@pytest.mark.parametrize(
    ("version", "options"), [("1.0+cpu", []), ("1.0", ["--extra-index-url", environment.CPU_BUILDS])]
)
def test_that_the_cpu_builds_are_asked_for_only_where_none_is_at_hand(
    here: Recorded, monkeypatch: pytest.MonkeyPatch, version: str, options: list[str]
) -> None:
    report = json.dumps({"install": [{"metadata": {"version": version}}]}).encode()
    answer = subprocess.CompletedProcess([], 0, stdout=report)
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: answer)
    monkeypatch.setattr(environment.Path, "exists", lambda _: False)
    assert environment.Environment._torch_options(here, "torch==1.0") == options
