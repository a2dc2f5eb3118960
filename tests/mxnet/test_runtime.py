"""How MXNet is imported: notes held back, a missing library of the system named. No MXNet is needed."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from app.messages.table import tell_error
from engines.backends.mxnet import runtime
from engines.contract.errors import ErrorCode, WorkbenchError


def fail_with(error: Exception) -> Any:
    def import_module(name: str) -> None:
        raise error

    return import_module


def test_that_a_missing_library_of_the_system_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = "libquadmath.so.0: cannot open shared object file: No such file or directory"
    monkeypatch.setattr(importlib, "import_module", fail_with(OSError(words)))
    monkeypatch.delitem(sys.modules, "mxnet", raising=False)
    with pytest.raises(WorkbenchError) as caught:
        runtime.prepare()
    assert caught.value.code is ErrorCode.LIBRARY_MISSING
    told = tell_error(caught.value)
    assert "libquadmath.so.0" in told.what
    assert "libquadmath0" in told.todo


def test_that_any_other_fault_of_its_import_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", fail_with(OSError("no permission")))
    monkeypatch.delitem(sys.modules, "mxnet", raising=False)
    with pytest.raises(OSError, match="no permission"):
        runtime.prepare()


def test_that_the_note_of_a_trained_average_pool_is_chatter() -> None:
    line = b"[08:08:50] ../src/operator/nn/mkldnn/mkldnn_pooling.cc:58: MKLDNN Pooling: training with "
    assert runtime.CHATTER.fullmatch(line + b"prop_kind is forward_scoring")


@pytest.mark.parametrize("line", [b"[08:08:50] ../src/engine.cc:9: out of memory", b"Segmentation fault: 11"])
def test_that_errors_are_none(line: bytes) -> None:
    assert not runtime.CHATTER.fullmatch(line)
