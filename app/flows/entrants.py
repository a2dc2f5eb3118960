"""Who takes part in a comparison: ``torch``, or one engine twice: ``torch:cuda:0``, ``torch:compiled``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.plans import known_engine
from engines.contract.capabilities import EngineRow
from engines.contract.comparison import Entrant


@dataclass(frozen=True)
class _Named:
    """An engine with the device and the way of running that it takes part with."""

    row: EngineRow
    device: str
    mode: str
    """As it runs: what was named, else the recipe's, else the engine's own."""
    own_mode: str


def engine_of(word: str) -> str:
    """Return the engine's name of ``ENGINE[:DEVICE][:MODE]``."""
    return word.partition(":")[0]


def entrants_of(
    words: Sequence[str], run_mode: str, device: str, devices: Mapping[str, str]
) -> tuple[Entrant, ...]:
    """Return those who take part, each once; what sets apart two of one engine is in their names.

    ``run_mode`` is the recipe's, ``device`` where all train that neither name one nor are in ``devices``.

    Raises:
        WorkbenchError: ``ENGINE_UNKNOWN``.
    """
    found = [_named(word, run_mode, device, devices) for word in words]
    once = list({(one.row.name, one.device, one.mode): one for one in reversed(found)}.values())[::-1]
    return tuple(_entrant(one, [other for other in once if other.row.name == one.row.name]) for one in once)


def _named(word: str, run_mode: str, device: str, devices: Mapping[str, str]) -> _Named:
    name, _, rest = word.partition(":")
    row = known_engine(name)
    before, _, last = rest.rpartition(":")
    own = last if last in row.modes else ""
    place = (before if own else rest) or devices.get(name, device)
    usual = run_mode if run_mode in row.modes else next(iter(row.modes), "")
    return _Named(row, place, own or usual, own)


def _entrant(one: _Named, alike: Sequence[_Named]) -> Entrant:
    apart = [one.device] if len({other.device for other in alike}) > 1 else []
    several = len({other.mode for other in alike}) > 1
    name = ":".join([one.row.name, *apart, *([one.mode] if several else [])])
    mode = one.mode if several else one.own_mode
    return Entrant(one.row.name, device=one.device, mode=mode, name=name if len(alike) > 1 else "")
