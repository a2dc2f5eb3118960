"""Where the rules of the catalogue stand: the beginnings of the pages that its rows name."""

from __future__ import annotations

TORCH = "https://docs.pytorch.org/docs/stable/generated/torch.nn"
ONNX = "https://onnx.ai/onnx/operators/onnx__"
