"""The short words of the window that no widget owns: states, stages, reasons, the texts of buttons."""

from __future__ import annotations

BUTTONS = {
    "copy_details": "",
    "show_node": "Show in design",
    "show_runs": "Show runs",
    "choose_folder": "Choose a folder",
    "choose_file": "Choose a file",
    "show_engines": "Show engines",
    "show_data": "Show data",
    "use_cpu": "Use the CPU",
    "open_folder": "Open folder",
    "resume": "Resume",
    "export_onnx": "Export ONNX",
    "show_start": "Go to Start",
    "resume_run": "Resume run",
    "install_engine": "Show engines",
    "prepare_data": "Read data again",
    "open_layer": "Open file",
    "copy_launch": "Copy launch.json snippet",
    "trust_layers": "Trust these files",
    "trust_run": "Trust this run",
    "empty_bin": "Empty the bin",
    "open_edits": "Open these edits",
}
"""The words on a message's button, by the action id that its row names."""

STAGES = {
    "engine": "Beginning",
    "load": "Reading the checkpoint",
    "export": "Exporting",
    "answer": "Asking the engine for its answers",
    "reference": "Asking the engine for its answers",
    "prove": "Proving the file on held-out samples",
    "read": "Reading the model",
    "measure": "Measuring latency",
    "write": "Writing",
    "optimize": "Optimizing",
    "compile": "Compiling",
    "tune": "Measuring ways to train",
    "lower": "Following the engine’s compiler",
    "lay_out": "Drawing",
}
"""What is done to a model, by the stage that a job's ``Progress`` names."""

JOBS = {
    "start": "starting a process",
    "probe": "looking at an engine",
    "train": "training",
    "tune": "tuning",
    "evaluate": "evaluating",
    "export": "exporting to ONNX",
    "reference": "asking the engine for its answers",
    "save": "saving in the engine's own format",
    "lower": "following the engine's compiler",
    "export_design": "exporting to ONNX",
    "prepare_data": "preparing data",
    "preview_data": "looking into data",
    "read_graph": "reading a model",
    "lay_out": "drawing a graph",
    "prove": "proving an ONNX file",
    "profile_onnx": "measuring an ONNX file",
    "optimize": "optimizing an ONNX file",
    "evaluate_onnx": "evaluating an ONNX file",
    "describe_layer": "reading a layer of yours",
    "install": "being installed",
}
"""What is done, by the kind of the job; installing is none, and may not go either."""
TOOLS = "Modelwright’s own tools"

OPTIMIZING = "Optimizing: {stage}"

ENGINE_NONE = "none installed"
ENGINE_BROKEN = "{title} does not start"
ENGINE_READY = "ready"
ENGINE_SLOW = "{title} is still starting, {seconds} s"
ENGINE_SKIPPED = "{title} was not waited for"
ENGINE_STARTING = "Engine: starting"
ENGINE_TRAINING = "Engine: training"
ENGINE_COMPARING = "Engine: comparing"
ENGINE_PAUSED = "Engine: paused after step {step:,}"
ENGINE_ENDED_EARLY = "Engine: the run ended early"
ENGINE_CLOSING = "Engine: saving, then Modelwright closes"
ENGINE_INSIDE = "Engine runs inside this process"
NO_SUCH_LAYER = "{title} cannot train this kind of layer."
NO_LAYER_OF_YOURS = "{title} trains no layers of your own."
NOT_BY_ENGINE = "{node}: {reason}"
OTHER_INSIDE = "{title} runs inside this process, which can hold one engine. Settings changes that."

DEBUG_INSIDE = (
    "The engine runs inside this process, and a breakpoint would hold the window: start Modelwright from "
    "your editor's debugger instead."
)
DEBUG_WAITING = "The run waits for a debugger at {host}:{port}."
DEBUG_LISTENING = "A debugger can attach to the run at {host}:{port}."
DEBUG_WHY = "Breakpoints work in your layers and in Modelwright's engines. Each chunk is one step."
DEBUG_TODO = (
    "Copy the snippet into .vscode/launch.json, set a breakpoint, and start “Modelwright: attach to the run”."
)
DEBUG_TRACED = "This engine runs a graph: breakpoints in layers are met while it is traced, once a shape."
ENGINE_DEBUGGED = "Engine: waiting for a debugger at port {port}"
COPIED = "Copied"
ATTACHED = "The debugger is attached."
ATTACH = """Attach a debugger to {host}:{port}, on this machine.

VS Code, .vscode/launch.json:
{launch_json}

PyCharm: where Run, Edit Configurations, Add offers “Attach to DAP”, take it with host {host}, port {port};
older versions bring a protocol of their own: use “Run inside this process” in Settings instead.

Any other editor that speaks the Debug Adapter Protocol: attach to {host}:{port}.
A script of yours waits in the same way: python -m debugpy --listen {port} --wait-for-client SCRIPT
"""

PROJECT_COPIED = "You go on in {folder}. Earlier runs stay in {runs}."
NO_DESIGN = "Open a project or choose a template first."
NO_DEVICE = "This device is not there."
DOES_NOT_START = "It does not start; Settings says why."
NOTHING_TO_EXPORT = "Train a design first: its run is what is exported."
ONNX_ALREADY = "This model is an ONNX file already."
SHOW_GRAPH = "Show its graph"
GO_TO_TRAIN = "Go to Train"
NO_SUCH_FORMAT = "No run of an engine that writes this is shown."
THE_ENGINE = "The engine"
NO_STAGES = "A file has no engine of its own. Choose a run to see what its engine makes of the model."
NO_COMPILER = "{title} has no compiler whose stages could be shown; it runs the model as it was built."
NO_NETRON = "Netron’s server did not start."
INSIDE_NEXT = "From the next start of Modelwright on, the engine runs inside this process."
OUTSIDE_NEXT = "From the next start of Modelwright on, the engine runs in a process of its own."

NOT_INSTALLED_SHORT = "not installed"
RETIRED = "retired upstream"
INSTALL_ENGINE = "Install {title} …"
INSTALL_ENGINE_TIP = "Opens the page that installs it"
ENGINES_PAGE = "Settings: Engines"
ENGINES_PAGE_TIP = "Versions, devices, interpreters, and what is wrong"
PRECISION = "Precision"
RUN_MODE = "Run mode"
NO_MODE = "This engine does not have this run mode."
NO_PRECISION = "not offered by this engine"
FELL_BACK = "{title} has no {lost} here: it trains with {instead}."

PRECISION_HINTS = {
    "fp32": "default",
    "fp64": "exact comparisons, slower",
    "tf32": "FP32 whose products a GPU rounds",
    "bf16": "layers in half precision, weights in FP32",
    "fp16": "layers in half precision, loss scaled",
}
"""What each precision means, in a few words."""

MODE_HINTS = {
    "eager": "step by step, the easiest to look into",
    "compiled": "starts slowly, then faster steps",
    "graph": "traced once, then run as a whole",
    "xla": "compiled by XLA: starts slowly, then faster steps",
    "jit": "compiled by XLA, many steps a call",
    "imperative": "step by step, the easiest to look into",
    "hybridized": "traced once, then run as a whole",
}
"""What each way to run means, in a few words."""
USUAL = "default · {hint}"

DEVICE_KINDS = {
    "cuda": "NVIDIA GPU (CUDA)",
    "rocm": "AMD GPU (ROCm)",
    "mps": "Apple GPU (MPS)",
    "xpu": "Intel GPU (XPU)",
    "tpu": "TPU",
}
"""What a kind of device is called, where there is none to ask for its name."""

REASONS = {
    "no_gpu": "needs a GPU; this machine shows none",
    "gpu_too_old": "the GPU is too old for it",
    "driver_too_old": "the GPU’s driver is too old for it",
    "no_driver": "the GPU’s driver is missing",
    "cpu_only": "runs on the CPU only",
    "not_on_device": "needs an NVIDIA GPU as its device",
    "built_without_cuda": "this build of the engine is without CUDA",
    "no_compiler": "needs a C++ compiler; none was found",
    "no_xla": "this build of the engine is without XLA",
    "not_in_engine": "this engine does not have it",
}
"""Why something of an engine does not go on this machine, by the key that its report names."""

MENDS = {
    "install": "Install",
    "repair": "Repair",
    "choose": "Choose another interpreter",
    "forget": "Back to Modelwright’s own Python",
    "skip": "Stop looking",
    "install_own": "Install in an environment of its own",
    "make_anew": "Make it anew",
    "remove": "Remove it",
}
"""The words on the button that mends what the doctor found, and on those beside an interpreter."""

TRAINS = "Trains designs{where}."
TRAINS_NOT = "Evaluates, profiles and proves ONNX models{where}; it does not train."
RETIRED_SENTENCE = "Retired upstream: nobody keeps it any more."
PLACES_SHORT = {
    "this": ", in Modelwright’s own Python",
    "own": ", in an environment of its own",
    "other": ", in an interpreter that you chose",
}
PLACES = {
    "this": "Shared with Modelwright and the other engines in it.",
    "own": "Modelwright keeps it, and can make it anew.",
    "other": "The engine runs in it; Modelwright never changes it.",
}
"""Whose an engine's interpreter is."""

THIS_PYTHON = "Modelwright’s own Python"
YOUR_PYTHON = "An interpreter of yours"
OWN_PYTHON = "An environment of its own"
OWN_STATES = {"absent": "not made yet", "half_made": "half made", "outdated": "made from an older list"}
CANNOT_LIVE_HERE = "it cannot live beside the other engines"
WITHOUT_ENGINE = "without {title}"
WHY_NOT = {
    "interpreter_old": "Python {version} is too old",
    "interpreter_no_python": "is no Python",
    "interpreter_hangs": "does not answer",
    "interpreter_dies": "ends as soon as it starts",
    "interpreter_gone": "is not there any more",
    "interpreter_without_numpy": "{version}, without NumPy",
}
"""Why an interpreter cannot be chosen, by the code of the doctor's message."""
WHY_NOT_ELSE = "cannot be used"
LAYER_ENDED = "No answer"
LAYER_ENDLESS = "it came to no end within {seconds} seconds; is there a loop that never ends?"
LAYER_CRASHED = "it ended its process ({ended})."
LAYER_SILENT = "its process said nothing."
LAYER_TITLE = "A layer of your own"
LAYER_NAME = "Name of the layer and of its file in the project’s folder “layers”"
BROWSE_TITLE = "Choose the Python that {title} is to run in"
BROWSE_FILTER = "Python (python*);;Every file (*)"

FACTS = {
    "python": "Python",
    "cuda": "CUDA of this build",
    "cudnn": "cuDNN",
    "gpu": "GPU of this machine",
    "driver": "GPU driver",
    "driver_cuda": "Newest CUDA of the driver",
    "cores": "Cores",
    "threads": "Threads",
    "layers": "Kinds of layers",
    "keras": "Keras",
    "flax": "Flax",
    "optax": "Optax",
    "jaxlib": "jaxlib",
    "mkldnn": "oneDNN",
}
"""What an engine's facts are called; others keep their own name."""
NO_FACT = "none"

RUN_ON = "Measure and prove on {provider}"
RUN_ON_NOTHING = "There is no ONNX file yet: export the run first."
"""What is offered of the model on one of ONNX Runtime's execution providers."""

PROVIDERS = {
    "CPUExecutionProvider": ("CPU", "CPU"),
    "CUDAExecutionProvider": ("CUDA", "NVIDIA GPU"),
    "TensorrtExecutionProvider": ("TensorRT", "NVIDIA GPU"),
    "NvTensorRTRTXExecutionProvider": ("TensorRT for RTX", "NVIDIA RTX GPU"),
    "ROCMExecutionProvider": ("ROCm", "AMD GPU"),
    "MIGraphXExecutionProvider": ("MIGraphX", "AMD GPU"),
    "OpenVINOExecutionProvider": ("OpenVINO", "Intel CPU, GPU and NPU"),
    "DnnlExecutionProvider": ("oneDNN", "Intel CPU"),
    "CoreMLExecutionProvider": ("Core ML", "Apple CPU, GPU and Neural Engine"),
    "DmlExecutionProvider": ("DirectML", "any GPU under Windows"),
    "QNNExecutionProvider": ("QNN", "Qualcomm NPU"),
    "VitisAIExecutionProvider": ("Vitis AI", "AMD NPU and FPGA"),
    "XnnpackExecutionProvider": ("XNNPACK", "CPU"),
    "AzureExecutionProvider": ("Azure", "a service in the cloud"),
    "WebGpuExecutionProvider": ("WebGPU", "any GPU"),
    "ACLExecutionProvider": ("Arm Compute Library", "Arm CPU"),
    "ArmNNExecutionProvider": ("Arm NN", "Arm CPU and GPU"),
    "CANNExecutionProvider": ("CANN", "Huawei Ascend NPU"),
    "NnapiExecutionProvider": ("NNAPI", "Android NPU and GPU"),
    "RknpuExecutionProvider": ("RKNPU", "Rockchip NPU"),
    "VSINPUExecutionProvider": ("VSI NPU", "VeriSilicon NPU"),
}
"""What each of ONNX Runtime's execution providers is called, and what it computes on."""

ENGINE_STAGES = {
    "python": "Looking for a Python that its packages have builds for",
    "environment": "Making the environment",
    "packages": "Fetching and installing packages, {done} of {total}",
    "check": "Checking what was installed",
}
"""What an installation does now, by the stage that its ``Progress`` names."""
INSTALL_DONE = "It runs there from now on."
INSTALL_STOPPED = "What there is of it is half made; Repair makes it whole."
INSTALL_BEGINS = "Beginning"
REMOVED = "The environment of {title} is removed."
RUNS_IN = "{title} runs in {python} from now on."
"""Said when another interpreter was chosen."""
INSTALL_FAILED = "The message says what was in the way, the log says the rest."

PROJECT_GONE = "Its folder is not there."
BIN_THINGS = (("run", "runs"), ("comparison", "comparisons"))
BIN_EMPTY = "Holds nothing."
BIN_QUESTION = "Empty the bin of this project? It holds {found}."
BIN_WARNING = "They are removed for good: no way leads back."
BIN_EMPTIED = "The bin is empty."

TUNING = "Tuning …"
ENGINE_TUNING = "Engine: measuring ways to train"
TUNE_STAGES = {
    "threads": "Threads",
    "way": "Run mode",
    "batch_size": "Batch size",
    "chunk_steps": "Steps a call",
}
"""What a tuning asked, by the stage of its rows."""
BATCH_SIZE_SHOWN = "Another batch size changes the mathematics: it is shown, and taken only where you say so."
TUNE_DOING = {
    "start": "starting a process: {way}",
    "compile": "compiling: {way}",
    "measure": "measuring: {way}",
    "check": "checking what was chosen",
}
TUNE_SETTINGS = {"threads": "threads {}", "batch_size": "batch size {}", "chunk_steps": "{} steps a call"}
TUNE_LEFT = "{doing} · about {left} left"
RECIPE_AS_IT_IS = "the recipe as it is"
RECIPE_STAYS = "Nothing was clearly faster than the recipe as it is: it stays."
TUNE_GAIN = "{gain:.2f}× ± {noise:.2f}"
TUNE_NO_GAIN = "no difference beyond noise"
TUNE_SEEMED = "Side by side: {before:,.0f} samples/s as it is, {after:,.0f} in what seemed faster."
TUNE_EARLY = "It was stopped: this is the best so far."
TUNED = "{before:,.0f} samples/s as it was, {after:,.0f} as chosen: {ratio:.2f} times as fast."
