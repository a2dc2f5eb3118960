"""Where MXNet has no builds at all its tests are left out with one line."""

from __future__ import annotations

import pytest

from tests.helpers.engine_pythons import has_builds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/mxnet/" in item.path.as_posix() and not has_builds("mxnet"):
            item.add_marker(pytest.mark.skip(reason="MXNet 1.9.1 has no builds for this system"))
