"""What is known of XLA, whichever engine calls it."""

from __future__ import annotations

from engines.contract.spec import GraphSpec
from engines.design.catalogue import CATALOGUE


def loops_well(spec: GraphSpec, on_cpu: bool) -> bool:
    """Tell whether a design's steps may stand in a loop of the compiled program.

    On the CPU, XLA hands convolutions to its fast library only where they stand in no loop: within one they
    take 30 times as long and more. What a layer of one's own computes is not known.
    """
    families = {CATALOGUE[layer.layer].family if layer.layer in CATALOGUE else "own" for layer in spec.layers}
    return not on_cpu or not families & {"convolution", "own"}
