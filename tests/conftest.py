"""What every test has: an offscreen Qt, a home of its own, and silence as the pass condition."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if getattr(os, "geteuid", lambda: 1)() == 0:
    os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--no-sandbox --disable-gpu")

_homes = tempfile.TemporaryDirectory(prefix="modelwright-test-", ignore_cleanup_errors=True)
os.environ["MODELWRIGHT_HOME"] = _homes.name

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from engines.contract.spec import DataManifest  # noqa: E402
from tests.helpers.silence import Silence, watch_qt  # noqa: E402

_number = count(1)
settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("quick", settings.get_profile("house"), max_examples=20)
settings.load_profile("house")
watch_qt()


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
    asked = request.fixturenames
    watch = Silence(logs="caplog" not in asked, qt_messages="qtlog" not in asked)
    watch.listen()
    yield
    found = watch.close()
    if found:
        pytest.fail("The test was not silent:\n  " + "\n  ".join(found), pytrace=False)
