"""What tests of the shared loop ask for."""

from __future__ import annotations

import pytest

from engines.training import loop


@pytest.fixture
def every_epoch_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save each epoch however short it is."""
    monkeypatch.setattr(loop, "SAVING_SHARE", 0)
