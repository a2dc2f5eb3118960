"""What goes wrong around files, projects, settings and the command line."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.DISK_FULL: Message(
        what="The disk is full: {path} could not be written.",
        why="What was there before is untouched.",
        todo="Free some space, then resume; older runs can go to the bin.",
        button="show_runs",
    ),
    ErrorCode.FILE_UNWRITABLE: Message(
        what="{path} could not be written.",
        why="The system says: {why}.",
        todo="Choose a folder that you may write to, or change the rights of this one.",
        button="choose_folder",
    ),
    ErrorCode.COPY_UNWRITABLE: Message(
        what="{path} could not be saved.",
        why="The system says: {why}.",
        todo="Save it into a folder that you may write to.",
    ),
    ErrorCode.FILE_UNREADABLE: Message(
        what="{path} could not be read.",
        why="The system says: {why}.",
        todo="Check the rights of the file, and that its disk is there.",
        button="choose_file",
    ),
    ErrorCode.FILE_MISSING: Message(
        what="There is no file {path}.",
        why="It may have been moved, renamed or misspelt.",
        todo="Check the path, and choose the file again.",
        button="choose_file",
    ),
    ErrorCode.FILE_IS_FOLDER: Message(
        what="{path} is a folder, and a file is wanted.",
        why="It may hold the file that is meant.",
        todo="Name the file itself.",
        button="choose_file",
    ),
    ErrorCode.TARGET_IS_SOURCE: Message(
        what="{path} would be written over itself.",
        why="It stays as it is, so that what was made of it can be held against it.",
        todo="Give the new file another name.",
    ),
    ErrorCode.PROJECT_UNREADABLE: Message(
        what="The project file {path} cannot be read.",
        why="{why}",
        todo="Mend the file in a text editor or take an older copy; the rest of the project is whole.",
        button="open_folder",
    ),
    ErrorCode.PROJECT_NEWER: Message(
        what="The project {path} was saved by a newer Modelwright.",
        why="It has version {version}; this program reads versions up to {known}.",
        todo="Update Modelwright, then open it again; nothing in it was changed.",
    ),
    ErrorCode.NOT_A_PROJECT: Message(
        what="{path} is no project.",
        why="A project is a folder with a file project.toml in it.",
        todo="Choose such a folder, or make a new project from a template.",
        button="show_start",
    ),
    ErrorCode.PROJECT_EXISTS: Message(
        what="There is something in {path} already.",
        why="A new project wants an empty folder, so that nothing of yours is overwritten.",
        todo="Choose another name, or open what is there.",
        button="choose_folder",
    ),
    ErrorCode.DESIGN_NOT_IN_PROJECT: Message(
        what="The project {path} has no design called {design}.",
        why="It has: {known}.",
        todo="Name one of these.",
    ),
    ErrorCode.SETTING_UNKNOWN: Message(
        what="There is no setting “{setting}”.",
        why="The settings are: {known}.",
        todo="Choose one of these{guess}.",
    ),
    ErrorCode.SETTING_INVALID: Message(
        what="“{value}” is no value for the setting {setting}.",
        why="It wants {wanted}.",
        todo="Give it such a value, on the command line with --set {setting}=VALUE.",
    ),
    ErrorCode.ENGINE_UNKNOWN: Message(
        what="There is no engine called “{engine}”.",
        why="The engines are: {known}.",
        todo="Choose one of these{guess}.",
    ),
    ErrorCode.ENGINE_MISSING: Message(
        what="{title} is not installed.",
        why="Its package was not found where it is to run.",
        todo="Install it with “modelwright engines install {key}” (it fetches {install}).",
        button="install_engine",
    ),
    ErrorCode.INSTALL_FAILED: Message(
        what="{engine} could not be installed.",
        why="The installer ended with status {status}; what it said last is in the details.",
        todo="Check the network and the space on the disk, then try again.",
        button="copy_details",
    ),
    ErrorCode.NOT_A_RUN: Message(
        what="{path} is no run.",
        why="A run is a folder with a file run.json in it; “train” makes one.",
        todo="Name the folder of a run, inside the runs folder of its project.",
    ),
    ErrorCode.RUN_EXISTS: Message(
        what="There is something in {path} already.",
        why="A new run wants an empty folder, so that no earlier run is overwritten.",
        todo="Name another folder, or go on with that run by --resume.",
    ),
    ErrorCode.PROOF_FAILED: Message(
        what="The exported file does not answer as the trained model does ({reason}).",
        why="The largest error is {error}, the bound is {bound}. It begins at: {where}.",
        todo="The file was kept as {path} for a look; do not deploy it. Report it with the run's design.",
        button="copy_details",
    ),
    ErrorCode.NOT_PROVABLE: Message(
        what="Nothing can be proven about the exported file ({reason}).",
        why="A model whose answers do not depend on its input agrees with anything.",
        todo="Train it until its answers vary. The file was kept as {path}, unproven.",
    ),
    ErrorCode.DESIGN_CHANGED_ELSEWHERE: Message(
        what="The design {design} was changed by another window or program too.",
        why="What you see here was saved as {design}; the other version was kept beside it as {kept}.",
        todo="Edit a design in one window at a time, and delete the version you do not want.",
    ),
    ErrorCode.DESIGN_TAKEN_OVER: Message(
        what="The design {design} was changed by another window or program.",
        why="You see it as it was saved there. What was done before can no longer be undone here.",
        todo="Look at it, then go on.",
    ),
    ErrorCode.PROJECT_AWAY: Message(
        what="The folder of the open project is no longer there: {path}.",
        why="It was moved, renamed or deleted, or its disk is away. The design is whole in this window.",
        todo="Put it back; or choose the folder where it lies now, or one for a copy.",
        button="choose_folder",
    ),
    ErrorCode.PROJECT_OPEN_TWICE: Message(
        what="This project is open in another window, too.",
        why="What one window saves, the other shows as soon as you come back to it.",
        todo="Edit a design in one of them at a time.",
    ),
    ErrorCode.EDITS_BACK: Message(
        what="Edits of the design {design} that could not be saved are here again.",
        why="The last window ended before they could be written into the project.",
        todo="They are saved with it as soon as that is possible.",
    ),
    ErrorCode.EDITS_KEPT: Message(
        what="The project {project} is not there; edits of it that could not be saved are kept.",
        why="It was moved, renamed or deleted, or its disk is away. The edits lie in {path}.",
        todo="Put it back and open it to find them in it, or open them as a project of their own.",
        button="open_edits",
    ),
    ErrorCode.PROJECT_LEFT_OUT: Message(
        what="The project {project} was not opened again.",
        why="The last window ended while it opened this project by itself.",
        todo="Open it from the list of Start to try once more; nothing in it was changed.",
    ),
    ErrorCode.RUN_AWAY: Message(
        what="The run {run} is no longer there.",
        why="Its folder was moved or deleted by another window or program.",
        todo="If it went to the bin, it can be taken back there.",
    ),
    ErrorCode.NOT_COMPARABLE: Message(
        what="{first} and {second} cannot be compared.",
        why="Two runs can be compared, or two model files, but not one with the other.",
        todo="Name two of the same kind.",
    ),
    ErrorCode.DATA_NEEDS_DESIGN: Message(
        what="{path} holds data, and no design is open that could be trained on it.",
        why="Data are chosen for a design: its input has to have their shape.",
        todo="Choose a template or open a project, then drop the file again.",
        button="show_start",
    ),
}
