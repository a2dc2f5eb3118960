"""What is said about data that cannot be read or used."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.DATA_SOURCE_UNKNOWN: Message(
        what="“{source}” is no data that Modelwright can read.",
        why="Known are: {known}.",
        todo="Name one of these, or the path of such a file.",
    ),
    ErrorCode.DATA_EMPTY: Message(
        what="There are no values in {path}.",
        why="It is empty, or holds a header and no row below it.",
        todo="Choose another file.",
        button="choose_file",
    ),
    ErrorCode.DATA_ENCODING: Message(
        what="{path} is not text.",
        why="At byte {position} it is neither UTF-8 nor UTF-16 nor Windows-1252.",
        todo="Save the table as CSV in UTF-8.",
        button="prepare_data",
    ),
    ErrorCode.DATA_BROKEN: Message(
        what="{path} cannot be read at line {line}.",
        why="The reader says: {why}.",
        todo="Mend that line (often a quote that is never closed), then read the file again.",
        button="prepare_data",
    ),
    ErrorCode.DATA_RAGGED: Message(
        what="Line {line} of {path} does not have one value a column: {have} instead of {wanted}.",
        why="A row has as many values as the first line.",
        todo="Mend that line: often a separator inside a value lacks its quotes.",
        button="prepare_data",
    ),
    ErrorCode.DATA_HEADER_TWICE: Message(
        what="Two columns of {path} are named “{name}” (line {line}, column {column}).",
        why="A column is found by its name.",
        todo="Rename one of them.",
        button="prepare_data",
    ),
    ErrorCode.DATA_COLUMN_UNKNOWN: Message(
        what="{path} has no column “{name}”.",
        why="Its columns are: {columns}.",
        todo="Name one of these.",
    ),
    ErrorCode.DATA_COLUMNS_FEW: Message(
        what="{path} has too few columns to learn from: {columns}.",
        why="One column is the target; at least one more has to be there to learn from.",
        todo="Check the separator, or choose another file.",
        button="choose_file",
    ),
    ErrorCode.DATA_VALUE_NOT_NUMERIC: Message(
        what="“{value}” in {path} is not a number (line {line}, column {column}, “{name}”).",
        why="What a model learns from has to be numbers.",
        todo="Mend the value, or leave the column out with the option drop={name}.",
        button="prepare_data",
    ),
    ErrorCode.DATA_VALUE_MISSING: Message(
        what="A value is missing or not finite in {path}: line {line}, column {column}, “{name}” "
        "(such values in all: {count:,}).",
        why="A model cannot learn from what is not there.",
        todo="Mend the values, or choose missing=drop (leave such rows out) or missing=mean.",
        button="prepare_data",
    ),
    ErrorCode.DATA_TARGET_NOT_NUMERIC: Message(
        what="The target “{value}” in {path} is not a number (line {line}, column {column}, “{name}”).",
        why="A regression learns numbers.",
        todo="Mend the value, choose another target, or choose the task classification.",
        button="prepare_data",
    ),
    ErrorCode.DATA_TARGET_MISSING: Message(
        what="The target is missing in {path}: line {line}, column {column}, “{name}”.",
        why="A row without its target teaches nothing.",
        todo="Mend the row, or choose missing=drop to leave such rows out.",
        button="prepare_data",
    ),
    ErrorCode.DATA_CLASS_SMALL: Message(
        what="The class “{name}” in {path} has too few samples: {count}.",
        why="At least {wanted} are needed, so that it can be learned and tested.",
        todo="Add samples, join the class with another, or choose another target or task.",
        button="prepare_data",
    ),
    ErrorCode.DATA_CLASSES: Message(
        what="The target in {path} has a number of classes that does not fit: {have}.",
        why="Needed: {wanted}.",
        todo="Choose another target column or another task.",
        button="choose_file",
    ),
    ErrorCode.DATA_SAMPLES_FEW: Message(
        what="{path} has too few samples: {have}.",
        why="At least {wanted} are needed to split them into training, validation and test.",
        todo="Add samples, or choose another file.",
        button="choose_file",
    ),
    ErrorCode.DATA_ARRAY: Message(
        what="The array “{name}” in {path} cannot be used.",
        why="{why}.",
        todo="Save the file with numbers in arrays named inputs and targets, one row a sample.",
        button="choose_file",
    ),
    ErrorCode.DATA_OPTION: Message(
        what="The option {option} cannot be “{value}”.",
        why="Possible: {wanted}.",
        todo="Choose one that is possible.",
    ),
    ErrorCode.DATA_OPTION_UNKNOWN: Message(
        what="There is no data option “{option}”.",
        why="The options are: {known}.",
        todo="Name one of these, such as f.csv?target=y.",
    ),
    ErrorCode.DATA_SHARDS_BROKEN: Message(
        what="The prepared data in {path} is damaged ({file}).",
        why="{why}.",
        todo="Prepare the data again; the source itself is untouched.",
        button="prepare_data",
    ),
}
