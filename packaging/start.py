"""Set up Modelwright and start it: the one command for a fresh clone and for every day.

    python3 packaging/start.py                  the window (on a machine without a display: the tour)
    python3 packaging/start.py test [--fast]    the checks; further arguments go to pytest
    python3 packaging/start.py bench [NAME]     the figures
    python3 packaging/start.py setup            sets up and starts nothing
    python3 packaging/start.py train ...        any other command goes to the application

Standard library only; it runs on any Python from 3.8 on and looks for a supported one itself.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Tuple

import system_libraries
from environment import Environment, SetupFailed
from find_python import Python, find, how_to_get

ROOT = Path(__file__).resolve().parent.parent
QUICK = "not framework and not gui_e2e and not commands and not soak and not gpu"
FEWER_EXAMPLES = "--hypothesis-profile=quick"
USUAL = "not soak and not gpu"
SIDE_BY_SIDE = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
"""Two processes, each with whole files: a file's tests share a window or a child."""
CHECKS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("lint-imports", ["-c", "from importlinter.cli import lint_imports_command as run; run()"]),
)


def say(line: str) -> None:
    """Show a line at once, also where the output is a file; what the console lacks becomes '?'."""
    encoding = sys.stdout.encoding or "ascii"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


def has_display(environ: Dict[str, str], platform: str = sys.platform) -> bool:
    """Tell whether a window can be shown."""
    if not platform.startswith("linux"):
        return True
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def set_up(environment: Environment) -> None:
    """Make the environment complete; nothing happens where it is."""
    if environment.state() == "complete":
        return
    say("Setting up Modelwright in {} (once; some minutes)".format(environment.folder))
    say("[1/3] Python")
    python = choose_python()
    say("  {} ({})".format(python.path, ".".join(map(str, python.version))))
    say("[2/3] Qt's system libraries")
    provide_libraries()
    say("[3/3] Packages")
    environment.make(python.path)
    say("Ready.")


def choose_python() -> Python:
    """Return the Python to build on; get Debian's missing half of one where that is allowed."""
    found = find()
    if found and not found[0].makes_environments and system_libraries.debian_like():
        say("  {} lacks venv; asking Debian for it".format(found[0].path))
        system_libraries.install(["python3.{}-venv".format(found[0].version[1])], say)
        found = find()
    if not found or not found[0].makes_environments:
        raise SetupFailed(how_to_get(debian=system_libraries.debian_like()))
    return found[0]


def provide_libraries() -> None:
    """See to what Qt needs from a Linux system."""
    if not sys.platform.startswith("linux"):
        say("  come with Qt on this system")
        return
    packages = system_libraries.missing(display=has_display(dict(os.environ)))
    if not packages:
        say("  all there")
    elif not system_libraries.debian_like():
        say("  missing; please install what your system calls: " + " ".join(packages))
    else:
        say("  missing: " + " ".join(packages))
        system_libraries.install(packages, say)


def run_application(environment: Environment, arguments: List[str]) -> int:
    """Hand over to the application."""
    if not arguments and not has_display(dict(os.environ)):
        say("There is no display here: the tour runs the window on a virtual screen instead.")
        arguments = ["tour"]
    return _hand_over([str(environment.python), str(environment.launcher), *arguments])


def run_tests(environment: Environment, arguments: List[str]) -> int:
    """Run the checks, then pytest, whose summary is the last line; return 0 only if all passed."""
    fast = "--fast" in arguments
    rest = [argument for argument in arguments if argument != "--fast"]
    python = str(environment.python)
    failed = _failed_checks(python)
    if not fast:
        prepare_old_python(environment)
        prepare_engines(environment)
    say("== pytest" + (" (these checks FAILED: {})".format(", ".join(failed)) if failed else ""))
    chosen = [] if "-m" in rest else ["-m", QUICK if fast else USUAL]
    chosen += [FEWER_EXAMPLES] if fast else []
    command = [python, "-m", "pytest", *SIDE_BY_SIDE, *chosen, *rest]
    status = subprocess.call(command, cwd=str(ROOT), env=_that_keeps_compiled_code())
    return status or (1 if failed else 0)


def _that_keeps_compiled_code() -> Dict[str, str]:
    """Return the environment without a wish to compile all tests anew each time, in each process."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _failed_checks(python: str) -> List[str]:
    """Run the checks side by side, show what each said one after the other; return who failed."""
    failed = []
    with ThreadPoolExecutor() as pool:
        for name, (status, said) in zip(dict(CHECKS), pool.map(_check, [[python, *c] for _, c in CHECKS])):
            say("== {}\n{}".format(name, said.rstrip()))
            failed += [name] if status else []
    return failed


def _check(command: List[str]) -> Tuple[int, str]:
    done = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def prepare_old_python(environment: Environment) -> None:
    """Give a Python 3.10 with NumPy to the test that really runs the worker there, if one is at hand."""
    folder = ROOT / ".venv-worker"
    if (folder / "complete").exists():
        return
    found = [python for python in find(((3, 10),)) if python.makes_environments]
    if not found:
        return
    say("== Python 3.10 for the worker's test: " + found[0].path)
    shutil.rmtree(str(folder), ignore_errors=True)
    python = folder / environment.python.relative_to(environment.folder)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    made = subprocess.call([found[0].path, "-m", "venv", str(folder)], **quiet)
    if made == 0 and subprocess.call([str(python), "-m", "pip", "install", "-q", "numpy"], **quiet) == 0:
        (folder / "complete").touch()


def prepare_engines(environment: Environment) -> None:
    """Install engines that cannot live beside the others for their tests; those say so where it fails."""
    command = [str(environment.python), "-m", "tests.helpers.engine_pythons"]
    if subprocess.call(command, cwd=str(ROOT)) != 0:
        say("== an engine's own environment could not be made; its tests will fail")


def run_bench(environment: Environment, arguments: List[str]) -> int:
    """Run the figures named (all, where none is); from the first option on, arguments go to them."""
    options = next((i for i, argument in enumerate(arguments) if argument.startswith("-")), len(arguments))
    known = known_figures()
    chosen = arguments[:options] or known
    unknown = [name for name in chosen if name not in known]
    if unknown or not known:
        say("There is no figure {}; known: {}".format(" ".join(unknown), ", ".join(known) or "none"))
        return 2
    environ = dict({"QT_QPA_PLATFORM": "offscreen"}, **os.environ)
    codes = []
    for name in chosen:
        say("== " + name)
        command = [str(environment.python), "-m", "tests.bench." + name, *arguments[options:]]
        codes.append(subprocess.call(command, cwd=str(ROOT), env=environ))
    return max(codes)


def known_figures() -> List[str]:
    """Return the scripts among the figures; the modules and tests that lie beside them are none."""
    scripts = (ROOT / "tests" / "bench").glob("[!_]*.py")
    return sorted(path.stem for path in scripts if "__main__" in path.read_text(encoding="utf-8"))


def _hand_over(command: List[str]) -> int:
    """Become the command; on Windows, where that would detach the console, wait for it."""
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(command[0], command)
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 130


def main(arguments: List[str]) -> int:
    """Set up, then do what was asked for."""
    environment = Environment(ROOT, say)
    try:
        set_up(environment)
    except SetupFailed as failure:
        say(str(failure))
        say("Start again to go on; everything pip said is in {}".format(environment.log))
        return 1
    if arguments == ["setup"]:
        return 0
    if arguments[:1] == ["test"]:
        return run_tests(environment, arguments[1:])
    if arguments[:1] == ["bench"]:
        return run_bench(environment, arguments[1:])
    return run_application(environment, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
