"""Which family an ONNX operator belongs to: the table behind the colours of the graph."""

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
        Gemm MatMul MatMulInteger QLinearMatMul Einsum FusedGemm FusedMatMul LSTM GRU RNN
        Attention MultiHeadAttention
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
