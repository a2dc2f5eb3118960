"""Training steps one after another, as the recipe has them: forward, backward, clip, update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler

from engines.backends.torch import optimizers
from engines.backends.torch.build import DesignModule
from engines.backends.torch.own import OwnModule
from engines.contract.spec import Recipe
from engines.training.loss_scale import GOOD_STEPS, SCALE, SKIPPED, skipped_steps
from engines.training.optimizers import began_at, with_began

Forward = Callable[[Tensor, Tensor], "tuple[Tensor, Tensor]"]
"""From inputs and targets to the loss and the outputs."""
Seeder = Callable[[int], None]


class Steps:
    """The steps of one module with one optimizer; ``forward`` may be replaced, by a compiled one say.

    ``began`` is the step at which the optimizer was fresh: it counts from there.
    """

    def __init__(self, module: DesignModule, recipe: Recipe, forward: Forward) -> None:
        self.module, self.recipe, self.forward = module, recipe, forward
        self.optimizer = optimizers.make_optimizer(module, recipe)
        self.scaler = _scaler(module) if recipe.precision == "fp16" else None
        self.began = 0
        self._parameters: list[Tensor] = self.optimizer.param_groups[0]["params"]
        own = (part for part in module.modules() if isinstance(part, OwnModule))
        self._own: list[Tensor] = [parameter for part in own for parameter in part.parameters()]
        self._learn = self._whole if recipe.accumulate == 1 else self._in_parts
        self._update = self._make_update()

    def run(
        self, inputs: Tensor, targets: Tensor, rates: Iterable[float], seeds: Sequence[int], seed: Seeder
    ) -> tuple[Tensor, Tensor]:
        """Train a step for each row; return every step's loss and outputs, without waiting for the device."""
        self.module.train()
        group, learn, update = self.optimizer.param_groups[0], self._learn, self._update
        # The parameters' own list: Optimizer.zero_grad costs more than some layers of a small model.
        parameters = self._parameters
        losses: list[Tensor] = []
        outputs: list[Tensor] = []
        for step, (x, y, rate) in enumerate(zip(inputs.unbind(), targets.unbind(), rates)):
            if seeds:
                seed(seeds[step])
            group["lr"] = rate
            loss, output = learn(x, y)
            for weight in self._own:
                # What a file left alone has the gradient zero, not none: else the optimizer would pass it
                # over, where other engines' graphs update it by its moments.
                if weight.grad is None:
                    weight.grad = torch.zeros_like(weight)
            update()
            for parameter in parameters:
                parameter.grad = None
            losses.append(loss)
            outputs.append(output)
        return torch.stack(losses), torch.stack(outputs)

    def _whole(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        loss, output = self.forward(x, y)
        self._backward(loss)
        return loss.detach(), output.detach()

    def _in_parts(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        parts = self.recipe.accumulate
        losses, outputs = [], []
        for some, theirs in zip(x.chunk(parts), y.chunk(parts)):
            loss, output = self.forward(some, theirs)
            self._backward(loss / parts)
            losses.append(loss.detach())
            outputs.append(output.detach())
        return torch.stack(losses).mean(), torch.cat(outputs)

    def _backward(self, loss: Tensor) -> None:
        if self.scaler is not None:
            loss = self.scaler.scale(loss)
        loss.backward()

    def _make_update(self) -> Callable[[], object]:
        step, most = optimizers.bare_step(self.optimizer), self.recipe.clip_norm
        if self.scaler is not None:
            return self._update_scaled
        if not most:
            return step

        def update() -> None:
            clip(self._parameters, most)
            step()

        return update

    def _update_scaled(self) -> None:
        """Take a step unless a gradient overflowed; either way the factor learns from it."""
        assert self.scaler is not None
        if self.recipe.clip_norm:
            self.scaler.unscale_(self.optimizer)
            clip(self._parameters, self.recipe.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def state(self, step: int) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the optimizer's slots after ``step`` steps, and of the scaled loss' state."""
        slots = optimizers.read_state(self.module, self.optimizer, self.recipe.optimizer)
        arrays, taken = with_began(slots, self.began), step - self.began
        if self.scaler is not None:
            found = self.scaler.state_dict()
            arrays[SCALE] = np.array([found["scale"]], np.float32)
            arrays[GOOD_STEPS] = np.array([found["_growth_tracker"]], np.int64)
            arrays[SKIPPED] = np.array([taken - self._applied(taken)], np.int64)
        return arrays

    def load(self, arrays: Mapping[str, npt.NDArray[Any]], step: int) -> None:
        """Take over such arrays after ``step`` steps; without any all is fresh."""
        skipped = skipped_steps(arrays) if self.scaler is not None else 0
        name, self.began = self.recipe.optimizer, began_at(arrays, step)
        optimizers.load_state(self.module, self.optimizer, name, arrays, step - self.began - skipped)
        if self.scaler is not None:
            known = self.scaler.state_dict()
            if SCALE in arrays:
                known["scale"] = float(arrays[SCALE][0])
                known["_growth_tracker"] = int(arrays[GOOD_STEPS][0])
            self.scaler.load_state_dict(known)

    def _applied(self, step: int) -> int:
        """Return how many of ``step`` steps since it was fresh the optimizer took, where it counts them."""
        counts = (state["step"] for state in self.optimizer.state.values() if "step" in state)
        return int(next(counts, step))


def _scaler(module: DesignModule) -> GradScaler:
    return GradScaler(next(module.parameters()).device.type)


def clip(parameters: Iterable[Tensor], most: float) -> None:
    """Scale gradients down so that their joint L2 norm is at most ``most``."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    torch._foreach_mul_(gradients, (most / norm).clamp(max=1.0))
