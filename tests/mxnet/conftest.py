"""MXNet in its own interpreter; where it has no builds at all its tests are left out with one line."""

from __future__ import annotations

import pytest

from tests.conformance.data import digits_in
from tests.helpers.engine_pythons import has_builds
from tests.mxnet.runs import Digits


@pytest.fixture(scope="package")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits_in(tmp_path_factory.mktemp("data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/mxnet/" in item.path.as_posix() and not has_builds("mxnet"):
            item.add_marker(pytest.mark.skip(reason="MXNet 1.9.1 has no builds for this system"))
