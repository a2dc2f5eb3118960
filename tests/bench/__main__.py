"""All figures that have a goal, each measured in a process of its own, in one table.

Run: ``python -m tests.bench [--json] [--quick]``. The exit status says whether all goals are met.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.figures import Figure, say, table

NAMES = ("opening", "first_loss", "live_training", "memory", "tuned_live", "jax_throughput", "compute_bound")


def measured(name: str, quick: bool) -> Iterator[Figure]:
    """Yield the figures of one benchmark."""
    command = [sys.executable, "-m", f"tests.bench.{name}", "--json", *(["--repeats", "1"] if quick else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield Figure(**json.loads(line))


def main() -> int:
    """Measure all and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one list at the end")
    parser.add_argument("--quick", action="store_true", help="once each")
    given = parser.parse_args()
    figures: list[Figure] = []
    for name in NAMES:
        found = list(measured(name, given.quick))
        figures += found or [Figure(f"{name} did not answer", float("inf"), 0)]
        if not given.json:
            say(table(found) or f"{name} did not answer")
    if given.json:
        say(json.dumps([{**vars(one), "reached": one.reached} for one in figures], ensure_ascii=False))
    return 0 if all(one.reached for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
