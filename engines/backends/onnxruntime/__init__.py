"""ONNX Runtime: it does not train; it evaluates, profiles and proves, on every execution provider."""
