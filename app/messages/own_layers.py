"""What is said about layers of one's own: Python files of the project's."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.OWN_LAYER_MISSING: Message(
        what="The layer's file {file} is not there.",
        why="It should lie in {folder}.",
        todo="Put it there, or choose another file for the layer.",
        button="show_node",
    ),
    ErrorCode.OWN_LAYER_BROKEN: Message(
        what="{place}: {why}",
        why="{text}",
        todo="Mend the file and save it: it is read again at once.",
        button="open_layer",
    ),
    ErrorCode.OWN_LAYER_UNTRUSTED: Message(
        what="{file} is a program that you have not trusted yet.",
        why="It could do whatever you can do on this machine. Files in {folder} are new here, or were "
        "changed while Modelwright did not look.",
        todo="Read them, then trust them; on the command line: --trust.",
        button="trust_layers",
    ),
    ErrorCode.OWN_LAYER_PENDING: Message(
        what="The shapes of {file} are being worked out.",
        why="Its code runs in a process of its own, which is thrown away.",
        todo="Wait a moment.",
    ),
    ErrorCode.OWN_LAYER_FAILED: Message(
        what="{place}, failed while {doing}: {what}: {why}",
        why="{text}",
        todo="Mend the file and save it: the next run takes it as it is then.",
        button="open_layer",
    ),
    ErrorCode.OWN_LAYER_ENGINE: Message(
        what="{engine} cannot train {node}: {file} has nothing for it.",
        why="The file has {known}.",
        todo="Write the method {method}(self, x, weights) or forward(self, xp, x, weights), or choose "
        "another engine.",
        button="open_layer",
    ),
    ErrorCode.OWN_LAYER_NOWHERE: Message(
        what="{engine} trains no layers of your own, and {node} is one ({file}).",
        why="It computes the layers of the catalogue alone.",
        todo="Choose another engine, or take {node} out of the design.",
        button="show_node",
    ),
    ErrorCode.OWN_LAYER_EXPORT: Message(
        what="{engine}'s exporter cannot follow {node}: {place}: {text}",
        why="{why}",
        todo="What depends on settings and shapes can be exported; an “if” or a loop over values cannot. "
        "Write it as a choice between values ({engine}'s where), and train again.",
        button="open_layer",
    ),
    ErrorCode.OWN_LAYER_NO_FORM: Message(
        what="The design's own exporter cannot write {node}: it is a layer of yours ({file}).",
        why="It writes the layers of the catalogue from their meaning, without any engine.",
        todo="Export with the engine that trained the run.",
    ),
    ErrorCode.OWN_LAYER_CODE: Message(
        what="{file} and {other} cannot stand in one script: both define {name}.",
        why="A written script holds the text of every layer of yours.",
        todo="Give one of them another name, and write the script again.",
        button="open_layer",
    ),
    ErrorCode.RUN_LAYERS_UNTRUSTED: Message(
        what="{path} holds programs that you have not trusted yet.",
        why="Its layers {files} would run with your rights, and they may be somebody else's.",
        todo="Read them in its folder “layers”, then trust them; on the command line: --trust.",
        button="trust_run",
    ),
}
