"""What is said about training: recipes, devices, checkpoints and run folders."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.FILE_DAMAGED: Message(
        what="{path} is damaged.",
        why="What it holds is not what was written: {why}.",
        todo="Take the file from a backup, or go on from an earlier checkpoint.",
    ),
    ErrorCode.CHECKPOINT_NONE: Message(
        what="{path} has no checkpoint to go on from.",
        why="The run ended before its first checkpoint, or every checkpoint is damaged.",
        todo="Start the training anew.",
    ),
    ErrorCode.CHECKPOINT_UNFIT: Message(
        what="The checkpoint in {path} does not fit this design.",
        why="{array}: {why}.",
        todo="Open the design that the run was trained with, or start a new run.",
    ),
    ErrorCode.RECIPE_INVALID: Message(
        what="“{setting}” cannot be {value}.",
        why="The recipe wants {wanted}.",
        todo="Change the setting and start again.",
    ),
    ErrorCode.DATA_CHANGED: Message(
        what="The data are not those that the run began with.",
        why="{run} was trained on the data {wanted}; these are {have}.",
        todo="Prepare the same data again, or start a new run.",
    ),
    ErrorCode.LOSS_NOT_FINITE: Message(
        what="The loss is no finite number any more: {value} at step {step}.",
        why="The numbers outgrew their type; a learning rate of {learning_rate} may be too high, or the "
        "inputs hold extreme values.",
        todo="Lower the learning rate or scale the inputs, and train again: resumed as it was, the run "
        "comes to the same step. The command line takes a lower rate: --resume RUN --set learning_rate=R.",
    ),
    ErrorCode.DEVICE_UNKNOWN: Message(
        what="The engine does not know the device {device}.",
        why="It found {known}.",
        todo="Choose one of these in the header, on the command line with --device; then go on.",
        button="use_cpu",
    ),
    ErrorCode.DEVICE_UNUSABLE: Message(
        what="The engine finds no {device} on this machine, though it is built for such devices.",
        why="It found {known}. Of the others it says: {why}",
        todo="Choose one of those it found in the header, on the command line with --device; Settings and "
        "“modelwright engines” tell what mends it.",
        button="use_cpu",
    ),
    ErrorCode.DEVICE_MEMORY: Message(
        what="The memory of {device} is not enough for batches of {batch_size}.",
        why="{why}",
        todo="Choose a smaller batch size, a smaller design, or another device.",
    ),
    ErrorCode.DEVICE_LOST: Message(
        what="The work on {device} was broken off by its driver.",
        why="{why}",
        todo="Look whether the device is still listed (Settings, Look again), then resume the run there or "
        "on another device: only what came after its last checkpoint is computed again.",
        button="show_engines",
    ),
    ErrorCode.PRECISION_MISSING: Message(
        what="{engine} does not compute in {precision} on {device}.",
        why="There it has {known}. TF32 is a way of NVIDIA GPUs alone.",
        todo="Choose one of these precisions, or another device or engine.",
    ),
    ErrorCode.RUN_MODE_MISSING: Message(
        what="{engine} does not run “{mode}” on {device}.",
        why="It runs {known}.",
        todo="Choose one of these in the header, or another engine.",
    ),
    ErrorCode.LAYOUT_MISSING: Message(
        what="{engine} does not keep images as {layout}.",
        why="It knows {known}.",
        todo="Choose one of these, or leave the memory layout to the engine.",
    ),
    ErrorCode.TEMPLATE_FIXED: Message(
        what="The template “{name}” is not changed.",
        why="Templates come with Modelwright and are the same for everyone.",
        todo="Make a project of it and tune that, or leave --apply out and give the values with --set.",
    ),
    ErrorCode.TUNE_NO_TIME: Message(
        what="Not measured: compiling it takes about {seconds} s.",
        why="The time for measuring was up.",
        todo="Tune again: what is compiled by now is kept. Or give it more time with --seconds.",
    ),
    ErrorCode.TUNE_COMPILE_LONG: Message(
        what="Not measured: compiling it was not done after {seconds} s.",
        why="Nobody wants to wait longer for a way that may be no faster.",
        todo="Measure it anyway with the button, or with --seconds 60: it may then compile for 240 s.",
    ),
    ErrorCode.COMPILE_FAILED: Message(
        what="{engine} could not compile this design: it runs “{instead}” instead of “{mode}”.",
        why="{why}",
        todo="The results stay right, only the speed is another one. Where a C++ compiler is missing, "
        "install one; else choose “{instead}”, so that nothing is tried in vain.",
    ),
    ErrorCode.LAYER_UNSUPPORTED: Message(
        what="{engine} has no layer for {node}.",
        why="It does not know the kind “{layer}”, or not with these settings.",
        todo="Replace the layer, or choose another engine.",
    ),
    ErrorCode.IDS_UNFIT: Message(
        what="The data {data} hold the id {value}, which {node} does not know.",
        why="An embedding's ids are whole numbers from 0 on, and its vocabulary has {vocabulary} of them.",
        todo="Set a larger vocabulary in {node}, or number the data's ids from 0 on.",
        button="show_node",
    ),
    ErrorCode.TARGETS_UNFIT: Message(
        what="The model's output does not fit the targets.",
        why="The loss {loss} compares outputs of shape {outputs} with targets of shape {targets}.",
        todo="Change the last layer's size, or choose another loss.",
    ),
    ErrorCode.RUN_BUSY: Message(
        what="{path} is being trained already.",
        why="Another process writes there.",
        todo="Stop that run first, or start another one.",
    ),
    ErrorCode.RUN_INTERRUPTED: Message(
        what="{title} was interrupted after step {step}.",
        why="Its process ended without a last word: it was killed, or the machine went down.",
        todo="Resume it from its last checkpoint; the steps since then are done again, bit for bit.",
        button="resume_run",
    ),
}
