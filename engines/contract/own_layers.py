"""A layer of one's own: what is asked of its file, and what it answers; the file itself is never run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engines.contract.errors import Fact
from engines.contract.spec import ParameterSpec, Setting

OWN = "python"
"""The kind of a layer that is a Python file of the project's."""


@dataclass(frozen=True)
class DescribeLayerJob:
    """Ask a file for its layer's output shape and parameters; answered with a ``LayerAnswer``.

    ``source`` is the file's text, ``file`` where it lies. The job runs foreign code: in a child that is
    thrown away, with a memory cap and a time limit, and without any framework.
    """

    kind: ClassVar[str] = "describe_layer"
    source: str
    file: str
    settings: Mapping[str, Setting]
    inputs: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class LayerAnswer:
    """What the file said; parameters are named by their role alone. With ``code`` it failed so."""

    kind: ClassVar[str] = "layer_answer"
    shape: tuple[int, ...] = ()
    parameters: tuple[ParameterSpec, ...] = ()
    code: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    details: str = ""
