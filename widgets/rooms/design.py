"""The design room: palette, canvas, inspector; every edit can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QSplitter, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engines.contract.errors import WorkbenchError
from engines.contract.own_layers import OWN
from engines.contract.spec import Setting
from engines.design.arrange import arrange
from engines.design.catalogue import kind_of
from engines.design.document import Change, Design
from engines.design.inference import Inference, infer
from engines.design.own_layers import FILE, stem_of
from widgets.canvas.panel import CanvasPanel
from widgets.controls import EmptyPage
from widgets.designing.commands import MoveNodes, RenameNode, SetSetting
from widgets.designing.editing import AddAlone, RemoveLayer, ToggleLink
from widgets.designing.inserting import InsertLayer
from widgets.designing.inspector import DesignInspector
from widgets.designing.palette import LayerPalette
from widgets.designing.sheet import Tell, design_sheet, drawn_places


class DesignRoom(QWidget):
    """Shows one design and edits it.

    ``tell`` turns a fault into a sentence. ``design_changed`` comes after each change, undo included;
    ``node_selected`` carries a layer's name ("" for none). ``own_layer_requested`` carries the file of a
    layer of one's own to put in ("" for a new one), ``file_requested`` one to open. Given an ``undo_stack``,
    the room leaves clearing it, and the keys for it, to whoever gave it.
    """

    design_changed = Signal()
    node_selected = Signal(str)
    template_requested = Signal()
    own_layer_requested = Signal(str)
    file_requested = Signal(str)

    def __init__(
        self, tell: Tell, undo_stack: QUndoStack | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tell = tell
        self._design: Design | None = None
        self._unobserve: Callable[[], None] | None = None
        self._known: Inference | None = None
        self._owns_stack = undo_stack is None
        self.undo_stack = QUndoStack(self) if undo_stack is None else undo_stack
        self.palette_list = LayerPalette()
        self.panel = CanvasPanel("design_canvas", movable=True)
        self.canvas = self.panel.canvas
        self.inspector = DesignInspector(tell)
        self._empty = EmptyPage(
            "There is no design yet. Start from a template.",
            "Choose a template",
            "design_choose_template",
            icon_name="design",
        )
        self._build()
        self._connect()

    # --- what is shown ---

    @property
    def design(self) -> Design | None:
        """The design that is edited here."""
        return self._design

    @property
    def selected(self) -> str:
        """The name of the layer picked, "" for none."""
        return self.canvas.selected

    def show_design(self, design: Design | None) -> None:
        """Edit another design from here on; what was done to the former one cannot be undone any more."""
        if self._unobserve is not None:
            self._unobserve()
        if self._owns_stack:
            self.undo_stack.clear()
        self._design = design
        self._unobserve = design.observe(self._on_design_changed) if design else None
        self._pages.setCurrentIndex(1 if design else 0)
        self._refresh(keep_view=False)

    def select(self, name: str) -> None:
        """Pick a layer and bring it into sight; an unknown name picks none."""
        self.canvas.select(name)

    def grey_out(self, reasons: Mapping[str, str]) -> None:
        """Offer these kinds of layers no more, each with its reason; all others again."""
        self.palette_list.grey_out(reasons)

    def insert_own(self, file: str) -> None:
        """Put a layer of one's own behind the layer picked, or else before the last one; it can be undone."""
        self._insert(OWN, {FILE: file}, stem_of(file))

    def insert(self, kind: str) -> None:
        """Put a layer of the catalogue there; an input stands beside the others. It can be undone."""
        if self._design is None:
            return
        if not kind_of(kind).inputs[1] or not self._design.nodes:
            command = AddAlone(self._design, kind)
            self.undo_stack.push(command)
            self.select(command.name)
        else:
            self._insert(kind, {}, kind)

    def _insert(self, kind: str, settings: Mapping[str, Setting], stem: str) -> None:
        design = self._design
        if design is None or self._known is None or not self._known.output:
            return
        last = design.node(self._known.output)
        after = self.selected or next(iter(last.inputs), last.name)
        command = InsertLayer(design, kind, settings, after, stem)
        self.undo_stack.push(command)
        self.select(command.name)

    def remove_picked(self) -> None:
        """Take the layer picked out of the design; it can be undone."""
        if self._design is not None and self.selected:
            node = self._design.node(self.selected)
            self.undo_stack.push(RemoveLayer(self._design, node.name))
            self.select(next(iter(node.inputs), ""))

    def undo(self) -> None:
        """Take the last edit back."""
        self.undo_stack.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.undo_stack.redo()

    def arrange(self) -> None:
        """Lay all layers out anew, from top to bottom; one step back brings their places back."""
        if self._design is not None and self._design.nodes:
            self.undo_stack.push(MoveNodes(self._design, "Arrange", arrange(self._design)))

    # --- parts ---

    def _build(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("design_borders")
        split.setHandleWidth(16)
        split.setChildrenCollapsible(False)
        for part, stretch in ((self.palette_list, 0), (self.panel, 1), (self.inspector, 0)):
            split.addWidget(part)
            split.setStretchFactor(split.count() - 1, stretch)
        split.setSizes([212, 760, 312])
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(16, 16, 16, 16)
        column.addWidget(split)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(work)

    def _connect(self) -> None:
        self.canvas.card_selected.connect(self._on_card_selected)
        self.canvas.card_opened.connect(self._on_card_opened)
        self.canvas.card_moved.connect(self._on_card_moved)
        self.inspector.setting_edited.connect(self._on_setting_edited)
        self.inspector.renamed.connect(self._on_renamed)
        self.inspector.show_requested.connect(self._on_show_requested)
        self.inspector.file_requested.connect(self.file_requested)
        self.canvas.card_linked.connect(self._on_card_linked)
        self.palette_list.add_requested.connect(self.insert)
        self.palette_list.own_requested.connect(self.own_layer_requested)
        self.palette_list.own_files = lambda: self._design.own.names if self._design else ()
        self._empty.requested.connect(self.template_requested)
        self._add_delete_key()
        if self._owns_stack:
            self._add_undo_keys()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back to the canvas by Escape from a field beside it."""
        if event.key() == Qt.Key.Key_Escape and not self.canvas.hasFocus():
            self.canvas.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        super().keyPressEvent(event)

    def _add_delete_key(self) -> None:
        remove = QAction("Remove the layer", self.canvas)
        remove.setShortcuts([QKeySequence(Qt.Key.Key_Delete), QKeySequence(Qt.Key.Key_Backspace)])
        remove.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        remove.triggered.connect(self.remove_picked)
        self.canvas.addAction(remove)

    def _add_undo_keys(self) -> None:
        for words, keys, action in (
            ("Undo", QKeySequence.StandardKey.Undo, self.undo),
            ("Redo", QKeySequence.StandardKey.Redo, self.redo),
        ):
            made = QAction(words, self)
            made.setShortcuts(QKeySequence.keyBindings(keys))
            made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            made.triggered.connect(action)
            self.addAction(made)

    # --- from the document ---

    def _on_design_changed(self, change: Change) -> None:
        if change.what == "renamed":
            self._refresh(renamed=change.node)
        else:
            self._refresh()
        self.design_changed.emit()

    def _refresh(self, *, keep_view: bool = True, renamed: str = "") -> None:
        if self._design is None:
            return
        self._known = infer(self._design)
        picked = self.canvas.selected
        self.canvas.show_sheet(design_sheet(self._design, self._known, self._tell), keep_view=keep_view)
        if renamed and picked not in self._design.nodes:
            self.canvas.select(renamed, reveal=False)
        self.panel.find_bar.refresh()
        self._inspect()

    def _inspect(self) -> None:
        if self._design is None or self._known is None:
            return
        node = self._design.nodes.get(self.canvas.selected)
        self.inspector.show_node(node, self._known, self._design.recipe.batch_size, self._design.own)

    # --- from the person ---

    def _on_card_selected(self, name: str) -> None:
        self._inspect()
        self.node_selected.emit(name)

    def _on_card_opened(self, name: str) -> None:
        first = next(iter(self.inspector.editors.values()), None)
        (first or self.inspector.name).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_card_moved(self, name: str) -> None:
        if self._design is not None:
            places = dict(drawn_places(self.canvas.sheet))
            self.undo_stack.push(MoveNodes(self._design, f"Move {name}", places))

    def _on_card_linked(self, source: str, target: str) -> None:
        design = self._design
        if design is not None and source != target:
            self._push(lambda: ToggleLink(design, source, target), "")

    def _on_setting_edited(self, key: str, value: object) -> None:
        design, name = self._design, self.canvas.selected
        if design is not None and name:
            self._push(lambda: SetSetting(design, name, key, value), key)

    def _on_renamed(self, new: str) -> None:
        design, name = self._design, self.canvas.selected
        if design is not None and name:
            self._push(lambda: RenameNode(design, name, new.strip()), "name")

    def _push(self, make: Callable[[], QUndoCommand], key: str) -> None:
        try:
            command = make()
        except WorkbenchError as fault:
            self.inspector.say_fault(self._tell(fault), key)
            return
        self.undo_stack.push(command)

    def _on_show_requested(self, name: str) -> None:
        self.canvas.select(name)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
