"""Engines as the page may meet them: healthy, missing, half made, broken, being installed, not training."""

from __future__ import annotations

from engines.contract.capabilities import DeviceView, EngineHealth, EngineReport
from widgets.controls import DropRow, DropSection
from widgets.settings.views import EngineView, FindingLine, InstallView

PYTHON = "/opt/modelwright/bin/python3.11"
OWN = "/home/ada/.local/share/Modelwright/environments/mxnet/venv/bin/python"
PLACES = (
    DropRow("this", "Modelwright’s own Python", "3.11.7"),
    DropRow("own", "An environment of its own", reason="not made yet"),
    DropRow("/usr/bin/python3.10", "/usr/bin/python3.10", "3.10.14 · PyTorch 2.4.1"),
    DropRow("/usr/bin/python3.8", "/usr/bin/python3.8", reason="Python 3.8 is too old"),
)
PRECISIONS = DropSection(
    "precision",
    "Precision",
    (
        DropRow("fp32", "FP32", "the usual way"),
        DropRow("fp64", "FP64", "exact comparisons, slower"),
        DropRow("tf32", "TF32", reason="needs a GPU; this machine shows none"),
        DropRow("bf16", "BF16 mixed", "layers in half precision, weights in FP32"),
        DropRow("fp16", "FP16 mixed", "layers in half precision, loss scaled"),
    ),
    "fp32",
)
MODES = DropSection(
    "run_mode",
    "Run mode",
    (
        DropRow("", "Eager", "the usual way"),
        DropRow("compiled", "Compiled", reason="needs a C++ compiler; none was found"),
    ),
    "",
)


def report(engine: str, version: str, *devices: DeviceView, **facts: str) -> EngineReport:
    """Return a report with the devices, the CPU first."""
    return EngineReport(engine, version, (DeviceView("cpu", "CPU · 16 cores"), *devices), facts=facts)


TORCH = EngineView(
    "torch",
    "PyTorch",
    "ready",
    "Trains designs, in Modelwright’s own Python.",
    "2.13.0",
    EngineHealth(
        "torch",
        PYTHON,
        "this",
        "ready",
        report("torch", "2.13.0", DeviceView("cuda:0", "NVIDIA H100 80GB HBM3", 85_520_809_984)),
    ),
    interpreters=PLACES,
    interpreter="this",
    python=PYTHON,
    place="Shared with Modelwright and the other engines that live here.",
    mends=(("install", "Install in an environment of its own"),),
    facts=(
        ("PyTorch", "2.13.0+cu128"),
        ("Python", "3.11.7"),
        ("CUDA of this build", "12.8"),
        ("GPU driver", "570.86.15"),
        ("Cores", "16"),
        ("Kinds of layers", "54"),
    ),
    abilities=(PRECISIONS, MODES),
)
FLOW = EngineView(
    "tensorflow",
    "TensorFlow",
    "warning",
    "Trains designs, in Modelwright’s own Python.",
    "2.21.0",
    EngineHealth("tensorflow", PYTHON, "this", "ready", report("tensorflow", "2.21.0")),
    (
        FindingLine(
            "TensorFlow 2.21.0 was built without CUDA, and this machine has a GPU: NVIDIA H100.",
            "This build computes on the CPU alone. The driver is 570.86.15.",
            "Get a build for the GPU with: modelwright engines install tensorflow",
            "warning",
            "install",
            "Install",
        ),
    ),
    interpreters=PLACES,
    interpreter="this",
    python=PYTHON,
    facts=(("TensorFlow", "2.21.0"), ("Python", "3.11.7"), ("CUDA of this build", "none")),
)
JAX = EngineView(
    "jax",
    "JAX",
    "missing",
    "Trains designs.",
    health=EngineHealth("jax", PYTHON, "this", "missing"),
    findings=(
        FindingLine(
            "JAX is not installed.",
            "Nothing called jax was found.",
            "Get it with: modelwright engines install jax",
            "missing",
            "install",
            "Install",
        ),
    ),
    interpreters=PLACES,
    interpreter="this",
    python=PYTHON,
)
MXNET = EngineView(
    "mxnet",
    "MXNet",
    "broken",
    "Trains designs, in an environment of its own. Retired upstream: nobody keeps it any more.",
    health=EngineHealth("mxnet", OWN, "own", "broken"),
    findings=(
        FindingLine(
            "The process of MXNet died before its work began (segmentation fault, SIGSEGV).",
            f"In {OWN}: Segmentation fault (core dumped)",
            "A library that does not fit this machine is the usual cause. Mend it with: "
            "modelwright engines repair mxnet",
            "bad",
            "repair",
            "Repair",
            "Fatal Python error: Segmentation fault",
        ),
        FindingLine(
            "MXNet is retired: nobody keeps it upstream any more.",
            "1.9.1 is the last version there will be; faults in it stay.",
            "Use it for models that were made with it, and take another engine for new ones.",
            "note",
        ),
    ),
    interpreters=(
        DropRow("own", "An environment of its own", "3.10.14"),
        DropRow("/usr/bin/python3.10", "/usr/bin/python3.10", "3.10.14"),
    ),
    interpreter="own",
    python=OWN,
    place="Modelwright made it and keeps it; it can be made anew at any time.",
    mends=(("repair", "Make it anew"), ("remove", "Remove it")),
)
RUNTIME = EngineView(
    "onnxruntime",
    "ONNX Runtime",
    "ready",
    "Evaluates, profiles and proves ONNX models. It does not train.",
    "1.27.1",
    EngineHealth("onnxruntime", PYTHON, "this", "ready", report("onnxruntime", "1.27.1")),
    interpreters=PLACES[:1],
    interpreter="this",
    python=PYTHON,
    place="Shared with Modelwright and the other engines that live here.",
    facts=(("ONNX Runtime", "1.27.1"), ("Python", "3.11.7")),
    providers=(
        ("TensorrtExecutionProvider", "NVIDIA GPU, TensorRT", "libnvinfer.so.10: cannot open shared object"),
        ("CUDAExecutionProvider", "NVIDIA GPU, CUDA", ""),
        ("CPUExecutionProvider", "CPU", ""),
    ),
)
INSTALLING = EngineView(
    "jax",
    "JAX",
    "installing",
    "Trains designs.",
    health=EngineHealth("jax", PYTHON, "this", "missing"),
    findings=JAX.findings,
    interpreters=PLACES,
    interpreter="this",
    python=PYTHON,
    install=InstallView("running", "Fetching packages, 4 of 9", 0.44),
)
ALL = (TORCH, FLOW, JAX, MXNET, RUNTIME)
LINES = (
    "$ uv venv --python 3.11 /home/ada/.local/share/Modelwright/environments/jax/venv",
    "Using CPython 3.11.7",
    "$ uv pip install jax==0.10.2 flax==0.13.1 optax==0.3.0",
    "Resolved 31 packages in 412ms",
    "Downloading jaxlib (118.2MiB)",
    "Downloading scipy (35.8MiB)",
    "Prepared 12 packages in 3.41s",
)
