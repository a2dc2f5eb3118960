"""The design as every engine reads it: layers in topological order, shapes and parameters worked out.

``engines/design`` makes it (``freeze``); backends only read it and need no catalogue of their own.
Shapes are per sample, without the batch, channels first: an image is ``(channels, height, width)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

Setting = bool | int | float | str | tuple[int, ...]
"""One value of a layer: ``filters``, ``kernel`` (always a tuple of one int a spatial axis), ``padding`` …"""


LAYER_KEY = "modelwright.layer"
"""Metadata of a node in an exported model: the design's node that it came from."""


@dataclass(frozen=True)
class ParameterSpec:
    """One array of a layer, in the workbench's canonical layout.

    ``name`` is ``<layer>/<role>`` with role ``weight``, ``bias``, ``running_mean`` or ``running_var``;
    recurrent layers add ``recurrent_weight`` and, to read from the end, the three with ``reverse_`` before;
    attention adds ``query_``, ``key_`` and ``value_`` with ``weight`` and ``bias``.
    Layouts: dense and attention weight ``(out, in)``; convolution weight ``(out, in / groups, *kernel)``;
    norm weight (scale) and bias (shift) ``(channels,)`` or the normalized shape; embedding weight
    ``(vocabulary, units)``; LSTM ``(4 units, in)``, ``(4 units, units)``, ``(4 units,)`` gate after gate in
    the order i, f, g, o, GRU three gates r, z, n likewise; PReLU weight ``(channels,)``.
    ``initializer``: ``zeros``, ``ones``, ``quarter`` (0.25), ``glorot_uniform``, ``he_normal``,
    ``he_uniform``, ``small_normal`` (deviation 0.02), ``forget_one`` (zeros, ones in the second quarter).
    """

    name: str
    shape: tuple[int, ...]
    initializer: str
    fan_in: int = 0
    fan_out: int = 0
    trainable: bool = True


@dataclass(frozen=True)
class LayerSpec:
    """One node of the design; ``inputs`` are names of earlier layers, in order.

    A layer of one's own (``layer`` is ``python``) has its ``source`` here, so that a run holds all it needs,
    and ``file``, where that source was read: breakpoints and tracebacks name it.
    """

    name: str
    layer: str  # key of the catalogue: "conv2d", "dense", "relu" …
    settings: Mapping[str, Setting]
    inputs: tuple[str, ...]
    output_shape: tuple[int, ...]
    parameters: tuple[ParameterSpec, ...] = ()
    source: str = ""
    file: str = ""


@dataclass(frozen=True)
class GraphSpec:
    """A whole, valid model: one or more inputs, one output (logits or values, no final softmax)."""

    name: str
    layers: tuple[LayerSpec, ...]
    outputs: tuple[str, ...]
    version: int = 1

    @property
    def inputs(self) -> tuple[LayerSpec, ...]:
        """The input layers, in the order of the design."""
        return tuple(layer for layer in self.layers if layer.layer == "input")

    @property
    def output(self) -> LayerSpec:
        """The layer whose answer is the model's."""
        return next(layer for layer in self.layers if layer.name == self.outputs[0])

    @property
    def own_layers(self) -> tuple[LayerSpec, ...]:
        """The layers that are Python files of one's own."""
        return tuple(layer for layer in self.layers if layer.source)

    @property
    def parameters(self) -> tuple[ParameterSpec, ...]:
        """Every array of the model, in the order of the layers."""
        return tuple(parameter for layer in self.layers for parameter in layer.parameters)


@dataclass(frozen=True)
class Recipe:
    """How a design is trained; framework-neutral, so that every engine reads the same values.

    ``loss``: cross_entropy (integer targets, logits), binary_cross_entropy (logits), mean_squared_error,
    mean_absolute_error, huber (delta 1). ``optimizer``: sgd, adam, adamw, rmsprop. ``schedule``:
    constant, cosine, step (times ``step_factor`` every ``step_epochs``), each after ``warmup_steps`` of
    linear warm-up. ``metrics``: accuracy, f1 (macro), auc, mae, r2. ``threads``, ``chunk_steps``: 0 means
    measure before the first step and record what was chosen; epochs much shorter than a chunk's time are
    then trained several at once. Checkpoints asked for more often than they cost 2% are left out.
    ``monitor``: ``validation_loss`` or ``validation_<metric>``, decides the best checkpoint and early
    stopping.

    ``precision``: fp32, fp64; tf32 (float32 whose products a GPU rounds); bf16, fp16 (mixed: weights and
    optimizer in float32, layers in half precision, fp16 with a scaled loss). ``run_mode``: one of the
    engine's modes (``EngineRow.modes``), "" for its first. ``memory_layout``: channels_first,
    channels_last, "" for the engine's own. ``clip_norm``: the gradients' joint L2 norm is cut to this, 0:
    never. ``accumulate``: a batch goes through in so many equal parts, whose gradients are averaged before
    the one update; batch norm sees the parts. ``steps``: the run ends after so many steps where its epochs
    have more, 0: never before them; the schedule is that of the epochs either way.
    """

    loss: str = "cross_entropy"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    schedule: str = "constant"
    warmup_steps: int = 0
    step_epochs: int = 10
    step_factor: float = 0.1
    epochs: int = 20
    batch_size: int = 32
    seed: int = 0
    metrics: tuple[str, ...] = ("accuracy",)
    monitor: str = "validation_loss"
    validate_every: int = 1  # epochs; 0: never
    patience: int = 0  # validations without improvement before stopping; 0: off
    checkpoint_every: int = 1  # epochs; 0: only at the end
    precision: str = "fp32"
    run_mode: str = ""
    memory_layout: str = ""
    clip_norm: float = 0.0
    accumulate: int = 1
    steps: int = 0
    threads: int = 0
    chunk_steps: int = 0
    version: int = 1


@dataclass(frozen=True)
class DataManifest:
    """A data set prepared into memory-mapped arrays; written as ``manifest.json`` in its folder.

    The folder holds ``inputs.npy`` (float32, ``(n, *input_shape)``), ``targets.npy`` (int64 ``(n,)`` for
    classification, float32 ``(n, *target_shape)`` otherwise) and the index arrays ``train.npy``,
    ``validation.npy``, ``test.npy`` (int64). ``task``: classification, binary, regression.
    ``digest`` addresses the content. ``preparation`` names facts such as ``scale: 1/16`` or ``mean``;
    ``source`` and ``options`` are the job's, so that the same data can be prepared again.
    """

    kind: ClassVar[str] = "data_manifest"
    name: str
    source: str
    task: str
    digest: str
    input_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    samples: int
    splits: Mapping[str, int]
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    target: str = "target"
    preparation: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
