"""What the doctor says: engines where they run, interpreters, and the environments that are kept."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.NETWORK_DOWN: Message(
        what="The packages of {engine} could not be fetched over the network.",
        why="The installer says: {why}.",
        todo="Check the connection and the proxy, then install again; what was fetched is not fetched twice.",
        button="install_engine",
    ),
    ErrorCode.PROVIDER_UNKNOWN: Message(
        what="ONNX Runtime has no execution provider called “{provider}” here.",
        why="It lists: {known}.",
        todo="Name one of these, or install a build of ONNX Runtime that has it.",
        button="show_engines",
    ),
    ErrorCode.PROVIDER_FAILED: Message(
        what="ONNX Runtime could not run the model on {provider}.",
        why="It says: {why}",
        todo="Check the driver and the libraries that this provider needs, or leave the choice out: the CPU.",
        button="show_engines",
    ),
    ErrorCode.PROVIDER_FELL_BACK: Message(
        what="{provider} ran nothing of {path}: ONNX Runtime gave every node to {used}.",
        why="The provider is installed, but cannot run this model's operators, or its device is not there.",
        todo="Leave the choice out to have the CPU's figures, under its own name.",
        button="show_engines",
    ),
    ErrorCode.ENGINE_HALF_INSTALLED: Message(
        what="{title} is there, but it cannot be imported.",
        why="In {python}: {why}",
        todo="An installation that did not end, or packages that do not fit. Mend it with: {command}",
        button="install_engine",
    ),
    ErrorCode.ENGINE_UNIMPORTABLE: Message(
        what="{engine} is there, but it cannot be imported.",
        why="In {python}: {what}: {why}",
        todo="See with “modelwright engines” what mends it.",
        button="show_engines",
    ),
    ErrorCode.ENGINE_DIES: Message(
        what="The process of {title} died before its work began ({ended}).",
        why="Its interpreter is {python}; what it said last: {why}",
        todo="A library that does not fit this machine is the usual cause. Mend it with: {command}",
        button="install_engine",
    ),
    ErrorCode.ENGINE_HANGS: Message(
        what="{title} did not start{within}.",
        why="{stood} Its interpreter is {python}.",
        todo="Look again, in case something was slow just this once; if not, mend it with: {command}",
        button="install_engine",
    ),
    ErrorCode.ENGINE_SLOW: Message(
        what="{title} is still starting.",
        why="After an installation, or on a slow disk, its import may take a minute or two; "
        "if it comes to no end, it is given up. Nothing else waits for it.",
        todo="Wait, or stop looking and work with another engine meanwhile.",
    ),
    ErrorCode.ENGINE_AWAITED: Message(
        what="{title} is still starting.",
        why="After an installation, or on a slow disk, its import may take a minute or two; "
        "after {limit} seconds it is given up.",
        todo="Wait, or stop: nothing has begun that could be lost.",
    ),
    ErrorCode.ENGINE_SKIPPED: Message(
        what="{title} was still starting when you stopped looking.",
        why="So it is not known what it has, and whether it works.",
        todo="Look again when you want to know; you can work with the others meanwhile.",
    ),
    ErrorCode.ENGINE_VERSION: Message(
        what="{title} {version} is not a version that Modelwright was written for.",
        why="It was written for versions from {oldest} on and below {below}.",
        todo="It may work, and may fail at any job. Get the right one with: {command}",
        button="install_engine",
    ),
    ErrorCode.ENGINE_WITHOUT_CUDA: Message(
        what="{title} {version} was built without CUDA, and this machine has a GPU: {gpu}.",
        why="This build computes on the CPU alone. The driver is {driver}.",
        todo="Get a build for the GPU with: {command}",
        button="install_engine",
    ),
    ErrorCode.LIBRARY_MISSING: Message(
        what="{engine} needs a library of the system that is not here: {library}.",
        why="It is no part of any Python package.",
        todo="Install it with the system's own installer; on Debian and Ubuntu: "
        "sudo apt-get install {packages}",
    ),
    ErrorCode.ENGINE_RETIRED: Message(
        what="{title} is retired: nobody keeps it upstream any more.",
        why="{version} is the last version there will be; faults in it stay.",
        todo="Use it for models that were made with it, and take another engine for new ones.",
    ),
    ErrorCode.DRIVER_OLD: Message(
        what="The driver of {gpu} is too old for {title} {version}.",
        why="The driver is {driver}; builds for CUDA {cuda} need {wanted} or newer.",
        todo="Install a newer NVIDIA driver, then start Modelwright again; until then the CPU computes.",
    ),
    ErrorCode.GPU_NOT_SEEN: Message(
        what="{title} {version} does not see the GPU of this machine: {gpu}.",
        why="Its build is for CUDA {cuda}, and the driver {driver} is new enough for that. It says: {why}",
        todo="See whether CUDA_VISIBLE_DEVICES hides it, or another program has it for itself. Where "
        "libraries of CUDA are missing, get them with: {command}",
    ),
    ErrorCode.DRIVER_SILENT: Message(
        what="{title} is built for NVIDIA GPUs, and the driver of this machine does not answer.",
        why="nvidia-smi says: {why}",
        todo="If there is a GPU: restart the machine; if that does not help, install its driver anew. Until "
        "then the CPU computes.",
    ),
    ErrorCode.INTERPRETER_GONE: Message(
        what="There is no interpreter {python}.",
        why="It was moved, renamed or deleted, or the path is not written as it should be.",
        todo="Choose another interpreter for this engine, or go back to Modelwright's own.",
        button="show_engines",
    ),
    ErrorCode.INTERPRETER_FOLDER: Message(
        what="{python} is a folder without a Python in it.",
        why="A whole environment's folder would do; this is none.",
        todo="Choose the file python in it (bin/python, on Windows Scripts\\python.exe).",
        button="show_engines",
    ),
    ErrorCode.INTERPRETER_WITHOUT_ENGINE: Message(
        what="{python} (Python {version}) has no {title}.",
        why="Modelwright never changes an interpreter of yours.",
        todo="Choose one that has it, let Modelwright make an environment of its own, or get it there with: "
        "{command}",
        button="show_engines",
    ),
    ErrorCode.INTERPRETER_NO_PYTHON: Message(
        what="{python} is no Python.",
        why="When it was asked for its version it said: {why}",
        todo="Choose a file called python, python3 or python.exe.",
        button="show_engines",
    ),
    ErrorCode.INTERPRETER_HANGS: Message(
        what="{python} did not answer within {seconds} seconds.",
        why="It was asked for its version alone; something that it runs at its start holds it up.",
        todo="Choose another interpreter, or look for a sitecustomize.py or a .pth file in it.",
        button="show_engines",
    ),
    ErrorCode.INTERPRETER_DIES: Message(
        what="{python} ends as soon as it starts ({ended}).",
        why="It said: {why}",
        todo="Choose another; if this one is a Python at all, mend it with the tool that made it.",
        button="show_engines",
    ),
    ErrorCode.INTERPRETER_OLD: Message(
        what="{python} is Python {version}, which is too old.",
        why="An engine's process needs Python {wanted} or newer.",
        todo="Choose a newer interpreter.",
        button="show_engines",
    ),
    ErrorCode.INTERPRETER_WITHOUT_NUMPY: Message(
        what="{python} (Python {version}) has no NumPy.",
        why="An engine's process needs it, besides the engine itself.",
        todo="Get it with: {command}",
        button="show_engines",
    ),
    ErrorCode.ENVIRONMENT_HALF_MADE: Message(
        what="The environment of {title} is half made.",
        why="Its installation was stopped or broke off; what there is lies in {folder}.",
        todo="Make it whole with “modelwright engines repair {key}”.",
        button="install_engine",
    ),
    ErrorCode.ENVIRONMENT_OUTDATED: Message(
        what="The environment of {title} was made by another version of Modelwright.",
        why="The list of its packages has changed since; it lies in {folder}.",
        todo="It goes on working. Bring it up to date with “modelwright engines repair {key}”.",
        button="install_engine",
    ),
    ErrorCode.ENVIRONMENT_BUSY: Message(
        what="The environment of {engine} is being made by another window or command.",
        why="Two at once would spoil it: {folder}.",
        todo="Wait until that one is done.",
    ),
    ErrorCode.ENVIRONMENT_NONE: Message(
        what="Modelwright keeps no environment for {engine}.",
        why="There is none in {folder}; interpreters of others are never changed.",
        todo="Make one with “modelwright engines install {key}”.",
    ),
    ErrorCode.ENVIRONMENT_NO_BASE: Message(
        what="There is no Python on this machine on which {title} can be installed.",
        why="Its packages have builds for Python {wanted}.",
        todo="Install one of these, or uv (https://docs.astral.sh/uv), which fetches one by itself.",
        button="install_engine",
    ),
}
