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
    "open_folder": "Open folder",
    "resume": "Resume",
    "export_onnx": "Export ONNX",
    "show_start": "Go to Start",
    "resume_run": "Resume run",
    "install_engine": "Show engines",
    "prepare_data": "Read data again",
}
"""The words on a message's button, by the action id that its row names."""

STAGES = {
    "load": "Reading the checkpoint",
    "export": "Exporting",
    "answer": "Asking the engine for its answers",
    "reference": "Asking the engine for its answers",
    "prove": "Proving the file on held-out samples",
    "read": "Reading the model",
    "measure": "Measuring latency",
    "write": "Writing",
    "optimize": "Optimizing",
}
"""What is done to a model, by the stage that a job's ``Progress`` names."""

OPTIMIZING = "Optimizing: {stage}"

ENGINE_NONE = "none installed"
ENGINE_BROKEN = "{title} does not start"
ENGINE_READY = "ready"
ENGINE_INSTALLING = "Engine: installing {name}"
ENGINE_STARTING = "Engine: starting"
ENGINE_TRAINING = "Engine: training"
ENGINE_PAUSED = "Engine: paused after step {step:,}"
ENGINE_ENDED_EARLY = "Engine: the run ended early"
ENGINE_CLOSING = "Engine: saving, then Modelwright closes"
ENGINE_INSIDE = "Engine runs inside this process"

NO_DESIGN = "Open a project or choose a template first."
NO_DEVICE = "This device is not there."
NOT_INSTALLED = "Not installed. Get it with: modelwright engines install {name}"
DOES_NOT_START = "It does not start; Settings says why."
NOTHING_TO_EXPORT = "Train a design first: its run is what is exported."
ONNX_ALREADY = "This model is an ONNX file already."
NO_NETRON = "Netron's server did not start."
INSIDE_NEXT = "From the next start of Modelwright on, the engine runs inside this process."
OUTSIDE_NEXT = "From the next start of Modelwright on, the engine runs in a process of its own."
