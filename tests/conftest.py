"""What every test has: an offscreen Qt, a home of its own, and silence as the pass condition."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if getattr(os, "geteuid", lambda: 1)() == 0:
    os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--no-sandbox --disable-gpu")

_homes = tempfile.TemporaryDirectory(prefix="modelwright-test-", ignore_cleanup_errors=True)
os.environ["MODELWRIGHT_HOME"] = _homes.name

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from tests.helpers.silence import Silence, watch_qt  # noqa: E402

if TYPE_CHECKING:
    from engines.contract.spec import DataManifest

_number = count(1)
settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("quick", settings.get_profile("house"), max_examples=20)
settings.load_profile("house")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, nor later in what was imported: it is all kept."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def no_power_cut() -> Iterator[None]:
    """Leave out the wait for the disk, which only a power cut would tell from none; children do wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)
        yield


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a user's folder of its own; it is made by whoever writes there first."""
    folder = Path(_homes.name) / str(next(_number))
    monkeypatch.setenv("MODELWRIGHT_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DataManifest]:
    """Prepare the digits once; return where they lie, and their manifest."""
    from tests.conformance.data import digits_in

    return digits_in(tmp_path_factory.mktemp("digits"))


@pytest.fixture(autouse=True)
def silence(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that leaves something running or says something unexpected."""
    watch_qt()
    asked = request.fixturenames
    watch = Silence(logs="caplog" not in asked, qt_messages="qtlog" not in asked)
    watch.listen()
    yield
    found = watch.close()
    if found:
        pytest.fail("The test was not silent:\n  " + "\n  ".join(found), pytrace=False)
