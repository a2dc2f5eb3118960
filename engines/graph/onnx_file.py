"""Opening an ONNX file that may be broken or hostile: limits and the checker first, then the model.

Nothing of the file is executed here. What is refused leaves as a ``WorkbenchError``; the caller's process
should still be a child with a memory cap.
"""

from __future__ import annotations

import math
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx
from onnx import external_data_helper

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import write_atomic

MAX_BYTES = 2_000_000_000
"""Protobuf's own limit, and ours for the file together with its external data."""


def load_model(path: Path) -> onnx.ModelProto:
    """Return the whole model of ``path``, checked, with its external data in memory.

    Raises:
        WorkbenchError: ``FILE_MISSING``, ``MODEL_TOO_LARGE``, ``MODEL_BROKEN``, ``EXTERNAL_DATA_REFUSED``.
    """
    return load_with_files(path)[0]


def load_with_files(path: Path) -> tuple[onnx.ModelProto, list[Path]]:
    """Return the model as ``load_model`` does, and every file that it was read from."""
    model = _parse(path)
    external = _external_files(model, path)
    total = path.stat().st_size + sum(file.stat().st_size for file in external)
    if total > MAX_BYTES:
        raise WorkbenchError(ErrorCode.MODEL_TOO_LARGE, path=str(path), bytes=total, limit=MAX_BYTES)
    _check_sizes(model, path)
    _check_text(model, path)
    try:
        if external:
            onnx.checker.check_model(str(path))
            external_data_helper.load_external_data_for_model(model, str(path.parent))
        else:
            onnx.checker.check_model(model)
    except Exception as error:
        raise broken(path, error) from error
    return model, [path, *sorted(external)]


def save_model(model: onnx.ModelProto, path: Path) -> None:
    """Write ``model`` whole or not at all."""
    write_atomic(path, model.SerializeToString())


def broken(path: Path, error: Exception) -> WorkbenchError:
    """Return the error that says why ``path`` is no valid model."""
    why = str(error).strip().splitlines()
    return WorkbenchError(
        ErrorCode.MODEL_BROKEN, str(error), path=str(path), why=why[0][:300] if why else type(error).__name__
    )


def tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Yield every stored tensor: initializers and attributes, in subgraphs and functions too."""
    yield from _graph_tensors(model.graph)
    for function in model.functions:
        yield from _node_tensors(function.node)


def _graph_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
        yield sparse.indices
    yield from _node_tensors(graph.node)


def _node_tensors(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _graph_tensors(attribute.g)
            for graph in attribute.graphs:
                yield from _graph_tensors(graph)


def _parse(path: Path) -> onnx.ModelProto:
    if not path.is_file():
        raise WorkbenchError(ErrorCode.FILE_MISSING, path=str(path))
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise WorkbenchError(ErrorCode.MODEL_TOO_LARGE, path=str(path), bytes=size, limit=MAX_BYTES)
    try:
        model = onnx.load_model(str(path), load_external_data=False)
    except Exception as error:  # protobuf's DecodeError and OSError
        raise broken(path, error) from error
    if not model.HasField("graph"):
        raise WorkbenchError(ErrorCode.MODEL_BROKEN, path=str(path), why="it holds no graph")
    return model


def _check_text(model: onnx.ModelProto, path: Path) -> None:
    """Refuse names that are no UTF-8: protobuf hands them over as bytes, and every library trips."""
    graph = model.graph
    named = (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer)
    texts = [thing.name for thing in named]
    for node in graph.node:
        texts += (node.op_type, node.domain, *node.input, *node.output)
        texts += (attribute.name for attribute in node.attribute)
        texts += (text for entry in node.metadata_props for text in (entry.key, entry.value))
    texts += (text for entry in model.metadata_props for text in (entry.key, entry.value))
    texts += (graph.name, model.producer_name, model.producer_version)
    if not all(isinstance(text, str) for text in texts):
        raise WorkbenchError(ErrorCode.MODEL_BROKEN, path=str(path), why="it holds names that are no UTF-8")


def _check_sizes(model: onnx.ModelProto, path: Path) -> None:
    declared = 0
    kinds = set(onnx.TensorProto.DataType.values())
    for tensor in tensors(model):
        if tensor.data_type not in kinds:
            raise WorkbenchError(
                ErrorCode.MODEL_BROKEN, path=str(path), why=f"{tensor.name} has the type {tensor.data_type}"
            )
        if any(dim < 0 for dim in tensor.dims):
            raise WorkbenchError(
                ErrorCode.MODEL_BROKEN, path=str(path), why=f"{tensor.name} has a negative length"
            )
        declared += math.prod(tensor.dims)
        if declared > MAX_BYTES:
            raise WorkbenchError(ErrorCode.MODEL_TOO_LARGE, path=str(path), bytes=declared, limit=MAX_BYTES)


def _external_files(model: onnx.ModelProto, path: Path) -> set[Path]:
    folder = path.parent.resolve()
    files = set()
    for tensor in tensors(model):
        if external_data_helper.uses_external_data(tensor):
            places = {entry.key: entry.value for entry in tensor.external_data}
            files.add(_external_file(folder, places.get("location", ""), path))
    return files


def _external_file(folder: Path, location: str, model: Path) -> Path:
    def refuse(why: str) -> WorkbenchError:
        return WorkbenchError(ErrorCode.EXTERNAL_DATA_REFUSED, path=str(model), file=location[:200], why=why)

    if not location or "\0" in location:
        raise refuse("no_name")
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    if (
        posix.is_absolute()
        or windows.is_absolute()
        or windows.drive
        or ".." in (*posix.parts, *windows.parts)
    ):
        raise refuse("outside")
    file = folder / location
    try:
        status = file.lstat()
    except OSError:
        raise refuse("missing") from None
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise refuse("not_a_plain_file")
    if not file.resolve().is_relative_to(folder):
        raise refuse("outside")
    return file
