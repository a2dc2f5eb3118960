"""A Train room, and a run in it, for the tests of that room."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.sample_runs import STEPS_PER_EPOCH, SampleRun
from widgets.look.theme import apply
from widgets.rooms.train import TrainRoom


def train_room(qapp: QApplication, qtbot: QtBot) -> TrainRoom:
    """Return an empty room, as large as in the smallest window."""
    apply(qapp, "light")
    made = TrainRoom()
    qtbot.addWidget(made)
    made.resize(1216, 722)
    return made


def going(room: TrainRoom, epochs: int = 12) -> SampleRun:
    """Show a run of so many epochs that goes on; the best is the eleventh."""
    run = SampleRun()
    room.follow(run, "Run 7 · cosine, batch 32")
    room.show_event(run.start())
    for epoch in range(1, epochs + 1):
        run.take(STEPS_PER_EPOCH)
        for event in run.epoch_events(epoch, best=epoch == 11):
            room.show_event(event)
    room.refresh()
    return run
