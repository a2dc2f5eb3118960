"""Layers of one's own in a written script: their files' text as it is, and a module around each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec
from engines.design.own_declaration import read_declaration
from engines.design.torch_written import Written

HELPER = "OwnLayer"
TAKEN = (
    "Model",
    "main",
    "initialize",
    "loss_of",
    "score",
    "rate",
    "check",
    "train",
    "np",
    "nn",
    "F",
    "torch",
)
"""Names that the script uses itself."""

HELPERS = {
    HELPER: '''
class OwnLayer(nn.Module):
    """A layer written in Python: its settings are attributes of it, its weights come as a dict."""

    def __init__(self, kind, settings, shapes):
        super().__init__()
        self.layer = kind.__new__(kind)
        for name, value in settings.items():
            setattr(self.layer, name, value)
        self.layer.__init__()
        for role, shape in shapes.items():
            self.register_parameter(role, nn.Parameter(torch.empty(shape)))

    def forward(self, *inputs):
        self.layer.training = self.training
        if hasattr(self.layer, "torch"):
            return self.layer.torch(*inputs, dict(self._parameters))
        return self.layer.forward(torch, *inputs, dict(self._parameters))
''',
}


def written_own(layer: LayerSpec) -> Written:
    """Return the code of a layer of one's own."""
    kind = read_declaration(layer.source, Path(layer.file).name).title
    shapes = {entry.name.rsplit("/", 1)[1]: entry.shape for entry in layer.parameters}
    call = "{self}(" + ", ".join(f"{{{place}}}" for place in range(len(layer.inputs))) + ")"
    return Written(f"{HELPER}({kind}, {dict(layer.settings)!r}, {shapes!r})", call, HELPER)


def sources(spec: GraphSpec) -> Iterator[str]:
    """Yield each file's text once; raises ``OWN_LAYER_CODE`` where two cannot stand in one script."""
    taken = dict.fromkeys((*TAKEN, HELPER), "")
    for file, source in {layer.file: layer.source for layer in spec.own_layers}.items():
        for name in _defined(source):
            if name in taken:
                facts = {
                    "file": Path(file).name,
                    "name": name,
                    "other": Path(taken[name]).name or "the script",
                }
                raise WorkbenchError(ErrorCode.OWN_LAYER_CODE, **facts)
            taken[name] = file
        lines = [line for line in source.splitlines() if not line.startswith("from __future__ ")]
        yield "\n# " + Path(file).name + "\n\n" + "\n".join(lines).strip() + "\n"


def _defined(source: str) -> Iterator[str]:
    """Yield the names that a file defines at its top; what it imports may be imported twice."""
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
            yield statement.name
        elif isinstance(statement, ast.Assign):
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
