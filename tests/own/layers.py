"""Layers of one's own to try things on, and the design they stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import own_layers as asking
from app.own_layers import ask, own_layers, settle, trust_files
from engines.contract.own_layers import DescribeLayerJob, LayerAnswer
from engines.design.document import Design
from engines.design.own_layers import FOLDER
from engines.design.templates import open_design

BEND = '''"""Ordinary control flow."""


class Bend:
    """Bend every value."""

    settings = {
        "rounds": {"default": 2, "minimum": 1, "maximum": 5, "help": "How often"},
        "mode": ("soft", "hard"),
        "strength": 0.5,
        "flip": False,
        "window": (3, 3),
    }

    def output_shape(self, x):
        return x

    def parameters(self, x):
        return {"scale": ("ones", x), "mix": (4, *x)}

    def forward(self, xp, x, weights):
        for turn in range(self.rounds):
            if self.mode == "soft":
                x = xp.tanh(x * weights["scale"] + weights["mix"][turn] * self.strength)
            else:
                x = x * weights["scale"]
        return x
'''

ON_VALUES = '''class Gate:
    """Go one way or the other by the values themselves."""

    def output_shape(self, x):
        return x

    def parameters(self, x):
        return {"up": ("ones", x), "down": ("ones", x)}

    def torch(self, x, weights):
        import torch

        for _ in range(3):
            if x.mean() > 0.4:
                x = torch.tanh(x * weights["down"])
            else:
                x = x + weights["up"] * 0.1
        return x

    def tensorflow(self, x, weights):
        import tensorflow as tf

        for _ in range(3):
            if tf.reduce_mean(x) > 0.4:
                x = tf.tanh(x * weights["down"])
            else:
                x = x + weights["up"] * 0.1
        return x
'''

SPARE = '''class Scale:
    """Have more weights than are used."""

    def output_shape(self, x):
        return x

    def parameters(self, x):
        return {"scale": ("ones", x), "spare": ("ones", x)}

    def forward(self, xp, x, weights):
        return x * weights["scale"]
'''

NO_ONNX = """class Spectrum:
    \"\"\"Trains on JAX, whose exporter has nothing for it.\"\"\"

    def output_shape(self, x):
        return x

    def jax(self, x, weights):
        import jax.numpy as jnp

        y = x * 2
        return y + jnp.linalg.eigvalsh(y.T @ y)[None, :]
"""


def put(folder: Path, name: str, source: str) -> Path:
    """Write a layer's file beside a design."""
    path = folder / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


def design_with(folder: Path, name: str, trusted: bool = True, **settings: object) -> Design:
    """Return the digits' MLP with a layer of one's own behind its activation, its shapes known."""
    design = open_design("digits-mlp")
    design.own = own_layers(folder)
    design.add("python", "own", {"file": name, **settings})
    design.disconnect("relu", "logits")
    design.connect("relu", "own")
    design.connect("own", "logits")
    if trusted:
        trust_files(design.own)
        with pytest.MonkeyPatch.context() as patch:
            if asking.ask is ask:  # else a test looks on
                patch.setattr(asking, "ask", _asked_once)
            settle(design)
    return design


_ANSWERS: dict[str, LayerAnswer] = {}


def _asked_once(question: DescribeLayerJob) -> LayerAnswer:
    """Ask a child, yet only once in all tests where it answers: where the file lies changes nothing."""
    key = repr((question.source, question.settings, question.inputs))
    if key not in _ANSWERS:
        answer = ask(question)
        if answer.code:
            return answer
        _ANSWERS[key] = answer
    return _ANSWERS[key]
