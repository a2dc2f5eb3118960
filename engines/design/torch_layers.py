"""How each layer of the catalogue is written in plain PyTorch: a module, and the line that calls it."""

from __future__ import annotations

from collections.abc import Callable

from engines.contract.spec import LayerSpec
from engines.design import torch_sequences as sequences
from engines.design.kinds import Shape
from engines.design.shapes import sizes, whole
from engines.design.torch_written import Written

Shapes = tuple[Shape, ...]


def written(layer: LayerSpec, inputs: Shapes) -> Written:
    """Return the code of one layer."""
    return LAYERS[layer.layer](layer, inputs)


def _same(layer: LayerSpec, shape: Shape, key: str) -> list[tuple[int, int]]:
    """Return the padding before and after on each axis: an odd one goes to the end."""
    if layer.settings["padding"] != "same":
        return [(0, 0)] * (len(shape) - 1)
    windows = zip(shape[1:], sizes(layer.settings, key), sizes(layer.settings, "stride"), strict=True)
    totals = [max((-(-size // step) - 1) * step + width - size, 0) for size, width, step in windows]
    return [(total // 2, total - total // 2) for total in totals]


def _even(pads: list[tuple[int, int]]) -> bool:
    return all(before == after for before, after in pads)


def _flat(pads: list[tuple[int, int]]) -> tuple[int, ...]:
    """Return pads in the order of ``F.pad``: the last axis first."""
    return tuple(side for pair in reversed(pads) for side in pair)


def _convolution(layer: LayerSpec, inputs: Shapes) -> Written:
    settings, pads = layer.settings, _same(layer, inputs[0], "kernel")
    axes, before = len(pads), tuple(before for before, _ in pads)
    arguments = [str(inputs[0][0]), str(settings["filters"]), str(settings["kernel"])]
    if any(step != 1 for step in sizes(settings, "stride")):
        arguments.append(f"stride={settings['stride']}")
    if _even(pads) and any(before):
        arguments.append(f"padding={before}")
    if settings["groups"] != 1:
        arguments.append(f"groups={settings['groups']}")
    if not settings["bias"]:
        arguments.append("bias=False")
    call = "{self}({0})" if _even(pads) else f"{{self}}(F.pad({{0}}, {_flat(pads)}))"
    return Written(f"nn.Conv{axes}d({', '.join(arguments)})", call)


def _max_pool(layer: LayerSpec, inputs: Shapes) -> Written:
    pads = _same(layer, inputs[0], "size")
    start = f"nn.MaxPool{len(pads)}d({layer.settings['size']}, {layer.settings['stride']}"
    if not _even(pads):
        return Written(f"{start})", f"{{self}}(F.pad({{0}}, {_flat(pads)}, value=-math.inf))")
    before = tuple(before for before, _ in pads)
    return Written(f"{start}, padding={before})" if any(before) else f"{start})")


def _average_pool(layer: LayerSpec, inputs: Shapes) -> Written:
    pads, size, stride = _same(layer, inputs[0], "size"), layer.settings["size"], layer.settings["stride"]
    if not _even(pads):
        call = f"_average_pool(F.avg_pool{len(pads)}d, {{0}}, {_flat(pads)}, {size}, {stride})"
        return Written("", call, "average_pool")
    before = tuple(before for before, _ in pads)
    padding = f", padding={before}, count_include_pad=False" if any(before) else ""
    return Written(f"nn.AvgPool{len(pads)}d({size}, {stride}{padding})")


def _global(reduce: str) -> Callable[[LayerSpec, Shapes], Written]:
    def write(layer: LayerSpec, inputs: Shapes) -> Written:
        return Written("", f"{{0}}.{reduce}(dim={tuple(range(2, len(inputs[0]) + 1))})")

    return write


def _dense(layer: LayerSpec, inputs: Shapes) -> Written:
    bias = "" if layer.settings["bias"] else ", bias=False"
    return Written(f"nn.Linear({inputs[0][-1]}, {layer.settings['units']}{bias})")


def _batch_norm(layer: LayerSpec, inputs: Shapes) -> Written:
    settings = layer.settings
    module = f"BatchNorm({inputs[0][0]}, momentum={settings['momentum']}, epsilon={settings['epsilon']})"
    return Written(module, helper="BatchNorm")


def _layer_norm(layer: LayerSpec, inputs: Shapes) -> Written:
    return Written(f"nn.LayerNorm({layer.parameters[0].shape}, eps={layer.settings['epsilon']})")


def _group_norm(layer: LayerSpec, inputs: Shapes) -> Written:
    settings = layer.settings
    return Written(f"nn.GroupNorm({settings['groups']}, {inputs[0][0]}, eps={settings['epsilon']})")


def _permute(layer: LayerSpec, inputs: Shapes) -> Written:
    axes = ", ".join(str(axis + 1) for axis in sizes(layer.settings, "axes"))
    return Written("", f"{{0}}.permute(0, {axes})")


def _upsample(layer: LayerSpec, inputs: Shapes) -> Written:
    repeats = [
        f".repeat_interleave({times}, dim={axis})"
        for axis, times in enumerate(sizes(layer.settings, "factor"), 2)
    ]
    return Written("", "{0}" + "".join(repeats))


def _softmax(layer: LayerSpec, inputs: Shapes) -> Written:
    axis = whole(layer.settings, "axis")
    return Written(f"nn.Softmax(dim={axis + 1 if axis >= 0 else axis})")


def _reshape(layer: LayerSpec, inputs: Shapes) -> Written:
    return Written("", f"{{0}}.reshape(-1, {', '.join(map(str, layer.output_shape))})")


def _joined(sign: str) -> Callable[[LayerSpec, Shapes], Written]:
    return lambda layer, inputs: Written("", sign.join(f"{{{place}}}" for place in range(len(inputs))))


def _concatenate(layer: LayerSpec, inputs: Shapes) -> Written:
    joined = ", ".join(f"{{{place}}}" for place in range(len(inputs)))
    return Written("", f"torch.cat(({joined}), dim={whole(layer.settings, 'axis') + 1})")


def _module(constructor: str, setting: str = "") -> Callable[[LayerSpec, Shapes], Written]:
    def write(layer: LayerSpec, inputs: Shapes) -> Written:
        return Written(f"nn.{constructor}({layer.settings[setting] if setting else ''})")

    return write


LAYERS: dict[str, Callable[[LayerSpec, Shapes], Written]] = {
    "dense": _dense,
    "embedding": sequences.embedding,
    "positional_encoding": sequences.positional_encoding,
    "lstm": sequences.recurrent("LSTM"),
    "gru": sequences.recurrent("GRU"),
    "multi_head_attention": sequences.attention,
    "take_step": lambda layer, inputs: Written("", f"{{0}}[:, {layer.settings['step']}]"),
    "conv1d": _convolution,
    "conv2d": _convolution,
    "max_pool1d": _max_pool,
    "max_pool2d": _max_pool,
    "average_pool1d": _average_pool,
    "average_pool2d": _average_pool,
    "global_average_pool": _global("mean"),
    "global_max_pool": _global("amax"),
    "time_average_pool": lambda layer, inputs: Written("", "{0}.mean(dim=1)"),
    "time_max_pool": lambda layer, inputs: Written("", "{0}.amax(dim=1)"),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": lambda layer, inputs: Written(
        f"nn.RMSNorm({inputs[0][-1]}, eps={layer.settings['epsilon']})"
    ),
    "group_norm": _group_norm,
    "dropout": _module("Dropout", "rate"),
    "relu": _module("ReLU"),
    "leaky_relu": _module("LeakyReLU", "slope"),
    "elu": _module("ELU", "alpha"),
    "prelu": lambda layer, inputs: Written(f"nn.PReLU({inputs[0][0]})"),
    "gelu": _module("GELU"),
    "silu": _module("SiLU"),
    "sigmoid": _module("Sigmoid"),
    "tanh": _module("Tanh"),
    "softplus": _module("Softplus"),
    "softmax": _softmax,
    "flatten": lambda layer, inputs: Written("", "{0}.flatten(1)"),
    "reshape": _reshape,
    "permute": _permute,
    "upsample2d": _upsample,
    "add": _joined(" + "),
    "multiply": _joined(" * "),
    "concatenate": _concatenate,
}
"""Every kind of the catalogue but ``input``, whose value is an argument of ``forward``."""
