"""Error codes and the facts they carry; the sentences for a person live in ``app/messages``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

Fact = str | int | float | bool
"""A plain value that a sentence may name."""


class ErrorCode(str, Enum):
    """What went wrong, one member a kind of fault.

    Each member has exactly one row in ``app/messages``; the comment names the facts it carries.
    """

    UNEXPECTED = "unexpected"  # what (exception type), why (its text)
    RECORD_MALFORMED = "record_malformed"  # where (path in the record), why

    # A design: names and edges refused by the document
    DESIGN_UNKNOWN = "design_unknown"  # name, templates
    DESIGN_LAYER_UNKNOWN = "design_layer_unknown"  # layer
    DESIGN_NAME_INVALID = "design_name_invalid"  # name
    DESIGN_NAME_TAKEN = "design_name_taken"  # name
    DESIGN_NODE_UNKNOWN = "design_node_unknown"  # name
    DESIGN_SETTING_UNKNOWN = "design_setting_unknown"  # layer, setting
    DESIGN_SETTING_INVALID = "design_setting_invalid"  # layer, setting, value, wanted
    DESIGN_EDGE_TAKEN = "design_edge_taken"  # source, target
    DESIGN_EDGE_UNKNOWN = "design_edge_unknown"  # source, target
    DESIGN_INPUTS_FULL = "design_inputs_full"  # node, layer, allowed
    DESIGN_CYCLE = "design_cycle"  # source, target
    # A design: what keeps a node from working; all carry node
    DESIGN_EMPTY = "design_empty"  # name
    DESIGN_INPUT_MISSING = "design_input_missing"  # node, have, wanted
    DESIGN_INPUT_BROKEN = "design_input_broken"  # node, source
    DESIGN_DEAD_END = "design_dead_end"  # node, output
    DESIGN_RANK = "design_rank"  # node, wanted, have (shape)
    DESIGN_SHAPES_DIFFER = "design_shapes_differ"  # node, first, second
    DESIGN_KERNEL_TOO_BIG = "design_kernel_too_big"  # node, kernel, have (shape)
    DESIGN_GROUPS = "design_groups"  # node, groups, channels, filters
    DESIGN_RESHAPE = "design_reshape"  # node, have, wanted (shapes)
    DESIGN_AXIS = "design_axis"  # node, axis, have (shape)
    DESIGN_SHARES = "design_shares"  # node, setting (groups, heads), parts, values
    DESIGN_STEP = "design_step"  # node, step, time (time steps that are there)
    DESIGN_PERMUTATION = "design_permutation"  # node, axes, have (shape)
    DESIGN_TOO_BIG = "design_too_big"  # node, elements
    # A design: its file, and whether it fits the data
    DESIGN_FILE_BROKEN = "design_file_broken"  # path, line, column, why
    DESIGN_FILE_MALFORMED = "design_file_malformed"  # path, where, why
    DESIGN_FILE_NEWER = "design_file_newer"  # path, version, supported
    DESIGN_DATA_INPUT = "design_data_input"  # node, have, wanted (shapes), data
    DESIGN_DATA_OUTPUT = "design_data_output"  # node, have, wanted (shapes), data
    DESIGN_DATA_LOSS = "design_data_loss"  # loss, task, data
    DESIGN_CODE_ENGINE = "design_code_engine"  # engine, known

    # Layers of one's own; line counts from 1, 0 where none is known
    OWN_LAYER_MISSING = "own_layer_missing"  # file, folder
    OWN_LAYER_BROKEN = "own_layer_broken"  # file, line, why, text (of the line)
    OWN_LAYER_UNTRUSTED = "own_layer_untrusted"  # file, folder
    OWN_LAYER_PENDING = "own_layer_pending"  # file
    OWN_LAYER_FAILED = "own_layer_failed"  # file, line, what, why, text (of the line), doing
    OWN_LAYER_ENGINE = "own_layer_engine"  # node, file, engine, method, known
    OWN_LAYER_NOWHERE = "own_layer_nowhere"  # node, file, engine
    OWN_LAYER_EXPORT = "own_layer_export"  # node, file, line, engine, why, text (of the line)
    OWN_LAYER_NO_FORM = "own_layer_no_form"  # node, file
    OWN_LAYER_CODE = "own_layer_code"  # file, name, other
    RUN_LAYERS_UNTRUSTED = "run_layers_untrusted"  # path, files

    # Data that cannot be read or used; line and column count from 1
    DATA_SOURCE_UNKNOWN = "data_source_unknown"  # source, known
    DATA_EMPTY = "data_empty"  # path
    DATA_ENCODING = "data_encoding"  # path, position
    DATA_BROKEN = "data_broken"  # path, line, why
    DATA_RAGGED = "data_ragged"  # path, line, have, wanted
    DATA_HEADER_TWICE = "data_header_twice"  # path, line, column, name
    DATA_COLUMN_UNKNOWN = "data_column_unknown"  # path, name, columns
    DATA_COLUMNS_FEW = "data_columns_few"  # path, columns
    DATA_VALUE_NOT_NUMERIC = "data_value_not_numeric"  # path, line, column, name, value
    DATA_VALUE_MISSING = "data_value_missing"  # path, line, column, name, count
    DATA_TARGET_NOT_NUMERIC = "data_target_not_numeric"  # path, line, column, name, value
    DATA_TARGET_MISSING = "data_target_missing"  # path, line, column, name
    DATA_CLASS_SMALL = "data_class_small"  # path, name (of the class), count, wanted
    DATA_CLASSES = "data_classes"  # path, have, wanted
    DATA_SAMPLES_FEW = "data_samples_few"  # path, have, wanted
    DATA_ARRAY = "data_array"  # path, name, why
    DATA_OPTION = "data_option"  # option, value, wanted
    DATA_OPTION_UNKNOWN = "data_option_unknown"  # option, known
    DATA_SHARDS_BROKEN = "data_shards_broken"  # path, file, why
    DISK_FULL = "disk_full"  # path, why
    FILE_UNWRITABLE = "file_unwritable"  # path, why
    COPY_UNWRITABLE = "copy_unwritable"  # path, why
    FILE_UNREADABLE = "file_unreadable"  # path, why
    FILE_MISSING = "file_missing"  # path
    FILE_IS_FOLDER = "file_is_folder"  # path
    TARGET_IS_SOURCE = "target_is_source"  # path

    # The start.
    SCREEN_NONE = "screen_none"
    QT_UNSAFE = "qt_unsafe"  # version (of PySide6), python

    # The command line, projects and sessions.
    PROJECT_UNREADABLE = "project_unreadable"  # path, why
    PROJECT_NEWER = "project_newer"  # path, version, known
    NOT_A_PROJECT = "not_a_project"  # path
    PROJECT_EXISTS = "project_exists"  # path
    PROJECT_AWAY = "project_away"  # path
    PROJECT_OPEN_TWICE = "project_open_twice"  # path
    DESIGN_TAKEN_OVER = "design_taken_over"  # design
    RUN_AWAY = "run_away"  # run
    EDITS_BACK = "edits_back"  # design
    EDITS_KEPT = "edits_kept"  # project, path
    PROJECT_LEFT_OUT = "project_left_out"  # project
    DESIGN_CHANGED_ELSEWHERE = "design_changed_elsewhere"  # design, kept (the other version's name)
    DESIGN_NOT_IN_PROJECT = "design_not_in_project"  # design, path, known
    SETTING_UNKNOWN = "setting_unknown"  # setting, known, nearest
    SETTING_INVALID = "setting_invalid"  # setting, value, wanted
    ENGINE_UNKNOWN = "engine_unknown"  # engine, known, nearest
    ENGINE_MISSING = "engine_missing"  # engine, title, install
    INSTALL_FAILED = "install_failed"  # engine, status (of the installer)
    NETWORK_DOWN = "network_down"  # engine, why
    # Engines where they run, and the environments that Modelwright keeps
    ENGINE_HALF_INSTALLED = "engine_half_installed"  # title, python, why, command
    ENGINE_UNIMPORTABLE = "engine_unimportable"  # engine, python, what (exception type), why
    ENGINE_DIES = "engine_dies"  # title, python, status (negative: a signal), why, command
    ENGINE_HANGS = "engine_hangs"  # title, python, command, seconds, file, line (where it stood, if known)
    ENGINE_SLOW = "engine_slow"  # title
    ENGINE_AWAITED = "engine_awaited"  # title, limit (seconds)
    ENGINE_SKIPPED = "engine_skipped"  # title
    ENGINE_VERSION = "engine_version"  # title, version, oldest, below, command
    ENGINE_WITHOUT_CUDA = "engine_without_cuda"  # title, version, gpu, driver, command
    LIBRARY_MISSING = "library_missing"  # engine, library, packages
    ENGINE_RETIRED = "engine_retired"  # title, version
    DRIVER_OLD = "driver_old"  # title, version, gpu, driver, cuda, wanted (version of the driver)
    DRIVER_SILENT = "driver_silent"  # title, why (what its tool says)
    GPU_NOT_SEEN = "gpu_not_seen"  # title, version, gpu, driver, cuda, why (the engine's words), command
    INTERPRETER_GONE = "interpreter_gone"  # python (its path)
    INTERPRETER_FOLDER = "interpreter_folder"  # python (the folder's path)
    INTERPRETER_WITHOUT_ENGINE = "interpreter_without_engine"  # python, version, title, command
    INTERPRETER_NO_PYTHON = "interpreter_no_python"  # python, why
    INTERPRETER_HANGS = "interpreter_hangs"  # python, seconds
    INTERPRETER_DIES = "interpreter_dies"  # python, status, why
    INTERPRETER_OLD = "interpreter_old"  # python, version, wanted
    INTERPRETER_WITHOUT_NUMPY = "interpreter_without_numpy"  # python, version, command
    ENVIRONMENT_HALF_MADE = "environment_half_made"  # engine, title, folder
    ENVIRONMENT_OUTDATED = "environment_outdated"  # engine, title, folder
    ENVIRONMENT_BUSY = "environment_busy"  # engine, folder
    ENVIRONMENT_NONE = "environment_none"  # engine, folder
    ENVIRONMENT_NO_BASE = "environment_no_base"  # engine, title, wanted (versions of Python)
    # Runs, proofs and comparisons
    NOT_A_RUN = "not_a_run"  # path
    RUN_EXISTS = "run_exists"  # path
    PROOF_FAILED = "proof_failed"  # path, error, bound, reason, where
    NOT_PROVABLE = "not_provable"  # path, reason
    NOT_COMPARABLE = "not_comparable"  # first, second
    ENGINES_FEW = "engines_few"  # engines, installed
    ENGINES_DISAGREE = "engines_disagree"  # verdict
    ENGINE_LEFT_OUT = "engine_left_out"  # engines, why
    ENGINE_OF_RUN = "engine_of_run"  # run, engine

    # Hosts and the wire
    WIRE_GARBLED = "wire_garbled"  # why
    WIRE_TOO_LONG = "wire_too_long"  # bytes, limit
    PROTOCOL_MISMATCH = "protocol_mismatch"  # theirs, ours
    OUT_OF_MEMORY = "out_of_memory"  # job, limit (bytes, 0 without one)
    TIME_LIMIT = "time_limit"  # job, seconds
    HOST_SPENT = "host_spent"  # engine
    HOST_BUSY = "host_busy"  # engine
    HOST_NOT_STARTED = "host_not_started"  # engine, program, why
    JOB_UNSUPPORTED = "job_unsupported"  # engine, job
    STAGES_NONE = "stages_none"  # engine
    DEBUGGER_MISSING = "debugger_missing"  # python (the interpreter), requirement
    DEBUGGER_REFUSED = "debugger_refused"  # port, why

    # Graphs, proofs, formats and export.
    MODEL_BROKEN = "model_broken"  # path, why
    MODEL_TOO_LARGE = "model_too_large"  # path, bytes, limit
    MODEL_NOT_RUNNABLE = "model_not_runnable"  # path, why
    MODEL_DATA_MISMATCH = "model_data_mismatch"  # path, model (shape), data (shape)
    EXTERNAL_DATA_REFUSED = "external_data_refused"  # path, file, why
    REFERENCE_BROKEN = "reference_broken"  # path, why
    PASS_UNKNOWN = "pass_unknown"  # name, known
    UNSUPPORTED_FORMAT = "unsupported_format"  # path, format, missing
    FORMAT_UNKNOWN = "format_unknown"  # path
    PROVIDER_UNKNOWN = "provider_unknown"  # provider, known
    PROVIDER_FAILED = "provider_failed"  # provider, why
    PROVIDER_FELL_BACK = "provider_fell_back"  # provider, used, path
    EXPORT_FAILED = "export_failed"  # path, why
    SAVE_FAILED = "save_failed"  # path, why
    SAVE_UNSUPPORTED = "save_unsupported"  # format, node, layer (its file)
    SAVE_FOLDER_TAKEN = "save_folder_taken"  # path, others (names in it)
    SAVE_FORMAT_UNKNOWN = "save_format_unknown"  # path, engine, known

    # Training and run folders.
    FILE_DAMAGED = "file_damaged"  # path, why
    CHECKPOINT_NONE = "checkpoint_none"  # path
    CHECKPOINT_UNFIT = "checkpoint_unfit"  # path, array, why
    RECIPE_INVALID = "recipe_invalid"  # setting, value, wanted
    DATA_NEEDS_DESIGN = "data_needs_design"  # path
    DATA_CHANGED = "data_changed"  # run, have, wanted (digests)
    LOSS_NOT_FINITE = "loss_not_finite"  # step, value, learning_rate
    DEVICE_UNKNOWN = "device_unknown"  # device, known
    DEVICE_UNUSABLE = "device_unusable"  # device, known, why (the engine's words)
    DEVICE_MEMORY = "device_memory"  # device, batch_size, why
    DEVICE_LOST = "device_lost"  # device, why
    PRECISION_MISSING = "precision_missing"  # engine, precision, device, known
    RUN_MODE_MISSING = "run_mode_missing"  # engine, mode, device, known
    LAYOUT_MISSING = "layout_missing"  # engine, layout, known
    TEMPLATE_FIXED = "template_fixed"  # name
    COMPILE_FAILED = "compile_failed"  # engine, mode, instead, why
    TUNE_NO_TIME = "tune_no_time"  # seconds (that compiling would take)
    TUNE_COMPILE_LONG = "tune_compile_long"  # seconds (after which compiling was broken off)
    LAYER_UNSUPPORTED = "layer_unsupported"  # node, layer, engine
    IDS_UNFIT = "ids_unfit"  # node, value, vocabulary, data
    TARGETS_UNFIT = "targets_unfit"  # loss, targets, outputs (shapes)
    RUN_BUSY = "run_busy"  # path
    RUN_INTERRUPTED = "run_interrupted"  # title, step


class WorkbenchError(Exception):
    """A fault with a code and facts, raised in any room, told to the person by ``app/messages``.

    ``details`` is text to copy (a traceback, a tool's output), never shown as the sentence itself.
    """

    def __init__(self, code: ErrorCode, details: str = "", /, **facts: Fact) -> None:
        super().__init__(f"{code.value}: {facts}")
        self.code = code
        self.facts: Mapping[str, Fact] = facts
        self.details = details
