"""No word is cut, covered or pushed out at 100, 150 and 200%, on a window of 1280 by 800 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.tour.hand import let_run
from tests.e2e.person import Person
from tests.e2e.seen import faults
from widgets.look import theme

pytestmark = pytest.mark.gui_e2e

ROOMS = ("start", "data", "design", "train", "graph", "ship", "runs", "compare", "settings")


@pytest.fixture(scope="module", params=[1.0, 1.5, 2.0], ids=["100%", "150%", "200%"])
def reader(
    request: pytest.FixtureRequest, qapp: QApplication, home: Path, fake_engine: None
) -> Iterator[Person]:
    """A window with large text, a project and a finished run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theme, "apply", partial(theme.apply, scale=request.param))
        person = Person(qapp, home)
        person.open()
        assert person.window is not None
        person.window.resize(1280, 800)
        person.start_from("breast-cancer")
        person.go("train")
        person.train()
        person.wait_idle()
        yield person
        person.close()
    theme.apply(qapp, "light")


def test_that_the_frame_has_room_for_its_words(reader: Person) -> None:
    shell = reader.shell
    assert (shell.width(), shell.height()) == (1280, 800)
    let_run(200)
    assert [*faults(shell.header), *faults(shell.rail), *faults(shell.status)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_that_no_word_of_a_room_is_cut_or_covered(reader: Person, room: str) -> None:
    page = reader.go(room)
    let_run(200)
    assert faults(page) == []
