"""The watch over silence itself: it names what a test left behind, and says nothing of a tidy one."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
import warnings

import pytest

from tests.helpers import silence
from tests.helpers.silence import Silence


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "GRACE", 0.0)


def watching(**asked: bool) -> Silence:
    watch = Silence(**asked)
    watch.listen()
    return watch


def test_that_a_tidy_test_is_silent() -> None:
    watch = watching()
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert watch.close() == []


def test_that_a_leaked_thread_is_named() -> None:
    watch, end = watching(), threading.Event()
    thread = threading.Thread(target=end.wait, name="forgotten")
    thread.start()
    found = watch.close()
    end.set()
    thread.join()
    assert found == ["thread 'forgotten' still runs"]


def test_that_a_leaked_child_process_is_named() -> None:
    watch = watching()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = watch.close()
    child.communicate(b"\n")
    assert len(found) == 1
    assert str(child.pid) in found[0]
    assert "input()" in found[0]


def test_that_an_unexpected_warning_in_the_log_is_named(caplog: pytest.LogCaptureFixture) -> None:
    watch = watching()
    logging.getLogger("engines.host").warning("the child %d is late", 7)
    logging.getLogger("engines.host").info("all is well")
    assert watch.close() == ["logged (WARNING, engines.host): the child 7 is late"]
    assert len(caplog.records) >= 1


def test_that_a_test_which_expects_the_log_may_speak(caplog: pytest.LogCaptureFixture) -> None:
    watch = watching(logs=False)
    logging.getLogger("engines.host").error("meant")
    assert watch.close() == []


def test_that_what_is_ending_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "GRACE", 10.0)
    watch = watching()
    threading.Timer(0.1, lambda: None).start()
    assert watch.close() == []


def test_that_looking_costs_next_to_nothing() -> None:
    costs = []
    for _ in range(20):
        begun = time.process_time()
        watching().close()
        costs.append(time.process_time() - begun)
    assert min(costs) < 0.005


def test_that_a_python_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="mind"):
        warnings.warn("mind", stacklevel=1)


class TestQt:
    @pytest.fixture(autouse=True)
    def application(self) -> None:
        pytest.importorskip("PySide6")
        from PySide6.QtWidgets import QApplication

        self.application = QApplication.instance() or QApplication([])

    def test_that_a_message_of_qt_is_named(self) -> None:
        from PySide6.QtCore import qWarning

        watch = watching()
        qWarning("the paint is dry")
        found = watch.close()
        assert found == ["Qt said (QtWarningMsg): the paint is dry"]

    def test_that_a_running_timer_is_named_with_its_owner(self) -> None:
        from PySide6.QtCore import QObject, QTimer

        watch, owner = watching(), QObject(objectName="chart")
        timer = QTimer(owner, objectName="paint")
        timer.start(1000)
        found = watch.close()
        timer.stop()
        assert found == ["QTimer QTimer 'paint' of QObject 'chart' (every 1000 ms) still runs"]

    def test_that_a_running_qthread_is_named(self) -> None:
        from PySide6.QtCore import QThread

        watch, thread = watching(), QThread(objectName="engine")
        thread.start()
        found = watch.close()
        thread.quit()
        thread.wait()
        assert found == ["QThread QThread 'engine' still runs"]

    def test_that_an_open_window_is_named(self) -> None:
        from PySide6.QtWidgets import QWidget

        watch, window = watching(), QWidget(objectName="left open")
        window.show()
        found = watch.close()
        window.close()
        assert found == ["window QWidget 'left open' is still open"]

    def test_that_what_was_deleted_later_is_gone(self) -> None:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QWidget

        watch, window = watching(), QWidget()
        timer = QTimer(window)
        timer.start(1000)
        window.show()
        window.deleteLater()
        assert watch.close() == []
