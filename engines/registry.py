"""The table of engines; imports none of them."""

from __future__ import annotations

from engines.contract.capabilities import EngineRow

ENGINES: tuple[EngineRow, ...] = (
    EngineRow(
        "torch",
        "PyTorch",
        package="torch",
        module="engines.backends.torch",
        install="torch==2.13.0",
        modes=("eager", "compiled"),
        formats=("pt2",),
        lowers=True,
    ),
    EngineRow(
        "tensorflow",
        "TensorFlow",
        package="tensorflow",
        module="engines.backends.tensorflow",
        install="tensorflow==2.21.0 keras==3.15.1 tf2onnx==1.17.0",
        modes=("graph", "eager", "xla"),
        formats=("keras", "savedmodel"),
        lowers=True,
    ),
    EngineRow(
        "jax",
        "JAX",
        package="jax",
        module="engines.backends.jax",
        install="jax==0.10.2 flax==0.12.8 jax2onnx==0.17.1 orbax-checkpoint==0.11.36",
        modes=("jit",),
        lowers=True,
    ),
    EngineRow(
        "mxnet",
        "MXNet",
        package="mxnet",
        module="engines.backends.mxnet",
        install="mxnet==1.9.1",
        modes=("hybridized", "imperative"),
        own_layers=False,
        own_environment=True,
        retired=True,
    ),
    EngineRow(
        "onnxruntime",
        "ONNX Runtime",
        package="onnxruntime",
        module="engines.backends.onnxruntime",
        install="onnxruntime==1.32.0",
        trains=False,
    ),
    EngineRow("fake", "Fake", package="numpy", module="engines.backends.fake", install="", visible=False),
)


def engine(name: str) -> EngineRow | None:
    """Return the row called ``name``, or None."""
    return next((row for row in ENGINES if row.name == name), None)
