"""What the fake engine can do; its devices are its misbehaviours."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from engines.backends.fake.script import MISBEHAVIOURS
from engines.contract.capabilities import DeviceView, EngineReport
from engines.contract.events import Answer, Event
from engines.contract.jobs import ProbeJob
from engines.training.control import ControlFlags

VERSION = "1.0"


def probe(job: ProbeJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the engine's report."""
    names = ["fake", *(f"fake:{name}" for name in MISBEHAVIOURS)]
    devices = tuple(DeviceView(name, name) for name in names)
    yield Answer(EngineReport("fake", VERSION, devices, python=platform.python_version()))
