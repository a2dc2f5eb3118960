"""The tour's way: every step a person would take, and what they then see."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import psutil
from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QAbstractSpinBox, QTabBar

from app.tour.hand import Hand, LostError, let_run
from app.window import Window, open_window, the_application
from widgets.canvas.view import Canvas
from widgets.graphing.stages import CompilerStages
from widgets.netron_view import NetronPage
from widgets.rooms.graph import ENGINE, NETRON

ROOMS = ("start", "data", "design", "train", "graph", "ship", "runs", "compare", "settings")
LARGE = (1920, 1080)
SMALL = (1280, 800)


class Walk:
    """Goes the way once; ``facts`` is what ``tour.json`` says."""

    def __init__(self, out: Path, said: Callable[[str], None] | None) -> None:
        self.out = out
        self.facts: dict[str, Any] = {"seconds": {}}
        self._say = said or (lambda text: None)
        shutil.rmtree(out / "home", ignore_errors=True)
        qInstallMessageHandler(_on_qt_message)
        self.app = the_application()
        self.window: Window | None = None

    def go(self) -> str:
        """Walk; return "" or what a person would have looked for in vain."""
        try:
            for step in (
                self.open_the_window,
                self.choose_a_template,
                self.edit_and_undo,
                self.look_at_the_data,
                self.choose_the_device,
                self.train,
                self.export,
                self.look_at_the_graph,
                self.optimize,
                self.look_inside_the_engine,
                self.look_with_netron,
                self.look_at_the_runs,
                self.take_pictures,
                self.kill_the_engine_and_resume,
                self.close_and_open_again,
            ):
                self._do(step)
        except LostError as lost:
            if self.window is not None:
                with suppress(LostError):  # the disk may be what is full
                    self.hand.picture("lost")
            return f"{step.__name__.replace('_', ' ')}: {lost}"
        finally:
            self._close()
            self._keep_files()
        return ""

    def _do(self, step: Callable[[], None]) -> None:
        began = time.monotonic()
        words = step.__name__.replace("_", " ")
        step()
        seconds = round(time.monotonic() - began, 2)
        self.facts["seconds"][words] = seconds
        self._say(f"{words}: {seconds:.1f} s")

    # --- the steps ---

    def open_the_window(self) -> None:
        """Open the window as the command does."""
        self.window = open_window(self.app)
        self.hand = Hand(self.window, self.out)
        self.hand.wait_for("template_digits-cnn")
        self.hand.click("rail_settings")
        self.hand.click("theme_light")
        self.hand.click("rail_start")
        self.hand.picture("01-start-light")

    def choose_a_template(self) -> None:
        """Begin with the digits CNN."""
        self.hand.click("template_digits-cnn")
        self.hand.wait_for("design_canvas")
        let_run(300)
        self.hand.picture("02-design-light")

    def edit_and_undo(self) -> None:
        """Pick a layer, change a value, take it back."""
        canvas = cast("Canvas", self.hand.find("design_canvas"))
        self.hand.click_in(canvas.viewport(), canvas.place_of("conv2"))
        field = cast("QAbstractSpinBox", self.hand.wait_for("setting_filters"))
        was = field.text()
        self.hand.click("setting_filters")
        field.selectAll()
        self.hand.type("24")
        self.hand.press(Qt.Key.Key_Return)
        self.hand.wait(lambda: field.text() == "24", 30, "the new number of filters")
        self.hand.picture("03-design-problem-light")
        canvas.setFocus()
        self.hand.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        self.hand.wait(lambda: field.text() == was, 30, "the old number of filters")

    def look_at_the_data(self) -> None:
        """See the samples."""
        self.hand.click("rail_data")
        self.hand.wait_for("data_open")
        let_run(300)
        self.hand.picture("04-data-light")

    def choose_the_device(self) -> None:
        """Pick engine and device in the header, once the engine has answered."""
        self.hand.wait(lambda: "." in self.hand.find("engine").property("text"), 120, "the engine's version")
        self.hand.choose("engine", 0)
        self.hand.choose("device", 0)

    def train(self) -> None:
        """Press the key for ▶, pause, resume, and see the run to its end."""
        self.hand.wait(self._idle, 120, "▶ to be ready")
        self.hand.press(Qt.Key.Key_F5)
        began = time.monotonic()
        self.hand.wait_for("pause", 120)
        self.facts["seconds_to_first_step"] = round(time.monotonic() - began, 2)
        self.hand.wait(lambda: self._epoch() >= 5, 120, "the fifth epoch")
        self.hand.picture("05-train-light")
        self.hand.click("pause")
        self.hand.wait_for("resume")
        self.hand.picture("06-paused-light")
        self.hand.click("resume")
        self.hand.wait(self._idle, 300, "the end of the training")
        self.hand.picture("07-trained-light")
        summary = self._record(self._runs()[-1])["summary"]
        self.facts["test_accuracy"] = summary["test_accuracy"]
        self.facts["samples_per_second"] = summary.get("samples_per_second")

    def export(self) -> None:
        """One click to a proven file."""
        self.hand.click("rail_ship")
        self.hand.click("ship_empty_export")
        artifacts = self._runs()[-1] / "artifacts"
        self.hand.wait(lambda: (artifacts / "model.onnx").is_file(), 120, "the exported file")
        self.hand.wait(lambda: self.hand.find("ship_export").isEnabled(), 60, "the proof")
        let_run(300)
        self.hand.picture("08-ship-light")
        proof = self._json(artifacts / "proof.json")
        self.facts["proof"] = proof["status"]
        self.facts["max_abs_error"] = proof["max_abs_error"]
        self.facts["max_rel_error"] = proof["max_rel_error"]
        self.facts["classes_agree"] = proof["classes_agree"]

    def look_at_the_graph(self) -> None:
        """See the trained model as the engine sees it, batch norm and all; pick a layer."""
        self.hand.click("rail_graph")
        canvas = cast("Canvas", self.hand.wait_for("graph_canvas"))
        self.hand.wait(lambda: bool(canvas.sheet.by_id), 60, "the graph")
        let_run(200)
        self.hand.picture("09-graph-light")

    def optimize(self) -> None:
        """Fold, clean, prove, measure."""
        self.hand.click("graph_optimize")
        figures = self._runs()[-1] / "artifacts" / "optimized.json"
        self.hand.wait(figures.is_file, 180, "the optimizer's figures")
        self.hand.wait(lambda: self.hand.find("graph_optimize").isEnabled(), 60, "the optimizer's report")
        let_run(300)
        self.hand.picture("10-optimized-light")
        view = self._json(figures)
        for when in ("before", "after"):
            facts = view[when]
            self.facts[when] = {
                key: facts[key] for key in ("nodes", "bytes", "latency_plain_ms", "latency_runtime_ms")
            }
            self.facts[when]["batch_normalizations"] = facts["operators"].get("BatchNormalization", 0)
        self.facts["optimized_max_abs_error"] = view["proof"]["max_abs_error"]

    def look_inside_the_engine(self) -> None:
        """Follow the model through the engine's own compiler."""
        tabs = cast("QTabBar", self.hand.find("graph_tabs"))
        self.hand.click("graph_tabs", tabs.tabRect(ENGINE).center())
        stages = cast("CompilerStages", self.hand.wait_for("compiler_stages"))
        self.hand.wait(lambda: stages.view is not None, 180, "the stages of the compiler")
        let_run(300)
        self.hand.picture("11-stages-light")
        assert stages.view is not None
        self.facts["stages"] = len(stages.view.stages)
        self.facts["stages_max_abs_error"] = max(stage.max_abs_error for stage in stages.view.stages)

    def look_with_netron(self) -> None:
        """See the same model in Netron, and that no request left the machine."""
        tabs = cast("QTabBar", self.hand.find("graph_tabs"))
        self.hand.click("graph_tabs", tabs.tabRect(NETRON).center())
        page = self.hand.window.findChild(NetronPage)
        counts: list[int] = []

        def drawn() -> bool:
            if page is not None:
                page.node_count(counts.append)
            return bool(counts and counts[-1])

        self.hand.wait(drawn, 90, "Netron's drawing")
        let_run(500)
        self.hand.picture("12-netron-light")
        requests = page.requests() if page is not None else []
        let_through = [request.url for request in requests if request.allowed]
        self.facts["netron_nodes"] = counts[-1]
        self.facts["requests"] = len(let_through)
        self.facts["requests_elsewhere"] = [url for url in let_through if not _is_local(url)]
        self.hand.click("graph_tabs", tabs.tabRect(0).center())

    def look_at_the_runs(self) -> None:
        """See the run in the list."""
        self.hand.click("rail_runs")
        self.hand.wait_for("runs_table")

    def take_pictures(self) -> None:
        """Every page in light and dark, small and large."""
        for scheme in ("light", "dark"):
            self.hand.click("rail_settings")
            self.hand.click(f"theme_{scheme}")
            for size in (SMALL, LARGE):
                self.hand.window.resize(*size)
                let_run(200)
                for room in ROOMS:
                    self.hand.click(f"rail_{room}")
                    let_run(150)
                    self.hand.picture(f"{room}-{scheme}-{size[0]}")
        self.hand.window.resize(*SMALL)

    def kill_the_engine_and_resume(self) -> None:
        """End the engine's process while it trains; go on from the last checkpoint with one click."""
        before = len(self._runs())
        self.hand.click("train")
        self.hand.wait(lambda: len(self._runs()) > before and self._epoch() >= 3, 120, "the third epoch")
        self.hand.picture("13-train-dark")
        record = self._record(self._runs()[-1])
        began = time.monotonic()
        psutil.Process(record["pid"]).kill()
        self.hand.wait_for("message_action", 90)
        self.facts["seconds_to_crash_message"] = round(time.monotonic() - began, 2)
        self.hand.picture("14-killed-dark")
        self.hand.click("message_action")
        self.hand.wait_for("pause", 120)
        self.hand.wait(self._idle, 300, "the end of the resumed run")
        self.hand.picture("15-resumed-dark")
        self.facts["resumed_test_accuracy"] = self._record(self._runs()[-1])["summary"]["test_accuracy"]

    def close_and_open_again(self) -> None:
        """The same window comes back."""
        self._close()
        self.window = open_window(self.app)
        self.hand = Hand(self.window, self.out)
        self.hand.pictures = list(self.facts.get("pictures", []))
        self.hand.wait_for("run_progress", 60)
        let_run(500)
        self.hand.picture("16-reopened-dark")

    # --- what is on the disk ---

    def _runs(self) -> list[Path]:
        found = (self.out / "home").glob("Modelwright/*/runs/*/run.json")
        return sorted((path.parent for path in found), key=lambda run: run.name)

    def _record(self, run: Path) -> dict[str, Any]:
        return self._json(run / "run.json")

    def _json(self, path: Path) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return read

    def _epoch(self) -> int:
        """Count the validations that the newest run's own record tells of."""
        runs = self._runs()
        events = runs[-1] / "events.jsonl" if runs else None
        if events is None or not events.is_file():
            return 0
        return events.read_text(encoding="utf-8").count('"kind": "validated"')

    def _idle(self) -> bool:
        return self.hand.sees("train") and self.hand.find("train").isEnabled()

    def _close(self) -> None:
        if self.window is not None:
            self.facts["pictures"] = self.hand.pictures
            self.window.close()
            self.window.deleteLater()
            self.window = None
            let_run(50)

    def _keep_files(self) -> None:
        """Put the run and both ONNX files where the person looks for them."""
        runs = self._runs()
        if not runs:
            return
        shutil.rmtree(self.out / "run", ignore_errors=True)
        shutil.copytree(runs[0], self.out / "run")
        for name in ("model.onnx", "optimized.onnx"):
            if (runs[0] / "artifacts" / name).is_file():
                shutil.copyfile(runs[0] / "artifacts" / name, self.out / name)


_OF_THE_SCREEN = ("This plugin does not support", "QRhiGles2: Failed to create", "Failed to create RHI")


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Pass on what Qt says, but for what a virtual screen says of itself."""
    if not message.startswith(_OF_THE_SCREEN):
        sys.stderr.write(f"{message}\n")


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://localhost:", "qrc:", "data:", "blob:", "about:"))
