"""ONNX Runtime sessions that are quiet, on one thread, fail with our errors, and hide no fallback."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import helper

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.views import NodeTime
from engines.graph import providers
from engines.training.chatter import held_back

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
_SILENT = 4
_ON_CUDA = {"CUDAExecutionProvider", "TensorrtExecutionProvider"}
_ONE_THREAD: Mapping[str, Mapping[str, str]] = {"OpenVINOExecutionProvider": {"num_of_threads": "1"}}
"""What a provider that has threads of its own is told; the others go by the session's options."""
_NOTES = re.compile(rb"(\x1b\[[\d;]*m)?\d{4}-\d\d-\d\d .*\[[VIWEF]:onnxruntime:.*|(\x1b\[[\d;]*m)?")
"""What the runtime's C++ writes of a provider that starts, or does not: it knows no other way to say why."""
_END_OF_RUN: Mapping[str, Any] = {"name": "model_run"}
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_REASONS = (
    r"with error: (?:/[^\s:]+: )?(.+)",
    r"(\w+ failure \d+: [^;\n]+?) ;",
    r"\] : \d+ : [A-Z_]+ : (.+)",
    r"\[[EF]:onnxruntime:[^\]]*\] (.+)",
    r"^/\S+\.(?:cc|h):\d+ .*\) (.+)",
)
"""Where in what it says the reason stands, the more telling first; before it come places in its source."""


class Session:
    """A model ready to run; ``optimize`` turns ONNX Runtime's own optimizer on.

    ``provider`` is an execution provider (``providers.named``), "" for the CPU. What the provider cannot do
    the runtime gives to the CPU; that nothing at all was left to the provider is an error. So many runs as
    ``recorded`` says are written down; elsewhere than on the CPU the first one is in any case.

    Raises:
        WorkbenchError: ``MODEL_NOT_RUNNABLE``, ``PROVIDER_UNKNOWN``, ``PROVIDER_FAILED`` or
            ``PROVIDER_FELL_BACK``.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        *,
        optimize: bool = False,
        name: str = "",
        provider: str = "",
        recorded: int = 0,
    ) -> None:
        self._name = name or model.graph.name or "model"
        self.provider = providers.named(provider)
        self.nodes: tuple[NodeTime, ...] = ()
        """The nodes of a run, and how long each took; known once the last recorded run is over."""
        self._heard: list[str] = []
        elsewhere = self.provider != providers.CPU
        _find_cuda(self.provider)
        self._to_record = max(recorded, int(elsewhere))
        self._record = Path(tempfile.mkdtemp(prefix="modelwright-")) if self._to_record else None
        try:
            with held_back(_NOTES, self._hear) if elsewhere else nullcontext():
                self._session = self._opened(model, optimize)
            self._see_whether_it_started()
        except WorkbenchError:
            self._forget_record()
            raise
        except Exception as error:  # the runtime's errors share no base class of their own
            self._forget_record()
            raise self._fault(error) from error
        self.inputs: tuple[str, ...] = tuple(value.name for value in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(value.name for value in self._session.get_outputs())

    def _opened(self, model: onnx.ModelProto, optimize: bool) -> onnxruntime.InferenceSession:
        wanted = dict.fromkeys((self.provider, providers.CPU))
        options = _options(optimize, self._record)
        return onnxruntime.InferenceSession(
            model.SerializeToString(),
            options,
            providers=list(wanted),
            provider_options=[_ONE_THREAD.get(one, {}) for one in wanted],
            enable_fallback=0,
        )

    def _see_whether_it_started(self) -> None:
        """Refuse a session without its provider: one whose library does not load is left out in silence."""
        if self.provider not in self._session.get_providers():
            raise self._fault(RuntimeError("\n".join(self._heard)))

    def _hear(self, note: str) -> None:
        if words := _COLOUR.sub("", note).strip():
            self._heard.append(words)

    @property
    def placement(self) -> Mapping[str, int]:
        """How many nodes of a run each provider ran; known when ``nodes`` are."""
        return Counter(node.provider for node in self.nodes)

    @property
    def nodes_elsewhere(self) -> int:
        """How many nodes the provider left to others; known when ``nodes`` are."""
        return sum(count for provider, count in self.placement.items() if provider != self.provider)

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, Array]:
        """Run once; ``outputs`` empty means all.

        Raises:
            WorkbenchError: ``MODEL_NOT_RUNNABLE`` with the runtime's own words, ``PROVIDER_FELL_BACK``.
        """
        names = list(outputs) or list(self.outputs)
        try:
            answers = dict(zip(names, self._session.run(names, dict(inputs))))
        except Exception as error:
            raise self._fault(error) from error
        self._to_record -= 1
        if self._record is not None and self._to_record <= 0:
            self._see_where()
        return answers

    def run_in_batches(self, inputs: Arrays, batch: int) -> dict[str, Array]:
        """Run all samples in batches of ``batch`` (the last one may be smaller) and join the answers."""
        parts = [self.run(part) for part in batches(inputs, batch)]
        if len(parts) == 1:
            return parts[0]
        return {name: _joined([part[name] for part in parts]) for name in self.outputs}

    def _see_where(self) -> None:
        """Read from the runtime's own record which provider ran each node, and how long it took."""
        try:
            record = Path(self._session.end_profiling()).read_text(encoding="utf-8")
        finally:
            self._forget_record()
        self.nodes = node_times(json.loads(record))
        if self.provider not in self.placement and self.provider != providers.CPU:
            raise WorkbenchError(
                ErrorCode.PROVIDER_FELL_BACK,
                provider=providers.title(self.provider),
                used=", ".join(providers.title(used) for used in self.placement) or "none",
                path=self._name,
            )

    def close(self) -> None:
        """Leave nothing behind of a session that never ran."""
        if self._record is not None:
            self._session.end_profiling()
            self._forget_record()

    def _forget_record(self) -> None:
        if self._record is not None:
            shutil.rmtree(self._record, ignore_errors=True)
            self._record = None

    def _fault(self, error: Exception) -> WorkbenchError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        if self.provider != providers.CPU:
            details = "\n".join(dict.fromkeys([*str(error).strip().splitlines(), *self._heard]))
            why = reason(details) or lines[0]
            title = providers.title(self.provider)
            return WorkbenchError(ErrorCode.PROVIDER_FAILED, details, provider=title, why=why[:300])
        return WorkbenchError(ErrorCode.MODEL_NOT_RUNNABLE, str(error), path=self._name, why=lines[0][:300])


def reason(said: str) -> str:
    """Return why a provider does not go, of all that the runtime said of it; "" where it names no reason.

    A library that is not there names itself: ``libcublasLt.so.13: cannot open shared object file``.
    """
    found = (re.search(pattern, said, re.M) for pattern in _REASONS)
    return next((match.group(1).strip() for match in found if match), "")


def does_not_start(provider: str) -> str:
    """Return why a provider of the runtime's list does not start on this machine, "" where it does.

    Its library is loaded, its device looked for; nothing is compiled for it, as no accelerator takes text.
    """
    text = [helper.make_tensor_value_info(name, onnx.TensorProto.STRING, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "text", text[:1], text[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    try:
        Session(model, provider=provider).close()
    except WorkbenchError as fault:
        return str(fault.facts["why"])
    return ""


def node_times(events: Sequence[Mapping[str, Any]]) -> tuple[NodeTime, ...]:
    """Return each node of the runtime's profile; what runs often in one run, as in a loop, is added up."""
    taken: dict[tuple[str, str, str, str], list[float]] = {}
    run: Counter[tuple[str, str, str, str]] = Counter()
    for event in (*events, _END_OF_RUN):
        at = event.get("args", {})
        if event.get("cat") == "Node" and at.get("provider"):
            name = event["name"].removesuffix("_kernel_time")
            run[name, at.get("op_name", ""), at["provider"], at.get("node_index", "")] += event.get("dur", 0)
        elif event.get("name") == _END_OF_RUN["name"]:
            for node, microseconds in run.items():
                taken.setdefault(node, []).append(microseconds / 1000)
            run.clear()
    return tuple(
        NodeTime(name, op, provider, statistics.median(times))
        for (name, op, provider, _), times in taken.items()
    )


def batches(inputs: Arrays, batch: int) -> Iterator[dict[str, Array]]:
    """Cut arrays of one length into pieces of ``batch`` samples."""
    count = len(next(iter(inputs.values()))) if inputs else 1
    for start in range(0, count, batch):
        yield {name: array[start : start + batch] for name, array in inputs.items()}


def with_outputs(model: onnx.ModelProto, tensors: Sequence[str]) -> onnx.ModelProto:
    """Return a copy of ``model`` that also answers with the named inner tensors."""
    wider = onnx.ModelProto()
    wider.CopyFrom(model)
    there = {value.name for value in wider.graph.output}
    wider.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors if name not in there)
    return wider


def _find_cuda(provider: str) -> None:
    """Let CUDA's libraries be found where pip put them; such an environment has them on no path."""
    if provider in _ON_CUDA and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls(directory="")


def _joined(parts: list[Array]) -> Array:
    if all(part.ndim for part in parts):
        return np.concatenate(parts)
    return np.stack(parts)


def _options(optimize: bool, profile_into: Path | None) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimize else levels.ORT_DISABLE_ALL
    if profile_into is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile_into / "run")
    return options
