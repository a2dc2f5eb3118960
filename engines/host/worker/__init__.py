"""The child's side of a host: standard library, NumPy and one backend; Python 3.10 syntax."""
