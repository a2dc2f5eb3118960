"""What an engine offers of precisions, ways to run and devices; what does not go says why."""

from __future__ import annotations

from textwrap import shorten

from app.messages import words
from engines.contract.capabilities import DeviceView, EngineReport, EngineRow
from engines.contract.own_layers import OWN
from engines.design.catalogue import CATALOGUE
from engines.training.abilities import goes_on
from engines.training.run_folder import RunRecord
from widgets.controls.drops import DropRow
from widgets.rooms.recipe_words import MODES, PRECISIONS

MOST_REASON = 60
CPU, CPU_PROVIDER = "cpu", "CPUExecutionProvider"
_PROVIDER = "ExecutionProvider"
SHORT = {"bf16": "BF16", "fp16": "FP16", "xla": "XLA"}


def precision_rows(report: EngineReport | None, device: str = "") -> list[DropRow]:
    """Return every precision; those that do not go (on ``device``, where it is named) say why.

    Without a report all are offered.
    """
    return [
        DropRow(
            key,
            title,
            words.PRECISION_HINTS[key],
            _precision_refusal(report, device, key),
            SHORT.get(key, title),
        )
        for key, title in PRECISIONS
    ]


def _precision_refusal(report: EngineReport | None, device: str, key: str) -> str:
    if report is None:
        return ""
    if key not in (report.precisions or ("fp32",)):
        return words.REASONS.get(report.refusals.get(f"precision/{key}", ""), words.NO_PRECISION)
    return words.REASONS["not_on_device"] if device and not goes_on(key, device) else ""


def mode_rows(row: EngineRow, report: EngineReport | None) -> list[DropRow]:
    """Return the ways an engine runs, its usual one as ""; those that do not go here say why."""
    titles = dict(MODES)
    return [
        DropRow(
            "" if key == row.modes[0] else key,
            titles[key],
            words.USUAL.format(hint=words.MODE_HINTS[key]) if key == row.modes[0] else words.MODE_HINTS[key],
            _mode_refusal(row, report, key),
            SHORT.get(key, titles[key].lower()),
        )
        for key in row.modes
    ]


def _mode_refusal(row: EngineRow, report: EngineReport | None, key: str) -> str:
    if report is None or key in (report.modes or row.modes[:1]):
        return ""
    return words.REASONS.get(report.refusals.get(f"mode/{key}", ""), words.NO_MODE)


def missing_kinds(row: EngineRow | None, report: EngineReport | None) -> frozenset[str]:
    """Return the kinds of layers that the engine cannot train; without a report it has the catalogue's."""
    known = report.layers if report is not None and report.layers else CATALOGUE
    own = {OWN} if row is not None and not row.own_layers else set()
    return frozenset(set(CATALOGUE) - set(known) | own)


def device_rows(report: EngineReport | None, chosen: str) -> list[DropRow]:
    """Return an engine's devices; a kind of device that does not go, or one that is gone, says why."""
    devices = report.devices if report else ()
    rows = [_device_row(device) for device in devices] or [DropRow("cpu", "CPU")]
    refusals = report.refusals if report else {}
    for key, reason in refusals.items():
        kind, _, name = key.partition("/")
        if kind == "device" and not any(row.key.startswith(name) for row in rows):
            title = words.DEVICE_KINDS.get(name, name)
            rows.append(DropRow(name, title, reason=_brief(reason)))
    if chosen not in [row.key for row in rows]:
        rows.append(DropRow(chosen, chosen, reason=words.NO_DEVICE))
    return rows


def _brief(reason: str) -> str:
    """Return a reason for a menu: an engine's own words, which Settings shows whole, are cut."""
    return words.REASONS.get(reason, shorten(reason, MOST_REASON, placeholder=" …"))


def provider_rows(report: EngineReport | None) -> list[DropRow]:
    """Return ONNX Runtime's execution providers, the CPU first; one that does not start says why.

    What runs no file on this machine is left out.
    """
    here = {device.name for device in report.devices} if report else set()
    refusals = report.refusals if report else {}
    rows = [DropRow(CPU, provider_title(CPU_PROVIDER))]
    for name in report.providers if report else ():
        key, reason = provider_key(name), refusals.get(f"provider/{name}", "")
        if key != CPU and (key in here or reason):
            computes_on = words.PROVIDERS.get(name, ("", ""))[1]
            rows.append(DropRow(key, provider_title(name), computes_on, _brief(reason)))
    return rows


def provider_key(name: str) -> str:
    """Return what a person says of a provider: ``cuda`` for ``CUDAExecutionProvider``."""
    return name.removesuffix(_PROVIDER).lower()


def provider_title(name: str) -> str:
    """Return what a provider is called, by the runtime's own name."""
    return words.PROVIDERS.get(name, (name.removesuffix(_PROVIDER), ""))[0]


def device_to_resume(run: RunRecord, report: EngineReport | None, engine: str, chosen: str) -> str:
    """Return where a run goes on: "" for where it was, or the header's choice where that is not here.

    A run may come from another machine, or its device be gone; ``engine`` and ``chosen`` are the header's.
    """
    here = [device.name for device in report.devices] if report else []
    lost = bool(here) and run.device not in here
    return chosen if lost and engine == run.engine and chosen in here else ""


def _device_row(device: DeviceView) -> DropRow:
    memory = f"{device.memory_bytes / (1 << 30):.0f} GB" if device.memory_bytes else ""
    return DropRow(device.name, device.title, memory)
