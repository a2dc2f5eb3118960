"""Jobs: all long work, as frozen records; each is answered by a generator of events.

Paths are strings of absolute paths, so that a job travels as JSON. ``engine`` jobs (``EngineJob``) run
in a child that imports that one framework; tools jobs run in the tools host, without any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engines.contract.own_layers import DescribeLayerJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.contract.views import LoweredView


@dataclass(frozen=True)
class ProbeJob:
    """Import the engine, name its version and devices; answered with an ``EngineReport``."""

    kind: ClassVar[str] = "probe"


@dataclass(frozen=True)
class DebugChoice:
    """Open the engine's process to a debugger on this machine alone: ``port`` 0 takes any that is free.

    With ``wait`` nothing is trained before an editor has attached and set its breakpoints.
    """

    port: int = 0
    wait: bool = True


@dataclass(frozen=True)
class TrainJob:
    """Train ``spec`` in the run folder ``run``; with ``resume`` go on from its last checkpoint.

    ``parent``: the folder of a run, of any engine, that this new one goes on from: from its ``last``
    ``checkpoint`` with the optimizer's state, or from its ``best``, which holds weights alone. The new run
    takes over the parent's steps up to there, so that its curve is whole.
    """

    kind: ClassVar[str] = "train"
    run: str
    spec: GraphSpec
    recipe: Recipe
    data: str  # folder of the prepared data
    manifest: DataManifest
    device: str = "cpu"
    resume: bool = False
    parent: str = ""
    checkpoint: str = "last"
    debug: DebugChoice | None = None


@dataclass(frozen=True)
class TuneJob:
    """Measure ways to train ``spec`` on this machine, and take the fastest; answered with a ``TuneView``.

    Nothing is kept of the steps. ``Tuning`` events tell how it stands. Told to stop and keep, it answers
    with the best so far. ``seconds``: about so long is measured; after twice as long nothing new is compiled
    but another mode. ``batch_size``: the fastest batch size is taken, too, which changes the mathematics;
    else it is measured and only shown. ``stays``: where thread counts are left that only another process can
    measure, it goes on with what it would take, a turn at each ``resume``, until it is told to stop: so two
    processes take turns. ``threads_only``: measure nothing but the recipe as it is, in such turns.
    """

    kind: ClassVar[str] = "tune"
    spec: GraphSpec
    recipe: Recipe
    data: str  # folder of the prepared data
    manifest: DataManifest
    device: str = "cpu"
    seconds: float = 5.0
    batch_size: bool = False
    threads_only: bool = False
    stays: bool = False


@dataclass(frozen=True)
class EvaluateJob:
    """Evaluate a run's checkpoint (``best`` or ``last``) on a split; answered with an ``Evaluation``."""

    kind: ClassVar[str] = "evaluate"
    run: str
    data: str
    split: str = "test"
    checkpoint: str = "best"
    device: str = "cpu"


@dataclass(frozen=True)
class ExportJob:
    """Write a run's checkpoint as unoptimized ONNX, and what the engine itself answers beside it.

    ``reference`` gets an ``.npz`` with ``inputs`` and ``outputs`` of up to ``samples`` samples of the
    test split (all, where there are fewer), computed by the engine in batches of 1, 17 and all.
    """

    kind: ClassVar[str] = "export"
    run: str
    data: str
    target: str
    reference: str
    checkpoint: str = "best"
    samples: int = 1024


@dataclass(frozen=True)
class ReferenceJob:
    """Write what the engine answers, as ``ExportJob`` does, without exporting anything.

    For files that another exporter wrote; answered with a ``ReferenceView``.
    """

    kind: ClassVar[str] = "reference"
    run: str
    data: str
    reference: str
    checkpoint: str = "best"
    samples: int = 1024


@dataclass(frozen=True)
class SaveJob:
    """Write a run's checkpoint in one of its engine's own ``formats`` (``EngineRow.formats``).

    What was written is read again and held against the model on up to ``samples`` samples of the test
    split; answered with an ``ExportView`` and a ``ProofView``. What fails is not left at ``target``.
    """

    kind: ClassVar[str] = "save"
    run: str
    data: str
    target: str
    format: str
    checkpoint: str = "best"
    samples: int = 256


@dataclass(frozen=True)
class LowerJob:
    """Show what the engine makes of a run's model: the graph as built, then after each step of its compiler.

    Every stage is timed and held against the first one; answered with a ``LoweredView``, not laid out.
    """

    kind: ClassVar[str] = "lower"
    run: str
    data: str
    checkpoint: str = "best"
    samples: int = 256


@dataclass(frozen=True)
class ExportDesignJob:
    """Write a run's checkpoint as ONNX from the design alone, without any engine.

    Answered with an ``ExportView`` whose ``reference`` is "".
    """

    kind: ClassVar[str] = "export_design"
    run: str
    target: str
    checkpoint: str = "best"


@dataclass(frozen=True)
class PrepareDataJob:
    """Read ``source`` (``digits``, ``breast-cancer``, ``diabetes``, a ``.csv``, ``.npz`` …) into ``folder``.

    Answered with the ``DataManifest``; what is prepared already is only read.
    """

    kind: ClassVar[str] = "prepare_data"
    source: str
    folder: str  # the data cache; the prepared set lies in <folder>/<digest>
    options: Mapping[str, str] = field(default_factory=dict)  # target column, task, seed …


@dataclass(frozen=True)
class PreviewDataJob:
    """Look at a prepared set; answered with a ``DataPreview``."""

    kind: ClassVar[str] = "preview_data"
    data: str  # folder of the prepared data


@dataclass(frozen=True)
class ReadGraphJob:
    """Read a model file into a ``GraphView`` with its layout."""

    kind: ClassVar[str] = "read_graph"
    path: str


@dataclass(frozen=True)
class LayOutJob:
    """Colour and lay out the graphs of a ``LoweredView``; answered with the view."""

    kind: ClassVar[str] = "lay_out"
    view: LoweredView


@dataclass(frozen=True)
class ProveJob:
    """Hold an ONNX file against reference outputs; answered with a ``ProofView``."""

    kind: ClassVar[str] = "prove"
    model: str
    reference: str
    bound: float = 1e-5
    provider: str = ""  # ONNX Runtime's, "" the CPU


@dataclass(frozen=True)
class ProfileOnnxJob:
    """Measure how fast an ONNX file answers one sample; answered with a ``ProfileView``.

    ``reference`` (an ``.npz`` with ``inputs``) gives real samples; empty: inputs are made. ``optimized`` is
    another file of the same model: measured in turns with it, held against it, answered with a second view.
    """

    kind: ClassVar[str] = "profile_onnx"
    model: str
    reference: str = ""
    provider: str = ""
    seconds: float = 1.0
    optimized: str = ""


@dataclass(frozen=True)
class OptimizeJob:
    """Run the passes over an ONNX file; answered with an ``OptimizeView``.

    ``reference`` (an ``.npz`` with ``inputs``) gives real samples; empty: inputs are made.
    ``report``: where to write the single-file HTML report; empty: none.
    """

    kind: ClassVar[str] = "optimize"
    model: str
    target: str
    reference: str = ""
    report: str = ""
    passes: tuple[str, ...] = ()  # empty: all of them, in their order


@dataclass(frozen=True)
class EvaluateOnnxJob:
    """Evaluate an ONNX file on a split with ONNX Runtime; answered with an ``Evaluation``."""

    kind: ClassVar[str] = "evaluate_onnx"
    model: str
    data: str
    split: str = "test"
    provider: str = ""  # ONNX Runtime's, "" the CPU


EngineJob = ProbeJob | TrainJob | TuneJob | EvaluateJob | ExportJob | ReferenceJob | SaveJob | LowerJob
ToolsJob = (
    PrepareDataJob
    | PreviewDataJob
    | ExportDesignJob
    | DescribeLayerJob
    | ReadGraphJob
    | LayOutJob
    | ProveJob
    | ProfileOnnxJob
    | OptimizeJob
    | EvaluateOnnxJob
)
Job = EngineJob | ToolsJob
