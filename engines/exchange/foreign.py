"""Formats that are recognized by their content and named, but not opened yet. Nothing of them is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engines.exchange.sniff import Look


@dataclass(frozen=True)
class Foreign:
    """One row: ``missing`` names what would open it; ``runs_code`` whether opening it can run code."""

    key: str
    title: str
    match: Callable[[Look], bool]
    missing: str
    runs_code: bool = False


def _zip_with(*endings: str) -> Callable[[Look], bool]:
    return lambda look: all(any(name.endswith(end) for name in look.names) for end in endings)


def _starts(magic: bytes, at: int = 0) -> Callable[[Look], bool]:
    return lambda look: look.head[at : at + len(magic)] == magic


def _torch_script(look: Look) -> bool:
    return _zip_with("/constants.pkl", "data.pkl")(look) and any("/code/" in name for name in look.names)


def _saved_model(look: Look) -> bool:
    if look.is_folder:
        return (look.path / "saved_model.pb").is_file()
    return look.path.name == "saved_model.pb"


def _pickle(look: Look) -> bool:
    """Protocol 2 to 5: an opcode, the protocol, and one of the opcodes that a pickle goes on with."""
    head = look.head
    return len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5 and head[2:3] in b"\x95ccq}](\x8c\x8aXK."


def _torch_legacy(look: Look) -> bool:
    """The number that ``torch.save`` wrote first before it wrote zip archives."""
    return b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" in look.head[:32]


FOREIGN: tuple[Foreign, ...] = (
    Foreign("torchscript", "TorchScript", _torch_script, "a reader for TorchScript", True),
    Foreign(
        "torch_export",
        "PyTorch exported program",
        lambda look: any(name.endswith("archive_format") for name in look.names),
        "a reader for exported PyTorch programs",
        True,
    ),
    Foreign("torch", "PyTorch checkpoint", _zip_with("data.pkl"), "a reader for PyTorch checkpoints", True),
    Foreign("torch", "PyTorch checkpoint", _torch_legacy, "a reader for PyTorch checkpoints", True),
    Foreign("keras", "Keras model", _zip_with("config.json", ".h5"), "a reader for Keras models", True),
    Foreign(
        "hdf5", "HDF5 (Keras weights or model)", _starts(b"\x89HDF\r\n\x1a\n"), "a reader for HDF5", True
    ),
    Foreign("tflite", "TensorFlow Lite", _starts(b"TFL3", 4), "a reader for TensorFlow Lite", True),
    Foreign("saved_model", "TensorFlow SavedModel", _saved_model, "a reader for SavedModel", True),
    Foreign("ort", "ONNX Runtime format", _starts(b"ORTM", 4), "a reader for ONNX Runtime's own format"),
    Foreign("gguf", "GGUF", _starts(b"GGUF"), "a reader for GGUF"),
    Foreign(
        "mxnet",
        "MXNet parameters",
        _starts((0x112).to_bytes(8, "little")),
        "a reader for MXNet parameters",
    ),
    Foreign("pickle", "Python pickle", _pickle, "pickles run code when they are read", True),
)
"""Every row; the first that matches names the file."""
