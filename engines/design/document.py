"""The design as a person edits it: a document that guards itself.

Every mutator either succeeds whole or raises a ``WorkbenchError`` and changes nothing. Undo is
``snapshot`` before an edit and ``restore`` after it: nodes are frozen, so a snapshot is a tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe, Setting
from engines.design.catalogue import kind_of
from engines.design.kinds import LayerKind, Shape
from engines.design.names import check_name, free_name
from engines.design.own_layers import OwnLayers

Position = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """One layer in the document; ``inputs`` are names of nodes in order, ``position`` its top left corner."""

    name: str
    kind: str
    settings: Mapping[str, Setting]
    inputs: tuple[str, ...] = ()
    position: Position = (0.0, 0.0)

    @property
    def row(self) -> LayerKind:
        """The catalogue's row of its kind."""
        return kind_of(self.kind)


@dataclass(frozen=True)
class Snapshot:
    """A whole design at one moment, to be given back to ``restore``."""

    name: str
    data: str
    recipe: Recipe
    nodes: tuple[Node, ...] = field(default=())


@dataclass(frozen=True)
class Change:
    """What observers are told. ``what``: added, removed, renamed, connected, disconnected, setting, moved,
    data, recipe, restored, layers (files of one's own); ``node`` is the node's name after the change,
    "" for the whole."""

    what: str
    node: str = ""


class Design:
    """A mutable graph of layers with its recipe and the name of its data.

    Call it from one thread. Observers are called after each change, in the order they came.
    """

    def __init__(self, name: str, data: str = "", recipe: Recipe | None = None) -> None:
        self._name = name
        self._data = data
        self._recipe = recipe or Recipe()
        self._nodes: dict[str, Node] = {}
        self._observers: list[Callable[[Change], None]] = []
        self.own = OwnLayers()
        """The layers of one's own that lie beside it."""

    @property
    def name(self) -> str:
        """The design's title."""
        return self._name

    @property
    def data(self) -> str:
        """The data it was made for: a bundled set's name or a path, "" if none."""
        return self._data

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self._recipe

    @property
    def nodes(self) -> Mapping[str, Node]:
        """All nodes by name, in the order they were added."""
        return dict(self._nodes)

    def node(self, name: str) -> Node:
        """Return one node; raises ``DESIGN_NODE_UNKNOWN``."""
        try:
            return self._nodes[name]
        except KeyError:
            raise WorkbenchError(ErrorCode.DESIGN_NODE_UNKNOWN, name=name) from None

    def row(self, name: str) -> LayerKind:
        """Return the row of a node's kind, with what a file of one's own declares."""
        node = self.node(name)
        return self.own.row(node.settings) if node.row.free else node.row

    def consumers(self, name: str) -> tuple[str, ...]:
        """Return the names of the nodes that take ``name`` as an input."""
        return tuple(node.name for node in self._nodes.values() if name in node.inputs)

    def leads_to(self, start: str, goal: str) -> bool:
        """Tell whether values flow from ``start`` to ``goal`` (a node leads to itself)."""
        waiting, seen = [goal], {goal}
        while waiting:
            fresh = [source for source in self._nodes[waiting.pop()].inputs if source not in seen]
            seen.update(fresh)
            waiting += fresh
        return start in seen

    def ordered(self) -> tuple[Node, ...]:
        """Return the nodes so that inputs come first, otherwise in the order they were added."""
        done: dict[str, Node] = {}
        left = dict(self._nodes)
        while left:
            ready = next(node for node in left.values() if all(name in done for name in node.inputs))
            done[ready.name] = left.pop(ready.name)
        return tuple(done.values())

    def problems(self) -> Mapping[str, WorkbenchError]:
        """Return what keeps each node from working, by the node's name; empty where all is well."""
        from engines.design.inference import infer

        return infer(self).problems

    def shapes(self) -> Mapping[str, Shape]:
        """Return the output shape of every node whose shape can be known."""
        from engines.design.inference import infer

        return infer(self).shapes

    def observe(self, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call ``observer`` after each change; returns the function that ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def add(
        self,
        kind: str,
        name: str = "",
        settings: Mapping[str, object] | None = None,
        position: Position = (0.0, 0.0),
    ) -> Node:
        """Add an unconnected node and return it; without a name it gets one that is free.

        Raises:
            WorkbenchError: ``DESIGN_LAYER_UNKNOWN``, ``DESIGN_NAME_INVALID``, ``DESIGN_NAME_TAKEN``,
                ``DESIGN_SETTING_UNKNOWN`` or ``DESIGN_SETTING_INVALID``.
        """
        row = kind_of(kind)
        name = check_name(name or free_name(kind, self._nodes), self._nodes)
        node = Node(name, kind, row.complete(settings or {}), (), position)
        self._nodes[name] = node
        self._tell("added", name)
        return node

    def remove(self, name: str) -> None:
        """Remove a node and its connections; raises ``DESIGN_NODE_UNKNOWN``."""
        self.node(name)
        del self._nodes[name]
        for other in self._nodes.values():
            self._put(replace(other, inputs=tuple(source for source in other.inputs if source != name)))
        self._tell("removed", name)

    def rename(self, old: str, new: str) -> None:
        """Give a node another name, keeping its place and connections.

        Raises:
            WorkbenchError: ``DESIGN_NODE_UNKNOWN``, ``DESIGN_NAME_INVALID`` or ``DESIGN_NAME_TAKEN``.
        """
        self.node(old)
        if new == old:
            return
        check_name(new, self._nodes)
        self._nodes = {
            node.name: node for node in (self._renamed(node, old, new) for node in self._nodes.values())
        }
        self._tell("renamed", new)

    def connect(self, source: str, target: str, place: int | None = None) -> None:
        """Make ``source`` an input of ``target``, at ``place`` among its inputs (the end by default).

        Raises:
            WorkbenchError: ``DESIGN_NODE_UNKNOWN``, ``DESIGN_EDGE_TAKEN``, ``DESIGN_INPUTS_FULL`` or
                ``DESIGN_CYCLE``.
        """
        self.check_connect(source, target)
        inputs = list(self._nodes[target].inputs)
        inputs.insert(len(inputs) if place is None else place, source)
        self._put(replace(self._nodes[target], inputs=tuple(inputs)))
        self._tell("connected", target)

    def check_connect(self, source: str, target: str) -> None:
        """Raise what ``connect`` would raise, and change nothing: a canvas asks while the hand moves."""
        self.node(source)
        node = self.node(target)
        if source in node.inputs:
            raise WorkbenchError(ErrorCode.DESIGN_EDGE_TAKEN, source=source, target=target)
        allowed = self.row(target).inputs[1]
        if len(node.inputs) >= allowed:
            raise WorkbenchError(ErrorCode.DESIGN_INPUTS_FULL, node=target, layer=node.kind, allowed=allowed)
        if self.leads_to(target, source):
            raise WorkbenchError(ErrorCode.DESIGN_CYCLE, source=source, target=target)

    def disconnect(self, source: str, target: str) -> None:
        """Take ``source`` out of the inputs of ``target``.

        Raises:
            WorkbenchError: ``DESIGN_NODE_UNKNOWN`` or ``DESIGN_EDGE_UNKNOWN``.
        """
        node = self.node(target)
        if source not in node.inputs:
            raise WorkbenchError(ErrorCode.DESIGN_EDGE_UNKNOWN, source=source, target=target)
        self._put(replace(node, inputs=tuple(name for name in node.inputs if name != source)))
        self._tell("disconnected", target)

    def set_setting(self, name: str, key: str, value: object) -> None:
        """Change one setting of a node.

        Raises:
            WorkbenchError: ``DESIGN_NODE_UNKNOWN``, ``DESIGN_SETTING_UNKNOWN`` or
                ``DESIGN_SETTING_INVALID``.
        """
        node = self.node(name)
        checked = self.row(name).setting(key).check(node.kind, value)
        self._put(replace(node, settings={**node.settings, key: checked}))
        self._tell("setting", name)

    def move(self, name: str, position: Position) -> None:
        """Put a node somewhere else on the canvas; raises ``DESIGN_NODE_UNKNOWN``."""
        self._put(replace(self.node(name), position=position))
        self._tell("moved", name)

    def set_data(self, data: str) -> None:
        """Say what data the design is trained on."""
        self._data = data
        self._tell("data")

    def set_recipe(self, recipe: Recipe) -> None:
        """Say how the design is trained."""
        self._recipe = recipe
        self._tell("recipe")

    def tell_layers_changed(self) -> None:
        """Say that files of one's own layers, or what is known of them, changed."""
        self._tell("layers")

    def snapshot(self) -> Snapshot:
        """Return the whole state, for ``restore``."""
        return Snapshot(self._name, self._data, self._recipe, tuple(self._nodes.values()))

    def restore(self, snapshot: Snapshot) -> None:
        """Put back a state that ``snapshot`` gave: the exact inverse of whatever came between."""
        self._name, self._data, self._recipe = snapshot.name, snapshot.data, snapshot.recipe
        self._nodes = {node.name: node for node in snapshot.nodes}
        self._tell("restored")

    @staticmethod
    def _renamed(node: Node, old: str, new: str) -> Node:
        inputs = tuple(new if source == old else source for source in node.inputs)
        return replace(node, name=new if node.name == old else node.name, inputs=inputs)

    def _put(self, node: Node) -> None:
        self._nodes[node.name] = node

    def _tell(self, what: str, node: str = "") -> None:
        for observer in tuple(self._observers):
            observer(Change(what, node))
