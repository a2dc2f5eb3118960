"""A backend whose framework cannot be imported says so itself, whatever the import does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Finished, Progress
from engines.contract.jobs import ProbeJob
from engines.training.control import ControlFlags
from engines.training.engine_jobs import answer
from tests.helpers.fake_jobs import fake_training


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty backend; return the file of its probe."""
    folder = tmp_path / "broken_backend"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("broken_backend")]:
        monkeypatch.delitem(sys.modules, name)
    return folder / "probe.py"


@pytest.mark.parametrize(
    ("source", "what", "why"),
    [
        ("import no_such_framework", "ModuleNotFoundError", "no_such_framework"),
        ("raise AttributeError('module numpy has no attribute bool')", "AttributeError", "numpy"),
        ("def (:", "SyntaxError", "invalid syntax"),
        ("import sys; sys.exit('licence missing')", "SystemExit", "licence missing"),
    ],
)
def test_that_an_import_that_fails_in_any_way_is_told_as_the_engines_fault(
    backend: Path, source: str, what: str, why: str
) -> None:
    backend.write_text(source + "\n", encoding="utf-8")
    with pytest.raises(WorkbenchError) as caught:
        list(answer("broken_backend", ProbeJob(), ControlFlags()))
    assert caught.value.code is ErrorCode.ENGINE_UNIMPORTABLE
    assert caught.value.facts["what"] == what
    assert why in str(caught.value.facts["why"])
    assert caught.value.facts["python"] == sys.executable
    assert "Traceback" in caught.value.details


def test_that_a_fault_of_ours_while_importing_keeps_its_own_code(backend: Path) -> None:
    backend.write_text(
        "from engines.contract.errors import ErrorCode, WorkbenchError\n"
        "raise WorkbenchError(ErrorCode.LIBRARY_MISSING, engine='x', library='libgomp', packages='y')\n",
        encoding="utf-8",
    )
    with pytest.raises(WorkbenchError) as caught:
        list(answer("broken_backend", ProbeJob(), ControlFlags()))
    assert caught.value.code is ErrorCode.LIBRARY_MISSING


def test_that_the_job_says_when_its_framework_is_there_and_not_before(backend: Path, tmp_path: Path) -> None:
    train = backend.with_name("train.py")
    train.write_text(
        "from engines.contract.events import Finished\ndef train(job, flags):\n    yield Finished()\n",
        encoding="utf-8",
    )
    job = fake_training(tmp_path)
    assert list(answer("broken_backend", job, ControlFlags())) == [Progress("engine", 1, 1), Finished()]
    train.write_text("raise RuntimeError('no such library')\n", encoding="utf-8")
    sys.modules.pop("broken_backend.train")
    with pytest.raises(WorkbenchError):
        next(answer("broken_backend", job, ControlFlags()))
