"""Layers of one's own in the window: made from a template, opened, trusted, and read again when saved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QInputDialog

from app import own_layers
from app.bridge.flow_thread import FlowThread, Outcome
from app.messages import words
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder, write_text_atomic
from engines.contract.own_layers import LayerAnswer
from engines.design.names import check_name, free_name
from engines.design.own_layers import OwnLayers
from engines.training.run_folder import read_design

if TYPE_CHECKING:
    from widgets.rooms.design import DesignRoom

SETTLE_MS = 120
TEMPLATE = Path(__file__).parents[2] / "resources" / "templates" / "layer.py.txt"
TOLD = (ErrorCode.OWN_LAYER_BROKEN, ErrorCode.OWN_LAYER_FAILED, ErrorCode.OWN_LAYER_MISSING)


class OwnLayersController(QObject):
    """Watches the open project's folder ``layers`` and asks its files for shapes, away from the GUI thread.

    A trusted file that is saved while the window looks stays trusted: it is the person who edits it. What
    changed while it did not look is asked about again.
    """

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._asking: FlowThread | None = None
        self._seen: dict[str, str] = {}
        self._said = ""
        self._watcher = QFileSystemWatcher(self)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._connect()

    def _connect(self) -> None:
        bench = self._bench
        self._watcher.directoryChanged.connect(lambda _: self._settle.start())
        self._watcher.fileChanged.connect(lambda _: self._settle.start())
        self._settle.timeout.connect(self._on_files_changed)
        bench.project_changed.connect(self._on_project_changed)
        bench.design_changed.connect(self._ask)
        bench.shell.room_made.connect(self._on_room_made)
        bench.offer("trust_layers", self._trust)
        bench.offer("trust_run", self._trust_run)
        bench.offer("open_layer", lambda: self.open_file(str(bench.told_facts.get("file", ""))))

    @property
    def _own(self) -> OwnLayers:
        return self._bench.design.own if self._bench.design is not None else OwnLayers()

    # --- from the person ---

    def add(self, file: str) -> None:
        """Put a layer of the file into the design; "" asks for the name of a new one and makes it."""
        room = self._room()
        if room is None or self._bench.project is None:
            return
        if file:
            room.insert_own(file)
        else:
            self._ask_name(room)

    def make(self, name: str) -> None:
        """Make a layer of this name from the template, put it into the design, and open its file."""
        room, folder, stem = self._room(), self._own.folder, name.strip().removesuffix(".py")
        if room is None or folder is None:
            return
        there = {Path(one).stem.lower() for one in self._own.names}  # some systems take A.py for a.py
        taken = (stem,) if stem.lower() in there else ()
        if self._bench.attempt(lambda: check_name(stem, taken)):
            path = folder / f"{stem}.py"
            text = TEMPLATE.read_text(encoding="utf-8").format(name=class_name(stem))
            if self._bench.attempt(lambda: _write(path, text)):
                self._take_new(path.name)
                room.insert_own(path.name)

    def open_file(self, name: str) -> None:
        """Open a layer's file in the person's own editor."""
        folder = self._own.folder
        if folder is not None and Path(name).name == name and (folder / name).is_file():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder / name)))

    def _ask_name(self, room: DesignRoom) -> None:
        dialog = QInputDialog(room)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setObjectName("own_layer_dialog")
        dialog.setWindowTitle(words.LAYER_TITLE)
        dialog.setLabelText(words.LAYER_NAME)
        dialog.setTextValue(free_name("layer", [Path(name).stem for name in self._own.names]))
        dialog.textValueSelected.connect(self.make)
        dialog.open()

    def _take_new(self, file: str) -> None:
        self._trust_now(file)
        self._watch()
        self.open_file(file)

    def _trust(self) -> None:
        if self._bench.attempt(lambda: own_layers.trust_files(self._own)):
            self._look()
            self._tell_design()

    def _trust_run(self) -> None:
        run = Path(str(self._bench.told_facts.get("path", "")))
        self._bench.attempt(lambda: own_layers.trust_run(run, read_design(run)))

    # --- from the disk ---

    def _on_project_changed(self) -> None:
        self._said = ""
        self._watch()
        self._look()
        self._ask()

    def _on_files_changed(self) -> None:
        """Read the files anew: what the person saves stays trusted, and what is wrong with it is told."""
        before = dict(self._seen)
        self._look()
        for name, digest in self._seen.items():
            if digest != before.get(name, digest) and self._trusted(before[name]):
                self._trust_now(name)
        self._watch()
        self._tell_design()

    def _watch(self) -> None:
        watched = [*self._watcher.files(), *self._watcher.directories()]
        if watched:
            self._watcher.removePaths(watched)
        folder = self._own.folder
        if folder is not None:
            wanted = [folder.parent, folder, *(folder / name for name in self._own.names)]
            there = [str(path) for path in wanted if path.exists()]
            if there:  # Qt complains of none, as where the project's folder went
                self._watcher.addPaths(there)

    def _look(self) -> None:
        """Note what each file holds now; one that cannot be read keeps what it held."""
        seen = {}
        for name in self._own.names:
            try:
                seen[name] = self._own.file(name).digest
            except WorkbenchError:
                seen[name] = self._seen.get(name, "")
        self._seen = seen

    def _trusted(self, digest: str) -> bool:
        folder = self._own.folder
        return folder is not None and own_layers.trusts(folder, digest)

    def _trust_now(self, name: str) -> None:
        own = self._own
        if own.folder is not None:
            folder, digest = own.folder, own.file(name).digest
            self._bench.attempt(lambda: own_layers.trust(folder, (digest,)))
            self._seen[name] = digest

    # --- shapes ---

    def _tell_design(self) -> None:
        if self._bench.design is not None:
            self._bench.design.tell_layers_changed()

    def _ask(self) -> None:
        """Ask the files whose shapes the design waits for; say what is wrong with one."""
        design = self._bench.design
        if design is None or self._asking is not None:
            return
        problems = design.problems()
        if design.own.pending:
            answers: dict[str, LayerAnswer] = {}
            questions = dict(design.own.pending)
            ended = partial(self._on_answered, design.own, answers)
            self._asking = self._bench.work(
                "own layers", lambda desk: own_layers.ask_all(desk, questions, answers), None, ended
            )
            return
        self._complain([fault for fault in problems.values() if fault.code in TOLD or _untrusted(fault)])

    def _on_answered(self, own: OwnLayers, answers: dict[str, LayerAnswer], outcome: Outcome) -> None:
        self._asking = None
        own.pending.clear()
        for key, answer in answers.items():
            self._bench.attempt(partial(own.learn, key, answer))
        if isinstance(outcome, BaseException):
            self._bench.tell(outcome)
            return
        self._tell_design()

    def _complain(self, faults: list[WorkbenchError]) -> None:
        """Say the first fault, once, and take it back when there is none any more."""
        said = str(faults[0]) if faults else ""
        if said and said != self._said:
            self._bench.tell(faults[0], "warning" if _untrusted(faults[0]) else "bad")
        elif not said and self._said and "file" in self._bench.told_facts:
            self._bench.quiet()
        self._said = said

    # --- the room ---

    def _room(self) -> DesignRoom | None:
        from widgets.rooms.design import DesignRoom

        page = self._bench.shell.room("design")
        return page if isinstance(page, DesignRoom) else None

    def _on_room_made(self, key: str) -> None:
        room = self._room() if key == "design" else None
        if room is not None:
            room.own_layer_requested.connect(self.add)
            room.file_requested.connect(self.open_file)


def class_name(stem: str) -> str:
    """Return what the class of a layer's file is called: attention_pool is AttentionPool."""
    return "".join(part[:1].upper() + part[1:] for part in stem.split("_"))


def _untrusted(fault: WorkbenchError) -> bool:
    return fault.code is ErrorCode.OWN_LAYER_UNTRUSTED


def _write(path: Path, text: str) -> None:
    make_folder(path.parent)
    write_text_atomic(path, text)
