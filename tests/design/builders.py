"""Small designs for the tests of the design room."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from engines.contract.spec import Recipe
from engines.design.catalogue import CATALOGUE
from engines.design.document import Design
from engines.design.kinds import SettingKind


def chain(*layers: tuple[str, str, Mapping[str, object]], name: str = "chain") -> Design:
    """A design of layers one after the other."""
    design = Design(name)
    before = ""
    for kind, layer, settings in layers:
        design.add(kind, layer, settings)
        if before:
            design.connect(before, layer)
        before = layer
    return design


def one_layer(kind: str, settings: Mapping[str, object], *shapes: tuple[int, ...]) -> Design:
    """A layer named ``layer`` with one input node for each shape, ``input0`` first."""
    design = Design("one")
    design.add(kind, "layer", settings)
    for number, shape in enumerate(shapes):
        design.add("input", f"input{number}", {"shape": shape})
        design.connect(f"input{number}", "layer")
    return design


def residual() -> Design:
    """A convolution with batch norm and a way around it."""
    design = chain(
        ("input", "image", {"shape": (3, 9, 7)}),
        ("conv2d", "stem", {"filters": 4, "kernel": (3, 3)}),
        ("conv2d", "conv", {"filters": 4, "kernel": (3, 3)}),
        ("batch_norm", "norm", {}),
        ("add", "sum", {}),
        ("global_average_pool", "pool", {}),
        ("dense", "logits", {"units": 5}),
        name="residual",
    )
    design.connect("stem", "sum")
    return design


def values_of(setting: SettingKind) -> st.SearchStrategy[object]:
    """Values that fit a setting."""
    whole = st.integers(int(max(setting.minimum, -99)), int(min(setting.maximum, 99)))
    match setting.type:
        case "bool":
            return st.booleans()
        case "choice":
            return st.sampled_from(setting.choices)
        case "int":
            return whole
        case "float":
            return st.floats(setting.minimum, setting.maximum)
        case "sizes":
            least, most = (setting.length, setting.length) if setting.length else (1, 6)
            return st.lists(whole, min_size=least, max_size=most).map(tuple)


names = st.from_regex(r"[A-Z][A-Za-z0-9_]{1,8}", fullmatch=True).filter(
    lambda name: name not in ("None", "True", "False")
)


@st.composite
def designs(draw: st.DrawFn) -> Design:
    """Any design the document lets be, broken shapes included."""
    recipe = Recipe(epochs=draw(st.integers(1, 9)), metrics=tuple(draw(st.lists(st.text(), max_size=2))))
    design = Design(draw(st.text()), draw(st.text()), recipe)
    for name in draw(st.lists(names, max_size=7, unique=True)):
        row = CATALOGUE[draw(st.sampled_from(sorted(CATALOGUE)))]
        settings = {setting.key: draw(values_of(setting)) for setting in row.settings}
        place = draw(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
        others = list(design.nodes)
        design.add(row.key, name, settings, place)
        if others:
            for source in draw(st.lists(st.sampled_from(others), max_size=row.inputs[1], unique=True)):
                design.connect(source, name)
    return design
