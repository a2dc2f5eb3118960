"""Which node of the design an ONNX node came from, and how that outlives passes that drop metadata."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import onnx

from engines.contract.spec import LAYER_KEY

SCOPES_KEY = "pkg.torch.onnx.name_scopes"
"""Metadata written by PyTorch's exporter: module names, outermost first, then the operation."""

MERGED_KEY = "modelwright.merged"
"""Metadata of an ONNX node: further nodes of the design that were folded into it, one a line."""

_KEPT = (LAYER_KEY, SCOPES_KEY)


def metadata_of(node: onnx.NodeProto) -> dict[str, str]:
    """Return a node's metadata."""
    return {entry.key: entry.value for entry in node.metadata_props}


def scopes_of(metadata: dict[str, str], name: str) -> tuple[str, ...]:
    """Return the module path of a node: from the exporter's metadata, else from a name such as ``/a/b/Conv``.

    PyTorch's first entry is the root and its last one the operation itself; neither is a module.
    """
    written = metadata.get(SCOPES_KEY)
    if written:
        return _unfolded(_listed(written)[1:-1])
    parts = [part for part in name.split("/") if part]
    return tuple(parts[:-1])


def layer_of(metadata: dict[str, str]) -> str:
    """Return the design's node that a node came from, "" where nothing says so."""
    return metadata.get(LAYER_KEY, "")


def layers_of(metadata: dict[str, str]) -> tuple[str, ...]:
    """Return all nodes of the design in a node: the one whose weights it holds first, then the others."""
    merged = metadata.get(MERGED_KEY, "").split("\n")
    return tuple(name for name in (*merged, layer_of(metadata)) if name)


class Known:
    """Where tensors came from, by name: passes drop a node's metadata, but tensors keep their names."""

    def __init__(self) -> None:
        self._of_output: dict[str, dict[str, str]] = {}
        self._of_weight: dict[str, str] = {}

    def learn(self, model: onnx.ModelProto) -> None:
        """Take down the origin of every node of the source."""
        stored = {tensor.name for tensor in model.graph.initializer}
        for node in model.graph.node:
            metadata = metadata_of(node)
            known = {key: value for key, value in metadata.items() if key in _KEPT}
            self._of_output.update((output, known) for output in node.output if output)
            self._of_weight.update((name, layer_of(metadata)) for name in node.input if name in stored)

    def restore(self, model: onnx.ModelProto) -> None:
        """Write origins back: a node is of the layer whose value it makes.

        A layer that has no node left, but whose weights a node holds, was merged into that node.
        """
        for node in model.graph.node:
            for key, value in self._origin(node).items():
                _set(node, key, value)
        left = {layer_of(metadata_of(node)) for node in model.graph.node}
        for node in model.graph.node:
            merged = {self._of_weight.get(name, "") for name in node.input} - left - {""}
            if merged:
                _set(node, MERGED_KEY, "\n".join(sorted(merged)))

    def _origin(self, node: onnx.NodeProto) -> dict[str, str]:
        return next((self._of_output[name] for name in node.output if name in self._of_output), {})


def _set(node: onnx.NodeProto, key: str, value: str) -> None:
    for entry in node.metadata_props:
        if entry.key == key:
            entry.value = value
            return
    node.metadata_props.append(onnx.StringStringEntryProto(key=key, value=value))


def _listed(text: str) -> list[str]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _unfolded(scopes: list[str]) -> tuple[str, ...]:
    """Turn ``["a", "a.b"]`` into ``("a", "b")``: PyTorch repeats the path of the parent in every entry."""
    return tuple(_steps(scopes))


def _steps(scopes: list[str]) -> Iterator[str]:
    parent = ""
    for scope in scopes:
        own = scope.removeprefix(f"{parent}.") if parent else scope
        yield from (part for part in own.split(".") if part)
        parent = scope
