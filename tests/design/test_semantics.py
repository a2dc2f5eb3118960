"""Every engine's module computes what the catalogue's words say, worked out in NumPy loops."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engines.contract.spec import GraphSpec
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES, open_design
from tests.design.builders import one_layer
from tests.design.reference import answer
from tests.design.test_code import child, pictures, rows

ROOT = Path(__file__).parents[2]
BUILD = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, torch
from engines.backends.torch.build import build, load_weights
torch.set_num_threads(1)
found = []
for spec, weights, inputs in pickle.load(open(sys.argv[2], "rb")):
    module = build(spec).double()
    load_weights(module, weights)
    found.append(module.eval()(*map(torch.from_numpy, inputs)).detach().numpy())
pickle.dump(found, open(sys.argv[3], "wb"))
"""

# Shapes and settings where libraries are known to differ: even kernels, strides that leave rests, windows
# at the edge, average pools that must not count padding, a softmax over channels.
CORNERS: list[tuple[str, Mapping[str, object], tuple[int, ...]]] = (
    [
        (f"{kind}2d", {key: size, "stride": stride, "padding": padding}, (2, 7, 6))
        for kind, key in (("conv", "kernel"), ("max_pool", "size"), ("average_pool", "size"))
        for size in ((2, 2), (3, 3), (4, 1), (5, 4))
        for stride in ((1, 1), (2, 2), (3, 1))
        for padding in ("same", "valid")
    ]
    + [("softmax", {"axis": axis}, (3, 4, 2)) for axis in (-3, -1, 0, 2)]
    + [
        ("layer_norm", {"epsilon": 0.1}, (2, 3, 4)),
        ("batch_norm", {"epsilon": 0.1}, (5,)),
        ("global_max_pool", {}, (3, 7)),
        ("gelu", {}, (40,)),
        ("elu", {"alpha": 2.0}, (40,)),
        ("softplus", {}, (40,)),
    ]
)


def asked(spec: GraphSpec, seed: int) -> tuple[GraphSpec, dict[str, np.ndarray], list[np.ndarray]]:
    random = np.random.default_rng(seed)
    weights = {entry.name: random.uniform(0.5, 1.5, entry.shape) for entry in spec.parameters}
    return spec, weights, [random.normal(0, 2, (3, *layer.output_shape)) for layer in spec.inputs]


@pytest.mark.framework
def test_that_pytorch_modules_compute_what_the_catalogue_says(tmp_path: Path) -> None:
    designs = [pictures(), rows(), *(open_design(name) for name in TEMPLATES)]
    designs += [one_layer(kind, settings, shape) for kind, settings, shape in CORNERS]
    questions = [asked(freeze(design), number) for number, design in enumerate(designs)]
    (tmp_path / "asked").write_bytes(pickle.dumps(questions))
    child("-c", BUILD, str(ROOT), str(tmp_path / "asked"), str(tmp_path / "found"), folder=tmp_path)
    answers = pickle.loads((tmp_path / "found").read_bytes())
    assert len(answers) == len(questions)
    for (spec, weights, inputs), found in zip(questions, answers, strict=True):
        expected = answer(spec, weights, *inputs)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8, err_msg=str(spec.layers))
