"""The commands that build an environment stay inside it, and their words are understood."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engines.contract.errors import ErrorCode
from engines.environments import builders
from engines.environments.commands import CommandFailed
from engines.environments.faults import install_fault
from engines.environments.locked import LOCKED
from engines.registry import ENGINES

UV = """Resolved 18 packages in 310ms
Downloading mxnet (46.8MiB)
 Downloaded mxnet
Prepared 18 packages in 695ms
 + charset-normalizer==3.5.2
 + numpy==1.23.5
"""
PIP = """Looking in indexes: https://pypi.org/simple
Collecting numpy==1.23.5
  Downloading numpy-1.23.5-cp311-cp311-manylinux.whl (17.1 MB)
Collecting typing_extensions>=4 (from onnx)
Collecting requests<3,>=2.20.0
Installing collected packages: numpy
Successfully installed numpy-1.23.5
"""


def named(text: str) -> list[str]:
    return [name for line in text.splitlines() if (name := builders.package_in(line))]


def test_that_the_installers_lines_name_packages() -> None:
    assert named(UV) == ["mxnet", "charset-normalizer", "numpy"]
    assert [name for name in named(PIP) if "." not in name] == ["numpy", "typing-extensions", "requests"]


@pytest.mark.parametrize("requirement", ["Num_Py==1", "num-py >= 2", "num.py"])
def test_that_a_requirement_names_its_package_as_pip_compares_names(requirement: str) -> None:
    assert builders.name_of(requirement).replace(".", "-") == "num-py"
    assert builders.name_of("jax[cuda12]==0.10.2; python_version > '3'") == "jax"


@pytest.mark.parametrize("row", [row for row in ENGINES if row.visible], ids=lambda row: row.name)
def test_that_every_engine_has_a_list_with_what_its_row_promises(row: object) -> None:
    locked = LOCKED[row.name]  # type: ignore[attr-defined]
    assert set(row.install.split()) <= set(locked.requirements)  # type: ignore[attr-defined]
    assert all("==" in one or "<" in one for one in locked.requirements)
    assert locked.pythons
    assert all(tuple(map(int, one.split("."))) >= (3, 10) for one in locked.pythons)


@pytest.mark.parametrize("engine", LOCKED)
def test_that_every_engine_s_worker_gets_its_numpy(engine: str) -> None:
    assert "numpy" in {builders.name_of(one) for one in LOCKED[engine].requirements}


def test_that_the_hash_of_a_list_moves_with_the_list_and_the_python() -> None:
    torch, mxnet = LOCKED["torch"], LOCKED["mxnet"]
    assert torch.digest("3.11") == torch.digest("3.11")
    assert len({torch.digest("3.11"), torch.digest("3.12"), mxnet.digest("3.11")}) == 3


@pytest.mark.parametrize("engine", LOCKED)
def test_that_builds_for_a_gpu_are_pinned_too_and_are_the_same_engine(engine: str) -> None:
    locked = LOCKED[engine]
    assert not locked.with_nvidia or "==" in locked.with_nvidia
    assert builders.name_of(locked.with_nvidia).startswith(engine) or not locked.with_nvidia


def test_that_a_gpu_changes_what_is_installed_only_where_builds_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engines.environments.locked.sys.platform", "linux")
    flow = LOCKED["tensorflow"]
    assert flow.wanted(gpu=True)[0] == "tensorflow[and-cuda]==2.21.0"
    assert flow.wanted(gpu=True)[1:] == flow.wanted(gpu=False)[1:]
    assert LOCKED["mxnet"].wanted(gpu=True) == LOCKED["mxnet"].wanted(gpu=False)
    assert LOCKED["torch"].pip_options(gpu=False)[0] == "--extra-index-url"
    assert LOCKED["torch"].pip_options(gpu=True) == ()


def test_that_uv_is_tried_first_and_pip_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    monkeypatch.setattr(builders, "find_uv", lambda: "/uv")
    first, second = builders.ways(LOCKED["torch"], sys.executable, tmp_path / "venv", python, gpu=False)
    assert (first.name, second.name) == ("uv", "pip")
    assert str(python) in first.commands[-1]
    assert second.commands[-1][0] == str(python)
    assert all("torch==2.13.0" in way.commands[-1] for way in (first, second))
    monkeypatch.setattr(builders, "find_uv", lambda: "")
    assert [way.name for way in builders.ways(LOCKED["jax"], "p", tmp_path, python, gpu=False)] == ["pip"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk_full",
        ),
        ("failed to write: No space left on device (os error 28)", "disk_full"),
        ("There is not enough space on the disk. (os error 112)", "disk_full"),
        ("error: Failed to fetch: `https://pypi.org/simple/numpy/`", "network_down"),
        ("NewConnectionError('<…>: Failed to establish a new connection: [Errno -3]')", "network_down"),
        ("dns error: failed to lookup address information: Name or service not known", "network_down"),
        ("ERROR: No matching distribution found for mxnet==1.9.1", "install_failed"),
        ("", "install_failed"),
    ],
)
def test_that_last_words_are_told_as_what_they_mean(words: str, code: str) -> None:
    fault = install_fault(CommandFailed(1, "Collecting numpy\n" + words), "mxnet", "/home/x")
    assert fault.code is ErrorCode(code)
    assert words in fault.details
    assert fault.facts["why" if code != "install_failed" else "status"]


UV_OFFLINE = """error: Request failed after 2 retries in 6.0s
  cause: Failed to fetch: http://pypi.example/simple/onnx/
  cause: error sending request for url (http://pypi.example/simple/onnx/)
  cause: dns error
  cause: failed to lookup address information: Name or service not known
"""
PIP_OFFLINE = """WARNING: Retrying (Retry(total=1, connect=None)) after connection broken by
'NewConnectionError("HTTPSConnection(host='pypi.example', port=443): Failed to establish a new connection:
[Errno 111] Connection refused")': /simple/onnx/
ERROR: No matching distribution found for onnx
"""
UV_SILENT = """error: Request failed after 1 retry in 11.8s
  cause: Failed to fetch: http://127.0.0.1:8765/simple/onnx/
  cause: operation timed out
"""


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (UV_OFFLINE, "http://pypi.example/simple/onnx/: Name or service not known"),
        (PIP_OFFLINE, "pypi.example: Connection refused"),
        (UV_SILENT, "http://127.0.0.1:8765/simple/onnx/: operation timed out"),
        (
            "Retrying: Temporary failure in name resolution\nERROR: No match",
            "Temporary failure in name resolution",
        ),
    ],
)
def test_that_the_reason_is_a_few_of_the_installers_words_and_whom_it_asked(words: str, why: str) -> None:
    assert install_fault(CommandFailed(1, words), "x", "/").facts["why"] == why


@pytest.mark.parametrize(
    ("settings", "own"),
    [
        ("global.index-url='https://mirror/simple'", True),
        (":env:.proxy='http://proxy:3128'", True),
        ("global.timeout='60'\n:env:.disable-pip-version-check='1'", False),
        ("", False),
    ],
)
def test_that_pip_is_known_to_have_a_road_of_its_own_by_its_settings(
    monkeypatch: pytest.MonkeyPatch, settings: str, own: bool
) -> None:
    monkeypatch.setattr(builders, "lines_of", lambda *about: iter(settings.splitlines()))
    way = builders.Way("pip", (("/lab/python", "-m", "venv"),))
    assert builders.has_own_road(way, lambda end: None) is own


def test_that_an_installer_gives_up_on_a_silent_host_in_a_minute_or_two(tmp_path: Path) -> None:
    set_up = {name: float(value or 0) for name, value in builders.NOWHERE_ELSE.items() if "HTTP" in name}
    assert set_up["UV_HTTP_TIMEOUT"] * (set_up["UV_HTTP_RETRIES"] + 1) <= 120
    pip = builders.ways(LOCKED["torch"], sys.executable, tmp_path, tmp_path / "python", gpu=False)[-1]
    words = pip.commands[-1]
    seconds, retries = (float(words[words.index(name) + 1]) for name in ("--timeout", "--retries"))
    assert seconds * (retries + 1) <= 120
