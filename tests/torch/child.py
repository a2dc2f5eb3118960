"""A process that has PyTorch, so that the tests' own process has none: one JSON request a line."""

from __future__ import annotations

import json
import sys
import traceback


def main() -> None:
    """Answer requests ``{"function", "arguments"}`` until the input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr
    import torch

    from tests.torch import work

    torch.set_num_threads(1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": getattr(work, request["function"])(**request["arguments"])}
        except Exception:  # noqa: BLE001 - the test shall see whatever it was
            answer = {"fault": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
