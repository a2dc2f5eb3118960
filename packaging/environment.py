"""Make, repair and keep up the virtual environment at the root. Standard library, Python 3.8 syntax.

A completion mark is written last and holds a hash of everything that decides what is installed: where it
agrees, nothing is done; where it is missing the environment is half made, and is mended or made anew.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, List

Say = Callable[[str], None]

TORCH = "torch"
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
"""Where PyTorch keeps builds without gigabytes of CUDA."""

_WANTED = """
import json, sys, tomllib
with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file)["project"]
extras = project["optional-dependencies"]
print(json.dumps(project["dependencies"] + extras["engines"] + extras["dev"]))
"""

_LAUNCHER = """#!{python}
import sys

sys.path[0] = {root!r}
from app.main import main

if __name__ == "__main__":
    sys.exit(main())
"""


class SetupFailed(Exception):  # noqa: N818 - it is an outcome, named as it is told
    """The environment could not be made; the text is for the person."""


class Environment:
    """The virtual environment of one checkout."""

    def __init__(self, root: Path, say: Say) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.mark = self.folder / "modelwright-complete"
        self.log = self.folder / "modelwright-install.log"
        scripts = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = scripts / ("python.exe" if os.name == "nt" else "python")
        self.launcher = scripts / ("modelwright.py" if os.name == "nt" else "modelwright")
        self.say = say

    def fingerprint(self) -> str:
        """Return a hash of what decides the installed packages."""
        digest = hashlib.sha256()
        for path in (self.root / "pyproject.toml", self.root / "packaging" / "constraints.txt"):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def state(self) -> str:
        """Return complete, outdated, half-made, broken (its Python does not run), foreign or absent."""
        if not self.folder.exists():
            return "absent"
        if not (self.folder / "pyvenv.cfg").exists() and any(self.folder.iterdir()):
            return "foreign"
        if self.mark.exists() and self.python.exists():
            return "complete" if self.mark.read_text().strip() == self.fingerprint() else "outdated"
        return "half-made" if self._runs() else "broken"

    def _runs(self) -> bool:
        try:
            return subprocess.call([str(self.python), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0
        except OSError:
            return False

    def make(self, base: str) -> None:
        """Bring the environment from any state to complete; ``base`` is the Python to make it from."""
        state = self.state()
        if state == "foreign":
            raise SetupFailed("{} is no Python environment: please move it away.".format(self.folder))
        if state == "outdated" and not self._runs():
            state = "broken"
        if state == "broken":
            self.say("  the environment is broken; it is made anew")
            shutil.rmtree(str(self.folder))
        elif state == "half-made":
            self.say("  an earlier set-up did not come to its end; it goes on")
        if self.mark.exists():
            self.mark.unlink()
        if state in ("absent", "broken"):
            self._run([base, "-m", "venv", str(self.folder)], "making the environment")
        self._install()
        self._write_launcher()
        self._write_mark()

    def _install(self) -> None:
        wanted = self.wanted()
        torch = [line for line in wanted if line.split("=")[0] == TORCH]
        self.say("  PyTorch (first and alone, so that a build for this machine is taken)")
        for requirement in torch:
            self._pip(["install", *self._torch_options(requirement), requirement])
        self.say("  the other packages ({})".format(len(wanted) - len(torch)))
        constraints = self.root / "packaging" / "constraints.txt"
        self._pip(["install", "-c", str(constraints), *wanted])

    def wanted(self) -> List[str]:
        """Return the requirements of pyproject.toml, with the extras (read by a Python that has tomllib)."""
        command = [str(self.python), "-c", _WANTED, str(self.root / "pyproject.toml")]
        return list(json.loads(subprocess.check_output(command).decode("utf-8")))

    def _torch_options(self, requirement: str) -> List[str]:
        """Ask for PyTorch's own CPU builds on a Linux without NVIDIA's driver, if pip has none at hand."""
        if not sys.platform.startswith("linux") or Path("/proc/driver/nvidia").exists():
            return []
        command = [str(self.python), "-m", "pip", "install", "--dry-run", "--no-deps", "-q"]
        answer = subprocess.run(
            [*command, "--report", "-", requirement], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout.decode("utf-8", "replace")
        nothing_to_do = '"install": []' in answer
        return [] if "+cpu" in answer or nothing_to_do else ["--extra-index-url", CPU_BUILDS]

    def _pip(self, arguments: List[str]) -> None:
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", *arguments]
        self._run([*command, "--progress-bar", "off"], "installing packages")

    def _run(self, command: List[str], doing: str) -> None:
        """Run a command; show what it collects, keep all it says, and its end where it fails."""
        lines: List[str] = []
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        with subprocess.Popen(command, **options) as process:
            for raw in process.stdout:
                lines.append(raw.decode("utf-8", "replace").rstrip())
                if lines[-1].startswith(("Collecting ", "Installing collected")):
                    self.say("    " + lines[-1].split(" (from")[0][:100])
        if self.folder.is_dir():
            with self.log.open("a", encoding="utf-8") as log:
                log.write("\n".join([" ".join(command), *lines, ""]))
        if process.returncode != 0:
            raise SetupFailed("\n".join([*lines[-30:], "", "It failed while {}.".format(doing)]))

    def _write_launcher(self) -> None:
        """Put the command ``modelwright`` beside the environment's Python."""
        text = _LAUNCHER.format(python=self.python, root=str(self.root))
        self.launcher.write_text(text, encoding="utf-8")
        self.launcher.chmod(0o755)
        if os.name == "nt":
            batch = '@"%~dp0python.exe" "%~dp0modelwright.py" %*\r\n'
            self.launcher.with_suffix(".bat").write_text(batch, encoding="utf-8")

    def _write_mark(self) -> None:
        fresh = self.mark.with_suffix(".new")
        fresh.write_text(self.fingerprint() + "\n", encoding="utf-8")
        fresh.replace(self.mark)
