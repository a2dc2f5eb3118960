"""Whether a design, its recipe and prepared data go together; asked before ▶."""

from __future__ import annotations

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.design.shapes import text

TASKS = {
    "cross_entropy": "classification",
    "binary_cross_entropy": "binary",
    "mean_squared_error": "regression",
    "mean_absolute_error": "regression",
    "huber": "regression",
}
"""The task that each loss is for."""


def wanted_output(manifest: DataManifest) -> tuple[int, ...]:
    """Return the output shape that the data's target needs: one value a class, or the target's shape."""
    return (len(manifest.classes),) if manifest.task == "classification" else manifest.target_shape


def check_fit(spec: GraphSpec, recipe: Recipe, manifest: DataManifest) -> None:
    """Return if ``spec`` can be trained on the data with this recipe.

    Raises:
        WorkbenchError: ``DESIGN_DATA_INPUT``, ``DESIGN_DATA_OUTPUT`` or ``DESIGN_DATA_LOSS``.
    """
    for layer in spec.inputs:
        if layer.output_shape != manifest.input_shape:
            have, wanted = text(layer.output_shape), text(manifest.input_shape)
            raise _misfit(ErrorCode.DESIGN_DATA_INPUT, layer.name, have, wanted, manifest)
    if TASKS.get(recipe.loss) != manifest.task:
        facts = {"loss": recipe.loss, "task": manifest.task, "data": manifest.name}
        raise WorkbenchError(ErrorCode.DESIGN_DATA_LOSS, **facts)
    shapes = {layer.name: layer.output_shape for layer in spec.layers}
    output = spec.outputs[0]
    if shapes[output] != wanted_output(manifest):
        have, wanted = text(shapes[output]), text(wanted_output(manifest))
        raise _misfit(ErrorCode.DESIGN_DATA_OUTPUT, output, have, wanted, manifest)


def _misfit(code: ErrorCode, node: str, have: str, wanted: str, manifest: DataManifest) -> WorkbenchError:
    return WorkbenchError(code, node=node, have=have, wanted=wanted, data=manifest.name)
