"""What is said where a model file, a proof, a pass or an export goes wrong."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.MODEL_BROKEN: Message(
        what="{path} is no valid ONNX model.",
        why="The checker says: {why}.",
        todo="Export or download it again; nothing of it was run.",
    ),
    ErrorCode.MODEL_TOO_LARGE: Message(
        what="{path} is too large to open safely.",
        why="It holds or claims {bytes:,} bytes; the limit is {limit:,}.",
        todo="Split or shrink the model, or check where the file comes from.",
    ),
    ErrorCode.MODEL_NOT_RUNNABLE: Message(
        what="ONNX Runtime cannot run {path}.",
        why="It says: {why}.",
        todo="Check which operators and which operator set the model uses.",
        button="copy_details",
    ),
    ErrorCode.MODEL_DATA_MISMATCH: Message(
        what="The data does not fit the model {path}.",
        why="The model wants {model}; the data is {data}.",
        todo="Choose the data set that the model was trained on.",
        button="show_data",
    ),
    ErrorCode.EXTERNAL_DATA_REFUSED: Message(
        what="{path} points to weights that are not opened: {file}.",
        why="The reason is: {why}. Weights must be plain files inside the model's own folder.",
        todo="Put the weights beside the model, or export it as one file.",
    ),
    ErrorCode.REFERENCE_BROKEN: Message(
        what="The reference answers in {path} cannot be used.",
        why="The reason is: {why}.",
        todo="Export the model again; that writes them anew.",
        button="export_onnx",
    ),
    ErrorCode.PASS_UNKNOWN: Message(
        what="There is no optimizer pass called “{name}”.",
        why="Known passes are: {known}.",
        todo="Choose one of these, or leave the choice out to run all.",
    ),
    ErrorCode.UNSUPPORTED_FORMAT: Message(
        what="{path} is a file of the kind {format}, which cannot be opened yet.",
        why="What is missing: {missing}. Nothing of it was run.",
        todo="Export it as ONNX with the tool that wrote it, then open that file.",
    ),
    ErrorCode.FORMAT_UNKNOWN: Message(
        what="Nobody here knows what kind of file {path} is.",
        why="Neither its first bytes nor its name belong to a known format.",
        todo="Open a project, a design, an ONNX or a safetensors file.",
    ),
    ErrorCode.STAGES_NONE: Message(
        what="{engine} has no compiler whose stages could be shown.",
        why="It runs a model as it was built.",
        todo="Take a run of another engine, or inspect the exported ONNX file.",
    ),
    ErrorCode.SAVE_FAILED: Message(
        what="The model could not be written to {path}.",
        why="The engine says: {why}.",
        todo="Copy the details; the run and its checkpoints are untouched.",
        button="copy_details",
    ),
    ErrorCode.SAVE_UNSUPPORTED: Message(
        what="{node} has no counterpart in a .{format} file.",
        why="It is a layer of one's own: such a file does not hold the code in {layer}.",
        todo="Save another format, which holds the layer's operations, or export ONNX.",
    ),
    ErrorCode.SAVE_FOLDER_TAKEN: Message(
        what="The folder {path} is not replaced: it holds more than a saved model.",
        why="In it lies {others}, which would be lost.",
        todo="Give the model a name of its own, inside that folder for example.",
    ),
    ErrorCode.SAVE_FORMAT_UNKNOWN: Message(
        what="{engine} does not write {path}.",
        why="By its ending, the file would be none of: {known}.",
        todo="Give the file one of these endings.",
    ),
    ErrorCode.EXPORT_FAILED: Message(
        what="The model could not be written as ONNX to {path}.",
        why="The exporter says: {why}.",
        todo="Copy the details; the run and its checkpoints are untouched.",
        button="copy_details",
    ),
}
