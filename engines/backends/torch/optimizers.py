"""The optimizers, fused where PyTorch has it so, and their state under the canonical slot names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from engines.backends.torch.build import DesignModule, parameters_by_name
from engines.contract.spec import Recipe
from engines.training.fitting import fitting
from engines.training.optimizers import are_weights_alone

_SLOTS: dict[str, dict[str, str]] = {
    "sgd": {"momentum_buffer": "momentum"},
    "adam": {"exp_avg": "first_moment", "exp_avg_sq": "second_moment"},
    "adamw": {"exp_avg": "first_moment", "exp_avg_sq": "second_moment"},
    "rmsprop": {"square_avg": "square_average"},
}
_COUNTS_STEPS = ("adam", "adamw", "rmsprop")


def make_optimizer(module: DesignModule, recipe: Recipe) -> Optimizer:
    """Return the recipe's optimizer over the module's trainable parameters."""
    parameters = [tensor for tensor in module.parameters() if tensor.requires_grad]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    betas = (recipe.beta1, recipe.beta2)
    if recipe.optimizer == "sgd":
        return SGD(parameters, lr=rate, momentum=recipe.momentum, weight_decay=decay, fused=True)
    if recipe.optimizer == "rmsprop":
        alpha, epsilon = recipe.momentum, recipe.epsilon
        return RMSprop(parameters, lr=rate, alpha=alpha, eps=epsilon, weight_decay=decay)
    kind = Adam if recipe.optimizer == "adam" else AdamW
    return kind(parameters, lr=rate, betas=betas, eps=recipe.epsilon, weight_decay=decay, fused=True)


def bare_step(optimizer: Optimizer) -> Callable[[], object]:
    """Return the optimizer's step without the profiler's range and the hooks around it.

    They cost a small model 8% of its speed; nothing of ours uses them.
    """
    step = type(optimizer).step
    return partial(getattr(step, "__wrapped__", step), optimizer)


def read_state(module: DesignModule, optimizer: Optimizer, name: str) -> dict[str, npt.NDArray[Any]]:
    """Return copies of the optimizer's arrays as ``optimizer/<slot>/<layer>/<role>``."""
    arrays = {}
    for parameter, tensor in _trained(module).items():
        state = optimizer.state.get(tensor, {})
        for theirs, ours in _SLOTS[name].items():
            if state.get(theirs) is not None:
                array = state[theirs].detach().to("cpu", copy=True).contiguous().numpy()
                arrays[f"optimizer/{ours}/{parameter}"] = array
    return arrays


def load_state(
    module: DesignModule,
    optimizer: Optimizer,
    name: str,
    arrays: Mapping[str, npt.NDArray[Any]],
    step: int,
) -> None:
    """Take over such arrays after it took ``step`` steps; without any the optimizer is fresh.

    Raises:
        WorkbenchError: ``CHECKPOINT_UNFIT`` where an array is missing or of another shape.
    """
    optimizer.state.clear()
    if are_weights_alone(arrays):
        return
    for parameter, tensor in _trained(module).items():
        state: dict[str, Any] = {}
        for theirs, ours in _SLOTS[name].items():
            state[theirs] = _slot(arrays, f"optimizer/{ours}/{parameter}", tensor)
        if name in _COUNTS_STEPS:
            device = tensor.device if optimizer.defaults.get("fused") else "cpu"
            state["step"] = torch.tensor(float(step), dtype=torch.float32, device=device)
        optimizer.state[tensor] = state


def _slot(arrays: Mapping[str, npt.NDArray[Any]], key: str, tensor: Tensor) -> Tensor:
    array = fitting(arrays, key, tuple(tensor.shape))
    # Laid out in memory as the parameter is, as the fused kernels want it.
    return torch.empty_like(tensor).copy_(torch.from_numpy(np.array(array)))


def _trained(module: DesignModule) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in parameters_by_name(module).items() if tensor.requires_grad}
