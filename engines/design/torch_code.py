"""A design as a plain PyTorch script: readable, runnable, without anything of ours."""

from __future__ import annotations

from typing import TypeVar

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec, ParameterSpec, Recipe
from engines.design import torch_own, torch_sequences
from engines.design.torch_layers import written
from engines.design.torch_own import sources, written_own
from engines.design.torch_written import Written

Value = TypeVar("Value")

_HEAD = '''"""A model designed in Modelwright, as plain PyTorch.

Train it on prepared data (a folder with inputs.npy, targets.npy, train.npy, validation.npy and test.npy):

    python THIS_FILE.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
'''

_HELPERS = {
    "BatchNorm": '''
class BatchNorm(nn.Module):
    """Batch norm as ONNX defines it: the running variance is the population's, momentum is what is kept."""

    def __init__(self, channels, momentum, epsilon):
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if not self.training:
            statistics = self.running_mean, self.running_var
            return F.batch_norm(x, *statistics, self.weight, self.bias, False, 0.0, self.epsilon)
        with torch.no_grad():
            axes = [0, *range(2, x.dim())]
            self.running_mean.lerp_(x.mean(axes), 1 - self.momentum)
            self.running_var.lerp_(x.var(axes, correction=0), 1 - self.momentum)
        return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.epsilon)
''',
    "average_pool": '''
def _average_pool(pool, x, pads, size, stride):
    """Average under each window, padded unevenly; the padding does not count."""
    counted = pool(F.pad(torch.ones_like(x[:1, :1]), pads), size, stride)
    return pool(F.pad(x, pads), size, stride) / counted
''',
    **torch_sequences.HELPERS,
    **torch_own.HELPERS,
}

_INITIALIZERS = {
    "zeros": "nn.init.zeros_({0})",
    "ones": "nn.init.ones_({0})",
    "glorot_uniform": "nn.init.xavier_uniform_({0})",
    "he_normal": 'nn.init.kaiming_normal_({0}, nonlinearity="relu")',
    "he_uniform": 'nn.init.kaiming_uniform_({0}, nonlinearity="relu")',
    "quarter": "nn.init.constant_({0}, 0.25)",
    "small_normal": "nn.init.normal_({0}, std=0.02)",
    "forget_one": "nn.init.zeros_({0}).data.chunk(4)[1].fill_(1.0)",
}

_ACCURACY = "(outputs.argmax(1) == targets).float().mean()"
_LOSSES = {
    "cross_entropy": ("F.cross_entropy(outputs, targets)", "accuracy", _ACCURACY),
    "binary_cross_entropy": (
        "F.binary_cross_entropy_with_logits(outputs, targets)",
        "accuracy",
        "((outputs > 0) == (targets > 0.5)).float().mean()",
    ),
    "mean_squared_error": ("F.mse_loss(outputs, targets)", "mae", "F.l1_loss(outputs, targets)"),
    "mean_absolute_error": ("F.l1_loss(outputs, targets)", "mae", "F.l1_loss(outputs, targets)"),
    "huber": ("F.huber_loss(outputs, targets)", "mae", "F.l1_loss(outputs, targets)"),
}
_ADAM = "betas=({beta1}, {beta2}), eps={epsilon}, weight_decay={weight_decay}"
_START = "(model.parameters(), {learning_rate}, "
_OPTIMIZERS = {
    "sgd": f"torch.optim.SGD{_START}momentum={{momentum}}, weight_decay={{weight_decay}})",
    "adam": f"torch.optim.Adam{_START}{_ADAM})",
    "adamw": f"torch.optim.AdamW{_START}{_ADAM})",
    "rmsprop": f"torch.optim.RMSprop{_START}alpha={{momentum}}, eps={{epsilon}}, "
    "weight_decay={weight_decay})",
}
_DONE = "max(step - {warmup_steps}, 0) / max({epochs} * steps - {warmup_steps}, 1)"
_SCHEDULES = {
    "constant": "1.0",
    "cosine": f"0.5 * (1 + math.cos(math.pi * {_DONE}))",
    "step": "{step_factor} ** (step // ({step_epochs} * steps))",
}

_TRAINING = '''
def loss_of(outputs, targets):
    return {loss}


def score(outputs, targets):
    return {score}


def rate(step, steps):
    """The share of the learning rate at a step, of `steps` in an epoch."""
    return {schedule}{warmup}


def check(model, inputs, targets):
    """Loss and {score_name} on a part of the data."""
    model.eval()
    with torch.no_grad():
        outputs = model(inputs)
        return loss_of(outputs, targets).item(), score(outputs, targets).item()


def train(model, inputs, targets, validation):
    optimizer = {optimizer}
    size = min({batch_size}, len(inputs))
    steps = len(inputs) // size
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps))
    for epoch in range({epochs}):
        model.train()
        for batch in torch.randperm(len(inputs))[: steps * size].reshape(steps, size):
            optimizer.zero_grad()
{learn}            optimizer.step()
            schedule.step()
        loss, value = check(model, *validation)
        print(f"epoch {{epoch + 1}}: validation loss {{loss:.4f}}, {score_name} {{value:.4f}}")


def main(folder):
    torch.manual_seed({seed})
    inputs, targets = (torch.from_numpy(np.load(folder / f"{{name}}.npy")) for name in ("inputs", "targets"))
    parts = (np.load(folder / f"{{name}}.npy") for name in ("train", "validation", "test"))
    training, validation, test = ((inputs[rows], targets[rows]) for rows in parts)
    model = Model()
    initialize(model)
    train(model, *training, validation)
    loss, value = check(model, *test)
    print(f"test loss {{loss:.4f}}, {score_name} {{value:.4f}}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
'''


_LEARN = """\
            loss_of(model(inputs[batch]), targets[batch]).backward()
"""
_LEARN_IN_PARTS = """\
            for part in batch.chunk({accumulate}):
                (loss_of(model(inputs[part]), targets[part]) / {accumulate}).backward()
"""
_CLIP = """\
            nn.utils.clip_grad_norm_(model.parameters(), {clip_norm})
"""


def write_torch(spec: GraphSpec, recipe: Recipe) -> str:
    """Return the script; raises ``RECIPE_INVALID`` for a value that it has no line for."""
    shapes = {layer.name: layer.output_shape for layer in spec.layers}
    code = {
        layer.name: written_own(layer)
        if layer.source
        else written(layer, tuple(shapes[source] for source in layer.inputs))
        for layer in spec.layers
        if layer.layer != "input"
    }
    helpers = dict.fromkeys(piece.helper for piece in code.values() if piece.helper)
    blocks = [*sources(spec), *(_HELPERS[name] for name in helpers), _model(spec, code), _initialize(spec)]
    body = "\n".join(blocks) + "\n" + _training(recipe)
    head = _HEAD.replace("import sys", "import math\nimport sys") if "math." in body else _HEAD
    return f"{head}\n{body}"


def _model(spec: GraphSpec, code: dict[str, Written]) -> str:
    arguments = ", ".join(layer.name for layer in spec.inputs)
    modules = [f"        self.{name} = {piece.module}" for name, piece in code.items() if piece.module]
    calls = [f"        {_call(layer, code[layer.name])}" for layer in spec.layers if layer.name in code]
    return "\n".join(
        [
            "\nclass Model(nn.Module):",
            "    def __init__(self):",
            "        super().__init__()",
            *modules,
            "",
            f"    def forward(self, {arguments}):",
            *calls,
            f"        return {spec.outputs[0]}\n",
        ]
    )


def _call(layer: LayerSpec, piece: Written) -> str:
    return f"{layer.name} = " + piece.call.format(*layer.inputs, self=f"self.{layer.name}")


def _initialize(spec: GraphSpec) -> str:
    lines = [
        "    " + _initializer(parameter).format("model." + torch_sequences.tensor_name(layer, parameter))
        for layer in spec.layers
        for parameter in layer.parameters
        if parameter.trainable
    ]
    return "\n".join(
        ["\ndef initialize(model):", '    """Weights as Modelwright begins with them."""', *lines, ""]
    )


def _initializer(parameter: ParameterSpec) -> str:
    """Return the line; gates that lie under one another are each Glorot uniform by themselves."""
    gates = parameter.shape[0] // max(parameter.fan_out, 1)
    if parameter.initializer == "glorot_uniform" and gates > 1:
        return f"[nn.init.xavier_uniform_(gate) for gate in {{0}}.data.chunk({gates})]"
    return _INITIALIZERS[parameter.initializer]


def _training(recipe: Recipe) -> str:
    loss, score_name, score = _chosen(_LOSSES, "loss", recipe.loss)
    values = {name: repr(value) for name, value in vars(recipe).items()}
    learn = (_LEARN if recipe.accumulate == 1 else _LEARN_IN_PARTS) + (_CLIP if recipe.clip_norm else "")
    warmup = f" * min(1.0, (step + 1) / {recipe.warmup_steps})" if recipe.warmup_steps else ""
    return _TRAINING.format(
        **{
            **values,
            "loss": loss,
            "score": score,
            "score_name": score_name,
            "optimizer": _chosen(_OPTIMIZERS, "optimizer", recipe.optimizer).format(**values),
            "schedule": _chosen(_SCHEDULES, "schedule", recipe.schedule).format(**values),
            "warmup": warmup,
            "learn": learn.format(**values),
        }
    )


def _chosen(table: dict[str, Value], setting: str, value: str) -> Value:
    if value not in table:
        raise WorkbenchError(ErrorCode.RECIPE_INVALID, setting=setting, value=value, wanted=" | ".join(table))
    return table[value]
