"""How the layers over (time, features) are written in plain PyTorch, and where their arrays lie there."""

from __future__ import annotations

from collections.abc import Callable

from engines.contract.spec import LayerSpec, ParameterSpec
from engines.design.kinds import Shape
from engines.design.shapes import attended, whole
from engines.design.torch_written import Written

Shapes = tuple[Shape, ...]

HELPERS = {
    "one_bias": '''
def one_bias(recurrent):
    """PyTorch's LSTM and GRU have two biases a gate, where one says it all: the second stays zero."""
    for name, parameter in recurrent.named_parameters():
        if name.startswith("bias_hh"):
            nn.init.zeros_(parameter).requires_grad_(False)
    return recurrent
''',
    "waves": '''
def waves(time, features):
    """Sines and cosines that tell time steps apart (Vaswani et al. 2017, section 3.5)."""
    even = torch.arange(features, dtype=torch.float64) // 2 * 2
    angles = torch.arange(time, dtype=torch.float64)[:, None] / 10000 ** (even / features)
    odd = torch.arange(features) % 2 == 1
    return torch.where(odd, angles.cos(), angles.sin()).to(torch.get_default_dtype())
''',
    "MultiHeadAttention": '''
class MultiHeadAttention(nn.Module):
    """Each head's query looks at the keys of all time steps and takes a mean of their values."""

    def __init__(self, features, keys, values, heads, causal, bias):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.query = nn.Linear(features, features, bias)
        self.key = nn.Linear(keys, features, bias)
        self.value = nn.Linear(values, features, bias)
        self.output = nn.Linear(features, features, bias)

    def forward(self, query, key, value):
        parts = self.query(query), self.key(key), self.value(value)
        heads = [part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts]
        mixed = F.scaled_dot_product_attention(*heads, is_causal=self.causal)
        return self.output(mixed.transpose(1, 2).flatten(2))
''',
}

_RECURRENT = {
    f"{way}{role}": f".{theirs}_l0{suffix}"
    for way, suffix in (("", ""), ("reverse_", "_reverse"))
    for role, theirs in (("weight", "weight_ih"), ("recurrent_weight", "weight_hh"), ("bias", "bias_ih"))
}
_ATTENTION = {
    f"{role}{array}": f".{module}.{array}"
    for role, module in (("query_", "query"), ("key_", "key"), ("value_", "value"), ("", "output"))
    for array in ("weight", "bias")
}
_NAMES = {
    "lstm": _RECURRENT,
    "gru": _RECURRENT,
    "multi_head_attention": _ATTENTION,
    "positional_encoding": {"weight": ""},
}


def tensor_name(layer: LayerSpec, parameter: ParameterSpec) -> str:
    """Return where the written model keeps an array: ``head.weight``, ``memory.weight_ih_l0``."""
    role = parameter.name.rsplit("/", 1)[1]
    return layer.name + _NAMES.get(layer.layer, {}).get(role, f".{role}")


def recurrent(kind: str) -> Callable[[LayerSpec, Shapes], Written]:
    """Return the writer of PyTorch's ``nn.LSTM`` or ``nn.GRU``."""

    def write(layer: LayerSpec, inputs: Shapes) -> Written:
        settings = layer.settings
        both = ", bidirectional=True" if settings["bidirectional"] else ""
        module = f"one_bias(nn.{kind}({inputs[0][1]}, {settings['units']}, batch_first=True{both}))"
        if settings["return_sequences"]:
            return Written(module, "{self}({0})[0]", "one_bias")
        if not both:
            return Written(module, "{self}({0})[0][:, -1]", "one_bias")
        last = "[1][0]" if kind == "LSTM" else "[1]"
        return Written(module, f"{{self}}({{0}}){last}.transpose(0, 1).flatten(1)", "one_bias")

    return write


def embedding(layer: LayerSpec, inputs: Shapes) -> Written:
    """Write an embedding, whose ids come as floats."""
    vocabulary = whole(layer.settings, "vocabulary")
    return Written(
        f"nn.Embedding({vocabulary}, {layer.settings['units']})",
        f"{{self}}({{0}}.long().clamp(0, {vocabulary - 1}))",
    )


def positional_encoding(layer: LayerSpec, inputs: Shapes) -> Written:
    """Write the rows that are added."""
    if layer.settings["form"] == "learned":
        return Written(f"nn.Parameter(torch.zeros{inputs[0]})", "{0} + {self}")
    time, features = inputs[0]
    return Written(f"nn.Buffer(waves({time}, {features}), persistent=False)", "{0} + {self}", "waves")


def attention(layer: LayerSpec, inputs: Shapes) -> Written:
    """Write an attention; an input that is not connected is the last that is."""
    features = [shape[1] for shape in attended(inputs)]
    settings = layer.settings
    options = f"heads={settings['heads']}, causal={settings['causal']}, bias={settings['bias']}"
    module = f"MultiHeadAttention({', '.join(map(str, features))}, {options})"
    places = [min(place, len(inputs) - 1) for place in range(3)]
    return Written(module, f"{{self}}({', '.join(f'{{{place}}}' for place in places)})", "MultiHeadAttention")
