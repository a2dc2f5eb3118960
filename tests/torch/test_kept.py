"""Compiled kernels are kept between runs, beside the prepared data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.framework


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "")
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR")
    return tmp_path / "digest"


def test_that_kernels_lie_beside_the_data_unless_the_person_says_where(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engines.backends.torch.forward import COMPILED, keep_compiled

    keep_compiled(data)
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(data.parent / COMPILED)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/elsewhere")
    keep_compiled(data)
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == "/elsewhere"


def test_that_a_folder_grown_large_is_begun_anew(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engines.backends.torch import forward

    kernel = data.parent / forward.COMPILED / "ab" / "kernel.so"
    kernel.parent.mkdir(parents=True)
    kernel.write_bytes(bytes(1000))
    forward.keep_compiled(data)
    assert kernel.exists()
    monkeypatch.setattr(forward, "MOST_COMPILED_BYTES", 500)
    forward.keep_compiled(data)
    assert not kernel.exists()
