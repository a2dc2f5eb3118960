"""What the values of a recipe are called: pairs of a value and its words."""

from __future__ import annotations

from collections.abc import Sequence

Choices = Sequence[tuple[str, str]]

LOSSES: Choices = (
    ("cross_entropy", "Cross entropy"),
    ("binary_cross_entropy", "Binary cross entropy"),
    ("mean_squared_error", "Mean squared error"),
    ("mean_absolute_error", "Mean absolute error"),
    ("huber", "Huber"),
)
OPTIMIZERS: Choices = (("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD, momentum"), ("rmsprop", "RMSprop"))
SCHEDULES: Choices = (("constant", "Constant"), ("cosine", "Cosine"), ("step", "Step"))
PRECISIONS: Choices = (
    ("fp32", "FP32"),
    ("fp64", "FP64"),
    ("tf32", "TF32"),
    ("bf16", "BF16 mixed"),
    ("fp16", "FP16 mixed"),
)
MODES: Choices = (
    ("eager", "Eager"),
    ("compiled", "Compiled"),
    ("graph", "Graph"),
    ("xla", "XLA"),
    ("jit", "JIT"),
    ("imperative", "Imperative"),
    ("hybridized", "Hybridized"),
)
LAYOUTS: Choices = (
    ("", "Engine’s own"),
    ("channels_first", "Channels first"),
    ("channels_last", "Channels last"),
)
