"""Write a run's checkpoint as ``.keras``, which Keras opens without Modelwright, or as a SavedModel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow import layers, recurrent, sequences
from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.evaluate import load_run
from engines.backends.tensorflow.export import traced
from engines.backends.tensorflow.reference import answers, own_layout
from engines.backends.tensorflow.runtime import use_threads, without_chatter
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event
from engines.contract.jobs import SaveJob
from engines.contract.positions import sinusoids
from engines.training import saving
from engines.training.control import ControlFlags
from engines.training.run_folder import read_run

Array = npt.NDArray[Any]
Maker = Callable[[Any], keras.Layer]


def save(job: SaveJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.target``; answered with a ``ProofView`` and an ``ExportView``."""
    use_threads(read_run(Path(job.run)).threads or 1)
    return saving.save(job, flags, load_run, answers, FORMATS)


def plain_model(model: DesignModel) -> keras.Model:
    """Return the functional model of Keras' own layers alone, with the same weights.

    Raises:
        WorkbenchError: ``SAVE_UNSUPPORTED`` naming the first layer of one's own: the file holds no code.
    """
    twin = keras.models.clone_model(model.keras, clone_function=_plain)
    for own, other in zip(model.keras.layers, twin.layers):
        other.set_weights(own.get_weights())
    return twin


def _plain(layer: keras.Layer) -> keras.Layer:
    if type(layer) in _PLAIN:
        return _PLAIN[type(layer)](layer)
    if not type(layer).__module__.startswith("keras."):
        facts = {"format": "keras", "node": layer.name, "layer": layer.spec.file}
        raise WorkbenchError(ErrorCode.SAVE_UNSUPPORTED, **facts)
    return _same(type(layer))(layer)


def _permute(turn: Any) -> keras.Layer:
    axes = (layers.first_axes if turn.designed else layers.last_axes)(len(turn.shape))
    return keras.layers.Permute(axes[1:], name=turn.name)


def _same(kind: Any) -> Maker:
    return lambda layer: cast("keras.Layer", kind.from_config(layer.get_config()))


def _bidirectional(layer: Any) -> keras.Layer:
    ways = _plain(layer.forward_layer), _plain(layer.backward_layer)
    return keras.layers.Bidirectional(ways[0], backward_layer=ways[1], name=layer.name)


def _block(layer: Any, answer: Callable[[Any], Any]) -> keras.Layer:
    """Return what a layer does as a model in the model, where Keras has operations for it but no layer."""
    given = keras.Input(layer.input.shape[1:], dtype=layer.input.dtype)
    return keras.Model(given, answer(given), name=layer.name)


def _embedding(layer: Any) -> keras.Layer:
    rows = keras.layers.Embedding(layer.input_dim, layer.output_dim)
    return _block(layer, lambda ids: rows(keras.ops.clip(ids, 0, layer.input_dim - 1)))


def _positions(layer: Any) -> keras.Layer:
    time, features = layer.input.shape[1:]
    if not layer.learned:
        return _block(layer, lambda value: value + sinusoids(time, features).astype(layer.compute_dtype))
    rows = keras.layers.Embedding(time, features)
    # Places hang on the value, though not on what it holds: else they were no part of the model.
    return _block(layer, lambda value: value + rows(keras.ops.zeros_like(value[:1, :, 0]) + np.arange(time)))


_PLAIN: dict[type, Maker] = {
    layers.Turn: _permute,
    layers.Reshape: lambda layer: keras.layers.Reshape(layer.new, name=layer.name),
    layers.Upsample: lambda layer: keras.layers.UpSampling2D(layer.factor, name=layer.name),
    layers.SeededDropout: lambda layer: keras.layers.Dropout(layer.rate, name=layer.name),
    layers.Gelu: lambda layer: keras.layers.Activation("gelu", name=layer.name),
    layers.FusedBatchNorm: _same(keras.layers.BatchNormalization),
    layers.GroupedConv1D: _same(keras.layers.Conv1D),
    layers.GroupedConv2D: _same(keras.layers.Conv2D),
    layers.LeakyRelu: _same(keras.layers.LeakyReLU),
    recurrent.Lstm: _same(keras.layers.LSTM),
    recurrent.Gru: _same(keras.layers.GRU),
    keras.layers.Bidirectional: _bidirectional,
    sequences.MultiHeadAttention: _same(keras.layers.MultiHeadAttention),
    sequences.Embedding: _embedding,
    sequences.PositionalEncoding: _positions,
    sequences.TakeStep: lambda layer: _block(layer, lambda value: value[:, layer.step]),
}
"""What Keras itself has for each of the backend's own layers."""


def _write_keras(model: DesignModel, path: Path) -> None:
    plain_model(model).save(path)


def _read_keras(path: Path, model: DesignModel) -> saving.Answering:
    opened: Any = keras.models.load_model(path, compile=False, safe_mode=True)
    output = model.spec.outputs[0]

    def run(inputs: Array) -> Array:
        found = opened([own_layout(model, inputs)], training=False)
        return np.asarray(model.as_designed(output, found))

    return run


def _write_saved_model(model: DesignModel, path: Path) -> None:
    module = tf.Module()
    module.model = model.keras
    module.answer = traced(model)
    with without_chatter():
        tf.saved_model.save(module, str(path), signatures={"serving_default": module.answer})


def _read_saved_model(path: Path, model: DesignModel) -> saving.Answering:
    with without_chatter():
        opened = tf.saved_model.load(str(path))
    return lambda inputs: cast("Array", opened.answer(tf.constant(inputs)).numpy())


FORMATS = {
    "keras": saving.Format(f"keras {keras.__version__}", _write_keras, _read_keras),
    "savedmodel": saving.Format(f"tensorflow {tf.__version__}", _write_saved_model, _read_saved_model),
}
