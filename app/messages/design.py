"""What is said about a design: a refused edit, a node that cannot work, a file that cannot be read."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.DESIGN_UNKNOWN: Message(
        what="There is no design “{name}”.",
        why="It is neither a file nor one of the templates: {templates}.",
        todo="Name a template or the path of a design's .json file.",
    ),
    ErrorCode.DESIGN_LAYER_UNKNOWN: Message(
        what="There is no layer of the kind “{layer}” in the catalogue.",
        why="The design may come from a newer version, or the kind has a slip.",
        todo="Choose a kind from the catalogue, or update Modelwright.",
    ),
    ErrorCode.DESIGN_NAME_INVALID: Message(
        what="“{name}” cannot be the name of a layer.",
        why="A name starts with a letter and goes on with letters, digits and _, up to 64; words that "
        "engines use themselves are taken.",
        todo="Choose another name, such as conv1 or head.",
    ),
    ErrorCode.DESIGN_NAME_TAKEN: Message(
        what="There is already a layer named “{name}”.",
        why="Engines and files find a layer by its name, so each has its own.",
        todo="Choose another name.",
    ),
    ErrorCode.DESIGN_NODE_UNKNOWN: Message(
        what="There is no layer named “{name}” in this design.",
        why="It was renamed or removed.",
        todo="Choose one of the layers that are there.",
    ),
    ErrorCode.DESIGN_SETTING_UNKNOWN: Message(
        what="A {layer} layer has no setting “{setting}”.",
        why="The design may come from a newer version, or the name has a slip.",
        todo="Take the setting out, or choose one that the inspector shows.",
    ),
    ErrorCode.DESIGN_SETTING_INVALID: Message(
        what="“{setting}” of a {layer} layer cannot be {value}.",
        why="It has to be {wanted}.",
        todo="Enter a value that fits.",
    ),
    ErrorCode.DESIGN_EDGE_TAKEN: Message(
        what="{source} is connected to {target} already.",
        why="A second connection between the same layers would say nothing new.",
        todo="Connect another layer.",
    ),
    ErrorCode.DESIGN_EDGE_UNKNOWN: Message(
        what="{source} is not connected to {target}.",
        why="The connection was removed before.",
        todo="Choose a connection that is there.",
    ),
    ErrorCode.DESIGN_INPUTS_FULL: Message(
        what="{node} takes no further input.",
        why="The number of inputs that a {layer} layer takes is {allowed}.",
        todo="Remove its connection first, or put an add or concatenate layer between.",
    ),
    ErrorCode.DESIGN_CYCLE: Message(
        what="{source} cannot lead to {target}.",
        why="{target} leads to {source} already, and values cannot flow in a circle.",
        todo="Connect to a layer further down.",
    ),
    ErrorCode.DESIGN_EMPTY: Message(
        what="The design “{name}” has nothing to train.",
        why="A model needs an input and at least one layer after it.",
        todo="Add layers, or start from a template.",
    ),
    ErrorCode.DESIGN_INPUT_MISSING: Message(
        what="{node} has too few inputs: {have} of {wanted}.",
        why="A layer without its inputs has nothing to work on.",
        todo="Connect a layer to it, or remove it.",
        button="show_node",
    ),
    ErrorCode.DESIGN_INPUT_BROKEN: Message(
        what="The shape at {node} is unknown.",
        why="{source}, before it, has a problem of its own.",
        todo="Mend {source} first.",
        button="show_node",
    ),
    ErrorCode.DESIGN_DEAD_END: Message(
        what="{node} leads nowhere.",
        why="A model has one output, and it is {output}.",
        todo="Connect {node} to a layer that leads to {output}, or remove it.",
        button="show_node",
    ),
    ErrorCode.DESIGN_RANK: Message(
        what="{node} cannot work on the shape {have}.",
        why="It needs {wanted}.",
        todo="Put a reshape, permute or flatten layer before it, or choose another kind of layer.",
        button="show_node",
    ),
    ErrorCode.DESIGN_SHAPES_DIFFER: Message(
        what="The inputs of {node} do not fit together: {first} and {second}.",
        why="Shapes have to be equal (concatenate: but for the axis it joins).",
        todo="Change filters, stride or padding on one of the ways so that both end in one shape.",
        button="show_node",
    ),
    ErrorCode.DESIGN_KERNEL_TOO_BIG: Message(
        what="The window {kernel} of {node} is larger than what it slides over, {have}.",
        why="With padding “valid” the window has to fit inside.",
        todo="Make the window smaller, or choose padding “same”.",
        button="show_node",
    ),
    ErrorCode.DESIGN_GROUPS: Message(
        what="{groups} groups do not divide the channels of {node}.",
        why="It has {channels} channels in and {filters} filters out; each group takes a like share.",
        todo="Choose groups that divide both numbers; 1 always does.",
        button="show_node",
    ),
    ErrorCode.DESIGN_RESHAPE: Message(
        what="{node} cannot turn {have} into {wanted}.",
        why="The number of values in both shapes has to be the same.",
        todo="Choose a shape with as many values.",
        button="show_node",
    ),
    ErrorCode.DESIGN_AXIS: Message(
        what="{node} names axis {axis}, but its input {have} has none such.",
        why="Axes count from 0 and leave the batch out.",
        todo="Choose an axis that is there.",
        button="show_node",
    ),
    ErrorCode.DESIGN_SHARES: Message(
        what="{parts} {setting} do not divide the {values} values of {node}.",
        why="Each share has to be as large as the others.",
        todo="Choose {setting} that divide {values}; 1 always does.",
        button="show_node",
    ),
    ErrorCode.DESIGN_STEP: Message(
        what="{node} takes time step {step}, but there are {time}.",
        why="Time steps count from 0, and from -1 backwards at the end.",
        todo="Choose a step that is there; -1 is always the last.",
        button="show_node",
    ),
    ErrorCode.DESIGN_PERMUTATION: Message(
        what="{node} cannot put the axes of {have} in the order {axes}.",
        why="Every axis has to be named once; they count from 0 and leave the batch out.",
        todo="Name each axis of the input once, such as 1, 0 for two of them.",
        button="show_node",
    ),
    ErrorCode.DESIGN_TOO_BIG: Message(
        what="{node} would make {elements} values for every sample.",
        why="More than two thousand million values are more than engines can address.",
        todo="Make its settings smaller.",
        button="show_node",
    ),
    ErrorCode.DESIGN_FILE_BROKEN: Message(
        what="{path} is not a whole JSON file: line {line}, column {column}.",
        why="{why}.",
        todo="Mend that place in a text editor, or take a copy of the file from before.",
    ),
    ErrorCode.DESIGN_FILE_MALFORMED: Message(
        what="{path} is JSON, but not a design: {where}.",
        why="{why}.",
        todo="Open another file, or mend that place in a text editor.",
    ),
    ErrorCode.DESIGN_FILE_NEWER: Message(
        what="{path} was written by a newer version of Modelwright.",
        why="Its form has version {version}; this one knows up to {supported}.",
        todo="Update Modelwright. The file was left as it is.",
    ),
    ErrorCode.DESIGN_DATA_INPUT: Message(
        what="The design does not fit the data {data}: {node} takes {have}, a sample has {wanted}.",
        why="Each sample has to have the shape of the input layer.",
        todo="Set the input's shape to {wanted}, or choose other data.",
        button="show_node",
    ),
    ErrorCode.DESIGN_DATA_OUTPUT: Message(
        what="The design does not fit the data {data}: {node} gives {have}, the target needs {wanted}.",
        why="A classification needs one output a class, a regression one a value.",
        todo="Set the last layer's units to fit.",
        button="show_node",
    ),
    ErrorCode.DESIGN_DATA_LOSS: Message(
        what="The loss {loss} does not fit the data {data}.",
        why="The task there is {task}.",
        todo="Choose another loss in the recipe, or another task for the data.",
    ),
    ErrorCode.DESIGN_CODE_ENGINE: Message(
        what="Modelwright does not write code for {engine} yet.",
        why="It writes code for: {known}.",
        todo="Choose one of these, or export the trained model as ONNX.",
    ),
}
