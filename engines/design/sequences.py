"""The rows of the catalogue that work on sequences: (time, features), one after the other in time."""

from __future__ import annotations

from engines.design import costs, parameters, shapes
from engines.design.kinds import CostRule, LayerKind, ParameterRule, SettingKind
from engines.design.settings import BIAS, count
from engines.design.sources import ONNX, TORCH

_ROWS = "An image or signal becomes (time, features) by a reshape or permute before it"
_ENDS = (
    "It begins with zeros. It gives the last time step's values (units), or with return_sequences those of "
    "every step (time, units). Bidirectional: a second one of its own weights (reverse_…) reads from the "
    "end; its values follow the first one's, at each time step or after each has read everything"
)


def _recurrent(
    key: str, title: str, semantics: str, source: str, cost: CostRule, rule: ParameterRule
) -> LayerKind:
    return LayerKind(
        key=key,
        title=title,
        family="sequence",
        shape=shapes.recurrent,
        cost=cost,
        parameters=rule,
        settings=(
            count("units", 32, "Values that it remembers and gives"),
            SettingKind(
                "return_sequences",
                "bool",
                False,
                "Give every time step, not only the last",
                title="Every step",
            ),
            SettingKind("bidirectional", "bool", False, "Read from the end, too"),
        ),
        semantics=f"{semantics}. {_ENDS}. {_ROWS}",
        source=source,
    )


def _time_pool(form: str) -> LayerKind:
    operator = {"max": "ReduceMax", "average": "ReduceMean"}[form]
    return LayerKind(
        key=f"time_{form}_pool",
        title=f"{form.capitalize()} over time",
        family="pool",
        shape=shapes.without_time,
        cost=costs.once_an_input,
        semantics=f"The {form} of each feature over all time steps; (time, features) becomes (features)",
        source=f"{ONNX}{operator}.html",
    )


SEQUENCES = (
    LayerKind(
        key="embedding",
        title="Embedding",
        family="sequence",
        shape=shapes.embedding,
        cost=costs.nothing,
        parameters=parameters.embedding,
        settings=(
            count("vocabulary", 1000, "How many ids there are: 0 … vocabulary - 1", 10_000_000),
            count("units", 32, "Values that stand for an id"),
        ),
        semantics="Gives each id a row of values, learned; (time) becomes (time, units). The rows are the "
        "weight (vocabulary, units). Ids are "
        "whole numbers carried as floats: a fraction is cut off, below 0 counts as 0 and above vocabulary - "
        "1 as that; training refuses data with such ids. Rows begin normal with deviation 0.02",
        source=f"{TORCH}.Embedding.html; {ONNX}Gather.html",
    ),
    LayerKind(
        key="positional_encoding",
        title="Positional encoding",
        family="sequence",
        shape=shapes.features,
        cost=costs.a_value(1),
        parameters=parameters.positional_encoding,
        settings=(
            SettingKind(
                "form", "choice", "sinusoidal", "Fixed waves, or learned", choices=("sinusoidal", "learned")
            ),
        ),
        semantics="Adds to (time, features) what tells the time steps apart. Sinusoidal: at time t sin(t / "
        "w) to feature 2i and cos(t / w) to 2i + 1 with w = 10000^(2i / features). Learned: the weight "
        "(time, features), at first normal with deviation 0.02",
        source="https://arxiv.org/abs/1706.03762",
    ),
    _recurrent(
        "lstm",
        "LSTM",
        "Reads (time, features) one time step after the other and remembers what it needs (long short-term "
        "memory). At each time step [i, f, g, o] = W x + U h + b; c = sigmoid(f) c + sigmoid(i) tanh(g), "
        "h = sigmoid(o) tanh(c). Weight W (4 units, features), recurrent_weight U (4 units, units), one bias "
        "b (4 units), gates in the order i, f, g, o. The forget gate's bias begins at 1, the others at 0; "
        "each gate's part of W and U is Glorot uniform by itself",
        f"{ONNX}LSTM.html; {TORCH}.LSTM.html; https://proceedings.mlr.press/v37/jozefowicz15.html",
        costs.lstm,
        parameters.lstm,
    ),
    _recurrent(
        "gru",
        "GRU",
        "Reads (time, features) one time step after the other, with fewer gates than an LSTM (gated "
        "recurrent unit). At each time step r = sigmoid(Wr x + br + Ur h), z = sigmoid(Wz x + bz + Uz h), "
        "n = tanh(Wn x + bn + r · (Un h)), h = (1 - z) n + z h: the reset gate acts after the product with "
        "Un, and Un h has no bias of its own. Weight W (3 units, features), recurrent_weight U (3 units, "
        "units), one bias b (3 units), gates in the order r, z, n. The bias begins at 0; each gate's part of "
        "W and U is Glorot uniform by itself",
        f"{ONNX}GRU.html; {TORCH}.GRU.html; https://arxiv.org/abs/1412.3555",
        costs.gru,
        parameters.gru,
    ),
    LayerKind(
        key="multi_head_attention",
        title="Multi-head attention",
        family="sequence",
        shape=shapes.attention,
        cost=costs.attention,
        parameters=parameters.attention,
        inputs=(1, 3),
        settings=(
            count("heads", 4, "Shares of the features that attend apart"),
            SettingKind("causal", "bool", False, "A time step sees itself and earlier ones only"),
            BIAS,
        ),
        semantics="Each time step of (time, features) looks at all of them and takes a mean of what fits. "
        "Inputs are query, key and value, each (time, features): one input is all three, a second "
        "one is key and value. q, k, v = x Wᵀ + b with query_, key_ and value_weight (features of the query, "
        "own features); each run of features / heads features is a head: softmax(q kᵀ / sqrt(features / "
        "heads)) v over the keys' time steps; the heads side by side go through weight and bias (features, "
        "features). Weights are Glorot uniform, biases 0",
        source="https://arxiv.org/abs/1706.03762; "
        + f"{TORCH}.MultiheadAttention.html; {ONNX}Attention.html",
    ),
    LayerKind(
        key="take_step",
        title="Take a time step",
        family="sequence",
        shape=shapes.take_step,
        cost=costs.nothing,
        settings=(SettingKind("step", "int", -1, "Which: 0 is the first, -1 the last", -(2**24), 2**24),),
        semantics="One time step of (time, features), as (features); a negative one counts from the end",
        source=f"{ONNX}Gather.html",
    ),
)
"""In the order of the palette."""

TIME_POOLS = (_time_pool("average"), _time_pool("max"))
