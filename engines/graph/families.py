"""Which family an operator belongs to: the tables behind the colours of the graph."""

from __future__ import annotations

_OPERATORS: dict[str, str] = {
    "convolution": """
        Conv ConvInteger ConvTranspose DeformConv QLinearConv FusedConv
    """,
    "normalize": """
        BatchNormalization InstanceNormalization LayerNormalization GroupNormalization LRN
        LpNormalization MeanVarianceNormalization RMSNormalization SimplifiedLayerNormalization
        SkipLayerNormalization
    """,
    "activate": """
        Relu LeakyRelu PRelu Elu Selu Celu Gelu Mish Sigmoid HardSigmoid HardSwish Softmax
        LogSoftmax Hardmax Softplus Softsign Swish Tanh ThresholdedRelu Clip Erf Dropout
        FastGelu QuickGelu BiasGelu
    """,
    "combine": """
        Add Sub Mul Div Pow Sum Mean Max Min Concat Mod And Or Xor Not Where Equal Greater Less
        GreaterOrEqual LessOrEqual Sqrt Exp Log Neg Abs Reciprocal
    """,
    "pool": """
        MaxPool AveragePool LpPool GlobalMaxPool GlobalAveragePool GlobalLpPool MaxUnpool
        MaxRoiPool RoiAlign ReduceMean ReduceMax ReduceMin ReduceSum ReduceProd ReduceL1
        ReduceL2 ReduceLogSumExp ReduceSumSquare ReduceLogSum ArgMax ArgMin TopK
    """,
    "dense": """
        Gemm MatMul MatMulInteger QLinearMatMul Einsum FusedGemm FusedMatMul
    """,
    "sequence": """
        LSTM GRU RNN Attention MultiHeadAttention GroupQueryAttention RotaryEmbedding
    """,
    "shape": """
        Reshape Flatten Transpose Squeeze Unsqueeze Shape Size Gather GatherElements GatherND
        Slice Split Expand Tile Pad Cast CastLike Identity Constant ConstantOfShape Range Resize
        Upsample DepthToSpace SpaceToDepth ScatterElements ScatterND Scatter Compress OneHot
        NonZero Trilu EyeLike
    """,
}
FAMILIES: dict[str, str] = {op: family for family, ops in _OPERATORS.items() for op in ops.split()}
"""Operator type to family; ``io`` is for a graph's own inputs and outputs."""


def family_of(op: str) -> str:
    """Return the family of an operator type, ``other`` where the table has none."""
    return FAMILIES.get(op, "other")


_PARTS: dict[str, str] = {
    "normalize": "batchnorm batch_norm layernorm layer_norm groupnorm group_norm rms_norm",
    "convolution": "convolution conv1d conv2d conv3d depthwise",
    "pool": "pool reduce argmax cumsum mean amax top_k",
    "dense": "matmul einsum dot linear addmm gemm bmm lstm gru attention",
    "shape": """
        reshape transpose permute squeeze flatten view slice gather pad broadcast expand cast convert
        identity const iota getitem alias clone noop arg shape bitcast copy tuple sym_size
    """,
    "activate": "relu elu gelu silu sigmoid tanh softmax softplus erf logistic",
    "combine": """
        add sub mul div pow sum max min concat cat stack select compare exp log rsqrt sqrt neg abs where
        mod
    """,
}
"""What an engine's own operators have in their names, the most telling family first."""


def family_of_engine(op: str) -> str:
    """Return the family of an operator of an engine: TensorFlow's, ATen's, StableHLO's or XLA's.

    ``_FusedConv2D``, ``aten.batch_norm``, ``stablehlo.dot_general`` say by their names what they do.
    """
    name = op.lower()
    return next((family for family, parts in _PARTS.items() if _has(name, parts)), "other")


def _has(name: str, parts: str) -> bool:
    return any(part in name for part in parts.split())
