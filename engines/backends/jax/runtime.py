"""JAX itself: imported without its chatter, set up before its first operation."""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import re
import sys
import warnings
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from engines.training.chatter import held_back
from engines.training.plan import free_cores, thread_candidates

CHATTER = re.compile(
    rb"[IW]\d{4} .*|WARNING: All log messages before absl::InitializeLog\(\).*"
    rb"|E\d{4} .*(cuInit|Unable to register cu\w+ factory|cpu_aot_loader|slow_operation_alarm).*"
)
"""Notes about what is absent or slow; every other line is let through."""

COMPILED = "compiled-jax"
"""The folder of compiled programs, beside the prepared data."""
MOST_COMPILED_BYTES = 512 * 1024 * 1024

_in_force: dict[str, int] = {}
plugin_faults: list[str] = []
"""Why plugins for other devices did not load, in their words."""
_LOADER = "jax._src.xla_bridge"
_PRECISIONS = {"fp64": "highest", "fp32": "highest", "tf32": "tensorfloat32"}
"""How products of float32 are computed where a device could round them; half precisions have no choice."""


def prepare() -> None:
    """Import JAX and Flax; slow, once. Memory of a GPU is taken as it is needed, its sums are repeatable."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_gpu_deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    if "jax" not in sys.modules or "flax" not in sys.modules:
        with without_chatter():
            importlib.import_module("jax")
            importlib.import_module("flax.nnx")
        logging.getLogger("jax").setLevel(logging.ERROR)  # "a GPU may be present", and the like
        logging.getLogger(_LOADER).addFilter(_is_no_plugins_fault)


def _is_no_plugins_fault(record: logging.LogRecord) -> bool:
    """Remember why a plugin does not load instead of writing its traceback; the CPU goes without it."""
    fault = record.exc_info[1] if record.exc_info else None
    if fault is None or "plugin" not in record.getMessage():
        return True
    plugin_faults.append(str(fault.__cause__ or fault))
    return False


def built_for_cuda() -> str:
    """Return for which CUDA a plugin is installed (``12``), "" where none is."""
    with suppress(ModuleNotFoundError):
        plugins = importlib.import_module("jax_plugins")
        names = (module.name for module in pkgutil.iter_modules(plugins.__path__))
        found = (re.fullmatch(r"xla_cuda(\d+)", name) for name in names)
        return max((match.group(1) for match in found if match), default="")
    return ""


def without_chatter() -> AbstractContextManager[None]:
    """Hold the error stream back, and let through what is no chatter, even where the body fails."""
    return held_back(CHATTER)


def use_threads(threads: int = 0) -> int:
    """Set the threads of the CPU's pool, 0 for those left beside the window; return the threads in force.

    They hold for the life of the process: XLA reads them at its first operation.
    """
    import jax

    if "threads" not in _in_force:
        _in_force["threads"] = threads or thread_candidates(free_cores())[-1]
        os.environ["NPROC"] = str(_in_force["threads"])
        # The caller waits for each chunk anyway; handed to another thread, it would wait for that one, too.
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        with without_chatter():
            jax.devices()
            # What nobody placed, an export's model say, lies on the CPU and takes no memory from a GPU.
            jax.config.update("jax_default_device", jax.devices("cpu")[0])
    return _in_force["threads"]


def use_precision(precision: str) -> None:
    """Let this process compute as ``precision`` says, from here on."""
    import jax

    jax.config.update("jax_enable_x64", precision == "fp64")
    jax.config.update("jax_default_matmul_precision", _PRECISIONS.get(precision, "default"))


def keep_compiled(data: Path) -> None:
    """Keep compiled programs beside the prepared data, or where the person's own setting says.

    What cannot be kept or read is compiled anew, in silence.
    """
    import jax

    folder = data.parent / COMPILED
    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        prune(folder)
        warnings.filterwarnings("ignore", message=".*persistent compilation cache.*")
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        jax.config.update("jax_compilation_cache_dir", str(folder))


def prune(folder: Path) -> None:
    """Remove what was written longest ago, above the most that may lie there."""
    files = sorted(((path.stat(), path) for path in folder.iterdir()), key=lambda row: -row[0].st_mtime)
    total = 0
    for facts, path in files:
        total += facts.st_size
        if total > MOST_COMPILED_BYTES:
            path.unlink()
