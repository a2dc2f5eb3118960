"""The optimizer's passes: one row each, in the order they run. Every one is a library's work.

A pass takes a model that it may change and returns the result; whether that is kept is decided by
``optimize``, by numbers. No single library is best everywhere (onnxscript folds batch norms, onnxslim
leaves the fewest nodes on transformers), hence all of them, each step measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnx
import onnx_ir as ir
import onnxoptimizer
import onnxscript.optimizer
import onnxscript.rewriter
import onnxslim
from onnx_ir.passes import common
from onnxscript.rewriter.rules import common as rules

from engines.contract.errors import ErrorCode, WorkbenchError

Run = Callable[[onnx.ModelProto], onnx.ModelProto]


@dataclass(frozen=True)
class Pass:
    """One row: ``may_grow`` for a pass that rightly leaves more nodes than it found."""

    name: str
    title: str
    run: Run
    may_grow: bool = False


def _in_ir(*steps: ir.passes.InPlacePass) -> Run:
    def run(model: onnx.ModelProto) -> onnx.ModelProto:
        result = ir.passes.Sequential(*steps)(ir.from_proto(model))
        return ir.to_proto(result.model)

    return run


def _rewritten(*patterns: onnxscript.rewriter.RewriteRule) -> Run:
    def run(model: onnx.ModelProto) -> onnx.ModelProto:
        result: onnx.ModelProto = onnxscript.rewriter.rewrite(model, list(patterns))
        return result

    return run


def _native(names: Sequence[str]) -> Run:
    def run(model: onnx.ModelProto) -> onnx.ModelProto:
        result: onnx.ModelProto = onnxoptimizer.optimize(model, list(names), fixed_point=True)
        return result

    return run


def _free_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Files before IR version 4 list every weight as an input too, which keeps passes from folding it."""
    held = ir.from_proto(model)
    common.RemoveInitializersFromInputsPass()(held)
    freed = ir.to_proto(held)
    freed.ir_version = max(freed.ir_version, 4)
    return freed


def _fold_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    held = ir.from_proto(model)
    onnxscript.optimizer.fold_constants(held, onnx_shape_inference=True)
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(held)
    common.RemoveUnusedNodesPass()(held)
    return ir.to_proto(held)


def _onnxscript(model: onnx.ModelProto) -> onnx.ModelProto:
    result: onnx.ModelProto = onnxscript.optimizer.optimize(model)
    return result


def _onnxslim(model: onnx.ModelProto) -> onnx.ModelProto:
    result: onnx.ModelProto = onnxslim.slim(model)
    return result


_NO_OPS = (
    rules.no_op_cast_rule,
    rules.no_op_expand_rule,
    rules.no_op_transpose_rule,
    rules.dropout_zero_rule,
    rules.dropout_inference_rule,
    rules.mul_by_1_rule,
    rules.div_by_1_rule,
    rules.add_0_rule,
    rules.sub_0_rule,
)
_BATCH_NORM = (
    rules.matmul_add_to_gemm_rule,
    rules.transpose_b_matmul_add_to_gemm_rule,
    rules.fuse_batchnorm_into_conv_rule,
    rules.fuse_batchnorm_into_conv_transpose_rule,
    rules.fuse_batchnorm_into_gemm_rule,
)
_FUSIONS = (
    "eliminate_nop_cast",
    "eliminate_nop_dropout",
    "eliminate_nop_flatten",
    "eliminate_nop_pad",
    "eliminate_nop_concat",
    "eliminate_nop_split",
    "eliminate_nop_expand",
    "eliminate_nop_transpose",
    "eliminate_nop_with_unit",
    "eliminate_consecutive_idempotent_ops",
    "eliminate_identity",
    "eliminate_common_subexpression",
    "fuse_add_bias_into_conv",
    "fuse_consecutive_concats",
    "fuse_consecutive_log_softmax",
    "fuse_consecutive_reduce_unsqueeze",
    "fuse_consecutive_slices",
    "fuse_consecutive_squeezes",
    "fuse_consecutive_transposes",
    "fuse_consecutive_unsqueezes",
    "fuse_matmul_add_bias_into_gemm",
    "fuse_pad_into_conv",
    "fuse_pad_into_pool",
    "fuse_transpose_into_gemm",
    "eliminate_deadend",
    "eliminate_unused_initializer",
)

PASSES: tuple[Pass, ...] = (
    Pass("free_weights", "Take weights out of the inputs", _free_weights),
    Pass("inline_functions", "Inline functions", _in_ir(common.InlinePass()), may_grow=True),
    Pass("drop_identities", "Drop identities", _in_ir(common.IdentityEliminationPass())),
    Pass("drop_no_ops", "Drop operations without effect", _rewritten(*_NO_OPS)),
    Pass("fold_constants", "Fold constants", _fold_constants),
    Pass("fold_batch_norm", "Fold batch norm into convolution and dense", _rewritten(*_BATCH_NORM)),
    Pass("merge_affine", "Merge scale and shift into convolution", _rewritten(
        rules.conv_affine_fusion_rule, rules.affine_conv_fusion_rule, rules.fuse_pad_into_conv_rule
    )),
    Pass("rewrite_patterns", "Rewrite known patterns (onnxscript)", _onnxscript),
    Pass("share_repeats", "Share what is computed or stored twice", _in_ir(
        common.CommonSubexpressionEliminationPass(), common.DeduplicateInitializersPass()
    )),
    Pass("drop_dead_ends", "Drop dead ends", _in_ir(
        common.RemoveUnusedNodesPass(), common.RemoveUnusedFunctionsPass()  # type: ignore[no-untyped-call]
       , common.RemoveUnusedOpsetsPass()
    )),
    Pass("onnxslim", "Slim (onnxslim)", _onnxslim),
    Pass("onnxoptimizer", "Fuse what is left (onnxoptimizer)", _native(_FUSIONS)),
    Pass("rewrite_again", "Rewrite what the others opened (onnxscript)", _onnxscript),
)  # fmt: skip
"""Every pass, in order."""


def chosen(names: Sequence[str]) -> tuple[Pass, ...]:
    """Return the named passes in the table's order, all where none is named.

    Raises:
        WorkbenchError: ``PASS_UNKNOWN``.
    """
    known = [row.name for row in PASSES]
    for name in names:
        if name not in known:
            raise WorkbenchError(ErrorCode.PASS_UNKNOWN, name=name, known=", ".join(known))
    return tuple(row for row in PASSES if not names or row.name in names)
