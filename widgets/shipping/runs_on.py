"""A model on one of ONNX Runtime's execution providers: which one, and what was measured there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engines.contract.views import NodeTime, ProfileView, ProofView
from widgets.controls import Column, DropButton, DropRow, Table
from widgets.graphing.facts import latency_words

_SUFFIX = "ExecutionProvider"
_LEAST = 2


@dataclass(frozen=True)
class RunsOn:
    """What is known of a model on the provider that a person calls ``title``.

    Without a ``profile`` it is being measured, or ended with a ``fault``: what, why and what to do.
    ``optimized`` is the other file's profile where two were measured; ``proof`` is against the engine's own
    answers, where these are kept. ``names`` are the titles of providers by the runtime's names. ``on_cpu``:
    the provider is the one that everything is held against.
    """

    title: str
    profile: ProfileView | None = None
    optimized: ProfileView | None = None
    proof: ProofView | None = None
    fault: tuple[str, str, str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    on_cpu: bool = False

    @property
    def measuring(self) -> bool:
        """Whether it is still to come."""
        return self.profile is None and self.fault is None


def left_to_others(profile: ProfileView) -> int:
    """Return how many nodes the provider did not run itself."""
    return sum(count for provider, count in profile.placement.items() if provider != profile.provider)


def left_words(profile: ProfileView) -> str:
    """Write how many of all nodes were left to the CPU: ``2 of 7``, or none."""
    left = left_to_others(profile)
    return f"{left:,} of {sum(profile.placement.values()):,}" if left else "none"


class ProviderChoice(DropButton):
    """What a model runs on; not there where the CPU is the only one."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "Execution provider")
        self.setToolTip("What ONNX Runtime runs the model on")
        self.hide()

    def set_providers(self, rows: Sequence[DropRow], key: str) -> None:
        """Offer ``rows``, the CPU first."""
        self.set_rows(rows, key)
        self.setVisible(len(rows) >= _LEAST)


class NodeTimes(Table):
    """Each node that ran: what it is, on what it ran, for how long."""

    def __init__(self, name: str) -> None:
        columns = (
            Column("Node"),
            Column("Operation", spare=1),
            Column("Ran on"),
            Column("Time", number=True, shown=latency_words),
            Column("Share", number=True, shown=lambda value: f"{value:.0%}", spare=2),
        )
        super().__init__(columns, name, "Time of each node", filtered=False)

    def show_profile(self, profile: ProfileView, names: Mapping[str, str]) -> None:
        """List the nodes in the order they ran; those left to the CPU say so."""
        whole = sum(node.milliseconds for node in profile.nodes) or 1.0
        rows = [
            (
                node.name.removeprefix(f"{node.provider}_"),
                _operation(node),
                names.get(node.provider, node.provider.removesuffix(_SUFFIX)),
                node.milliseconds,
                node.milliseconds / whole,
            )
            for node in profile.nodes
        ]
        self.set_rows([str(place) for place in range(len(rows))], rows)


def _operation(node: NodeTime) -> str:
    """Name the operation; what a provider compiled into one bears only the provider's own name."""
    return "several in one" if node.name.startswith(f"{node.provider}_") else node.op
