"""The optimizers: which of the recipe's values each reads, and which slots a checkpoint keeps.

Weight decay is added to the gradient (sgd, adam, rmsprop) or taken off the weight itself (adamw;
Loshchilov and Hutter, 2019). Epsilon is added after the bias correction (Kingma and Ba, 2015, section 2,
with the square root's own epsilon). ``rmsprop`` keeps the share ``momentum`` of the old mean square
(Hinton's 0.9) and has no velocity.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OptimizerRow:
    """``reads``: the recipe's fields beside the learning rate; ``slots``: arrays kept per parameter."""

    title: str
    reads: tuple[str, ...]
    slots: tuple[str, ...]


OPTIMIZERS: dict[str, OptimizerRow] = {
    "sgd": OptimizerRow("SGD with momentum", ("momentum", "weight_decay"), ("momentum",)),
    "adam": OptimizerRow(
        "Adam", ("beta1", "beta2", "epsilon", "weight_decay"), ("first_moment", "second_moment")
    ),
    "adamw": OptimizerRow(
        "AdamW", ("beta1", "beta2", "epsilon", "weight_decay"), ("first_moment", "second_moment")
    ),
    "rmsprop": OptimizerRow("RMSprop", ("momentum", "epsilon", "weight_decay"), ("square_average",)),
}
